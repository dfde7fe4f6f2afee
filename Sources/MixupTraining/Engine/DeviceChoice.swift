import LibTorch

/// Where a training or a trained model is to compute: `auto`, `cpu`, `cuda`, or `cuda:N`.
public enum DeviceChoice: Hashable, Sendable {
    /// CUDA where it can be used, the CPU elsewhere. The CPU too where the fused engine is asked for,
    /// and where a machine has fewer CUDA devices than processes that train together.
    case auto
    /// The CPU.
    case cpu
    /// A CUDA device: that of a number, or the first; with several processes, each process's own.
    case cuda(Int?)

    /// Reads a choice; nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "auto": self = .auto
        case "cpu": self = .cpu
        case "cuda": self = .cuda(nil)
        default:
            guard text.hasPrefix("cuda:"), let index = Int(text.dropFirst(5)), index >= 0,
                text == "cuda:\(index)"
            else { return nil }
            self = .cuda(index)
        }
    }

    /// What CUDA devices there are.
    struct Offer {
        /// How many can be used.
        var count: Int
        /// Why there is none.
        var whyNone: String?

        /// Those of this machine.
        static var here: Offer { Offer(count: Device.cudaDevices.count, whyNone: Device.whyNoCUDA) }
    }

    /// The device that the choice means here.
    ///
    /// - Parameters:
    ///   - engine: which code computes; the fused engine has the CPU only.
    ///   - ranks: the processes that compute together, each with a CUDA device of its own.
    /// - Throws: `TrainingError` for a device that is not there, with what to do.
    public func device(
        for engine: TrainingEngine = .auto,
        ranks: Ranks = Ranks()
    ) throws -> Device {
        try device(for: engine, place: ranks.placeOnMachine(), offer: self == .cpu ? nil : .here)
    }

    func device(
        for engine: TrainingEngine,
        place: (rank: Int, count: Int),
        offer: Offer?
    ) throws(TrainingError) -> Device {
        let count = offer?.count ?? 0
        switch self {
        case .cpu:
            return .cpu
        case .auto:
            let isPossible = engine != .fused && count > 0 && place.count <= count
            return isPossible ? .cuda(place.rank) : .cpu
        case .cuda(let index):
            guard engine != .fused else {
                throw .impossible(
                    "the fused engine computes on the CPU, not on \(self); choose the engine auto or "
                        + "autograd, or the device cpu"
                )
            }
            guard count > 0 else {
                throw .impossible(
                    "the device \(self) cannot be used: \(offer?.whyNone ?? "there is none"); "
                        + "choose the device cpu or auto, or see what manifold-mixup doctor says of CUDA"
                )
            }
            guard index == nil || place.count == 1 else {
                throw .impossible(
                    "each of several processes needs a CUDA device of its own, not all \(self); choose "
                        + "the device cuda, which is cuda:N for process N of a machine"
                )
            }
            let number = index ?? place.rank
            guard number < count else {
                let devices = count == 1 ? "the only CUDA device is cuda:0" : "there are \(count)"
                throw .impossible(
                    index == nil
                        ? "process \(number) of this machine has no CUDA device of its own: \(devices); "
                            + "start fewer processes, or choose the device cpu"
                        : "there is no device \(self): \(devices)"
                )
            }
            return .cuda(number)
        }
    }
}

extension DeviceChoice: CustomStringConvertible {
    /// As it is read.
    public var description: String {
        switch self {
        case .auto: "auto"
        case .cpu: "cpu"
        case .cuda(nil): "cuda"
        case .cuda(let index?): "cuda:\(index)"
        }
    }
}

extension DeviceChoice: Codable {
    /// Reads the text of a choice.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let choice = DeviceChoice(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "a device is auto, cpu, cuda or cuda:N"
            )
        }
        self = choice
    }

    /// Writes its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Ranks {
    /// This process's number among those of its machine, and how many they are.
    fileprivate func placeOnMachine() throws -> (rank: Int, count: Int) {
        guard count > 1 else { return (0, 1) }
        let environment = try RankEnvironment()
        return (environment?.localRank ?? rank, environment?.localCount ?? count)
    }
}
