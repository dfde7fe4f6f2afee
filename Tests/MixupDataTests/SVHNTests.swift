import Foundation
import Testing

@testable import MixupData

#if HAS_MATIO
    import CMatIO
#endif

@Suite("SVHN", .enabled(if: DataLibrary.matio.isBuiltIn, "this build is without matio"))
struct SVHNTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var train: String { "\(folder.path)/train_32x32.mat" }
    private var test: String { "\(folder.path)/test_32x32.mat" }

    /// A variable of a MAT file.
    private struct Variable {
        let name: String
        let dimensions: [Int]
        let elements: MATFile.Variable.Elements
    }

    /// The byte at a place of the images that the tests write.
    private static func value(row: Int, column: Int, channel: Int, image: Int) -> UInt8 {
        UInt8((row * 7 + column * 3 + channel * 50 + image * 11) % 256)
    }

    /// `X` in MATLAB's order, in which the row is fastest.
    private func images(_ count: Int, dimensions: [Int]? = nil) -> Variable {
        var bytes: [UInt8] = []
        for image in 0..<count {
            for channel in 0..<3 {
                for column in 0..<32 {
                    for row in 0..<32 {
                        bytes.append(
                            Self.value(row: row, column: column, channel: channel, image: image)
                        )
                    }
                }
            }
        }
        return Variable(
            name: "X",
            dimensions: dimensions ?? [32, 32, 3, count],
            elements: .bytes(bytes)
        )
    }

    private func labels(_ labels: [UInt8]) -> Variable {
        Variable(name: "y", dimensions: [labels.count, 1], elements: .bytes(labels))
    }

    struct EncodingFailed: Error {}

    /// Writes a MAT file with matio itself.
    private func write(_ variables: [Variable], to path: String, compressed: Bool = true) throws {
        #if HAS_MATIO
            guard let file = Mat_CreateVer(path, nil, MAT_FT_MAT5) else { throw EncodingFailed() }
            defer { Mat_Close(file) }
            for variable in variables {
                var sizes = variable.dimensions
                let status: Int32? = sizes.withUnsafeMutableBufferPointer { sizes in
                    sizes.withMemoryRebound(to: Int.self) { sizes in
                        create(variable, sizes.baseAddress).map { made in
                            defer { Mat_VarFree(made) }
                            return Mat_VarWrite(
                                file,
                                made,
                                compressed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE
                            )
                        }
                    }
                }
                guard status == 0 else { throw EncodingFailed() }
            }
        #else
            throw EncodingFailed()
        #endif
    }

    #if HAS_MATIO
        private func create(
            _ variable: Variable,
            _ sizes: UnsafeMutablePointer<Int>?
        ) -> UnsafeMutablePointer<matvar_t>? {
            let rank = Int32(variable.dimensions.count)
            switch variable.elements {
            case .bytes(var bytes):
                return Mat_VarCreate(
                    variable.name,
                    MAT_C_UINT8,
                    MAT_T_UINT8,
                    rank,
                    sizes,
                    &bytes,
                    0
                )
            case .doubles(var doubles):
                return Mat_VarCreate(
                    variable.name,
                    MAT_C_DOUBLE,
                    MAT_T_DOUBLE,
                    rank,
                    sizes,
                    &doubles,
                    0
                )
            }
        }
    #endif

    /// Three training images and two test images.
    private func writeBoth(compressed: Bool = true) throws {
        try write([images(3), labels([10, 1, 9])], to: train, compressed: compressed)
        try write([images(2), labels([2, 10])], to: test, compressed: compressed)
    }

    private func load() throws -> DataSplits {
        try DataSource.load(["svhn"], dataDirectory: folder.path)
    }

    @Test("Images are turned to rows, and the label 10 is digit 0", arguments: [true, false])
    func layout(_ compressed: Bool) throws {
        try writeBoth(compressed: compressed)
        let splits = try load()
        #expect(splits.train.shape == [3, 32, 32])
        #expect(splits.train.labels == [0, 1, 9])
        #expect(splits.test.labels == [2, 0])
        #expect(splits.train.classNames == (0...9).map { "\($0)" })
        guard case .bytes(let values) = splits.train.features else {
            return #expect(Bool(false), "images are bytes")
        }
        var expected: [UInt8] = []
        for image in 0..<3 {
            for channel in 0..<3 {
                for row in 0..<32 {
                    for column in 0..<32 {
                        expected.append(
                            Self.value(row: row, column: column, channel: channel, image: image)
                        )
                    }
                }
            }
        }
        #expect(values == expected)
        let batch = try splits.test.minibatch([1]).features
        #expect(abs(batch[0] - (Float(11) / 127.5 - 1)) < 1e-6)
    }

    @Test("The folder can be named by its path, and labels may be doubles")
    func byPath() throws {
        try writeBoth()
        let labels = Variable(name: "y", dimensions: [3, 1], elements: .doubles([10, 5, 1]))
        try write([images(3), labels], to: train)
        let splits = try DataSource.load([folder.path], dataDirectory: nil)
        #expect(splits.train.labels == [0, 5, 1])
    }

    @Test(
        "A file that SciPy wrote is read as SciPy reads it",
        .enabled(if: Pillow.isAvailable, Comment(rawValue: Pillow.skipMessage)),
        arguments: ["True", "False"]
    )
    func scipy(_ compressed: String) throws {
        let expected = try Pillow.run(
            """
            import sys, numpy, scipy.io
            random = numpy.random.RandomState(0)
            for path in sys.argv[1:3]:
                scipy.io.savemat(path, {
                    "X": random.randint(0, 256, (32, 32, 3, 4), dtype=numpy.uint8),
                    "y": numpy.array([[10], [3], [4], [1]], dtype=numpy.uint8),
                }, do_compression=\(compressed))
            images = scipy.io.loadmat(sys.argv[1])["X"].transpose(3, 2, 0, 1)
            sys.stdout.buffer.write(images.tobytes())
            """,
            [train, test]
        )
        let splits = try load()
        #expect(splits.test.labels == [0, 3, 4, 1])
        guard case .bytes(let values) = splits.train.features else {
            return #expect(Bool(false), "images are bytes")
        }
        #expect(values == expected)
    }

    @Test("A label outside 1 to 10 is refused with its place", arguments: [0, 11, 255] as [UInt8])
    func badLabel(_ label: UInt8) throws {
        try writeBoth()
        try write([images(3), labels([10, label, 9])], to: train)
        expectRefusal("\(train): the label at position 1 is \(label); labels are 1 to 10") {
            try load()
        }
    }

    @Test("Variables that are missing, or of the wrong class or shape, are refused")
    func badVariables() throws {
        try writeBoth()
        let two = labels([1, 2])
        let doubles = Variable(
            name: "X",
            dimensions: [32, 32, 3, 2],
            elements: .doubles([Double](repeating: 1, count: 32 * 32 * 3 * 2))
        )
        let fraction = Variable(name: "y", dimensions: [2, 1], elements: .doubles([1, 2.5]))
        let huge = Variable(name: "y", dimensions: [2, 1], elements: .doubles([1, 1e300]))
        let square = Variable(name: "y", dimensions: [2, 2], elements: .bytes([1, 1, 1, 1]))
        let cases: [([Variable], String)] = [
            ([two], "there is no variable X"),
            ([images(2)], "there is no variable y"),
            ([doubles, two], "X holds double; it must hold uint8"),
            ([images(3), two], "X has the dimensions [32, 32, 3, 3]; with 2 labels"),
            ([images(2, dimensions: [32, 3, 32, 2]), two], "X has the dimensions [32, 3, 32, 2]"),
            ([images(2, dimensions: [1024, 6]), two], "X has the dimensions [1024, 6]"),
            ([images(2), fraction], "y holds 2.5, which is no whole number"),
            ([images(2), huge], "y holds 1e+300, which is no whole number"),
            ([images(2), square], "y has the dimensions [2, 2]; it must be a column"),
        ]
        for (variables, reason) in cases {
            try write(variables, to: test)
            expectRefusal("\(test): \(reason)") { try load() }
        }
    }

    @Test("A file that is cut short is refused wherever it ends", arguments: [true, false])
    func truncated(_ compressed: Bool) throws {
        try writeBoth(compressed: compressed)
        let whole = try FileBytes.read(train)
        for length in stride(from: 0, to: whole.count, by: whole.count / 60) {
            try folder.write(Array(whole.prefix(length)), to: "train_32x32.mat")
            expectRefusal("\(train): ") { try load() }
        }
    }

    @Test("What is no MAT file of version 5 is refused")
    func otherFormat() throws {
        try writeBoth()
        var bytes = try FileBytes.read(test)
        bytes[125] = 2
        try folder.write(bytes, to: "test_32x32.mat")
        expectRefusal("\(test): this is not a MAT file of version 5") { try load() }
        try folder.write("text", to: "test_32x32.mat")
        expectRefusal("\(test): this is not a MAT file of version 5") { try load() }
        try FileManager.default.removeItem(atPath: test)
        expectRefusal("it lacks test_32x32.mat; get the data set again") { try load() }
    }

    @Test("Dimensions that no memory holds are refused before anything is made")
    func bomb() throws {
        try writeBoth(compressed: false)
        var bytes = try FileBytes.read(train)
        let last = try #require(
            bytes.indices.first {
                bytes[$0...].starts(with: [32, 0, 0, 0, 32, 0, 0, 0, 3, 0, 0, 0])
            }
        )
        bytes.replaceSubrange(last + 12..<last + 16, with: [255, 255, 255, 127])
        try folder.write(bytes, to: "train_32x32.mat")
        expectRefusal("\(train): X has the dimensions", "too large") { try load() }
    }

    @Test("Where it is nowhere, the message lists the places and the files")
    func notFound() {
        expectRefusal("svhn was not found", folder.path, "train_32x32.mat, test_32x32.mat") {
            try load()
        }
    }
}
