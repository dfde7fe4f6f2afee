import LibTorch
import Testing

@Suite("Forward passes")
struct ForwardPassTests {
    @Test("A plain pass evaluates, and leaves the states at sites alone")
    func plainPass() throws {
        let pass = ForwardPass()
        let state = try Tensor([1, 2.0])
        #expect(!pass.isTraining)
        #expect(pass.dropoutGenerator == nil)
        #expect(try pass.site("input", state) === state)
    }
}
