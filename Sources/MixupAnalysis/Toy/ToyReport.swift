import MixupTraining

/// How the toy is shown.
struct ToyReport {
    let settings: ToySettings
    let scale: ExperimentScale
    let seeds: [UInt64]
    let runs: [ToyRun]
    /// Of the first seed.
    let pictures: [(method: ComparedMethod, pictures: ToyPictures)]

    /// The whole report.
    var result: ExperimentResult {
        ExperimentResult(
            name: "toy",
            title: "Two spirals: decision boundaries and hidden spaces (Figures 1 and 2)",
            summary: """
                A fully connected network of \(settings.layersBefore + settings.layersBehind + 2) \
                layers, with a linear one of two units in the middle, learns to tell two spirals apart; \
                only the way of regularising it differs. \
                Manifold Mixup, which mixes at these two units only, should draw each class together \
                in the hidden space, leave the space between and around the classes undecided, and \
                keep the boundary away from the examples.
                """,
            scale: scale,
            seeds: seeds,
            sections: [measures, boundaries, hiddenSpaces, finePrint],
            numbers: ToyNumbers(settings: settings, runs: runs)
        )
    }

    // MARK: - Measures

    /// The values of all seeds, without those that do not exist.
    private func values(
        _ method: ComparedMethod,
        _ measure: (ToyMeasures) -> Double?
    ) -> Summary {
        Summary(runs.filter { $0.method == method }.compactMap { measure($0.measures) })
    }

    private var measures: ReportSection {
        ReportSection(
            "The measures",
            charts: [
                bars(
                    "Where the networks are sure of themselves",
                    caption: """
                        The share of the plane in which one class has a probability above 0.95: of \
                        the window of inputs, and of the hidden space away from the examples' codes. \
                        Lower is more honest; compare Manifold Mixup's share of the hidden space with \
                        the others'.
                        """,
                    axis: ChartAxis("share of the window (%)", range: 0...105),
                    series: [
                        ("window of inputs", .sky, { 100 * $0.confidentInputShare }),
                        (
                            "hidden space off the data", .blue,
                            { $0.confidentHiddenShare.map { 100 * $0 } }
                        ),
                    ]
                ),
                bars(
                    "How far the boundary is from the examples",
                    caption: """
                        Mean over the examples, negative for those on the wrong side. The arms of the \
                        spirals are π apart: a boundary half-way is 1.57 away from both.
                        """,
                    axis: ChartAxis("distance (units of the plane)"),
                    series: [("distance to the boundary", .green, { $0.boundaryDistance })]
                ),
                bars(
                    "How widely a class is spread",
                    caption: """
                        The spread of a class's codes around their mean, over the distance between \
                        the classes' means. Small is flattened.
                        """,
                    axis: ChartAxis("spread over distance (ratio)"),
                    series: [("spread of a class", .purple, { $0.classSpread })]
                ),
            ],
            tables: [comparison, table]
        )
    }

    private func bars(
        _ title: String,
        caption: String,
        axis: ChartAxis,
        series: [(name: String, colour: ChartColour, measure: (ToyMeasures) -> Double?)]
    ) -> Chart {
        Chart(
            title,
            caption: caption + " Bars: mean over the seeds; whiskers: standard deviation.",
            x: ChartAxis("method"),
            y: axis,
            shape: .square,
            layers: series.map { name, colour, measure in
                let summaries = ComparedMethod.allCases.map { values($0, measure) }
                return .bars(
                    name,
                    categories: ComparedMethod.allCases.map(\.title),
                    values: summaries.map { $0.mean },
                    errors: summaries.map { $0.standardDeviation },
                    colour: colour
                )
            }
        )
    }

    private var table: ReportTable {
        var table = Table([
            Table.Column("method"), Table.Column("test error (%)", .right),
            Table.Column("test NLL", .right), Table.Column("sure in input (%)", .right),
            Table.Column("sure in hidden space (%)", .right),
            Table.Column("boundary distance", .right), Table.Column("class spread", .right),
        ])
        for method in ComparedMethod.allCases {
            table.append([
                method.title,
                values(method) { 100 * $0.testError }.formatted(decimals: 1),
                values(method) { $0.testNLL }.formatted(decimals: 3),
                values(method) { 100 * $0.confidentInputShare }.formatted(decimals: 1),
                values(method) { $0.confidentHiddenShare.map { 100 * $0 } }.formatted(decimals: 1),
                values(method) { $0.boundaryDistance }.formatted(decimals: 2),
                values(method) { $0.classSpread }.formatted(decimals: 3),
            ])
        }
        return ReportTable(
            "measures",
            title: "All measures",
            caption: """
                Mean ± standard deviation over \(seeds.count) \(seeds.count == 1 ? "seed" : "seeds"). \
                The test is on \(2 * settings.testPerClass) fresh examples.
                """,
            table
        )
    }

    private var comparison: ReportTable {
        func pair(_ decimals: Int, _ measure: (ToyMeasures) -> Double?, against: ComparedMethod)
            -> String
        {
            "Manifold Mixup \(values(.manifoldMixup, measure).formatted(decimals: decimals)), "
                + "\(against.title) \(values(against, measure).formatted(decimals: decimals))"
        }
        return ReportTable(
            [
                PaperComparison(
                    "sure in the hidden space off the data (%)",
                    paper: "lower with Manifold Mixup (Figure 1 d, e)",
                    measured: pair(1, { $0.confidentHiddenShare.map { 100 * $0 } }, against: .none)
                ),
                PaperComparison(
                    "spread of a class in the hidden space",
                    paper: "much smaller with Manifold Mixup (Figure 1 d, e)",
                    measured: pair(3, { $0.classSpread }, against: .none)
                ),
                PaperComparison(
                    "the same against Input Mixup",
                    paper: "Input Mixup does not flatten (Figure 2)",
                    measured: pair(3, { $0.classSpread }, against: .inputMixup)
                ),
                PaperComparison(
                    "sure in the window of inputs (%)",
                    paper: "lower with Manifold Mixup (Figure 1 a, b)",
                    measured: pair(1, { 100 * $0.confidentInputShare }, against: .none)
                ),
                PaperComparison(
                    "distance from an example to the boundary",
                    paper: "the boundary is further away (Figure 1 a, b)",
                    measured: pair(2, { $0.boundaryDistance }, against: .none)
                ),
            ],
            seeds: seeds.count,
            command: ExperimentResult.command(name: "toy", scale: scale, seedCount: seeds.count)
        )
    }

    // MARK: - Pictures

    private var boundaries: ReportSection {
        ReportSection(
            "Decision boundaries",
            text: """
                The plane of inputs, with the examples that were learned from. Colour is the \
                probability of the second spiral: orange and blue where the network is sure, white \
                where it is not. The white band is the decision boundary.
                """,
            charts: pictures.map { method, pictures in
                Chart(
                    method.title,
                    caption: Self.inputCaption(method),
                    x: ChartAxis("x₁ (units of the plane)", range: Spirals.window),
                    y: ChartAxis("x₂ (units of the plane)", range: Spirals.window),
                    shape: .map,
                    layers: [Self.heatMap(pictures.input)] + Self.classes(pictures.examples)
                )
            }
        )
    }

    private var hiddenSpaces: ReportSection {
        ReportSection(
            "Hidden spaces",
            text: """
                The plane of the two units in the middle. Orange and blue points are the codes of the \
                examples, black ones those of inputs drawn at random from the window above; those \
                beyond the edge are left out. Colour is again what the rest of the network makes of \
                a state.
                """,
            charts: pictures.map { method, pictures in
                let window = pictures.hiddenWindow
                let random = pictures.randomCodes.filter(window.contains)
                return Chart(
                    method.title,
                    caption: Self.hiddenCaption(method),
                    x: ChartAxis("first hidden unit (activation)", range: window.x),
                    y: ChartAxis("second hidden unit (activation)", range: window.y),
                    shape: .square,
                    layers: [
                        Self.heatMap(pictures.hidden),
                        .scatter(
                            "random inputs",
                            x: random.map(\.x),
                            y: random.map(\.y),
                            colour: .black,
                            size: 3
                        ),
                    ] + Self.classes(pictures.codes)
                )
            }
        )
    }

    private static func heatMap(_ map: ConfidenceMap) -> ChartLayer {
        .heatMap(
            "probability of the second spiral",
            x: map.x,
            y: map.y,
            values: map.values,
            range: 0...1,
            scale: .orangeToBlue
        )
    }

    private static func classes(_ points: [[PlanePoint]]) -> [ChartLayer] {
        zip(["first spiral", "second spiral"], zip(points, [ChartColour.red, .blue])).map {
            name,
            rest in
            .scatter(
                name,
                x: rest.0.map(\.x),
                y: rest.0.map(\.y),
                colour: rest.1,
                size: 5
            )
        }
    }

    private static func inputCaption(_ method: ComparedMethod) -> String {
        switch method {
        case .none: "Look for sure colours right up to a thin, ragged boundary."
        case .manifoldMixup: "Look for a band without confidence, and a smooth boundary in it."
        case .inputMixup: "Mixed inputs of one arm lie on the other: look for where it gives way."
        case .dropout: "Look for arms that the boundary cuts off."
        default: "Compare the width and the smoothness of the white band with the first picture."
        }
    }

    private static func hiddenCaption(_ method: ComparedMethod) -> String {
        switch method {
        case .none: "Look for codes all over the plane, and sure colours far from any code."
        case .manifoldMixup:
            "Look for two small clouds of codes, and white between and around them."
        case .inputMixup: "Look for white regions without codes that are drawn together."
        default: "Compare how far the codes of a class spread with the last picture."
        }
    }

    // MARK: - Fine print

    private var finePrint: ReportSection {
        ReportSection(
            "Fine print",
            notes: [
                """
                The spirals are r = θ with θ = √U · 780° without noise, as measured on the paper's \
                figure; \(settings.perClass) examples of each class (the figure shows about 55).
                """,
                """
                The paper gives nine layers with the bottleneck in the middle, α = 1 for Input Mixup, \
                dropout of 50 % and no more. Chosen here: \(settings.width) units in every other \
                hidden layer, LeakyReLU, Adam with a step size of \(settings.learningRate) that falls \
                to zero along half a cosine, \(settings.epochs) epochs in minibatches of \
                \(settings.batchSize), cross entropy, α = \(settings.manifoldAlpha) for Manifold \
                Mixup, weight decay \(settings.weightDecay) (added to the gradient), noise of \
                standard deviation \(settings.noise) unit of the plane. The weight decay was chosen as \
                one with which the network still learns. The number of epochs was chosen after \
                seeing results, the same for all methods. Nothing else was tuned.
                """,
                """
                The bottleneck is linear: no activation, normalisation or dropout acts on it. Mixing \
                takes place right behind it.
                """,
                """
                The hidden window is the rectangle around the examples' codes, a quarter wider on \
                every side. Off the data means further from every code than 5 % of the window. The \
                pictures are of the first seed; the measures are of all.
                """,
                """
                With two hidden units, lines between codes of different classes must cross, so that \
                flattening is the only way to a low loss; with three or more it is not.
                """,
            ]
        )
    }
}
