import ArgumentParser
import Foundation
import MixupAnalysis
import MixupData
import MixupTraining

/// Which run is measured, and on how many of its examples.
struct MeasuredRun: ParsableArguments {
    @OptionGroup var subject: AnalyzeCommand.Subject

    @Option(
        name: .long,
        help: ArgumentHelp("The most examples, evenly spaced (default: all).", valueName: "n")
    )
    var images: Int?

    func validate() throws {
        if let images, images < 1 {
            throw ValidationError("--images must be 1 or more, not \(images)")
        }
    }

    /// The model, and the examples to measure it on.
    func load() throws -> (trained: TrainedModel, examples: Dataset) {
        let (trained, examples) = try subject.load()
        return (trained, try images.map(examples.evenlySpaced) ?? examples)
    }
}

extension Double {
    /// A share as a percentage, without the sign.
    var inPercent: String { String(format: "%.2f", 100 * self) }
    /// Two digits behind the point.
    var twoDigits: String { String(format: "%.2f", self) }
    /// Four digits behind the point.
    var fourDigits: String { String(format: "%.4f", self) }
}
