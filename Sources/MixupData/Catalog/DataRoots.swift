/// The folders in which named data sets are looked for, the most wanted first.
struct DataRoots {
    /// The environment variable that names one.
    static let variable = "MANIFOLD_MIXUP_DATA"

    /// The folders, without a slash at the end.
    let paths: [String]

    /// The folder of the option, that of the environment variable, and the default one.
    init(
        option: String?,
        environment: [String: String],
        default defaultFolder: String = "./data"
    ) {
        paths = [option, environment[Self.variable], defaultFolder]
            .compactMap { $0 }
            .filter { !$0.isEmpty }
            .map { $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }
}
