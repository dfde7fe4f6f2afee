import LibTorch
import Testing

@Suite("Channels next to each other in memory")
struct MemoryFormatTests {
    private func images(_ shape: [Int] = [3, 5, 6, 4], seed: UInt64 = 1) throws -> Tensor {
        let tensor = try Tensor.zeros(shape, dtype: .float64)
        try Generator(seed: seed).fillNormal(tensor)
        return tensor
    }

    private func convolution() throws -> Convolution {
        try Convolution(
            5,
            7,
            kernelSize: 3,
            padding: 1,
            generator: Generator(seed: 3),
            dtype: .float64
        )
    }

    @Test(
        "What is read and saved does not change",
        arguments: [[3, 5, 6, 4], [2, 1, 3, 3], [4, 3], []]
    )
    func contents(_ shape: [Int]) throws {
        let tensor = try images(shape)
        let other = try tensor.channelsLast()
        #expect(try other.shape == shape)
        #expect(try other.bytes == tensor.bytes)
        #expect(try other.isEqual(to: tensor))
        let files = try [tensor, other].map { try Safetensors(tensors: [("t", $0)]).encoded() }
        #expect(files[0] == files[1])
    }

    @Test("The weights of a module stay the same objects with the same elements")
    func module() throws {
        let layer = try convolution()
        let before = try layer.stateDictionary().map { ($0, try $0.tensor.bytes) }
        try layer.useChannelsLast()
        for ((named, bytes), after) in zip(before, layer.stateDictionary()) {
            #expect(named.tensor === after.tensor)
            #expect(try after.tensor.bytes == bytes)
            #expect(try after.tensor.requiresGradient)
        }
    }

    @Test("A convolution and its gradients are the same within rounding")
    func convolutionAgrees() throws {
        func results(_ channelsLast: Bool) throws -> [[Double]] {
            let layer = try convolution()
            var input = try images()
            if channelsLast {
                try layer.useChannelsLast()
                input = try input.channelsLast()
            }
            try input.requiringGradient()
            let output = try layer(input, ForwardPass())
            try (output * output).sum().backward()
            return try [output, input.gradient, layer.weight.gradient, layer.bias?.gradient]
                .map { try #require($0).doubles }
        }
        for (plain, other) in zip(try results(false), try results(true)) {
            #expect(largestDifference(plain, other) < 1e-10)
        }
    }

    @Test(
        "Every other pixel of few channels can be convolved, with the same gradient every time",
        arguments: [2, 4, 7, 8]
    )
    func skipsPixels(channels: Int) throws {
        let images = try images([4, channels, 9, 8]).to(.float32)
        func gradients(_ channelsLast: Bool) throws -> [[Double]] {
            let layer = try Convolution(
                channels,
                8,
                kernelSize: 1,
                stride: 2,
                generator: Generator(seed: 3)
            )
            if channelsLast { try layer.useChannelsLast() }
            let input = try (channelsLast ? images.channelsLast() : images).requiringGradient()
            let output = try layer(input, ForwardPass())
            #expect(try output.shape == [4, 8, 5, 4])
            try (output * output).sum().backward()
            return try [input.gradient, layer.weight.gradient].map { try #require($0).doubles }
        }
        let first = try gradients(true)
        for _ in 0..<20 { #expect(try gradients(true) == first) }
        for (plain, other) in zip(try gradients(false), first) {
            #expect(largestDifference(plain, other) < 1e-3)
        }
    }

    @Test(
        "Optimizers step alike whatever the order in memory, also when it changes in between",
        arguments: OptimizerTests.Method.allCases
    )
    func optimizers(_ method: OptimizerTests.Method) throws {
        func weights(changeBefore step: Int?) throws -> [Double] {
            let layer = try convolution()
            let optimizer = try method(layer)
            let input = try images()
            for number in 0..<4 {
                if number == step { try layer.useChannelsLast() }
                let output = try layer(input, ForwardPass())
                try optimizer.step(minimizing: (output * output).mean())
            }
            return try layer.weight.doubles
        }
        let plain = try weights(changeBefore: nil)
        for step in [0, 2] {
            #expect(try largestDifference(weights(changeBefore: step), plain) < 1e-12)
        }
    }

    @Test("Rows are interpolated alike, and so are their gradients")
    func interpolatedRows() throws {
        func results(_ channelsLast: Bool) throws -> [[Double]] {
            let rows = try images()
            let input = try (channelsLast ? rows.channelsLast() : rows).requiringGradient()
            let order = try Tensor([2, 0, 1] as [Int64])
            let mixed = try input.interpolatedRows(order: order, weight: 0.3)
            try (mixed * images(seed: 2)).sum().backward()
            return try [mixed.doubles, #require(try input.gradient).doubles]
        }
        #expect(try results(false) == results(true))
    }
}
