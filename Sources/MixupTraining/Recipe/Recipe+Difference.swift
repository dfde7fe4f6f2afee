extension Recipe {
    /// The first setting, in the order of the file, that two recipes do not have in common; `nil` for
    /// equal ones. When to pause is no such setting.
    func difference(from other: Recipe) -> (setting: String, own: String, other: String)? {
        var same = self
        same.training.maxTime = other.training.maxTime
        guard same != other else { return nil }
        let (own, others) = (settings, other.settings)
        let setting = Self.keyPaths.first { own[$0] != others[$0] } ?? "settings"
        return (setting, own[setting] ?? "unset", others[setting] ?? "unset")
    }

    /// The values by their key paths, as YAML has them.
    private var settings: [String: String] {
        var settings: [String: String] = [:]
        var section = ""
        for line in yaml().split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            let key = (parts.first ?? "").trimmingPrefix { $0 == " " }
            let value = parts.count > 1 ? parts[1].trimmingPrefix { $0 == " " } : ""
            if line.hasPrefix(" ") {
                settings[section + "." + key] = String(value)
            } else {
                section = String(key)
                settings[section] = String(value)
            }
        }
        return settings
    }
}
