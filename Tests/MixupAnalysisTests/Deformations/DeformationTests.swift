import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining
import Testing

@testable import MixupAnalysis

@Suite("Deformations")
struct DeformationTests {
    private static let allOptions = DeformationOptions.Sense.allCases.flatMap { sense in
        DeformationOptions.Interpolation.allCases.flatMap { interpolation in
            DeformationOptions.Fill.allCases.map {
                DeformationOptions(sense: sense, interpolation: interpolation, fill: $0)
            }
        }
    }

    private static func values(_ dataset: Dataset) throws -> [Float] {
        try dataset.minibatch(0..<dataset.count).features
    }

    @Test("No angle and the full size change nothing, not even a bit", arguments: allOptions)
    func identity(options: DeformationOptions) throws {
        let digits = try Subjects.digits(10)
        for (kind, amount) in [(Deformation.Kind.rotation, 0.0), (.shear, 0), (.zoom, 100)] {
            let deformed = try digits.deformed(by: Deformation(kind, amount), options)
            #expect(try Self.values(deformed) == Self.values(digits))
            #expect(deformed.labels == digits.labels)
        }
    }

    @Test("A rotation by a right angle about the true centre is a permutation", arguments: [4, 5])
    func rightAngle(side: Int) throws {
        let options = DeformationOptions(sense: .torchvision)
        let source = (0..<2 * side * side).map { Float($0) }
        var target = [Float](repeating: .nan, count: source.count)
        source.withUnsafeBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                Resampling(size: (side, side), options).resample(
                    source,
                    fill: [-1, -1],
                    AffineMap(
                        Deformation(unchecked: .rotation, 90),
                        angle: 90,
                        options,
                        size: (side, side)
                    ),
                    into: target
                )
            }
        }
        let expected = (0..<2).flatMap { channel in
            (0..<side).flatMap { row in
                (0..<side).map { column in
                    source[channel * side * side + (side - 1 - column) * side + row]
                }
            }
        }
        #expect(target == expected)
    }

    @Test("60 % enlarges in the authors' sense and shrinks in torchvision's")
    func senses() throws {
        let image = try Dataset(
            name: "white",
            shape: [1, 10, 10],
            classNames: ["a", "b"],
            labels: [0],
            features: .bytes([UInt8](repeating: 255, count: 100)),
            normalization: Normalization(scale: 255, mean: [0.25], standardDeviation: [0.5])
        )
        func filled(_ sense: DeformationOptions.Sense, _ percent: Double) throws -> Int {
            let options = DeformationOptions(sense: sense, fill: .black)
            let deformed = try image.deformed(by: Deformation(.zoom, percent), options)
            return try Self.values(deformed).count { $0 == -0.5 }
        }
        #expect(try filled(.authors, 60) == 0)
        #expect(try filled(.authors, 180) > 60)
        #expect(try filled(.torchvision, 60) == 100 - 36)
        #expect(try filled(.torchvision, 180) == 0)
        let mean = try image.deformed(by: Deformation(.zoom, 180), DeformationOptions(fill: .mean))
        #expect(try Set(Self.values(mean)) == [0, 1.5])
    }

    @Test("An image's angle is decided by the seed and its index, and fills the range evenly")
    func angles() throws {
        let rotation = try Deformation(.rotation, 20)
        let angles = (0..<4000).map { rotation.angle(ofExample: $0, seed: 7) }
        #expect(angles.allSatisfy { (-20..<20).contains($0) })
        for quarter in 0..<4 {
            let from = -20 + 10 * Double(quarter)
            let share = Double(angles.count { (from..<from + 10).contains($0) }) / 4000
            #expect(abs(share - 0.25) < 0.03)
        }
        #expect(rotation.angle(ofExample: 1, seed: 8) != angles[1])
        // The same draw, whatever the range.
        #expect(try Deformation(.shear, 40).angle(ofExample: 5, seed: 7) == 2 * angles[5])

        let digits = try Subjects.digits(12)
        let whole = try Self.values(digits.deformed(by: rotation))
        let part = try Self.values(digits.deformed(by: rotation, rows: 4..<9))
        #expect(part == Array(whole[4 * 64..<9 * 64]))
        #expect(try whole != Self.values(digits))
    }

    @Test("The paper's 17 deformations have its names; Manifold Mixup is best in 13 of them")
    func paper() throws {
        #expect(Deformation.paper.count == 17)
        #expect(Set(Deformation.paper).count == 17)
        let names = Deformation.paper.map(\.description)
        for name in ["rotation ±20°", "shear ±28.6°", "shear ±171.9°", "zoom 180 %"] {
            #expect(names.contains(name))
        }
        let best = Deformation.paper.compactMap(\.paperAccuracies).count {
            $0.manifoldMixup > max($0.noMixup, $0.inputMixup, $0.inputMixupAlpha2)
        }
        #expect(best == 13)
        #expect(try Deformation(.rotation, 21).paperAccuracies == nil)
    }

    @Test("The scores are those of the deformed images, beside the clean ones")
    func scores() throws {
        let (model, digits) = (try Subjects.network(), try Subjects.digits())
        let same = try Deformation(.rotation, 0)
        let turned = try Deformation(.rotation, 60)
        let options = DeformationOptions(fill: .black, seed: 3)
        let result = try model.deformationScores(for: [same, turned], on: digits, options)
        let clean = try model.evaluate(on: digits)
        #expect(result.clean.error == clean.error)
        #expect(result.rows[0].score == result.clean)
        let expected = try model.evaluate(on: digits.deformed(by: turned, options))
        #expect(result.rows[1].score.error == expected.error)
        #expect(
            abs(result.rows[1].score.negativeLogLikelihood - expected.negativeLogLikelihood) < 1e-9
        )
        #expect(result.rows[1].score.negativeLogLikelihood != clean.negativeLogLikelihood)
    }

    @Test("Amounts that cannot be, and examples that are no images, are refused in one line")
    func refused() throws {
        for (kind, amount) in [
            (Deformation.Kind.rotation, -1), (.rotation, 180.1), (.shear, .nan), (.shear, 181),
            (.zoom, 0), (.zoom, 1000.1), (.zoom, .infinity),
        ] {
            let error = #expect(throws: MixupError.self) { try Deformation(kind, amount) }
            #expect(error?.message.contains("\n") == false)
        }
        let table = try Dataset(
            name: "table",
            shape: [3],
            classNames: ["a", "b"],
            labels: [0],
            features: .floats([1, 2, 3]),
            normalization: Normalization()
        )
        let error = #expect(throws: MixupError.self) {
            try table.deformed(by: Deformation(.rotation, 20))
        }
        #expect(error?.message.contains("is not an image") == true)
    }

    @Test("Angles and zooms of any size reach no place that is not there", arguments: allOptions)
    func extremes(options: DeformationOptions) throws {
        let digits = try Subjects.digits(4)
        for (kind, amount) in [
            (Deformation.Kind.zoom, 1e-300), (.zoom, 1e300), (.shear, 1e9), (.rotation, 1e300),
        ] {
            let deformed = try digits.deformed(by: Deformation(unchecked: kind, amount), options)
            #expect(try Self.values(deformed).allSatisfy(\.isFinite))
        }
    }
}
