import ArgumentParser
import Foundation
import MixupData
import MixupTraining

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "List, verify and fetch the data sets that have a name.",
        subcommands: [List.self, Verify.self, Fetch.self]
    )

    /// Where data sets lie.
    struct Place: ParsableArguments {
        @Option(
            name: .long,
            help: ArgumentHelp(
                "The folder of data sets (default: $MANIFOLD_MIXUP_DATA, then ./data).",
                valueName: "folder"
            )
        )
        var dataDir: String?
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the data sets that have a name, and which of them are here."
        )

        @OptionGroup var place: Place

        func run() {
            var table = Table([
                Table.Column("name"), Table.Column("task"), Table.Column("image"),
                Table.Column("classes", .right), Table.Column("train", .right),
                Table.Column("test", .right), Table.Column("download", .right),
                Table.Column("where"),
            ])
            for set in KnownDataSet.all {
                let isBuiltIn = set.address == nil
                table.append([
                    set.name, set.task, set.shape.map(String.init).joined(separator: " × "),
                    "\(set.classCount)", "\(set.trainCount)", "\(set.testCount)",
                    isBuiltIn ? "" : megabytes(set.downloadSize),
                    isBuiltIn
                        ? "built in"
                        : set.location(dataDirectory: place.dataDir)
                            ?? "not here: manifold-mixup data fetch \(set.name)",
                ])
            }
            print(table.text, terminator: "")
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare data sets with what their publishers made, and count.",
            discussion: """
                Sizes and check sums of files, counts of examples, labels. Without names, all that \
                are here. A line that starts with bad says what is wrong with which file, and the \
                exit code is 1.
                """
        )

        @Argument(help: "The data sets.")
        var names: [String] = []

        @OptionGroup var place: Place

        func validate() throws {
            for name in names { _ = try knownDataSet(name) }
        }

        func run() throws {
            let sets =
                names.isEmpty
                ? KnownDataSet.all.filter {
                    $0.address == nil || $0.location(dataDirectory: place.dataDir) != nil
                }
                : try names.map(knownDataSet)
            var isGood = true
            for set in sets {
                isGood =
                    try set.verify(dataDirectory: place.dataDir) { line in
                        print(line.text)
                        fflush(nil)
                    } && isGood
            }
            if !isGood { throw ExitCode.failure }
        }
    }

    struct Fetch: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch a data set from its publisher.",
            discussion: """
                The files go into the folder of the data set's name in the folder of data sets. \
                What was cut off goes on when it is fetched again; what is not the publisher's, by \
                size and MD5, is not kept.
                """
        )

        @Argument(help: "The data set.")
        var name: String

        @OptionGroup var place: Place

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Another address that has the publisher's files.",
                valueName: "url"
            )
        )
        var from: String?

        func validate() throws {
            guard try knownDataSet(name).address != nil else {
                throw ValidationError("\(name) is built in; there is nothing to fetch")
            }
            if let from, !from.hasPrefix("http://"), !from.hasPrefix("https://") {
                throw ValidationError(
                    "--from takes an address that starts with http:// or https://"
                )
            }
        }

        func run() throws {
            let set = try knownDataSet(name)
            let meter = FetchMeter()
            defer { meter.clear() }
            _ = try set.fetch(into: place.dataDir, from: from) { meter.show($0) }
            let folder = place.dataDir.map { " --data-dir \($0)" } ?? ""
            print("\(name) is here; use it by --data \(name)\(folder)")
        }
    }
}

/// The data set of a name on the command line.
private func knownDataSet(_ name: String) throws -> KnownDataSet {
    guard let set = KnownDataSet.named(name) else {
        let known = KnownDataSet.all.map(\.name).joined(separator: ", ")
        throw ValidationError("no data set is called '\(name)'; known are \(known)")
    }
    return set
}

private func megabytes(_ bytes: Int) -> String {
    String(format: "%.1f MB", Double(bytes) / 1e6)
}

/// Shows on a terminal how much has arrived.
private final class FetchMeter {
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private var last = Date.distantPast

    func show(_ progress: KnownDataSet.FetchProgress) {
        guard progress.received < progress.size else { return clear() }
        guard isTerminal, Date().timeIntervalSince(last) > 0.2 else { return }
        last = Date()
        let share = 100 * progress.received / max(1, progress.size)
        write(
            "\(progress.file)  \(megabytes(progress.received)) of \(megabytes(progress.size))  "
                + "\(share)%"
        )
    }

    /// Makes room for other lines.
    func clear() {
        if isTerminal { write("") }
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
    }
}
