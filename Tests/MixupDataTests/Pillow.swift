import TestPython

/// A Python that has Pillow, numpy and scipy, where there is one.
enum Pillow {
    static let skipMessage = Python.skipMessage("PIL, numpy and scipy")

    static let isAvailable = Python.has("PIL", "numpy", "scipy")

    /// Runs a program and returns the bytes that it prints.
    @discardableResult
    static func run(_ program: String, _ arguments: [String] = []) throws -> [UInt8] {
        [UInt8](try Python.output(of: ["-c", program] + arguments))
    }

    /// The pixels that Pillow decodes, the channels one after the other.
    static func planes(_ path: String, mode: String) throws -> [UInt8] {
        try run(
            """
            import sys, numpy
            from PIL import Image
            pixels = numpy.asarray(Image.open(sys.argv[1]).convert(sys.argv[2]))
            pixels = pixels.reshape(pixels.shape[0], pixels.shape[1], -1).transpose(2, 0, 1)
            sys.stdout.buffer.write(pixels.tobytes())
            """,
            [path, mode]
        )
    }
}
