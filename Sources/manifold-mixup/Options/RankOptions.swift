import ArgumentParser
import Foundation
import LibTorch
import MixupTraining

/// Whether, and how, several processes train together.
struct RankOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Train with so many processes on this machine (default: 1).",
            valueName: "n"
        )
    )
    var processes: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long a process waits for the others before it gives up (default: 5m).",
            valueName: "time"
        )
    )
    var rankTimeout: TimeSpan?

    private var timeout: Duration { .seconds(rankTimeout?.seconds ?? 300) }

    func validate() throws {
        guard let processes else { return }
        guard (1...1024).contains(processes) else {
            throw ValidationError("--processes takes a number from 1 to 1024, not \(processes)")
        }
        guard try RankEnvironment() == nil else {
            throw ValidationError(
                "--processes starts the ranks by itself; leave it out under torchrun, or unset "
                    + "WORLD_SIZE"
            )
        }
        guard processes == 1 || ProcessGroup.isBuiltIn else {
            throw TrainingError.impossible(
                "this program was built without Gloo, which several ranks need: \(ProcessGroup.cure)"
            )
        }
    }

    /// Starts the processes, waits for them, and ends this one as they ended; returns where there are
    /// none to start.
    func launch() throws {
        guard let processes, processes > 1 else { return }
        StopSignals.install()
        var launcher = RankLauncher(count: processes, arguments: Self.withoutProcesses)
        launcher.notice = { warn("error: \($0)") }
        throw ExitCode(try launcher.run())
    }

    /// Meets the other processes, where something has started several.
    func join() throws -> Ranks {
        RankLauncher.followLauncher()
        return try RankEnvironment()?.join(timeout: timeout) ?? Ranks()
    }

    /// The arguments of this process, without those that would start others again.
    private static var withoutProcesses: [String] {
        let name = "--processes"
        let arguments = CommandLine.arguments.dropFirst()
        return zip(arguments, [""] + arguments).compactMap { argument, before in
            argument == name || before == name || argument.hasPrefix(name + "=") ? nil : argument
        }
    }
}
