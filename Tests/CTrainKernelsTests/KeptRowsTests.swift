import CTrainKernels
import Testing

/// Kernels that normalise what they read, against those that read what was normalised before.
@Suite("Normalised states that are not kept")
struct KeptRowsTests {
    private static let cases =
        ConvolutionCase.cases(
            [
                (40, 24, 7, 5, 6), (16, 16, 6, 6, 7), (20, 33, 5, 8, 33), (64, 48, 9, 4, 4),
                (10, 7, 12, 1, 2), (16, 12, 6, 7, 24), (40, 9, 5, 4, 8), (9, 40, 5, 4, 8),
            ],
            kernels: [(3, 1)]
        ) + ConvolutionCase.cases([(37, 70, 4, 3, 10), (5, 5, 1, 1, 9)], kernels: [(1, 1)])

    /// A state before a normalisation, and the same after it.
    private final class Source {
        let team: Team
        let layer: Normalization
        let input: Planes
        let normalized: Planes
        var description: ctk_normalized

        init(
            _ test: ConvolutionCase,
            _ activation: ctk_activation,
            isSplit: Bool = false,
            seed: UInt64,
            _ team: Team
        ) {
            self.team = team
            var random = Numbers(seed: seed)
            layer = Normalization(channels: test.inputs, &random)
            input = Planes(
                test.inputs,
                test.height,
                test.width,
                border: test.kernelSize / 2,
                batch: test.batch,
                isBlocked: true
            )
            input.examples = random.next(test.batch * input.exampleSize)
            normalized = input.like(isSplit: isSplit)
            input.pointer.pointee = input.planes
            let pointer = UnsafeMutablePointer<ctk_normalization>.allocate(capacity: 1)
            pointer.initialize(to: layer.normalization)
            description = ctk_normalized(
                normalization: pointer,
                activation: activation,
                input: input.pointer
            )
        }

        deinit {
            description.normalization.deallocate()
        }

        func normalize() {
            ctk_normalize(
                team.pointer,
                description.normalization,
                description.activation,
                &input.planes,
                &normalized.planes
            )
        }
    }

    private static let activations = [CTK_IDENTITY, CTK_RELU, CTK_LEAKY_RELU]

    @Test("A convolution that normalises its rows makes the same output", arguments: cases)
    func convolution(_ test: ConvolutionCase) {
        var random = Numbers(seed: 41)
        let weights = Floats(random.next(test.outputs * test.inputs * test.taps))
        let bias = random.next(test.outputs)
        for team in Team.all {
            for activation in Self.activations {
                let source = Source(test, activation, seed: 42, team)
                let (expected, found, added) = (
                    source.input.like(channels: test.outputs),
                    source.input.like(channels: test.outputs),
                    source.input.like(channels: test.outputs)
                )
                added.examples = random.next(test.batch * added.exampleSize)
                let tiles = test.arranged(weights, forInputGradient: false, team)
                var filter = test.filter(tiles.elements)
                source.normalize()
                let statistics = source.layer.kept.values
                ctk_convolve(
                    team.pointer,
                    &filter,
                    bias,
                    &source.normalized.planes,
                    &added.planes,
                    &expected.planes
                )
                for index in 0..<2 * test.inputs { source.layer.kept.elements[index] = .nan }
                var scratch = unknown(
                    Int(ctk_kept_rows_size(team.pointer, &filter, &source.input.planes))
                )
                ctk_normalize_and_convolve(
                    team.pointer,
                    &source.description,
                    &filter,
                    bias,
                    &added.planes,
                    &found.planes,
                    &scratch
                )
                #expect(found.examples == expected.examples)
                #expect(found.rest.allSatisfy { $0 == 0 })
                #expect(source.layer.kept.values == statistics)
            }
        }
    }

    @Test("Pairs are those of what was normalised, with zeros around", arguments: cases)
    func pairs(_ test: ConvolutionCase) {
        for team in Team.all {
            for (activation, isSplit) in zip(Self.activations, [true, false, true]) {
                let source = Source(test, activation, isSplit: isSplit, seed: 43, team)
                source.normalize()
                let count = Int(ctk_positions_size(&source.normalized.planes))
                var (expected, found) = (unknown(count), unknown(count))
                ctk_transpose_planes(team.pointer, &source.normalized.planes, &expected)
                ctk_transpose_normalized(
                    team.pointer,
                    &source.description,
                    &source.normalized.planes,
                    &found
                )
                #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
            }
        }
    }

    @Test("The gradient of weights is the same from rows that are made again", arguments: cases)
    func weightGradient(_ test: ConvolutionCase) {
        var random = Numbers(seed: 44)
        for team in Team.all {
            for activation in Self.activations {
                let source = Source(test, activation, seed: 45, team)
                source.normalize()
                let slopes = source.input.like(channels: test.outputs)
                slopes.examples = random.next(test.batch * slopes.exampleSize)
                var filter = test.filter(source.layer.weight.elements)
                guard
                    ctk_keeps_gradient_rows(
                        &filter,
                        &source.normalized.planes,
                        &slopes.planes
                    )
                else { continue }
                var positions = unknown(Int(ctk_positions_size(&source.normalized.planes)))
                ctk_transpose_planes(team.pointer, &source.normalized.planes, &positions)
                var scratch = unknown(
                    Int(
                        ctk_weight_gradient_scratch(
                            team.pointer,
                            &filter,
                            &source.normalized.planes,
                            &slopes.planes
                        )
                    )
                )
                let count = test.outputs * test.inputs * test.taps
                var (expected, found) = (unknown(count), unknown(count))
                var (expectedBias, foundBias) = (unknown(test.outputs), unknown(test.outputs))
                ctk_convolution_weight_gradient(
                    team.pointer,
                    &filter,
                    &source.normalized.planes,
                    positions,
                    &slopes.planes,
                    &scratch,
                    &expected,
                    &expectedBias
                )
                scratch = unknown(scratch.count)
                ctk_normalized_weight_gradient(
                    team.pointer,
                    &filter,
                    &source.description,
                    &source.normalized.planes,
                    &slopes.planes,
                    &scratch,
                    &found,
                    &foundBias
                )
                #expect(found == expected)
                #expect(foundBias == expectedBias)
            }
        }
    }

    @Test("Rows of the gradient are kept where all channels fill two blocks at most")
    func choice() {
        var filter = Self.cases[0].filter(UnsafePointer(bitPattern: 64)!)
        func keeps(_ inputs: Int, _ outputs: Int, size: Int, batch: Int) -> Bool {
            let (input, output) = (
                Planes(inputs, size, size, border: 1, batch: batch, isBlocked: true),
                Planes(outputs, size, size, border: 1, batch: batch, isBlocked: true)
            )
            return ctk_keeps_gradient_rows(&filter, &input.planes, &output.planes)
        }
        #expect(keeps(64, 64, size: 8, batch: 4))
        #expect(!keeps(65, 64, size: 8, batch: 4))
        #expect(!keeps(64, 65, size: 8, batch: 4))
        // Rows that do not fit into the cache.
        #expect(!keeps(64, 64, size: 32, batch: 100))
    }
}
