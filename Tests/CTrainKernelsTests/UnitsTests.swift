import CTrainKernels
import Testing

/// What layers of units in blocks do on their way, against the same in several steps.
@Suite("Layers of units in blocks")
struct UnitsTests {
    /// Whole blocks and parts of them, half units, an odd batch, and more inputs than a stripe has.
    private static let forms = [
        (inputs: 64, outputs: 64, batch: 8), (100, 70, 7), (16, 12, 8), (37, 10, 33),
        (1100, 40, 6), (33, 1, 1),
    ]

    /// A layer, its operands, and random numbers in them.
    private final class Layer {
        let test: ConvolutionCase
        let input: Planes
        let output: Planes
        let weights: Floats
        let team: Team

        init(_ form: (inputs: Int, outputs: Int, batch: Int), _ team: Team) {
            test = ConvolutionCase(
                inputs: form.inputs,
                outputs: form.outputs,
                height: 1,
                width: 1,
                batch: form.batch,
                kernelSize: 1,
                stride: 1
            )
            self.team = team
            var numbers = Numbers(seed: 41)
            input = Planes(form.inputs, batch: form.batch, isBlocked: true)
            output = Planes(form.outputs, batch: form.batch, isBlocked: true)
            input.examples = Layout.blocks.numbers(numbers.next(form.inputs * form.batch))
            output.examples = Layout.blocks.numbers(numbers.next(form.outputs * form.batch))
            weights = Floats(numbers.next(form.inputs * form.outputs))
        }

        /// The gradient of the bias, and whatever `compute` does with the operands and with memory of
        /// the size that `scratchSize` tells.
        func biasGradient(
            scratchSize: (
                OpaquePointer?, UnsafePointer<ctk_filter>?, UnsafePointer<ctk_planes>?,
                UnsafePointer<ctk_planes>?
            ) -> Int64,
            _ compute: (
                UnsafePointer<ctk_filter>, [Float], UnsafeMutablePointer<Float>,
                UnsafeMutablePointer<Float>
            ) -> Void
        ) -> [Float] {
            var filter = test.filter(weights.elements)
            var positions = unknown(Int(ctk_positions_size(&input.planes)))
            ctk_transpose_planes(team.pointer, &input.planes, &positions)
            let size = scratchSize(team.pointer, &filter, &input.planes, &output.planes)
            var scratch = unknown(Int(size) + 1)
            var bias = unknown(test.outputs)
            compute(&filter, positions, &scratch, &bias)
            return bias
        }
    }

    @Test(
        "Weights that each thread arranges for itself give what weights arranged before give",
        arguments: forms
    )
    func ownWeights(_ form: (inputs: Int, outputs: Int, batch: Int)) {
        for team in Team.all {
            let layer = Layer(form, team)
            let bias = Floats((0..<form.outputs).map(Float.init))
            let own = Floats(
                unknown(Int(ctk_own_weights_size(team.pointer, Int64(form.inputs))))
            )
            let arranged = layer.test.arranged(layer.weights, forInputGradient: false, team)
            var filters = [layer.weights, arranged].map { layer.test.filter($0.elements) }
            filters[0].own_weights = own.elements
            let results = withExtendedLifetime((own, arranged)) {
                filters.map { filter in
                    let output = layer.output.like()
                    withUnsafePointer(to: filter) {
                        ctk_convolve(
                            team.pointer,
                            $0,
                            bias.elements,
                            &layer.input.planes,
                            nil,
                            &output.planes
                        )
                    }
                    return output.examples
                }
            }
            #expect(results[0] == results[1])
        }
    }

    @Test(
        "A step of descent with the gradient is, to the bit, that behind it",
        arguments: forms,
        [(momentum: 0.9, nesterov: false), (0.9, true), (0, false)]
    )
    func descent(
        _ form: (inputs: Int, outputs: Int, batch: Int),
        _ setting: (momentum: Double, nesterov: Bool)
    ) {
        let count = form.inputs * form.outputs
        let descent = ctk_descent(
            learning_rate: 0.1,
            momentum: setting.momentum,
            weight_decay: 0.01,
            nesterov: setting.nesterov
        )
        var numbers = Numbers(seed: 42)
        let (p, m) = (numbers.next(count), numbers.next(count))
        for team in Team.all {
            let layer = Layer(form, team)
            func update(_ parameters: Floats, _ momenta: Floats) -> ctk_update {
                ctk_update(
                    descent: descent,
                    parameters: parameters.elements,
                    momenta: setting.momentum == 0 ? nil : momenta.elements
                )
            }
            let (behind, behindMomenta) = (Floats(p), Floats(m))
            let (with, withMomenta) = (Floats(p), Floats(m))
            let expectedBias = layer.biasGradient(scratchSize: ctk_weight_gradient_scratch) {
                filter,
                positions,
                scratch,
                bias in
                var gradient = unknown(count)
                ctk_convolution_weight_gradient(
                    team.pointer,
                    filter,
                    &layer.input.planes,
                    positions,
                    &layer.output.planes,
                    scratch,
                    &gradient,
                    bias
                )
                var update = update(behind, behindMomenta)
                ctk_descend(team.pointer, &update, 1, gradient, Int64(count))
            }
            let bias = layer.biasGradient(scratchSize: ctk_units_descent_scratch) {
                filter,
                positions,
                scratch,
                bias in
                var update = update(with, withMomenta)
                ctk_units_descent(
                    team.pointer,
                    filter,
                    &layer.input.planes,
                    positions,
                    &layer.output.planes,
                    scratch,
                    &update,
                    bias
                )
            }
            #expect(with.values == behind.values)
            #expect(withMomenta.values == behindMomenta.values)
            #expect(with.values != p)
            #expect(bias == expectedBias)
        }
    }
}
