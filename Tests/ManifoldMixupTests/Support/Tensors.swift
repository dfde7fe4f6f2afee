import LibTorch
import ManifoldMixup
import Testing

/// The bytes of a tensor, so that "bit for bit" means just that.
func bytes(_ tensor: Tensor) throws -> [UInt8] {
    let count = try tensor.shape.reduce(tensor.dtype.byteCount, *)
    var result = [UInt8](repeating: 0, count: count)
    try result.withUnsafeMutableBytes { try tensor.copyBytes(to: $0) }
    return result
}

/// The bytes of all parameters and buffers, by name.
func bytes(_ module: any Module) throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for named in module.stateDictionary() {
        result[named.name] = try bytes(named.tensor)
    }
    return result
}

/// The elements as doubles, whatever their type.
func numbers(_ tensor: Tensor) throws -> [Double] {
    try tensor.to(.float64).scalars(as: Double.self)
}

/// Normal numbers that depend on the seed alone.
func normal(_ shape: [Int], seed: UInt64, dtype: DType = .float32) throws -> Tensor {
    let tensor = try Tensor.zeros(shape, dtype: dtype)
    try Generator(seed: seed).fillNormal(tensor)
    return tensor
}

/// Whole numbers from −3 to 3. Sums and products of few of them are exact in single precision.
func integers(_ shape: [Int], seed: UInt64, dtype: DType = .float32) throws -> Tensor {
    let tensor = try Tensor.zeros(shape)
    try Generator(seed: seed).fillUniform(tensor, low: -4, high: 4)
    return try tensor.to(.int64).to(dtype)
}

/// Labels 0, 1, …, classCount − 1, 0, … as rows with a single one.
func oneHotTargets(_ count: Int, classCount: Int, dtype: DType = .float32) throws -> Tensor {
    try Tensor((0..<count).map { Int64($0 % classCount) })
        .oneHot(classCount: classCount, dtype: dtype)
}

extension MixDraw.Pairing {
    /// Example i with example `partners[i]`.
    static func partners(_ partners: [Int]) throws -> MixDraw.Pairing {
        .permutation(try Tensor(partners.map(Int64.init)))
    }
}

extension MixDraw {
    /// Who is mixed with whom, unless the batch consists of halves.
    var partners: [Int] {
        get throws {
            guard case .permutation(let permutation) = pairing else { return [] }
            return try permutation.scalars(as: Int64.self).map(Int.init)
        }
    }
}

/// Makes sure that `body` fails with a message of one line, and returns that.
func messageOfError(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) -> String {
    do {
        try body()
    } catch {
        let message = String(describing: error)
        #expect(!message.contains("\n"), sourceLocation: sourceLocation)
        return message
    }
    Issue.record("an error was expected", sourceLocation: sourceLocation)
    return ""
}
