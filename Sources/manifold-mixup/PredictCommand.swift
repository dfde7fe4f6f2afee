import ArgumentParser
import Foundation
import LibTorch
import MixupAnalysis
import MixupData
import MixupTraining

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Say what new images or rows are, and how sure that is.",
        discussion: """
            Examples:
              manifold-mixup predict runs/first image.png
              manifold-mixup predict runs/first images/ --top 3
              manifold-mixup predict best.safetensors rows.csv --format csv > out.csv
              producer | manifold-mixup predict best.safetensors - --format json

            Inputs are PNG and JPEG files, folders of them (with all folders inside), IDX files as MNIST \
            has them, and tables of numbers with commas, one row an example, in the units of the data \
            that the model was trained on; packed by gzip or not. The name - stands for a table on \
            standard input. All are normalised as the model's own data were.

            For every input there are its class and the probability that the network gives it, and the \
            calibrated probability if there is a temperature: fitted to the examples that the run holds \
            out (--hold-out), or brought along by an exported file. It is printed as each batch is \
            done, and the memory does not grow with the number of inputs.

            What cannot be read is reported on standard error and passed over; then the exit code is 1.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The folder of a run, one of its checkpoints, or a file that export wrote.",
            valueName: "model"
        )
    )
    var model: String

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "input"))
    var inputs: [String]

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Which checkpoint of the run: last (default), previous, best, or epoch-N.",
            valueName: "name"
        )
    )
    var checkpoint: String?

    @Option(name: .long, help: "How to print: text (default), csv, or json, an object a line.")
    var format: PredictionWriter.Format = .text

    @Option(
        name: .long,
        help: ArgumentHelp("So many classes of each, from the best.", valueName: "n")
    )
    var top = 1

    @Option(name: .long, help: ArgumentHelp("Inputs at once.", valueName: "n"))
    var batchSize = 100

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where to compute: auto (default: CUDA where it can be used), cpu, cuda, or cuda:N.",
            valueName: "device"
        )
    )
    var device: DeviceChoice = .auto

    @Flag(
        name: .long,
        help: ArgumentHelp(
            "Bring images of another size to the model's.",
            discussion: """
                Both sides by themselves, by bilinear interpolation with antialiasing, as torchvision \
                and Pillow do.
                """
        )
    )
    var resize = false

    @Flag(
        name: .long,
        help: "Take the brightness of colour images where the model takes grey ones."
    )
    var grey = false

    @Flag(name: .long, help: "The last column of tables is the label; it is printed, too.")
    var labelled = false

    @Flag(name: .long, help: "Fit no temperature, which loads the run's data.")
    var noCalibration = false

    func validate() throws {
        guard top >= 1 else { throw ValidationError("--top must be 1 or more, not \(top)") }
        guard (1...100_000).contains(batchSize) else {
            throw ValidationError("--batch-size must be 1 to 100000, not \(batchSize)")
        }
    }

    func run() throws {
        let saved = try SavedModel(path: model, checkpoint: checkpoint)
        let predictor = try makePredictor(saved, on: device.device())
        let reader = predictor.reader(
            inputs,
            resizes: resize,
            convertsToGrey: grey,
            isLabelled: labelled
        )
        let writer = PredictionWriter(
            format,
            isLabelled: labelled,
            temperature: predictor.temperature?.value
        )
        var failures = PredictionFailures()
        while true {
            let results = reader.next(batchSize)
            guard !results.isEmpty else { break }
            let examples = results.compactMap { try? $0.get() }
            let predictions = try predictor(examples, top: top)
            for case .failure(let failure) in results { failures.report(failure) }
            // Whoever reads may have seen enough.
            guard try writer.write(zip(examples, predictions)) else { break }
        }
        if reader.passedOverCount > 0 {
            warn(
                "note: files in folders that are no images by their names: \(reader.passedOverCount)"
            )
        }
        guard let summary = failures.summary else { return }
        warn("error: \(summary)")
        throw ExitCode.failure
    }

    /// The predictor, after saying how it is calibrated. Data that are not here are no reason to say
    /// nothing of the inputs.
    private func makePredictor(_ saved: SavedModel, on device: Device) throws -> Predictor {
        guard !noCalibration else {
            return try Predictor(saved, calibrates: false, device: device)
        }
        do {
            let predictor = try Predictor(saved, device: device)
            warn(
                predictor.temperature.map { "note: calibrated by \($0.summary)" }
                    ?? "note: not calibrated, since no examples were held out of the training "
                    + "(--hold-out)"
            )
            return predictor
        } catch let error as DataError {
            warn("note: not calibrated: \(error)")
            return try Predictor(saved, calibrates: false, device: device)
        }
    }
}

/// The inputs that could not be had: all are told of at once, and at the end some by their names, so that
/// the memory does not grow with them.
private struct PredictionFailures {
    private static let mostNames = 20
    private var count = 0
    private var names: [String] = []

    mutating func report(_ failure: InputFailure) {
        warn("error: \(failure.reason)")
        count += 1
        if names.count < Self.mostNames { names.append(failure.name) }
    }

    /// What to say at the end; `nil` without failures.
    var summary: String? {
        guard count > 0 else { return nil }
        let rest = count > names.count ? " and \(count - names.count) more" : ""
        let subject = count == 1 ? "1 input" : "\(count) inputs"
        return "\(subject) could not be read: \(names.joined(separator: ", "))\(rest)"
    }
}
