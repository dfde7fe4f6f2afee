import LibTorch
import ManifoldMixup

/// The choice between the engines, of which the fused one computes on the CPU only.
///
/// What evaluates a model depends on the model and its precision alone, not on what trains it: a
/// model that is read back gives the numbers that its training gave.
enum EngineChoice {
    /// What evaluates a model; with `auto`, the fused engine where it covers the model.
    ///
    /// - Throws: `TrainingError` if the fused engine is asked for and does not cover the model.
    static func evaluator(
        of model: any Classifier,
        precision: Precision,
        engine: TrainingEngine
    ) throws -> any Evaluator {
        try choose(engine, for: model) {
            try fusedEvaluator(of: model, precision: precision, engine: engine)
        } otherwise: { _ in
            AutogradEvaluator(model, precision: precision)
        }
    }

    /// What computes the steps of a training; with `auto`, the fused engine where it covers it.
    ///
    /// - Parameters:
    ///   - partCount: the number of parts of every minibatch, of all ranks together.
    ///   - ranks: the processes that train together.
    ///   - evaluator: what evaluates the model; its memory is used for the steps too.
    /// - Throws: `TrainingError` if the fused engine is asked for and does not cover the training.
    static func stepEngine(
        _ model: any Classifier,
        optimizer: any Optimizer,
        settings: TrainingSettings,
        partCount: Int,
        ranks: Ranks,
        evaluator: any Evaluator
    ) throws -> any StepEngine {
        try choose(settings.engine, for: model) {
            guard partCount == 1 else {
                throw NotFusible(reason: "minibatches in several parts")
            }
            return try FusedEngine(
                optimizer: optimizer,
                settings: settings,
                evaluator: evaluator as? FusedEvaluator
                    ?? fusedEvaluator(
                        of: model,
                        precision: settings.precision,
                        engine: settings.engine
                    )
            )
        } otherwise: { reason in
            let autograd = try AutogradEngine(
                model,
                optimizer: optimizer,
                settings: settings,
                ranks: ranks,
                reason: reason
            )
            guard settings.engine == .cudaGraphs else { return autograd }
            return try GraphEngine(
                model,
                settings: settings,
                partCount: partCount,
                ranks: ranks,
                autograd: autograd
            )
        }
    }

    private static func fusedEvaluator(
        of model: any Classifier,
        precision: Precision,
        engine: TrainingEngine
    ) throws -> FusedEvaluator {
        let evaluator = try FusedEvaluator(model, precision: precision)
        if engine == .auto { try evaluator.requireFaster() }
        return evaluator
    }

    private static func choose<Choice>(
        _ engine: TrainingEngine,
        for model: any Classifier,
        fused: () throws -> Choice,
        otherwise: (_ reason: String?) throws -> Choice
    ) throws -> Choice {
        let device = try model.device
        guard engine == .fused || engine == .auto && device == .cpu else {
            return try otherwise(nil)
        }
        do {
            guard device == .cpu else { throw NotFusible(reason: "models on \(device)") }
            return try fused()
        } catch let error as NotFusible {
            guard engine == .auto else {
                throw TrainingError.impossible(
                    "\(error.message); choose the engine auto or autograd"
                )
            }
            return try otherwise(error.message)
        }
    }
}
