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

    /// Takes a step of stochastic gradient descent.
    ///
    /// - Parameters:
    ///   - factor: what the gradient is multiplied by first.
    ///   - momentum: the optimizer's buffer, if it has one.
    func descend(
        _ descent: inout ctk_descent,
        factor: Double,
        momentum: Tensor?,
        team: KernelTeam
    ) throws {
        let momenta = try momentum.map { try Self.elements(of: $0).pointer }
        ctk_descend(
            team.pointer,
            &descent,
            factor,
            values,
            gradient.elements,
            momenta,
            Int64(count)
        )
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
