import Foundation

/// The checkpoints of a run: folders named by their step, and links `last`, `previous`, `best` and
/// `epoch-N` to some of them.
struct CheckpointFolder {
    /// The folder that holds all checkpoints.
    let path: String

    /// What a link points at.
    enum Link: Equatable {
        /// The newest.
        case last
        /// The newest but one.
        case previous
        /// The one with the lowest error on the held-out examples, or on the test set without any.
        case best
        /// Kept for good.
        case epoch(Int)

        var name: String {
            switch self {
            case .last: "last"
            case .previous: "previous"
            case .best: "best"
            case .epoch(let number): "epoch-\(number)"
            }
        }
    }

    /// Writes a checkpoint and points links at it; `last` moves on, and what no link points at any more
    /// is removed.
    func write(
        _ trainer: Trainer,
        state: CheckpointState,
        description: ModelDescription? = nil,
        links: [Link]
    ) throws {
        let folder = String(format: "step-%09d", trainer.position.step)
        try Checkpoint.write(
            trainer,
            state: state,
            description: description,
            to: path + "/" + folder
        )
        if let last = Symlink.target(of: path + "/last"), last != folder {
            try Symlink.replace(path + "/previous", target: last)
        }
        for link in [.last] + links {
            try Symlink.replace(path + "/" + link.name, target: folder)
        }
        removeUnlinked()
    }

    /// Reads a checkpoint: the newest, or the one that a user names.
    ///
    /// - Throws: `CheckpointError`; if the newest is damaged, it names the previous one if that is whole.
    func read(_ name: String? = nil) throws -> Checkpoint {
        let chosen = name ?? "last"
        guard FileManager.default.fileExists(atPath: path + "/" + chosen) else {
            throw name == nil
                ? CheckpointError.missing(folder: path)
                : TrainingError.impossible(
                    "there is no checkpoint '\(chosen)' in \(path); there are "
                        + names().joined(separator: ", ")
                )
        }
        do {
            return try Checkpoint(readingFrom: path + "/" + chosen)
        } catch CheckpointError.damaged(let file, let reason, _) {
            let whole = names().first { candidate in
                Symlink.target(of: path + "/" + candidate)
                    != Symlink.target(of: path + "/" + chosen)
                    && (try? Checkpoint(readingFrom: path + "/" + candidate)) != nil
            }
            throw CheckpointError.damaged(file: file, reason: reason, previous: whole)
        }
    }

    /// Makes a checkpoint the one that `last` points at, so that the run goes on from there.
    func makeLast(_ name: String) throws {
        guard let target = Symlink.target(of: path + "/" + name) else { return }
        try Symlink.replace(path + "/" + Link.last.name, target: target)
    }

    /// The links, the newest checkpoint first.
    func names() -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let targets = all.compactMap { name in
            Symlink.target(of: path + "/" + name).map { (name: name, target: $0) }
        }
        return targets.sorted { ($0.target, $1.name) > ($1.target, $0.name) }.map(\.name)
    }

    private func removeUnlinked() {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let targets = Set(all.compactMap { Symlink.target(of: path + "/" + $0) })
        for name in all where name.hasPrefix("step-") && !targets.contains(name) {
            try? FileManager.default.removeItem(atPath: path + "/" + name)
        }
    }
}
