import Foundation
import Glibc

/// Serves files of a folder on this machine's loopback, and badly where the address asks for it.
///
/// An address is `/BEHAVIOUR/FILE`. Runs in Python; stops with the value.
final class DownloadServer {
    private let process = Process()
    private let log: String
    let address: String

    init(_ folder: TemporaryFolder) throws {
        log = "\(folder.path)/requests.log"
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.script, folder.path, log]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
        var port = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data([10]),
            !byte.isEmpty
        {
            port += byte
        }
        address = "http://127.0.0.1:\(String(decoding: port, as: UTF8.self))"
    }

    deinit {
        // Started by a thread that blocks signals, it would not notice another one.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The ranges of all requests, in order; "" for one without.
    func ranges() throws -> [String] {
        let text = try String(contentsOfFile: log, encoding: .utf8)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map(String.init)
    }

    private static let script = #"""
        import http.server, os, sys, time

        folder, log = sys.argv[1:]
        seen = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def head(self, code, length, **headers):
                self.send_response(code)
                self.send_header("Content-Length", str(length))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()

            def do_GET(self):
                asked = self.headers.get("Range", "")
                with open(log, "a") as file:
                    file.write(asked + "\n")
                behaviour, name = self.path.split("/")[1:]
                seen[behaviour] = count = seen.get(behaviour, 0) + 1
                if behaviour == "redirect":
                    return self.head(302, 0, Location="/good/" + name)
                if behaviour == "to-file":
                    return self.head(302, 0, Location="file://" + os.path.join(folder, name))
                if behaviour == "busy" and count < 3 or behaviour == "always-busy":
                    return self.head(503, 0)
                path = os.path.join(folder, name)
                if behaviour == "missing" or not os.path.isfile(path):
                    return self.head(404, 0)
                with open(path, "rb") as file:
                    content = file.read()
                half = len(content) // 2
                if behaviour in ("corrupt", "corrupt-once") and (behaviour == "corrupt" or count == 1):
                    content = content[:half] + bytes([content[half] ^ 255]) + content[half + 1 :]
                if behaviour == "short":
                    content = content[:half]
                if behaviour == "long":
                    content += b"more" * 100000
                start, code, headers = 0, 200, {}
                if asked and behaviour not in ("no-ranges", "never-ranges"):
                    start, code = int(asked.split("=")[1].split("-")[0]), 206
                    if start >= len(content):
                        return self.head(416, 0)
                    said = 0 if behaviour == "other-range" else start
                    headers["Content_Range"] = f"bytes {said}-{len(content) - 1}/{len(content)}"
                body = content[start:]
                # The right number of bytes, from the wrong place.
                if code == 206 and behaviour == "wrong-bytes":
                    body = content[: len(body)]
                self.head(code, len(body), **headers)
                cuts = ("no-ranges", "wrong-bytes", "other-range", "cut-once")
                if behaviour in ("cut", "never-ranges") or count == 1 and behaviour in cuts:
                    body = body[:100000]
                if behaviour == "stall" and count == 1 or behaviour == "always-stall":
                    self.wfile.write(body[:50000])
                    self.wfile.flush()
                    time.sleep(60)
                self.wfile.write(body)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        server = Server(("127.0.0.1", 0), Handler)
        print(server.server_address[1], flush=True)
        server.serve_forever(0.05)
        """#
}
