import ArgumentParser
import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

@main
struct ManifoldMixupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifold-mixup",
        abstract: "Train classifiers with Manifold Mixup, and measure what it does.",
        discussion: """
            Manifold Mixup (Verma et al., ICML 2019) mixes the hidden states of two examples, and \
            their labels, at a layer drawn at random for every minibatch.

            First steps:
              manifold-mixup train --data digits --output runs/first
              manifold-mixup evaluate runs/first
              manifold-mixup compare --data digits --seeds 5

            Exit codes: 0 success, 1 failure, 64 wrong use, 130 and 143 stopped by a signal after \
            saving.
            """,
        version: packageVersion,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, PredictCommand.self, AnalyzeCommand.self,
            CompareCommand.self, ReproduceCommand.self, ExportCommand.self, ImportCommand.self,
            ModelsCommand.self,
            RecipesCommand.self, DataCommand.self, BenchCommand.self, DoctorCommand.self,
        ]
    )

    /// Runs a command; every failure becomes one line on standard error and an exit code.
    static func main() {
        LibTorchRuntime.keepFreedMemory()
        do {
            var command = try parseAsRoot()
            DataNotice.listener = warn
            try requireOneProcess(for: command)
            try command.run()
        } catch {
            let code = exitCode(for: error)
            let isUsage = code == .validationFailure || isWrongUse(error)
            // Help, versions and bare exit codes are not failures to explain.
            guard isUsage || code == .failure, !(error is ExitCode) else { exit(withError: error) }
            let line = message(for: error).split(separator: "\n").joined(separator: " ")
            let hint = code == .validationFailure ? " (see --help)" : ""
            let environment = try? RankEnvironment()
            let rank = environment.map { $0.count > 1 ? "rank \($0.rank): " : "" } ?? ""
            warn("error: \(rank)\(line)\(hint)")
            environment?.report(failure: rank + line)
            Foundation.exit((isUsage ? ExitCode.validationFailure : .failure).rawValue)
        }
    }

    /// Refuses to do the same thing in every one of several processes.
    private static func requireOneProcess(for command: any ParsableCommand) throws {
        guard !(command is TrainCommand || command is BenchCommand.Ranks) else { return }
        guard (try? RankEnvironment())?.count ?? 1 == 1 else {
            throw ValidationError(
                "several processes train one run together, by 'train'; start this command once"
            )
        }
    }

    /// Whether a failure is a setting that cannot be, rather than something that went wrong.
    private static func isWrongUse(_ error: any Error) -> Bool {
        switch error as? DataError {
        case .unknownSource, .invalidAugmentation, .invalidSplit: return true
        default: return error is RecipeError || error is MixupError
        }
    }
}
