import LibTorch
import TestDevices
import Testing

@Suite("Devices")
struct DeviceTests {
    @Test("A device is written as PyTorch writes it")
    func names() {
        #expect([Device.cpu, .cuda(1)].map(\.description) == ["cpu", "cuda:1"])
    }

    @Test("Tensors are on the CPU unless another device is asked for")
    func whereTensorsAre() throws {
        #expect(try Tensor([1.0, 2.0]).device == .cpu)
        #expect(try Tensor.zeros([2]).device == .cpu)
    }

    @Test("A tensor that is on the device already is not copied")
    func sameDevice() throws {
        let tensor = try Tensor([1.0, 2.0])
        let same = try tensor.to(.cpu)
        try same.copyElements(from: Tensor([3.0, 4.0]))
        #expect(try tensor.doubles == [3, 4])
    }

    @Test("A CUDA device that is not there is refused in one line that says what there is")
    func missingDevice() throws {
        // The reason is another one before libtorch first used imitated devices, in whatever test.
        if TestDevices.areUsable {
            try TestDevices.use { _ = try Tensor([1.0]).to(.cuda(0)) }
        }
        let message = refusal { try Tensor.zeros([1], device: .cuda(4711)) }
        let reason = Device.whyNoCUDA
        let isMissing = message.contains("cuda:4711") || reason.map(message.hasSuffix) == true
        #expect(isMissing, "\(message)")
        #expect(refusal { try Tensor([1.0]).to(.cuda(4711)) } == message)
        #expect(refusal { try Device.cuda(4711).synchronize() } == message)
        let linear = try Linear(2, 1, generator: Generator(seed: 1))
        #expect(refusal { try linear.move(to: .cuda(4711)) } == message)
        #expect(try linear.device == .cpu)
    }

    @Test("Either there are CUDA devices, or there is a reason why not")
    func availability() {
        #expect((Device.whyNoCUDA == nil) == !Device.cudaDevices.isEmpty)
    }

    @Test("There is nothing to wait for on the CPU")
    func synchronizeCPU() throws {
        try Device.cpu.synchronize()
    }
}

@Suite("CUDA devices", .enabled(if: TestDevices.areUsable, "\(TestDevices.reason)"))
struct CUDADeviceTests {
    private static let device = Device.cuda(0)

    @Test("Tensors know where they are")
    func whereTensorsAre() throws {
        try TestDevices.use {
            #expect(try Tensor([1.0, 2.0], device: Self.device).device == Self.device)
            #expect(
                try Tensor.ones([2, 3], dtype: .int64, device: Self.device).device == Self.device
            )
            try Self.device.synchronize()
            #expect(Device.cudaDevices.first == Self.device)
        }
    }

    @Test("What goes to a device is pinned, from Swift and from a tensor")
    func pinned() throws {
        try TestDevices.use {
            guard let before = TestDevices.pinnedByteCount else { return }
            let tensor = try Tensor([Float](repeating: 1, count: 1000), device: Self.device)
            _ = try tensor.to(.cpu).to(Self.device)
            #expect(TestDevices.pinnedByteCount ?? 0 >= before + 8000)
        }
    }

    @Test("Operands on different devices are refused")
    func mixedOperands() throws {
        try TestDevices.use {
            let there = try Tensor.ones([2, 2], device: Self.device)
            let here = try Tensor.ones([2, 2])
            for operation: (Tensor, Tensor) throws -> Tensor in [
                { try $0 + $1 }, { try $0 * $1 }, { try $0.interpolated(to: $1, weight: 0.5) },
                { try $0.maximum($1) }, { try $0.binaryCrossEntropy(targets: $1) },
            ] {
                _ = refusal { try operation(there, here) }
                #expect(try operation(there, there).device == Self.device)
            }
        }
    }

    @Test("Orders and boxes may stay on the CPU")
    func ordersOnTheCPU() throws {
        try TestDevices.use {
            let order = try Generator(seed: 1).permutation(4)
            let images = try Tensor.ones([4, 3, 5, 5], device: Self.device).requiringGradient()
            let box = ImageBox(rows: 1..<3, columns: 0..<2)
            let results = [
                try images.rows(order), try images.interpolatedRows(order: order, weight: 0.3),
                try images.pastingBox(box, order: order),
                try images.erasing([ImageBox](repeating: box, count: 4)),
            ]
            for result in results {
                #expect(try result.device == Self.device && result.shape == [4, 3, 5, 5])
                try images.clearGradient()
                try result.sum().backward()
                #expect(try images.gradient?.device == Self.device)
            }
        }
    }

    @Test("A module moves with all its tensors, which stay the same objects")
    func moveModule() throws {
        try TestDevices.use {
            let norm = try BatchNorm(3)
            let before = norm.stateDictionary().map { ObjectIdentifier($0.tensor) }
            try norm.move(to: Self.device)
            #expect(norm.stateDictionary().map { ObjectIdentifier($0.tensor) } == before)
            for named in norm.stateDictionary() {
                #expect(try named.tensor.device == Self.device, "\(named.name)")
                #expect(try named.tensor.requiresGradient == (named.role == .parameter))
            }
            #expect(try norm.device == Self.device)
        }
    }

    @Test("The gradients of before are forgotten by a move")
    func gradientsOfMovedModule() throws {
        try TestDevices.use {
            let linear = try Linear(2, 1, generator: Generator(seed: 1))
            try linear.weight.sum().backward()
            #expect(try linear.weight.gradient != nil)
            try linear.move(to: Self.device)
            #expect(try linear.weight.gradient == nil)
        }
    }

    @Test("An optimizer's memory follows the parameters to another device")
    func optimizerFollows() throws {
        try TestDevices.use {
            for make: (Linear) throws -> any Optimizer in [{ try SGD($0) }, { try Adam($0) }] {
                let linear = try Linear(2, 1, generator: Generator(seed: 1))
                let optimizer = try make(linear)
                try linear.move(to: Self.device)
                let input = try Tensor.ones([5, 2], device: Self.device)
                try optimizer.step(minimizing: linear(input, ForwardPass()).sum())
                for named in optimizer.state {
                    #expect(try named.tensor.device == Self.device, "\(named.name)")
                }
            }
        }
    }

    @Test("An optimizer that is made after the move has its memory there")
    func optimizerAfterwards() throws {
        try TestDevices.use {
            let linear = try Linear(2, 1, generator: Generator(seed: 1))
            try linear.move(to: Self.device)
            let state = try SGD(linear).state + Adam(linear).state
            #expect(try state.allSatisfy { try $0.tensor.device == Self.device })
        }
    }

    @Test("Generators draw as many numbers for another device as for the CPU")
    func generatorsElsewhere() throws {
        try TestDevices.use {
            func next(after draw: (Generator, Tensor) throws -> Void, on device: Device) throws
                -> Double
            {
                let generator = try Generator(seed: 7)
                try draw(generator, Tensor.zeros([3, 5], device: device))
                return try generator.uniform()
            }
            for draw: (Generator, Tensor) throws -> Void in [
                { try $0.fillUniform($1) }, { try $0.fillNormal($1) },
                { _ = try $0.bernoulli(like: $1, probability: 0.4) },
            ] {
                let there = try next(after: draw, on: Self.device)
                #expect(try there == next(after: draw, on: .cpu))
            }
        }
    }

    @Test("Weights that are loaded go where the module is")
    func loadElsewhere() throws {
        try TestDevices.use {
            let linear = try Linear(2, 1, generator: Generator(seed: 1))
            try linear.move(to: Self.device)
            try linear.load(["weight": Tensor.ones([1, 2]), "bias": Tensor.ones([1])])
            #expect(try linear.weight.device == Self.device && linear.bias.device == Self.device)
        }
    }

    @Test("Numbers survive the way to a CUDA device and back")
    func roundTrip() throws {
        try TestDevices.use {
            let numbers = (0..<1000).map(Float.init)
            let there = try Tensor(numbers, shape: [10, 100], device: .cuda(0))
            #expect(try there.device == .cuda(0))
            #expect(try there.scalars() == numbers)
            #expect(try Tensor(numbers).to(.cuda(0)).to(.cpu).scalars() == numbers)
            #expect(try (there * 2).transposed().rows(3, count: 1).to(.cpu).doubles[1] == 206)
        }
    }

    @Test("Equal seeds draw equal numbers on CUDA and on the CPU")
    func equalDraws() throws {
        try TestDevices.use {
            for device in [Device.cpu, .cuda(0)] {
                let generator = try Generator(seed: 3)
                let like = try Tensor.zeros([100], device: device)
                let mask = try generator.bernoulli(like: like, probability: 0.5)
                let reference = try Generator(seed: 3).bernoulli(
                    like: Tensor.zeros([100]),
                    probability: 0.5
                )
                #expect(try mask.doubles == reference.doubles)
            }
        }
    }

    @Test("Matrix products become bfloat16 in autocast on CUDA, and only there")
    func autocast() throws {
        try TestDevices.use {
            let matrix = try Tensor.ones([4, 4], device: .cuda(0))
            try withBFloat16Autocast(true, on: .cuda(0)) {
                #expect(try matrix.matrixProduct(matrix).dtype == .bfloat16)
                let here = try Tensor.ones([4, 4])
                #expect(try here.matrixProduct(here).dtype == .float32)
            }
            #expect(try matrix.matrixProduct(matrix).dtype == .float32)
        }
    }

    @Test("A step of each optimizer gives the same on CUDA and on the CPU")
    func optimizerSteps() throws {
        try TestDevices.use {
            for make: (Linear) throws -> any Optimizer in [{ try SGD($0) }, { try Adam($0) }] {
                let weights = try [Device.cpu, .cuda(0)].map { device in
                    let linear = try Linear(6, 4, generator: Generator(seed: 1))
                    try linear.move(to: device)
                    let optimizer = try make(linear)
                    for step in 0..<5 {
                        let input = try Tensor.full([3, 6], Double(step + 1), device: device)
                        try optimizer.step(minimizing: linear(input, ForwardPass()).tanh().sum())
                    }
                    return try linear.weight.doubles
                }
                #expect(largestDifference(weights[0], weights[1]) < 1e-5)
            }
        }
    }
}
