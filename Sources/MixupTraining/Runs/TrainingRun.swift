import Foundation
import LibTorch
import ManifoldMixup
import MixupData

/// A training in a folder of its own: what its recipe says, with logs and checkpoints, so that it can be
/// stopped at any moment and resumed to the same result.
public final class TrainingRun {
    /// How a run ended.
    public enum Outcome: Equatable, Sendable {
        /// All epochs are done, or early stopping ended it.
        case finished
        /// It was asked to stop, and can be resumed.
        case stopped
        /// Its ``TrainingRun/maximumTime`` is over, and it can be resumed.
        case outOfTime
    }

    /// The folder.
    public let directory: RunDirectory
    /// What is trained, and how.
    public let recipe: Recipe
    /// The training itself.
    public let trainer: Trainer
    /// The epoch with the lowest error; see ``Trainer/best``.
    public var best: BestEpoch? { trainer.best }
    /// The latest result on the test set.
    public private(set) var lastTest: Evaluation?

    /// Whether a resumed run computes as the one that it goes on from did: the same libtorch, device,
    /// vector instructions, number of threads and of ranks. Otherwise the result may differ, by the last bits
    /// of rounding, or because more ranks make larger minibatches.
    public private(set) var isExact = true

    /// What is reported of the epochs so far; `nil` before the first evaluation.
    public var figures: RunFigures? { log.figures }
    /// The first failure to write `times.jsonl`, `summary.csv` or an event file. None of them is
    /// worth a training, so it goes on.
    public var logFailure: (any Error)? { log.firstFailure }

    /// The time after which ``run(shouldStop:onStep:onEpoch:)`` stops and saves; first that of the
    /// recipe. Each call counts its own, so that a resumed run has all of it again.
    public var maximumTime: TimeSpan?

    /// The clock for it, in seconds.
    var clock: () -> Double = Terminal.seconds

    private let log: RunLog
    private let checkpoints: CheckpointFolder
    private let recipeSum: String

    private init(directory: RunDirectory, recipe: Recipe, trainer: Trainer) throws {
        self.directory = directory
        self.recipe = recipe
        self.trainer = trainer
        log = RunLog(directory)
        maximumTime = recipe.training.maxTime
        checkpoints = CheckpointFolder(path: directory.checkpointsPath)
        let text = try Data(contentsOf: URL(fileURLWithPath: directory.recipePath))
        recipeSum = try LibTorchRuntime.sha1(Self.withoutMaximumTime(text))
    }

    /// What of a recipe's text a checkpoint must match: all but the line that says when to pause.
    private static func withoutMaximumTime(_ recipe: Data) -> Data {
        let start = "  \(Recipe.Training.CodingKeys.maxTime.stringValue):"
        let lines = recipe.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let others = lines.filter { !$0.starts(with: start.utf8) }
        return Data(others.joined(separator: [UInt8(ascii: "\n")]))
    }

    /// Starts a run in a new folder.
    ///
    /// Everything that can be wrong with the recipe or the data is found before the folder is made.
    ///
    /// - Parameters:
    ///   - recipe: what is trained, and how.
    ///   - path: the folder.
    ///   - data: the recipe's data set, where it is loaded already.
    ///   - ranks: the processes that train together; this one is the first, and the others have a
    ///     ``RunFollower``.
    public static func start(
        _ recipe: Recipe,
        at path: String,
        data: DataSplits? = nil,
        ranks: Ranks = Ranks()
    ) throws -> TrainingRun {
        _ = try ranks.shared(Data(recipe.yaml().utf8))
        let trainer = try recipe.makeTrainer(data: data ?? recipe.loadData(), ranks: ranks)
        try recipe.loadInitialWeights(into: trainer)
        let directory = try RunDirectory.create(
            at: path,
            recipe: recipe,
            environment: [RunEnvironment(rankCount: ranks.count, device: trainer.device)]
        )
        let run = try TrainingRun(directory: directory, recipe: recipe, trainer: trainer)
        try trainer.shareState()
        return run
    }

    /// Opens a run to go on where its last checkpoint stands, or at the beginning if it has none.
    ///
    /// - Parameters:
    ///   - path: the folder of the run.
    ///   - name: another checkpoint to go on from, such as "previous".
    ///   - data: the data set of the run's recipe, where it is loaded already.
    ///   - device: where to go on; `nil` for what the run's recipe says.
    ///   - ranks: the processes that train together; this one is the first, and the others have a
    ///     ``RunFollower``.
    /// - Throws: `CheckpointError` if the checkpoint is damaged or not of this recipe and data, or in
    ///   the middle of an epoch that was begun by another number of ranks.
    public static func resume(
        _ path: String,
        checkpoint name: String? = nil,
        data: DataSplits? = nil,
        device: DeviceChoice? = nil,
        ranks: Ranks = Ranks()
    ) throws -> TrainingRun {
        let directory = try RunDirectory.resume(path)
        var recipe = try directory.recipe()
        recipe.training.device = device ?? recipe.training.device
        _ = try ranks.shared(Data(recipe.yaml().utf8))
        let trainer = try recipe.makeTrainer(data: data ?? recipe.loadData(), ranks: ranks)
        let run = try TrainingRun(directory: directory, recipe: recipe, trainer: trainer)
        do {
            try run.restore(run.checkpoints.read(name))
            if let name { try run.checkpoints.makeLast(name) }
        } catch CheckpointError.missing where name == nil {
            // Stopped before its first checkpoint: the run begins again.
            try recipe.loadInitialWeights(into: trainer)
        }
        try run.log.rewind(to: trainer.position)
        let environment = RunEnvironment(rankCount: ranks.count, device: trainer.device)
        try directory.writeEnvironment(RunEnvironment.read(directory) + [environment])
        try trainer.shareState()
        return run
    }

    /// Trains until the end, until `shouldStop` says so, or until ``maximumTime`` is over; each leaves
    /// a checkpoint.
    ///
    /// The step in progress is always finished, so that a run gets a little further each time. With
    /// several ranks it is the next one, after which all of them stop.
    ///
    /// - Parameters:
    ///   - shouldStop: asked after every step.
    ///   - onStep: told of every step, for showing progress.
    ///   - onEpoch: told of every epoch.
    public func run(
        shouldStop: () -> Bool = { false },
        onStep: (StepReport) -> Void = { _ in },
        onEpoch: (EpochReport) -> Void = { _ in }
    ) throws -> Outcome {
        if trainer.position.epoch < trainer.settings.epochs, !trainer.hasStoppedEarly {
            try log.start(at: trainer.position)
        }
        let end = maximumTime.map { clock() + Double($0.seconds) }
        var isOutOfTime = false
        let isComplete = try trainer.run(
            onStep: { report in
                onStep(report)
                let isEpochEnd = report.position.batch == self.trainer.batchesPerEpoch
                if isEpochEnd { self.log.endTraining() }
                let isAsked = shouldStop()
                isOutOfTime = !isAsked && end.map { self.clock() >= $0 } ?? false
                let isStopping = self.trainer.ranks.agree(toStop: isAsked || isOutOfTime)
                let isDue = report.position.step.isMultiple(
                    of: self.recipe.training.checkpointEvery
                )
                // The end of an epoch writes a checkpoint of its own.
                if isStopping || isDue && !isEpochEnd {
                    try self.writeCheckpoint(links: [])
                }
                return !isStopping
            },
            onEpoch: { report in
                onEpoch(report)
                try self.finish(report)
            }
        )
        if isComplete, lastTest == nil {
            lastTest = try trainer.evaluate(on: trainer.data.test)
        }
        if isComplete { try log.finish() }
        // Nobody leaves while others may still wait for an answer.
        try trainer.ranks.group.barrier()
        return isComplete ? .finished : isOutOfTime ? .outOfTime : .stopped
    }

    /// Writes a checkpoint of the present state, so that the run can be evaluated and resumed without a
    /// step of training: that of weights from elsewhere.
    public func save() throws {
        try writeCheckpoint(links: [])
    }

    /// Writes an epoch's row of figures, and a checkpoint.
    private func finish(_ report: EpochReport) throws {
        try log.append(EpochRow(report))
        var links: [CheckpointFolder.Link] = []
        lastTest = report.test ?? lastTest
        if best?.epoch == report.epoch { links.append(.best) }
        let interval = recipe.training.keepEpochs
        if interval > 0, report.epoch.isMultiple(of: interval) {
            links.append(.epoch(report.epoch))
        }
        try writeCheckpoint(links: links)
    }

    private func writeCheckpoint(links: [CheckpointFolder.Link]) throws {
        try trainer.requireFiniteWeights()
        log.keepTimes(at: trainer.position)
        let state = CheckpointState(
            position: trainer.position,
            best: best,
            recipe: recipeSum,
            exampleCount: trainer.data.train.count,
            machine: CheckpointState.Machine(trainer.device),
            rankCount: trainer.ranks.count == 1 ? nil : trainer.ranks.count
        )
        let description = try ModelDescription(
            recipe: recipe,
            trainedOn: trainer.data.train,
            at: trainer.position
        )
        try checkpoints.write(trainer, state: state, description: description, links: links)
    }

    private func restore(_ checkpoint: Checkpoint) throws {
        let state = checkpoint.state
        func require(_ condition: Bool, _ reason: String) throws {
            guard condition else {
                throw CheckpointError.mismatch(file: checkpoints.path, reason: reason)
            }
        }
        try require(
            state.recipe == recipeSum,
            "\(directory.recipePath) was changed since; undo that, or start a new run"
        )
        try require(
            state.exampleCount == trainer.data.train.count,
            "it was trained on \(state.exampleCount) examples, the data set now has "
                + "\(trainer.data.train.count)"
        )
        let rankCount = state.rankCount ?? 1
        try require(
            rankCount == trainer.ranks.count || state.position.batch == 0,
            "it stands in the middle of an epoch of \(rankCount) ranks, so start \(rankCount), not "
                + "\(trainer.ranks.count)"
        )
        if recipe.training.threads == nil {
            try LibTorchRuntime.setThreadCount(state.machine.threadCount)
        }
        isExact =
            state.machine == CheckpointState.Machine(trainer.device)
            && rankCount == trainer.ranks.count
        try checkpoint.restore(trainer)
    }
}

/// One line of `metrics.jsonl`: an epoch.
struct EpochRow: MetricsRow, Codable, Equatable {
    let epoch: Int
    let step: Int
    let trainingLoss: Double
    let learningRate: Double
    let validationError: Double?
    let validationNegativeLogLikelihood: Double?
    let testError: Double?
    let testNegativeLogLikelihood: Double?
    let testTopFiveError: Double?

    init(_ report: EpochReport) {
        epoch = report.epoch
        step = report.step
        trainingLoss = report.trainingLoss
        learningRate = report.learningRate
        validationError = report.validation?.error
        validationNegativeLogLikelihood = report.validation?.negativeLogLikelihood
        testError = report.test?.error
        testNegativeLogLikelihood = report.test?.negativeLogLikelihood
        testTopFiveError = report.test?.topFiveError
    }

    enum CodingKeys: String, CodingKey {
        case epoch, step
        case trainingLoss = "train_loss"
        case learningRate = "learning_rate"
        case validationError = "validation_error"
        case validationNegativeLogLikelihood = "validation_nll"
        case testError = "test_error"
        case testNegativeLogLikelihood = "test_nll"
        case testTopFiveError = "test_top5_error"
    }
}
