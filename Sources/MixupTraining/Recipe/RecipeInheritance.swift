import Foundation
import Yams

/// What `extends` in a recipe means: the settings of another recipe, under one's own.
///
/// Sections are merged key by key. A section that names another method, network, optimizer or
/// schedule than the extended recipe replaces that whole section, as a flag does.
enum RecipeInheritance {
    private static let key = "extends"

    /// More recipes than this in a row are a circle.
    private static let longestChain = 8

    /// The recipe's own settings on top of those that it extends.
    ///
    /// - Parameters:
    ///   - root: the recipe, as it is written.
    ///   - source: what messages call it.
    ///   - folder: where the recipe lies; `nil` for one that is not a file.
    ///   - depth: how many recipes led to this one by extending.
    /// - Throws: ``RecipeError`` where the other recipe cannot be read or is not valid by itself.
    static func resolve(
        _ root: Node,
        source: String,
        folder: String?,
        depth: Int = 0
    ) throws(RecipeError) -> Node {
        guard case .mapping(var own) = root, let extended = own[key] else { return root }
        func wrong(_ problem: String) -> RecipeError {
            RecipeError(source: source, line: extended.mark?.line, keyPath: key, problem: problem)
        }
        guard case .scalar(let scalar) = extended, !scalar.string.isEmpty else {
            throw wrong("found \(extended.found), allowed is the path or the name of a recipe")
        }
        guard let folder else {
            throw wrong("only a recipe that is a file can extend another")
        }
        guard depth < longestChain else {
            throw wrong("more than \(longestChain) recipes extend each other; is it a circle?")
        }
        guard let path = BundledRecipes.path(of: scalar.string, in: folder) else {
            throw wrong(
                "there is no recipe '\(scalar.string.shortened)' in \(folder), and none of this "
                    + "name is bundled"
            )
        }
        let text = try RecipeFile.read(path)
        let base = try resolve(
            RecipeDocument.root(of: text, source: path),
            source: path,
            folder: BundledRecipes.folder(of: path),
            depth: depth + 1
        )
        // So that what is wrong in the other file is said of that file.
        _ = try Recipe(reading: base, source: path)
        own[key] = nil
        guard case .mapping(let inherited) = base else { return .mapping(own) }
        return .mapping(merged(own, over: inherited))
    }

    private static func merged(_ own: Node.Mapping, over base: Node.Mapping) -> Node.Mapping {
        var result = base
        for (key, value) in own {
            // A section with nothing in it changes nothing; a setting that is null is the default.
            if value.isNull, case .mapping? = base[key] { continue }
            if case .mapping(let section) = value, case .mapping(let other)? = base[key],
                section["name"].map({ $0 == other["name"] }) ?? true
            {
                result[key] = .mapping(merged(section, over: other))
            } else {
                result[key] = value
            }
        }
        return result
    }
}
