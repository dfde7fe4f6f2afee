import CTrainKernels
import Testing

/// A convolution of 3 × 3 at stride 1, and the size of its tiles.
struct WinogradCase: CustomTestStringConvertible, Sendable {
    let tile: Int
    let convolution: ConvolutionCase

    var testDescription: String {
        "tiles of \(tile) × \(tile), \(convolution)"
    }

    /// Channels, batches and rows of tiles around the sizes of a register, of a tile of the product,
    /// of a block of columns and of a part of the channels; one tile, and one example.
    static let all: [WinogradCase] = [
        (3, 5, 2, 3, 3), (17, 9, 1, 1, 1), (8, 66, 2, 2, 10), (33, 131, 1, 1, 7), (5, 3, 1, 3, 50),
        (2, 2, 2, 2, 33), (50, 20, 3, 1, 17), (1, 1, 1, 2, 100), (70, 16, 1, 2, 48),
    ].flatMap { inputs, outputs, tileRows, tileColumns, batch in
        [2, 4].map { tile in
            WinogradCase(
                tile: tile,
                convolution: ConvolutionCase(
                    inputs: inputs,
                    outputs: outputs,
                    height: tile * tileRows,
                    width: tile * tileColumns,
                    batch: batch,
                    kernelSize: 3,
                    stride: 1
                )
            )
        }
    }
}

/// Calls of the kernels with memory of the right sizes.
private struct Winograd {
    let test: WinogradCase
    let team: Team
    let weights: [Float]

    private var tile: Int64 { Int64(test.tile) }
    private var outputs: Int64 { Int64(test.convolution.outputs) }
    private var inputs: Int64 { Int64(test.convolution.inputs) }

    func convolve(
        _ input: Planes,
        bias: [Float]? = nil,
        added: Planes? = nil,
        to output: Planes,
        forInputGradient: Bool = false
    ) {
        let (rows, depth) = forInputGradient ? (inputs, outputs) : (outputs, inputs)
        let size = ctk_winograd_weights_size(tile, rows, depth)
        var arranged = unknown(Int(size))
        ctk_winograd_weights(
            team.pointer,
            tile,
            weights,
            outputs,
            inputs,
            forInputGradient,
            &arranged
        )
        var scratch = unknown(
            Int(ctk_winograd_scratch(team.pointer, tile, &input.planes, rows))
        )
        var sum = added?.planes ?? ctk_planes()
        withUnsafePointer(to: &sum) { sum in
            ctk_winograd_convolve(
                team.pointer,
                tile,
                arranged,
                bias,
                &input.planes,
                added == nil ? nil : sum,
                &output.planes,
                &scratch
            )
        }
    }

    func weightGradient(_ input: Planes, _ outputGradient: Planes) -> [Float] {
        var positions = unknown(Int(ctk_positions_size(&input.planes)))
        ctk_transpose_planes(team.pointer, &input.planes, &positions)
        var scratch = unknown(
            Int(ctk_winograd_gradient_scratch(tile, &input.planes, outputs))
        )
        var gradient = unknown(weights.count)
        ctk_winograd_weight_gradient(
            team.pointer,
            tile,
            &input.planes,
            positions,
            &outputGradient.planes,
            &scratch,
            &gradient
        )
        return gradient
    }
}

@Suite("Convolutions by Winograd's minimal filtering")
struct WinogradTests {
    @Test(
        "Output and both gradients agree with sums in double precision",
        arguments: WinogradCase.all
    )
    func agreement(_ test: WinogradCase) throws {
        let convolution = test.convolution
        var random = Numbers(seed: 1)
        let channelSize = convolution.height * convolution.width
        let weights = random.next(convolution.outputs * convolution.inputs * 9)
        let bias = random.next(convolution.outputs)
        let examples = random.next(convolution.batch * convolution.inputs * channelSize)
        let slopes = random.next(convolution.batch * convolution.outputs * channelSize)
        let added = random.next(slopes.count)
        var expected = slopes.indices.map { index in
            Double(bias[index / channelSize % convolution.outputs]) + Double(added[index])
        }
        var expectedInput = [Double](repeating: 0, count: examples.count)
        var expectedWeights = [Double](repeating: 0, count: weights.count)
        convolution.forEachProduct { output, input, weight in
            expected[output] += Double(weights[weight]) * Double(examples[input])
            expectedInput[input] += Double(weights[weight]) * Double(slopes[output])
            expectedWeights[weight] += Double(examples[input]) * Double(slopes[output])
        }
        // Tiles of 4 × 4 double the rounding error of the plain sum.
        let tolerance = test.tile == 4 ? 6e-6 : 2e-6

        for team in Team.all {
            let winograd = Winograd(test: test, team: team, weights: weights)
            func planes(_ channels: Int, _ examples: [Float]) -> Planes {
                let planes = Planes(
                    channels,
                    convolution.height,
                    convolution.width,
                    border: 1,
                    batch: convolution.batch
                )
                planes.examples = examples
                return planes
            }
            let input = planes(convolution.inputs, examples)
            let output = planes(convolution.outputs, added)
            winograd.convolve(input, bias: bias, added: output, to: output)
            #expect(distance(output.examples, expected) < tolerance)
            #expect(output.rest.allSatisfy { $0 == 0 })

            let outputGradient = planes(convolution.outputs, slopes)
            let inputGradient = input.like()
            winograd.convolve(outputGradient, to: inputGradient, forInputGradient: true)
            #expect(distance(inputGradient.examples, expectedInput) < tolerance)
            #expect(inputGradient.rest.allSatisfy { $0 == 0 })

            let gradient = winograd.weightGradient(input, outputGradient)
            #expect(distance(gradient, expectedWeights) < tolerance)
        }
    }

    @Test("Results are the same bytes with any number of threads")
    func threads() throws {
        let convolution = ConvolutionCase(
            inputs: 40,
            outputs: 130,
            height: 8,
            width: 8,
            batch: 19,
            kernelSize: 3,
            stride: 1
        )
        var random = Numbers(seed: 3)
        let weights = random.next(convolution.outputs * convolution.inputs * 9)
        let input = Planes(convolution.inputs, 8, 8, border: 1, batch: convolution.batch)
        input.examples = random.next(convolution.batch * input.exampleSize)
        let test = WinogradCase(tile: 4, convolution: convolution)
        let results = try [1, 2, 5].map { (threads: Int32) in
            let team = try #require(Team(threads: threads))
            let winograd = Winograd(test: test, team: team, weights: weights)
            let output = Planes(convolution.outputs, 8, 8, border: 1, batch: convolution.batch)
            winograd.convolve(input, to: output)
            return output.examples + winograd.weightGradient(input, output)
        }
        #expect(results[0] == results[1])
        #expect(results[0] == results[2])
    }
}
