import Foundation

/// Tables as spreadsheets read them: RFC 4180, with line feeds.
public enum CSV {
    /// One line, its end included.
    public static func line(_ cells: [String]) -> String {
        cells.map(quoted).joined(separator: ",") + "\n"
    }

    /// A number with all its digits; nothing for one that is missing or not finite.
    public static func cell(_ number: Double?) -> String {
        guard let number, number.isFinite else { return "" }
        return "\(number)"
    }

    private static func quoted(_ cell: String) -> String {
        // By scalars: as a Character, "\r\n" is neither of the two.
        guard cell.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) })
        else { return cell }
        return "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }
}
