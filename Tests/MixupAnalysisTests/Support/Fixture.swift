import Foundation
import LibTorch
import Testing

/// A file that a script in `scripts/parity` made.
struct Fixture {
    let tensors: [String: Tensor]
    let metadata: [String: String]

    init(_ name: String) throws {
        try LibTorchRuntime.setThreadCount(1)
        let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
            url.deletingLastPathComponent()
        }
        let file = root.appendingPathComponent("Tests/Fixtures/analysis/\(name).safetensors")
        let contents = try Safetensors(path: file.path)
        tensors = contents.dictionary
        metadata = contents.metadata
    }

    func tensor(_ name: String) throws -> Tensor {
        try #require(tensors[name], "the file lacks '\(name)'")
    }

    func text(_ name: String) throws -> String {
        try #require(metadata[name], "the file lacks '\(name)'")
    }

    func numbers(_ name: String) throws -> [Double] {
        try text(name).split(separator: " ").map { try #require(Double($0)) }
    }
}

extension Tensor {
    /// The elements as doubles.
    var doubles: [Double] {
        get throws { try to(.float64).scalars(as: Double.self) }
    }

    /// The largest absolute difference to another tensor of the same shape.
    func largestDifference(to other: Tensor) throws -> Double {
        try #require(try shape == other.shape)
        return try (to(.float64) - other.to(.float64)).absolute().doubles.max() ?? .infinity
    }
}
