import Foundation
import Glibc
import LibTorch
import MixupData

/// Trained weights in a safetensors file, under the names of PyTorch's state_dict.
///
/// The names may carry what PyTorch's wrappers put before them, as the checkpoints of the paper's authors
/// do: `module.` (DataParallel, averaged models) and `_orig_mod.` (compiled models).
public struct WeightsFile {
    /// The file, as the user wrote it.
    public let path: String
    /// The tensors by their names, without what wrappers put before them.
    public let tensors: [String: Tensor]
    /// What the file says of its network; `nil` in a file that this package did not write.
    public let description: ModelDescription?

    /// What PyTorch's wrappers put before every name.
    private static let wrappers = ["module.", "_orig_mod."]
    /// What PyTorch's averaged models count along, outside of the module that they wrap.
    private static let averageCount = "n_averaged"

    /// Reads a file.
    ///
    /// - Throws: `WeightsError.unreadable` for a pickle of PyTorch's and for tensors of another kind,
    ///   `TorchError` for a file that is missing or damaged, `RecipeError` for a network that cannot be.
    public init(path: String) throws {
        try Self.refusePickle(path)
        let file = try Safetensors(path: path)
        try self.init(
            path: path,
            tensors: file.dictionary,
            description: ModelDescription(metadata: file.metadata, path: path)
        )
    }

    init(path: String, tensors: [String: Tensor], description: ModelDescription?) throws {
        self.path = path
        self.tensors = Self.unwrapped(tensors)
        self.description = description
        for (name, tensor) in self.tensors where try !tensor.isFinite {
            throw WeightsError.unreadable(
                file: path,
                reason:
                    "'\(name)' holds a value that is not finite; the training that wrote it failed"
            )
        }
        guard !tensors.isEmpty else {
            throw WeightsError.unreadable(file: path, reason: "there is no tensor in it")
        }
        if let description { try check(description) }
    }

    /// Reads the weights of a run, a checkpoint or a file, as ``SavedModel/init(path:checkpoint:weights:)``,
    /// and also of a file that describes nothing.
    public static func find(_ path: String) throws -> WeightsFile {
        let isFolder = FilePath.kind(of: path) == S_IFDIR
        return isFolder ? try SavedModel(path: path).file : try WeightsFile(path: path)
    }

    /// The network that the tensors belong to, as far as they tell; `nil` where no recipe describes it.
    public var recognisedModel: Recipe.Model? {
        get throws { Recipe.Model(shapes: try shapes) }
    }

    /// The network: as the file describes it, or else as far as the tensors tell.
    ///
    /// - Throws: `WeightsError.unreadable` where neither says anything.
    public func model() throws -> Recipe.Model {
        if let model = try description?.model ?? recognisedModel { return model }
        let names = tensors.keys.sorted()
        throw WeightsError.unreadable(
            file: path,
            reason: "its tensors (\(Self.list(names))) are those of no network here; "
                + "'manifold-mixup models list' shows the networks"
        )
    }

    /// Overwrites all parameters and buffers of a network.
    ///
    /// A count of batches that old files lack (`num_batches_tracked`) becomes zero; nothing computes
    /// with it.
    ///
    /// - Parameters:
    ///   - module: the network.
    ///   - name: what messages call it.
    /// - Throws: `WeightsError.mismatch`, which says what is missing, left over, or of another shape, and
    ///   what to do; then nothing was changed.
    public func load(into module: any Module, named name: String) throws {
        let own = module.stateDictionary()
        var tensors = tensors
        let counts = own.map(\.name).filter { $0.hasSuffix("num_batches_tracked") }
        if counts.allSatisfy({ tensors[$0] == nil }) {
            for count in counts { tensors[count] = try .zeros([], dtype: .int64) }
        }
        let problems = try problems(of: own, tensors)
        guard problems.isEmpty else {
            throw WeightsError.mismatch(
                file: path,
                network: name,
                problems: problems,
                cure: try cure(for: own, isComplete: own.count == tensors.count)
            )
        }
        try module.load(tensors)
    }

    /// What keeps the tensors from being those of a network.
    private func problems(of own: [NamedTensor], _ tensors: [String: Tensor]) throws -> [String] {
        let missing = own.map(\.name).filter { tensors[$0] == nil }
        let leftOver = Set(tensors.keys).subtracting(own.map(\.name)).sorted()
        let reshaped = try own.compactMap { named -> String? in
            guard let shape = try tensors[named.name]?.shape else { return nil }
            let needed = try named.tensor.shape
            return shape == needed ? nil : "\(named.name) is \(shape), not \(needed)"
        }
        return [("missing", missing), ("left over", leftOver), ("of another shape", reshaped)]
            .filter { !$0.1.isEmpty }
            .map { "\($0.0): \(Self.list($0.1))" }
    }

    /// What to do about a mismatch.
    private func cure(for own: [NamedTensor], isComplete: Bool) throws -> String {
        let file = try recognisedModel
        let wanted = Recipe.Model(
            shapes: Dictionary(
                try own.map { ($0.name, try $0.tensor.shape) },
                uniquingKeysWith: { first, _ in first }
            )
        )
        guard let file else { return "take weights that were written by this network" }
        guard file == wanted else {
            return "the file holds this network: \(file.summary); ask for it by \(file.flags)"
        }
        guard isComplete else { return "the file is not whole, or holds more than it should" }
        return
            "the network is the same, but not what goes in and comes out: take data with as many "
            + "channels or columns and classes as the weights were trained on"
    }

    /// Makes sure that a description is that of the tensors, before anything is made from it.
    private func check(_ description: ModelDescription) throws {
        let input = description.input.shape
        guard try recognisedModel == description.model.visible,
            let ends = try description.model.ends(shapes),
            ends.inputs == (description.model.name == .mlp ? input.reduce(1, *) : input[0]),
            ends.outputs == description.classNames.count
        else {
            throw WeightsError.unreadable(
                file: path,
                reason: "it describes \(description.summary), but its tensors are those of another "
                    + "network; get the file again"
            )
        }
    }

    private var shapes: [String: [Int]] {
        get throws { try tensors.mapValues { try $0.shape } }
    }

    /// A few names of a list that may be long.
    private static func list(_ names: [String]) -> String {
        let few = names.prefix(4).map(\.shortened).joined(separator: ", ")
        return names.count > 4 ? "\(few) and \(names.count - 4) more" : few
    }

    /// The tensors without what wrappers put before all of their names.
    private static func unwrapped(_ tensors: [String: Tensor]) -> [String: Tensor] {
        var tensors = tensors
        while let wrapper = wrappers.first(where: { isWrapped(tensors, by: $0) }) {
            tensors[averageCount] = nil
            tensors = Dictionary(
                tensors.map { (String($0.key.dropFirst(wrapper.count)), $0.value) },
                uniquingKeysWith: { first, _ in first }
            )
        }
        return tensors
    }

    private static func isWrapped(_ tensors: [String: Tensor], by wrapper: String) -> Bool {
        let names = tensors.keys.filter { $0 != averageCount }
        return !names.isEmpty
            && names.allSatisfy { $0.hasPrefix(wrapper) && $0.count > wrapper.count }
    }

    /// Says what to do about the files that `torch.save` writes: zip archives or pickles.
    private static func refusePickle(_ path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { return }
        defer { try? file.close() }
        let start = [UInt8]((try? file.read(upToCount: 4)) ?? Data())
        guard start == [0x50, 0x4B, 0x03, 0x04] || start.starts(with: [0x80, 0x02]) else { return }
        throw WeightsError.unreadable(
            file: path,
            reason:
                "this is a pickle of PyTorch's, which can hold programs and is not read here; make "
                + "a safetensors file of it with scripts/checkpoint-to-safetensors"
        )
    }
}

extension Tensor {
    /// Whether every element is a finite number.
    fileprivate var isFinite: Bool {
        get throws {
            let dtype = try dtype
            guard [.float32, .float64, .bfloat16].contains(dtype), try elementCount > 0 else {
                return true
            }
            return try to(.float64).sum().item().isFinite
        }
    }
}
