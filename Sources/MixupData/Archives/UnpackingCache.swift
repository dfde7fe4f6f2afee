import Foundation
import Glibc

/// The folder in which unpacked archives are kept.
///
/// An archive is unpacked into a hidden folder, `.NAME.PID-RANDOM.partial`, which gets its final
/// name when it is complete. Whatever has a final name is therefore whole.
struct UnpackingCache {
    /// The folder; it is made when it is needed.
    let path: String

    private static let ending = ".partial"

    /// A cache in the given folder.
    init(path: String) {
        self.path = path
    }

    /// The user's own: `manifold-mixup` in `$XDG_CACHE_HOME`, or in `~/.cache`.
    init(environment: [String: String]) {
        // The standard asks to take no notice of a relative path.
        let given = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        path = (given ?? "\(home)/.cache") + "/manifold-mixup"
    }

    /// The folder of that name, filled first where it is not there or no longer whole.
    ///
    /// - Parameters:
    ///   - name: the folder's name in the cache.
    ///   - archive: the file that messages name.
    ///   - isWhole: whether nobody has removed anything from the folder since it was filled.
    ///   - fill: puts the content into the folder it is given; the folder vanishes if it throws.
    func folder(
        _ name: String,
        archive: String,
        isWhole: (String) -> Bool,
        fill: (String) throws -> Void
    ) throws -> String {
        sweep()
        let target = "\(path)/\(name)"
        if FileBytes.kind(of: target) == .typeDirectory {
            if isWhole(target) { return target }
            FolderTree.remove(target)
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
        } catch {
            throw unusable(archive, error.localizedDescription)
        }
        let random = String(UInt64.random(in: .min ... .max), radix: 16)
        let partial = "\(path)/.\(name).\(getpid())-\(random)\(Self.ending)"
        guard mkdir(partial, 0o700) == 0 else {
            throw unusable(archive, String(cString: strerror(errno)))
        }
        do {
            try fill(partial)
            // A power cut must not leave a folder with its final name and files of holes.
            sync()
            guard rename(partial, target) == 0 else {
                let reason = errno
                // Another process was faster; its folder is as good.
                guard reason == ENOTEMPTY || reason == EEXIST else {
                    throw unusable(archive, String(cString: strerror(reason)))
                }
                FolderTree.remove(partial)
                return target
            }
        } catch {
            FolderTree.remove(partial)
            throw error
        }
        return target
    }

    /// Removes what processes that are gone have left half-unpacked.
    func sweep() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            guard let process = Self.process(in: name) else { continue }
            if kill(process, 0) != 0, errno == ESRCH { FolderTree.remove("\(path)/\(name)") }
        }
    }

    /// The process that fills a hidden folder, or nil for any other name.
    private static func process(in name: String) -> pid_t? {
        guard name.hasPrefix("."), name.hasSuffix(ending) else { return nil }
        let parts = name.dropLast(ending.count).split(separator: ".").last?.split(separator: "-")
        guard let parts, parts.count == 2, UInt64(parts[1], radix: 16) != nil else { return nil }
        return pid_t(parts[0]).flatMap { $0 > 0 ? $0 : nil }
    }

    private func unusable(_ archive: String, _ reason: String) -> DataError {
        .unreadableFile(
            path: archive,
            reason: "it cannot be unpacked into \(path) (\(reason)); "
                + "set XDG_CACHE_HOME to a folder that you may write to"
        )
    }
}
