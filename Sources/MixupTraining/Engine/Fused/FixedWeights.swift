/// The weights of filters in the order in which a product takes them, for as long as they do not
/// change.
final class FixedWeights {
    private var arranged: [ObjectIdentifier: KernelMemory] = [:]

    /// The memory for a filter's weights; empty if they are still to be arranged.
    func memory(for filter: FusedFilter) throws -> KernelMemory {
        let key = ObjectIdentifier(filter)
        if let memory = arranged[key] { return memory }
        let memory = try KernelMemory(0)
        arranged[key] = memory
        return memory
    }
}
