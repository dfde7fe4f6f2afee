import LibTorch
import ManifoldMixup
import Testing

@Suite("Mixing sites")
struct MixingSiteTests {
    private func draw(layer: Int) throws -> MixDraw {
        MixDraw(layer: layer, lambdas: [0], pairing: try .partners([1, 2, 0]))
    }

    @Test("There is exactly one mix in a forward pass, at every boundary", arguments: [0, 1, 2, 3])
    func oneMix(layer: Int) throws {
        // λ = 0 moves the rows on by one, as often as the states are mixed.
        let model = IdentityNetwork(sites: ["a", "b", "c"])
        let input = try integers([3, 2], seed: 1)
        let targets = try oneHotTargets(3, classCount: 2)
        let found = try model.trainingPass(input, targets: targets, mixing: draw(layer: layer))
        let once = try Tensor.concatenated([input.rows(1, count: 2), input.rows(0, count: 1)])
        #expect(try bytes(found.logits) == bytes(once))
    }

    @Test("There is no mix in evaluation, also right after a mixed pass")
    func noMixInEvaluation() throws {
        let model = IdentityNetwork(sites: ["a", "b", "c"])
        let input = try integers([3, 2], seed: 1)
        let targets = try oneHotTargets(3, classCount: 2)
        for layer in 0...3 {
            _ = try model.trainingPass(input, targets: targets, mixing: draw(layer: layer))
            #expect(try bytes(model(input, ForwardPass())) == bytes(input))
        }
    }

    @Test("A training pass runs the model once and shows each site once")
    func visits() throws {
        // Hooks elsewhere ran the model twice.
        let model = RecordingNetwork()
        let input = try integers([3, 2], seed: 1)
        let targets = try oneHotTargets(3, classCount: 2)
        for layer in 0...3 {
            _ = try model.trainingPass(input, targets: targets, mixing: draw(layer: layer))
            #expect(model.visits.values.allSatisfy { $0 == layer + 1 })
        }
    }

    // ManifoldMixupV2 warns when a module is called twice in one pass; here it is an error.
    @Test(
        "A model that does not keep to the sites it declares is a one-line error that lists them",
        arguments: [
            [], ["a"], ["b"], ["b", "a"], ["a", "a"], ["a", "a", "b"], ["a", "b", "b"],
            ["a", "c"], ["a", "b", "c"],
        ],
        [0, 1, 2]
    )
    func unfaithful(visiting: [String], layer: Int) throws {
        let model = IdentityNetwork(sites: ["a", "b"], visiting: visiting)
        let input = try integers([3, 2], seed: 1)
        let targets = try oneHotTargets(3, classCount: 2)
        let message = messageOfError {
            _ = try model.trainingPass(input, targets: targets, mixing: draw(layer: layer))
        }
        #expect(message.contains(#"["a", "b"]"#))
        // Without a mix, too; an evaluation runs whatever the model passes.
        let plain = messageOfError {
            _ = try model.trainingPass(input, targets: targets, mixing: nil)
        }
        #expect(plain == message)
        #expect(try bytes(model(input, ForwardPass())) == bytes(input))
        let isTooShort = ["a", "b"].starts(with: visiting)
        #expect(message.contains(isTooShort ? "passed only \(visiting.count)" : "as number"))
    }

    @Test("A boundary that the model does not have is refused before it runs", arguments: [-1, 4])
    func noSuchBoundary(layer: Int) throws {
        let model = RecordingNetwork()
        let message = messageOfError {
            _ = try model.trainingPass(
                integers([3, 2], seed: 1),
                targets: oneHotTargets(3, classCount: 2),
                mixing: draw(layer: layer)
            )
        }
        #expect(message.contains("\(layer)"))
        #expect(model.received.isEmpty)
    }
}
