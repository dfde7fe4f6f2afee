import CTrainKernels
import Testing

/// Convolutions of blocks with fewer products.
@Suite("Winograd's filtering of blocks")
struct BlockWinogradTests {
    /// Channels around the size of a block, batches around what a product takes at once and a step
    /// sums up, one tile, and more tiles than are held at once.
    private static let cases = ConvolutionCase.cases(
        [
            (32, 33, 2, 2, 1), (40, 32, 4, 6, 3), (33, 70, 2, 4, 25), (64, 35, 6, 2, 12),
            (100, 64, 4, 4, 26), (32, 32, 2, 10, 90), (33, 40, 4, 4, 150),
        ],
        kernels: [(3, 1)]
    )

    /// The teams that compute like this.
    private static var teams: [Team] { Team.all.filter(cases[0].isWinograd) }

    /// A convolution, and what it is applied to, in integers.
    private final class Example {
        let test: ConvolutionCase
        let weights: Floats
        let bias, examples, slopes, added: [Float]

        init(_ test: ConvolutionCase) {
            self.test = test
            var random = Numbers(seed: 51)
            let (size, taps) = (test.height * test.width, test.taps)
            weights = Floats(test.integers(test.outputs * test.inputs * taps, unit: 4, &random))
            bias = test.integers(test.outputs, &random)
            examples = test.integers(test.batch * test.inputs * size, &random)
            slopes = test.integers(test.batch * test.outputs * size, &random)
            added = test.integers(slopes.count, &random)
        }

        func planes(_ channels: Int, _ examples: [Float]) -> Planes {
            let planes = Planes(
                channels,
                test.height,
                test.width,
                border: 1,
                batch: test.batch,
                isBlocked: true
            )
            planes.examples = examples
            return planes
        }

        func arranged(forInputGradient: Bool, _ team: Team) -> Floats {
            test.arranged(
                weights,
                forInputGradient: forInputGradient,
                isWinograd: true,
                team
            )
        }

        func output(_ input: Planes, _ team: Team) -> Planes {
            let output = planes(test.outputs, added)
            let arranged = arranged(forInputGradient: false, team)
            var filter = test.filter(arranged.elements, isWinograd: true)
            var added = output.planes
            ctk_convolve(
                team.pointer,
                &filter,
                bias,
                &input.planes,
                &added,
                &output.planes
            )
            withExtendedLifetime(arranged) {}
            return output
        }

        /// The gradients of weights and bias, of an input or of what a normalisation makes of it.
        func weightGradient(
            _ input: Planes,
            _ slopes: Planes,
            normalized: UnsafePointer<ctk_normalized>? = nil,
            _ team: Team
        ) -> [Float] {
            var filter = test.filter(weights.elements, isWinograd: true)
            let size = ctk_weight_gradient_scratch(
                team.pointer,
                &filter,
                &input.planes,
                &slopes.planes
            )
            var scratch = unknown(Int(size))
            var gradient = unknown(test.outputs * test.inputs * test.taps)
            var biasGradient = unknown(test.outputs)
            if let normalized {
                ctk_normalized_weight_gradient(
                    team.pointer,
                    &filter,
                    normalized,
                    &input.planes,
                    &slopes.planes,
                    &scratch,
                    &gradient,
                    &biasGradient
                )
            } else {
                ctk_convolution_weight_gradient(
                    team.pointer,
                    &filter,
                    &input.planes,
                    nil,
                    &slopes.planes,
                    &scratch,
                    &gradient,
                    &biasGradient
                )
            }
            return gradient + biasGradient
        }
    }

    @Test("Output and both gradients agree with sums in double precision", arguments: cases)
    func agreement(_ test: ConvolutionCase) {
        let example = Example(test)
        let size = test.height * test.width
        func channel(_ index: Int) -> Int { index / size % test.outputs }
        var expected = example.added.enumerated().map { index, added in
            Double(example.bias[channel(index)]) + Double(added)
        }
        var expectedInput = [Double](repeating: 0, count: example.examples.count)
        let weightCount = test.outputs * test.inputs * test.taps
        var expectedWeights = [Double](repeating: 0, count: weightCount + test.outputs)
        for (index, slope) in example.slopes.enumerated() {
            expectedWeights[weightCount + channel(index)] += Double(slope)
        }
        test.forEachProduct { output, input, weight in
            let factor = Double(example.weights.elements[weight])
            expected[output] += factor * Double(example.examples[input])
            expectedInput[input] += factor * Double(example.slopes[output])
            expectedWeights[weight] +=
                Double(example.examples[input]) * Double(example.slopes[output])
        }
        for team in Self.teams {
            let input = example.planes(test.inputs, example.examples)
            let output = example.output(input, team)
            #expect(distance(output.examples, expected) < 4e-3)
            #expect(output.rest.allSatisfy { $0 == 0 })

            let slopes = example.planes(test.outputs, example.slopes)
            let inputGradient = input.like()
            let arranged = example.arranged(forInputGradient: true, team)
            var filter = test.filter(arranged.elements, isWinograd: true)
            for (accumulates, factor) in [(false, 1.0), (true, 2)] {
                ctk_convolution_input_gradient(
                    team.pointer,
                    &filter,
                    &slopes.planes,
                    &inputGradient.planes,
                    accumulates,
                    nil
                )
                let expected = expectedInput.map { factor * $0 }
                #expect(distance(inputGradient.examples, expected) < 4e-3)
                #expect(inputGradient.rest.allSatisfy { $0 == 0 })
            }

            let gradient = example.weightGradient(input, slopes, team)
            #expect(distance(gradient, expectedWeights) < 2e-6)
        }
    }

    @Test("What is not an integer stays within what the rounding to bfloat16 allows")
    func rounding() {
        let test = Self.cases[4]
        let example = Example(test)
        var random = Numbers(seed: 52)
        let examples = Layout.blocks.numbers(random.next(example.examples.count))
        var exact = example.added.enumerated().map { index, added in
            Double(example.bias[index / 16 % test.outputs]) + Double(added)
        }
        test.forEachProduct { output, input, weight in
            exact[output] += Double(example.weights.elements[weight]) * Double(examples[input])
        }
        for team in Self.teams {
            let output = example.output(example.planes(test.inputs, examples), team)
            let error = zip(output.examples, exact).reduce(0) {
                $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1)
            }
            let relative = (error / exact.reduce(0) { $0 + $1 * $1 }).squareRoot()
            // Numbers of 8 bits are off by up to 2⁻⁹ of their size.
            #expect(relative > 0x1p-12)
            #expect(relative < 0x1p-7)
        }
    }

    @Test(
        "A convolution that normalises what it reads makes the same, and so do gradients",
        arguments: cases,
        [CTK_IDENTITY, CTK_RELU, CTK_LEAKY_RELU]
    )
    func normalized(_ test: ConvolutionCase, activation: ctk_activation) {
        // Batch normalisation would have one value.
        guard test.batch * test.height * test.width > 4 else { return }
        let example = Example(test)
        var random = Numbers(seed: 53)
        for team in Self.teams {
            let input = example.planes(test.inputs, random.next(example.examples.count))
            let slopes = example.planes(test.outputs, example.slopes)
            let layer = Normalization(channels: test.inputs, &random)
            let normalized = input.like()
            ctk_normalize(
                team.pointer,
                &layer.normalization,
                activation,
                &input.planes,
                &normalized.planes
            )
            let expected = example.output(normalized, team)
            let expectedGradient = example.weightGradient(normalized, slopes, team)
            let statistics = layer.kept.values
            for index in 0..<2 * test.inputs { layer.kept.elements[index] = .nan }

            let found = example.planes(test.outputs, example.added)
            var added = found.planes
            let arranged = example.arranged(forInputGradient: false, team)
            var filter = test.filter(arranged.elements, isWinograd: true)
            input.pointer.pointee = input.planes
            withUnsafePointer(to: &layer.normalization) { normalization in
                var description = ctk_normalized(
                    normalization: normalization,
                    activation: activation,
                    input: input.pointer
                )
                ctk_normalize_and_convolve(
                    team.pointer,
                    &description,
                    &filter,
                    example.bias,
                    &added,
                    &found.planes,
                    nil
                )
                #expect(layer.kept.values == statistics)
                let gradient = example.weightGradient(
                    input,
                    slopes,
                    normalized: &description,
                    team
                )
                // What is not kept is not rounded before it is mapped.
                #expect(distance(gradient, expectedGradient.map(Double.init)) < 1e-2)
            }
            #expect(distance(found.examples, expected.examples.map(Double.init)) < 1e-2)
            #expect(found.rest.allSatisfy { $0 == 0 })
        }
    }

    @Test("The gradient of more examples than are taken at once is the sum of those of two halves")
    func manyTiles() throws {
        let (count, half) = (1400, 700)
        let test = ConvolutionCase.cases([(160, 33, 2, 2, half)], kernels: [(3, 1)])[0]
        let all = Example(ConvolutionCase.cases([(160, 33, 2, 2, count)], kernels: [(3, 1)])[0])
        let example = Example(test)
        let team = try #require(Self.teams.first)
        let gradient = all.weightGradient(
            all.planes(160, all.examples),
            all.planes(33, all.slopes),
            team
        )
        let sum = [0, half].map { first in
            func part(_ numbers: [Float]) -> [Float] {
                let size = numbers.count / count
                return Array(numbers[first * size..<(first + half) * size])
            }
            return example.weightGradient(
                example.planes(160, part(all.examples)),
                example.planes(33, part(all.slopes)),
                team
            )
        }
        // Of integers, which single precision adds up exactly.
        #expect(gradient == zip(sum[0], sum[1]).map(+))
    }

    @Test("Results are the same bytes with any number of threads")
    func threads() throws {
        let test = ConvolutionCase.cases([(40, 130, 4, 8, 38)], kernels: [(3, 1)])[0]
        let example = Example(test)
        for team in Self.teams {
            let results = try [1, 2, 5].map { (threads: Int32) in
                let other = try #require(Team(threads: threads, instructions: team.instructions))
                let input = example.planes(test.inputs, example.examples)
                let slopes = example.planes(test.outputs, example.slopes)
                return example.output(input, other).examples
                    + example.weightGradient(input, slopes, other)
            }
            #expect(results[0] == results[1])
            #expect(results[0] == results[2])
        }
    }

    @Test("It is for 3 × 3 at stride 1, from 32 channels on, and for even heights and widths")
    func choice() throws {
        let team = try #require(Team(instructions: CTK_PORTABLE))
        func pays(_ size: (Int, Int, Int, Int, Int), _ kernel: (Int, Int) = (3, 1)) -> Bool {
            ConvolutionCase.cases([size], kernels: [kernel])[0].isWinograd(team)
        }
        #expect(pays((32, 32, 4, 4, 1)))
        #expect(!pays((31, 32, 4, 4, 1)))
        #expect(!pays((32, 31, 4, 4, 1)))
        #expect(!pays((32, 32, 5, 4, 1)))
        #expect(!pays((32, 32, 4, 5, 1)))
        #expect(!pays((32, 32, 4, 4, 1), (3, 2)))
        #expect(!pays((32, 32, 4, 4, 1), (1, 1)))
        // Tiles multiply so fast that fewer products save nothing.
        #expect(!Self.cases[0].isWinograd(try #require(Team(instructions: CTK_EMULATED_AMX))))
    }
}
