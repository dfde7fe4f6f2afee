import Foundation
import LibTorch
import TestPython
import Testing

@Suite("Generators")
struct GeneratorTests {
    /// The ways to draw; each returns some numbers.
    enum Draw: String, CaseIterable {
        case uniform, uniformTensor, normal, manyNormal, permutation, bernoulli, gamma

        func callAsFunction(_ generator: Generator) throws -> [Double] {
            switch self {
            case .uniform:
                return [try generator.uniform()]
            case .uniformTensor:
                let tensor = try Tensor.zeros([37])
                try generator.fillUniform(tensor)
                return try tensor.doubles
            case .normal, .manyNormal:
                // An odd number leaves half a pair over; above 15 libtorch works in another way.
                let tensor = try Tensor.zeros([self == .normal ? 3 : 37], dtype: .float64)
                try generator.fillNormal(tensor)
                return try tensor.doubles
            case .permutation:
                return try generator.permutation(20).doubles
            case .bernoulli:
                return try generator.bernoulli(like: .zeros([64]), probability: 0.5).doubles
            case .gamma:
                return try generator.gammas(9, concentration: 0.7)
            }
        }
    }

    @Test("Equal seeds give equal numbers, other seeds others", arguments: Draw.allCases)
    func seeds(_ draw: Draw) throws {
        let (one, same, other) = (
            try Generator(seed: 7), try Generator(seed: 7), try Generator(seed: 8)
        )
        for _ in 0..<3 {
            let numbers = try draw(one)
            #expect(try draw(same) == numbers)
            #expect(try draw(other) != numbers)
        }
    }

    @Test("Successive draws differ", arguments: Draw.allCases)
    func successiveDraws(_ draw: Draw) throws {
        let generator = try Generator(seed: 7)
        #expect(try draw(generator) != draw(generator))
    }

    @Test("A restored generator goes on exactly as the saved one did", arguments: Draw.allCases)
    func restoring(_ draw: Draw) throws {
        let generator = try Generator(seed: 11)
        for other in Draw.allCases { _ = try other(generator) }
        _ = try draw(generator)
        let state = try generator.state()
        let expected = try (0..<5).map { _ in try draw(generator) }

        let fresh = try Generator(seed: 999)
        try fresh.restore(state)
        #expect(try (0..<5).map { _ in try draw(fresh) } == expected)
        try generator.restore(state)
        #expect(try (0..<5).map { _ in try draw(generator) } == expected)
    }

    @Test("A saved state survives a file, and later draws do not change it")
    func stateInFile() throws {
        let generator = try Generator(seed: 3)
        let state = try generator.state()
        let expected = try generator.uniform()
        let file = try Safetensors(tensors: [("state", state)]).encoded()
        let loaded = try Safetensors(decoding: file, path: "state").tensors
        try generator.restore(#require(loaded.first).tensor)
        #expect(try generator.uniform() == expected)
    }

    @Test("A state that is none is refused, and the generator goes on as if nothing happened")
    func wrongState() throws {
        let (generator, twin) = (try Generator(seed: 5), try Generator(seed: 5))
        let size = try generator.state().elementCount
        let wrong: [Tensor] = [
            try .zeros([size]), try .zeros([size], dtype: .int64), try .zeros([0], dtype: .uint8),
            try .zeros([size - 1], dtype: .uint8), try .zeros([size + 1], dtype: .uint8),
            try .zeros([size], dtype: .uint8), try .full([size], 255, dtype: .uint8),
        ]
        for state in wrong {
            #expect(!refusal { try generator.restore(state) }.isEmpty)
        }
        #expect(try generator.uniform() == twin.uniform())
    }

    @Test("Only the lower 32 bits of a seed count, as the documentation says")
    func lowerBits() throws {
        let (small, large) = (try Generator(seed: 6), try Generator(seed: 6 + 1 << 32))
        #expect(try small.uniform() == large.uniform())
    }

    @Test("Drawing from one generator does not change what another draws")
    func independence() throws {
        let (alone, disturbed, other) = (
            try Generator(seed: 1), try Generator(seed: 1), try Generator(seed: 2)
        )
        for _ in 0..<20 {
            for draw in Draw.allCases { _ = try draw(other) }
            #expect(try alone.uniform() == disturbed.uniform())
        }
    }

    @Test("Generators with neighbouring seeds are not correlated")
    func correlation() throws {
        let count = 100_000
        let columns = try [UInt64(1), 2].map { seed in
            let tensor = try Tensor.zeros([count], dtype: .float64)
            try Generator(seed: seed).fillUniform(tensor, low: -1, high: 1)
            return tensor
        }
        // The variance of the uniform law on [−1, 1) is 1/3.
        let correlation = try (columns[0] * columns[1]).mean().item() * 3
        #expect(abs(correlation) < 5 / Double(count).squareRoot())
    }

    @Test("A permutation holds every position once", arguments: [0, 1, 2, 17, 1000])
    func permutation(_ count: Int) throws {
        let permutation = try Generator(seed: 4).permutation(count)
        #expect(try permutation.shape == [count])
        #expect(try permutation.scalars(as: Int64.self).sorted() == (0..<Int64(count)).map { $0 })
    }

    @Test(
        "Permutations are those that torch.randperm draws, one after the other",
        .enabled(if: Python.has("torch"), "\(Python.skipMessage("torch"))")
    )
    func permutationParity() throws {
        let counts = [100, 1, 7, 0, 65_536, 65_537, 3]
        let script = """
            import torch
            generator = torch.Generator().manual_seed(4)
            for count in \(counts):
                print(*torch.randperm(count, generator=generator).tolist())
            """
        let generator = try Generator(seed: 4)
        let own = try counts.map { count in
            try generator.permutation(count).scalars(as: Int64.self).map(String.init)
                .joined(separator: " ")
        }
        let output = try Python.output(of: ["-c", script])
        #expect(String(decoding: output, as: UTF8.self) == own.map { $0 + "\n" }.joined())
    }

    @Test("All six orders of three are equally likely")
    func permutationLaw() throws {
        let generator = try Generator(seed: 4)
        var counts: [[Int64]: Int] = [:]
        for _ in 0..<6000 {
            counts[try generator.permutation(3).scalars(), default: 0] += 1
        }
        #expect(counts.count == 6)
        // Five standard deviations of a binomial law.
        #expect(counts.values.allSatisfy { abs($0 - 1000) < 145 })
    }

    @Test("Uniform numbers keep their bounds and have the moments of their law")
    func uniformLaw() throws {
        let tensor = try Tensor.zeros([100_000], dtype: .float64)
        try Generator(seed: 21).fillUniform(tensor, low: -2, high: 6)
        let numbers = try tensor.doubles
        #expect(numbers.allSatisfy { $0 >= -2 && $0 < 6 })
        let (mean, variance) = moments(numbers)
        #expect(abs(mean - 2) < 5 * (64.0 / 12 / 1e5).squareRoot())
        // The fourth central moment of a width w is w⁴/80.
        let spread = (pow(8, 4) / 80 - pow(64.0 / 12, 2)).squareRoot()
        #expect(abs(variance - 64.0 / 12) < 5 * spread / 1e5.squareRoot())
    }

    @Test("Single uniform numbers lie in [0, 1)")
    func uniformNumbers() throws {
        let generator = try Generator(seed: 22)
        let numbers = try (0..<1000).map { _ in try generator.uniform() }
        #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(Set(numbers).count == 1000)
    }

    @Test("Normal numbers have the moments of their law")
    func normalLaw() throws {
        let tensor = try Tensor.zeros([100_000], dtype: .float64)
        try Generator(seed: 23).fillNormal(tensor, mean: 3, standardDeviation: 2)
        let numbers = try tensor.doubles
        let (mean, variance) = moments(numbers)
        #expect(abs(mean - 3) < 5 * 2 / 1e5.squareRoot())
        #expect(abs(variance - 4) < 5 * 4 * (2 / 1e5).squareRoot())
        let skewness = numbers.reduce(0) { $0 + pow(($1 - 3) / 2, 3) } / 1e5
        #expect(abs(skewness) < 5 * (15 / 1e5).squareRoot())
    }

    @Test("Bernoulli numbers are 0 or 1, in the shape and type asked for", arguments: [0, 0.3, 1])
    func bernoulliLaw(_ probability: Double) throws {
        let like = try Tensor.full([100, 1000], 9, dtype: .float64).requiringGradient()
        let tensor = try Generator(seed: 24).bernoulli(like: like, probability: probability)
        #expect(try tensor.shape == [100, 1000])
        #expect(try tensor.dtype == .float64)
        #expect(try !tensor.requiresGradient)
        let numbers = try tensor.doubles
        #expect(numbers.allSatisfy { $0 == 0 || $0 == 1 })
        let bound = 5 * (probability * (1 - probability) / 1e5).squareRoot()
        #expect(abs(moments(numbers).mean - probability) <= bound)
    }

    @Test("Gamma numbers have the moments of their law", arguments: [0.2, 1, 4.5])
    func gammaLaw(_ concentration: Double) throws {
        let numbers = try Generator(seed: 25).gammas(100_000, concentration: concentration)
        #expect(numbers.allSatisfy { $0 > 0 && $0.isFinite })
        let (mean, variance) = moments(numbers)
        #expect(abs(mean - concentration) < 5 * (concentration / 1e5).squareRoot())
        let spread = (2 * concentration * concentration + 6 * concentration).squareRoot()
        #expect(abs(variance - concentration) < 5 * spread / 1e5.squareRoot())
    }

    @Test("Parameters that no law has are refused")
    func impossibleLaws() throws {
        let generator = try Generator(seed: 1)
        let tensor = try Tensor.ones([3])
        #expect(refusal { try generator.fillUniform(tensor, low: 1, high: 0) }.contains("from=1"))
        #expect(!refusal { try generator.fillUniform(tensor, low: .nan, high: 0) }.isEmpty)
        #expect(!refusal { try generator.fillUniform(tensor, low: 0, high: .infinity) }.isEmpty)
        #expect(refusal { try generator.fillNormal(tensor, standardDeviation: -1) }.contains("-1"))
        for probability in [-0.1, 1.1, .nan] {
            let message = refusal {
                try generator.bernoulli(like: tensor, probability: probability)
            }
            #expect(message.contains("[0, 1]"))
        }
        for concentration in [0, -0.5, -2, .nan, .infinity] {
            let message = refusal { try generator.gammas(1, concentration: concentration) }
            #expect(message.contains("must be positive"))
        }
        #expect(!refusal { _ = try generator.uniforms(-1) }.isEmpty)
        #expect(!refusal { try generator.permutation(-1) }.isEmpty)
    }

    @Test("Types that hold no fractions are refused")
    func wrongTypes() throws {
        let generator = try Generator(seed: 1)
        let integers = try Tensor.ones([3], dtype: .int64)
        #expect(refusal { try generator.fillUniform(integers) }.contains("Long"))
        #expect(refusal { try generator.fillNormal(integers) }.contains("Long"))
    }
}
