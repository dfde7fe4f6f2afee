internal import CTrainKernels
import LibTorch

/// The threads that kernels share their work among, and the instructions that they use.
final class KernelTeam {
    let pointer: OpaquePointer
    let threadCount: Int

    /// - Throws: `TrainingError` if the system does not start so many threads.
    init(
        threadCount: Int = LibTorchRuntime.threadCount,
        instructions: ctk_instructions = ctk_best_instructions()
    ) throws {
        guard let pointer = ctk_team_new(Int32(clamping: threadCount), instructions) else {
            throw TrainingError.impossible(
                "the system does not start \(threadCount) threads; choose fewer (training.threads)"
            )
        }
        self.pointer = pointer
        self.threadCount = threadCount
    }

    deinit {
        ctk_team_free(pointer)
    }

    /// The instructions in words.
    var instructions: String { String(cString: ctk_team_instructions(pointer)) }
}
