import ArgumentParser
import Foundation
import MixupTraining

extension BenchCommand {
    struct Data: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "data",
            abstract: "How fast minibatches are made, and how long a training waits for them.",
            discussion: """
                Random images of CIFAR's size are flipped, cropped with a padding of 4 pixels, \
                normalised, and made tensors.
                """
        )

        @Option(
            name: .long,
            help: ArgumentHelp("The numbers of threads to measure.", valueName: "n,n,…")
        )
        var workers = NumberList(values: [0, 1, 2])

        @Option(name: .long, help: ArgumentHelp("Images in a round.", valueName: "n"))
        var images = 50_000

        @Option(name: .long, help: ArgumentHelp("Images in a minibatch.", valueName: "n"))
        var batchSize = 100

        @Option(name: .long, help: ArgumentHelp("Rounds of each.", valueName: "n"))
        var rounds = 5

        @Flag(name: .long, help: "Also train a PreActResNet-18, and tell how long it waits.")
        var wait = false

        @Option(name: .long, help: ArgumentHelp("Steps of each training.", valueName: "n"))
        var steps = 5

        @Flag(name: .long, help: "Print JSON.")
        var json = false

        private struct Report: Encodable {
            let loader: [LoaderSpeed]
            let training: [DataWait]?
            let peakKiB: Int

            enum CodingKeys: String, CodingKey {
                case loader, training
                case peakKiB = "peak_kib"
            }
        }

        func validate() throws {
            guard rounds >= 1, steps >= 1 else {
                throw ValidationError("--rounds and --steps must be 1 or more")
            }
            guard !workers.values.isEmpty, workers.values.allSatisfy((0...64).contains) else {
                throw ValidationError("--workers takes numbers from 0 to 64")
            }
            guard batchSize >= 1, (batchSize...10_000_000).contains(images) else {
                throw ValidationError("--images must be --batch-size to 10000000")
            }
        }

        func run() throws {
            let report = Report(
                loader: try LoaderSpeed.measure(
                    workers: workers.values,
                    imageCount: images,
                    batchSize: batchSize,
                    rounds: rounds
                ),
                training: wait
                    ? try DataWait.measure(
                        workers: workers.values,
                        batchSize: batchSize,
                        steps: steps
                    ) : nil,
                peakKiB: try ResidentMemory.peakKiB()
            )
            guard !json else { return print(try report.json()) }
            var loader = Table([
                Table.Column("workers", .right), Table.Column("images/s", .right),
                Table.Column("quartiles", .right),
            ])
            for row in report.loader {
                let quartiles = row.quartiles.map { String(format: "%.0f", $0) }
                loader.append([
                    "\(row.workers)", String(format: "%.0f", row.imagesPerSecond),
                    quartiles.joined(separator: " to "),
                ])
            }
            print(loader.text, terminator: "")
            guard let waits = report.training else { return }
            var training = Table([
                Table.Column("workers", .right), Table.Column("ms a step", .right),
                Table.Column("waiting", .right),
            ])
            for row in waits {
                training.append([
                    "\(row.workers)", String(format: "%.1f", row.stepMilliseconds),
                    String(format: "%.4f %%", 100 * row.waitingShare),
                ])
            }
            print("\ntraining PreActResNet-18 with Manifold Mixup")
            print(training.text, terminator: "")
        }
    }
}
