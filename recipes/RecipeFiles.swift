import Foundation

/// Where the recipes of this folder are at run time.
public enum RecipeFiles {
    /// The folder beside the program that holds them; `nil` where the program was copied without.
    ///
    /// The package's own accessor for resources would stop the program in that case.
    public static let folder: String? = {
        let bundle = "manifold-mixup_MixupRecipes.resources"
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let places = [Bundle.main.bundleURL, program.deletingLastPathComponent()]
        return places.map { $0.appendingPathComponent(bundle).path }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()
}
