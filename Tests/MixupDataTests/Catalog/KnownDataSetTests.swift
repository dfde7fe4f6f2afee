import Foundation
import Testing

@testable import MixupData

@Suite("Data sets that have a name")
struct KnownDataSetTests {
    @Test("Names and files are different, and every check sum is complete")
    func complete() {
        let all = KnownDataSet.all
        #expect(Set(all.map(\.name)).count == all.count)
        for set in all {
            #expect(KnownDataSet.named(set.name)?.task == set.task)
            #expect((set.address == nil) == set.files.isEmpty)
            for file in set.files + set.members {
                let length = if case .md5 = file.checksum { 32 } else { 40 }
                #expect(file.checksum.digits.count == length, "\(file.name)")
                #expect(file.checksum.digits.allSatisfy { $0.isHexDigit && !$0.isUppercase })
                #expect(file.size > 0)
            }
            let sums = (set.files + set.members).map(\.checksum.digits)
            #expect(Set(sums).count == sums.count)
        }
        #expect(KnownDataSet.named("nothing") == nil)
    }

    @Test("A file that is fetched lies where the data set is looked for")
    func places() throws {
        for set in KnownDataSet.all {
            guard let places = set.places else { continue }
            let folder = try TemporaryFolder()
            for file in set.files { try folder.write("x", to: "\(set.name)/\(file.name)") }
            let found = try #require(set.location(dataDirectory: folder.path))
            #expect(found.hasPrefix("\(folder.path)/\(set.name)"))
            #expect(places.dataset == set.name)
        }
    }

    @Test("The bundled digits are as the catalogue says")
    func digits() throws {
        let set = try #require(KnownDataSet.named("digits"))
        var lines: [VerificationLine] = []
        #expect(try set.verify(dataDirectory: nil) { lines.append($0) })
        #expect(lines.map(\.verdict) == [.good, .good])
        #expect(try set.fetch(into: nil) == [])
    }

    @Test(
        "Real MNIST is as the catalogue says",
        .enabled(if: SharedData.hasMNIST, "needs ../shared/data/mnist beside the package")
    )
    func mnist() throws {
        let set = try #require(KnownDataSet.named("mnist"))
        var lines: [VerificationLine] = []
        #expect(try set.verify(dataDirectory: SharedData.folder) { lines.append($0) })
        #expect(lines.map(\.verdict) == [.good, .good, .good, .good, .good, .good])
    }
}
