import LibTorch

/// A loss with a known gradient, ½ Σ curvature · (θ − minimum)², over two parameter vectors.
struct Bowl {
    let start: [[Double]] = [[1, -2, 0.5], [3, -0.25]]
    private let minimum: [[Double]] = [[0, 1, -1], [2, 2]]
    private let curvature: [[Double]] = [[1, 3, 0.2], [5, 0.7]]

    /// The position of every number: vector and element.
    var positions: [(Int, Int)] {
        start.enumerated().flatMap { index, values in values.indices.map { (index, $0) } }
    }

    func gradient(_ index: Int, _ position: Int, at value: Double) -> Double {
        curvature[index][position] * (value - minimum[index][position])
    }

    func loss(_ parameters: [Tensor]) throws -> Tensor {
        let terms = try zip(parameters, zip(curvature, minimum)).map { parameter, constants in
            let difference = try parameter - Tensor(constants.1)
            return try (difference * difference * Tensor(constants.0)).sum() * 0.5
        }
        return try terms.dropFirst().reduce(terms[0]) { try $0 + $1 }
    }
}
