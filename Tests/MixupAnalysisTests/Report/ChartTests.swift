import Foundation
import Testing

@testable import MixupAnalysis

@Suite("Charts")
struct ChartTests {
    private func figure(_ chart: Chart) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(chart.figure.text.utf8))
        return try #require(object as? [String: Any])
    }

    @Test("A chart comes back from JSON as it was")
    func roundTrip() throws {
        for chart in ReportFixtures.charts.dropFirst() {
            let data = try JSONEncoder().encode(chart)
            #expect(try JSONDecoder().decode(Chart.self, from: data) == chart)
        }
    }

    @Test("Every layer becomes a trace with its name, and axes have their titles")
    func figures() throws {
        for chart in ReportFixtures.charts {
            let figure = try figure(chart)
            let data = try #require(figure["data"] as? [[String: Any]])
            #expect(data.count == chart.layers.count)
            #expect(data.allSatisfy { $0["name"] is String && $0["type"] is String })
            let layout = try #require(figure["layout"] as? [String: Any])
            for (key, axis) in [("xaxis", chart.x), ("yaxis", chart.y)] {
                let members = try #require(layout[key] as? [String: Any])
                let title = members["title"] as? [String: Any]
                #expect(title?["text"] as? String == PageText.escaped(axis.title))
                #expect((members["type"] as? String == "log") == axis.isLogarithmic)
            }
        }
    }

    @Test("A heat map's values, ends and places are those of the layer")
    func heatMap() throws {
        let data = try #require(try figure(ReportFixtures.charts[1])["data"] as? [[String: Any]])
        #expect(data[0]["z"] as? [[Double]] == [[0, 0.5], [0.25, 1]])
        #expect(data[0]["zmin"] as? Double == 0)
        #expect(data[0]["zmax"] as? Double == 1)
        #expect(data[0]["x"] as? [Double] == [0, 1])
    }

    @Test("A unit is as long on both axes of a map, and only there")
    func map() throws {
        for chart in ReportFixtures.charts {
            let layout = try #require(try figure(chart)["layout"] as? [String: Any])
            let vertical = try #require(layout["yaxis"] as? [String: Any])
            #expect((vertical["scaleanchor"] as? String == "x") == (chart.shape == .map))
        }
    }
}
