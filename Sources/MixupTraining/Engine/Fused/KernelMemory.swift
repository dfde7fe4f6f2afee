internal import CTrainKernels

/// Numbers of single precision that kernels compute with.
final class KernelMemory {
    private(set) var elements: UnsafeMutablePointer<Float>
    private(set) var count: Int

    /// Zeros.
    ///
    /// - Throws: `TrainingError` if there is no memory for them.
    init(_ count: Int) throws {
        elements = try Self.allocate(count)
        self.count = count
    }

    deinit {
        ctk_release(elements)
    }

    /// Makes sure that `count` numbers fit; if it takes new memory, the numbers are lost.
    func reserve(_ count: Int) throws {
        guard count > self.count else { return }
        let larger = try Self.allocate(count)
        ctk_release(elements)
        elements = larger
        self.count = count
    }

    func clear() {
        elements.update(repeating: 0, count: count)
    }

    private static func allocate(_ count: Int) throws -> UnsafeMutablePointer<Float> {
        guard let elements = ctk_allocate(Int64(count)) else {
            throw TrainingError.impossible(
                "there is no memory for \(count / 262_144 + 1) MiB of hidden states; choose a smaller "
                    + "training.batch-size"
            )
        }
        return elements
    }
}
