import ArgumentParser
import Foundation
import MixupAnalysis
import MixupData
import MixupTraining

/// Prints predictions as they come, so that another program can read them while they do.
struct PredictionWriter {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, csv, json
    }

    private let format: Format
    private let isLabelled: Bool
    private let temperature: Double?
    private let output = StandardOutput()

    init(_ format: Format, isLabelled: Bool, temperature: Double?) {
        self.format = format
        self.isLabelled = isLabelled
        self.temperature = temperature
    }

    /// Prints predictions and the inputs that they are for.
    ///
    /// - Returns: whether there is still somebody who reads.
    func write(_ predictions: some Sequence<(Input, ClassPrediction)>) throws -> Bool {
        var text = ""
        if format == .csv, output.isNew { text = header }
        for (input, prediction) in predictions {
            switch format {
            case .text: text += line(input, prediction) + "\n"
            case .csv: text += rows(input, prediction)
            case .json: text += try Line(input, prediction, temperature).json() + "\n"
            }
        }
        return try output.write(text)
    }

    // MARK: - Text

    private func line(_ input: Input, _ prediction: ClassPrediction) -> String {
        let candidates = prediction.candidates.map { candidate in
            let calibrated = candidate.calibrated.map { " (calibrated \($0.fourDigits))" } ?? ""
            return "\(candidate.className) \(candidate.probability.fourDigits)\(calibrated)"
        }
        let label = input.label.map { ", label \($0)" } ?? ""
        // A name may hold a line break.
        let name = input.name.split(whereSeparator: \.isNewline).joined(separator: " ")
        return "\(name): \(candidates.joined(separator: ", "))\(label)"
    }

    // MARK: - CSV

    private var header: String {
        let columns =
            ["input", "rank", "class", "index", "probability", "calibrated", "temperature"]
            + (isLabelled ? ["label"] : [])
        return CSV.line(columns)
    }

    /// A row for every candidate.
    private func rows(_ input: Input, _ prediction: ClassPrediction) -> String {
        prediction.candidates.enumerated().map { number, candidate in
            var cells = [
                input.name, "\(number + 1)", candidate.className, "\(candidate.index)",
                "\(candidate.probability)", candidate.calibrated.map { "\($0)" } ?? "",
                temperature.map { "\($0)" } ?? "",
            ]
            if isLabelled { cells.append(input.label ?? "") }
            return CSV.line(cells)
        }
        .joined()
    }

    // MARK: - JSON

    private struct Line: Encodable {
        struct Candidate: Encodable {
            let `class`: String
            let index: Int
            let probability: Double
            let calibrated: Double?
        }

        let input: String
        let label: String?
        let temperature: Double?
        let candidates: [Candidate]

        init(_ input: Input, _ prediction: ClassPrediction, _ temperature: Double?) {
            self.input = input.name
            label = input.label
            self.temperature = temperature
            candidates = prediction.candidates.map {
                Candidate(
                    class: $0.className,
                    index: $0.index,
                    probability: $0.probability,
                    calibrated: $0.calibrated
                )
            }
        }

        func json() throws -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
