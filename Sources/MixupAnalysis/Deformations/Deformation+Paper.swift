/// Test accuracies in percent that the paper reports for one deformation (Tables 4 and 9): CIFAR-100,
/// PreActResNet-34, trained on images that were not deformed.
public struct PaperDeformationAccuracies: Sendable, Equatable {
    /// Without mixup.
    public let noMixup: Double
    /// Input mixup with α = 1.
    public let inputMixup: Double
    /// Input mixup with α = 2.
    public let inputMixupAlpha2: Double
    /// Manifold Mixup with α = 2.
    public let manifoldMixup: Double
}

extension Deformation {
    /// The paper's 17 deformations, in the order of its Table 9.
    public static let paper: [Deformation] = paperRows.map(\.deformation)

    /// What the paper reports, where this is one of its deformations.
    public var paperAccuracies: PaperDeformationAccuracies? {
        Self.paperRows.first { $0.deformation == self }.map { row in
            PaperDeformationAccuracies(
                noMixup: row.accuracies[0],
                inputMixup: row.accuracies[1],
                inputMixupAlpha2: row.accuracies[2],
                manifoldMixup: row.accuracies[3]
            )
        }
    }

    /// The authors gave shears in radians: 0.5 is the paper's 28.6°.
    private static func shear(radians: Double) -> Deformation {
        Deformation(unchecked: .shear, radians * 180 / .pi)
    }

    private static func rotation(_ degrees: Double) -> Deformation {
        Deformation(unchecked: .rotation, degrees)
    }

    private static func zoom(_ percent: Double) -> Deformation {
        Deformation(unchecked: .zoom, percent)
    }

    private static let paperRows: [(deformation: Deformation, accuracies: [Double])] = [
        (rotation(20), [52.96, 55.55, 56.48, 60.08]),
        (rotation(40), [33.82, 37.73, 36.78, 42.13]),
        (rotation(60), [26.77, 28.47, 27.53, 33.78]),
        (rotation(80), [24.19, 26.72, 25.34, 29.95]),
        (shear(radians: 0.5), [55.92, 58.16, 60.01, 62.85]),
        (shear(radians: 1), [35.66, 39.34, 39.7, 44.27]),
        (shear(radians: 2), [19.57, 22.94, 22.8, 24.69]),
        (shear(radians: 2.5), [17.55, 21.66, 21.22, 23.56]),
        (shear(radians: 3), [22.38, 25.53, 25.27, 28.02]),
        (zoom(20), [2.43, 1.9, 2.45, 2.03]),
        (zoom(40), [4.97, 4.47, 5.23, 4.17]),
        (zoom(60), [12.68, 13.75, 13.12, 11.49]),
        (zoom(80), [47.95, 52.18, 50.47, 52.70]),
        (zoom(120), [43.18, 60.02, 61.62, 63.59]),
        (zoom(140), [19.34, 41.81, 42.02, 45.29]),
        (zoom(160), [11.12, 25.48, 25.85, 27.02]),
        (zoom(180), [7.98, 18.11, 18.02, 15.68]),
    ]
}
