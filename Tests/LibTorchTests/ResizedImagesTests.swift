import LibTorch
import Testing

@Suite("Images in another size")
struct ResizedImagesTests {
    @Test("Every pixel counts by its distance to the new one's centre: half a row of four")
    func closedForm() throws {
        let row = try Tensor([7, 14, 21, 70] as [Float], shape: [1, 1, 1, 4])
        let half = try row.resizedImages(height: 1, width: 2).scalars(as: Float.self)
        // Triangles of width 4 around 1 and 3, cut off at the border: 3, 3, 1 and 1, 3, 3 sevenths.
        for (found, expected) in zip(half, [(21 + 42 + 21) / 7, (14 + 63 + 210) / 7] as [Float]) {
            #expect(abs(found - expected) < 1e-4)
        }
    }

    @Test("The same size changes nothing, and a constant image stays one in any size")
    func invariants() throws {
        let images = try Tensor.zeros([2, 3, 5, 4])
        try Generator(seed: 1).fillNormal(images)
        #expect(try images.resizedImages(height: 5, width: 4).isEqual(to: images))
        for (height, width) in [(1, 1), (3, 9), (50, 2)] {
            for dtype in [DType.float32, .uint8] {
                let resized = try Tensor.full([1, 2, 7, 6], 3, dtype: dtype).resizedImages(
                    height: height,
                    width: width
                )
                #expect(try resized.shape == [1, 2, height, width])
                let values = try resized.to(.float32).scalars(as: Float.self)
                #expect(values.allSatisfy { abs($0 - 3) < 1e-5 })
            }
        }
    }

    @Test("Sizes and tensors that cannot be are errors")
    func impossible() throws {
        let image = try Tensor.zeros([1, 1, 2, 2])
        for (height, width) in [(0, 1), (1, -1)] {
            #expect(throws: TorchError.self) {
                try image.resizedImages(height: height, width: width)
            }
        }
        #expect(throws: TorchError.self) {
            try Tensor.zeros([2, 2]).resizedImages(height: 1, width: 1)
        }
        #expect(throws: TorchError.self) {
            try Tensor.zeros([1, 1, 2, 2], dtype: .int64).resizedImages(height: 1, width: 1)
        }
    }
}
