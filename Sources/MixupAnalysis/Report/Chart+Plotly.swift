import Foundation

// What plotly.js is to draw.
extension Chart {
    /// The figure: `data` and `layout`.
    var figure: JSONText {
        [
            "data": .array(layers.enumerated().map { $1.trace(number: $0) }),
            "layout": layout,
        ]
    }

    private var layout: JSONText {
        // A unit is as long on both axes of a map, and the axes end where the map does.
        let right: [(String, JSONText)] = shape == .map ? [("constrain", "domain")] : []
        let up: [(String, JSONText)] = shape == .map ? right + [("scaleanchor", "x")] : []
        return [
            "font": ["family": "system-ui, sans-serif", "size": 13, "color": "#222"],
            // Room above for the tool bar, below for the legend.
            "margin": ["l": 10, "r": 10, "t": 30, "b": 10],
            "paper_bgcolor": "#fff",
            "plot_bgcolor": "#fff",
            "hovermode": "closest",
            "barmode": "group",
            "showlegend": true,
            "legend": [
                "orientation": "h", "x": 0, "xanchor": "left", "yref": "container", "y": 0,
                "yanchor": "bottom", "itemsizing": "constant",
            ],
            "xaxis": .object(x.members + right),
            "yaxis": .object(y.members + up),
        ]
    }
}

extension ChartAxis {
    fileprivate var members: [(String, JSONText)] {
        var members: [(String, JSONText)] = [
            ("title", ["text": .string(PageText.escaped(title)), "standoff": 8]),
            ("automargin", true), ("zeroline", false), ("showline", true),
            ("linecolor", "#999"), ("gridcolor", "#e6e6e6"), ("ticks", "outside"),
            ("tickcolor", "#999"),
        ]
        if isLogarithmic {
            members.append(("type", "log"))
            members.append(("exponentformat", "power"))
        }
        if let range {
            // plotly.js wants the ends of a logarithmic axis as exponents.
            let ends = [range.lowerBound, range.upperBound]
            members.append(("range", JSONText(isLogarithmic ? ends.map { log10($0) } : ends)))
        }
        return members
    }
}

extension ChartLayer {
    fileprivate func trace(number: Int) -> JSONText {
        switch self {
        case .line(let name, let x, let y, let errors, let colour):
            let colour = JSONText.string(Self.code(colour, number))
            let members: [(String, JSONText)] = [
                ("mode", "lines+markers"), ("x", JSONText(x)), ("y", JSONText(y)),
                ("line", ["color": colour, "width": 2]), ("marker", ["color": colour, "size": 6]),
            ]
            return trace("scatter", name, members, errors, whiskers: colour)
        case .bars(let name, let categories, let values, let errors, let colour):
            let titles = categories.map { JSONText.string(PageText.escaped($0)) }
            let members: [(String, JSONText)] = [
                ("x", .array(titles)), ("y", JSONText(values)),
                ("marker", ["color": .string(Self.code(colour, number))]),
            ]
            return trace("bar", name, members, errors)
        case .scatter(let name, let x, let y, let errors, let colour, let size):
            let marker: JSONText = [
                "color": .string(Self.code(colour, number)), "size": .number(size),
                "line": ["color": "#fff", "width": .number(size > 4 ? 0.8 : 0)],
            ]
            let members: [(String, JSONText)] = [
                ("mode", "markers"), ("x", JSONText(x)), ("y", JSONText(y)), ("marker", marker),
            ]
            return trace("scatter", name, members, errors)
        case .heatMap(let name, let x, let y, let values, let range, let scale):
            let bar: JSONText = [
                "title": ["text": .string(PageText.escaped(name)), "side": "right"],
                "thickness": 12, "len": 1, "outlinewidth": 0,
            ]
            let members: [(String, JSONText)] = [
                ("zsmooth", "best"), ("x", JSONText(x)), ("y", JSONText(y)),
                ("z", .array(values.map { JSONText($0) })), ("zmin", .number(range.lowerBound)),
                ("zmax", .number(range.upperBound)), ("colorscale", scale.stops),
                ("colorbar", bar),
            ]
            return trace("heatmap", name, members, nil)
        }
    }

    private func trace(
        _ type: String,
        _ name: String,
        _ members: [(String, JSONText)],
        _ errors: [Double?]?,
        whiskers: JSONText = "#444"
    ) -> JSONText {
        var trace: [(String, JSONText)] = [
            ("type", .string(type)), ("name", .string(PageText.escaped(name))),
        ]
        trace += members
        if let errors, errors.contains(where: { $0 != nil }) {
            let bars: JSONText = [
                "type": "data", "array": JSONText(errors), "color": whiskers, "thickness": 1.2,
                "width": 4,
            ]
            trace.append(("error_y", bars))
        }
        return .object(trace)
    }

    private static func code(_ colour: ChartColour?, _ number: Int) -> String {
        let all = ChartColour.allCases
        return (colour ?? all[number % all.count]).code
    }
}

extension ChartColour {
    fileprivate var code: String {
        switch self {
        case .blue: "#0072b2"
        case .orange: "#d98200"
        case .green: "#009e73"
        case .purple: "#cc79a7"
        case .sky: "#56b4e9"
        case .red: "#d55e00"
        case .yellow: "#e0d030"
        case .black: "#000000"
        }
    }
}

extension ChartColourScale {
    fileprivate var stops: JSONText {
        switch self {
        case .orangeToBlue:
            [
                [0, "#f0a030"], [0.05, "#f5bd6e"], [0.5, "#ffffff"], [0.95, "#7fb8dc"],
                [1, "#3a93c8"],
            ]
        case .whiteToBlue:
            [[0, "#ffffff"], [0.5, "#7fb8dc"], [1, "#08457e"]]
        }
    }
}
