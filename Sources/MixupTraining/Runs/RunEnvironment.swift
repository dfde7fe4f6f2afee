import Foundation
import LibTorch

/// What a run was made with: written beside its results, one entry for each time that it was started or
/// resumed, so that they can be made again.
public struct RunEnvironment: Codable, Sendable {
    /// The command line, as the user typed it.
    public let commandLine: [String]
    /// The folder that the command was given in.
    public let workingDirectory: String
    /// When the run was started or resumed.
    public let date: Date
    /// The version of this package.
    public let version: String
    /// The loaded libtorch.
    public let libTorch: String
    /// The vector instructions that it uses.
    public let cpuCapability: String
    /// The vector instructions that the fused engine uses.
    public let kernels: String?
    /// The number of threads of an operation.
    public let threadCount: Int
    /// The number of processes that train together; `nil`, in runs of earlier versions, for one.
    public let rankCount: Int?
    /// Where it computed; `nil`, in runs of earlier versions, for the CPU.
    public let device: String?
    /// The operating system.
    public let system: String

    /// What holds now, with so many processes that train together, the first of them on this device.
    public init(rankCount: Int = 1, device: Device = .cpu) {
        self.rankCount = rankCount
        self.device = "\(device)"
        commandLine = CommandLine.arguments
        workingDirectory = FileManager.default.currentDirectoryPath
        date = Date()
        version = packageVersion
        libTorch = LibTorchRuntime.loadedVersion
        cpuCapability = LibTorchRuntime.cpuCapability
        kernels = KernelTeam.bestInstructions
        threadCount = LibTorchRuntime.threadCount
        system = ProcessInfo.processInfo.operatingSystemVersionString
    }

    /// The entries of a run; none if they cannot be read, as the run does not depend on them.
    static func read(_ directory: RunDirectory) -> [RunEnvironment] {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let data = FileManager.default.contents(atPath: directory.environmentPath)
        return data.flatMap { try? decoder.decode([RunEnvironment].self, from: $0) } ?? []
    }

    enum CodingKeys: String, CodingKey {
        case commandLine = "command_line"
        case workingDirectory = "working_directory"
        case date, version
        case libTorch = "libtorch"
        case cpuCapability = "cpu_capability"
        case kernels
        case threadCount = "threads"
        case rankCount = "ranks"
        case device, system
    }
}

/// The version of this package.
public let packageVersion = "0.1.0"
