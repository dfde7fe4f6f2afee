extension Generator {
    /// A new parameter with PyTorch's default initialisation: uniform in ±1/√fanIn.
    ///
    /// - Parameters:
    ///   - shape: of the parameter.
    ///   - fanIn: the number of inputs that one output is computed from.
    ///   - dtype: the element type.
    func parameter(_ shape: [Int], fanIn: Double, dtype: DType) throws -> Tensor {
        let bound = 1 / fanIn.squareRoot()
        let tensor = try Tensor.zeros(shape, dtype: dtype)
        try fillUniform(tensor, low: -bound, high: bound)
        return try tensor.requiringGradient()
    }
}
