import CTrainKernels
import Testing

/// What layers of units in blocks do on their way, against the same in several steps.
@Suite("Layers of units")
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

        init(
            _ form: (inputs: Int, outputs: Int, batch: Int),
            _ layout: Layout,
            _ team: Team
        ) {
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
            input = Planes(form.inputs, batch: form.batch, isBlocked: layout.isBlocked)
            output = Planes(form.outputs, batch: form.batch, isBlocked: layout.isBlocked)
            input.examples = layout.numbers(numbers.next(form.inputs * form.batch))
            output.examples = layout.numbers(numbers.next(form.outputs * form.batch))
            weights = Floats(numbers.next(form.inputs * form.outputs))
        }

        /// The filter with weights that threads arrange in memory of their own, of numbers that must
        /// not matter.
        func ownFilter(depth: Int) -> (filter: ctk_filter, memory: Floats) {
            let size = Int(ctk_own_weights_size(team.pointer, Int64(depth)))
            let memory = Floats(unknown(size))
            var filter = test.filter(weights.elements)
            filter.own_weights = memory.elements
            return (filter, memory)
        }

        /// The gradients of weights and bias, from what `compute` makes of the operands.
        func gradients(
            scratch: Int64,
            _ compute: (
                UnsafePointer<ctk_filter>, [Float], UnsafeMutablePointer<Float>,
                UnsafeMutablePointer<Float>
            ) -> Void
        ) -> [Float] {
            var filter = test.filter(weights.elements)
            var positions = unknown(Int(ctk_positions_size(&input.planes)))
            ctk_transpose_planes(team.pointer, &input.planes, &positions)
            var scratch = unknown(Int(scratch) + 1)
            // Of planes, the bias has its gradient from elsewhere.
            var bias = [Float](repeating: 0, count: test.outputs)
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
            let layer = Layer(form, .blocks, team)
            let bias = Floats((0..<form.outputs).map(Float.init))
            let results = [true, false].map { isOwn in
                var (filter, memory) = layer.ownFilter(depth: form.inputs)
                if !isOwn {
                    memory = layer.test.arranged(layer.weights, forInputGradient: false, team)
                    filter = layer.test.filter(memory.elements)
                }
                let output = layer.output.like()
                withExtendedLifetime(memory) {
                    ctk_convolve(
                        team.pointer,
                        &filter,
                        bias.elements,
                        &layer.input.planes,
                        nil,
                        &output.planes
                    )
                }
                return output.examples
            }
            #expect(results[0] == results[1])
            let gradients = [true, false].map { isOwn in
                var (filter, memory) = layer.ownFilter(depth: form.outputs)
                if !isOwn {
                    memory = layer.test.arranged(layer.weights, forInputGradient: true, team)
                    filter = layer.test.filter(memory.elements)
                }
                let gradient = layer.input.like()
                withExtendedLifetime(memory) {
                    ctk_convolution_input_gradient(
                        team.pointer,
                        &filter,
                        &layer.output.planes,
                        &gradient.planes,
                        false,
                        nil
                    )
                }
                return gradient.examples
            }
            #expect(gradients[0] == gradients[1])
        }
    }

    @Test(
        "A step of descent with the gradient is, to the bit, that behind it",
        arguments: forms,
        [
            (layout: Layout.blocks, momentum: 0.9, nesterov: false), (.blocks, 0.9, true),
            (.blocks, 0, false), (.planes, 0.9, false),
        ]
    )
    func descent(
        _ form: (inputs: Int, outputs: Int, batch: Int),
        _ setting: (layout: Layout, momentum: Double, nesterov: Bool)
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
            let layer = Layer(form, setting.layout, team)
            var filter = layer.test.filter(layer.weights.elements)
            func update(_ parameters: Floats, _ momenta: Floats) -> ctk_update {
                ctk_update(
                    descent: descent,
                    parameters: parameters.elements,
                    momenta: setting.momentum == 0 ? nil : momenta.elements
                )
            }
            let (behind, behindMomenta) = (Floats(p), Floats(m))
            let (with, withMomenta) = (Floats(p), Floats(m))
            let expectedBias = layer.gradients(
                scratch: ctk_weight_gradient_scratch(
                    team.pointer,
                    &filter,
                    &layer.input.planes,
                    &layer.output.planes
                )
            ) { filter, positions, scratch, bias in
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
            let bias = layer.gradients(
                scratch: ctk_units_descent_scratch(
                    team.pointer,
                    &filter,
                    &layer.input.planes,
                    &layer.output.planes
                )
            ) { filter, positions, scratch, bias in
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
