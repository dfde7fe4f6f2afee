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
    static let all: [ConvolutionCase] = [
        (3, 5, 5, 7, 3), (17, 9, 8, 8, 1), (8, 66, 4, 4, 10), (33, 70, 1, 1, 7), (5, 3, 6, 3, 2),
        (2, 2, 2, 2, 33), (130, 8, 1, 1, 50), (1, 1, 1, 9, 5), (4, 7, 9, 1, 17), (50, 20, 3, 3, 4),
    ].flatMap { inputs, outputs, height, width, batch in
        [(1, 1), (1, 2), (3, 1), (3, 2)].map { kernelSize, stride in
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

    var taps: Int { kernelSize * kernelSize }
    var outputHeight: Int { (height - 1) / stride + 1 }
    var outputWidth: Int { (width - 1) / stride + 1 }

    func filter(_ weights: UnsafePointer<Float>) -> ctk_filter {
        ctk_filter(
            weights: weights,
            output: Int64(inputs * taps),
            input: Int64(taps),
            tap: 1,
            kernel_size: Int64(kernelSize),
            stride: Int64(stride),
            is_paired: false
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

@Suite("Convolutions and layers of units")
struct ConvolutionTests {
    /// What single precision allows for sums of some hundred products.
    private static let tolerance = 2e-6

    @Test(
        "Output and both gradients agree with sums in double precision",
        arguments: ConvolutionCase.all
    )
    func agreement(_ test: ConvolutionCase) throws {
        var numbers = Numbers(seed: 1)
        let weights = numbers.next(test.outputs * test.inputs * test.taps)
        let bias = numbers.next(test.outputs)
        let examples = numbers.next(test.batch * test.inputs * test.height * test.width)
        let outputSize = test.outputs * test.outputHeight * test.outputWidth
        let slopes = numbers.next(test.batch * outputSize)
        let added = numbers.next(test.batch * outputSize)

        var expected = [Double](repeating: 0, count: slopes.count)
        var expectedInput = [Double](repeating: 0, count: examples.count)
        var expectedWeights = [Double](repeating: 0, count: weights.count)
        let channelSize = test.outputHeight * test.outputWidth
        for index in expected.indices {
            expected[index] =
                Double(bias[index / channelSize % test.outputs]) + Double(added[index])
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
                isSplit: test.stride == 2
            )
            input.examples = examples
            let output = Planes(
                test.outputs,
                test.outputHeight,
                test.outputWidth,
                border: 1,
                batch: test.batch
            )
            output.examples = added
            let stored = Floats(weights)
            var filter = test.filter(stored.elements)
            var outputPlanes = output.planes
            ctk_convolve(
                team.pointer,
                &filter,
                bias,
                &input.planes,
                &outputPlanes,
                &output.planes
            )
            #expect(distance(output.examples, expected) < Self.tolerance)
            #expect(output.rest.allSatisfy { $0 == 0 })

            output.examples = slopes
            let inputGradient = input.like()
            for (accumulates, factor) in [(false, 1.0), (true, 2)] {
                ctk_convolution_input_gradient(
                    team.pointer,
                    &filter,
                    &output.planes,
                    &inputGradient.planes,
                    accumulates
                )
                let expected = expectedInput.map { factor * $0 }
                #expect(distance(inputGradient.examples, expected) < Self.tolerance)
                #expect(inputGradient.rest.allSatisfy { $0 == 0 })
            }

            var positions = Self.unknown(Int(ctk_positions_size(&input.planes)))
            var scratch = Self.unknown(
                Int(
                    ctk_weight_gradient_scratch(&filter, Int64(test.outputs), Int64(test.inputs))
                ) + 1
            )
            var gradient = Self.unknown(weights.count)
            ctk_transpose_planes(team.pointer, &input.planes, &positions)
            ctk_convolution_weight_gradient(
                team.pointer,
                &filter,
                &input.planes,
                positions,
                &output.planes,
                &scratch,
                &gradient
            )
            #expect(distance(gradient, expectedWeights) < Self.tolerance)
            withExtendedLifetime(stored) {}
        }
    }

    /// Memory whose content must not matter.
    private static func unknown(_ count: Int) -> [Float] { [Float](repeating: .nan, count: count) }

    @Test("The sum of a channel is that of its elements, and of nothing beside them")
    func sums() throws {
        var numbers = Numbers(seed: 2)
        for team in Team.all {
            let planes = Planes(5, 3, 7, border: 1, batch: 11)
            let examples = numbers.next(11 * planes.exampleSize)
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
