import Testing

@testable import MixupTraining

@Suite("What the machine can do at best")
struct MachineSpeedTests {
    @Test("Every figure is a possible one")
    func figures() throws {
        let speed = try MachineSpeed.measure(threads: 1)
        #expect(speed.float32Gigaflops > 0.1 && speed.float32Gigaflops < 1e4)
        #expect(speed.readGigabytes > 0.1 && speed.readGigabytes < 1e4)
        // Nearer than the first cache no other core is; further than a millisecond, nobody.
        if let trip = speed.roundTripNanoseconds { #expect(trip > 1 && trip < 1e6) }
    }
}
