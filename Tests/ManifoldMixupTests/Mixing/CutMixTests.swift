import LibTorch
import ManifoldMixup
import Testing

@Suite("CutMix")
struct CutMixTests {
    private let model = IdentityNetwork(sites: ["only"])

    /// Every box within an image, empty ones included.
    private func boxes(height: Int, width: Int) -> [ImageBox] {
        func ranges(_ length: Int) -> [Range<Int>] {
            (0...length).flatMap { start in (start...length).map { start..<$0 } }
        }
        return ranges(height).flatMap { rows in
            ranges(width).map { ImageBox(rows: rows, columns: $0) }
        }
    }

    private func draw(_ box: ImageBox, _ partners: [Int64], height: Int = 4, width: Int = 5) throws
        -> CutMixDraw
    {
        try CutMixDraw(
            box: box,
            imageHeight: height,
            imageWidth: width,
            permutation: Tensor(partners)
        )
    }

    @Test("The weight of an example in its target is the share of its pixels, for every box")
    func exactShare() throws {
        // One image is all 0, the other all 1, and so are their targets.
        let input = try Tensor.concatenated([.zeros([1, 3, 4, 5]), .ones([1, 3, 4, 5])])
        let targets = try Tensor([1, 0, 0, 1] as [Double], shape: [2, 2])
        for box in boxes(height: 4, width: 5) {
            let found = try model.trainingPass(input, targets: targets, mixing: draw(box, [1, 0]))
            let pixels = try numbers(found.logits)
            let kept = Double(pixels.prefix(60).count { $0 == 0 }) / 60
            let weights = try numbers(found.targets)
            #expect(weights[0] == kept)
            #expect(weights[3] == kept)
            #expect(abs(weights[1] - (1 - kept)) < 1e-15)
            #expect(pixels.suffix(60).count { $0 == 1 } == pixels.prefix(60).count { $0 == 0 })
        }
    }

    @Test("It is mask · own + (1 − mask) · partner, and the targets follow the same partners")
    func formula() throws {
        let input = try normal([5, 3, 6, 7], seed: 1, dtype: .float64)
        let targets = try oneHotTargets(5, classCount: 5, dtype: .float64)
        let box = ImageBox(rows: 1..<4, columns: 2..<7)
        let partners: [Int64] = [3, 0, 1, 4, 2]
        let own = try numbers(input)
        let mask = (0..<42).map { pixel in
            box.rows.contains(pixel / 7) && box.columns.contains(pixel % 7) ? 0.0 : 1.0
        }
        let expected = own.indices.map { index in
            let partner = index + (Int(partners[index / 126]) - index / 126) * 126
            return mask[index % 42] * own[index] + (1 - mask[index % 42]) * own[partner]
        }
        let draw = try draw(box, partners, height: 6, width: 7)
        let found = try model.trainingPass(input, targets: targets, mixing: draw)
        #expect(try numbers(found.logits) == expected)
        let lambda = mask.reduce(0, +) / 42
        #expect(draw.lambda == lambda)
        let rows = try rows(found.targets)
        for (row, partner) in partners.enumerated() {
            for column in 0..<5 {
                let weight =
                    (column == row ? lambda : 0) + (column == Int(partner) ? 1 - lambda : 0)
                #expect(abs(rows[row][column] - weight) < 1e-15)
            }
        }
    }

    @Test("An empty box changes nothing, bit for bit; a full one leaves the partners")
    func ends() throws {
        let input = try normal([3, 2, 4, 5], seed: 1)
        let targets = try oneHotTargets(3, classCount: 3)
        let partners: [Int64] = [1, 2, 0]
        let none = try draw(ImageBox(rows: 2..<2, columns: 0..<5), partners)
        #expect(none.lambda == 1)
        let plain = try model.trainingPass(input, targets: targets, mixing: none)
        #expect(try bytes(plain.logits) == bytes(input))
        #expect(try bytes(plain.targets) == bytes(targets))
        let all = try draw(ImageBox(rows: 0..<4, columns: 0..<5), partners)
        #expect(all.lambda == 0)
        let moved = try model.trainingPass(input, targets: targets, mixing: all)
        let order = try Tensor(partners)
        #expect(try bytes(moved.logits) == bytes(input.rows(order)))
        #expect(try bytes(moved.targets) == bytes(targets.rows(order)))
    }

    @Test("A batch of one and a row that is its own partner are never changed")
    func alone() throws {
        let input = try normal([1, 2, 4, 5], seed: 1)
        let targets = try oneHotTargets(1, classCount: 3)
        for box in boxes(height: 4, width: 5) {
            let found = try model.trainingPass(input, targets: targets, mixing: draw(box, [0]))
            #expect(try bytes(found.logits) == bytes(input))
            #expect(try bytes(found.targets) == bytes(targets))
        }
    }

    @Test("Images of another size, no images, and boxes outside the image are one-line errors")
    func refusals() throws {
        let box = ImageBox(rows: 0..<2, columns: 0..<2)
        for shape in [[2, 3, 4, 4], [2, 3, 5, 5], [2, 20], [2, 4, 5]] {
            let message = messageOfError {
                _ = try draw(box, [1, 0]).mixedState(.zeros(shape))
            }
            #expect(message.contains("4 × 5"))
        }
        for box in [
            ImageBox(rows: 0..<5, columns: 0..<2), ImageBox(rows: -1..<2, columns: 0..<2),
            ImageBox(rows: 0..<2, columns: 4..<6), ImageBox(rows: 0..<2, columns: .min ..< .max),
        ] {
            #expect(messageOfError { _ = try draw(box, [1, 0]) }.contains("within"))
        }
    }
}
