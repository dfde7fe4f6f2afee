import Foundation
import Glibc
import Synchronization

/// Lets training finish its step and save when it is asked to stop (SIGINT, SIGTERM).
///
/// A SIGINT after any such request ends the process at once, without saving. Signals belong to
/// the process, so there is one set of them.
public enum StopSignals {
    private static let watched = [SIGINT, SIGTERM]
    private static let previous = Mutex<[(signal: Int32, action: sigaction)]>([])

    /// From now on the two signals are noted instead of ending the process.
    ///
    /// A parent may have blocked them, as Swift's own worker threads do for what they start; they
    /// are let through.
    ///
    /// Also where SIGINT was ignored, as in a background job of a script: who sends it to such
    /// a job means it. Installing twice is the same as once. Forgets earlier requests.
    public static func install() {
        previous.withLock { previous in
            requestedSignal.store(0, ordering: .relaxed)
            guard previous.isEmpty else { return }
            var unblocked = sigset_t()
            sigemptyset(&unblocked)
            for signal in watched {
                sigaddset(&unblocked, signal)
                var action = sigaction()
                action.__sigaction_handler.sa_handler = noteSignal
                action.sa_flags = SA_RESTART
                sigemptyset(&action.sa_mask)
                var old = sigaction()
                if sigaction(signal, &action, &old) == 0 { previous.append((signal, old)) }
            }
            pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
        }
    }

    /// The signals do again what they did before ``install()``.
    public static func uninstall() {
        previous.withLock { previous in
            for (signal, action) in previous {
                var action = action
                sigaction(signal, &action, nil)
            }
            previous.removeAll()
        }
    }

    /// The signal that asked to stop, or nil.
    public static var requested: Int32? {
        let signal = requestedSignal.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// The exit code that says so, 128 + the signal: 130 after SIGINT, 143 after SIGTERM.
    public static var exitCode: Int32? {
        requested.map { 128 + $0 }
    }
}

/// The signal that asked to stop, 0 before.
///
/// Touched first by `install()`, so that the handler
/// never is the one to initialise it.
private let requestedSignal = Atomic<Int32>(0)

/// The handler: an atomic exchange and `_exit`, both of which are safe in a signal handler.
private let noteSignal: @convention(c) (Int32) -> Void = { signal in
    let (exchanged, _) = requestedSignal.compareExchange(
        expected: 0,
        desired: signal,
        ordering: .relaxed
    )
    if !exchanged && signal == SIGINT { _exit(128 + SIGINT) }
}
