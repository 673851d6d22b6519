import Foundation
import QualityDiversity
import RunStore
import Search
import Testing

@testable import Reports

@Suite("Runs whose cells keep Pareto fronts")
struct FrontTests {
  /// A grid with fronts of accuracy and parameters, which are a thousand times the candidate's number here.
  private static var configuration: RunConfiguration {
    var run = SampleRun.grid
    run.archive.objectives = [ObjectiveSettings(name: "parameters", worst: 10_000, best: 0)]
    return run
  }

  private let run = SampleRun(
    configuration: configuration,
    candidates: [
      .init(width: 10, depth: 2, fitness: 0.5), .init(width: 20, depth: 3, fitness: 0.4),
      .init(width: 20, depth: 3, fitness: 0.8), .init(width: 10, depth: 8, fitness: 0.7),
      .init(generation: 2, width: 12, depth: 3, fitness: 0.6),
      .init(generation: 2, width: 12, depth: 3, fitness: 0.9),
    ], generations: 2)

  @Test("Every member is an elite; the fittest of a niche comes first")
  func elites() async throws {
    let snapshot = try await run.snapshot()
    #expect(snapshot.elites.map(\.record.id) == [6, 3, 1, 4] && snapshot.elites.map(\.cell) == [0, 0, 0, 1])
    let archive = try snapshot.archive(on: snapshot.header.configuration)
    #expect(archive.allElites.map(\.solution) == [6, 3, 1, 4])
    // On axes of a run without objectives there is one a cell.
    #expect(try snapshot.archive(on: SampleRun.grid).allElites.map(\.solution) == [6, 4])
    let table = EliteTable(snapshot)
    #expect(
      table.objectives == ["parameters"]
        && table.elites.map(\.objectives) == [[6000], [3000], [1000], [4000]])
    #expect(table.text.contains("parameters"))
    let view = try await CandidateView(3, isNiche: false, of: snapshot, store: snapshot.store)
    #expect(view.niche == 0 && view.text.contains("objectives beside accuracy: parameters 3"))
  }

  @Test("An export has a folder for each member")
  func export() async throws {
    let snapshot = try await run.snapshot()
    let output = SampleRun.folder()
    TemporaryFolders.removeAtExit(output)
    let exporter = Exporter(snapshot, store: snapshot.store)
    let archive = try await exporter.archive(testedBy: nil)
    #expect(archive.elites.map(\.folder) == ["niche-0000", "niche-0000-2", "niche-0000-3", "niche-0001"])
    #expect(archive.elites.map(\.objectives) == [6000, 3000, 1000, 4000].map { ["parameters": $0] })
    for _ in 0..<2 {
      try await exporter.write(archive, to: output)
      let card = try String(contentsOfFile: output + "/niche-0000-3/card.md", encoding: .utf8)
      #expect(card.contains("| Objective parameters | 1000.0 |"))
      let table = try String(contentsOfFile: output + "/elites.csv", encoding: .utf8)
      #expect(table.contains(",objective_parameters,") && table.contains("niche-0000-2"))
    }
    let saved = try SavedArchive(contentsOf: output + "/elites.json")
    #expect(saved.rows.map(\.candidate) == [6, 3, 1, 4])
    // One member alone keeps its folder.
    let one = try await exporter.archive(
      testedBy: nil, selection: ExportSelection(condition: "candidate == 1"))
    #expect(one.elites.map(\.folder) == ["niche-0000-3"])
  }

  @Test("Runs with the same objectives are compared by their hypervolumes, too")
  func compare() async throws {
    var other = run
    other.name = "other"
    other.candidates = [.init(width: 10, depth: 2, fitness: 0.5), .init(width: 10, depth: 8, fitness: 0.25)]
    other.generations = 1
    let both = try ComparisonTests.compare(await run.snapshot(), await other.snapshot())
    func means(_ comparison: Comparison, _ figure: ComparisonFigure) -> [Double?] {
      comparison.groups.map { $0.figure(figure)?.mean }
    }
    // Steps over the share of 10,000 parameters that is left: 0.5 to 0.9, 0.8 to 0.7, 0.9 to 0.4; then 0.7 · 0.6.
    let steps: Double = 0.45 + 0.21 + 0.04
    let scores = try means(both, .moqdScore).map { try #require($0) }
    #expect(abs(scores[0] - (steps + 0.42)) < 1e-12)
    #expect(abs(scores[1] - (0.45 + 0.2)) < 1e-12)
    let volume = try #require(means(both, .globalHypervolume)[0])
    #expect(abs(volume - steps) < 1e-12)
    #expect(both.text().contains("MOQD score"))
    var plain = SampleRun(configuration: SampleRun.grid, candidates: other.candidates)
    plain.name = "plain"
    let mixed = try ComparisonTests.compare(await run.snapshot(), await plain.snapshot())
    #expect(means(mixed, .moqdScore).compactMap(\.self).isEmpty && !mixed.text().contains("MOQD"))
    let best = try #require(means(mixed, .qdScore)[0])
    #expect(abs(best - 1.6) < 1e-12, "a niche counts with its fittest")
  }

  @Test("The picture of the fronts has no faults, and the report has it", arguments: [Theme.light, .dark])
  func picture(theme: Theme) async throws {
    let snapshot = try await run.snapshot()
    let facts = try RunFacts(snapshot)
    let picture = try #require(FrontsPicture(facts)?.svg(theme))
    #expect(DocumentReader.faults(of: picture).isEmpty, "\(DocumentReader.faults(of: picture))")
    let document = try #require(DocumentReader.read(picture.document))
    // Two of the legend and one for each elite.
    #expect(document.attributes(of: "circle").count == 6)
    let paint = theme.paint(.vermilion)
    #expect(document.attributes(of: "circle").count { $0["fill"] == paint } == 4)
    #expect(try await RunReport(snapshot).html.contains("What accuracy costs"))
    #expect(!picture.document.contains("beyond the objective"))
    let plain = SampleRun(configuration: SampleRun.grid, candidates: run.candidates, generations: 2)
    #expect(FrontsPicture(try RunFacts(await plain.snapshot())) == nil)
  }

  @Test(
    "A network beyond the worst that counts leaves the others their room",
    arguments: [DescriptorSettings.Scale.linear, .log])
  func beyond(scale: DescriptorSettings.Scale) async throws {
    var run = run
    run.configuration.archive.objectives = [
      ObjectiveSettings(name: "parameters", worst: 3500, best: 1, scale: scale)
    ]
    let facts = try RunFacts(await run.snapshot())
    let picture = try #require(FrontsPicture(facts)?.svg(.light))
    #expect(DocumentReader.faults(of: picture).isEmpty, "\(DocumentReader.faults(of: picture))")
    #expect(picture.document.contains(">2 beyond the objective&#39;s worst, drawn there<"))
    let document = try #require(DocumentReader.read(picture.document))
    let rings = document.attributes(of: "circle").filter { $0["fill"] == Theme.light.paint(.background) }
    // That of the legend, and those of 4,000 and 6,000 parameters at 3,500.
    #expect(rings.count == 3 && rings.dropFirst().allSatisfy { $0["cx"] == "752" }, "at the right end")
  }
}
