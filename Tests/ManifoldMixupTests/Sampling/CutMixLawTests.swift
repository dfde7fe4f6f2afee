import LibTorch
import ManifoldMixup
import Testing

@Suite("The law of CutMix's boxes")
struct CutMixLawTests {
    private func draws(_ method: CutMix, count: Int, height: Int, width: Int) throws -> [CutMixDraw]
    {
        let streams = try RandomStreams(seed: 6)
        return try (0..<count).map { _ in
            let draw = try method.draw(
                batchSize: 3,
                inputShape: [1, height, width],
                progress: MixingProgress(),
                streams: streams
            )
            return try #require(draw as? CutMixDraw)
        }
    }

    /// The areas of boxes on 4 × 4 pixels with their probabilities for α = 1, by enumeration: the side
    /// is j where j ≤ 4 · √u < j + 1 with u = 1 − λ uniform, the centre one of 16 pixels.
    private let areas: [Int: Double] = {
        var areas: [Int: Double] = [:]
        for side in 0..<4 {
            for centre in 0..<16 {
                func length(_ centre: Int) -> Int {
                    (0..<4).count { $0 >= centre - side / 2 && $0 < centre - side / 2 + side }
                }
                let area = length(centre / 4) * length(centre % 4)
                areas[area, default: 0] += Double(2 * side + 1) / 16 / 16
            }
        }
        return areas
    }()

    @Test("Areas have the probabilities that follow from λ and the centre")
    func area() throws {
        #expect(areas.keys.sorted() == [0, 1, 2, 4, 6, 9])
        let found = try draws(CutMix(), count: 6000, height: 4, width: 4).map {
            $0.box.rows.count * $0.box.columns.count
        }
        let cells = areas.sorted { $0.key < $1.key }
        let counts = cells.map { cell in found.count { $0 == cell.key } }
        #expect(counts.reduce(0, +) == 6000)
        let statistic = Statistics.chiSquare(counts, probabilities: cells.map(\.value))
        #expect(statistic < Statistics.chiSquareLimit[5, default: 0])
        // The test has power: λ of another α has another law.
        let others = try draws(CutMix(alpha: 2), count: 6000, height: 4, width: 4).map {
            $0.box.rows.count * $0.box.columns.count
        }
        let otherCounts = cells.map { cell in others.count { $0 == cell.key } }
        let other = Statistics.chiSquare(otherCounts, probabilities: cells.map(\.value))
        #expect(other > Statistics.chiSquareLimit[5, default: 0])
    }

    @Test("The mean of λ over the boxes is the one that follows from that law")
    func mean() throws {
        let expected = areas.reduce(0) { $0 + (1 - Double($1.key) / 16) * $1.value }
        let lambdas = try draws(CutMix(), count: 6000, height: 4, width: 4).map(\.lambda)
        let (mean, variance) = Statistics.moments(lambdas)
        #expect(abs(mean - expected) < 4.5 * (variance / 6000).squareRoot())
    }

    @Test("A box that is not cut off has √(1 − λ) of height and width; λ is never below the drawn")
    func sides() throws {
        let streams = try RandomStreams(seed: 6)
        let lambdas = try (0..<2000).map { _ in
            try SymmetricBeta(alpha: 1).draw(1, from: streams[.lambda])[0]
        }
        var whole = 0
        for (draw, lambda) in zip(try draws(CutMix(), count: 2000, height: 40, width: 60), lambdas)
        {
            #expect(draw.lambda >= lambda)
            let side = (1 - lambda).squareRoot()
            let (rows, columns) = (draw.box.rows, draw.box.columns)
            #expect(rows.count <= Int(side * 40) && columns.count <= Int(side * 60))
            let isWhole =
                rows.lowerBound > 0 && rows.upperBound < 40 && columns.lowerBound > 0
                && columns.upperBound < 60
            guard isWhole else { continue }
            whole += 1
            #expect(rows.count == Int(side * 40) && columns.count == Int(side * 60))
        }
        #expect(whole > 200)
    }

    @Test("λ, permutation and boxes come from streams of their own")
    func streams() throws {
        func sequence(disturbing disturbed: RandomStreams.Stream?) throws -> [[String]] {
            let streams = try RandomStreams(seed: 6)
            return try (0..<20).map { _ in
                if let disturbed { _ = try streams[disturbed].uniform() }
                let drawn = try CutMix().draw(
                    batchSize: 6,
                    inputShape: [1, 9, 9],
                    progress: MixingProgress(),
                    streams: streams
                )
                let draw = try #require(drawn as? CutMixDraw)
                return try ["\(draw.box)", "\(draw.permutation.scalars(as: Int64.self))"]
            }
        }
        let plain = try sequence(disturbing: nil)
        for stream in RandomStreams.Stream.allCases {
            let isUsed = [.lambda, .permutation, .box].contains(stream)
            #expect(try (sequence(disturbing: stream) != plain) == isUsed)
        }
        let permuted = try sequence(disturbing: .permutation)
        #expect(permuted.map { $0[0] } == plain.map { $0[0] })
        #expect(try sequence(disturbing: .box).map { $0[1] } == plain.map { $0[1] })
    }
}
