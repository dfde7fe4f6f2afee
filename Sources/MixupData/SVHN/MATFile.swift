import Foundation

#if HAS_MATIO
    internal import CMatIO
#endif

/// A MAT file of version 5, which MATLAB writes by `save` with `-v6` and `-v7`.
struct MATFile {
    /// The file, as messages call it.
    let path: String

    /// An array of numbers with its name, the first dimension fastest.
    struct Variable {
        let name: String
        let dimensions: [Int]
        let elements: Elements
        fileprivate let path: String

        enum Elements {
            case bytes([UInt8])
            case doubles([Double])

            /// MATLAB's name of the class.
            var kind: String {
                switch self {
                case .bytes: "uint8"
                case .doubles: "double"
                }
            }
        }

        /// The elements of a column or a row.
        ///
        /// - Throws: ``DataError/invalidFile(path:reason:)``.
        func wholeNumbers() throws -> [Int] {
            guard dimensions.count == 2, dimensions.contains(1) else {
                throw DataError.invalidFile(
                    path: path,
                    reason: "\(name) has the dimensions \(dimensions); it must be a column"
                )
            }
            switch elements {
            case .bytes(let bytes): return bytes.map { Int($0) }
            case .doubles(let doubles):
                return try doubles.map { number in
                    guard let whole = Int(exactly: number) else {
                        throw DataError.invalidFile(
                            path: path,
                            reason: "\(name) holds \(number), which is no whole number"
                        )
                    }
                    return whole
                }
            }
        }
    }

    /// Checks that a file is whole, which the library does not: it fills up what is missing.
    ///
    /// - Throws: ``DataError/unreadableFile(path:reason:)``,
    ///   ``DataError/invalidFile(path:reason:)``, ``DataError/missingLibrary(_:neededFor:)``.
    init(path: String) throws {
        try DataLibrary.matio.require(for: path)
        self.path = path
        guard FileBytes.kind(of: path) == .typeRegular else {
            throw DataError.unreadableFile(path: path, reason: "there is no such file")
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw DataError.unreadableFile(
                path: path,
                reason: "the file cannot be opened; check its permissions"
            )
        }
        defer { try? file.close() }
        do {
            try checkElements(of: file)
        } catch let error as DataError {
            throw error
        } catch {
            throw DataError.unreadableFile(path: path, reason: "the file cannot be read")
        }
    }

    /// A header of 128 bytes, then elements: type and size of 4 bytes each, and the content.
    private func checkElements(of file: FileHandle) throws {
        let size = try file.seekToEnd()
        guard size <= FileBytes.limit else {
            throw invalid("the file has \(size) bytes; the limit is \(FileBytes.limit)")
        }
        try file.seek(toOffset: 0)
        let header = [UInt8](try file.read(upToCount: 128) ?? Data())
        let version = Array(header.dropFirst(124))
        let isLittle = version == [0, 1, 0x49, 0x4D]
        guard isLittle || version == [1, 0, 0x4D, 0x49] else {
            throw invalid("this is not a MAT file of version 5; save it with -v7 or get it again")
        }
        var position: UInt64 = 128
        var count = 0
        while position + 8 <= size {
            try file.seek(toOffset: position)
            let tag = [UInt8](try file.read(upToCount: 8) ?? Data())
            guard tag.count == 8 else { throw invalid("the file cannot be read to its end") }
            let words = [tag[0..<4], tag[4..<8]].map { word in
                (isLittle ? Array(word.reversed()) : Array(word))
                    .reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            let (matrix, compressed): (UInt64, UInt64) = (14, 15)
            guard words[0] == matrix || words[0] == compressed else {
                throw invalid("the file is damaged at byte \(position); get it again")
            }
            position += 8 + words[1]
            count += 1
            guard position <= size else {
                throw invalid("the file is cut short: \(position - size) bytes are missing")
            }
            guard count <= 1000 else { throw invalid("there are more than 1000 variables") }
        }
    }

    private func invalid(_ reason: String) -> DataError {
        .invalidFile(path: path, reason: reason)
    }

    #if HAS_MATIO
        /// Reads a variable.
        ///
        /// - Throws: ``DataError/invalidFile(path:reason:)`` where it is not there, or not an array
        ///   of real numbers of the class uint8 or double.
        func variable(_ name: String) throws -> Variable {
            guard let file = Mat_Open(path, Int32(MAT_ACC_RDONLY.rawValue)) else {
                throw invalid("matio cannot open the file; get it again")
            }
            defer { Mat_Close(file) }
            guard let variable = Mat_VarReadInfo(file, name) else {
                throw invalid("there is no variable \(name) in the file")
            }
            defer { Mat_VarFree(variable) }

            let rank = Int(variable.pointee.rank)
            guard let sizes = variable.pointee.dims, (1...8).contains(rank) else {
                throw invalid("\(name) has \(rank) dimensions; 1 to 8 are read")
            }
            let dimensions = (0..<rank).map { Int(clamping: sizes[$0]) }
            let isBytes = variable.pointee.class_type == MAT_C_UINT8
            let isDoubles = variable.pointee.class_type == MAT_C_DOUBLE
            guard isBytes || isDoubles, variable.pointee.isComplex == 0,
                variable.pointee.isLogical == 0
            else { throw invalid("\(name) is of the wrong class; uint8 and double are read") }
            guard let byteCount = Dataset.product(dimensions + [isBytes ? 1 : 8]),
                byteCount <= FileBytes.limit
            else { throw invalid("\(name) has the dimensions \(dimensions), which are too large") }

            guard Mat_VarReadDataAll(file, variable) == 0, let data = variable.pointee.data,
                variable.pointee.nbytes == byteCount
            else { throw invalid("\(name) cannot be read; the file is damaged, get it again") }
            let bytes = UnsafeRawBufferPointer(start: data, count: byteCount)
            return Variable(
                name: name,
                dimensions: dimensions,
                elements: isBytes
                    ? .bytes([UInt8](bytes))
                    : .doubles([Double](bytes.bindMemory(to: Double.self))),
                path: path
            )
        }
    #else
        func variable(_ name: String) throws -> Variable {
            throw DataError.missingLibrary(.matio, neededFor: path)
        }
    #endif
}
