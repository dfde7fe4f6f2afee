import Foundation

/// A Python that has Pillow, numpy and scipy, where there is one.
enum Pillow {
    static let skipMessage = "no Python with PIL, numpy and scipy; set MANIFOLD_MIXUP_PYTHON to one"

    static let isAvailable = (try? run("import PIL, numpy, scipy")) != nil

    struct Failed: Error {}

    /// Runs a program and returns the bytes that it prints.
    @discardableResult
    static func run(_ program: String, _ arguments: [String] = []) throws -> [UInt8] {
        let environment = ProcessInfo.processInfo.environment
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [environment["MANIFOLD_MIXUP_PYTHON"] ?? "python3", "-c", program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
        return [UInt8](output)
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
