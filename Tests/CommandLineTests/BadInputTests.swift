import Foundation
import Testing

/// What a user can get wrong: one line that says what and how to mend it, the right exit code, and
/// nothing half-written.
@Suite("Bad input")
struct BadInputTests {
    struct Case: CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let says: [String]
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ arguments: String, _ status: Int32, _ says: String...) {
            self.arguments = arguments.split(separator: " ").map(String.init)
            self.status = status
            self.says = says
        }
    }

    private static let cases = [
        Case("train --bogus", 64, "--bogus"),
        Case("trian", 64, "trian"),
        Case("train --alpha -1", 64, "alpha", "-1", "above 0"),
        Case("train --alpha nan", 64, "alpha"),
        Case("train --alpha two", 64, "two"),
        Case("train --layers 0,9", 64, "[0, 9]", "0 (input)", "2 (hidden2)"),
        Case("train --model resnet", 64, "resnet", "preact-resnet-18"),
        Case("train --model preact-resnet-18 --widths 8", 64, "widths", "preact-resnet-18"),
        Case("train --model preact-resnet-18 --width 0", 64, "width", "1 to 1024"),
        Case("train --model preact-resnet-18 --layers 4", 64, "[4]", "3 (layer3)"),
        Case("train --model wide-resnet --depth 20", 64, "depth", "20", "28"),
        Case("train --model wide-resnet --data own.csv", 1, "wide-resnet", "[2]", "mlp"),
        Case("train --bottleneck 3", 64, "bottleneck", "1 to 2"),
        Case("train --model preact-resnet-18 --width 2 --batch-size 1347", 1, "batch"),
        Case("models show --input-shape 0,1", 64, "--input-shape"),
        Case("models show --input-shape 1,2,3,4", 64, "--input-shape"),
        Case("models show --classes 0", 64, "--classes"),
        Case("models show --data digits --classes 3", 64, "--data"),
        Case("models show --model preact-resnet-18 --input-shape 8", 1, "[8]", "mlp"),
        Case("train --layers 0,0", 64, "layers"),
        Case("train --layers x", 64, "--layers", "x"),
        Case("train --layers 0,1 --layer-weights 1", 64, "layer-weights"),
        Case("train --method input-mixup --layers 1", 64, "layers", "manifold-mixup"),
        Case("train --method puzzlemix", 64, "puzzlemix", "input-mixup"),
        Case("train --method cutmix --layers 0", 64, "layers", "cutmix"),
        Case("train --method cutmix --data table.csv", 64, "cutmix", "images"),
        Case("train --method cutout --hole 9", 64, "9 pixels", "8 or less"),
        Case("train --method cutout --hole 0", 64, "hole"),
        Case("train --method input-mixup --block-gradients", 64, "block-gradients", "leave it out"),
        Case("train --method choice --among cutmix", 64, "among", "two or more"),
        Case("train --method choice --among-alphas 1", 64, "alphas", "2 methods"),
        Case("train --among cutmix none", 64, "among", "manifold-mixup"),
        Case("train --final-alpha -1", 64, "final-alpha", "-1"),
        Case("train --probability 0", 64, "probability"),
        Case("train --stop-epoch 0", 64, "stop-epoch"),
        Case("train --epochs 0", 64, "epochs"),
        Case("train --batch-size 0", 64, "batch-size"),
        Case("train --widths 10,-1", 64, "widths"),
        Case("train --dropout 1", 64, "dropout"),
        Case("train --momentum 1.5", 64, "momentum"),
        Case("train --threads 0", 64, "threads"),
        Case("train --ema-decay 1", 64, "ema-decay", "below 1"),
        Case("train --patience 0", 64, "patience"),
        Case("train --max-time 90", 64, "--max-time", "90"),
        Case("train --clip-norm -1", 64, "clip-norm", "above 0"),
        Case("train --resume run --epochs 3", 64, "--resume"),
        Case("train --resume run --ema-decay 0.9", 64, "--resume"),
        Case("train --checkpoint best", 64, "--checkpoint"),
        Case("train --recipe missing.yaml", 64, "missing.yaml"),
        Case("train --recipe unknown.yaml", 64, "unknown.yaml", "alpah", "alpha"),
        Case("train --recipe impossible.yaml", 64, "impossible.yaml", "epochs", "-3"),
        Case("train --recipe broken.yaml", 64, "broken.yaml"),
        Case("train --data nosuch", 64, "nosuch", "digits"),
        Case("train --crop-padding 8", 64, "digits train", "crop-padding is 8", "0 to 7"),
        Case("train --cutout -1", 64, "cutout"),
        Case("train --hold-out 1", 64, "hold-out", "below 1"),
        Case("train --hold-out 0.0001", 64, "too few"),
        Case("train --per-class 0", 64, "per-class"),
        Case("train --split-seed 1", 64, "split-seed", "hold-out"),
        Case("train --workers 65", 64, "workers"),
        Case("train --data words.csv --flip", 64, "words.csv", "not an image", "off"),
        Case("train --data mnist --data-dir .", 1, "mnist"),
        Case("train --data idx", 1, "idx"),
        Case("train --data labels.csv", 1, "labels.csv"),
        Case("train --data empty.csv", 1, "empty.csv"),
        Case("train --batch-norm --batch-size 1347", 1, "batch"),
        Case("train --resume nowhere", 1, "nowhere"),
        Case("train --output file.txt/run", 1, "file.txt"),
        Case("train --output full", 1, "full", "--resume", "--output"),
        Case("train --output file.txt", 1, "file.txt"),
        Case("train --lr 1e30 --output nan", 1, "not a finite number", "learning"),
        Case("evaluate nowhere", 1, "nowhere"),
        Case("evaluate", 64, "run"),
        Case("compare --seeds 0", 64, "--seeds"),
        Case("compare --methods", 64, "--methods"),
        Case("compare --quiet --output full", 1, "full", "--output"),
        Case("train --seeds 0", 64, "--seeds"),
        Case("train --seeds 2 --output full", 1, "full", "--output"),
        Case("train --seeds 2 --output file.txt/run", 1, "file.txt"),
        Case("train --seeds 2 --layers 0,9", 64, "method.layers: found [0, 9]"),
        Case("train --resume run --seeds 2", 64, "--resume"),
        Case("reproduce", 64, "name"),
        Case("reproduce toys", 64, "toys", "theorem, toy"),
        Case("reproduce toy --scale huge", 64, "huge", "smoke"),
        Case("reproduce toy --seeds 0", 64, "--seeds"),
        Case("reproduce toy --output file.txt", 1, "file.txt"),
        Case("reproduce toy --output full", 1, "full", "choose"),
        Case("bench cost --rounds 0", 64, "--rounds"),
        Case("bench data --images 99 --batch-size 100", 64, "--images"),
        Case("bench data --workers 0,65", 64, "--workers"),
    ]

    private func scratch() throws -> ScratchFolder {
        let folder = try ScratchFolder()
        _ = try folder.file("unknown.yaml", "method: { alpah: 2 }\n")
        _ = try folder.file("impossible.yaml", "training: { epochs: -3 }\n")
        _ = try folder.file("broken.yaml", "training: { epochs: [\n")
        _ = try folder.file("labels.csv", "1,2,0\n3,x,1\n")
        _ = try folder.file("empty.csv", "")
        _ = try folder.file("own.csv", "1,2,0\n3,4,1\n5,6,0\n7,8,1\n2,2,0\n3,3,1\n1,1,0\n0,1,1\n")
        _ = try folder.file("words.csv", "1,2,a\n2,1,b\n1,3,a\n3,1,b\n")
        _ = try folder.file("table.csv", "1,2,0\n3,4,1\n5,6,0\n7,8,1\n")
        _ = try folder.file("file.txt", "text")
        for name in ["full", "idx"] {
            try FileManager.default.createDirectory(
                at: folder.url.appendingPathComponent(name),
                withIntermediateDirectories: false
            )
        }
        _ = try folder.file("full/notes.txt", "mine")
        _ = try folder.file("idx/train-images-idx3-ubyte", "not an idx file")
        return folder
    }

    @Test("is refused with one line and the right exit code", arguments: cases)
    func refused(_ test: Case) throws {
        let folder = try scratch()
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder.url.path)
        let quiet = test.arguments.first == "train" ? ["--quiet"] : []
        let result = try Tool.run(test.arguments + quiet, in: folder)
        #expect(result.status == test.status, "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(result.errorLines.count == 1, "\(result.errors)")
        #expect(result.errors.hasPrefix("error: "))
        for text in test.says {
            #expect(result.errors.contains(text), "'\(text)' is not in: \(result.errors)")
        }
        let after = try FileManager.default.subpathsOfDirectory(atPath: folder.url.path)
        // A run that fails while it trains keeps its folder; nothing else leaves anything.
        let new = Set(after).subtracting(before).filter {
            !$0.hasPrefix("nan") && !$0.hasSuffix(".out") && !$0.hasSuffix(".err")
        }
        #expect(new.isEmpty)
    }

    @Test("A damaged checkpoint is refused by name, and the previous one is offered and works")
    func damagedCheckpoint() throws {
        let folder = try ScratchFolder()
        let settings = ["train", "--widths", "16", "--epochs", "3", "--threads", "1", "--quiet"]
        let trained = try Tool.run(settings + ["--output", "run"], in: folder)
        #expect(trained.status == 0, "\(trained.errors)")
        let damages: [(file: String, damage: (Data) -> Data?)] = [
            ("model.safetensors", { $0.dropLast(3) }),
            (
                "training.safetensors",
                { original in
                    var bytes = original
                    bytes[bytes.count / 2] ^= 1
                    return bytes
                }
            ),
            ("state.json", { _ in nil }),
            ("SHA1SUMS", { _ in Data() }),
        ]
        for (file, damage) in damages {
            let path = folder.url.appendingPathComponent("run/checkpoints/last/" + file)
            let original = try Data(contentsOf: path)
            if let damaged = damage(original) {
                try damaged.write(to: path)
            } else {
                try FileManager.default.removeItem(at: path)
            }
            for command in [["train", "--quiet", "--resume", "run"], ["evaluate", "run"]] {
                let result = try Tool.run(command, in: folder)
                #expect(result.status == 1)
                #expect(result.errorLines.count == 1, "\(result.errors)")
                #expect(result.errors.contains("checkpoints/last/" + file), "\(result.errors)")
                #expect(result.errors.contains("--checkpoint previous"), "\(result.errors)")
            }
            try original.write(to: path)
        }
        try Data().write(to: folder.url.appendingPathComponent("run/checkpoints/last/state.json"))
        let result = try Tool.run(
            ["train", "--quiet", "--resume", "run", "--checkpoint", "previous"],
            in: folder
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == trained.output)
    }

    @Test("A run whose recipe was edited is not continued")
    func editedRecipe() throws {
        let folder = try ScratchFolder()
        let settings = ["train", "--widths", "16", "--epochs", "2", "--quiet", "--output", "run"]
        #expect(try Tool.run(settings, in: folder).status == 0)
        let recipe = String(decoding: try folder.contents("run/recipe.yaml"), as: UTF8.self)
        _ = try folder.file("run/recipe.yaml", recipe.replacing("epochs: 2", with: "epochs: 9"))
        let result = try Tool.run(["train", "--resume", "run", "--quiet"], in: folder)
        #expect(result.status == 1)
        #expect(result.errors.contains("recipe.yaml was changed"))
    }

    private static func shell(_ command: String) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }

    private static let canMount =
        shell(
            "d=$(mktemp -d) && mount -t tmpfs none $d && umount $d; s=$?; rmdir $d; exit $s"
        ) == 0

    @Test(
        "A disk that fills up ends the run with one line; the checkpoint before stays usable",
        .enabled(if: canMount, "a small disk can only be mounted as root")
    )
    func fullDisk() throws {
        let folder = try ScratchFolder()
        let mount = folder.url.appendingPathComponent("small").path
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
        // Room for a few checkpoints; a file then takes what is left.
        try #require(Self.shell("mount -t tmpfs -o size=8m none '\(mount)'") == 0)
        defer { _ = Self.shell("umount '\(mount)'") }
        let settings = [
            "train", "--batch-size", "10", "--epochs", "300", "--threads", "1", "--quiet",
            "--output", "small/run",
        ]
        let (process, _, errors) = try Tool.start(settings, in: folder)
        while process.isRunning, !folder.exists("small/run/checkpoints/previous") { usleep(5_000) }
        _ = Self.shell("dd if=/dev/zero of='\(mount)/filler' bs=64k status=none")
        process.waitUntilExit()
        let message = try String(contentsOf: errors, encoding: .utf8)
        #expect(process.terminationStatus == 1)
        #expect(message.split(separator: "\n").count == 1, "\(message)")
        #expect(message.contains("No space left on device"), "\(message)")
        #expect(try Tool.run(["evaluate", "small/run"], in: folder).status == 0)

        try FileManager.default.removeItem(atPath: mount + "/filler")
        let (resumed, _, _) = try Tool.start(
            ["train", "--resume", "small/run", "--quiet"],
            in: folder
        )
        usleep(1_500_000)
        #expect(resumed.isRunning)
        kill(resumed.processIdentifier, SIGINT)
        resumed.waitUntilExit()
        #expect(resumed.terminationStatus == 130)
    }
}
