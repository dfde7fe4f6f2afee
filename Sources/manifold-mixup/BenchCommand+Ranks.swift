import ArgumentParser
import Foundation
import LibTorch
import MixupTraining

extension BenchCommand {
    struct Ranks: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ranks",
            abstract: "How much faster several processes train than one, in alternation.",
            discussion: """
                A PreActResNet-18 does steps on random images of CIFAR's size, by one process and by \
                all, on minibatches of the same size. Each process has one thread, so more of them \
                than cores gain nothing.
                """
        )

        @Option(name: .long, help: ArgumentHelp("Processes on this machine.", valueName: "n"))
        var processes = 2

        @Option(
            name: .long,
            help: ArgumentHelp("Images in a step, over all processes.", valueName: "n")
        )
        var batchSize = 100

        @Option(name: .long, help: ArgumentHelp("Channels of the first stage.", valueName: "n"))
        var width = 64

        @Option(name: .long, help: ArgumentHelp("Pairs of steps.", valueName: "n"))
        var rounds = 10

        @Flag(name: .long, help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (2...64).contains(processes), rounds >= 1, width >= 1 else {
                throw ValidationError(
                    "--processes takes 2 to 64, --rounds and --width 1 or more"
                )
            }
            guard batchSize >= 2 * processes, batchSize.isMultiple(of: processes) else {
                throw ValidationError(
                    "--batch-size must be a multiple of --processes, at least two for each"
                )
            }
        }

        func run() throws {
            guard let environment = try RankEnvironment() else {
                StopSignals.install()
                let arguments = Array(CommandLine.arguments.dropFirst())
                throw ExitCode(
                    try RankLauncher(count: processes, arguments: arguments).run()
                )
            }
            RankLauncher.followLauncher()
            let ranks = try environment.join(timeout: .seconds(600))
            let scaling = try RankScaling.measure(
                ranks,
                width: width,
                batchSize: batchSize,
                rounds: rounds
            )
            guard let scaling else { return }
            guard !json else { return print(try scaling.json()) }
            print(
                String(
                    format: """
                        1 process       %8.1f ms a step (median of %d)
                        %d processes     %8.1f ms a step
                        ratio           %8.3f    (quartiles %.3f to %.3f)
                        processor time  %8.3f    (the ratio with a free core for each, and no waiting)
                        gradients       %8.1f ms to average %.1f MB, without waiting
                        load            %8.2f to %.2f (processes that want a core, of which %d are these)
                        """,
                    scaling.singleMilliseconds,
                    scaling.rounds,
                    scaling.rankCount,
                    scaling.jointMilliseconds,
                    scaling.medianSpeedup,
                    scaling.speedupQuartiles[0],
                    scaling.speedupQuartiles[1],
                    scaling.medianProcessorSpeedup,
                    scaling.exchangeMilliseconds,
                    Double(scaling.gradientBytes) / 1e6,
                    scaling.loads[0],
                    scaling.loads[1],
                    scaling.rankCount
                )
            )
        }
    }
}
