import LibTorch
import Testing

@Suite("Boxes of images")
struct ImageBoxTests {
    /// Images [N, C, 3, 4] of numbers that are all different.
    private func images(_ count: Int, channels: Int = 2) throws -> Tensor {
        let numbers = (0..<count * channels * 12).map { Double($0) + 1 }
        return try Tensor(numbers, shape: [count, channels, 3, 4])
    }

    /// For every element of `images`, its image, row and column.
    private func places(_ count: Int, channels: Int = 2) -> [(image: Int, row: Int, column: Int)] {
        (0..<count * channels * 12).map { ($0 / (channels * 12), $0 / 4 % 3, $0 % 4) }
    }

    @Test("A pasted box holds the partner's pixels, and all others are the image's own")
    func pasting() throws {
        let order: [Int64] = [2, 0, 1]
        let own = try images(3).doubles
        for (rows, columns) in [(0..<3, 0..<4), (1..<2, 0..<3), (0..<2, 3..<4), (1..<1, 0..<4)] {
            let box = ImageBox(rows: rows, columns: columns)
            let found = try images(3).pastingBox(box, order: Tensor(order)).doubles
            for (index, place) in places(3).enumerated() {
                let partner = index + (Int(order[place.image]) - place.image) * 24
                let isInside = rows.contains(place.row) && columns.contains(place.column)
                #expect(found[index] == (isInside ? own[partner] : own[index]))
            }
        }
    }

    @Test("Erased boxes are 0, each image has its own, and what lies outside is ignored")
    func erasing() throws {
        let boxes = [
            ImageBox(rows: 0..<2, columns: 1..<3), ImageBox(rows: 2..<2, columns: 0..<4),
            ImageBox(rows: -5..<1, columns: 3..<99), ImageBox(rows: -9..<99, columns: -9..<99),
        ]
        let own = try images(4).doubles
        let found = try images(4).erasing(boxes).doubles
        for (index, place) in places(4).enumerated() {
            let box = boxes[place.image]
            let isInside = box.rows.contains(place.row) && box.columns.contains(place.column)
            #expect(found[index] == (isInside ? 0 : own[index]))
        }
    }

    @Test("The operands stay as they are, and every element type keeps its type")
    func operands() throws {
        for dtype in [DType.float32, .float64, .bfloat16] {
            let state = try images(2).to(dtype)
            let before = try state.bytes
            let box = ImageBox(rows: 0..<1, columns: 0..<2)
            #expect(try state.pastingBox(box, order: Tensor([1, 0] as [Int64])).dtype == dtype)
            #expect(try state.erasing([box, box]).dtype == dtype)
            #expect(try state.bytes == before)
        }
    }

    @Test("Gradients flow to the image that a pixel came from, and none to what was erased")
    func gradients() throws {
        let factors = try images(2, channels: 1)
        let box = ImageBox(rows: 1..<3, columns: 0..<2)
        let order = try Tensor([1, 0] as [Int64])
        let pasted = try images(2, channels: 1).requiringGradient()
        try (pasted.pastingBox(box, order: order) * factors).sum().backward()
        let found = try #require(try pasted.gradient)
        // As each gives to the other, the gradient is exchanged in the same way.
        #expect(try found.isEqual(to: factors.pastingBox(box, order: order)))

        let erased = try images(2, channels: 1).requiringGradient()
        try (erased.erasing([box, box]) * factors).sum().backward()
        #expect(try #require(try erased.gradient).isEqual(to: factors.erasing([box, box])))
    }

    @Test("No images, other shapes, other sizes and other orders are refused or empty")
    func refusals() throws {
        let box = ImageBox(rows: 0..<1, columns: 0..<1)
        let order = try Tensor([1, 0] as [Int64])
        for flawed in [
            ImageBox(rows: 0..<4, columns: 0..<1), ImageBox(rows: -1..<1, columns: 0..<1),
            ImageBox(rows: 0..<1, columns: 0..<5), ImageBox(rows: 0..<1, columns: -2..<1),
        ] {
            #expect(refusal { try images(2).pastingBox(flawed, order: order) }.contains("box"))
        }
        #expect(refusal { try images(1).pastingBox(box, order: order) }.contains("order"))
        #expect(refusal { try images(3).pastingBox(box, order: order) }.contains("order"))
        _ = refusal { try images(2).pastingBox(box, order: Tensor([0, 2] as [Int64])) }
        _ = refusal { try images(2).pastingBox(box, order: Tensor([0, 1] as [Double])) }
        let table = try Tensor.zeros([2, 5])
        #expect(refusal { try table.pastingBox(box, order: order) }.contains("[N, C, H, W]"))
        #expect(refusal { try table.erasing([box, box]) }.contains("[N, C, H, W]"))
        #expect(refusal { try images(2).erasing([box]) }.contains("2 images"))
        #expect(try Tensor.zeros([0, 1, 3, 4]).erasing([]).shape == [0, 1, 3, 4])
    }
}
