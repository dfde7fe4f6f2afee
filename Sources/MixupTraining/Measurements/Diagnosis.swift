import Foundation
import LibTorch
import MixupData

/// Which libtorch is used, what the machine offers, and what is wrong.
public struct Diagnosis: Sendable, Codable {
    /// The version of this package.
    public let version: String
    /// The loaded libtorch.
    public let libTorchVersion: String
    /// The file that it comes from.
    public let libTorchPath: String
    /// The number of threads of an operation.
    public let threadCount: Int
    /// The number of cores that the process may use.
    public let coreCount: Int
    /// The vector instructions that libtorch uses.
    public let cpuCapability: String
    /// The vector instructions that the fused engine uses.
    public let kernels: String
    /// The CPU's features that matter for speed, as Linux names them.
    public let cpuFeatures: [String]
    /// What holds for CUDA, in words.
    public let cuda: String
    /// Whether several processes can train together, which needs Gloo.
    public let hasGloo: Bool
    /// Whether gradients go from one CUDA device to another by NCCL.
    public let hasNCCL: Bool
    /// The libraries for files of data sets, and whether this program was built with them.
    public let dataLibraries: [String: Bool]
    /// What is wrong, each with what to do; empty if nothing is.
    public let problems: [String]

    enum CodingKeys: String, CodingKey {
        case version
        case libTorchVersion = "libtorch_version"
        case libTorchPath = "libtorch_path"
        case threadCount = "threads"
        case coreCount = "cores"
        case cpuCapability = "cpu_capability"
        case kernels
        case cpuFeatures = "cpu_features"
        case dataLibraries = "data_libraries"
        case hasGloo = "gloo"
        case hasNCCL = "nccl"
        case cuda, problems
    }

    /// Looks at this process and this machine.
    public static func make() -> Diagnosis {
        let compiled = LibTorchRuntime.compiledVersion
        let loaded = LibTorchRuntime.loadedVersion
        let cores = ProcessInfo.processInfo.activeProcessorCount
        var problems: [String] = []
        if compiled.prefix(while: { $0 != "+" }) != loaded.prefix(while: { $0 != "+" }) {
            problems.append(
                "compiled against libtorch \(compiled) but \(loaded) is loaded; run swift build again"
            )
        }
        if LibTorchRuntime.threadCount > cores {
            problems.append(
                "\(LibTorchRuntime.threadCount) threads on \(cores) cores get in each other's way; "
                    + "set OMP_NUM_THREADS=\(cores) or use --threads \(cores)"
            )
        }
        for device in [.cpu] + Device.cudaDevices {
            guard let failure = checkArithmetic(on: device) else { continue }
            problems.append(
                "libtorch computes wrongly or not at all on \(device): \(failure); "
                    + (device == .cpu
                        ? "install it anew" : "is the driver new enough, and the device free?")
            )
        }
        return Diagnosis(
            version: packageVersion,
            libTorchVersion: loaded,
            libTorchPath: LibTorchRuntime.libraryPath,
            threadCount: LibTorchRuntime.threadCount,
            coreCount: cores,
            cpuCapability: LibTorchRuntime.cpuCapability,
            kernels: KernelTeam.bestInstructions,
            cpuFeatures: MachineSpeed.cpuFeatures(),
            cuda: cudaState(),
            hasGloo: ProcessGroup.isBuiltIn,
            hasNCCL: ProcessGroup.hasNCCL,
            dataLibraries: Dictionary(
                DataLibrary.allCases.map { ($0.rawValue, $0.isBuiltIn) },
                uniquingKeysWith: { first, _ in first }
            ),
            problems: problems
        )
    }

    /// The diagnosis for people.
    public var text: String {
        let lines = [
            "manifold-mixup \(version)",
            "libtorch       \(libTorchVersion), \(libTorchPath)",
            "threads        \(threadCount) of \(coreCount) cores",
            "CPU            \(cpuCapability); \(cpuFeatures.joined(separator: " "))",
            "fused engine   \(kernels)",
            "CUDA           \(cuda)",
            "data files     \(Self.dataFiles)",
            "processes      \(processes)",
        ]
        let verdict =
            problems.isEmpty
            ? ["everything needed is there"] : problems.map { "problem: " + $0 }
        return (lines + verdict).map { $0 + "\n" }.joined()
    }

    /// A small product and its gradient against their closed forms; what is wrong, if anything.
    private static func checkArithmetic(on device: Device) -> String? {
        do {
            let numbers: [Float] = [1, 2, 3, 4]
            let input = try Tensor(numbers, shape: [2, 2], device: device).requiringGradient()
            try input.matrixProduct(input.detached()).sum().backward()
            let expected: [Float] = [3, 7, 3, 7]
            let found: [Float] = try input.gradient?.scalars() ?? []
            return found == expected ? nil : "the gradient is \(found), not \(expected)"
        } catch {
            return "\(error)"
        }
    }

    private var processes: String {
        guard hasGloo else { return "one, without Gloo: " + ProcessGroup.cure }
        return hasNCCL ? "several, by Gloo, and by NCCL between CUDA devices" : "several, by Gloo"
    }

    private static func cudaState() -> String {
        guard let reason = Device.whyNoCUDA else {
            let names = Device.cudaDevices.map(\.description).joined(separator: ", ")
            let graphs = Recording.isPossible(on: .cuda(0)) ? "" : "; no headers, so no CUDA graphs"
            return names + graphs
                + (ProcessGroup.hasNCCL ? "" : "; no NCCL, so gradients go by way of the CPU")
        }
        return "none: \(cudaAdvice(reason))"
    }

    /// What stands in the way of CUDA, and what to do.
    private static func cudaAdvice(_ reason: String) -> String {
        if LibTorchRuntime.hasCUDABuild {
            return "\(reason) (libtorch has CUDA; nvidia-smi shows what the driver offers, and "
                + "CUDA_VISIBLE_DEVICES may hide devices)"
        }
        let folder = URL(fileURLWithPath: LibTorchRuntime.libraryPath).deletingLastPathComponent()
        let library = folder.appendingPathComponent("libtorch_cuda.so").path
        if FileManager.default.fileExists(atPath: library) {
            return
                "libtorch has CUDA, but this program was built for one without; build it again with "
                + "LIBTORCH=\(folder.deletingLastPathComponent().path)"
        }
        return "\(reason); to use a CUDA device, pip install 'torch>=2.10,<2.14', and "
            + "build with LIBTORCH=…/site-packages/torch"
    }

    private static var dataFiles: String {
        let libraries = DataLibrary.allCases
        let present = libraries.filter(\.isBuiltIn).map { "\($0.format) by \($0)" }
        let absent = libraries.filter { !$0.isBuiltIn }
        guard !absent.isEmpty else { return present.joined(separator: ", ") }
        let lack =
            absent.map { "no \($0.format)" }.joined(separator: ", ") + ": "
            + DataLibrary.cure(for: absent)
        return (present + [lack]).joined(separator: ", ")
    }
}
