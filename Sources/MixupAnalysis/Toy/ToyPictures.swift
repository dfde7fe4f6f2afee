import ManifoldMixup

/// The two planes of one training, as Figures 1 and 2 show them.
public struct ToyPictures: Sendable, Equatable {
    /// The confidence over the plane of inputs.
    public let input: ConfidenceMap
    /// The confidence over the plane of the bottleneck's states.
    public let hidden: ConfidenceMap
    /// What of that plane is looked at.
    public let hiddenWindow: PlaneWindow
    /// The examples, by class.
    public let examples: [[PlanePoint]]
    /// The examples' states at the bottleneck, by class.
    public let codes: [[PlanePoint]]
    /// The states of random inputs.
    public let randomCodes: [PlanePoint]

    /// Looks at a training.
    public init(_ training: ToyTraining) throws {
        let settings = training.settings
        input = try ConfidenceMap(
            of: training.network,
            window: PlaneWindow(x: Spirals.window, y: Spirals.window),
            resolution: settings.resolution,
            unit: Spirals.unit
        )
        examples = try training.examples()
        codes = try training.codes()
        randomCodes = try training.codesOfRandomInputs(500)
        hiddenWindow = PlaneWindow(around: Array(codes.joined()), margin: 0.25)
        hidden = try ConfidenceMap(
            of: training.network,
            at: settings.bottleneck,
            window: hiddenWindow,
            resolution: settings.resolution
        )
    }
}
