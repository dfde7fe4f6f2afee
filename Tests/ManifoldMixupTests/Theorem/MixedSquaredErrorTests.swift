import LibTorch
import ManifoldMixup
import Testing

@Suite("The closed form of the objective")
struct MixedSquaredErrorTests {
    private static let residuals: [[Double]] = [
        [0.5, -1], [2, 0.25], [-0.75, 1.5], [1, 1], [0, -0.5],
    ]

    @Test("Its moments are those of Beta(α, α)", arguments: [0.2, 1, 2, 6])
    func moments(alpha: Double) throws {
        let distribution = try SymmetricBeta(alpha: alpha)
        // E[λ²] = variance + mean², and E[λ] = E[λ²] + E[λ(1 − λ)] = ½.
        #expect(abs(distribution.meanSquare - distribution.variance - 0.25) < 1e-15)
        #expect(abs(distribution.meanSquare + distribution.meanProduct - 0.5) < 1e-15)
    }

    @Test("It equals the sum over all pairs, integrated over λ", arguments: [0.5, 1, 2])
    func integration(alpha: Double) throws {
        let objective = MixedSquaredError(try SymmetricBeta(alpha: alpha))
        let rows = Self.residuals
        let tensor = try Tensor(rows.flatMap { $0 }, shape: [rows.count, 2])
        // A polynomial of degree 2 in λ is integrated exactly by its moments at 0, ½ and 1.
        let variance = objective.distribution.variance
        let weights = [(0.0, 2 * variance), (0.5, 1 - 4 * variance), (1.0, 2 * variance)]
        var sum = 0.0
        for (lambda, weight) in weights {
            for i in rows.indices {
                for j in rows.indices where j != i {
                    let mixed = zip(rows[i], rows[j]).map { lambda * $0 + (1 - lambda) * $1 }
                    sum += weight * mixed.reduce(0) { $0 + $1 * $1 }
                }
            }
        }
        let expected = sum / Double(rows.count * (rows.count - 1))
        #expect(abs(try objective(residuals: tensor).item() - expected) < 1e-12)
    }

    @Test("It is zero only where all residuals are zero")
    func zero() throws {
        let objective = MixedSquaredError(try SymmetricBeta(alpha: 2))
        #expect(try objective(residuals: .zeros([4, 3], dtype: .float64)).item() == 0)
        // Opposite residuals cancel in the middle of a pair, but not at its ends.
        let opposite = try Tensor([1.0, -1.0], shape: [2, 1])
        #expect(try objective(residuals: opposite).item() > 0.1)
    }

    @Test("The floor is that of the best affine classifier of one-hot targets")
    func floor() throws {
        let objective = MixedSquaredError(try SymmetricBeta(alpha: 2))
        #expect(objective.floor(dimension: 9, classCount: 10, exampleCount: 200) == 0)
        #expect(objective.floor(dimension: 30, classCount: 10, exampleCount: 200) == 0)
        // Without any dimension f is the mean of all targets; then every residual is known.
        let labels = (0..<20).map { $0 % 4 }
        let residuals = labels.flatMap { label in (0..<4).map { $0 == label ? -0.75 : 0.25 } }
        let measured = try objective(residuals: Tensor(residuals, shape: [20, 4])).item()
        let predicted = objective.floor(dimension: 0, classCount: 4, exampleCount: 20)
        #expect(abs(measured - predicted) < 1e-12)
    }

    @Test("A single example cannot be mixed")
    func single() throws {
        let objective = MixedSquaredError(try SymmetricBeta(alpha: 2))
        #expect(throws: MixupError.self) {
            try objective(residuals: .zeros([1, 3], dtype: .float64))
        }
    }
}
