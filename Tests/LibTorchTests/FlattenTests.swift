import LibTorch
import Testing

@Suite("Flatten")
struct FlattenTests {
    @Test("Every example becomes one row with its elements in order")
    func rows() throws {
        let input = try Tensor((0..<24).map(Double.init), shape: [2, 3, 2, 2])
        let output = try Flatten()(input, ForwardPass())
        #expect(try output.shape == [2, 12])
        #expect(try output.doubles == input.doubles)
    }

    @Test("The shape told is the shape computed", arguments: [[3], [2, 3], [3, 4, 5], [0, 2]])
    func shapes(_ shape: [Int]) throws {
        let told = try Flatten().outputShape(for: shape)
        for count in [0, 1, 2] {
            #expect(try Flatten()(.zeros([count] + shape), ForwardPass()).shape == [count] + told)
        }
        #expect(Flatten().summary == "flatten")
    }
}
