import Foundation
import LibTorch
import ManifoldMixup
import Glibc
import Testing

@testable import MixupTraining

@Suite("Recipes that mean harm, and paths that are no recipes")
struct HostileRecipeTests {
    private func message(of yaml: String) -> String {
        RecipeErrorTests.message(yaml)
    }

    @Test("Nesting without end is refused")
    func deepNesting() {
        for depth in [10, 900, 2000, 500_000] {
            _ = message(of: String(repeating: "[", count: depth))
            _ = message(of: String(repeating: "{a: ", count: depth))
            let open = String(repeating: "[", count: depth)
            let closed = String(repeating: "]", count: depth)
            _ = message(of: String("model: { widths: \(open)\(closed) }".prefix(1_000_000)))
            _ = message(of: String(repeating: "- ", count: depth))
            _ = message(of: String(repeating: "? ", count: depth))
        }
    }

    @Test("Aliases of aliases of aliases are refused at once, as values and as keys")
    func billionLaughs() {
        var yaml = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n"
        for level in 1..<30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            yaml += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let started = ContinuousClock.now
        #expect(message(of: yaml + "data: *a29\n").contains("aliases"))
        #expect(message(of: yaml + "? *a29\n: 1\n").contains("aliases"))
        #expect(ContinuousClock.now - started < .seconds(5))
    }

    @Test("A message quotes no more of the recipe than fits, and never a line break")
    func longValues() {
        let long = String(repeating: "x", count: 300_000)
        #expect(message(of: "method: { name: \(long) }").count < 300)
        #expect(message(of: "\"\(long)\": 1").count < 300)
        _ = message(of: "method: { name: \"a\\nb\\r\\u2028c\\e[2J\" }")
        _ = message(of: "\"a\\nb\": 1")
        let widths = Array(repeating: "1", count: 100_000).joined(separator: ", ")
        #expect(message(of: "model: { widths: [\(widths)] }").contains("model.widths"))
        let keys = (0..<50_000).map { "k\($0): 1\n" }.joined()
        _ = message(of: keys)
    }

    @Test("Random damage to a recipe is read or refused, never worse")
    func randomDamage() throws {
        var generator = RandomRecipes.Generator(state: 3)
        let alphabet = Array("[]{}:,-?&*!|>'\"%@`#\n\t \\~<=0aé\u{0}\u{FEFF}".unicodeScalars)
        let whole = Array(Recipe().yaml().unicodeScalars)
        var refused = 0
        for _ in 0..<2000 {
            var scalars = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: scalars.indices, using: &generator)
                scalars[place] = alphabet[Int.random(in: alphabet.indices, using: &generator)]
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            do {
                _ = try Recipe.parse(yaml: String(text), source: "damaged")
            } catch {
                refused += 1
                #expect(!error.description.hasLineBreak)
            }
        }
        #expect(refused > 1000)
    }

    @Test("A file that is too large, missing, no file or no text is refused with its path")
    func files() throws {
        let folder = try ScratchFolder()
        func message(_ path: String) -> String {
            do {
                _ = try Recipe.load(path)
                return "accepted"
            } catch {
                return error.description
            }
        }
        let missing = folder.path("missing.yaml")
        #expect(message(missing).hasPrefix("\(missing): cannot open the recipe: No such file"))
        #expect(message(folder.path).contains("is not a file"))
        #expect(message("/dev/zero").contains("is not a file"))
        #expect(message("").contains("cannot open the recipe"))

        let pipe = folder.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(message(pipe).contains("is not a file"))

        let large = folder.path("large.yaml")
        try Data(repeating: UInt8(ascii: "#"), count: RecipeFile.largestSize + 1)
            .write(to: URL(fileURLWithPath: large))
        #expect(message(large).contains("is larger than 1048576 bytes"))
        // A hundred megabytes that take no room.
        #expect(truncate(large, 100 << 20) == 0)
        #expect(message(large).contains("is larger than"))

        let binary = folder.path("binary.yaml")
        try Data([0xFF, 0xFE, 0x00, 0xD8]).write(to: URL(fileURLWithPath: binary))
        #expect(message(binary).contains("is not UTF-8 text"))

        let good = folder.path("good.yaml")
        try Recipe().yaml().write(toFile: good, atomically: false, encoding: .utf8)
        #expect(try Recipe.load(good) == Recipe())
    }

    @Test("A recipe with a byte order mark or Windows line ends is read")
    func otherEditors() throws {
        let windows = Recipe().yaml().replacing("\n", with: "\r\n")
        #expect(try Recipe.parse(yaml: windows, source: "w") == Recipe())
        #expect(try Recipe.parse(yaml: "\u{FEFF}" + Recipe().yaml(), source: "b") == Recipe())
    }
}
