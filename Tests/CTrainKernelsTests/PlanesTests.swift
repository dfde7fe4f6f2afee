import CTrainKernels
import Testing

@Suite("Planes")
struct PlanesTests {
    @Test(
        "Examples become planes as the layout says, and come back the same",
        arguments: [
            (3, 5, 4, 1, 7), (3, 5, 4, 1, 8), (16, 2, 3, 1, 6), (1, 1, 1, 0, 1), (37, 1, 1, 0, 20),
            (2, 3, 3, 0, 33),
        ],
        [Layout.planes, .blocks]
    )
    func roundTrip(
        _ form: (channels: Int, height: Int, width: Int, border: Int, batch: Int),
        _ layout: Layout
    ) throws {
        var numbers = Numbers(seed: 4)
        for team in Team.all {
            let planes = Planes(
                form.channels,
                form.height,
                form.width,
                border: form.border,
                batch: form.batch,
                isBlocked: layout.isBlocked
            )
            let examples = layout.numbers(numbers.next(form.batch * planes.exampleSize))
            withExamples(examples) {
                ctk_planes_from_examples(team.pointer, $0, nil, &planes.planes)
            }
            #expect(planes.examples == examples)
            #expect(planes.rest.allSatisfy { $0 == 0 })
            var back = [Float](repeating: .nan, count: examples.count)
            ctk_examples_from_planes(team.pointer, &planes.planes, &back)
            #expect(back == examples)
        }
    }

    @Test(
        "Splitting the columns and joining them again changes nothing",
        arguments: 1...6,
        [Layout.planes, .blocks]
    )
    func columns(width: Int, layout: Layout) throws {
        var numbers = Numbers(seed: 5)
        let team = try #require(Team.all.last)
        for batch in [5, 6] {
            let planes = Planes(3, 2, width, border: 1, batch: batch, isBlocked: layout.isBlocked)
            planes.examples = layout.numbers(numbers.next(batch * planes.exampleSize))
            let split = planes.like(isSplit: true)
            ctk_reorder_columns(team.pointer, &planes.planes, &split.planes)
            #expect(split.examples == planes.examples)
            #expect(split.rest.allSatisfy { $0 == 0 })
            let joined = planes.like()
            ctk_reorder_columns(team.pointer, &split.planes, &joined.planes)
            #expect(joined.examples == planes.examples)
        }
    }

    @Test(
        "Positions have the channels side by side, the border included",
        arguments: [(1, 16), (19, 32), (113, 144), (130, 144), (256, 272)]
    )
    func positions(channels: Int, pitch: Int) throws {
        var numbers = Numbers(seed: 6)
        let team = try #require(Team())
        let planes = Planes(channels, 3, 4, border: 1, batch: 7)
        planes.examples = numbers.next(7 * planes.exampleSize)
        var positions = [Float](repeating: 0, count: Int(ctk_positions_size(&planes.planes)))
        ctk_transpose_planes(team.pointer, &planes.planes, &positions)
        for position in 0..<3 * Int(planes.planes.row) {
            for channel in 0..<channels {
                let place = channel * Int(planes.planes.channel) + position
                #expect(positions[position * pitch + channel] == planes.planes.elements[place])
            }
        }
    }

    @Test("Memory that cannot be had is refused")
    func noMemory() {
        #expect(ctk_allocate(1 << 60) == nil)
        #expect(ctk_allocate(-1) == nil)
        #expect(ctk_allocate(1 << 50) == nil)
    }
}
