import ArgumentParser
import Foundation
import LibTorch
import MixupTraining

extension BenchCommand {
    struct Machine: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "machine",
            abstract: "What this machine can do at best: arithmetic from registers, and memory.",
            discussion: "It bounds what any program can do; `make bench` divides by it."
        )

        @Option(name: .long, help: ArgumentHelp("Threads (default: all cores).", valueName: "n"))
        var threads: Int?

        @Flag(name: .long, help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...1024).contains(threads ?? 1) else {
                throw ValidationError("--threads must be 1 to 1024")
            }
        }

        func run() throws {
            let speed = try MachineSpeed.measure(threads: threads ?? LibTorchRuntime.threadCount)
            guard !json else { return print(try speed.json()) }
            let trip = speed.roundTripNanoseconds.map {
                String(format: "%8.0f ns for a cache line to another core and back", $0)
            }
            let bfloat16 = speed.bfloat16Gigaflops.map { String(format: "%8.1f GFLOP/s", $0) }
            print(
                String(
                    format: """
                        CPU       %@, %d threads; %@
                        cache     %8.1f MiB, the largest
                        float32   %8.1f GFLOP/s
                        bfloat16  %@
                        memory    %8.1f GB/s read, %.1f GB/s read and written in copies
                        cores     %@
                        """,
                    speed.cpu,
                    speed.threads,
                    speed.features.joined(separator: " "),
                    Double(speed.cacheBytes) / 1_048_576,
                    speed.float32Gigaflops,
                    bfloat16 ?? "none on this CPU",
                    speed.readGigabytes,
                    speed.copyGigabytes,
                    trip ?? "one"
                )
            )
        }
    }
}
