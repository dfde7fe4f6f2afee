import Foundation
import Glibc
import Testing

@testable import MixupTraining

/// Each test has a process of its own, since signals belong to a process.
@Suite("Signals that ask training to stop")
struct StopSignalsTests {
    /// Sends this process a signal and waits until it is noted, or has had time to be.
    static func send(_ signal: Int32) {
        let isFirst = StopSignals.requested == nil
        kill(getpid(), signal)
        for _ in 0..<(isFirst ? 5000 : 200) where !isFirst || StopSignals.requested == nil {
            usleep(1000)
        }
    }

    @Test("SIGINT is noted and means exit code 130")
    func interrupt() async {
        await #expect(processExitsWith: .exitCode(130)) {
            StopSignals.install()
            guard StopSignals.requested == nil, StopSignals.exitCode == nil else { exit(1) }
            StopSignalsTests.send(SIGINT)
            guard StopSignals.requested == SIGINT, let code = StopSignals.exitCode else { exit(2) }
            exit(code)
        }
    }

    @Test("SIGTERM is noted, twice too, and means exit code 143")
    func terminate() async {
        await #expect(processExitsWith: .exitCode(143)) {
            StopSignals.install()
            StopSignalsTests.send(SIGTERM)
            StopSignalsTests.send(SIGTERM)
            guard StopSignals.requested == SIGTERM, let code = StopSignals.exitCode else { exit(2) }
            exit(code)
        }
    }

    @Test("A second SIGINT exits at once", arguments: [SIGINT, SIGTERM])
    func second(first: Int32) async {
        await #expect(processExitsWith: .exitCode(130)) { [first] in
            StopSignals.install()
            StopSignalsTests.send(first)
            StopSignalsTests.send(SIGINT)
            exit(1)
        }
    }

    @Test("After uninstalling, a signal does what it did before")
    func uninstall() async {
        await #expect(processExitsWith: .signal(SIGTERM)) {
            StopSignals.install()
            StopSignals.install()
            StopSignals.uninstall()
            StopSignalsTests.send(SIGTERM)
            exit(1)
        }
    }

    @Test("Installing again forgets the last request")
    func again() async {
        await #expect(processExitsWith: .success) {
            StopSignals.install()
            StopSignalsTests.send(SIGINT)
            StopSignals.uninstall()
            StopSignals.install()
            guard StopSignals.requested == nil else { exit(1) }
            StopSignalsTests.send(SIGINT)
            exit(StopSignals.requested == SIGINT ? 0 : 2)
        }
    }
}
