import ArgumentParser
import Foundation
import MixupTraining

extension BenchCommand {
    struct Step: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "step",
            abstract: "The time of a step by the fused engine and by autograd, in alternation.",
            discussion: """
                Trains on random images, with Manifold Mixup unless --method says otherwise.

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

        @Option(name: .long, help: ArgumentHelp("Steps of each engine.", valueName: "n"))
        var rounds = 20

        @Flag(
            name: .long,
            help: "Count the time that the process computes, for machines that do other things too."
        )
        var cpuTime = false

        @Flag(name: .long, help: "Print JSON.")
        var json = false

        @OptionGroup var options: RecipeOptions

        func validate() throws {
            guard rounds >= 1 else { throw ValidationError("--rounds must be 1 or more") }
            guard inputShape.values.count == 3, inputShape.values.allSatisfy((1...1000).contains)
            else {
                throw ValidationError("--input-shape takes three numbers from 1 to 1000")
            }
        }

        func run() throws {
            let speed = try EngineSpeed.measure(
                try options.resolved(),
                inputShape: inputShape.values,
                rounds: rounds,
                time: cpuTime ? .processor : .clock
            )
            guard !json else { return print(try speed.json()) }
            var table = Table([
                Table.Column("engine"), Table.Column("ms a step", .right),
                Table.Column("ms an evaluation", .right),
            ])
            func row(_ engine: String, _ step: Double, _ evaluation: Double) {
                table.append([
                    engine, String(format: "%.3f", step), String(format: "%.3f", evaluation),
                ])
            }
            if let fused = speed.fused, let step = speed.fusedMilliseconds,
                let evaluation = speed.fusedEvaluationMilliseconds
            {
                row(fused, step, evaluation)
            }
            row(
                "autograd on \(speed.device)",
                speed.autogradMilliseconds,
                speed.autogradEvaluationMilliseconds
            )
            print(table.text, terminator: "")
            guard let ratio = speed.medianRatio, let quartiles = speed.ratioQuartiles,
                let evaluationRatio = speed.evaluationRatio
            else { return }
            print(
                String(
                    format: """

                        a step is %.2f times faster (median of %d rounds, quartiles %.2f to %.2f), an \
                        evaluation %.2f times
                        """,
                    ratio,
                    speed.rounds,
                    quartiles[0],
                    quartiles[1],
                    evaluationRatio
                )
            )
        }
    }
}
