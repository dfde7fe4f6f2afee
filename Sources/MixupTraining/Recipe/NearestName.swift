/// Finds the name that a mistyped one was probably meant to be.
enum NearestName {
    /// The candidate with the fewest edits, or nil when none is close.
    static func of(_ name: String, among candidates: [String]) -> String? {
        let typed = Array(name.lowercased().replacing("_", with: "-").prefix(64))
        let distances = candidates.map { (name: $0, edits: edits(typed, Array($0))) }
        guard let nearest = distances.min(by: { $0.edits < $1.edits }),
            nearest.edits <= max(2, nearest.name.count / 3)
        else { return nil }
        return nearest.name
    }

    /// The number of insertions, deletions and replacements between two words (Levenshtein).
    private static func edits(_ first: [Character], _ second: [Character]) -> Int {
        var row = Array(0...second.count)
        for (i, left) in first.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in second.enumerated() {
                let replaced = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[second.count]
    }
}
