import Foundation
import LibTorch
import Testing

#if os(Linux)
    /// The bytes of this process that are in memory.
    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(
            separator: " "
        )
        return try #require(fields.count > 1 ? Int(fields[1]) : nil)
            * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Small training steps that use every kind of operation, each throwing an error besides.
    private func train(steps: Int) throws {
        let generator = try Generator(seed: 1)
        let network = Sequential(
            [
                ("fc1", try Linear(4, 8, generator: generator)), ("norm", try BatchNorm(8)),
                ("act", Activation(.relu)), ("drop", try Dropout(0.2)),
                ("fc2", try Linear(8, 3, generator: generator)),
            ]
        )
        let optimizers: [any Optimizer] = [try SGD(network, learningRate: 1e-3), try Adam(network)]
        let labels = try Tensor([Int64(0), 1, 2, 0]).oneHot(classCount: 3)
        for step in 0..<steps {
            let input = try Tensor([Float](repeating: Float(step % 7), count: 16), shape: [4, 4])
            let shuffled = try input.rows(generator.permutation(4))
            let mixed = try input.interpolated(to: shuffled, weight: generator.uniform())
            let pass = ForwardPass(isTraining: true, dropoutGenerator: generator)
            let loss = try (-(labels * network(mixed, pass).logSoftmax())).sum([1]).mean()
            try optimizers[step % 2].step(minimizing: loss)
            _ = try withoutGradients {
                try network(input, ForwardPass()).indexOfMaximum().item(at: 0)
            }
            _ = try? input + labels
        }
    }

    extension Tensor {
        fileprivate func item(at row: Int) throws -> Double {
            try rows(row, count: 1).item()
        }
    }

    @Suite("Memory")
    struct MemoryTests {
        // In a process of its own, where no other test takes memory meanwhile.
        @Test("Ten thousand training steps leave the memory as it was, within 2 MiB")
        func trainingSteps() async {
            await #expect(processExitsWith: .success) {
                // Threads would only wait for each other on tensors this small.
                try LibTorchRuntime.setThreadCount(1)
                try train(steps: 2000)
                let before = try residentBytes()
                try train(steps: 10_000)
                let growth = try residentBytes() - before
                #expect(growth < 2 << 20)
            }
        }
    }
#endif
