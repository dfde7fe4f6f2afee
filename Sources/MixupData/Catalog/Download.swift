import Foundation
import Glibc

/// One file's way from a server to the disk, by the system's `curl`.
///
/// What has arrived is kept in `NAME.partial`, from which a later try goes on, and gets its name
/// when size and check sum are right.
struct Download {
    /// What is fetched.
    let file: PublishedFile
    /// The address of the file.
    let address: String
    /// The folder it goes into; it is made when it is needed.
    let folder: String
    /// Seconds without a byte, or without a connection, after which a try is given up.
    var stall = 30
    /// Tries in a row that bring nothing, after which there is no other.
    var tries = 4
    /// Seconds before the second try, doubled before each one after it.
    var pause = 1.0
    /// Where programs are looked for, and proxies.
    var environment = ProcessInfo.processInfo.environment

    /// The file's final path.
    var target: String { folder.hasSuffix("/") ? folder + file.name : "\(folder)/\(file.name)" }

    /// Fetches the file.
    ///
    /// - Parameter progress: receives the number of bytes that have arrived.
    /// - Returns: whether anything was fetched; false where the file is here already.
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` where `curl` is missing, the server
    ///   does not give the file, or the folder cannot be written;
    ///   ``DataError/invalidFile(path:reason:)`` where the file is not the publisher's.
    func run(progress: (Int) -> Void) throws -> Bool {
        if FileBytes.kind(of: target) != nil {
            guard let fault = try file.fault(of: target) else { return false }
            throw DataError.invalidFile(
                path: target,
                reason: "it is here already and not the publisher's file: \(fault); "
                    + "move it away to fetch it"
            )
        }
        let curl = SystemProgram("curl", environment: environment)
        try curl.require(for: address)
        let partial = try PartialFile(target: target)
        if partial.size > file.size { try partial.empty() }
        try fill(partial, curl, progress)
        try partial.finish()
        return true
    }

    /// Fetches until size and check sum are right.
    private func fill(
        _ partial: PartialFile,
        _ curl: SystemProgram,
        _ progress: (Int) -> Void
    ) throws {
        var fruitless = 0
        var most = partial.size
        // A part from an earlier try may not fit; then one fetch anew is worth it.
        var isPatched = partial.size > 0
        var mayStartAnew = true
        while true {
            let start = partial.size
            let answer =
                start < file.size ? try ask(curl, partial, progress) : Answer.complete
            switch answer {
            case .complete:
                guard let fault = try fault(of: partial) else { return }
                guard isPatched, mayStartAnew else {
                    partial.remove()
                    throw DataError.invalidFile(
                        path: address,
                        reason: "this is not the publisher's file: \(fault); nothing was kept, "
                            + "try again later or give another address by --from"
                    )
                }
                try partial.empty()
                isPatched = false
                mayStartAnew = false
            case .refused(let reason):
                if start == 0 { partial.remove() }
                throw unavailable(reason)
            case .broken(let reason, let canResume):
                fruitless = partial.size > most ? 0 : fruitless + 1
                most = max(most, partial.size)
                if !canResume { try partial.empty() }
                guard fruitless < tries else {
                    if partial.size == 0 { partial.remove() }
                    throw unavailable(reason)
                }
                isPatched = partial.size > 0
                Thread.sleep(forTimeInterval: pause * Double(1 << min(fruitless, 6)))
            }
        }
    }

    /// The server sends more than the publisher's file has.
    private struct TooLong: Error {}

    /// What became of one request.
    private enum Answer: Equatable {
        /// The server sent all that it has.
        case complete
        /// There is no use in asking again.
        case refused(String)
        /// Asking again may help, with or without what has arrived.
        case broken(String, canResume: Bool)
    }

    private func ask(
        _ curl: SystemProgram,
        _ partial: PartialFile,
        _ progress: (Int) -> Void
    ) throws -> Answer {
        let start = partial.size
        progress(start)
        let outcome: SystemProgram.Outcome
        do {
            outcome = try run(curl, into: partial, progress)
        } catch is TooLong {
            // The size tells.
            return .complete
        }
        return answer(to: outcome, from: start)
    }

    private func run(
        _ curl: SystemProgram,
        into partial: PartialFile,
        _ progress: (Int) -> Void
    ) throws -> SystemProgram.Outcome {
        try curl.run(
            [
                // The user's own settings could put headers into the output.
                "-q", "--silent", "--show-error", "--fail", "--location", "--globoff",
                "--proto", "=http,https", "--proto-redir", "=http,https",
                "--connect-timeout", "\(stall)", "--speed-time", "\(stall)", "--speed-limit", "1",
                "--continue-at", "\(partial.size)", "--url", address,
            ],
            path: address
        ) { pipe in
            while let bytes = try pipe.read(upToCount: 1 << 16), !bytes.isEmpty {
                try partial.append(bytes)
                guard partial.size <= file.size else { throw TooLong() }
                progress(partial.size)
            }
        }
    }

    private func answer(to outcome: SystemProgram.Outcome, from start: Int) -> Answer {
        if outcome.isSuccess { return .complete }
        // "curl: (6) Could not resolve host: x" without its start.
        let reason = outcome.complaint.drop { $0 != ")" }.dropFirst(2)
        let words = reason.isEmpty ? outcome.complaint : String(reason)
        switch outcome.status {
        case 1, 3, 5:
            return .refused(words)
        case 22:
            let code = words.split(separator: " ").last.flatMap { Int($0) } ?? 0
            if code == 416, start > 0 { return .broken(words, canResume: false) }
            let isPassing = code >= 500 || code == 408 || code == 429
            return isPassing ? .broken(words, canResume: true) : .refused(words)
        case 33, 36:
            return .broken(words, canResume: false)
        default:
            return .broken(words, canResume: true)
        }
    }

    private func fault(of partial: PartialFile) throws -> String? {
        guard partial.size <= file.size else {
            return "it has more than \(file.size) bytes, the publisher's has as many"
        }
        return try file.fault(of: partial.path)
    }

    private func unavailable(_ reason: String) -> DataError {
        .unreadableFile(
            path: address,
            reason: "it cannot be fetched (\(reason)); check the network, or give another address "
                + "by --from"
        )
    }
}
