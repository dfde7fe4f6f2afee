import Foundation
import LibTorch
import MixupData
import MixupTraining
import Testing

@Suite("The diagnosis")
struct DiagnosisTests {
    @Test("Without a CUDA device, the diagnosis says why and what to do")
    func cuda() throws {
        let line = try #require(
            Diagnosis.make().text.split(separator: "\n").first { $0.hasPrefix("CUDA ") }
        )
        switch Device.whyNoCUDA {
        case nil: #expect(line.contains("cuda:0"))
        case let reason?:
            #expect(line.contains(reason))
            #expect(line.contains(LibTorchRuntime.hasCUDABuild ? "nvidia-smi" : "LIBTORCH="))
        }
    }

    @Test("Every library for data files is named: what it reads, or how to get it")
    func dataLibraries() throws {
        let diagnosis = Diagnosis.make()
        let line = try #require(
            diagnosis.text.split(separator: "\n").first { $0.hasPrefix("data files ") }
        )
        for library in DataLibrary.allCases {
            #expect(diagnosis.dataLibraries[library.rawValue] == library.isBuiltIn)
            let words = library.isBuiltIn ? "by \(library.rawValue)" : library.debianPackage
            #expect(line.contains("\(library.format)") && line.contains(words))
        }
    }
}
