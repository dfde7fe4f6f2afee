import ArgumentParser
import Foundation
import MixupTraining

extension BenchCommand {
    struct Step: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "step",
            abstract: "The time of a step by the fused engine and by autograd, in alternation.",
            discussion: """
                Trains on random images, with Manifold Mixup unless --method says otherwise; each \
                engine in a process of its own, of which one works at a time. With --engine fused \
                or autograd only that one is measured. `make bench` compares with PyTorch, too.

                Examples:
                  manifold-mixup bench step --widths 256,256 --input-shape 1,28,28 --rounds 200
                  manifold-mixup bench step --model preact-resnet-18 --width 16 --threads 1
                  manifold-mixup bench step --model preact-resnet-18 --device cuda --channels-last

                It is the CPU that is measured, unless --device names CUDA, which only autograd computes \
                on; the clock then waits until the device has done its work.
                """
        )

        @Option(
            name: .long,
            help: ArgumentHelp("The shape of an image.", valueName: "c,h,w")
        )
        var inputShape = NumberList(values: [3, 32, 32])

        @Option(
            name: .long,
            help: ArgumentHelp(
                """
                Rounds, of as many steps of each engine as take a fifth of a second; or the steps \
                of the one that --engine names.
                """,
                valueName: "n"
            )
        )
        var rounds = 20

        @Flag(
            name: .long,
            help: "Count the time that the process computes, for machines that do other things too."
        )
        var cpuTime = false

        @Flag(name: .long, help: "Print JSON.")
        var json = false

        @Flag(
            name: .long,
            help: """
                Do what lines of standard input ask for, as "step 20" or "evaluate 5", and answer \
                with the times as JSON; for programs that let several take turns.
                """
        )
        var serve = false

        @OptionGroup var options: RecipeOptions

        func validate() throws {
            guard rounds >= 1 else { throw ValidationError("--rounds must be 1 or more") }
            guard inputShape.values.count == 3, inputShape.values.allSatisfy((1...1000).contains)
            else {
                throw ValidationError("--input-shape takes three numbers from 1 to 1000")
            }
        }

        func run() throws {
            let idle = try ResidentMemory.peakKiB()
            let recipe = try options.resolved()
            // CUDA is for one engine only.
            let isOne =
                recipe.training.engine != .auto || ![.auto, .cpu].contains(recipe.training.device)
            guard serve || isOne else { return try compare() }
            let training = try TimedTraining(
                recipe,
                inputShape: inputShape.values,
                time: cpuTime ? .processor : .clock
            )
            guard !serve else { return try training.serve(idleKiB: idle) }
            let speed = try training.speed(rounds: rounds)
            print(json ? try speed.json() : Self.table([speed]), terminator: json ? "\n" : "")
        }

        /// Measures both engines, each in a process of its own.
        private func compare() throws {
            func process(_ engine: TrainingEngine) throws -> TimedProcess {
                let own = CommandLine.arguments.dropFirst()
                return try TimedProcess(
                    arguments: own + ["--engine", engine.rawValue, "--serve"]
                )
            }
            let comparison = try EngineComparison.measure(
                fused: process(.fused),
                autograd: process(.autograd),
                rounds: rounds
            )
            guard !json else { return print(try comparison.json()) }
            print(Self.table([comparison.fused, comparison.autograd]), terminator: "")
            print(
                String(
                    format: """

                        a step is %.2f times faster (median of %d rounds, quartiles %.2f to %.2f), an \
                        evaluation %.2f times
                        """,
                    comparison.medianRatio,
                    comparison.rounds,
                    comparison.ratioQuartiles[0],
                    comparison.ratioQuartiles[1],
                    comparison.evaluationRatio
                )
            )
        }

        private static func table(_ speeds: [EngineSpeed]) -> String {
            var table = Table([
                Table.Column("engine"), Table.Column("ms a step", .right),
                Table.Column("quartiles", .right), Table.Column("ms an evaluation", .right),
                Table.Column("peak MiB", .right),
            ])
            for speed in speeds {
                table.append([
                    speed.engine, String(format: "%.3f", speed.stepMilliseconds),
                    speed.stepQuartiles.map { String(format: "%.3f", $0) }
                        .joined(separator: " to "),
                    String(format: "%.3f", speed.evaluationMilliseconds),
                    "\(speed.peakKiB / 1024)",
                ])
            }
            return table.text
        }
    }
}
