import Foundation

/// One example without a class, ready for a network.
public struct Input: Sendable, Equatable {
    /// Where it comes from: a path, a table's path and line ("data.csv:17"), or an IDX file's path and
    /// number from 0 ("images[17]").
    public let name: String
    /// Its values, normalised as those of the network's own data.
    public let values: [Float]
    /// What a labelled table says of it.
    public let label: String?
}

/// Why an input cannot be had.
public struct InputFailure: Error, Sendable {
    /// The input, or the file or folder that would have had inputs.
    public let name: String
    /// The reason, which names it too, on one line.
    public let reason: String

    init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }

    /// A failure by what was thrown; `name` is the input's where the error does not know it.
    init(_ error: any Error, of name: String) {
        switch error {
        case let failure as InputFailure:
            self = failure
        case DataError.unreadableFile(let path, _), DataError.invalidFile(let path, _):
            self.init(name: path, reason: "\(error)")
        default:
            self.init(name: name, reason: DataError.oneLine("\(name): \(error)"))
        }
    }
}

/// Brings what a user names to a network: image files, folders of them, tables, and IDX files.
///
/// Folders are gone through recursively, in the order of their names; links to folders are not followed,
/// and of the files those are taken whose names end as those of PNG and JPEG files do. A file that is
/// named itself is recognised by its content. The memory that is used does not grow with the number of
/// inputs, beyond the names in one folder.
public final class InputReader {
    /// How inputs may be changed, and what tables have.
    public struct Options: Sendable {
        /// Brings an image of another size to the network's; `nil` makes it an error.
        public var resize: InputPixels.Resizing?
        /// Whether a colour image's brightness is taken where the network takes grey images; otherwise
        /// it is an error.
        public var convertsToGrey: Bool
        /// Whether the last column of a table is a label.
        public var isLabelled: Bool

        /// No changes, and tables without labels.
        public init(
            resize: InputPixels.Resizing? = nil,
            convertsToGrey: Bool = false,
            isLabelled: Bool = false
        ) {
            self.resize = resize
            self.convertsToGrey = convertsToGrey
            self.isLabelled = isLabelled
        }
    }

    /// The files in folders that were passed over, because they are no images by their names.
    public private(set) var passedOverCount = 0

    private let format: InputFormat
    private let options: Options
    private var paths: ArraySlice<String>
    private var sources: [Source] = []
    /// The images of the folder that the user named, as far as it was gone through.
    private var imageCount = 0

    /// What inputs are being taken from; the innermost folder is the last.
    private enum Source {
        case folder(path: String, names: ArraySlice<String>)
        case table(TableRows)
        case images(IDXImages)
    }

    /// An input before it is decoded.
    private enum Raw: Sendable {
        case file(String)
        case row(TableRows.Row)
        case pixels(String, InputPixels)
        case failure(InputFailure)
    }

    /// Reads the inputs that `paths` name, in this order.
    ///
    /// - Parameters:
    ///   - paths: files and folders; `-` is a table on standard input.
    ///   - format: what the network takes.
    ///   - options: what may be done to them.
    public init(_ paths: [String], format: InputFormat, options: Options = Options()) {
        self.paths = paths[...]
        self.format = format
        self.options = options
    }

    /// The next inputs, and those that cannot be had, in their order; none at the end.
    ///
    /// - Parameter count: the most that are taken.
    public func next(_ count: Int) -> [Result<Input, InputFailure>] {
        var raw: [Raw] = []
        while raw.count < count, let one = nextRaw() { raw.append(one) }
        var results = raw.map { _ in
            Result<Input, InputFailure>.failure(InputFailure(name: "", reason: ""))
        }
        let (format, options) = (format, options)
        results.withUnsafeMutableBufferPointer { results in
            // Nothing is thrown: every input has a result of its own.
            try? Parallel.forEach(raw.count) { index in
                results[index] = Self.decoded(raw[index], as: format, options)
            }
        }
        return results
    }

    private static func decoded(
        _ raw: Raw,
        as format: InputFormat,
        _ options: Options
    ) -> Result<Input, InputFailure> {
        var name = ""
        return Result {
            switch raw {
            case .failure(let failure):
                throw failure
            case .row(let row):
                name = row.name
                let (numbers, label) = try row.values()
                let values = try format.normalised(numbers, name: name)
                return Input(name: name, values: values, label: label)
            case .pixels(let path, let pixels):
                name = path
                let image = pixels.repeated(channelCount: format.shape[0])
                let values = try image.normalised(as: format, name: name, resize: options.resize)
                return Input(name: name, values: values, label: nil)
            case .file(let path):
                name = path
                try format.requirePixels(of: path)
                let image = try InputPixels(
                    path: path,
                    channelCount: format.shape[0],
                    convertsToGrey: options.convertsToGrey
                )
                let values = try image.normalised(as: format, name: name, resize: options.resize)
                return Input(name: name, values: values, label: nil)
            }
        }
        .mapError { InputFailure($0, of: name) }
    }

    /// The next input or failure; nothing at the end.
    private func nextRaw() -> Raw? {
        while true {
            if let source = sources.last {
                if let raw = next(from: source) { return raw }
            } else if let path = paths.popFirst() {
                if let raw = open(path) { return raw }
            } else {
                return nil
            }
        }
    }

    /// Starts with what a user named; returns what is an input itself.
    private func open(_ path: String) -> Raw? {
        do {
            if path == ByteStream.standardInput {
                try openTable(ByteStream(path: path))
                return nil
            }
            switch FileBytes.kind(of: path) {
            case .typeDirectory?:
                try format.requirePixels(of: path)
                imageCount = 0
                try openFolder(path)
                return nil
            case nil:
                throw DataError.unreadableFile(
                    path: path,
                    reason: "there is no such file or folder"
                )
            case .typeRegular? where Self.isImage(path):
                return .file(path)
            default:
                return try openFile(path)
            }
        } catch {
            return .failure(InputFailure(error, of: path))
        }
    }

    /// Starts with a file by its content; what is neither an image nor an IDX file is a table.
    private func openFile(_ path: String) throws -> Raw? {
        let stream = try ByteStream(path: path)
        let beginning = try stream.peek()
        if ImageFile.isImage(beginning) { return .file(path) }
        if beginning.starts(with: IDXImages.beginning) {
            try format.requirePixels(of: path)
            sources.append(.images(try IDXImages(stream)))
        } else if beginning.isEmpty {
            throw DataError.invalidFile(path: path, reason: "the file is empty")
        } else {
            openTable(stream)
        }
        return nil
    }

    private func openTable(_ stream: ByteStream) {
        let rows = TableRows(
            stream,
            columnCount: format.featureCount,
            isLabelled: options.isLabelled
        )
        sources.append(.table(rows))
    }

    private func openFolder(_ path: String) throws {
        let names = try FolderListing.names(in: path)
        sources.append(.folder(path: path, names: names[...]))
    }

    /// What comes next from the innermost source, which is left where there is nothing more.
    private func next(from source: Source) -> Raw? {
        do {
            switch source {
            case .table(let rows):
                if let row = try rows.next() { return .row(row) }
                sources.removeLast()
            case .images(let images):
                if let (name, pixels) = try images.next() { return .pixels(name, pixels) }
                sources.removeLast()
            case .folder(let folder, let names):
                return next(in: folder, names)
            }
            return nil
        } catch {
            // What is damaged here is so to its end.
            sources.removeLast()
            return .failure(InputFailure(error, of: ""))
        }
    }

    private func next(in folder: String, _ names: ArraySlice<String>) -> Raw? {
        guard let name = names.first else {
            sources.removeLast()
            guard sources.isEmpty, imageCount == 0 else { return nil }
            return .failure(
                InputFailure(
                    DataError.unreadableFile(path: folder, reason: "there is no image in it"),
                    of: folder
                )
            )
        }
        sources[sources.count - 1] = .folder(path: folder, names: names.dropFirst())
        let path = FolderListing.path(folder, name)
        switch Self.kindOfItself(path) {
        case .typeDirectory?:
            do {
                try openFolder(path)
            } catch {
                return .failure(InputFailure(error, of: path))
            }
        case .typeRegular? where Self.isImage(name), .typeSymbolicLink? where Self.isImage(name):
            imageCount += 1
            return .file(path)
        default:
            passedOverCount += 1
        }
        return nil
    }

    /// Whether a file is taken for an image by its name.
    private static func isImage(_ name: String) -> Bool {
        ["png", "jpg", "jpeg"].contains { name.lowercased().hasSuffix("." + $0) }
    }

    /// What stands at a path, without following links.
    private static func kindOfItself(_ path: String) -> FileAttributeType? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.type] as? FileAttributeType
    }
}
