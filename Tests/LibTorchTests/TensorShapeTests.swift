import LibTorch
import Testing

@Suite("Tensor shapes")
struct TensorShapeTests {
    private func counting(_ shape: [Int]) throws -> Tensor {
        try Tensor((0..<shape.reduce(1, *)).map(Double.init), shape: shape)
    }

    @Test("Reshaping keeps the order of the elements and works out one length")
    func reshaping() throws {
        let tensor = try counting([2, 6])
        #expect(try tensor.reshaped([3, 4]).doubles == (0..<12).map(Double.init))
        #expect(try tensor.reshaped([-1, 2]).shape == [6, 2])
        #expect(try counting([1]).reshaped([]).shape == [])
    }

    @Test("Flattening joins all dimensions but the first, also without rows")
    func flattening() throws {
        #expect(try counting([2, 3, 4, 5]).flattenedRows().shape == [2, 60])
        #expect(try counting([4]).flattenedRows().shape == [4, 1])
        #expect(try counting([]).flattenedRows().shape == [1, 1])
        #expect(try counting([0, 3, 2]).flattenedRows().shape == [0, 6])
        #expect(try counting([2, 0, 3]).flattenedRows().shape == [2, 0])
    }

    @Test("Transposing exchanges two dimensions")
    func transposing() throws {
        #expect(try counting([2, 3]).transposed().doubles == [0, 3, 1, 4, 2, 5])
        let cube = try counting([2, 3, 4]).transposed(0, 2)
        #expect(try cube.shape == [4, 3, 2])
        #expect(try cube.doubles.prefix(6) == [0, 12, 4, 16, 8, 20])
    }

    @Test("A range of rows is cut out")
    func rangeOfRows() throws {
        let tensor = try counting([4, 2])
        #expect(try tensor.rows(1, count: 2).doubles == [2, 3, 4, 5])
        #expect(try tensor.rows(4, count: 0).shape == [0, 2])
    }

    @Test("Rows are picked in the order of the indices, repeated ones too")
    func pickedRows() throws {
        let picked = try counting([4, 2]).rows(Tensor([Int64(3), 0, 3]))
        #expect(try picked.shape == [3, 2])
        #expect(try picked.doubles == [6, 7, 0, 1, 6, 7])
        #expect(try counting([4, 2]).rows(Tensor([Int64]())).shape == [0, 2])
    }

    @Test("Picking rows by a permutation and by its inverse gives the tensor back")
    func permutationAndInverse() throws {
        let tensor = try counting([50, 3])
        let permutation = try Generator(seed: 8).permutation(50)
        var inverse = [Int64](repeating: 0, count: 50)
        for (position, row) in try permutation.scalars(as: Int64.self).enumerated() {
            inverse[Int(row)] = Int64(position)
        }
        let shuffled = try tensor.rows(permutation)
        #expect(try !shuffled.isEqual(to: tensor))
        #expect(try shuffled.rows(Tensor(inverse)).isEqual(to: tensor))
    }

    @Test("Concatenated tensors lie one after the other")
    func concatenation() throws {
        let parts = try [counting([2, 3]), counting([0, 3]), counting([1, 3])]
        let whole = try Tensor.concatenated(parts)
        #expect(try whole.shape == [3, 3])
        #expect(try whole.doubles == [0, 1, 2, 3, 4, 5, 0, 1, 2])
        #expect(try whole.rows(0, count: 2).isEqual(to: parts[0]))
    }

    @Test("A clone has storage of its own; a conversion to the same type has not")
    func storage() throws {
        let tensor = try counting([3])
        let clone = try tensor.clone()
        let same = try tensor.to(.float64)
        try tensor.copyElements(from: .full([3], 9, dtype: .float64))
        #expect(try clone.doubles == [0, 1, 2])
        #expect(try same.doubles == [9, 9, 9])
    }

    @Test("Copied elements are converted to the type of the destination")
    func copyingElements() throws {
        let tensor = try Tensor.zeros([3])
        try tensor.copyElements(from: counting([3]))
        #expect(try tensor.scalars() == [Float(0), 1, 2])
    }

    @Test("Copying into a parameter leaves it a leaf that can be learned")
    func copyingIntoParameter() throws {
        let parameter = try Tensor.zeros([3], dtype: .float64).requiringGradient()
        try parameter.copyElements(from: counting([3]))
        try (parameter * parameter).sum().backward()
        #expect(try parameter.gradient?.doubles == [0, 2, 4])
    }
}
