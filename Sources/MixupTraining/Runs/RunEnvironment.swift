import Foundation
import LibTorch

/// What a run was made with: written beside its results, so that they can be made again.
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
    /// The number of threads of an operation.
    public let threadCount: Int
    /// The operating system.
    public let system: String

    /// What holds now.
    public init() {
        commandLine = CommandLine.arguments
        workingDirectory = FileManager.default.currentDirectoryPath
        date = Date()
        version = packageVersion
        libTorch = LibTorchRuntime.loadedVersion
        cpuCapability = LibTorchRuntime.cpuCapability
        threadCount = LibTorchRuntime.threadCount
        system = ProcessInfo.processInfo.operatingSystemVersionString
    }

    enum CodingKeys: String, CodingKey {
        case commandLine = "command_line"
        case workingDirectory = "working_directory"
        case date, version
        case libTorch = "libtorch"
        case cpuCapability = "cpu_capability"
        case threadCount = "threads"
        case system
    }
}

/// The version of this package.
public let packageVersion = "0.1.0"
