import ManifoldMixup

/// A white-box attack: steps along the sign of the gradient of the loss with respect to the input.
///
/// A step adds `stepSize` · sign(∇ loss) to every value of an example. Behind each step the example
/// is projected onto the ball of radius `epsilon` around the original one, in the maximum norm. One
/// step of size ε is the fast gradient sign method (FGSM), several are projected gradient descent
/// (PGD). The paper does not print its ε (Table 7).
public struct Attack: Sendable, Equatable, Codable {
    /// In what `epsilon` and `stepSize` are measured.
    public enum Units: String, Sendable, Codable, CaseIterable {
        /// The network's normalised input, which is not clamped: what the authors did, with ε = 0.03.
        ///
        /// On CIFAR-10 that is about 1.9 of the 255 levels of a pixel.
        case normalised
        /// The 255 levels of a pixel, so that 8 is the usual 8/255; examples stay valid images.
        case pixels
    }

    /// The radius of the ball, 0 or more; `nil` for no bound.
    public var epsilon: Double?
    /// The length of a step, 0 or more.
    public var stepSize: Double
    /// The number of steps, from 1.
    public var steps: Int
    /// In what the two lengths are measured.
    public var units: Units
    /// Whose gradient is followed: cross entropy, or the binary one of the authors.
    public var loss: MixupLoss
    /// Where given, each example starts from a random point of the ball, which the seed and the
    /// example's index decide.
    public var startSeed: UInt64?

    enum CodingKeys: String, CodingKey {
        case epsilon, steps, units, loss
        case stepSize = "step_size"
        case startSeed = "start_seed"
    }

    /// An attack with every setting given.
    public init(
        epsilon: Double?,
        stepSize: Double,
        steps: Int,
        units: Units = .normalised,
        loss: MixupLoss = .softCrossEntropy,
        startSeed: UInt64? = nil
    ) {
        self.epsilon = epsilon
        self.stepSize = stepSize
        self.steps = steps
        self.units = units
        self.loss = loss
        self.startSeed = startSeed
    }

    /// The fast gradient sign method: one step of size ε.
    public static func fastGradientSign(
        epsilon: Double,
        units: Units = .normalised,
        loss: MixupLoss = .softCrossEntropy
    ) -> Attack {
        Attack(epsilon: epsilon, stepSize: epsilon, steps: 1, units: units, loss: loss)
    }

    /// Projected gradient descent.
    ///
    /// - Parameters:
    ///   - epsilon: the radius of the ball.
    ///   - steps: the number of steps.
    ///   - stepSize: the length of a step; without it 2.5 · ε / steps, and at most ε, with which every
    ///     point of the ball can be reached from every other.
    ///   - units: of ε and of the step.
    ///   - loss: whose gradient is followed.
    ///   - startSeed: for a random start.
    public static func projectedGradient(
        epsilon: Double,
        steps: Int,
        stepSize: Double? = nil,
        units: Units = .normalised,
        loss: MixupLoss = .softCrossEntropy,
        startSeed: UInt64? = nil
    ) -> Attack {
        Attack(
            epsilon: epsilon,
            stepSize: stepSize ?? min(epsilon, 2.5 * epsilon / Double(max(steps, 1))),
            steps: steps,
            units: units,
            loss: loss,
            startSeed: startSeed
        )
    }

    /// Steps without any bound, which must break every network: one that withstands them only hides
    /// its gradients (paper, appendix D, with the defaults given here).
    ///
    /// What the authors' code called PGD steps by ε and does not project either: it is this attack with
    /// ε for a step size.
    public static func unbounded(
        steps: Int = 200,
        stepSize: Double = 0.01,
        units: Units = .normalised,
        loss: MixupLoss = .softCrossEntropy
    ) -> Attack {
        Attack(epsilon: nil, stepSize: stepSize, steps: steps, units: units, loss: loss)
    }

    /// A short name, such as "FGSM".
    public var name: String {
        guard let epsilon else { return "unbounded, \(steps) steps" }
        let isSingle = steps == 1 && startSeed == nil && stepSize >= epsilon
        return isSingle ? "FGSM" : "PGD, \(steps) step\(steps == 1 ? "" : "s")"
    }

    /// Makes sure that the settings can be.
    ///
    /// - Throws: `MixupError`.
    public func check() throws {
        for (name, value) in [("ε", epsilon ?? 0), ("step size", stepSize)] {
            guard value.isFinite, value >= 0 else {
                throw MixupError("the attack's \(name) must be a number from 0, not \(value)")
            }
        }
        guard steps >= 1 else {
            throw MixupError("the attack needs 1 step or more, not \(steps)")
        }
        guard startSeed == nil || epsilon != nil else {
            throw MixupError("a random start needs a bound to start within; give the attack an ε")
        }
    }
}
