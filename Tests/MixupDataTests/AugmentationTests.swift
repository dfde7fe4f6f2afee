import Testing

@testable import MixupData

@Suite("Augmentation")
struct AugmentationTests {
    /// The key of all tests, chosen without looking at what it draws.
    private static let key: UInt64 = 20190611

    /// Images [2, 5, 6] without zeros, no two rows or columns of an image alike.
    private func images(count: Int = 40) throws -> Dataset {
        try Dataset(
            name: "images",
            shape: [2, 5, 6],
            classNames: ["a", "b"],
            labels: (0..<count).map { $0 % 2 },
            features: .bytes((0..<count * 60).map { UInt8(1 + $0 % 251) }),
            normalization: Normalization(
                scale: 255,
                mean: [0.5, 0.25],
                standardDeviation: [0.2, 0.3]
            )
        )
    }

    private func epoch(
        _ augmentation: Augmentation,
        key: UInt64 = Self.key,
        number: Int = 0
    ) -> EpochAugmentation {
        EpochAugmentation(augmentation, key: key, epoch: number)
    }

    /// The image's normalised values before any change, and a function that reads one of them.
    private func pixels(_ dataset: Dataset, _ example: Int) throws -> (Int, Int, Int) -> Float {
        let values = try dataset.minibatch([example]).features
        return { channel, row, column in values[(channel * 5 + row) * 6 + column] }
    }

    @Test("Every pixel is where flip, crop and Cutout put it, one after the other")
    func definition() throws {
        let dataset = try images()
        let epoch = epoch(Augmentation(flip: true, cropPadding: 3, cutout: 2))
        let zero = [-0.5 / 0.2, -0.25 / 0.3].map { Float($0) }
        for example in 0..<dataset.count {
            let draw = epoch.draw(example: example, isPartner: false, height: 5, width: 6)
            let image = try pixels(dataset, example)
            let changed = try dataset.minibatch([example], partners: [], augmentation: epoch)
            #expect(changed.shape == [1, 2, 5, 6])
            for (position, value) in changed.features.enumerated() {
                let (channel, row, column) = (position / 30, position / 6 % 5, position % 6)
                let y = row + draw.rowShift
                let x = column + draw.columnShift
                var expected = zero[channel]
                if (0..<5).contains(y), (0..<6).contains(x) {
                    expected = image(channel, y, draw.isFlipped ? 5 - x : x)
                }
                if draw.blotRows.contains(row), draw.blotColumns.contains(column) { expected = 0 }
                #expect(abs(value - expected) <= 1e-6)
            }
        }
    }

    @Test("The flip mirrors every row, and mirroring twice gives the image back")
    func flip() throws {
        let dataset = try images(count: 1)
        guard case .bytes(let bytes) = dataset.features else { return }
        let table = (0..<512).map { Float($0 % 256) }
        func copy(_ bytes: [UInt8], flipped: Bool) -> [UInt8] {
            var result = [Float](repeating: .nan, count: bytes.count)
            AugmentationCopy(channelCount: 2, height: 5, width: 6)(
                from: bytes,
                to: &result,
                table: table,
                draw: AugmentationDraw(isFlipped: flipped)
            )
            return result.map { UInt8($0) }
        }
        let once = copy(bytes, flipped: true)
        let rows = stride(from: 0, to: 60, by: 6).flatMap { bytes[$0..<$0 + 6].reversed() }
        #expect(once == rows)
        #expect(once != bytes)
        #expect(copy(once, flipped: true) == bytes)
        #expect(copy(bytes, flipped: false) == bytes)
    }

    @Test("Half of the images are mirrored, those of an epoch and a key always the same")
    func flipFrequency() throws {
        let epoch = epoch(Augmentation(flip: true))
        let flips = (0..<10_000).count {
            epoch.draw(example: $0, isPartner: false, height: 5, width: 6).isFlipped
        }
        // A deviation is 50.
        #expect(abs(flips - 5000) < 250)
    }

    /// How often each offset up to `padding` occurs in 1000 times as many images as there are
    /// offsets, if `drawn` pixels are padded.
    private func offsetCounts(_ padding: Int, drawn: Int) -> [Int] {
        let epoch = epoch(Augmentation(cropPadding: drawn))
        let side = 2 * padding + 1
        var counts = [Int](repeating: 0, count: side * side)
        for example in 0..<1000 * counts.count {
            let draw = epoch.draw(example: example, isPartner: false, height: 32, width: 32)
            let (row, column) = (draw.rowShift + padding, draw.columnShift + padding)
            if min(row, column) >= 0, max(row, column) < side { counts[row * side + column] += 1 }
        }
        return counts
    }

    /// Whether each of the counts is 1000 within five deviations, which are about 31.
    private func areEven(_ counts: [Int]) -> Bool {
        counts.allSatisfy { abs($0 - 1000) < 160 }
    }

    @Test("Every offset of the crop occurs equally often, from edge to edge", arguments: [1, 2, 4])
    func offsets(_ padding: Int) {
        #expect(areEven(offsetCounts(padding, drawn: padding)))
        // One pixel of padding too few or too many would be noticed.
        #expect(!areEven(offsetCounts(padding, drawn: padding - 1)))
        #expect(!areEven(offsetCounts(padding, drawn: padding + 1)))
    }

    @Test("A crop without padding, and no augmentation at all, leave every bit as it is")
    func identity() throws {
        let dataset = try images()
        let plain = try dataset.minibatch(0..<40).features
        for augmentation in [Augmentation(), Augmentation(cropPadding: 0)] {
            #expect(augmentation.isIdentity)
            let same = try dataset.minibatch(
                Array(0..<40),
                partners: [],
                augmentation: epoch(augmentation)
            )
            #expect(same.features == plain)
        }
    }

    @Test("Padding is a pixel of value 0, normalised with its channel")
    func padding() throws {
        let dataset = try images()
        let epoch = epoch(Augmentation(cropPadding: 4))
        let example = try #require(
            (0..<40).first {
                let draw = epoch.draw(example: $0, isPartner: false, height: 5, width: 6)
                return draw.rowShift == 4 && draw.columnShift == -4
            }
        )
        let values = try dataset.minibatch([example], partners: [], augmentation: epoch).features
        let black = try Dataset(
            name: "black",
            shape: [2, 1, 1],
            classNames: ["a"],
            labels: [0],
            features: .bytes([0, 0]),
            normalization: dataset.normalization
        ).minibatch([0]).features
        // Four rows below and four columns to the left lie outside the image.
        let outside = values.indices.filter { $0 / 6 % 5 > 0 || $0 % 6 < 4 }
        #expect(outside.allSatisfy { values[$0] == black[$0 / 30] })
        let image = try pixels(dataset, example)
        #expect(
            [values[4], values[5], values[34]] == [image(0, 4, 0), image(0, 4, 1), image(1, 4, 0)]
        )
    }

    @Test("Cutout's square lies around any pixel, is cut at the border, and holds the mean")
    func cutout() throws {
        let dataset = try images(count: 2000)
        let epoch = epoch(Augmentation(cutout: 4))
        var occurrences: [[Range<Int>]: Int] = [:]
        for example in 0..<2000 {
            let draw = epoch.draw(example: example, isPartner: false, height: 5, width: 6)
            let values = try dataset.minibatch([example], partners: [], augmentation: epoch)
                .features
            let area = draw.blotRows.count * draw.blotColumns.count
            #expect((4...16).contains(area))
            // No byte is normalised to 0 exactly: 127.5 and 63.75 are the means.
            #expect(values.count { $0 == 0 } == 2 * area)
            occurrences[[draw.blotRows, draw.blotColumns], default: 0] += 1
        }
        // Each of the 30 pixels has a rectangle of its own; 67 are expected, with a deviation of 8.
        #expect(occurrences.count == 30)
        #expect(occurrences.values.allSatisfy { (27...107).contains($0) })
    }

    @Test("An image's change does not depend on the minibatch that it is in")
    func composition() throws {
        let dataset = try images()
        let epoch = epoch(Augmentation(flip: true, cropPadding: 2, cutout: 3))
        let all = try dataset.minibatch(Array(0..<40), partners: [], augmentation: epoch).features
        for indices in [[7], [39, 7, 0, 12], [7, 7]] {
            let some = try dataset.minibatch(indices, partners: [], augmentation: epoch).features
            #expect(some == indices.flatMap { Array(all[60 * $0..<60 * ($0 + 1)]) })
        }
    }

    @Test("Epochs, keys and both parts of a mixed pair are changed independently")
    func independence() throws {
        let augmentation = Augmentation(flip: true, cropPadding: 4)
        func draws(_ epoch: EpochAugmentation, isPartner: Bool = false) -> [AugmentationDraw] {
            (0..<2000).map { epoch.draw(example: $0, isPartner: isPartner, height: 32, width: 32) }
        }
        let first = draws(epoch(augmentation))
        #expect(first == draws(epoch(augmentation)))
        for other in [
            draws(epoch(augmentation, number: 1)), draws(epoch(augmentation, key: Self.key + 1)),
            draws(epoch(augmentation), isPartner: true),
        ] {
            // 81 offsets and a flip: one of 162 agrees by chance, 12 of 2000 with a deviation of 3.5.
            #expect(zip(first, other).count { $0 == $1 } < 35)
        }
        // Nor is one a shifted copy of another.
        let next = draws(epoch(augmentation, number: 1))
        #expect(zip(first.dropFirst(), next).count { $0 == $1 } < 35)
    }

    @Test("Turning one change on leaves the draws of the others as they are")
    func separateDraws() {
        let all = epoch(Augmentation(flip: true, cropPadding: 2, cutout: 3))
        for example in 0..<100 {
            func draw(_ epoch: EpochAugmentation) -> AugmentationDraw {
                epoch.draw(example: example, isPartner: false, height: 32, width: 32)
            }
            #expect(draw(epoch(Augmentation(flip: true))).isFlipped == draw(all).isFlipped)
            #expect(draw(epoch(Augmentation(cropPadding: 2))).rowShift == draw(all).rowShift)
            #expect(draw(epoch(Augmentation(cutout: 3))).blotRows == draw(all).blotRows)
        }
    }

    @Test("Data that is no image, and sizes that do not fit it, are refused")
    func refused() throws {
        let dataset = try images()
        for augmentation in [
            Augmentation(cropPadding: 5), Augmentation(cropPadding: -1), Augmentation(cutout: 6),
            Augmentation(cutout: -1),
        ] {
            #expect(throws: DataError.self) { try augmentation.check(for: dataset) }
            #expect(throws: DataError.self) {
                try dataset.minibatch([0], partners: [], augmentation: epoch(augmentation))
            }
        }
        try Augmentation(flip: true, cropPadding: 4, cutout: 5).check(for: dataset)

        func table(_ shape: [Int], _ features: Dataset.Features) throws -> Dataset {
            try Dataset(
                name: "table",
                shape: shape,
                classNames: ["a"],
                labels: [0],
                features: features,
                normalization: Normalization()
            )
        }
        for other in [
            try table([4], .bytes([1, 2, 3, 4])), try table([1, 2, 2], .floats([1, 2, 3, 4])),
        ] {
            try Augmentation().check(for: other)
            #expect {
                try Augmentation(flip: true).check(for: other)
            } throws: {
                "\($0)".contains(
                    "table: an example of shape \(other.shape) is not an image of bytes"
                )
            }
        }
    }
}
