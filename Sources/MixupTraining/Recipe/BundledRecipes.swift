import Foundation
import MixupRecipes

/// The recipes that come with the program: one for every cell of the paper's Tables 1 to 3, quick
/// variants of these, and examples.
public enum BundledRecipes {
    /// What recipes that exist only to be extended are called; they are not listed.
    private static let commonName = "common"
    private static let suffix = ".yaml"

    /// The names, sorted: their paths below the folder `recipes`, without ".yaml".
    public static var names: [String] {
        guard let folder = RecipeFiles.folder,
            let paths = FileManager.default.enumerator(atPath: folder)
        else { return [] }
        return paths.compactMap { path -> String? in
            guard let path = path as? String, path.hasSuffix(suffix) else { return nil }
            let name = String(path.dropLast(suffix.count))
            return name.split(separator: "/").last.map(String.init) == commonName ? nil : name
        }
        .sorted()
    }

    /// What a bundled recipe is: the comment in its first line.
    ///
    /// Throws ``RecipeError`` where there is no recipe of this name.
    public static func summary(of name: String) throws(RecipeError) -> String {
        let text = try RecipeFile.read(path(of: name, in: nil) ?? name)
        return String(text.prefix { $0 != "\n" }.drop { $0 == "#" || $0 == " " })
    }

    /// The file that a path or a name means: a file from `folder` on, else a bundled recipe.
    static func path(of name: String, in folder: String?) -> String? {
        let manager = FileManager.default
        let file = name.hasPrefix("/") ? name : (folder.map { $0 + "/" + name } ?? name)
        if manager.fileExists(atPath: file) { return file }
        guard let bundled = RecipeFiles.folder else { return nil }
        let candidate = bundled + "/" + name + (name.hasSuffix(suffix) ? "" : suffix)
        return manager.fileExists(atPath: candidate) ? candidate : nil
    }

    /// The folder that a file lies in.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
