import ArgumentParser
import MixupTraining

/// What every command that trains takes: a recipe, and flags that override it.
struct RecipeOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A YAML file with the settings; flags override it.",
            discussion: "Without one, the defaults below hold.",
            valueName: "file"
        )
    )
    var recipe: String?

    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @OptionGroup(title: "Optimizer") var optimizer: OptimizerOptions
    @OptionGroup(title: "Training") var training: TrainingOptions

    /// The recipe that file and flags make together; `usual` is what they change where there is no file.
    func resolved(over usual: Recipe = Recipe()) throws -> Recipe {
        let base = try recipe.map { try Recipe.load($0) } ?? usual
        return try base.applying(overrides(), source: recipe ?? "command line")
    }

    /// Whether nothing was given that decides the result.
    var isEmpty: Bool {
        get throws {
            var overrides = try overrides()
            overrides.maxTime = nil
            overrides.device = nil
            return recipe == nil && overrides == RecipeOverrides()
        }
    }

    private func overrides() throws -> RecipeOverrides {
        var overrides = RecipeOverrides()
        data.apply(to: &overrides)
        model.apply(to: &overrides)
        try method.apply(to: &overrides)
        optimizer.apply(to: &overrides)
        training.apply(to: &overrides)
        return overrides
    }
}
