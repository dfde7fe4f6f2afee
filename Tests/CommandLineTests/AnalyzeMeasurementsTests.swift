import Foundation
import Testing

@Suite("manifold-mixup analyze spectrum, attack, deform and calibrate")
struct AnalyzeMeasurementsTests {
    private static func trained(_ more: [String] = []) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        let result = try Tool.run(
            ["train", "--data", "digits", "--widths", "32", "--epochs", "1", "--threads", "1"]
                + ["--quiet", "--output", "run"] + more,
            in: folder
        )
        try #require(result.status == 0, "\(result.errors)")
        return folder
    }

    private static func object(_ result: Tool.Result) throws -> [String: Any] {
        try #require(result.status == 0, "\(result.errors)")
        return try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        )
    }

    @Test("attack prints a row for every ε, and the same as JSON")
    func attack() throws {
        let folder = try Self.trained()
        let arguments = [
            "analyze", "attack", "run", "--epsilons", "0,0.1,inf", "--steps", "3", "--images", "50",
            "--loss", "bce",
        ]
        let text = try Tool.run(arguments, in: folder)
        #expect(text.status == 0, "\(text.errors)")
        for part in ["50 examples", "PGD, 3 steps", "unbounded, 3 steps", "other networks"] {
            #expect(text.output.contains(part), "\(part)")
        }
        let object = try Self.object(Tool.run(arguments + ["--json"], in: folder))
        let rows = try #require(object["rows"] as? [[String: Any]])
        #expect(rows.map { $0["flipped"] as? Double }.first == 0)
        let attacks = rows.compactMap { $0["attack"] as? [String: Any] }
        #expect(attacks.map { $0["epsilon"] as? Double } == [0, 0.1, nil])
        #expect(attacks.map { $0["loss"] as? String } == Array(repeating: "paper-bce", count: 3))
        let clean = try #require(object["clean"] as? [String: Any])
        #expect(clean["count"] as? Int == 50)
    }

    @Test("deform prints the 17 deformations beside the paper's, where they are comparable")
    func deform() throws {
        let folder = try Self.trained()
        let text = try Tool.run(["analyze", "deform", "run", "--images", "20"], in: folder)
        #expect(text.status == 0, "\(text.errors)")
        for part in ["rotation ±20°", "shear ±171.9°", "60.08", "63.59", "other networks"] {
            #expect(text.output.contains(part), "\(part)")
        }
        let other = try Tool.run(
            [
                "analyze", "deform", "run", "--images", "20", "--sense", "torchvision",
                "--interpolation", "bilinear", "--fill", "black",
            ],
            in: folder
        )
        #expect(other.output.contains("60.08"), "\(other.errors)")
        #expect(!other.output.contains("63.59"))
        let object = try Self.object(
            Tool.run(["analyze", "deform", "run", "--images", "20", "--json"], in: folder)
        )
        #expect((object["rows"] as? [Any])?.count == 17)
        let own = try Tool.run(
            ["analyze", "deform", "run", "--deformation", "rotation=7", "--deformation", "zoom=90"]
                + ["--images", "20"],
            in: folder
        )
        #expect(own.output.contains("rotation ±7°") && own.output.contains("zoom 90 %"))
        #expect(!own.output.contains("shear"))
    }

    @Test("spectrum prints every class, their mean, and what is between them, and the same as JSON")
    func spectrum() throws {
        let folder = try Self.trained()
        let text = try Tool.run(["analyze", "spectrum", "run"], in: folder)
        #expect(text.status == 0, "\(text.errors)")
        for part in ["boundary 1 with 32 dimensions", "mean of the classes", "between the classes"]
        {
            #expect(text.output.contains(part), "\(part)")
        }
        let object = try Self.object(
            Tool.run(
                ["analyze", "spectrum", "run", "--boundary", "0", "--per-root-count", "--json"],
                in: folder
            )
        )
        #expect((object["classes"] as? [Any])?.count == 10)
        #expect(object["dimensions"] as? Int == 64)
        for (arguments, part) in [
            (["--boundary", "2"], "layer 2 is not a mixing site"),
            (["--images", "9"], "2 or more of every class"),
        ] {
            let refused = try Tool.run(["analyze", "spectrum", "run"] + arguments, in: folder)
            #expect(refused.status == 64)
            #expect(refused.errorLines.count == 1)
            #expect(refused.errors.contains(part), "\(refused.errors)")
        }
    }

    @Test(
        "A run that has lost its checkpoints is refused in one line",
        arguments: ["spectrum", "attack", "deform", "calibrate"]
    )
    func noCheckpoints(_ measurement: String) throws {
        let folder = try Self.trained()
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("run/checkpoints"))
        let refused = try Tool.run(["analyze", measurement, "run"], in: folder)
        #expect(refused.status == 1)
        #expect(refused.errorLines.count == 1, "\(refused.errors)")
        #expect(refused.errors.contains("checkpoint"), "\(refused.errors)")
    }

    @Test("calibrate fits a temperature to the hold-out, or says that there is none")
    func calibrate() throws {
        let folder = try Self.trained(["--hold-out", "0.2"])
        let arguments = ["analyze", "calibrate", "run", "--images", "30", "--lambdas", "0,0.5"]
        let text = try Tool.run(arguments + ["--other", "digits"], in: folder)
        #expect(text.status == 0, "\(text.errors)")
        for part in ["ECE %", "(hold-out)", "gaussian noise", "boundary 1", "digits test"] {
            #expect(text.output.contains(part), "\(part)")
        }
        let object = try Self.object(Tool.run(arguments + ["--json"], in: folder))
        #expect(
            Set(object.keys) == ["settings", "test", "tempered", "confidences", "interpolation"]
        )

        let without = try Self.trained()
        let noted = try Tool.run(arguments, in: without)
        #expect(noted.status == 0, "\(noted.errors)")
        #expect(noted.output.contains("No temperature"))
        let refused = try Tool.run(arguments + ["--temperature", "hold-out"], in: without)
        #expect(refused.status == 64)
        #expect(refused.errorLines.count == 1)
    }

    @Test(
        "Wrong settings end with one line and the code of wrong use",
        arguments: [
            ["attack", "run", "--epsilons", "-1"], ["attack", "run", "--epsilons", "nan"],
            ["attack", "run", "--steps", "0"], ["attack", "run", "--images", "0"],
            ["attack", "run", "--epsilons", "inf", "--start-seed", "1"],
            ["deform", "run", "--sense", "other"], ["deform", "run", "--deformation", "rotation"],
            ["deform", "run", "--deformation", "rotation=181"],
            ["deform", "run", "--deformation", "zoom=0"],
            ["deform", "run", "--deformation", "shear=nan"], ["calibrate", "run", "--bins", "0"],
            ["calibrate", "run", "--lambdas", "2"], ["calibrate", "run", "--images", "-5"],
        ]
    )
    func wrongUse(_ arguments: [String]) throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(["analyze"] + arguments, in: folder)
        #expect(result.status == 64)
        #expect(result.errorLines.count == 1, "\(result.errors)")
    }
}
