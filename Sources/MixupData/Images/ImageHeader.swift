/// What an image file says of itself before its pixels.
struct ImageHeader: Equatable {
    /// Its columns.
    let width: Int
    /// Its rows.
    let height: Int
    /// Whether it has no colours.
    let isGrey: Bool

    /// More pixels than this are taken for a mistake or an attack: a few bytes can claim billions.
    static let pixelLimit = 1 << 24

    /// Width and height for messages.
    var size: String { "\(width)x\(height)" }

    /// Checks the claims, before anything of that size is made.
    ///
    /// - Throws: ``DataError/invalidFile(path:reason:)``.
    init(width: Int, height: Int, isGrey: Bool, path: String) throws {
        guard width > 0, height > 0, let pixels = Dataset.product([width, height]),
            pixels <= Self.pixelLimit
        else {
            throw DataError.invalidFile(
                path: path,
                reason: "the image is \(width)x\(height); "
                    + "from 1 to \(Self.pixelLimit) pixels are read, make it smaller"
            )
        }
        self.width = width
        self.height = height
        self.isGrey = isGrey
    }
}
