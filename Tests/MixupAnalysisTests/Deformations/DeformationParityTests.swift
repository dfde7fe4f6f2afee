import Foundation
import LibTorch
import Testing

@testable import MixupAnalysis

@Suite("Deformations against SciPy and torchvision")
struct DeformationParityTests {
    private static func cases(
        _ fixture: Fixture
    ) throws -> [(kind: Deformation.Kind, amount: Double)] {
        try fixture.text("cases").split(separator: ";").map { entry in
            let words = entry.split(separator: " ")
            return (
                try #require(Deformation.Kind(rawValue: String(words[0]))),
                try #require(Double(words[1]))
            )
        }
    }

    private static func deformed(
        _ image: Tensor,
        _ kind: Deformation.Kind,
        _ amount: Double,
        _ options: DeformationOptions,
        fill: Double
    ) throws -> [Float] {
        let shape = try image.shape
        let source = try image.to(.float32).scalars(as: Float.self)
        var target = [Float](repeating: .nan, count: source.count)
        let map = AffineMap(
            Deformation(unchecked: kind, amount),
            angle: amount,
            options,
            size: (shape[1], shape[2])
        )
        source.withUnsafeBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                Resampling(size: (shape[1], shape[2]), options).resample(
                    source,
                    fill: [Float](repeating: Float(fill), count: shape[0]),
                    map,
                    into: target
                )
            }
        }
        return target
    }

    @Test(
        "Every deformation of images of even and odd size is the reference's",
        arguments: DeformationOptions.Sense.allCases,
        DeformationOptions.Interpolation.allCases
    )
    func images(
        sense: DeformationOptions.Sense,
        interpolation: DeformationOptions.Interpolation
    ) throws {
        let fixture = try Fixture("deformations")
        let black = try #require(Double(fixture.text("fill")))
        for name in ["even", "odd"] {
            let image = try fixture.tensor("\(name).image")
            for fill in DeformationOptions.Fill.allCases {
                let key = "\(name).\(sense.rawValue).\(interpolation.rawValue).\(fill.rawValue)"
                let expected = try fixture.tensor(key)
                for (number, entry) in try Self.cases(fixture).enumerated() {
                    let found = try Self.deformed(
                        image,
                        entry.kind,
                        entry.amount,
                        DeformationOptions(sense: sense, interpolation: interpolation),
                        fill: fill == .black ? black : 0
                    )
                    let reference = try expected.rows(number, count: 1).doubles
                    let worst = zip(found, reference).map { abs(Double($0) - $1) }.max() ?? 1
                    // The nearest pixel's value is taken as it is; others are rounded once.
                    #expect(worst <= (interpolation == .nearest ? 0 : 1e-6), "\(key) \(entry)")
                }
            }
        }
    }
}
