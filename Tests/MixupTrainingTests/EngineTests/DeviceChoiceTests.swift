import LibTorch
import Testing

@testable import MixupTraining

@Suite("The choice of a device")
struct DeviceChoiceTests {
    private func device(
        _ choice: DeviceChoice,
        engine: TrainingEngine = .auto,
        rank: Int = 0,
        of count: Int = 1,
        among devices: Int
    ) throws -> Device {
        try choice.device(
            for: engine,
            place: (rank, count),
            offer: .init(count: devices, whyNone: devices == 0 ? "the reason" : nil)
        )
    }

    private func refusal(_ body: () throws -> Device) throws -> String {
        let error = #expect(throws: TrainingError.self) { _ = try body() }
        let message = try #require(error).description
        #expect(!message.contains("\n"))
        return message
    }

    @Test("What is read is written again; anything else is refused")
    func text() {
        for text in ["auto", "cpu", "cuda", "cuda:0", "cuda:12"] {
            #expect(DeviceChoice(text)?.description == text)
        }
        for text in ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:01", "cuda: 1", "meta", "cpu:0"] {
            #expect(DeviceChoice(text) == nil, "\(text)")
        }
    }

    @Test("auto is CUDA where it can be used, and the CPU elsewhere")
    func auto() throws {
        #expect(try device(.auto, among: 0) == .cpu)
        #expect(try device(.auto, among: 2) == .cuda(0))
        #expect(try device(.auto, engine: .autograd, among: 1) == .cuda(0))
        #expect(try device(.auto, engine: .fused, among: 2) == .cpu)
    }

    @Test("cpu is the CPU, whatever there is")
    func cpu() throws {
        #expect(try device(.cpu, among: 2) == .cpu)
    }

    @Test("Each of several processes has a device of its own, or all of a machine have the CPU")
    func ranks() throws {
        for rank in 0..<2 {
            #expect(try device(.auto, rank: rank, of: 2, among: 2) == .cuda(rank))
            #expect(try device(.cuda(nil), rank: rank, of: 2, among: 3) == .cuda(rank))
            #expect(try device(.auto, rank: rank, of: 2, among: 1) == .cpu)
        }
    }

    @Test("A device that is not there is refused with what there is")
    func missing() throws {
        let none = try refusal { try device(.cuda(nil), among: 0) }
        #expect(none.contains("the reason") && none.contains("doctor"))
        let second = try refusal { try device(.cuda(1), among: 1) }
        #expect(second.contains("cuda:1") && second.contains("cuda:0"))
        let process = try refusal { try device(.cuda(nil), rank: 2, of: 3, among: 2) }
        #expect(process.contains("process 2") && process.contains("there are 2"))
    }

    @Test("Several processes on one device are refused")
    func sharing() throws {
        #expect(try refusal { try device(.cuda(0), of: 2, among: 2) }.contains("of its own"))
    }

    @Test("The fused engine has the CPU only")
    func fused() throws {
        let message = try refusal { try device(.cuda(0), engine: .fused, among: 1) }
        #expect(message.contains("fused engine") && message.contains("autograd"))
    }
}
