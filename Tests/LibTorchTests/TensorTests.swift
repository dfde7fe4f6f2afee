import LibTorch
import Testing

@Suite("Tensors")
struct TensorTests {
    @Test("Scalars of every Swift type come back unchanged and in row-major order")
    func scalarsComeBack() throws {
        let bytes: [UInt8] = [0, 1, 2, 253, 254, 255]
        let integers: [Int64] = [.min, -1, 0, 1, 2, .max]
        let floats: [Float] = [
            -.infinity, -0.1, 0, .leastNonzeroMagnitude, 1, .greatestFiniteMagnitude,
        ]
        let doubles: [Double] = [-.infinity, -0.1, 0, .pi, 1e-300, .greatestFiniteMagnitude]
        #expect(try Tensor(bytes, shape: [2, 3]).scalars() == bytes)
        #expect(try Tensor(integers, shape: [2, 3]).scalars() == integers)
        #expect(try Tensor(floats, shape: [3, 2]).scalars() == floats)
        #expect(try Tensor(doubles, shape: [1, 6, 1]).scalars() == doubles)
    }

    @Test("A tensor knows its shape, its type and the number of its elements")
    func knowsItsForm() throws {
        let tensor = try Tensor([Float](repeating: 1, count: 24), shape: [2, 3, 4])
        #expect(try tensor.shape == [2, 3, 4])
        #expect(try tensor.dtype == .float32)
        #expect(try tensor.elementCount == 24)
        #expect(try Tensor([Int64(5), 6]).shape == [2])
    }

    @Test("Raw bytes of every element type come back unchanged", arguments: DType.allCases)
    func rawBytesComeBack(_ dtype: DType) throws {
        let original = (0..<5 * dtype.byteCount).map {
            dtype == .bool ? UInt8($0 % 2) : UInt8($0 * 3)
        }
        let tensor = try original.withUnsafeBytes {
            try Tensor(bytes: $0, shape: [5], dtype: dtype)
        }
        #expect(try tensor.dtype == dtype)
        #expect(try tensor.bytes == original)
    }

    @Test("Zeros, ones and other constants fill every element type", arguments: DType.allCases)
    func constants(_ dtype: DType) throws {
        #expect(try Tensor.zeros([2, 2], dtype: dtype).doubles == [0, 0, 0, 0])
        #expect(try Tensor.ones([3], dtype: dtype).doubles == [1, 1, 1])
        #expect(
            try Tensor.full([2], 7, dtype: dtype).doubles == (dtype == .bool ? [1, 1] : [7, 7])
        )
        #expect(try Tensor.full([1], 0, dtype: dtype).dtype == dtype)
    }

    @Test("Constants are float32 unless told otherwise")
    func constantsAreSinglePrecision() throws {
        #expect(try Tensor.zeros([1]).dtype == .float32)
        #expect(try Tensor.full([1], 0.1).scalars() == [Float(0.1)])
    }

    @Test("The wrong number of scalars is refused with the bytes that the shape needs")
    func wrongNumberOfScalars() {
        let few = refusal { try Tensor([Float](repeating: 0, count: 5), shape: [2, 3]) }
        #expect(few.contains("[2, 3] needs 24 bytes, not 20"))
        let many = refusal { try Tensor([Int64](repeating: 0, count: 7), shape: [2, 3]) }
        #expect(many.contains("needs 48 bytes, not 56"))
        let some = refusal { try Tensor([UInt8](repeating: 0, count: 1), shape: [0]) }
        #expect(some.contains("needs 0 bytes, not 1"))
    }

    @Test(
        "Negative and impossibly large shapes are refused",
        arguments: [[-1], [2, -3], [1 << 50], [1 << 62, 4], [.max, .max], [.max, 3, 0]]
    )
    func impossibleShapes(_ shape: [Int]) {
        #expect(!refusal { try Tensor.zeros(shape) }.isEmpty)
        #expect(!refusal { try Tensor([Float(1)], shape: shape) }.isEmpty)
    }

    @Test("A value that the element type cannot hold is refused")
    func valueOutOfRange() {
        #expect(refusal { try Tensor.full([1], 300, dtype: .uint8) }.contains("overflow"))
        #expect(refusal { try Tensor.full([1], .nan, dtype: .int64) }.contains("overflow"))
    }

    @Test("Reading as another type is refused, and both types are named")
    func readingAsAnotherType() throws {
        let tensor = try Tensor([Float(1), 2])
        #expect(
            refusal { try tensor.scalars(as: Double.self) }
                == "the tensor holds float32, not float64"
        )
        #expect(refusal { try tensor.scalars(as: Int64.self) }.contains("int64"))
    }

    @Test("Copying into a buffer of another size is refused")
    func copyingIntoAnotherSize() throws {
        let tensor = try Tensor([Float(1), 2])
        for size in [0, 7, 9] {
            var buffer = [UInt8](repeating: 0, count: size)
            let message = refusal {
                try buffer.withUnsafeMutableBytes { try tensor.copyBytes(to: $0) }
            }
            #expect(message.contains("holds 8 bytes, not \(size)"))
        }
    }

    @Test("The only element of a tensor can be read, whatever the rank and the type")
    func onlyElement() throws {
        #expect(try Tensor([Double.pi], shape: []).item() == .pi)
        #expect(try Tensor([Int64(-3)], shape: [1, 1, 1]).item() == -3)
        #expect(try Tensor.ones([1], dtype: .bool).item() == 1)
        #expect(refusal { try Tensor.ones([2]).item() }.contains("2 elements"))
        #expect(refusal { try Tensor.ones([0]).item() }.contains("0 elements"))
    }

    @Test("A tensor without elements has a shape, no scalars, the sum 0 and no mean")
    func withoutElements() throws {
        let tensor = try Tensor([Float](), shape: [0, 3])
        #expect(try tensor.shape == [0, 3])
        #expect(try tensor.elementCount == 0)
        #expect(try tensor.scalars(as: Float.self).isEmpty)
        #expect(try tensor.sum().item() == 0)
        #expect(try tensor.mean().item().isNaN)
        #expect(try tensor.sum([0]).scalars() == [Float(0), 0, 0])
        #expect(try (tensor * tensor).relu().shape == [0, 3])
    }

    @Test("Lengths whose product would overflow do no harm beside a length of 0")
    func hugeLengthsWithoutElements() throws {
        let tensor = try Tensor.zeros([1 << 62, 2, 0])
        #expect(try tensor.elementCount == 0)
        #expect(try tensor.scalars(as: Float.self).isEmpty)
    }

    @Test("Tensors are equal when shape, type and every element agree")
    func equality() throws {
        let tensor = try Tensor([Float(1), 2, 3, 4], shape: [2, 2])
        #expect(try tensor.isEqual(to: tensor))
        #expect(try tensor.isEqual(to: Tensor([Float(1), 2, 3, 4], shape: [2, 2])))
        #expect(try !tensor.isEqual(to: Tensor([Float(1), 2, 3, 5], shape: [2, 2])))
        #expect(try !tensor.isEqual(to: tensor.reshaped([4])))
        #expect(try !tensor.isEqual(to: tensor.to(.float64)))
        #expect(try !tensor.isEqual(to: tensor.transposed()))
        #expect(try tensor.isEqual(to: tensor.transposed().transposed()))
        #expect(try Tensor.zeros([0]).isEqual(to: .zeros([0])))
        #expect(try !Tensor.zeros([0]).isEqual(to: .zeros([0, 1])))
    }

    @Test("A tensor with NaN equals nothing, not even itself")
    func notANumber() throws {
        let tensor = try Tensor([1, Double.nan])
        #expect(try !tensor.isEqual(to: tensor))
    }

    @Test("Conversion to another type rounds as that type does")
    func conversion() throws {
        let tensor = try Tensor([0, 0.75, 1 + 1.0 / 512, 200])
        #expect(try tensor.to(.int64).scalars() == [Int64(0), 0, 1, 200])
        #expect(try tensor.to(.uint8).scalars() == [UInt8(0), 0, 1, 200])
        #expect(try tensor.to(.bool).doubles == [0, 1, 1, 1])
        // bfloat16 has eight significant bits.
        #expect(try tensor.to(.bfloat16).doubles == [0, 0.75, 1, 200])
        #expect(try tensor.to(.float32).doubles == [0, 0.75, 1 + 1.0 / 512, 200])
    }
}
