import Foundation
import Testing

@Suite("README")
struct ReadmeTests {
    private func text(_ path: String) throws -> String {
        try String(contentsOf: Tool.packageRoot.appendingPathComponent(path), encoding: .utf8)
    }

    @Test("The example in the README is the one that is compiled, and it trains")
    func example() throws {
        let source = try text("Examples/OwnModel/Sources/OwnModel/main.swift")
        #expect(try text("README.md").contains("```swift\n" + source + "```"))
        let result = try Tool.run([], in: ScratchFolder(), program: Tool.product("ReadmeExample"))
        #expect(result.status == 0, "\(result.errors)")
        let number = result.output.split(separator: " ").compactMap { Double($0) }.first
        #expect(try #require(number) < 5)
    }

    @Test("The recipe in the README is one, and its flags exist")
    func recipe() throws {
        let readme = try text("README.md")
        let blocks = readme.components(separatedBy: "```yaml\n").dropFirst()
        let yaml = try #require(blocks.first?.components(separatedBy: "```").first)
        let folder = try ScratchFolder()
        let recipe = try folder.file("own.yaml", yaml)
        let printed = try Tool.run(["train", "--recipe", recipe, "--print-recipe"], in: folder)
        #expect(printed.status == 0, "\(printed.errors)")
        let help = try Tool.run(["train", "--help"], in: folder).output
        for command in readme.matches(of: /train [^\n`]*/) {
            for flag in command.output.matches(of: /--[a-z-]+/) {
                #expect(help.contains(flag.output), "\(flag.output) is not a flag of train")
            }
        }
    }
}
