import Foundation
import Testing

@testable import MixupData

@Suite("Naming data")
struct DataSourceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// MNIST in small; the first training label tells where it came from.
    private func writeMNIST(to place: String, firstLabel: UInt8) throws {
        try folder.write(idx([2, 1, 1], [0, 255]), to: "\(place)/train-images-idx3-ubyte")
        try folder.write(idx([2], [firstLabel, 0]), to: "\(place)/train-labels-idx1-ubyte")
        try folder.write(idx([1, 1, 1], [9]), to: "\(place)/t10k-images-idx3-ubyte")
        try folder.write(idx([1], [0]), to: "\(place)/t10k-labels-idx1-ubyte")
    }

    private func loadMNIST(_ directory: String?, variable: String? = nil) throws -> DataSplits {
        var environment: [String: String] = [:]
        environment["MANIFOLD_MIXUP_DATA"] = variable.map { "\(folder.path)/\($0)" }
        return try DataSource.load(
            ["mnist"],
            dataDirectory: directory.map { "\(folder.path)/\($0)" },
            environment: environment,
            defaultDirectory: "\(folder.path)/data"
        )
    }

    @Test(
        "MNIST is found in a folder itself, in its mnist and in its MNIST/raw",
        arguments: ["", "/mnist", "/MNIST/raw"]
    )
    func places(_ below: String) throws {
        try writeMNIST(to: "option\(below)", firstLabel: 1)
        try writeMNIST(to: "variable\(below)", firstLabel: 2)
        try writeMNIST(to: "data\(below)", firstLabel: 3)
        #expect(try loadMNIST("option").train.labels == [1, 0])
        #expect(try loadMNIST("option/").train.labels == [1, 0])
        #expect(try loadMNIST(nil, variable: "variable").train.labels == [2, 0])
        #expect(try loadMNIST(nil).train.labels == [3, 0])
    }

    @Test("The option goes before the variable, and the variable before ./data")
    func precedence() throws {
        try writeMNIST(to: "option", firstLabel: 1)
        try writeMNIST(to: "variable", firstLabel: 2)
        try writeMNIST(to: "data", firstLabel: 3)
        #expect(try loadMNIST("option", variable: "variable").train.labels == [1, 0])
        #expect(try loadMNIST("nowhere", variable: "variable").train.labels == [2, 0])
        #expect(try loadMNIST("nowhere", variable: "nowhere").train.labels == [3, 0])
    }

    @Test("Where MNIST is nowhere, the message lists every place and says what to do")
    func notFound() throws {
        let roots = ["option", "variable", "data"].map { "\(folder.path)/\($0)" }
        #expect {
            try loadMNIST("option", variable: "variable")
        } throws: { error in
            roots.allSatisfy { root in
                ["\(root),", "\(root)/mnist,", "\(root)/MNIST/raw"].allSatisfy {
                    "\(error)".contains($0)
                }
            } && "\(error)".contains("train-images-idx3-ubyte")
                && "\(error)".contains("MANIFOLD_MIXUP_DATA")
        }
    }

    @Test("A place with some of the files is not passed over in silence")
    func incomplete() throws {
        try writeMNIST(to: "data", firstLabel: 3)
        try writeMNIST(to: "option", firstLabel: 1)
        try FileManager.default.removeItem(atPath: folder.path + "/option/t10k-labels-idx1-ubyte")
        #expect {
            try loadMNIST("option")
        } throws: {
            "\($0)".contains("option: the folder lacks t10k-labels-idx1-ubyte")
        }
    }

    @Test("digits need no folder")
    func digits() throws {
        #expect(try DataSource.load(["digits"], dataDirectory: nil).train.shape == [1, 8, 8])
    }

    @Test(
        "A name that stands for nothing is refused with what is known",
        arguments: [
            [], [""], ["imagenet"], ["digit"], ["a.csv", "b.csv"], ["digits", "mnist"],
            ["a", "b", "c"], ["/nowhere/at/all"],
        ]
    )
    func unknown(_ names: [String]) {
        #expect {
            try DataSource.load(names, dataDirectory: nil)
        } throws: { error in
            let name = names.count == 1 ? names[0] : ""
            return ["digits", "mnist", "IDX", "TRAIN.csv", name].allSatisfy {
                $0.isEmpty || "\(error)".contains($0)
            }
        }
    }

    @Test("Two folders are refused: two names are tables")
    func twoFolders() {
        #expect {
            try DataSource.load([folder.path, folder.path], dataDirectory: nil)
        } throws: {
            "\($0)".contains("'\(folder.path)' is not a file")
        }
    }
}
