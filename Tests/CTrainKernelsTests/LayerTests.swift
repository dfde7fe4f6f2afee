import CTrainKernels
import Foundation
import Testing

@Suite("Layers without products")
struct LayerTests {
    private func activated(_ activation: ctk_activation, _ x: Double) -> Double {
        switch activation {
        case CTK_RELU: max(x, 0)
        case CTK_LEAKY_RELU: x > 0 ? x : 0.01 * x
        case CTK_TANH: tanh(x)
        default: x
        }
    }

    private func slope(_ activation: ctk_activation, _ x: Double) -> Double {
        switch activation {
        case CTK_RELU: x > 0 ? 1 : 0
        case CTK_LEAKY_RELU: x > 0 ? 1 : 0.01
        case CTK_TANH: 1 - tanh(x) * tanh(x)
        default: 1
        }
    }

    @Test(
        "Activations and their gradients are the functions and their derivatives",
        arguments: [CTK_IDENTITY, CTK_RELU, CTK_LEAKY_RELU, CTK_TANH],
        [Layout.planes, .blocks]
    )
    func activations(_ activation: ctk_activation, _ layout: Layout) throws {
        for batch in [7, 8] { try activations(activation, layout, batch: batch) }
    }

    private func activations(
        _ activation: ctk_activation,
        _ layout: Layout,
        batch: Int
    ) throws {
        var numbers = Numbers(seed: 7)
        let tolerance = layout.tolerance(1e-6)
        let count = 45 * batch
        for team in Team.all {
            let values = Planes(5, 3, 3, border: 1, batch: batch, isBlocked: layout.isBlocked)
            let gradient = values.like()
            let (x, g) = (
                layout.numbers(numbers.next(count)), layout.numbers(numbers.next(count))
            )
            (values.examples, gradient.examples) = (x, g)
            ctk_activate(team.pointer, activation, &values.planes)
            #expect(
                distance(values.examples, x.map { activated(activation, Double($0)) }) < tolerance
            )
            ctk_activation_gradient(team.pointer, activation, &values.planes, &gradient.planes)
            let expected = zip(x, g).map { slope(activation, Double($0)) * Double($1) }
            // The slope of tanh is taken from the value that is stored.
            #expect(distance(gradient.examples, expected) < 2 * tolerance)
            #expect(values.rest.allSatisfy { $0 == 0 })
        }
    }

    /// A normalisation of images with given statistics, in double precision.
    private struct Reference {
        let channels: Int
        let pixels: Int
        let batch: Int

        func channel(_ index: Int) -> Int { index / pixels % channels }

        func means(_ values: [Double]) -> [Double] {
            var sums = [Double](repeating: 0, count: channels)
            for (index, value) in values.enumerated() { sums[channel(index)] += value }
            return sums.map { $0 / Double(batch * pixels) }
        }
    }

    @Test(
        "Batch normalisation and its gradients agree with double precision, far from zero too",
        arguments: [0, 1000] as [Float],
        Layout.allCases
    )
    func normalization(offset: Float, layout: Layout) throws {
        // Of blocks, whole ones and narrow ones.
        for (channels, batch) in layout.isBlocked ? [(37, 9), (10, 8)] : [(5, 9)] {
            try normalization(channels: channels, batch: batch, offset: offset, layout: layout)
        }
    }

    private func normalization(
        channels: Int,
        batch: Int,
        offset: Float,
        layout: Layout
    ) throws {
        var numbers = Numbers(seed: 8)
        let side = 4
        let reference = Reference(channels: channels, pixels: side * side, batch: batch)
        let count = Double(batch * side * side)
        // Numbers of bfloat16 around 1,000 are 4 apart.
        let width: Float = layout.isBlocked && offset > 0 ? 100 : 1
        let x = layout.numbers(
            numbers.next(batch * channels * side * side).map { width * $0 + offset }
        )
        var g = layout.numbers(numbers.next(x.count))
        let (weight, bias) = (numbers.next(channels).map { $0 + 2 }, numbers.next(channels))
        let (epsilon, momentum) = (1e-5, 0.1)

        let values = x.map(Double.init)
        let means = reference.means(values)
        let variances = reference.means(
            values.enumerated().map { index, value in
                let distance = value - means[reference.channel(index)]
                return distance * distance
            }
        )
        let normalized = values.enumerated().map { index, value in
            let c = reference.channel(index)
            return (value - means[c]) / (variances[c] + epsilon).squareRoot()
        }
        let affine = normalized.enumerated().map { index, value in
            let c = reference.channel(index)
            return Double(weight[c]) * value + Double(bias[c])
        }
        let expected = affine.map { max($0, 0) }
        // Which side of 0 a number lies on must not be a matter of rounding.
        for (index, value) in affine.enumerated() where abs(value) < 0.01 { g[index] = 0 }
        let slopes = zip(g, expected).map { $1 > 0 ? Double($0) : 0 }
        let meanSlopes = reference.means(slopes)
        let meanProducts = reference.means(zip(slopes, normalized).map { $0 * $1 })
        let expectedGradient = slopes.indices.map { index in
            let c = reference.channel(index)
            return Double(weight[c]) / (variances[c] + epsilon).squareRoot()
                * (slopes[index] - meanSlopes[c] - normalized[index] * meanProducts[c])
        }
        // Numbers around 1,000 have four digits less behind the point.
        let tolerance = offset == 0 ? 3e-6 : 1e-3
        let stateTolerance = layout.tolerance(tolerance)
        // Only planes can be added to planes that lie otherwise.
        let added = layout.isSplit ? nil : layout.numbers(numbers.next(x.count))

        for team in Team.all {
            let input = Planes(
                channels,
                side,
                side,
                border: 1,
                batch: batch,
                isBlocked: layout.isBlocked
            )
            input.examples = x
            let output = input.like(isSplit: layout.isSplit)
            let zeros = [Float](repeating: 0, count: channels)
            let (runningMean, runningVariance) = (Floats(zeros), Floats(zeros.map { $0 + 1 }))
            let (mean, inverseDeviation) = (Floats(zeros), Floats(zeros))
            let (weights, biases) = (Floats(weight), Floats(bias))
            var (weightGradient, biasGradient) = (zeros, zeros)
            var normalization = ctk_normalization(
                weight: weights.elements,
                bias: biases.elements,
                running_mean: runningMean.elements,
                running_variance: runningVariance.elements,
                mean: mean.elements,
                inverse_deviation: inverseDeviation.elements,
                momentum: momentum,
                epsilon: epsilon
            )
            ctk_normalize(
                team.pointer,
                &normalization,
                CTK_RELU,
                &input.planes,
                &output.planes
            )
            #expect(distance(output.examples, expected) < stateTolerance)
            let gradient = output.like()
            gradient.examples = g
            let inputGradient = layout.isSplit ? input.like() : gradient
            let addedPlanes = input.like()
            addedPlanes.examples = added ?? []
            var slopePlanes = gradient.planes
            ctk_normalization_gradient(
                team.pointer,
                &normalization,
                CTK_RELU,
                &input.planes,
                &output.planes,
                &slopePlanes,
                added == nil ? nil : UnsafePointer(addedPlanes.pointer),
                nil,
                &weightGradient,
                &biasGradient,
                &inputGradient.planes
            )
            ctk_normalize_as_trained(
                team.pointer,
                &normalization,
                CTK_IDENTITY,
                &input.planes,
                &output.planes
            )
            let expectedSum =
                added.map { zip(expectedGradient, $0).map { $0 + Double($1) } } ?? expectedGradient
            #expect(distance(inputGradient.examples, expectedSum) < stateTolerance)
            #expect(distance(weightGradient, meanProducts.map { $0 * count }) < tolerance)
            #expect(distance(biasGradient, meanSlopes.map { $0 * count }) < tolerance)
            #expect(distance(runningMean.values, means.map { momentum * $0 }) < 1e-6)
            let unbiased = variances.map { 0.9 + momentum * $0 * count / (count - 1) }
            #expect(distance(runningVariance.values, unbiased) < 1e-6)
            let trained = values.enumerated().map { index, value in
                let c = reference.channel(index)
                let scale =
                    Double(weight[c]) / (Double(runningVariance.values[c]) + epsilon).squareRoot()
                return (value - Double(runningMean.values[c])) * scale + Double(bias[c])
            }
            #expect(distance(output.examples, trained) < layout.tolerance(1e-6))
            #expect(output.rest.allSatisfy { $0 == 0 })
        }
    }

    @Test(
        "Pooling takes the mean over the pixels, and spreads the gradient evenly",
        arguments: [Layout.planes, .blocks]
    )
    func pooling(_ layout: Layout) throws {
        for batch in [6, 7] { try pooling(layout, batch: batch) }
    }

    private func pooling(_ layout: Layout, batch: Int) throws {
        var numbers = Numbers(seed: 9)
        for team in Team.all {
            let images = Planes(3, 4, 5, border: 1, batch: batch, isBlocked: layout.isBlocked)
            let x = layout.numbers(numbers.next(batch * images.exampleSize))
            images.examples = x
            let pooled = Planes(3, batch: batch)
            ctk_average_pool(team.pointer, &images.planes, &pooled.planes)
            let expected = (0..<3 * batch).map { index in
                x[index * 20..<(index + 1) * 20].reduce(0.0) { $0 + Double($1) } / 20
            }
            #expect(distance(pooled.examples, expected) < 1e-6)
            let slopes = numbers.next(3 * batch)
            pooled.examples = slopes
            ctk_average_pool_gradient(team.pointer, &pooled.planes, &images.planes)
            #expect(
                distance(images.examples, x.indices.map { Double(slopes[$0 / 20]) / 20 })
                    < layout.tolerance(1e-6)
            )
        }
    }

    @Test("Sums and products go element by element", arguments: [Layout.planes, .blocks])
    func elements(_ layout: Layout) throws {
        for batch in [7, 8] { try elements(layout, batch: batch) }
    }

    private func elements(_ layout: Layout, batch: Int) throws {
        var numbers = Numbers(seed: 10)
        let tolerance = layout.tolerance(1e-7)
        let count = 30 * batch
        for team in Team.all {
            let first = Planes(3, 2, 5, batch: batch, isBlocked: layout.isBlocked)
            let second = first.like()
            let (x, y) = (
                layout.numbers(numbers.next(count)), layout.numbers(numbers.next(count))
            )
            (first.examples, second.examples) = (x, y)
            ctk_add(team.pointer, &first.planes, &second.planes)
            let sums = second.examples
            #expect(distance(sums, zip(x, y).map { Double($0) + Double($1) }) < tolerance)
            var product = second.planes
            ctk_multiply(team.pointer, &first.planes, 1.25, &product, &second.planes)
            let expected = zip(x, sums).map { 1.25 * Double($0) * Double($1) }
            #expect(distance(second.examples, expected) < 2 * tolerance)
        }
    }
}
