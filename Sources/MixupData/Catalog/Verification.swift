import Foundation

/// One thing that was verified.
public struct VerificationLine: Equatable, Sendable {
    /// How it is.
    public enum Verdict: String, Sendable {
        /// As its publisher made it.
        case good = "ok"
        /// Wrong.
        case bad
        /// Neither: it could not be compared, and the rest of the line says why.
        case note
    }

    /// How it is.
    public let verdict: Verdict
    /// The file, archive or data set.
    public let subject: String
    /// What was found.
    public let finding: String

    /// The line, as it is printed.
    public var text: String {
        DataError.oneLine(
            verdict.rawValue.padding(toLength: 4, withPad: " ", startingAt: 0)
                + "  \(subject): \(finding)"
        )
    }
}

extension KnownDataSet {
    /// Compares the files that are here with the publisher's, then loads the data set and counts.
    ///
    /// - Parameters:
    ///   - dataDirectory: where to look first, then where ``DataSource`` looks.
    ///   - report: receives each line as soon as it is known.
    /// - Returns: whether nothing is wrong.
    /// - Throws: ``DataError/notFound(dataset:tried:cure:)`` where the data set is not here.
    public func verify(
        dataDirectory: String?,
        report: (VerificationLine) -> Void
    ) throws -> Bool {
        try withoutActuallyEscaping(report) { report in
            let verification = Verification(
                dataSet: self,
                roots: Self.roots(dataDirectory),
                unpack: { try Archive(path: $0).unpacked(check: $1) },
                load: { try DataSource.load([name], dataDirectory: dataDirectory) },
                report: report
            )
            return try verification.run()
        }
    }
}

/// How a data set is verified.
final class Verification {
    private let dataSet: KnownDataSet
    private let roots: DataRoots
    private let unpack: (String, (String) throws -> Void) throws -> String
    private let load: () throws -> DataSplits
    private let report: (VerificationLine) -> Void
    private var isGood = true

    init(
        dataSet: KnownDataSet,
        roots: DataRoots,
        unpack: @escaping (String, (String) throws -> Void) throws -> String,
        load: @escaping () throws -> DataSplits,
        report: @escaping (VerificationLine) -> Void
    ) {
        self.dataSet = dataSet
        self.roots = roots
        self.unpack = unpack
        self.load = load
        self.report = report
    }

    /// Verifies files, then content; whether nothing is wrong.
    func run() throws -> Bool {
        if let places = dataSet.places {
            guard let finding = places.find(in: roots) else { throw places.notFound(in: roots) }
            let published = verifyPublished(places)
            switch finding {
            case .folder(let folder):
                verifyMembers(in: folder, hasPublished: !published.isEmpty, of: nil)
            case .archive(let archive) where published[archive] != true:
                verifyOtherArchive(archive, isPublished: published[archive] != nil, places)
            case .archive:
                break
            }
        }
        verifyContent()
        return isGood
    }

    /// Compares every file that has a published file's name; whether each is the publisher's.
    private func verifyPublished(_ places: DataPlaces) -> [String: Bool] {
        var results: [String: Bool] = [:]
        for place in roots.paths.flatMap(places.places) {
            for file in dataSet.files {
                let path = "\(place)/\(file.name)"
                guard FileBytes.kind(of: path) != nil, results[path] == nil else { continue }
                // An archive with other sums may have the right content.
                let isArchive = places.archives.contains(file.name) && !dataSet.members.isEmpty
                results[path] = compare(path, with: file, orElse: isArchive ? .note : .bad)
            }
        }
        return results
    }

    /// Looks into an archive that is not the publisher's.
    private func verifyOtherArchive(_ archive: String, isPublished: Bool, _ places: DataPlaces) {
        if !isPublished {
            say(
                .note,
                archive,
                "not the publisher's archive, which is \(dataSet.files[0].name); its content is "
                    + (dataSet.members.isEmpty ? "only counted" : "compared instead")
            )
        }
        do {
            let folder = try places.folder(in: roots, unpack: unpack)
            verifyMembers(in: folder, hasPublished: isPublished, of: archive)
        } catch {
            say(.bad, archive, "\(error)")
        }
    }

    /// Compares the unpacked files whose check sums are known.
    private func verifyMembers(in folder: String, hasPublished: Bool, of archive: String?) {
        let names = archive.map { "\($0): " } ?? "\(folder)/"
        for member in dataSet.members {
            compare("\(folder)/\(member.name)", with: member, name: names + member.name)
        }
        if dataSet.members.isEmpty, !hasPublished, archive == nil {
            say(.note, folder, "no check sums are known of unpacked files; they are only counted")
        }
    }

    @discardableResult
    private func compare(
        _ path: String,
        with file: PublishedFile,
        name: String? = nil,
        orElse verdict: VerificationLine.Verdict = .bad
    ) -> Bool {
        do {
            if let fault = try file.fault(of: path) {
                say(verdict, name ?? path, "not the publisher's file: \(fault)")
                return false
            }
            say(.good, name ?? path, "\(file.size) bytes, \(file.checksum.kind) as published")
            return true
        } catch DataError.unreadableFile(_, let reason) {
            say(.bad, name ?? path, reason)
        } catch {
            say(.bad, name ?? path, "\(error)")
        }
        return false
    }

    /// Reads everything, which finds labels out of range, and counts.
    private func verifyContent() {
        let splits: DataSplits
        do {
            splits = try load()
        } catch {
            return say(.bad, dataSet.name, "it cannot be loaded: \(error)")
        }
        for (part, expected) in [
            (splits.train, dataSet.trainCount), (splits.test, dataSet.testCount),
        ] {
            let counts = part.classCounts
            let text = "\(part.count) examples of shape \(part.shape) in \(part.classCount) classes"
            if part.count != expected || part.shape != dataSet.shape
                || part.classCount != dataSet.classCount
            {
                say(
                    .bad,
                    part.name,
                    "\(text); published are \(expected) of shape \(dataSet.shape) "
                        + "in \(dataSet.classCount) classes"
                )
            } else if let empty = counts.firstIndex(of: 0) {
                say(.bad, part.name, "\(text), but none of class \(empty)")
            } else {
                let sizes = "\(counts.min() ?? 0) to \(counts.max() ?? 0) a class"
                say(.good, part.name, "\(text), \(sizes)")
            }
        }
    }

    private func say(_ verdict: VerificationLine.Verdict, _ subject: String, _ finding: String) {
        if verdict == .bad { isGood = false }
        report(VerificationLine(verdict: verdict, subject: subject, finding: finding))
    }
}
