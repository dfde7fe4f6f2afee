import ArgumentParser
import Foundation
import LibTorch
import MixupTraining

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what the method costs on this machine.",
        subcommands: [
            Step.self, Cost.self, Memory.self, Data.self, Ranks.self, Machine.self,
        ]
    )

    struct Size: ParsableArguments {
        @Option(name: .long, help: ArgumentHelp("Units of each hidden layer.", valueName: "n,n,…"))
        var widths = NumberList(values: [1024, 1024, 1024])

        @Option(name: .long, help: ArgumentHelp("Examples in a minibatch.", valueName: "n"))
        var batchSize = 100

        @Flag(name: .long, help: "Print JSON.")
        var json = false

        func validate() throws {
            guard batchSize >= 1, widths.values.allSatisfy({ $0 >= 1 }) else {
                throw ValidationError("--widths and --batch-size must be 1 or more")
            }
        }
    }

    struct Cost: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cost",
            abstract: "The time of a step with Manifold Mixup over one without, in alternation."
        )

        @OptionGroup var size: Size

        @Option(name: .long, help: ArgumentHelp("Pairs of steps.", valueName: "n"))
        var rounds = 500

        func validate() throws {
            guard rounds >= 1 else { throw ValidationError("--rounds must be 1 or more") }
        }

        func run() throws {
            let cost = try StepCost.measure(
                widths: size.widths.values,
                batchSize: size.batchSize,
                rounds: rounds
            )
            guard !size.json else { return print(try cost.json()) }
            print(
                String(
                    format: """
                        without mixup   %8.3f ms a step (median of %d)
                        manifold mixup  %8.3f ms a step
                        ratio           %8.3f    (quartiles %.3f to %.3f)
                        """,
                    cost.plainMilliseconds,
                    cost.rounds,
                    cost.mixedMilliseconds,
                    cost.medianRatio,
                    cost.ratioQuartiles[0],
                    cost.ratioQuartiles[1]
                )
            )
        }
    }

    struct Memory: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "memory",
            abstract: "The resident memory over many steps with Manifold Mixup."
        )

        @OptionGroup var size: Size

        @Option(name: .long, help: ArgumentHelp("Steps after the warm-up.", valueName: "n"))
        var steps = 10_000

        func validate() throws {
            guard steps >= 10 else { throw ValidationError("--steps must be 10 or more") }
        }

        func run() throws {
            let memory = try MemoryGrowth.measure(
                widths: size.widths.values,
                batchSize: size.batchSize,
                steps: steps
            )
            guard !size.json else { return print(try memory.json()) }
            let readings = memory.residentKiB.map { String($0 / 1024) }.joined(separator: " ")
            print("resident memory in MiB, at each tenth of \(memory.steps) steps: \(readings)")
            print("growth: \(memory.growthKiB) KiB")
        }
    }
}
