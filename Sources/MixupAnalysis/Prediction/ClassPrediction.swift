/// What a classifier says of one example.
public struct ClassPrediction: Sendable, Equatable {
    /// One of the classes that it may be of.
    public struct Candidate: Sendable, Equatable {
        /// The class, from 0.
        public let index: Int
        /// Its name.
        public let className: String
        /// What the network gives it, in 0...1: its softmax.
        public let probability: Double
        /// The same at the fitted temperature, which can be believed; `nil` where none was fitted.
        public let calibrated: Double?
    }

    /// The most probable classes, the most probable first, at least one.
    public let candidates: [Candidate]

    /// The most probable class.
    public var best: Candidate { candidates[0] }
}
