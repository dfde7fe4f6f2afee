// swift-tools-version: 6.2

import Foundation
import PackageDescription

/// Where libtorch's headers and shared libraries are.
struct LibTorchLocation {
    let root: String
    var headers: String { root + "/include" }
    var libraries: String { root + "/lib" }
    var headerFlags: [String] {
        ["-isystem", headers, "-isystem", headers + "/torch/csrc/api/include"]
    }

    /// Whether the folder holds what the package compiles against and links with.
    var isComplete: Bool {
        FileManager.default.fileExists(atPath: headers + "/ATen/ATen.h")
            && FileManager.default.fileExists(atPath: libraries + "/libtorch_cpu.so")
    }

    /// Whether it is a build with CUDA.
    var hasCUDA: Bool {
        FileManager.default.fileExists(atPath: libraries + "/libtorch_cuda.so")
    }

    /// The folders with the headers of CUDA and NCCL, where all are there: beside a wheel of torch, whose
    /// dependencies bring most along, or where the system has them.
    var ncclHeaders: [String]? {
        guard hasCUDA else { return nil }
        let packages = URL(fileURLWithPath: root).deletingLastPathComponent().path + "/nvidia"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: packages)) ?? []
        let folders =
            names.sorted().flatMap { name in
                ["include", "include/cccl"].map { "\(packages)/\(name)/\($0)" }
            } + ["/usr/local/cuda/include", "/usr/local/cuda/include/cccl"]
            + ["/usr/local/include", "/usr/include"]
        let needed = [
            "nccl.h", "cuda_runtime_api.h", "crt/host_config.h", "nv/target", "cublas_v2.h",
            "cusparse.h", "cusolverDn.h",
        ]
        let found = needed.compactMap { header in
            folders.first { FileManager.default.fileExists(atPath: "\($0)/\(header)") }
        }
        guard found.count == needed.count else { return nil }
        return Set(found).subtracting(["/usr/include"]).sorted()
    }

    /// Looks for files only: `LIBTORCH`, then `.libtorch` here or in a folder above (so that one
    /// beside a package that depends on this one is found), then the active Python environment,
    /// then the usual prefixes.
    static func find() -> LibTorchLocation {
        var candidates: [String] = []
        if let given = Context.environment["LIBTORCH"], !given.isEmpty {
            // `LIBTORCH` decides alone, also when it is wrong: silently taking another one would be
            // worse. The folder itself, its lib and its include are all accepted.
            let url = URL(fileURLWithPath: given).standardizedFileURL
            candidates = [url.path]
            if ["lib", "include"].contains(url.lastPathComponent) {
                candidates.append(url.deletingLastPathComponent().path)
            }
        } else {
            var folder = URL(fileURLWithPath: Context.packageDirectory).standardizedFileURL
            while folder.path != "/" {
                candidates.append(folder.appendingPathComponent(".libtorch").path)
                folder.deleteLastPathComponent()
            }
            for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
                guard let prefix = Context.environment[variable], !prefix.isEmpty else { continue }
                let versions = try? FileManager.default.contentsOfDirectory(atPath: prefix + "/lib")
                for version in (versions ?? []).sorted() where version.hasPrefix("python3.") {
                    candidates.append("\(prefix)/lib/\(version)/site-packages/torch")
                }
            }
            candidates += ["/usr/local/libtorch", "/opt/libtorch", "/usr/local", "/usr"]
        }
        // While a package that depends on this one is resolved, this manifest is read without its
        // folder, only for its products and dependencies.
        guard Context.packageDirectory != "/" else { return LibTorchLocation(root: "/") }
        for candidate in candidates {
            let location = LibTorchLocation(root: candidate)
            if location.isComplete { return location }
        }
        let message = """
            libtorch was not found. Install it once with

                \(Context.packageDirectory)/scripts/get-libtorch

            or set LIBTORCH to a folder that holds include/ATen/ATen.h and lib/libtorch_cpu.so.
            These places were tried:
            \(candidates.map { "  - " + $0 }.joined(separator: "\n"))

            """
        FileHandle.standardError.write(Data(message.utf8))
        exit(1)
    }
}

/// A library of the system that reads one kind of data file, or lets several processes train; the
/// package builds without it, too.
struct OptionalLibrary {
    /// The word in `MANIFOLD_MIXUP_WITHOUT`.
    let name: String
    let header: String
    /// The system library target that holds its module map; none where only headers are needed.
    var target: String?
    /// The compilation condition that tells the sources it is there.
    let condition: String

    static let all = [
        OptionalLibrary(
            name: "turbojpeg",
            header: "turbojpeg.h",
            target: "CTurboJPEG",
            condition: "HAS_TURBOJPEG"
        ),
        OptionalLibrary(name: "png", header: "png.h", target: "CPNG", condition: "HAS_PNG"),
        OptionalLibrary(name: "matio", header: "matio.h", target: "CMatIO", condition: "HAS_MATIO"),
        // The library itself is part of libtorch; its headers are not.
        OptionalLibrary(name: "gloo", header: "gloo/config.h", condition: "USE_C10D_GLOO"),
    ]

    /// Where the compiler looks by itself.
    private static let folders = [
        "/usr/local/include", "/usr/include", "/usr/include/x86_64-linux-gnu",
        "/usr/include/aarch64-linux-gnu",
    ]

    /// The libraries whose headers are there, without those that `MANIFOLD_MIXUP_WITHOUT` leaves
    /// out, a list with commas; so that the build without them can be tested where they are.
    static func find() -> [OptionalLibrary] {
        let words = (Context.environment["MANIFOLD_MIXUP_WITHOUT"] ?? "").split(separator: ",")
        let unwanted = words.map { $0.trimmingCharacters(in: .whitespaces) }
        let known = all.map(\.name)
        if let unknown = unwanted.first(where: { !known.contains($0) }) {
            let message =
                "MANIFOLD_MIXUP_WITHOUT names '\(unknown)'; known are \(known.joined(separator: ","))\n"
            FileHandle.standardError.write(Data(message.utf8))
            exit(1)
        }
        return all.filter { library in
            !unwanted.contains(library.name)
                && folders.contains { folder in
                    FileManager.default.fileExists(atPath: "\(folder)/\(library.header)")
                }
        }
    }
}

let libtorch = LibTorchLocation.find()
let optionalLibraries = OptionalLibrary.find()
let dataLibraries = optionalLibraries.filter { $0.target != nil }
let dataDependencies = dataLibraries.compactMap(\.target).map {
    Target.Dependency(stringLiteral: $0)
}
let ncclHeaders = libtorch.ncclHeaders
let rankLibraries = optionalLibraries.filter { $0.target == nil }

// No symbol of theirs may be asked for: loading them is what makes CUDA known to libtorch.
let cudaLibraries: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "--no-as-needed"]),
    .linkedLibrary("torch_cuda"),
    .linkedLibrary("c10_cuda"),
]

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("MemberImportVisibility")
]
let dataSettings = swiftSettings + dataLibraries.map { .define($0.condition) }

let package = Package(
    name: "manifold-mixup",
    products: [
        .library(name: "LibTorch", targets: ["LibTorch"]),
        .library(name: "ManifoldMixup", targets: ["ManifoldMixup"]),
        .library(name: "MixupModels", targets: ["MixupModels"]),
        .library(name: "MixupData", targets: ["MixupData"]),
        .library(name: "MixupTraining", targets: ["MixupTraining"]),
        .library(name: "MixupAnalysis", targets: ["MixupAnalysis"]),
        .executable(name: "manifold-mixup", targets: ["manifold-mixup"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(
            name: "CLibTorch",
            cxxSettings: [
                .unsafeFlags(libtorch.headerFlags),
                .unsafeFlags((ncclHeaders ?? []).flatMap { ["-isystem", $0] }),
            ] + rankLibraries.map { .define($0.condition) }
                + (ncclHeaders == nil
                    ? [] : [.define("USE_C10D_NCCL"), .define("CLT_HAS_CUDA_HEADERS")]),
            linkerSettings: [
                .unsafeFlags([
                    "-L" + libtorch.libraries,
                    "-Xlinker", "-rpath", "-Xlinker", libtorch.libraries,
                ]),
                .linkedLibrary("torch"),
                .linkedLibrary("torch_cpu"),
                .linkedLibrary("c10"),
            ] + (libtorch.hasCUDA ? cudaLibraries : [])
        ),
        // The kernels are compiled with optimisation in debug builds too, where training would be
        // a hundred times slower otherwise.
        .target(name: "CTrainKernels", cxxSettings: [.unsafeFlags(["-O3"])]),
        // What a machine can do at best, which `bench machine` measures.
        .target(name: "CMachineSpeed", cxxSettings: [.unsafeFlags(["-O3"])]),
        .target(name: "LibTorch", dependencies: ["CLibTorch"], swiftSettings: swiftSettings),
        .target(name: "ManifoldMixup", dependencies: ["LibTorch"], swiftSettings: swiftSettings),
        .target(
            name: "MixupModels",
            dependencies: ["ManifoldMixup", "LibTorch"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "MixupData",
            dependencies: dataDependencies,
            exclude: ["Digits/README.md"],
            swiftSettings: dataSettings
        ),
        // The recipes lie where people look for them, and travel beside the program.
        .target(
            name: "MixupRecipes",
            path: "recipes",
            resources: [
                .copy("paper"), .copy("quick"), .copy("cifar-10-small.yaml"), .copy("digits.yaml"),
                .copy("mnist-mlp.yaml"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "MixupTraining",
            dependencies: [
                "CMachineSpeed", "CTrainKernels", "MixupRecipes", "MixupModels", "MixupData",
                "ManifoldMixup",
                "LibTorch",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "MixupAnalysis",
            dependencies: [
                "MixupTraining", "MixupModels", "MixupData", "ManifoldMixup", "LibTorch",
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "manifold-mixup",
            dependencies: [
                "MixupAnalysis",
                "MixupTraining", "MixupModels", "MixupData", "ManifoldMixup", "LibTorch",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings
        ),
        // The README's example, compiled here too so that the tests can run it.
        .executableTarget(
            name: "ReadmeExample",
            dependencies: ["MixupTraining", "MixupData", "ManifoldMixup", "LibTorch"],
            path: "Examples/OwnModel/Sources/OwnModel",
            swiftSettings: swiftSettings
        ),
        // Devices for tests on machines without a GPU.
        .target(
            name: "ImitatedCUDA",
            dependencies: ["CLibTorch"],
            path: "Tests/ImitatedCUDA",
            cxxSettings: [.unsafeFlags(libtorch.headerFlags)]
        ),
        .target(
            name: "TestDevices",
            dependencies: ["ImitatedCUDA", "LibTorch"],
            path: "Tests/TestDevices",
            swiftSettings: swiftSettings
        ),
        .target(
            name: "TestRanks",
            dependencies: ["LibTorch"],
            path: "Tests/TestRanks",
            swiftSettings: swiftSettings
        ),
        .target(name: "TestPython", path: "Tests/TestPython", swiftSettings: swiftSettings),
        .testTarget(
            name: "LibTorchTests",
            dependencies: ["LibTorch", "CLibTorch", "TestDevices", "TestPython", "TestRanks"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CTrainKernelsTests",
            dependencies: ["CTrainKernels"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ManifoldMixupTests",
            dependencies: ["ManifoldMixup", "MixupModels", "LibTorch"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "MixupModelsTests",
            dependencies: [
                "MixupModels", "ManifoldMixup", "LibTorch", "TestDevices", "TestPython",
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "MixupDataTests",
            dependencies: ["MixupData", "TestPython"] + dataDependencies,
            swiftSettings: dataSettings
        ),
        .testTarget(
            name: "MixupTrainingTests",
            dependencies: [
                "MixupTraining", "MixupModels", "MixupData", "ManifoldMixup", "LibTorch",
                "TestDevices", "TestPython", "TestRanks",
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "MixupAnalysisTests",
            dependencies: [
                "MixupAnalysis", "MixupTraining", "MixupModels", "MixupData", "ManifoldMixup",
                "LibTorch", "TestPython",
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["manifold-mixup", "ReadmeExample", "LibTorch"],
            swiftSettings: swiftSettings
        ),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)

package.targets += dataLibraries.compactMap(\.target).map { .systemLibrary(name: $0) }

// The documentation's plugin is for those who build the documentation only.
if Context.environment["MANIFOLD_MIXUP_DOCS"] == "1" {
    package.dependencies.append(
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")
    )
}
