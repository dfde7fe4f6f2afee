internal import CTrainKernels
import LibTorch

/// The threads that kernels share their work among, and the instructions that they use.
final class KernelTeam {
    /// The best instructions that kernels may use on this machine, in words.
    static var bestInstructions: String {
        String(cString: ctk_instructions_name(ctk_best_instructions()))
    }

    let pointer: OpaquePointer
    let threadCount: Int

    /// - Throws: `TrainingError` if there is no memory.
    init(
        threadCount: Int = LibTorchRuntime.threadCount,
        instructions: ctk_instructions = ctk_best_instructions()
    ) throws {
        guard let pointer = ctk_team_new(Int32(clamping: threadCount), instructions) else {
            throw TrainingError.impossible("there is no memory for the kernels' threads")
        }
        self.pointer = pointer
        self.threadCount = threadCount
    }

    deinit {
        ctk_team_free(pointer)
    }

    /// Keeps the threads at hand for kernels that follow each other closely.
    ///
    /// What libtorch computes meanwhile, it computes with one thread.
    func together<Value>(_ body: () throws -> Value) throws -> Value {
        try withoutActuallyEscaping(body) { body in
            var result: Result<Value, any Error>?
            var call = { result = Result(catching: body) }
            withUnsafeMutablePointer(to: &call) {
                ctk_team_together(
                    pointer,
                    { $0?.assumingMemoryBound(to: (() -> Void).self).pointee() },
                    $0
                )
            }
            guard let result else {
                throw TrainingError.impossible("the kernels' threads did not run")
            }
            return try result.get()
        }
    }

    /// Whether products of bfloat16 are faster than those of single precision.
    var hasBFloat16: Bool { ctk_team_has_bfloat16(pointer) }

    /// Whether they are so fast that having fewer of them does not pay.
    var hasTiles: Bool { ctk_team_has_tiles(pointer) }

    /// The number of floats in a register.
    var lanes: Int { Int(ctk_team_lanes(pointer)) }

    /// The instructions in words.
    var instructions: String { String(cString: ctk_team_instructions(pointer)) }
}
