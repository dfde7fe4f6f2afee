import LibTorch
import ManifoldMixup
import MixupAnalysis
import MixupData
import MixupModels
import MixupTraining
import Testing

@Suite("Attacks against PyTorch")
struct AttackParityTests {
    private static let names = [
        "fgsm", "fgsm-bce", "fgsm-pixels", "pgd", "pgd-pixels", "authors-pgd",
    ]

    private static func network(_ fixture: Fixture) throws -> PreActResNet {
        let model = try PreActResNet(
            .eighteen,
            inputShape: [3, 16, 16],
            classCount: 5,
            width: 3,
            generator: Generator(seed: 1),
            dtype: .float64
        )
        let weights = fixture.tensors.filter { $0.key.hasPrefix("initial.") }
            .map { (String($0.key.dropFirst("initial.".count)), $0.value) }
        try model.load(Dictionary(uniqueKeysWithValues: weights))
        return model
    }

    /// "ε step steps units loss" of the file's metadata.
    private static func attack(_ description: String) throws -> Attack {
        let words = description.split(separator: " ").map(String.init)
        try #require(words.count == 5)
        return Attack(
            epsilon: Double(words[0]),
            stepSize: try #require(Double(words[1])),
            steps: try #require(Int(words[2])),
            units: try #require(Attack.Units(rawValue: words[3])),
            loss: try #require(MixupLoss(rawValue: words[4]))
        )
    }

    private static func found(_ attack: Attack, _ fixture: Fixture) throws -> Tensor {
        try attack.examples(
            from: fixture.tensor("input").to(.float64),
            labels: fixture.tensor("labels"),
            against: network(fixture),
            normalization: Normalization(
                scale: 255,
                mean: fixture.numbers("mean"),
                standardDeviation: fixture.numbers("deviation")
            ),
            precision: .float64
        )
    }

    @Test("Adversarial examples of a residual network are those of PyTorch", arguments: names)
    func examples(_ name: String) throws {
        let fixture = try Fixture("attacks")
        let attack = try Self.attack(fixture.text(name))
        let expected = try fixture.tensor("attack." + name)
        #expect(try Self.found(attack, fixture).largestDifference(to: expected) < 1e-12)
        #expect(try expected.largestDifference(to: fixture.tensor("input")) > 0.02)
    }

    @Test("The comparison notices another loss, another step and a projection left out")
    func mistakes() throws {
        let fixture = try Fixture("attacks")
        var otherLoss = try Self.attack(fixture.text("fgsm"))
        otherLoss.loss = .paperBinaryCrossEntropy
        var otherStep = try Self.attack(fixture.text("pgd"))
        otherStep.stepSize = 0.031
        var unbounded = try Self.attack(fixture.text("pgd"))
        unbounded.epsilon = nil
        for (attack, name) in [(otherLoss, "fgsm"), (otherStep, "pgd"), (unbounded, "pgd")] {
            let expected = try fixture.tensor("attack." + name)
            #expect(try Self.found(attack, fixture).largestDifference(to: expected) > 1e-4)
        }
    }
}
