import Foundation
import LibTorch
import Testing

@Suite("The libtorch that is loaded")
struct LibTorchRuntimeTests {
    /// `sha1sum` gave these for so many letters a: around the ends of SHA-1's blocks of 64 bytes.
    private static let letters = [
        0: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        55: "c1c8bbdc22796e28c0e15163d20899b65621d65a",
        56: "c2db330f6083854c99d4b5bfb6e8f29f201be699",
        63: "03f09f5b158a7a8cdad920bddc29b81c18a551f5",
        64: "0098ba824b5c16427bd7a1122a5a442a25ec644d",
        65: "11655326c708d70319be2610e8a57d9a5b959d3b",
        119: "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56",
        120: "f34c1488385346a55709ba056ddd08280dd4c6d6",
        1000: "291e9a6c66994949b57ba5e650361e98fc36b1ba",
    ]

    @Test("SHA-1 of letters agrees with sha1sum", arguments: letters.keys.sorted())
    func sha1OfLetters(_ count: Int) throws {
        let data = Data(repeating: UInt8(ascii: "a"), count: count)
        #expect(try LibTorchRuntime.sha1(data) == Self.letters[count])
    }

    @Test("SHA-1 of \"abc\" is the standard's example")
    func sha1OfTheExample() throws {
        let digest = try LibTorchRuntime.sha1(Data("abc".utf8))
        #expect(digest == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(try LibTorchRuntime.sha1(Data("xabcy".utf8).dropFirst().dropLast()) == digest)
    }

    @Test("SHA-1 of 1 MiB agrees with sha1sum, for zeros and for all byte values")
    func sha1OfLongData() throws {
        let zeros = Data(count: 1 << 20)
        #expect(try LibTorchRuntime.sha1(zeros) == "3b71f43ff30f4b15b5cd85dd9e95ebc7e84eb5a3")
        let mixed = Data((0..<1 << 20).map { UInt8($0 * 7 % 251) })
        #expect(try LibTorchRuntime.sha1(mixed) == "b64be9880471e302ce3c2f619919e22b0ac5bfcb")
    }

    @Test("The loaded library is the one that the package was compiled against")
    func versions() {
        let numbers = LibTorchRuntime.compiledVersion.split(separator: ".").compactMap { Int($0) }
        #expect(numbers.first == 2)
        #expect(numbers.count == 3 && numbers[1] >= 10)
        #expect(LibTorchRuntime.loadedVersion == LibTorchRuntime.compiledVersion)
    }

    @Test("The library's path names a file that exists")
    func libraryPath() {
        #expect(LibTorchRuntime.libraryPath.contains("libtorch"))
        #expect(FileManager.default.fileExists(atPath: LibTorchRuntime.libraryPath))
    }

    @Test("The processor's vector instructions are named")
    func cpuCapability() {
        #expect(!LibTorchRuntime.cpuCapability.isEmpty)
    }

    @Test("Memory that is freed can be kept, and tensors are as before")
    func keepFreedMemory() async {
        await #expect(processExitsWith: .success) {
            LibTorchRuntime.keepFreedMemory()
            for _ in 0..<3 {
                let tensor = try Tensor.ones([1 << 22])
                guard try tensor.sum().item() == 4_194_304 else { exit(1) }
            }
        }
    }

    @Test("Without a CUDA build there is no CUDA device")
    func cuda() {
        #expect(LibTorchRuntime.hasCUDABuild || LibTorchRuntime.cudaDeviceCount == 0)
        #expect(LibTorchRuntime.cudaDeviceCount >= 0)
    }

    @Test(
        "A number of threads below 1 is refused and changes nothing",
        arguments: [0, -1, Int.min]
    )
    func threadCount(_ count: Int) {
        let before = LibTorchRuntime.threadCount
        #expect(before >= 1)
        #expect(refusal { try LibTorchRuntime.setThreadCount(count) }.contains("at least 1"))
        #expect(LibTorchRuntime.threadCount == before)
    }
}
