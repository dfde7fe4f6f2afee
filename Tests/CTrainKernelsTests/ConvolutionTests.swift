import CTrainKernels
import Testing

/// A convolution of every kind: 1 × 1 and 3 × 3, stride 1 and 2, on images and on units.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
    let inputs: Int
    let outputs: Int
    let height: Int
    let width: Int
    let batch: Int
    let kernelSize: Int
    let stride: Int

    var testDescription: String {
        "\(kernelSize)×\(kernelSize), stride \(stride), \(inputs) → \(outputs), "
            + "\(height)×\(width), batch \(batch)"
    }

    /// Sizes that are no multiples of anything: channels, columns and batches of one and of odd
    /// numbers, around the size of a register, a tile and a part of the channels.
    static let all =
        cases(
            [
                (3, 5, 5, 7, 3), (17, 9, 8, 8, 1), (8, 66, 4, 4, 10), (33, 70, 1, 1, 7),
                (5, 3, 6, 3, 2),
                (2, 2, 2, 2, 33), (130, 8, 1, 1, 50), (1, 1, 1, 9, 5), (4, 7, 9, 1, 17),
                (50, 20, 3, 3, 4),
                (16, 12, 4, 5, 20), (40, 10, 3, 6, 12), (12, 40, 1, 1, 6),
            ],
            kernels: [(1, 1), (1, 2), (3, 1), (3, 2)]
        )
        // More channels than are summed up at once, and more tiles than one thread takes at once.
        + cases([(30, 33, 8, 16, 9)], kernels: [(3, 1)])
        + cases([(300, 7, 1, 1, 3), (7, 530, 1, 1, 3)], kernels: [(1, 1)])

    /// Every size with every kernel.
    static func cases(
        _ sizes: [(inputs: Int, outputs: Int, height: Int, width: Int, batch: Int)],
        kernels: [(size: Int, stride: Int)]
    ) -> [ConvolutionCase] {
        sizes.flatMap { inputs, outputs, height, width, batch in
            kernels.map { kernelSize, stride in
                ConvolutionCase(
                    inputs: inputs,
                    outputs: outputs,
                    height: height,
                    width: width,
                    batch: batch,
                    kernelSize: kernelSize,
                    stride: stride
                )
            }
        }
    }

    var taps: Int { kernelSize * kernelSize }
    var outputHeight: Int { (height - 1) / stride + 1 }
    var outputWidth: Int { (width - 1) / stride + 1 }

    func filter(_ weights: UnsafePointer<Float>, isWinograd: Bool = false) -> ctk_filter {
        ctk_filter(
            weights: weights,
            output: Int64(inputs * taps),
            input: Int64(taps),
            tap: 1,
            kernel_size: Int64(kernelSize),
            stride: Int64(stride),
            is_winograd: isWinograd,
            own_weights: nil
        )
    }

    /// Whether blocks of this form are computed by Winograd's filtering.
    func isWinograd(_ team: Team) -> Bool {
        let weights = Floats([])
        var filter = filter(weights.elements)
        var images = ctk_planes_of(
            Int64(inputs),
            Int64(height),
            Int64(width),
            1,
            Int64(batch),
            stride == 2,
            true
        )
        return ctk_is_winograd(team.pointer, &filter, Int64(outputs), Int64(inputs), &images)
    }

    /// Integers, times a unit: bfloat16 holds the sums of them, and of a quarter of them, that
    /// Winograd's filtering makes, so that rounding loses nothing.
    func integers(_ count: Int, unit: Float = 1, _ random: inout Numbers) -> [Float] {
        random.next(count).map { unit * ($0 * 7).rounded() }
    }

    /// The weights as products of blocks take them.
    func arranged(
        _ weights: Floats,
        forInputGradient: Bool,
        isWinograd: Bool = false,
        _ team: Team
    ) -> Floats {
        let (outputs, inputs) = (Int64(outputs), Int64(inputs))
        var filter = filter(weights.elements, isWinograd: isWinograd)
        let arranged = Floats(unknown(Int(ctk_block_weights_size(&filter, outputs, inputs))))
        ctk_arrange_block_weights(
            team.pointer,
            &filter,
            outputs,
            inputs,
            forInputGradient,
            arranged.elements
        )
        return arranged
    }

    /// A filter of blocks as the engine takes it on this form, with its weights.
    func blockFilter(_ weights: Floats, forInputGradient: Bool, _ team: Team) -> BlockFilter {
        let isWinograd = isWinograd(team)
        let arranged = arranged(
            weights,
            forInputGradient: forInputGradient,
            isWinograd: isWinograd,
            team
        )
        return BlockFilter(
            weights: arranged,
            filter: filter(arranged.elements, isWinograd: isWinograd)
        )
    }

    /// Calls `body` with the positions in examples' output, examples' input and weights of every
    /// product that a convolution sums up.
    func forEachProduct(_ body: (_ output: Int, _ input: Int, _ weight: Int) -> Void) {
        for n in 0..<batch {
            for o in 0..<outputs {
                for i in 0..<inputs {
                    for y in 0..<outputHeight {
                        for x in 0..<outputWidth {
                            for tap in 0..<taps {
                                let fromY = y * stride + tap / kernelSize - kernelSize / 2
                                let fromX = x * stride + tap % kernelSize - kernelSize / 2
                                guard (0..<height).contains(fromY), (0..<width).contains(fromX)
                                else { continue }
                                body(
                                    ((n * outputs + o) * outputHeight + y) * outputWidth + x,
                                    ((n * inputs + i) * height + fromY) * width + fromX,
                                    (o * inputs + i) * taps + tap
                                )
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A filter, and the memory of its weights.
final class BlockFilter {
    private let weights: Floats
    var filter: ctk_filter

    init(weights: Floats, filter: ctk_filter) {
        self.weights = weights
        self.filter = filter
    }
}

@Suite("Convolutions and layers of units")
struct ConvolutionTests {
    /// What single precision allows for sums of some hundred products.
    private static let tolerance = 2e-6

    @Test(
        "Output and both gradients agree with sums in double precision",
        arguments: ConvolutionCase.all,
        [Layout.planes, .blocks]
    )
    func agreement(_ test: ConvolutionCase, layout: Layout) throws {
        var random = Numbers(seed: 1)
        // Numbers that can be stored, so that nothing is lost before the products.
        func numbers(_ count: Int) -> [Float] { layout.numbers(random.next(count)) }
        // The weights' gradient is of floats in any case.
        let stateTolerance = layout.tolerance(Self.tolerance)
        let weights = numbers(test.outputs * test.inputs * test.taps)
        let bias = numbers(test.outputs)
        let examples = numbers(test.batch * test.inputs * test.height * test.width)
        let outputSize = test.outputs * test.outputHeight * test.outputWidth
        let slopes = numbers(test.batch * outputSize)
        let added = numbers(test.batch * outputSize)

        var expected = [Double](repeating: 0, count: slopes.count)
        var expectedInput = [Double](repeating: 0, count: examples.count)
        var expectedWeights = [Double](repeating: 0, count: weights.count)
        let channelSize = test.outputHeight * test.outputWidth
        for index in expected.indices {
            expected[index] =
                Double(bias[index / channelSize % test.outputs]) + Double(added[index])
        }
        var expectedBias = [Double](repeating: 0, count: test.outputs)
        for (index, slope) in slopes.enumerated() {
            expectedBias[index / channelSize % test.outputs] += Double(slope)
        }
        test.forEachProduct { output, input, weight in
            expected[output] += Double(weights[weight]) * Double(examples[input])
            expectedInput[input] += Double(weights[weight]) * Double(slopes[output])
            expectedWeights[weight] += Double(examples[input]) * Double(slopes[output])
        }

        for team in Team.all {
            let input = Planes(
                test.inputs,
                test.height,
                test.width,
                border: 1,
                batch: test.batch,
                isSplit: test.stride == 2,
                isBlocked: layout.isBlocked
            )
            input.examples = examples
            let output = Planes(
                test.outputs,
                test.outputHeight,
                test.outputWidth,
                border: 1,
                batch: test.batch,
                isBlocked: layout.isBlocked
            )
            output.examples = added
            let operands = Operands(test, weights, layout, team: team)
            var outputPlanes = output.planes
            var filter = operands.filter(forInputGradient: false)
            ctk_convolve(
                team.pointer,
                &filter,
                bias,
                &input.planes,
                &outputPlanes,
                &output.planes
            )
            #expect(distance(output.examples, expected) < stateTolerance)
            #expect(output.rest.allSatisfy { $0 == 0 })

            output.examples = slopes
            let inputGradient = input.like()
            filter = operands.filter(forInputGradient: true)
            for (accumulates, factor) in [(false, 1.0), (true, 2)] {
                ctk_convolution_input_gradient(
                    team.pointer,
                    &filter,
                    &output.planes,
                    &inputGradient.planes,
                    accumulates,
                    nil
                )
                let expected = expectedInput.map { factor * $0 }
                #expect(distance(inputGradient.examples, expected) < stateTolerance)
                #expect(inputGradient.rest.allSatisfy { $0 == 0 })
            }

            var positions = unknown(Int(ctk_positions_size(&input.planes)))
            let scratchSize = ctk_weight_gradient_scratch(
                team.pointer,
                &filter,
                &input.planes,
                &output.planes
            )
            var scratch = unknown(Int(scratchSize) + 1)
            var gradient = unknown(weights.count)
            var biasGradient = unknown(test.outputs)
            ctk_transpose_planes(team.pointer, &input.planes, &positions)
            ctk_convolution_weight_gradient(
                team.pointer,
                &filter,
                &input.planes,
                positions,
                &output.planes,
                &scratch,
                &gradient,
                &biasGradient
            )
            #expect(distance(gradient, expectedWeights) < Self.tolerance)
            if layout.isBlocked {
                #expect(distance(biasGradient, expectedBias) < Self.tolerance)
            }
        }
    }

    /// The operands of a convolution's products.
    private final class Operands {
        private let test: ConvolutionCase
        private let weights: Floats
        private var arranged = Floats([])
        private let team: Team
        private let isBlocked: Bool

        init(_ test: ConvolutionCase, _ weights: [Float], _ layout: Layout, team: Team) {
            self.test = test
            self.weights = Floats(weights)
            self.team = team
            isBlocked = layout.isBlocked
        }

        /// Arranged; floats are taken as they lie in every other case.
        func filter(forInputGradient: Bool) -> ctk_filter {
            var filter = test.filter(weights.elements)
            if isBlocked {
                arranged = test.arranged(weights, forInputGradient: forInputGradient, team)
                filter.weights = UnsafePointer(arranged.elements)
                return filter
            }
            guard test.batch.isMultiple(of: 2) else { return filter }
            let taps = Int64(test.taps)
            let (rows, depth) =
                forInputGradient ? (test.inputs, test.outputs) : (test.outputs, test.inputs)
            let count = Int64(depth)
            arranged = Floats(unknown(rows * test.taps * depth))
            ctk_arrange_weights(
                team.pointer,
                weights.elements,
                Int64(test.outputs),
                Int64(test.inputs),
                taps,
                forInputGradient,
                arranged.elements
            )
            filter.weights = UnsafePointer(arranged.elements)
            filter.output = forInputGradient ? 1 : taps * count
            filter.input = forInputGradient ? taps * count : 1
            filter.tap = count
            return filter
        }
    }

    @Test("Numbers become bfloat16 by rounding to nearest and to even; what is none stays none")
    func rounding() throws {
        // Halfway to an even and to an odd neighbour, beyond halfway, and the extremes.
        let bits: [UInt32] = [
            0x3F80_8000, 0x3F81_8000, 0x3F80_8001, 0x3F80_7FFF, 0x7F7F_FFFF, 0xFF80_0000,
            0x7F80_0001, 0x0000_0000, 0x8000_0000,
        ]
        let expected: [UInt32] = [
            0x3F80, 0x3F82, 0x3F81, 0x3F80, 0x7F80, 0xFF80, 0x7FC0, 0, 0x8000,
        ]
        let numbers = bits.map { Float(bitPattern: $0) }
        for team in Team.all {
            let planes = Planes(1, batch: bits.count, isBlocked: true)
            withExamples(numbers) {
                ctk_planes_from_examples(team.pointer, $0, nil, &planes.planes)
            }
            #expect(planes.examples.map { $0.bitPattern >> 16 } == expected)
        }
    }

    @Test(
        "The sum of a channel is that of its elements, and of nothing beside them",
        arguments: [Layout.planes, .blocks]
    )
    func sums(_ layout: Layout) throws {
        var numbers = Numbers(seed: 2)
        for team in Team.all {
            let planes = Planes(5, 3, 7, border: 1, batch: 11, isBlocked: layout.isBlocked)
            let examples = layout.numbers(numbers.next(11 * planes.exampleSize))
            planes.examples = examples
            var sums = [Float](repeating: .nan, count: 5)
            ctk_channel_sums(team.pointer, &planes.planes, &sums)
            let expected = (0..<5).map { channel in
                examples.indices.filter { $0 / 21 % 5 == channel }
                    .reduce(0.0) { $0 + Double(examples[$1]) }
            }
            #expect(distance(sums, expected) < 1e-6)
        }
    }

    @Test("Results are the same bytes with any number of threads")
    func threads() throws {
        var numbers = Numbers(seed: 3)
        let test = ConvolutionCase(
            inputs: 40,
            outputs: 130,
            height: 6,
            width: 6,
            batch: 9,
            kernelSize: 3,
            stride: 1
        )
        let weights = numbers.next(test.outputs * test.inputs * test.taps)
        let examples = numbers.next(test.batch * test.inputs * 36)
        var results: [[Float]] = []
        for threads: Int32 in [1, 2, 5] {
            let team = try #require(Team(threads: threads))
            let input = Planes(test.inputs, 6, 6, border: 1, batch: test.batch)
            input.examples = examples
            let output = Planes(test.outputs, 6, 6, border: 1, batch: test.batch)
            let stored = Floats(weights)
            var filter = test.filter(stored.elements)
            ctk_convolve(team.pointer, &filter, nil, &input.planes, nil, &output.planes)
            withExtendedLifetime(stored) {}
            results.append(output.examples)
        }
        #expect(results[0] == results[1])
        #expect(results[0] == results[2])
    }
}
