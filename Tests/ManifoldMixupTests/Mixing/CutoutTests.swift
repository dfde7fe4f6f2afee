import LibTorch
import ManifoldMixup
import Testing

@Suite("Cutout")
struct CutoutTests {
    private let model = IdentityNetwork(sites: ["only"])

    private func holes(_ hole: Int, height: Int, width: Int, count: Int) throws -> [ImageBox] {
        let draw = try Cutout(hole: hole).draw(
            batchSize: count,
            inputShape: [3, height, width],
            progress: MixingProgress(),
            streams: RandomStreams(seed: 5)
        )
        return try #require(draw as? CutoutDraw).holes
    }

    @Test("Holes are 0 in every channel, everything else and the targets are untouched")
    func zeroFill() throws {
        let input = try normal([9, 3, 8, 8], seed: 1)
        let targets = try oneHotTargets(9, classCount: 4)
        let draw = CutoutDraw(holes: try holes(4, height: 8, width: 8, count: 9))
        let found = try model.trainingPass(input, targets: targets, mixing: draw)
        #expect(try bytes(found.targets) == bytes(targets))
        let (before, after) = (try numbers(input), try numbers(found.logits))
        for index in before.indices {
            let hole = draw.holes[index / 192]
            let isInside =
                hole.rows.contains(index / 8 % 8) && hole.columns.contains(index % 8)
            #expect(after[index] == (isInside ? 0 : before[index]))
        }
    }

    @Test(
        "A hole is a square of its side around its centre, cut off at the border",
        arguments: 1...8
    )
    func area(hole: Int) throws {
        for box in try holes(hole, height: 8, width: 8, count: 300) {
            for side in [box.rows, box.columns] {
                #expect((0...8).contains(side.lowerBound) && (0...8).contains(side.upperBound))
                let isCut = side.lowerBound == 0 || side.upperBound == 8
                #expect(isCut ? side.count <= hole : side.count == hole)
                // The centre is in the image, so that at most half is cut off.
                #expect(side.count >= hole - hole / 2)
            }
        }
    }

    @Test("The centre is uniform over the pixels")
    func uniformCentre() throws {
        let centres = try holes(1, height: 2, width: 3, count: 6000).map {
            $0.rows.lowerBound * 3 + $0.columns.lowerBound
        }
        let counts = (0..<6).map { pixel in centres.count { $0 == pixel } }
        let sixth = [Double](repeating: 1.0 / 6, count: 6)
        let statistic = Statistics.chiSquare(counts, probabilities: sixth)
        #expect(statistic < Statistics.chiSquareLimit[5, default: 0])
    }

    @Test("Each image of a minibatch has a hole of its own, independent of its neighbour's")
    func perImage() throws {
        let places = try holes(1, height: 1, width: 2, count: 6001).map(\.columns.lowerBound)
        let pairs = stride(from: 0, to: 6000, by: 2).map { places[$0] * 2 + places[$0 + 1] }
        let counts = (0..<4).map { pair in pairs.count { $0 == pair } }
        let quarter = [Double](repeating: 0.25, count: 4)
        let statistic = Statistics.chiSquare(counts, probabilities: quarter)
        #expect(statistic < Statistics.chiSquareLimit[3, default: 0])
    }

    @Test("The default is half of the shorter side: 16 pixels for CIFAR, 14 for MNIST")
    func defaultHole() throws {
        for (shape, side) in [
            ([3, 32, 32], 16), ([1, 28, 28], 14), ([1, 8, 9], 4), ([1, 1, 1], 1),
        ] {
            #expect(try Cutout().resolved(for: model, inputShape: shape).hole == side)
        }
    }

    @Test("Holes larger than the image, of no size, and for other examples are refused")
    func refusals() throws {
        let large = messageOfError {
            _ = try Cutout(hole: 9).resolved(for: model, inputShape: [1, 8, 20])
        }
        #expect(large.contains("9 pixels") && large.contains("8 or less"))
        #expect(messageOfError { _ = try Cutout(hole: 0) }.contains("1 pixel"))
        for shape in [[7], [], [3, 4], [1, 0, 5]] {
            let message = messageOfError {
                _ = try Cutout().resolved(for: model, inputShape: shape)
            }
            #expect(message.contains("cutout") && message.contains("manifold-mixup"))
            let cut = messageOfError { _ = try CutMix().resolved(for: model, inputShape: shape) }
            #expect(cut.contains("cutmix") && cut.contains("\(shape)"))
        }
        #expect(messageOfError { _ = try CutMix(alpha: 0) }.contains("alpha"))
    }
}
