/// Which code computes the steps of a training.
public enum TrainingEngine: String, Sendable, Codable, CaseIterable {
    /// The fused engine where it covers the training and was measured faster, autograd elsewhere.
    case auto
    /// Kernels of this package, which run a model made of known blocks from buffers that are made
    /// once. A training that it does not cover is refused.
    case fused
    /// libtorch's operations and its recorded gradients, for every model.
    case autograd
    /// The same on a CUDA device, with passes that are recorded once and then repeated. A training that
    /// it does not cover is refused.
    case cudaGraphs = "cuda-graphs"
}
