import LibTorch
import TestDevices
import TestRanks
import Testing

@Suite(
    "Batch normalisation over ranks",
    .enabled(if: ProcessGroup.isBuiltIn, "built without Gloo: \(ProcessGroup.cure)")
)
struct SyncBatchNormTests {
    /// What a normalisation gives for some rows: the output, the gradients of input, weight and bias,
    /// and the running statistics.
    private static func results(
        rows: Range<Int>,
        shape: [Int],
        offset: Double = 5,
        device: Device = .cpu,
        group: ProcessGroup?
    ) throws -> [[Double]] {
        let generator = try Generator(seed: 7)
        let values = try Tensor.zeros([7] + shape, dtype: .float64)
        try generator.fillNormal(values, mean: offset, standardDeviation: 2)
        let factors = try Tensor.zeros([7] + shape, dtype: .float64)
        try generator.fillNormal(factors)
        let norm = try BatchNorm(shape[0], dtype: .float64)
        try norm.weight.copyElements(from: Tensor([0.5, 2, -1]))
        try norm.bias.copyElements(from: Tensor([1.0, 0, 3]))
        try norm.move(to: device)
        let input = try values.rows(rows.lowerBound, count: rows.count).clone().to(device)
            .requiringGradient()
        let pass = ForwardPass(isTraining: true, statisticsGroup: group)
        let output = try norm(input, pass)
        let own = try factors.rows(rows.lowerBound, count: rows.count).to(device)
        try (output * output * own).sum().backward()
        try group?.average(gradientsOf: [norm.weight, norm.bias], weight: 1)
        let statistics = norm.ownTensors.filter { $0.role == .buffer }.map(\.tensor)
        return try [output, input.gradient, norm.weight.gradient, norm.bias.gradient]
            .map { try $0?.doubles ?? [] } + statistics.map { try $0.doubles }
    }

    @Test(
        "It gives what normalising the joined batch gives, gradients and statistics included",
        arguments: [[3], [3, 2, 2]]
    )
    func joined(shape: [Int]) throws {
        let whole = try Self.results(rows: 0..<7, shape: shape, group: nil)
        for parts in [[0..<4, 4..<7], [0..<3, 3..<6, 6..<7]] {
            let results = try inRanks(parts.count) { group in
                try Self.results(rows: parts[group.rank], shape: shape, group: group)
            }
            for (position, expected) in whole.enumerated() {
                // Outputs and gradients of the input are of each rank's rows; all else is of all.
                let found =
                    position < 2
                    ? results.flatMap { $0[position] } : results[0][position]
                #expect(largestDifference(found, expected) < 1e-11, "\(position) of \(shape)")
            }
        }
    }

    @Test(
        "Ranks with CUDA devices of their own get what ranks on the CPU get",
        .enabled(if: TestDevices.areUsable, "\(TestDevices.reason)")
    )
    func devices() throws {
        func results(_ device: @escaping @Sendable (Int) -> Device) throws -> [[Double]] {
            try inRanks(2) { group in
                try TestDevices.use {
                    try Self.results(
                        rows: [0..<4, 4..<7][group.rank],
                        shape: [3, 2, 2],
                        device: device(group.rank),
                        group: group
                    )
                }
            }.flatMap { $0 }
        }
        for (there, here) in zip(try results { .cuda($0) }, try results { _ in .cpu }) {
            #expect(largestDifference(there, here) < 1e-11)
        }
    }

    @Test("The variance of values far from 0 is not lost to rounding")
    func largeMean() throws {
        let whole = try Self.results(rows: 0..<7, shape: [3], offset: 1e6, group: nil)
        let results = try inRanks(2) { group in
            try Self.results(
                rows: [0..<4, 4..<7][group.rank],
                shape: [3],
                offset: 1e6,
                group: group
            )
        }
        #expect(largestDifference(results.flatMap { $0[0] }, whole[0]) < 1e-8)
    }

    @Test("A single row on every rank is enough, one row in all is not")
    func singleRows() throws {
        let results = try inRanks(2) { group in
            let norm = try BatchNorm(1)
            let input = try Tensor([Float(group.rank)], shape: [1, 1])
            return try norm(input, ForwardPass(isTraining: true, statisticsGroup: group)).doubles
        }
        #expect(largestDifference(results.flatMap { $0 }, [-1, 1]) < 1e-4)
        let norm = try BatchNorm(1)
        let alone = ForwardPass(isTraining: true, statisticsGroup: ProcessGroup())
        let message = refusal { try norm(Tensor([1 as Float], shape: [1, 1]), alone) }
        #expect(message.contains("needs more than one value per channel"))
    }
}
