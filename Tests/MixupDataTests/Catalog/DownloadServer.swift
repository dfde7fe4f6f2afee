import Foundation

/// Serves files of temporary folders on this machine's loopback, and badly where the address asks
/// for it.
///
/// Runs in Python, once for all tests; it ends when this process does, which closes its input.
final class DownloadServer: Sendable {
    /// The server, or why it could not be started.
    static let shared = Result { try DownloadServer() }

    private let address: String
    // Kept, because its input closes with it.
    private let process: Process

    private init() throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", Self.script, FileManager.default.temporaryDirectory.path,
        ]
        process.standardInput = Pipe()
        process.standardOutput = output
        try process.run()
        var port = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data([10]),
            !byte.isEmpty
        {
            port += byte
        }
        self.process = process
        address = "http://127.0.0.1:\(String(decoding: port, as: UTF8.self))"
    }

    /// The address of a file of the folder, with the server's behaviour.
    func address(_ file: String, of folder: TemporaryFolder, behaviour: String) -> String {
        let name = URL(fileURLWithPath: folder.path).lastPathComponent
        return "\(address)/\(name)/\(behaviour)/\(file)"
    }

    /// The ranges of all requests for files of the folder, in order; "" for one without.
    static func ranges(_ folder: TemporaryFolder) throws -> [String] {
        let text = try String(contentsOfFile: "\(folder.path)/requests.log", encoding: .utf8)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map(String.init)
    }

    private static let script = #"""
        import http.server, os, sys, threading, time

        root = sys.argv[1]
        seen = {}

        def end_with_parent():
            sys.stdin.read()
            os._exit(0)

        threading.Thread(target=end_with_parent, daemon=True).start()

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
                token, behaviour, name = self.path.split("/")[1:]
                folder = os.path.join(root, token)
                with open(os.path.join(folder, "requests.log"), "a") as file:
                    file.write(asked + "\n")
                key = token, behaviour
                seen[key] = count = seen.get(key, 0) + 1
                if behaviour == "redirect":
                    return self.head(302, 0, Location=f"/{token}/good/{name}")
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
