/// A tensor of a module, under the name that PyTorch's state_dict gives it.
public struct NamedTensor {
    /// What the tensor is to its module.
    public enum Role: Sendable {
        /// Learned by the optimizer.
        case parameter
        /// Kept along, such as the running statistics of batch normalisation.
        case buffer
    }

    /// For example "fc1.weight".
    public let name: String
    /// The tensor itself, not a copy.
    public let tensor: Tensor
    /// Parameter or buffer.
    public let role: Role

    /// Creates a named tensor.
    public init(_ name: String, _ tensor: Tensor, role: Role = .parameter) {
        self.name = name
        self.tensor = tensor
        self.role = role
    }
}

/// A part of a network: tensors of its own, and parts under it.
///
/// A model lists its parts under the names that they have in the corresponding PyTorch module, so that
/// weights move both ways:
///
/// ```swift
/// var children: [(name: String, module: any Module)] { [("hidden", hidden), ("output", output)] }
/// ```
public protocol Module: AnyObject {
    /// The module's own tensors; none unless it says otherwise.
    var ownTensors: [NamedTensor] { get }
    /// The modules under this one, in order; none unless it says otherwise.
    var children: [(name: String, module: any Module)] { get }
}

extension Module {
    /// No tensors of its own.
    public var ownTensors: [NamedTensor] { [] }
    /// No modules under this one.
    public var children: [(name: String, module: any Module)] { [] }

    /// All parameters and buffers, depth first, under their full names.
    public func stateDictionary() -> [NamedTensor] {
        ownTensors
            + children.flatMap { child in
                child.module.stateDictionary().map {
                    NamedTensor(child.name + "." + $0.name, $0.tensor, role: $0.role)
                }
            }
    }

    /// The tensors that an optimizer learns.
    public func parameters() -> [Tensor] {
        stateDictionary().filter { $0.role == .parameter }.map(\.tensor)
    }

    /// The number of learned numbers.
    public func parameterCount() throws -> Int {
        try parameters().reduce(0) { try $0 + $1.elementCount }
    }

    /// Overwrites all parameters and buffers.
    ///
    /// - Throws: `TorchError` that names what is missing, left over, or of another shape; then
    ///   nothing was changed.
    public func load(_ tensors: [String: Tensor]) throws {
        let own = stateDictionary()
        let missing = own.map(\.name).filter { tensors[$0] == nil }
        let unknown = Set(tensors.keys).subtracting(own.map(\.name)).sorted()
        guard missing.isEmpty, unknown.isEmpty else {
            let problems =
                (missing.isEmpty ? [] : ["missing: " + missing.joined(separator: ", ")])
                + (unknown.isEmpty ? [] : ["not in the model: " + unknown.joined(separator: ", ")])
            throw TorchError(
                "the weights do not fit the model; " + problems.joined(separator: "; ")
            )
        }
        let pairs = own.compactMap { named in tensors[named.name].map { (named, $0) } }
        for (named, source) in pairs where try named.tensor.shape != source.shape {
            throw TorchError(
                "the weights do not fit the model; \(named.name) has shape \(try source.shape), "
                    + "the model needs \(try named.tensor.shape)"
            )
        }
        for (named, source) in pairs {
            try named.tensor.copyElements(from: source)
        }
    }
}
