import Foundation
import LibTorch
import Testing

@Suite("Averaged weights")
struct WeightAverageTests {
    @Test(
        "After n updates the average is the geometric sum of the weights it saw",
        arguments: [0, 0.3, 0.5, 0.9, 0.999]
    )
    func closedForm(_ decay: Double) throws {
        let module = try Parameters([[1, -2], [0.5]])
        let average = try WeightAverage(of: module, decay: decay)
        var history = [try module.tensors.map { try $0.doubles }]
        for step in 1...7 {
            let values = [[Double(step * step), -3], [1 / Double(step)]]
            for (tensor, value) in zip(module.tensors, values) {
                try tensor.copyElements(from: Tensor(value))
            }
            try average.update()
            history.append(values)
            for (index, named) in average.stateDictionary().enumerated() {
                let expected = values[index].indices.map { element in
                    let start = pow(decay, Double(step)) * history[0][index][element]
                    return (1...step).reduce(start) { sum, past in
                        sum + (1 - decay) * pow(decay, Double(step - past))
                            * history[past][index][element]
                    }
                }
                #expect(try largestDifference(named.tensor.doubles, expected) < 1e-13)
            }
        }
    }

    @Test("A new average is a copy of the weights that does not follow them by itself")
    func independent() throws {
        let module = try Parameters([[1, 2]])
        let average = try WeightAverage(of: module, decay: 0.9)
        #expect(try average.ownTensors[0].tensor.doubles == [1, 2])
        try module.tensors[0].copyElements(from: Tensor([5, 6] as [Double]))
        #expect(try average.ownTensors[0].tensor.doubles == [1, 2])
        #expect(try !average.ownTensors[0].tensor.requiresGradient)
    }

    @Test("It has the module's names and roles, and the buffers are the module's own")
    func names() throws {
        let norm = try BatchNorm(2)
        let average = try WeightAverage(of: norm, decay: 0.5)
        let (own, averaged) = (norm.stateDictionary(), average.stateDictionary())
        #expect(averaged.map(\.name) == own.map(\.name))
        #expect(averaged.map(\.role) == own.map(\.role))
        for (one, other) in zip(own, averaged) {
            #expect((one.tensor === other.tensor) == (one.role == .buffer))
        }
    }

    @Test("The averages take the weights' place for a while, and the weights come back unchanged")
    func inUse() throws {
        let module = try Parameters([[1, 2], [3]])
        let average = try WeightAverage(of: module, decay: 0.75)
        let trained: [[Double]] = [[5, -6], [.nan]]
        for (tensor, value) in zip(module.tensors, trained) {
            try tensor.copyElements(from: Tensor(value))
        }
        let bytes = try module.tensors.map { try $0.bytes }
        try average.update()
        #expect(try average.inUse { try module.tensors[0].doubles } == [2, 0])
        #expect(try module.tensors.map { try $0.bytes } == bytes)
        #expect(try module.tensors[0].requiresGradient)

        #expect(throws: CancellationError.self) {
            try average.inUse { throw CancellationError() }
        }
        #expect(try module.tensors.map { try $0.bytes } == bytes)
    }

    @Test("It is restored like any module")
    func restored() throws {
        let module = try Parameters([[1, 2]])
        let average = try WeightAverage(of: module, decay: 0.5)
        try average.load(["p0": Tensor([7, 8] as [Double])])
        #expect(try average.ownTensors[0].tensor.doubles == [7, 8])
        #expect(try module.tensors[0].doubles == [1, 2])
        try average.update()
        #expect(try average.ownTensors[0].tensor.doubles == [4, 5])
        #expect(!refusal { try average.load([:]) }.isEmpty)
    }

    @Test("A decay outside of 0 ..< 1 is refused", arguments: [-0.1, 1, Double.nan, .infinity])
    func impossible(_ decay: Double) {
        #expect(
            refusal { try WeightAverage(of: Parameters([[1]]), decay: decay) }.contains("0 ..< 1")
        )
    }

    @Test("A module without parameters has an empty average")
    func noParameters() throws {
        let average = try WeightAverage(of: Flatten(), decay: 0.5)
        try average.update()
        #expect(average.stateDictionary().isEmpty)
    }
}
