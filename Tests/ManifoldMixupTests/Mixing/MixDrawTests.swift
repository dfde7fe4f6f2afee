import LibTorch
import ManifoldMixup
import Testing

@Suite("The mix of one draw")
struct MixDrawTests {
    @Test("It is λ · own + (1 − λ) · partner", arguments: [0, 0.25, 0.5, 0.75, 1])
    func definition(lambda: Double) throws {
        let state = try integers([5, 3], seed: 1)
        let partners = [3, 1, 4, 0, 2]
        let draw = MixDraw(layer: 0, lambdas: [lambda], pairing: try .partners(partners))
        let expected = mixed(try rows(state), lambdas: [lambda], partners: partners)
        #expect(try rows(draw.mixed(state)) == expected)
    }

    @Test("With one λ for each example, every row has its own, in states of any shape")
    func perSample() throws {
        let lambdas = [0, 0.25, 0.75, 1, 0.5]
        let partners = [3, 1, 4, 0, 2]
        let draw = MixDraw(layer: 0, lambdas: lambdas, pairing: try .partners(partners))
        for shape in [[5], [5, 1], [5, 6], [5, 2, 3], [5, 2, 3, 4]] {
            let state = try integers(shape, seed: 1)
            let flat = try rows(state.reshaped([5, -1]))
            let found = try draw.mixed(state)
            #expect(try found.shape == shape)
            let expected = mixed(flat, lambdas: lambdas, partners: partners)
            #expect(try rows(found.reshaped([5, -1])) == expected)
        }
    }

    @Test("With two minibatches, row i of the first meets row i of the second")
    func halves() throws {
        for count in [1, 2, 7] {
            let (first, second) = (
                try integers([count, 3], seed: 1), try integers([count, 3], seed: 2)
            )
            let draw = MixDraw(layer: 0, lambdas: [0.25], pairing: .halves)
            let expected = try zip(rows(first), rows(second)).map { own, partner in
                zip(own, partner).map { 0.25 * $0 + 0.75 * $1 }
            }
            let found = try draw.mixed(.concatenated([first, second]))
            #expect(try rows(found) == expected)
        }
    }

    // timm #50: mixing in place gave black images at λ = 0 and changed the batch.
    @Test("It changes nothing in place: not the state, not the draw, and λ = 0 gives the partner")
    func notInPlace() throws {
        let state = try normal([6, 4], seed: 1)
        let before = try bytes(state)
        let partners = [1, 2, 3, 4, 5, 0]
        for lambdas in [[0.0], [0.3], [1], [0, 0, 0, 0, 0, 0]] {
            let draw = MixDraw(layer: 0, lambdas: lambdas, pairing: try .partners(partners))
            let once = try bytes(draw.mixed(state))
            #expect(try bytes(state) == before)
            #expect(try draw.partners == partners)
            #expect(try bytes(draw.mixed(state)) == once)
            if lambdas.allSatisfy({ $0 == 0 }) {
                let permuted = try Tensor.concatenated([
                    state.rows(1, count: 5), state.rows(0, count: 1),
                ])
                #expect(try once == bytes(permuted))
            }
        }
    }

    @Test("At λ = 1 every row is itself bit for bit, whatever its magnitude")
    func identity() throws {
        let state = try Tensor([1e-30, 1e30, -3.3, 1e-3, 7, 1.0 / 3] as [Float], shape: [3, 2])
        for lambdas in [[1.0], [1, 1, 1]] {
            let draw = MixDraw(layer: 0, lambdas: lambdas, pairing: try .partners([2, 0, 1]))
            #expect(try bytes(draw.mixed(state)) == bytes(state))
        }
    }

    @Test("A row that is its own partner stays itself, so that a batch of 1 is never changed")
    func alone() throws {
        for lambda in [0, 0.3, 0.5, 0.9, 1] {
            let state = try normal([1, 5], seed: 1)
            let draw = MixDraw(layer: 0, lambdas: [lambda], pairing: try .partners([0]))
            #expect(try bytes(draw.mixed(state)) == bytes(state))
        }
    }

    @Test(
        "Every element type of a network keeps its type",
        arguments: [DType.float32, .float64, .bfloat16]
    )
    func elementTypes(dtype: DType) throws {
        let state = try integers([4, 2], seed: 1, dtype: dtype)
        for lambdas in [[0.25], [0.25, 0.25, 0.25, 0.25]] {
            let draw = MixDraw(layer: 0, lambdas: lambdas, pairing: try .partners([1, 2, 3, 0]))
            let found = try draw.mixed(state)
            #expect(try found.dtype == dtype)
            let expected = try mixed(rows(state), lambdas: [0.25], partners: [1, 2, 3, 0])
            #expect(try rows(found) == expected)
        }
    }

    @Test("A draw for a batch of another size is a one-line error, and nothing is broadcast")
    func otherSize() throws {
        for (batchSize, lambdas) in [(4, [0.5]), (9, [0.5]), (1, [0.5]), (8, [0.5, 0.5]), (8, [])] {
            let partners = Array((0..<batchSize).reversed())
            let draw = MixDraw(layer: 0, lambdas: lambdas, pairing: try .partners(partners))
            _ = messageOfError { _ = try draw.mixed(normal([8, 3], seed: 1)) }
        }
        for count in [0, 1, 7] {
            let draw = MixDraw(layer: 0, lambdas: [0.5], pairing: .halves)
            let message = messageOfError { _ = try draw.mixed(normal([count, 3], seed: 1)) }
            #expect(message.contains("\(count)"))
        }
    }
}
