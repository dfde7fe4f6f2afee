import ArgumentParser
import Foundation
import LibTorch
import MixupTraining

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say which libtorch is used, what the machine offers, and what is wrong."
    )

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() throws {
        let report = Diagnosis.make()
        print(json ? try report.json() : report.text, terminator: json ? "\n" : "")
        if !report.problems.isEmpty { throw ExitCode.failure }
    }
}
