import LibTorch
import TestDevices
import Testing

@Suite("What is recorded and repeated")
struct RecordingTests {
    @Test("The CPU records nothing, and says so")
    func onCPU() throws {
        #expect(!Recording.isPossible(on: .cpu))
        let error = #expect(throws: TorchError.self) { _ = try Recording(on: .cpu) {} }
        #expect(error?.message.contains("cpu cannot be recorded") == true)
    }

    @Suite(
        "Recordings on a CUDA device",
        .enabled(if: TestDevices.canRecord, "\(TestDevices.reasonAgainstRecording)")
    )
    struct CUDARecordingTests {
        private func onDevice(_ numbers: [Float]) throws -> Tensor {
            try Tensor(numbers).to(.cuda(0))
        }

        @Test("Each repetition takes the numbers that are there then")
        func numbers() throws {
            try TestDevices.use {
                let (x, total) = (try onDevice([1, 2]), try onDevice([10, 10]))
                var product: Tensor?
                let recording = try Recording(on: .cuda(0)) {
                    product = try x * x
                    try total.copyElements(from: total + x)
                }
                // Recording is not doing.
                #expect(try total.scalars(as: Float.self) == [10, 10])
                for (numbers, sums) in [([3, 4], [13, 14]), ([5, 6], [18, 20])]
                    as [([Float], [Float])]
                {
                    try x.copyElements(from: onDevice(numbers))
                    try recording.repeat()
                    #expect(try product?.scalars(as: Float.self) == numbers.map { $0 * $0 })
                    #expect(try total.scalars(as: Float.self) == sums)
                }
            }
        }

        @Test("A backward pass is repeated, and its gradients lie where they lay")
        func gradients() throws {
            try TestDevices.use {
                let (weight, x) = (try onDevice([2, 3]), try onDevice([1, 1]))
                try weight.requiringGradient()
                let recording = try Recording(on: .cuda(0)) {
                    try (weight * weight * x).sum().backward()
                }
                let gradient = try #require(try weight.gradient)
                try weight.clearGradient()
                try x.copyElements(from: onDevice([5, 7]))
                try recording.repeat()
                #expect(try gradient.scalars(as: Float.self) == [20, 42])
                #expect(try weight.gradient == nil)
                try weight.setGradient(gradient)
                #expect(try weight.gradient?.scalars(as: Float.self) == [20, 42])
            }
        }

        @Test("Work that throws is not recorded, and the device goes on; nor is what reads numbers")
        func failures() throws {
            try TestDevices.use {
                struct Failure: Error {}
                let x = try onDevice([1, 2])
                #expect(throws: Failure.self) {
                    _ = try Recording(on: .cuda(0)) { throw Failure() }
                }
                // A real device may be of no use after this.
                if TestDevices.repeatedRecordingCount != nil {
                    #expect(throws: TorchError.self) {
                        _ = try Recording(on: .cuda(0)) { _ = try x.sum().item() }
                    }
                }
                #expect(try (x + x).scalars(as: Float.self) == [2, 4])
                let recording = try Recording(on: .cuda(0)) { try x.copyElements(from: x + x) }
                try recording.repeat()
                #expect(try x.scalars(as: Float.self) == [2, 4])
            }
        }

        @Test("A recorded interpolation takes the λ and the partners that are there then")
        func recordedInterpolation() throws {
            try TestDevices.use {
                let rows = try Tensor([1.0, 10, 100], shape: [3, 1]).to(.cuda(0))
                try rows.requiringGradient()
                let order = try Tensor([0, 1, 2] as [Int64]).to(.cuda(0))
                let inverse = try order.clone()
                let lambda = try Tensor([1.0], shape: []).to(.cuda(0))
                var mixed: Tensor?
                let recording = try Recording(on: .cuda(0)) {
                    mixed = try rows.interpolatedRows(
                        order: order,
                        inverse: inverse,
                        weight: lambda
                    )
                    try (mixed ?? rows).sum().backward()
                }
                let gradient = try #require(try rows.gradient)
                try lambda.copyElements(from: Tensor([0.25], shape: []).to(.cuda(0)))
                try order.copyElements(from: Tensor([1, 2, 0] as [Int64]).to(.cuda(0)))
                try inverse.copyElements(from: Tensor([2, 0, 1] as [Int64]).to(.cuda(0)))
                try recording.repeat()
                #expect(try mixed?.detached().scalars() == [7.75, 77.5, 25.75])
                #expect(try gradient.scalars() == [1.0, 1, 1])
            }
        }

        @Test(
            "Rows are interpolated by a λ and partners on the device as by those on the CPU, and their gradients"
        )
        func interpolation() throws {
            try TestDevices.use {
                let order: [Int64] = [2, 0, 1, 3]
                let inverse: [Int64] = [1, 2, 0, 3]
                let numbers = (0..<12).map { Double($0 * $0) }
                let slopes = try Tensor((0..<12).map { Double(12 - $0) }, shape: [4, 3])
                var results: [[Double]] = []
                for device in [Device.cpu, .cuda(0)] {
                    let rows = try Tensor(numbers, shape: [4, 3]).to(device).requiringGradient()
                    let mixed =
                        device == .cpu
                        ? try rows.interpolatedRows(order: Tensor(order), weight: 0.3)
                        : try rows.interpolatedRows(
                            order: Tensor(order).to(device),
                            inverse: Tensor(inverse).to(device),
                            weight: Tensor([0.3], shape: []).to(device)
                        )
                    try (mixed * slopes.to(device)).sum().backward()
                    results.append(
                        try mixed.detached().scalars() + (rows.gradient?.scalars() ?? [])
                    )
                }
                #expect(results[0].count == 24)
                #expect(zip(results[0], results[1]).allSatisfy { abs($0 - $1) < 1e-12 })
            }
        }
    }
}
