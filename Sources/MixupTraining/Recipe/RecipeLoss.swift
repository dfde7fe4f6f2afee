extension Recipe {
    /// What training minimises on (mixed) targets.
    public enum Loss: String, Codable, Sendable, RecipeChoice {
        /// Cross entropy with soft targets, averaged over the batch.
        case softCrossEntropy = "soft-cross-entropy"
        /// Binary cross entropy on the softmax, averaged over batch × classes.
        ///
        /// This is what the paper's authors trained with. Its gradient is smaller by about the
        /// number of classes, so a learning rate does not carry over from the other loss.
        case paperBCE = "paper-bce"
    }
}
