/// A picture of a report: layers over one pair of axes.
public struct Chart: Sendable, Codable, Equatable {
    /// How much room a picture takes.
    public enum Shape: String, Sendable, Codable {
        /// The width of the page.
        case wide
        /// Several beside each other.
        case square
        /// As square, and a unit is as long to the right as upwards.
        case map
    }

    /// What stands above it.
    public let title: String
    /// What to look for.
    public let caption: String
    /// The axis to the right.
    public let x: ChartAxis
    /// The axis upwards.
    public let y: ChartAxis
    /// How much room it takes.
    public let shape: Shape
    /// What is drawn, the first at the bottom.
    public let layers: [ChartLayer]

    /// Puts layers over one pair of axes.
    public init(
        _ title: String,
        caption: String,
        x: ChartAxis,
        y: ChartAxis,
        shape: Shape = .wide,
        layers: [ChartLayer]
    ) {
        self.title = title
        self.caption = caption
        self.x = x
        self.y = y
        self.shape = shape
        self.layers = layers
    }
}

/// What an axis measures.
public struct ChartAxis: Sendable, Codable, Equatable {
    /// The quantity, and its unit where it has one.
    public let title: String
    /// What is shown; `nil` for all there is.
    public let range: ClosedRange<Double>?
    /// Whether equal steps are equal factors; the range is then still in units.
    public let isLogarithmic: Bool

    /// Describes an axis.
    public init(_ title: String, range: ClosedRange<Double>? = nil, isLogarithmic: Bool = false) {
        self.title = title
        self.range = range
        self.isLogarithmic = isLogarithmic
    }
}

/// One thing that is drawn; its name stands in the legend.
public enum ChartLayer: Sendable, Codable, Equatable {
    /// Points that are joined; `errors` are the lengths of error bars to both sides.
    case line(
        _ name: String,
        x: [Double],
        y: [Double],
        errors: [Double?]? = nil,
        colour: ChartColour? = nil
    )
    /// A bar for each category.
    case bars(
        _ name: String,
        categories: [String],
        values: [Double?],
        errors: [Double?]? = nil,
        colour: ChartColour? = nil
    )
    /// Points that are not joined.
    case scatter(
        _ name: String,
        x: [Double],
        y: [Double],
        errors: [Double?]? = nil,
        colour: ChartColour? = nil,
        size: Double = 6
    )
    /// A grid of values as colours: `values[row][column]` belongs to `y[row]` and `x[column]`.
    case heatMap(
        _ name: String,
        x: [Double],
        y: [Double],
        values: [[Double]],
        range: ClosedRange<Double>,
        scale: ChartColourScale
    )
}

/// Colours that stay apart for the colour-blind (Okabe and Ito, 2008).
public enum ChartColour: String, Sendable, Codable, CaseIterable {
    /// In the order in which layers without a colour of their own get them.
    case blue, orange, green, purple, sky, red, yellow, black
}

/// From a small value to a large one.
public enum ChartColourScale: String, Sendable, Codable {
    /// From orange over white in the middle to blue.
    case orangeToBlue = "orange-to-blue"
    /// From white to dark blue.
    case whiteToBlue = "white-to-blue"
}
