import Foundation
import Testing

@testable import MixupData

@Suite("New inputs")
struct InputReaderTests {
    /// All inputs, a few at a time, and all failures.
    private func read(
        _ paths: [String],
        as format: InputFormat,
        _ options: InputReader.Options = .init(),
        batchSize: Int = 3
    ) -> (inputs: [Input], failures: [InputFailure], passedOver: Int) {
        let reader = InputReader(paths, format: format, options: options)
        var (inputs, failures): ([Input], [InputFailure]) = ([], [])
        while true {
            let results = reader.next(batchSize)
            guard !results.isEmpty else { break }
            #expect(results.count <= batchSize)
            for result in results {
                switch result {
                case .success(let input): inputs.append(input)
                case .failure(let failure): failures.append(failure)
                }
            }
        }
        for failure in failures {
            #expect(failure.reason.contains(failure.name) && !failure.reason.contains("\n"))
        }
        return (inputs, failures, reader.passedOverCount)
    }

    private func format(
        _ shape: [Int],
        scale: Double = 255,
        mean: [Double] = [0],
        hasPixels: Bool = true
    ) throws -> InputFormat {
        try InputFormat(
            shape: shape,
            normalization: Normalization(scale: scale, mean: mean, standardDeviation: [0.5]),
            hasPixels: hasPixels
        )
    }

    // MARK: - Images

    #if HAS_PNG
        @Test(
            "Images come as the same files come in a data set, to the last bit",
            arguments: [1, 3]
        )
        func likeTheDataSet(channelCount: Int) throws {
            let folder = try TemporaryFolder()
            for (number, name) in ["a/1", "a/2", "b/1", "b/2", "b/3"].enumerated() {
                let picture = Picture(
                    noise: 5,
                    4,
                    channelCount: channelCount,
                    seed: UInt64(number)
                )
                for part in ["train", "test"] {
                    try folder.write(picture.png(), to: "\(part)/\(name).png")
                }
            }
            let data = try ImageFolder.load(folder: folder.path)
            let found = read(["\(folder.path)/test"], as: try data.test.inputFormat)
            #expect(found.failures.isEmpty)
            #expect(
                found.inputs.map(\.name)
                    == ["a/1", "a/2", "b/1", "b/2", "b/3"].map {
                        "\(folder.path)/test/\($0).png"
                    }
            )
            #expect(try found.inputs.flatMap(\.values) == data.test.minibatch(0..<5).features)
        }

        @Test("Pixels of a file go from 0 to 1, whatever range the data's own had")
        func pixelRange() throws {
            let folder = try TemporaryFolder()
            var picture = Picture(2, 1, channelCount: 1, value: 255)
            picture.pixels[0] = 51
            let file = try folder.write(picture.png(), to: "a.png")
            let digits = try format([1, 1, 2], scale: 16, mean: [0.5])
            #expect(read([file], as: digits).inputs.map(\.values) == [[-0.6, 1]])
        }

        @Test(
            "Folders are gone through by name, inner ones in their place; what is no image is counted"
        )
        func folders() throws {
            let folder = try TemporaryFolder()
            let png = try Picture(2, 2, channelCount: 1, value: 7).png()
            for name in ["b/c/1.PNG", "b/2.png", "a.png", "z.png", ".hidden.png", ".git/x.png"] {
                try folder.write(png, to: name)
            }
            for name in ["notes.txt", "b/labels.csv", "b/c/x.gif"] {
                try folder.write("x", to: name)
            }
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder.path)/b/loop",
                withDestinationPath: folder.path
            )
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder.path)/b/3.png",
                withDestinationPath: "\(folder.path)/a.png"
            )
            let found = read([folder.path], as: try format([1, 2, 2]))
            #expect(found.failures.isEmpty)
            #expect(
                found.inputs.map { $0.name.dropFirst(folder.path.count + 1) } == [
                    "a.png", "b/2.png", "b/3.png", "b/c/1.PNG", "z.png",
                ]
            )
            #expect(found.passedOver == 4)
        }

        @Test("What cannot be read is named, and the rest is read")
        func failures() throws {
            let folder = try TemporaryFolder()
            let png = try Picture(2, 2, channelCount: 1, value: 7).png()
            let good = try folder.write(png, to: "good.png")
            let cut = try folder.write(Array(png.dropLast(20)), to: "cut.png")
            let text = try folder.write("hello", to: "text.png")
            let large = try folder.write(
                Picture(3, 2, channelCount: 1, value: 7).png(),
                to: "large.png"
            )
            let empty = "\(folder.path)/empty"
            try FileManager.default.createDirectory(
                atPath: "\(empty)/inner",
                withIntermediateDirectories: true
            )
            let none = "\(folder.path)/none.png"
            let found = read(
                [cut, good, text, large, empty, none, good],
                as: try format([1, 2, 2])
            )
            #expect(found.inputs.map(\.name) == [good, good])
            #expect(found.failures.map(\.name) == [cut, text, large, empty, none])
            #expect(found.failures[2].reason.contains("3x2") == true)
            #expect(found.failures[2].reason.contains("--resize") == true)
        }

        @Test("An image is recognised by its content where it is named itself")
        func content() throws {
            let folder = try TemporaryFolder()
            let png = try Picture(2, 2, channelCount: 1, value: 7).png()
            let file = try folder.write(png, to: "image")
            #expect(read([file], as: try format([1, 2, 2])).inputs.count == 1)
        }

        @Test("Grey images suit a network of colours; colours suit one of grey only if it is said")
        func colours() throws {
            let folder = try TemporaryFolder()
            let grey = try folder.write(
                Picture(2, 2, channelCount: 1, value: 51).png(),
                to: "grey.png"
            )
            let threefold = try folder.write(
                Picture(2, 2, channelCount: 3, value: 51).png(),
                to: "threefold.png"
            )
            var picture = Picture(1, 1, channelCount: 3, value: 0)
            picture.pixels = [200, 100, 50]
            let colour = try folder.write(picture.png(), to: "colour.png")

            let three = read([grey, threefold], as: try format([3, 2, 2])).inputs
            #expect(three.count == 2 && three[0].values == three[1].values)
            let one = read([grey, threefold], as: try format([1, 2, 2])).inputs
            #expect(one.count == 2 && one[0].values == one[1].values)

            let single = try format([1, 1, 1])
            let refused = read([colour], as: single)
            #expect(refused.inputs.isEmpty)
            #expect(refused.failures.first?.reason.contains("--grey") == true)
            let taken = read([colour], as: single, .init(convertsToGrey: true))
            // 0.299 · 200 + 0.587 · 100 + 0.114 · 50 = 124.2
            #expect(taken.inputs.first?.values == [Float(124.0 / 255 / 0.5)])
        }

        @Test(
            "An image of another size is handed over with its shape, and comes back in the network's"
        )
        func resizing() throws {
            let folder = try TemporaryFolder()
            let picture = Picture(smooth: 5, 4, channelCount: 3)
            let file = try folder.write(picture.png(), to: "a.png")
            let resize: InputPixels.Resizing = { image, height, width in
                #expect(image == InputPixels(shape: [3, 4, 5], values: picture.planes))
                #expect((height, width) == (2, 1))
                return [0, 51, 102, 153, 204, 255]
            }
            let found = read([file], as: try format([3, 2, 1]), .init(resize: resize))
            #expect(
                found.inputs.first?.values.map { ($0 * 255 / 2).rounded() } == [
                    0, 51, 102, 153, 204, 255,
                ]
            )
        }
    #endif

    @Test("A network of numbers takes no images, folders of them, or IDX files")
    func numbersOnly() throws {
        let folder = try TemporaryFolder()
        let numbers = try format([4], hasPixels: false)
        let file = try folder.write(idx([1, 2, 2], [1, 2, 3, 4]), to: "images")
        let found = read([folder.path, file, "\(folder.path)/images"], as: numbers)
        #expect(found.inputs.isEmpty && found.failures.count == 3)
        #expect(found.failures.allSatisfy { $0.reason.contains("4 columns") })
    }

    // MARK: - IDX files

    @Test(
        "The images of an IDX file, packed or not, come as in a data set",
        arguments: [false, true]
    )
    func idxFile(isPacked: Bool) throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<7 * 6).map { UInt8($0 * 5) }
        let images = idx([7, 3, 2], bytes)
        for (name, content) in [
            ("train-images-idx3-ubyte", images), ("t10k-images-idx3-ubyte", images),
            ("train-labels-idx1-ubyte", idx([7], [0, 1, 0, 1, 0, 1, 1])),
            ("t10k-labels-idx1-ubyte", idx([7], [0, 1, 0, 1, 0, 1, 1])),
        ] {
            try folder.write(content, to: name)
        }
        let data = try IDXFolder(path: folder.path).load(name: "idx").test
        let file =
            isPacked
            ? try folder.writePacked(images, to: "images.gz")
            : "\(folder.path)/t10k-images-idx3-ubyte"
        let found = read([file], as: try data.inputFormat)
        #expect(found.failures.isEmpty)
        #expect(found.inputs.map(\.name) == (0..<7).map { "\(file)[\($0)]" })
        #expect(try found.inputs.flatMap(\.values) == data.minibatch(0..<7).features)
        let coloured = try read([file], as: format([3, 3, 2])).inputs
        #expect(coloured.first?.values.count == 18)
    }

    @Test("An IDX file that is cut short, or impossible, is named; what comes before is read")
    func damagedIDX() throws {
        let folder = try TemporaryFolder()
        let cut = try folder.write(idx([3, 2, 2], [1, 2, 3, 4, 5, 6]), to: "cut")
        let found = read([cut], as: try format([1, 2, 2]))
        #expect(found.inputs.count == 1)
        #expect(found.failures.map(\.name) == [cut])
        for dimensions in [[0, 2, 2], [1, 0, 2], [1, 0xFFFF_FFFF, 0xFFFF_FFFF]] {
            let file = try folder.write(idx(dimensions, [1]), to: "bad")
            #expect(read([file], as: try format([1, 2, 2])).failures.map(\.name) == [file])
        }
        let short = try folder.write([0, 0, 8, 3, 0], to: "short")
        #expect(read([short], as: try format([1, 2, 2])).failures.map(\.name) == [short])
    }

    // MARK: - Tables

    @Test("Rows come as in a data set, with or without their labels")
    func rows() throws {
        let folder = try TemporaryFolder()
        let text = "x,y,class\n1,2.5,a\n-3,1e2,b\n\"7\", 8 ,a\n0,0,b\n"
        let train = try folder.write(text, to: "train.csv")
        let data = try TableSource.load(train: train, test: train).test
        let format = try data.inputFormat
        #expect(!format.hasPixels)
        let labelled = read([train], as: format, .init(isLabelled: true))
        #expect(labelled.failures.isEmpty)
        #expect(labelled.inputs.map(\.label) == ["a", "b", "a", "b"])
        #expect(labelled.inputs.map(\.name) == (2...5).map { "\(train):\($0)" })
        #expect(try labelled.inputs.flatMap(\.values) == data.minibatch(0..<4).features)

        let bare = text.split(separator: "\n").map { $0.split(separator: ",").prefix(2) }
            .map { $0.joined(separator: ",") }
        for lines in [bare, Array(bare.dropFirst())] {
            let file = try folder.write(
                "\u{FEFF}" + lines.joined(separator: "\r\n\n") + "\n\n",
                to: "bare.csv"
            )
            let found = read([file], as: format)
            #expect(found.failures.isEmpty)
            #expect(found.inputs.map(\.values) == labelled.inputs.map(\.values))
            #expect(found.inputs.allSatisfy { $0.label == nil })
        }
        let packed = try folder.writePacked(Array(text.utf8), to: "packed")
        let unpacked = read([packed], as: format, .init(isLabelled: true))
        #expect(unpacked.inputs.map(\.values) == labelled.inputs.map(\.values))
    }

    @Test("A row with a broken value is named by its line, and the others are read")
    func brokenRows() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("1,2\nx,2\n3,4\n5,nan\n6,inf\n7,8", to: "a.csv")
        let found = read([file], as: try format([2], scale: 1, hasPixels: false))
        #expect(found.inputs.map(\.name) == [1, 3, 6].map { "\(file):\($0)" })
        #expect(found.failures.map(\.name) == [2, 4, 5].map { "\(file):\($0)" })
    }

    @Test(
        "A table of another width, or that is none, ends with one failure that names the file",
        arguments: [
            ("1,2,3\n1,2,3\n", "if the last one is the label, add --labelled"),
            ("1,2\n1\n1,2\n", "line 2: there is 1 column"), ("1,2\n\"1,2\n", "quotation"),
            ("1,2\n1,2\u{0}\n", "not text"), ("", "empty"),
        ]
    )
    func brokenTables(text: String, part: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(text, to: "a.csv")
        let found = read([file, file], as: try format([2], scale: 1, hasPixels: false))
        #expect(found.failures.map(\.name) == [file, file])
        #expect(found.failures.first?.reason.contains(part) == true, "\(found.failures)")
    }

    @Test("A packed table that is damaged gives what comes before the damage")
    func damagedPacking() throws {
        let folder = try TemporaryFolder()
        var random = SplitMix64(seed: 1)
        let rows = (0..<60_000).map { _ in
            "\(Int.random(in: 0...9999, using: &random)),\(Int.random(in: 0...9999, using: &random))\n"
        }
        let packed = try folder.writePacked(Array(rows.joined().utf8), to: "a.gz")
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: packed)))
        bytes.removeLast(bytes.count / 8)
        let file = try folder.write(bytes, to: "cut.gz")
        let found = read(
            [file],
            as: try format([2], scale: 1, hasPixels: false),
            batchSize: 1000
        )
        #expect(found.inputs.count > 1000)
        #expect(found.failures.last?.name == file)
        #expect(found.failures.last?.reason.contains("gzip") == true)
    }

    @Test("A pipe is read to its end, which it cannot be set back from")
    func pipe() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        Thread.detachNewThread {
            try? FileHandle(forWritingAtPath: path)?.write(contentsOf: Data("1,2\n3,4\n".utf8))
        }
        let found = read([path], as: try format([2], scale: 1, hasPixels: false))
        #expect(found.inputs.map(\.values) == [[2, 4], [6, 8]])
    }

    @Test("Formats that no example has are refused")
    func formats() throws {
        for shape in [[], [0], [-1, 2], [1 << 40, 1 << 40]] as [[Int]] {
            #expect(throws: DataError.self) { try format(shape) }
        }
        #expect(throws: DataError.self) { try format([2], scale: 0) }
        #expect(throws: DataError.self) { try format([2], mean: [1, 2, 3]) }
        let good = try format([2, 3, 4], mean: [0.1, 0.2])
        let read = try JSONDecoder().decode(InputFormat.self, from: JSONEncoder().encode(good))
        #expect(read == good)
    }
}
