import Foundation
import MixupTraining

/// A share as a percentage.
func percent(_ share: Double) -> String {
    String(format: "%.2f %%", 100 * share)
}

/// Writes a line to standard error.
func warn(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

extension Encodable {
    /// The value as JSON with sorted keys.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension Evaluation {
    /// The result on one line each.
    var text: String {
        var lines = [
            "test error  \(percent(error))  (\(count) examples)",
            String(format: "test NLL    %.4f", negativeLogLikelihood),
        ]
        if let topFiveError {
            lines.append("top-5 error \(percent(topFiveError))")
        }
        return lines.joined(separator: "\n")
    }
}

extension EpochReport {
    /// The epoch on one line.
    var line: String {
        let results = [("validation", validation), ("test", test)].compactMap { name, result in
            result.map {
                let likelihood = String(format: "%.4f", $0.negativeLogLikelihood)
                return ", \(name) error \(percent($0.error)), \(name) NLL \(likelihood)"
            }
        }
        return String(format: "epoch %d: training loss %.4f", epoch, trainingLoss)
            + results.joined()
    }
}
