import CTrainKernels
import Foundation
import Testing

@Suite("Losses")
struct LossTests {
    /// More than one thread takes at a time.
    private static let (batch, classes) = (37, 4)

    private func soft(_ z: [Double], _ t: [Double]) -> Double {
        let logSum = log(z.reduce(0) { $0 + exp($1) })
        return zip(z, t).reduce(0) { $0 - $1.1 * ($1.0 - logSum) }
    }

    private func binary(_ z: [Double], _ t: [Double]) -> Double {
        let sum = z.reduce(0) { $0 + exp($1) }
        return zip(z, t).reduce(0) { total, pair in
            let p = exp(pair.0) / sum
            return total - pair.1 * max(log(p), -100) - (1 - pair.1) * max(log(1 - p), -100)
        }
    }

    private func withTargets<Value>(
        _ rows: [Float],
        _ body: (UnsafePointer<ctk_targets>) -> Value
    ) -> Value {
        rows.withUnsafeBufferPointer { rows in
            var targets = ctk_targets(numbers: rows.baseAddress, labels: nil, mix: nil)
            return body(&targets)
        }
    }

    @Test("Losses are the formulas, and their gradients the differences of the loss")
    func gradients() throws {
        let team = try #require(Team.all.last)
        var numbers = Numbers(seed: 13)
        let logits = Planes(Self.classes, batch: Self.batch)
        let z = numbers.next(4 * Self.batch).map { 3 * $0 }
        let targets = (0..<Self.batch).flatMap { _ -> [Float] in
            let row = numbers.next(4).map(abs)
            return row.map { $0 / row.reduce(0, +) }
        }
        logits.examples = z
        func rows(_ values: [Float], _ n: Int) -> [Double] {
            values[n * 4..<n * 4 + 4].map(Double.init)
        }
        typealias Loss = (
            UnsafePointer<ctk_planes>, UnsafePointer<ctk_targets>, UnsafePointer<ctk_planes>
        ) -> Double
        let losses: [(Loss, ([Double], [Double]) -> Double, Double)] = [
            ({ ctk_soft_cross_entropy(team.pointer, $0, $1, $2) }, soft, Double(Self.batch)),
            (
                { ctk_softmax_binary_cross_entropy(team.pointer, $0, $1, $2) }, binary,
                Double(4 * Self.batch)
            ),
        ]
        for (loss, formula, count) in losses {
            let gradient = logits.like()
            let found = withTargets(targets) { loss(&logits.planes, $0, &gradient.planes) }
            let expected = (0..<Self.batch).reduce(0) {
                $0 + formula(rows(z, $1), rows(targets, $1))
            }
            #expect(abs(found - expected / count) < 1e-7)
            let slopes = (0..<4 * Self.batch).map { index in
                let step = 1e-5
                func value(_ shift: Double) -> Double {
                    var row = rows(z, index / 4)
                    row[index % 4] += shift
                    return formula(row, rows(targets, index / 4))
                }
                return (value(step) - value(-step)) / (2 * step * count)
            }
            #expect(distance(gradient.examples, slopes) < 1e-6)
        }
    }

    @Test("Labels are rows with a single one, and are mixed as rows would be", arguments: [2, 7])
    func labels(classes: Int) throws {
        let team = try #require(Team.all.last)
        var numbers = Numbers(seed: 16)
        let batch = 19
        let logits = Planes(classes, batch: batch)
        logits.examples = numbers.next(classes * batch)
        // Some partners have the same label.
        let labels = (0..<batch).map { Int64(3 * $0 % classes) }
        let order = (0..<batch).map { Int32((4 * $0 + 1) % batch) }
        let weights = (0..<batch).map { Float($0) / Float(batch - 1) }
        let single = labels.flatMap { label in (0..<classes).map { $0 == label ? Float(1) : 0 } }
        let mixed = (0..<batch * classes).map { index in
            let (n, c) = (index / classes, index % classes)
            let (own, partner) = (single[index], single[Int(order[n]) * classes + c])
            return own == partner ? own : weights[n] * own + (1 - weights[n]) * partner
        }
        order.withUnsafeBufferPointer { order in
            weights.withUnsafeBufferPointer { weights in
                var mix = ctk_mix(
                    order: order.baseAddress,
                    inverse: nil,
                    weights: weights.baseAddress
                )
                for (rows, mixes) in [(single, false), (mixed, true)] {
                    let (found, expected) = (logits.like(), logits.like())
                    let loss = withTargets(rows) {
                        ctk_soft_cross_entropy(
                            team.pointer,
                            &logits.planes,
                            $0,
                            &expected.planes
                        )
                    }
                    let same = labels.withUnsafeBufferPointer { labels in
                        withUnsafePointer(to: &mix) { mix in
                            var targets = ctk_targets(
                                numbers: nil,
                                labels: labels.baseAddress,
                                mix: mixes ? mix : nil
                            )
                            return ctk_soft_cross_entropy(
                                team.pointer,
                                &logits.planes,
                                &targets,
                                &found.planes
                            )
                        }
                    }
                    #expect(loss == same)
                    #expect(found.examples == expected.examples)
                }
            }
        }
    }

    @Test("Losses are exact in double precision, from equal logits to those of no weight")
    func precision() {
        for team in Team.all {
            for distance in [0, 1e-6, 0.3, 0.35, 1, 20, 87, 300, 700, 708, 709, 1e6] as [Float] {
                // The last class is the likeliest; what is wanted is the first.
                let z = (0..<5).map { Float($0) * distance / 4 }
                let logits = Planes(5, batch: 1)
                logits.examples = z
                let gradient = logits.like()
                let loss = withTargets([1, 0, 0, 0, 0]) {
                    ctk_soft_cross_entropy(team.pointer, &logits.planes, $0, &gradient.planes)
                }
                let sum = z.reduce(0) { $0 + exp(Double($1) - Double(z[4])) }
                let expected = log(sum) + Double(z[4]) - Double(z[0])
                #expect(abs(loss - expected) <= 1e-15 * max(expected, 1), "\(distance)")
            }
        }
    }

    @Test("Probabilities of 0 and 1 have losses and gradients that are numbers")
    func extremes() throws {
        let team = try #require(Team.all.last)
        let logits = Planes(3, batch: 2)
        logits.examples = [500, -500, 0, -1e30, 1e30, 0]
        let gradient = logits.like()
        let targets: [Float] = [0, 1, 0, 0, 1, 0]
        let losses = withTargets(targets) { targets in
            withExtendedLifetime(team) {
                [ctk_soft_cross_entropy, ctk_softmax_binary_cross_entropy].map {
                    $0(team.pointer, &logits.planes, targets, &gradient.planes)
                }
            }
        }
        #expect(losses.allSatisfy { $0.isFinite })
        #expect(gradient.examples.allSatisfy { $0.isFinite })
        #expect(losses[0] == 500)
    }
}

@Suite("Descent")
struct DescentTests {
    @Test("A step is PyTorch's formula", arguments: [0, 0.9], [false, true])
    func step(momentum: Double, nesterov: Bool) {
        var numbers = Numbers(seed: 14)
        for team in Team.all {
            // More than one part, and no multiple of a register.
            let count = 16_384 + 37
            let (p, g, m) = (numbers.next(count), numbers.next(count), numbers.next(count))
            var (parameters, momenta) = (p, m)
            let descent = ctk_descent(
                learning_rate: 0.1,
                momentum: momentum,
                weight_decay: 0.01,
                nesterov: nesterov
            )
            parameters.withUnsafeMutableBufferPointer { parameters in
                momenta.withUnsafeMutableBufferPointer { momenta in
                    var update = ctk_update(
                        descent: descent,
                        parameters: parameters.baseAddress,
                        momenta: momentum == 0 ? nil : momenta.baseAddress
                    )
                    ctk_descend(team.pointer, &update, 0.5, g, Int64(count))
                }
            }
            var (expected, expectedMomenta) = (p.map(Double.init), m.map(Double.init))
            for i in 0..<count {
                var direction = 0.5 * Double(g[i]) + 0.01 * expected[i]
                if momentum != 0 {
                    expectedMomenta[i] = momentum * expectedMomenta[i] + direction
                    direction =
                        nesterov ? direction + momentum * expectedMomenta[i] : expectedMomenta[i]
                }
                expected[i] -= 0.1 * direction
            }
            #expect(distance(parameters, expected) < 1e-6)
            #expect(distance(momenta, expectedMomenta) < 1e-6)
        }
    }

    @Test("The sum of squares counts every number once")
    func norm() {
        var numbers = Numbers(seed: 15)
        for team in Team.all {
            let values = numbers.next(5001)
            let expected = values.reduce(0) { $0 + Double($1) * Double($1) }
            let found = ctk_sum_of_squares(team.pointer, values, 5001)
            #expect(abs(found / expected - 1) < 1e-6)
        }
    }
}
