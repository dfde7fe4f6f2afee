import LibTorch
import ManifoldMixup
import MixupTraining

/// What is measured beside the pictures of one training.
public struct ToyMeasures: Sendable, Codable, Equatable {
    /// The share of fresh examples that are classified wrongly.
    public let testError: Double
    /// The mean negative log likelihood of fresh examples.
    public let testNLL: Double
    /// The share of the window of inputs with a confidence above 0.95.
    public let confidentInputShare: Double
    /// The mean distance from an example to the decision boundary, in units of the plane, negative for
    /// examples on the wrong side; `nil` without a boundary. The arms of the spirals are π apart, so
    /// that π/2 is about the best.
    public let boundaryDistance: Double?
    /// The share of the hidden window that is off the data with a confidence above 0.95; `nil` where
    /// the data is everywhere.
    ///
    /// The window is the rectangle around the examples' states, a quarter wider on every side. Off the
    /// data is what is further than 5 % of the window from every one of them.
    public let confidentHiddenShare: Double?
    /// The root mean squared distance of a state to its class's mean, over the distance of the means:
    /// small where the classes are flattened to points.
    public let classSpread: Double?

    enum CodingKeys: String, CodingKey {
        case testError = "test_error"
        case testNLL = "test_nll"
        case confidentInputShare = "confident_input_share"
        case boundaryDistance = "boundary_distance"
        case confidentHiddenShare = "confident_hidden_share"
        case classSpread = "class_spread"
    }

    /// Measures a training.
    ///
    /// - Parameters:
    ///   - training: the training.
    ///   - pictures: its pictures.
    public init(_ training: ToyTraining, pictures: ToyPictures) throws {
        testError = training.evaluation.error
        testNLL = training.evaluation.negativeLogLikelihood
        confidentInputShare = pictures.input.confidentShare() ?? 0
        boundaryDistance = Self.boundaryDistance(
            of: pictures.examples,
            boundary: pictures.input.decisionBoundary,
            isCorrect: try Self.isCorrect(training)
        )
        let window = pictures.hiddenWindow
        let places = pictures.codes.joined().map(window.place(of:))
        confidentHiddenShare = pictures.hidden.confidentShare { point in
            let place = window.place(of: point)
            return places.allSatisfy { $0.distance(to: place) > 0.05 }
        }
        classSpread = Self.classSpread(of: pictures.codes)
    }

    /// Whether each example is on its side of the boundary, by class.
    private static func isCorrect(_ training: ToyTraining) throws -> [[Bool]] {
        let codes = try training.codes().map(PlanePoint.matrix)
        return try codes.enumerated().map { label, states in
            let logits = try withoutGradients {
                try training.network.logits(
                    from: states,
                    at: training.settings.bottleneck,
                    inputShape: [2]
                )
            }
            return try logits.indexOfMaximum().scalars(as: Int64.self).map { $0 == label }
        }
    }

    static func boundaryDistance(
        of examples: [[PlanePoint]],
        boundary: [PlanePoint],
        isCorrect: [[Bool]]
    ) -> Double? {
        guard !boundary.isEmpty else { return nil }
        let distances = zip(examples.joined(), isCorrect.joined()).map { example, isCorrect in
            let nearest = boundary.lazy.map { example.distance(to: $0) }.min() ?? 0
            return isCorrect ? nearest : -nearest
        }
        return Summary(distances).mean
    }

    static func classSpread(of codes: [[PlanePoint]]) -> Double? {
        let means = codes.map { points in
            PlanePoint(Summary(points.map(\.x)).mean, Summary(points.map(\.y)).mean)
        }
        guard means.count == 2, means[0].distance(to: means[1]) > 0 else { return nil }
        let squares = zip(codes, means).flatMap { points, mean in
            points.map { $0.distance(to: mean) * $0.distance(to: mean) }
        }
        return Summary(squares).mean.squareRoot() / means[0].distance(to: means[1])
    }
}
