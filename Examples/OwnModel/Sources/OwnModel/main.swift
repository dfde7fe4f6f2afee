import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

final class Network: Classifier {
    let hidden, output: Linear
    let mixingSites = ["hidden"]
    var children: [(name: String, module: any Module)] { [("hidden", hidden), ("output", output)] }

    init(_ generator: Generator) throws {
        hidden = try Linear(64, 256, generator: generator)
        output = try Linear(256, 10, generator: generator)
    }

    func callAsFunction(_ images: Tensor, _ pass: ForwardPass) throws -> Tensor {
        let state = try pass.site("hidden", hidden(images.flattenedRows()).relu())
        return try output(state)
    }
}

let data = try Digits.load()
let streams = try RandomStreams(seed: 1)
let network = try Network(streams[.initialization])
let settings = try TrainingSettings(epochs: 30, mixup: .manifoldMixup(alpha: 2, layers: [0, 1]))
try Trainer(network, data: data, optimizer: SGD(network), settings: settings, streams: streams)
    .run()
print("test error: \(try 100 * network.evaluate(on: data.test).error) %")
