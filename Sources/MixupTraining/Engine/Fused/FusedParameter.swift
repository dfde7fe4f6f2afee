internal import CTrainKernels
import LibTorch

/// A learned tensor of the model, changed in place, with its gradient and its momentum.
final class FusedParameter {
    let tensor: Tensor
    let count: Int
    /// The elements of the tensor; looked up before every step.
    private(set) var values: UnsafeMutablePointer<Float>
    /// The gradient, in the order of the values; empty before the first training pass.
    let gradient: KernelMemory
    /// Whether an optimizer changes it, and the optimizer's buffer, if it has one.
    private var step: (isWanted: Bool, momentum: Tensor?) = (false, nil)

    init(_ tensor: Tensor) throws {
        let elements = try Self.elements(of: tensor)
        self.tensor = tensor
        values = elements.pointer
        count = elements.count
        gradient = try KernelMemory(0)
    }

    func prepareGradient() throws {
        try gradient.reserve(count + 64)
    }

    /// Finds the values again, which lie elsewhere if somebody laid the tensor out anew.
    func locate() throws {
        values = try Self.elements(of: tensor).pointer
    }

    /// Says that it is to take a step once its gradient is there.
    ///
    /// - Parameter momentum: the optimizer's buffer, if it has one.
    func awaitStep(momentum: Tensor?) {
        step = (true, momentum)
    }

    /// The step that is due, if it can be taken before all gradients are there, and then need not be
    /// taken later.
    func updateAtOnce(_ pass: FusedPass) throws -> ctk_update? {
        guard let descent = pass.descent, step.isWanted else { return nil }
        return try takeUpdate(descent)
    }

    /// Takes the step that is due, unless it was taken before.
    ///
    /// - Parameter factor: what the gradient is multiplied by first.
    func descend(_ descent: ctk_descent, factor: Double, team: KernelTeam) throws {
        guard step.isWanted else { return }
        var update = try takeUpdate(descent)
        ctk_descend(team.pointer, &update, factor, gradient.elements, Int64(count))
    }

    private func takeUpdate(_ descent: ctk_descent) throws -> ctk_update {
        let momenta = try step.momentum.map { try Self.elements(of: $0).pointer }
        step = (false, nil)
        return ctk_update(descent: descent, parameters: values, momenta: momenta)
    }

    /// The sum of the squares of the gradient.
    func squaredNorm(team: KernelTeam) -> Double {
        ctk_sum_of_squares(team.pointer, gradient.elements, Int64(count))
    }

    static func elements(
        of tensor: Tensor
    ) throws -> (pointer: UnsafeMutablePointer<Float>, count: Int) {
        let buffer = try tensor.unsafeMutableElements(as: Float.self)
        guard let pointer = buffer.baseAddress else { throw TorchError("the tensor is empty") }
        return (pointer, buffer.count)
    }
}
