import Foundation

/// A process of this program that does steps when it is asked to, and sleeps otherwise.
///
/// Threads that wait for work look for it for some milliseconds before they sleep; in one process,
/// those of one engine would hold the cores of another.
public final class TimedProcess {
    /// What a process says first.
    public struct Greeting: Codable, Sendable {
        /// The engine that computes the steps, in words.
        public let engine: String
        /// The most memory that the process had before it made its network, in KiB.
        public let idleKiB: Int

        enum CodingKeys: String, CodingKey {
            case engine
            case idleKiB = "idle_kib"
        }
    }

    /// Its answer to a request.
    public struct Answer: Codable, Sendable {
        /// The milliseconds of each time.
        public let milliseconds: [Double]
        /// The most memory that the process has had so far, in KiB.
        public let peakKiB: Int

        enum CodingKeys: String, CodingKey {
            case milliseconds = "ms"
            case peakKiB = "peak_kib"
        }
    }

    /// The engine that computes the steps, in words.
    public private(set) var engine = ""

    private let process = Process()
    private let (requests, answers) = (Pipe(), Pipe())
    private var unread = Data()
    private var last: Answer?
    private var counts: [TimedTraining.Work: Int] = [:]

    /// Starts this program with other arguments, with which it calls ``TimedTraining/serve(idleKiB:)``.
    ///
    /// - Throws: `TrainingError` if it ends at once; it has said why on standard error.
    public init(arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.standardInput = requests
        process.standardOutput = answers
        // A process that is gone is an error of the next request, not the end of this one.
        signal(SIGPIPE, SIG_IGN)
        try process.run()
        engine = try read(Greeting.self).engine
    }

    deinit {
        try? requests.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// The median of some times, as many as take a fifth of a second, after others to warm up.
    public func milliseconds(_ work: TimedTraining.Work) throws -> Double {
        // Until the threads of the process before have fallen asleep.
        usleep(50_000)
        if counts[work] == nil {
            _ = try ask(work, count: 2)
            let usual = try ask(work, count: 3).milliseconds
            counts[work] = max(Int(200 / quantile(usual, 0.5)), 1)
        }
        let count = counts[work] ?? 1
        let times = try ask(work, count: count + count / 5).milliseconds
        return quantile(Array(times.suffix(count)), 0.5)
    }

    /// The most memory that the process has had so far, in KiB.
    public func peakKiB() throws -> Int { try last?.peakKiB ?? ask(.step, count: 1).peakKiB }

    private func ask(_ work: TimedTraining.Work, count: Int) throws -> Answer {
        try requests.fileHandleForWriting.write(
            contentsOf: Data("\(work.rawValue) \(count)\n".utf8)
        )
        let answer = try read(Answer.self)
        last = answer
        return answer
    }

    /// The next line of what the process says.
    private func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = unread[..<end]
                unread = Data(unread[unread.index(after: end)...])
                return try JSONDecoder().decode(type, from: line)
            }
            let more = answers.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw TrainingError.impossible("a process that was to be measured ended too early")
            }
            unread += more
        }
    }
}

extension TimedTraining {
    /// The other end: answers each line of standard input, "step N" or "evaluate N", by one of JSON,
    /// until there is none.
    ///
    /// - Parameter idleKiB: the most memory that the process had before it made its network.
    /// - Throws: `TrainingError` for another line.
    public func serve(idleKiB: Int) throws {
        func say(_ value: some Encodable) throws {
            print(String(decoding: try JSONEncoder().encode(value), as: UTF8.self))
            fflush(nil)
        }
        try say(TimedProcess.Greeting(engine: engine, idleKiB: idleKiB))
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 2, let work = Work(rawValue: words[0]), let count = Int(words[1]),
                (1...1_000_000).contains(count)
            else {
                throw TrainingError.impossible(
                    "'\(line)' is no request; 'step N' and 'evaluate N' are, with N from 1 to 1000000"
                )
            }
            try say(
                TimedProcess.Answer(
                    milliseconds: try milliseconds(work, count: count),
                    peakKiB: try ResidentMemory.peakKiB()
                )
            )
        }
    }

    /// Measures this training alone.
    ///
    /// - Parameter rounds: steps, and evaluations, after a tenth as many to warm up.
    public func speed(rounds: Int) throws -> EngineSpeed {
        func times(_ work: Work) throws -> [Double] {
            _ = try milliseconds(work, count: max(rounds / 10, 1))
            return try milliseconds(work, count: rounds)
        }
        return EngineSpeed(
            engine: engine,
            steps: try times(.step),
            evaluations: try times(.evaluate),
            peakKiB: try ResidentMemory.peakKiB()
        )
    }
}
