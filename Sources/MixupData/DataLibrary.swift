/// A library of the system that reads one kind of file; the package builds without it, too.
///
/// `Package.swift` looks for their headers. `MANIFOLD_MIXUP_WITHOUT`, a list with commas, leaves
/// libraries out that are there.
public enum DataLibrary: String, CaseIterable, Sendable {
    /// libjpeg-turbo's TurboJPEG, for JPEG files.
    case turbojpeg
    /// libpng, for PNG files.
    case png
    /// MATIO, for MAT files.
    case matio

    /// Whether this program was built with it.
    public var isBuiltIn: Bool {
        switch self {
        case .turbojpeg:
            #if HAS_TURBOJPEG
                true
            #else
                false
            #endif
        case .png:
            #if HAS_PNG
                true
            #else
                false
            #endif
        case .matio:
            #if HAS_MATIO
                true
            #else
                false
            #endif
        }
    }

    /// The files that it reads: `JPEG`, `PNG` or `MAT`.
    public var format: String {
        switch self {
        case .turbojpeg: "JPEG"
        case .png: "PNG"
        case .matio: "MAT"
        }
    }

    /// The package of Debian and Ubuntu that has its header.
    public var debianPackage: String {
        switch self {
        case .turbojpeg: "libturbojpeg0-dev"
        case .png: "libpng-dev"
        case .matio: "libmatio-dev"
        }
    }

    /// How to get libraries into the program, in words.
    ///
    /// SwiftPM remembers what a manifest said, and does not see by itself that a header has come.
    ///
    /// - Parameter libraries: those that this program is without.
    public static func cure(for libraries: [DataLibrary]) -> String {
        "install \(libraries.map(\.debianPackage).joined(separator: " ")) (Debian's name; elsewhere "
            + "the headers of \(libraries.map(\.rawValue).joined(separator: ", "))), "
            + "run swift package purge-cache, and build again"
    }

    /// Throws ``DataError/missingLibrary(_:neededFor:)`` where this program is without it.
    ///
    /// - Parameter name: the file or the data set that needs it.
    func require(for name: String) throws(DataError) {
        guard isBuiltIn else { throw DataError.missingLibrary(self, neededFor: name) }
    }
}
