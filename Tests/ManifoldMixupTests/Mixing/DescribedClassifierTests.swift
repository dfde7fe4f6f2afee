import LibTorch
import ManifoldMixup
import Testing

@Suite("A classifier made of blocks")
struct DescribedClassifierTests {
    @Test("Sites have no tensors: a network with and without them has one state dictionary")
    func noTensors() throws {
        func network(sites: Bool) throws -> BlockNetwork {
            let generator = try Generator(seed: 1)
            var blocks: [(name: String, block: any Block)] = []
            for layer in 1...2 {
                blocks.append(("fc\(layer)", try Linear(3, 3, generator: generator)))
                if sites { blocks.append(("site\(layer)", MixingSite("hidden\(layer)"))) }
            }
            return BlockNetwork(inputShape: [3], blocks)
        }
        let (with, without) = (try network(sites: true), try network(sites: false))
        #expect(with.mixingSites == ["hidden1", "hidden2"])
        #expect(without.mixingSites.isEmpty)
        #expect(with.stateDictionary().map(\.name) == without.stateDictionary().map(\.name))
        let input = try normal([4, 3], seed: 2)
        #expect(try bytes(with(input, ForwardPass())) == bytes(without(input, ForwardPass())))
    }

    @Test("It describes every block, with the shape behind it and its parameters")
    func descriptions() throws {
        let generator = try Generator(seed: 1)
        let model = BlockNetwork(
            inputShape: [2, 2],
            [
                ("flatten", Flatten()), ("fc", try Linear(4, 3, generator: generator)),
                ("site", MixingSite("hidden")), ("bn", try BatchNorm(3)),
            ]
        )
        let lines = try model.blockDescriptions()
        #expect(lines.map(\.name) == ["flatten", "fc", "site", "bn"])
        let summaries = ["flatten", "linear 4 → 3", "mixing site 'hidden'", "batch norm 3"]
        #expect(lines.map(\.summary) == summaries)
        #expect(lines.map(\.outputShape) == [[4], [3], [3], [3]])
        #expect(lines.map(\.parameterCount) == [0, 15, 0, 6])
    }

    @Test("Blocks that do not fit are a one-line error that names the block and the shape")
    func misfit() throws {
        let layer = try Linear(4, 3, generator: Generator(seed: 1))
        let model = BlockNetwork(inputShape: [5], [("fc", layer)])
        let message = messageOfError { _ = try model.blockDescriptions() }
        #expect(message.contains("linear 4 → 3") && message.contains("[5]"))
    }
}
