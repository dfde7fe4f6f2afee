import LibTorch
import ManifoldMixup
import Testing

@Suite("Theorem 1 and Corollary 1")
struct TheoremCheckTests {
    @Test("Prediction and measurement agree below, at and above d − 1 dimensions")
    func agreement() throws {
        let check = try TheoremCheck.run(
            classCount: 4,
            examplesPerClass: 12,
            dimensions: [1, 2, 3, 4, 8]
        )
        for row in check.rows {
            #expect(row.agrees, "\(row)")
        }
        #expect(Set(check.rows.map(\.source)).count == 3)
        // Below d − 1 the loss stays where the closed form says, to three digits.
        let below = check.rows.filter { $0.source == .optimization && $0.dimension < 3 }
        #expect(below.count == 2)
        #expect(below.allSatisfy { $0.predicted > 0.05 && $0.tolerance <= 1e-3 * $0.predicted })
    }

    @Test("The construction solves AᵀH + b1ᵀ = I")
    func construction() throws {
        let solution = try FlatteningSolution.constructed(
            dimension: 12,
            classCount: 10,
            examplesPerClass: 5,
            generator: Generator(seed: 3)
        )
        let largest = try solution.residuals().absolute().scalars(as: Double.self).max() ?? .nan
        #expect(largest < 1e-13)
    }

    @Test("Examples of a class differ in dim(H) − d + 1 directions, one more with their mean")
    func ranks() throws {
        for (dimension, rank) in [(9, 0), (10, 1), (12, 3), (30, 21)] {
            let solution = try FlatteningSolution.constructed(
                dimension: dimension,
                classCount: 10,
                examplesPerClass: 40,
                generator: Generator(seed: 4)
            )
            let centred = try solution.singularValues(ofClass: 3, isCentred: true)
            #expect(centred.count { $0 > 1e-9 } == rank)
            let uncentred = try solution.singularValues(ofClass: 3, isCentred: false)
            #expect(uncentred.count { $0 > 1e-9 } == rank + 1)
        }
    }

    @Test("Too few dimensions have no solution to construct")
    func impossible() throws {
        #expect(throws: MixupError.self) {
            try FlatteningSolution.constructed(
                dimension: 8,
                classCount: 10,
                examplesPerClass: 1,
                generator: Generator(seed: 1)
            )
        }
    }

    @Test("Three classes on a line cannot be mixed without loss")
    func negativeControl() throws {
        let objective = MixedSquaredError(try SymmetricBeta(alpha: 2))
        let solution = try FlatteningSolution.learned(
            dimension: 1,
            classCount: 3,
            examplesPerClass: 4,
            objective: objective,
            generator: Generator(seed: 2)
        )
        #expect(try objective(residuals: solution.residuals()).item() > 0.1)
    }
}
