import CTrainKernels
import Testing

@Suite("Mixing")
struct MixingTests {
    private static let order: [Int32] = [2, 0, 1, 3, 6, 4, 5, 7]
    private static let inverse: [Int32] = [1, 2, 0, 3, 5, 6, 4, 7]
    private static let weights: [Float] = [0, 1, 0.3, 0.7, 0.5, 0.1, 0.9, 0.4]

    /// An odd number of examples and an even one.
    private static let batches = [7, 8]

    private func withMix(_ body: (inout ctk_mix) -> Void) {
        Self.order.withUnsafeBufferPointer { order in
            Self.inverse.withUnsafeBufferPointer { inverse in
                Self.weights.withUnsafeBufferPointer { weights in
                    var mix = ctk_mix(
                        order: order.baseAddress,
                        inverse: inverse.baseAddress,
                        weights: weights.baseAddress
                    )
                    body(&mix)
                }
            }
        }
    }

    /// λ · own + (1 − λ) · partner of examples with `size` numbers each.
    private func mixed(_ values: [Float], size: Int) -> [Double] {
        values.indices.map { index in
            let example = index / size
            let partner = Int(Self.order[example]) * size + index % size
            let weight = Double(Self.weights[example])
            return weight * Double(values[index]) + (1 - weight) * Double(values[partner])
        }
    }

    @Test(
        "Planes are λ of their own and 1 − λ of their partners, exactly at both ends",
        arguments: [Layout.planes, .blocks],
        batches
    )
    func values(_ layout: Layout, batch: Int) {
        var numbers = Numbers(seed: 11)
        for team in Team.all {
            let input = Planes(3, 2, 5, border: 1, batch: batch, isBlocked: layout.isBlocked)
            let output = input.like()
            let x = layout.numbers(numbers.next(30 * batch))
            input.examples = x
            withMix {
                ctk_mix_planes(team.pointer, &$0, CTK_IDENTITY, &input.planes, &output.planes)
            }
            let expected = mixed(x, size: 30)
            #expect(distance(output.examples, expected) < layout.tolerance(1e-6))
            #expect(output.rest.allSatisfy { $0 == 0 })
            // λ = 0, λ = 1, and an example that is its own partner.
            let found = output.examples
            #expect(Array(found[0..<30]) == Array(x[60..<90]))
            #expect(Array(found[30..<60]) == Array(x[30..<60]))
            #expect(Array(found[90..<120]) == Array(x[90..<120]))
        }
    }

    @Test(
        "An activation before the mix is that of a layer of its own, and so is its gradient",
        arguments: [Layout.planes, .blocks],
        [CTK_RELU, CTK_LEAKY_RELU, CTK_TANH]
    )
    func activation(_ layout: Layout, _ activation: ctk_activation) {
        var numbers = Numbers(seed: 15)
        for (team, batch) in Team.all.flatMap({ team in Self.batches.map { (team, $0) } }) {
            let own = Planes(3, 2, 5, border: 1, batch: batch, isBlocked: layout.isBlocked)
            own.examples = layout.numbers(numbers.next(30 * batch))
            let (input, output, expected) = (own.like(), own.like(), own.like())
            let before = own.examples
            input.examples = before
            let gradient = own.like()
            gradient.examples = layout.numbers(numbers.next(30 * batch))
            let slopes = own.like()
            slopes.examples = gradient.examples
            let identity = CTK_IDENTITY
            withMix {
                let pointer = team.pointer
                ctk_activate(pointer, activation, &own.planes)
                ctk_mix_planes(pointer, &$0, identity, &own.planes, &expected.planes)
                ctk_mix_planes_gradient(pointer, &$0, identity, nil, &slopes.planes)
                ctk_activation_gradient(pointer, activation, &own.planes, &slopes.planes)
                ctk_mix_planes(pointer, &$0, activation, &input.planes, &output.planes)
                ctk_mix_planes_gradient(
                    pointer,
                    &$0,
                    activation,
                    &input.planes,
                    &gradient.planes
                )
            }
            #expect(input.examples == (activation == CTK_TANH ? own.examples : before))
            if layout.isBlocked, activation == CTK_LEAKY_RELU {
                // Here what was activated is not rounded before it is mixed, and slopes only once.
                let tolerance = layout.tolerance(1e-6)
                #expect(distance(output.examples, expected.examples.map(Double.init)) < tolerance)
                #expect(distance(gradient.examples, slopes.examples.map(Double.init)) < tolerance)
            } else {
                #expect(output.examples == expected.examples)
                #expect(gradient.examples == slopes.examples)
            }
        }
    }

    /// Images of one block and of several, and units that fill blocks or do not.
    private static let forms = [
        (3, 2, 5), (37, 1, 2), (2, 3, 41), (1, 2, 64), (64, 1, 1), (100, 1, 1),
    ]

    @Test(
        "Examples that are looked up and mixed on their way into planes are those that were before",
        arguments: forms,
        [Layout.planes, .blocks]
    )
    func examples(_ form: (channels: Int, height: Int, width: Int), _ layout: Layout) {
        for (team, batch) in Team.all.flatMap({ team in Self.batches.map { (team, $0) } }) {
            let planes = Planes(
                form.channels,
                form.height,
                form.width,
                border: 1,
                batch: batch,
                isBlocked: layout.isBlocked
            )
            let pixels = form.height * form.width
            var shapes = [(batch, form.channels, pixels)]
            // Units may be the pixels of one channel, whose bytes all stand for the same numbers.
            if pixels == 1 { shapes.append((batch, 1, form.channels)) }
            for shape in shapes {
                expectMixedOnTheWay(team, planes, shape: shape, ctk_planes_from_examples)
                #expect(planes.rest.allSatisfy { $0 == 0 })
            }
        }
    }

    @Test(
        "Images that are looked up and mixed on their way into patches are those that were before"
    )
    func patches() {
        for (team, batch) in Team.all.flatMap({ team in Self.batches.map { (team, $0) } }) {
            let planes = Planes(3 * 9, 4, 6, batch: batch, isBlocked: true)
            expectMixedOnTheWay(team, planes, shape: (batch, 3, 24)) {
                ctk_patches_from_examples($0, $1, $2, 3, $3)
            }
        }
    }

    /// Compares what becomes of bytes, with and without a mix, with what becomes of their numbers, and
    /// with the mix of what becomes of those without one.
    private func expectMixedOnTheWay(
        _ team: Team,
        _ planes: Planes,
        shape: (batch: Int, channels: Int, pixels: Int),
        _ take: (
            OpaquePointer?, UnsafePointer<ctk_examples>, UnsafePointer<ctk_mix>?,
            UnsafePointer<ctk_planes>
        ) -> Void
    ) {
        let size = shape.channels * shape.pixels
        var numbers = Numbers(seed: 13)
        let table = numbers.next(256 * shape.channels)
        // Of more rows than are taken, in another order.
        let bytes = (0..<20 * size).map { UInt8(truncatingIfNeeded: 89 * $0 + $0 / 7) }
        let taken = (0..<Int64(shape.batch)).map { (7 * $0 + 3) % 20 }
        let plain = taken.flatMap { row in
            (0..<size).map { place in
                table[256 * (place / shape.pixels) + Int(bytes[Int(row) * size + place])]
            }
        }
        let (unmixed, mixed) = (planes.like(), planes.like())
        withMix { mix in
            withExamples(plain) {
                take(team.pointer, $0, nil, &unmixed.planes)
                take(team.pointer, $0, &mix, &mixed.planes)
            }
            for (expected, mixes) in [(unmixed, false), (mixed, true)] {
                withExamples(bytes, rows: taken, table: table, channelSize: shape.pixels) {
                    examples in
                    withUnsafePointer(to: mix) { mix in
                        take(team.pointer, examples, mixes ? mix : nil, &planes.planes)
                    }
                }
                #expect(planes.examples == expected.examples)
            }
        }
        // Numbers are rounded once, if they are; here what is mixed is rounded before that, too.
        let (width, single) = (planes.exampleSize, unmixed.examples)
        let expected = self.mixed(single, size: width)
        #expect(distance(mixed.examples, expected) < (planes.planes.is_blocked ? 4e-3 : 1e-6))
        // λ = 0, λ = 1, and an example that is its own partner.
        for (example, source) in [(0, 2), (1, 1), (3, 3)] {
            let found = mixed.examples[example * width..<(example + 1) * width]
            #expect(Array(found) == Array(single[source * width..<(source + 1) * width]))
        }
    }

    @Test(
        "The gradient of a mix is its transpose: ⟨g, mix x⟩ = ⟨gradient g, x⟩",
        arguments: [Layout.planes, .blocks],
        batches
    )
    func gradient(_ layout: Layout, batch: Int) {
        var numbers = Numbers(seed: 12)
        for team in Team.all {
            let (x, g) = (
                layout.numbers(numbers.next(30 * batch)),
                layout.numbers(numbers.next(30 * batch))
            )
            let gradient = Planes(3, 2, 5, border: 1, batch: batch, isBlocked: layout.isBlocked)
            gradient.examples = g
            withMix {
                ctk_mix_planes_gradient(
                    team.pointer,
                    &$0,
                    CTK_IDENTITY,
                    nil,
                    &gradient.planes
                )
            }
            let forward = zip(g, mixed(x, size: 30)).reduce(0) { $0 + Double($1.0) * $1.1 }
            let backward = zip(gradient.examples, x).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            // The mean of |x| is ½; the roundings of all products mostly cancel.
            #expect(abs(forward - backward) < layout.tolerance(1e-6) * 50)
            #expect(gradient.rest.allSatisfy { $0 == 0 })
        }
    }
}
