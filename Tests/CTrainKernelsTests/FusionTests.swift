import CTrainKernels
import Testing

/// What convolutions of blocks do for the layers around them.
@Suite("Fused kernels of blocks")
struct FusionTests {
    /// Of two blocks, of a narrow one, and by Winograd's filtering.
    private static let tests = ConvolutionCase.cases(
        [(37, 37, 5, 7, 12), (10, 10, 5, 7, 12), (37, 37, 6, 8, 14)],
        kernels: [(3, 1)]
    )

    private func planes(_ test: ConvolutionCase) -> Planes {
        Planes(
            test.inputs,
            test.height,
            test.width,
            border: 1,
            batch: test.batch,
            isBlocked: true
        )
    }

    @Test(
        "A convolution leaves the mean and the variance of every channel, far from zero too",
        arguments: tests,
        [0, 1000] as [Float]
    )
    func moments(_ test: ConvolutionCase, offset: Float) throws {
        var random = Numbers(seed: 21)
        let count = test.outputs * test.inputs * test.taps
        let weights = test.integers(count, unit: 4, &random)
        let examples = test.integers(test.batch * test.inputs * test.height * test.width, &random)
        let bias = [Float](repeating: offset, count: test.outputs)
        let size = test.height * test.width
        var values = [Double](repeating: Double(offset), count: test.batch * test.outputs * size)
        test.forEachProduct { output, input, weight in
            values[output] += Double(weights[weight]) * Double(examples[input])
        }
        func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }
        let channels = (0..<test.outputs).map { channel in
            values.indices.filter { $0 / size % test.outputs == channel }.map { values[$0] }
        }
        let means = channels.map(mean)
        let variances = zip(channels, means).map { numbers, mean in
            numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count - 1)
        }
        for team in Team.all {
            let (input, output) = (planes(test), planes(test))
            input.examples = examples
            let moments = Floats(unknown(Int(ctk_moments_size(&output.planes))))
            output.planes.moments = moments.elements
            let arranged = test.blockFilter(
                Floats(weights),
                forInputGradient: false,
                team
            )
            ctk_convolve(team.pointer, &arranged.filter, bias, &input.planes, nil, &output.planes)
            let layer = Normalization(channels: test.outputs, &random)
            ctk_normalize(
                team.pointer,
                &layer.normalization,
                CTK_RELU,
                &output.planes,
                &input.planes
            )
            let running = layer.running.values
            #expect(distance(Array(running[..<test.outputs]), means) < 3e-6)
            #expect(distance(Array(running[test.outputs...]), variances) < 1e-4)
        }
    }

    @Test(
        "A convolution leaves the sums that the gradients of a normalisation need",
        arguments: tests
    )
    func slopeSums(_ test: ConvolutionCase) throws {
        var random = Numbers(seed: 22)
        let weights = test.integers(test.outputs * test.inputs * test.taps, unit: 4, &random)
        let count = test.batch * test.inputs * test.height * test.width
        let (x, slopes) = (test.integers(count, &random), test.integers(count, &random))
        for team in Team.all {
            for activation in [CTK_IDENTITY, CTK_RELU, CTK_LEAKY_RELU] {
                let (input, normalized, outputGradient) = (
                    planes(test), planes(test), planes(test)
                )
                input.examples = x
                outputGradient.examples = slopes
                let layer = Normalization(channels: test.inputs, &random)
                ctk_normalize(
                    team.pointer,
                    &layer.normalization,
                    activation,
                    &input.planes,
                    &normalized.planes
                )
                let arranged = test.blockFilter(
                    Floats(weights),
                    forInputGradient: true,
                    team
                )
                let memory = Floats(unknown(Int(ctk_slope_sums_size(&input.planes))))
                input.pointer.pointee = input.planes
                var results: [[Float]] = []
                withUnsafePointer(to: &layer.normalization) { normalization in
                    var sums = ctk_slope_sums(
                        normalization: normalization,
                        activation: activation,
                        input: input.pointer,
                        sums: memory.elements
                    )
                    let gradient = planes(test)
                    ctk_convolution_input_gradient(
                        team.pointer,
                        &arranged.filter,
                        &outputGradient.planes,
                        &gradient.planes,
                        false,
                        &sums
                    )
                    for given in [true, false] {
                        var (weightGradient, biasGradient) = (
                            unknown(test.inputs), unknown(test.inputs)
                        )
                        let inputGradient = planes(test)
                        withUnsafePointer(to: &sums) { sums in
                            ctk_normalization_gradient(
                                team.pointer,
                                normalization,
                                activation,
                                input.pointer,
                                &normalized.planes,
                                &gradient.planes,
                                nil,
                                given ? sums : nil,
                                &weightGradient,
                                &biasGradient,
                                &inputGradient.planes
                            )
                        }
                        results += [weightGradient, biasGradient, inputGradient.examples]
                    }
                }
                // The slopes are summed up before they are rounded, or after.
                for (made, expected) in zip(results[..<3], results[3...]) {
                    #expect(distance(made, expected.map(Double.init)) < 8e-3)
                }
            }
        }
    }

    @Test(
        "Patches of images make a convolution of 3 × 3 one of 1 × 1, with the same gradient",
        arguments: [1, 3],
        [7, 12]
    )
    func patches(channels: Int, batch: Int) throws {
        let test = ConvolutionCase(
            inputs: channels,
            outputs: 5,
            height: 4,
            width: 6,
            batch: batch,
            kernelSize: 3,
            stride: 1
        )
        let onPatches = ConvolutionCase(
            inputs: channels * 9,
            outputs: 5,
            height: 4,
            width: 6,
            batch: batch,
            kernelSize: 1,
            stride: 1
        )
        var random = Numbers(seed: 23)
        let weights = Layout.blocks.numbers(random.next(5 * channels * 9))
        let examples = Layout.blocks.numbers(random.next(batch * channels * 24))
        let slopes = Layout.blocks.numbers(random.next(batch * 5 * 24))
        var expected = [Double](repeating: 0, count: slopes.count)
        var expectedWeights = [Double](repeating: 0, count: weights.count)
        test.forEachProduct { output, input, weight in
            expected[output] += Double(weights[weight]) * Double(examples[input])
            expectedWeights[weight] += Double(slopes[output]) * Double(examples[input])
        }
        for team in Team.all {
            let patches = Planes(channels * 9, 4, 6, batch: batch, isBlocked: true)
            withExamples(examples) {
                ctk_patches_from_examples(
                    team.pointer,
                    $0,
                    nil,
                    Int64(channels),
                    &patches.planes
                )
            }
            let output = Planes(5, 4, 6, border: 1, batch: batch, isBlocked: true)
            let stored = Floats(weights)
            let tiles = onPatches.arranged(stored, forInputGradient: false, team)
            var filter = onPatches.filter(tiles.elements)
            ctk_convolve(team.pointer, &filter, nil, &patches.planes, nil, &output.planes)
            #expect(distance(output.examples, expected) < 4e-3)
            output.examples = slopes
            var positions = unknown(Int(ctk_positions_size(&patches.planes)))
            ctk_transpose_planes(team.pointer, &patches.planes, &positions)
            var scratch = unknown(
                Int(
                    ctk_weight_gradient_scratch(
                        team.pointer,
                        &filter,
                        &patches.planes,
                        &output.planes
                    )
                )
            )
            var gradient = unknown(weights.count)
            ctk_convolution_weight_gradient(
                team.pointer,
                &filter,
                &patches.planes,
                positions,
                &output.planes,
                &scratch,
                &gradient,
                nil
            )
            #expect(distance(gradient, expectedWeights) < 2e-6)
        }
    }

    @Test(
        "A layer of units from blocks to planes is not rounded",
        arguments: [(37, 10, 7), (64, 45, 36), (5, 3, 1)]
    )
    func unitsOfPlanes(inputs: Int, outputs: Int, batch: Int) {
        let test = ConvolutionCase(
            inputs: inputs,
            outputs: outputs,
            height: 1,
            width: 1,
            batch: batch,
            kernelSize: 1,
            stride: 1
        )
        var random = Numbers(seed: 29)
        let weights = Layout.blocks.numbers(random.next(outputs * inputs))
        let examples = Layout.blocks.numbers(random.next(batch * inputs))
        let bias = random.next(outputs)
        var expected = (0..<batch).flatMap { _ in bias.map(Double.init) }
        test.forEachProduct { output, input, weight in
            expected[output] += Double(weights[weight]) * Double(examples[input])
        }
        for team in Team.all {
            let input = Planes(inputs, batch: batch, isBlocked: true)
            input.examples = examples
            let output = Planes(outputs, batch: batch)
            let tiles = test.arranged(Floats(weights), forInputGradient: false, team)
            var filter = test.filter(tiles.elements)
            ctk_convolve(team.pointer, &filter, bias, &input.planes, nil, &output.planes)
            #expect(distance(output.examples, expected) < 2e-6)
            #expect(output.rest.allSatisfy { $0 == 0 })
        }
    }

    @Test(
        "What a convolution makes is normalised at once with running statistics, and stored if wanted",
        arguments: tests,
        [true, false]
    )
    func normalized(_ test: ConvolutionCase, isStored: Bool) {
        var random = Numbers(seed: 31)
        let count = test.outputs * test.inputs * test.taps
        let weights = test.integers(count, unit: 4, &random)
        let size = test.height * test.width
        let examples = test.integers(test.batch * test.inputs * size, &random)
        let summands = test.integers(test.batch * test.outputs * size, &random)
        let bias = random.next(test.outputs)
        let layer = Normalization(channels: test.outputs, &random)
        for channel in 0..<test.outputs {
            layer.running.elements[channel] = random.next(1)[0]
            layer.running.elements[test.outputs + channel] = 2 + random.next(1)[0]
        }
        func channel(_ index: Int) -> Int { index / size % test.outputs }
        var expected = summands.indices.map { Double(bias[channel($0)]) + Double(summands[$0]) }
        test.forEachProduct { output, input, weight in
            expected[output] += Double(weights[weight]) * Double(examples[input])
        }
        let expectedNormalized = expected.enumerated().map { index, value in
            let (mean, variance) = (
                Double(layer.running.elements[channel(index)]),
                Double(layer.running.elements[test.outputs + channel(index)])
            )
            let scale =
                Double(layer.weight.elements[channel(index)]) / (variance + 1e-5).squareRoot()
            let result = scale * (value - mean) + Double(layer.bias.elements[channel(index)])
            return max(result, 0)
        }
        for team in Team.all {
            let (input, added) = (planes(test), planes(test))
            let (output, normalized) = (planes(test), planes(test))
            input.examples = examples
            added.examples = summands
            let arranged = test.blockFilter(
                Floats(weights),
                forInputGradient: false,
                team
            )
            ctk_convolve_and_normalize(
                team.pointer,
                &arranged.filter,
                bias,
                &input.planes,
                &added.planes,
                isStored ? output.pointer : nil,
                &layer.normalization,
                CTK_RELU,
                &normalized.planes
            )
            #expect(distance(normalized.examples, expectedNormalized) < 4e-3)
            #expect(normalized.rest.allSatisfy { $0 == 0 })
            if isStored {
                #expect(distance(output.examples, expected) < 4e-3)
            } else {
                #expect(output.examples.allSatisfy { $0 == 0 })
            }
        }
    }
}
