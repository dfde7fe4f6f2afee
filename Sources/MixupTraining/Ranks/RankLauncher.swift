import Foundation
import LibTorch

/// Starts the ranks of a run on this machine, and sees to it that they end together.
///
/// Each rank is this program with other arguments, and an environment like torchrun's. Where one fails,
/// the others are given some time to end by themselves, which they do as soon as they wait for it.
public struct RankLauncher {
    /// The number of ranks.
    public let count: Int
    /// The arguments of each.
    public let arguments: [String]
    /// The seconds that the others have to end after one has failed, before they are killed.
    public var grace = 5.0
    /// Told what happens to the ranks.
    public var notice: (String) -> Void = { _ in }

    private static let launcherVariable = "MANIFOLD_MIXUP_LAUNCHER"

    /// Prepares so many ranks with the same arguments.
    public init(count: Int, arguments: [String]) {
        self.count = count
        self.arguments = arguments
    }

    /// Starts the ranks and waits until all have ended; signals that ask to stop are passed on.
    ///
    /// - Returns: the exit code of the first one that failed, 128 + the signal where one ended it, or 0.
    /// - Throws: `TorchError` where no store can be opened, and whatever starting a process throws.
    public func run() throws -> Int32 {
        let store = try RendezvousStore(isLocal: true)
        // A rank ends with the launcher, however that ends: then nobody holds the other end of the
        // pipe any more.
        let life = Pipe()
        _ = fcntl(life.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let ranks = (0..<count).map { process(rank: $0, port: store.port, life: life) }
        for rank in ranks { try rank.run() }
        try? life.fileHandleForReading.close()
        var failure: Int32?
        var deadline = Double.infinity
        var passedOn: Int32?
        var ended = Set<Int>()
        while ended.count < count {
            usleep(20_000)
            if let signal = StopSignals.requested, passedOn == nil {
                passedOn = signal
                for rank in ranks where rank.isRunning { kill(rank.processIdentifier, signal) }
            }
            for (number, rank) in ranks.enumerated() where !rank.isRunning {
                guard ended.insert(number).inserted else { continue }
                let isSignal = rank.terminationReason == .uncaughtSignal
                let status = rank.terminationStatus + (isSignal ? 128 : 0)
                guard status != 0, failure == nil else { continue }
                failure = status
                deadline = Terminal.seconds() + grace
                if isSignal {
                    notice("rank \(number) was ended by signal \(rank.terminationStatus)")
                }
            }
            if Terminal.seconds() > deadline {
                deadline = .infinity
                for rank in ranks where rank.isRunning { kill(rank.processIdentifier, SIGKILL) }
            }
        }
        withExtendedLifetime((store, life)) {}
        return failure ?? 0
    }

    private func process(rank: Int, port: UInt16, life: Pipe) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        // More threads than cores would wait for each other.
        let threads = max(ProcessInfo.processInfo.activeProcessorCount / count, 1)
        environment["OMP_NUM_THREADS"] = environment["OMP_NUM_THREADS"] ?? "\(threads)"
        environment.merge([
            "RANK": "\(rank)", "LOCAL_RANK": "\(rank)", "WORLD_SIZE": "\(count)",
            "LOCAL_WORLD_SIZE": "\(count)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
            "TORCHELASTIC_USE_AGENT_STORE": "True", Self.launcherVariable: "1",
        ]) { $1 }
        process.environment = environment
        process.standardInput = life.fileHandleForReading
        return process
    }

    /// In a rank that a launcher has started: asks this process to stop and to save when the launcher is
    /// gone.
    public static func followLauncher() {
        guard ProcessInfo.processInfo.environment[launcherVariable] != nil else { return }
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while read(STDIN_FILENO, &byte, 1) == -1, errno == EINTR {}
            kill(getpid(), SIGTERM)
        }
    }
}
