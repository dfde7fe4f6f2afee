extension TrainingProgress {
    /// Where a training is after a step.
    public init(_ report: StepReport, of trainer: Trainer) {
        self.init(
            epoch: report.position.epoch + 1,
            epochs: trainer.settings.epochs,
            step: report.position.batch,
            steps: trainer.batchesPerEpoch,
            loss: report.loss,
            learningRate: report.learningRate
        )
    }
}
