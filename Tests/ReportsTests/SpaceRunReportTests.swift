import Foundation
import GRDB
import QualityDiversity
import RunStore
import Search
import SearchSpaces
import Testing

@testable import Reports

/// What the reports say of a run that searched a space.
@Suite("A run of a space", .serialized)
final class SpaceRunReportTests {
  /// Cells whose fitness can be worked out: more convolutions are better, the later the more.
  private struct Cells: SpaceEvaluator {
    let space = NASBench201Space()
    let fidelities = [SpaceFidelity(name: "200 epochs", cost: 200)]

    func score(of genotype: NASBench201Cell, fidelity: Int) -> SpaceScore {
      let worth = [0.0, 5, 7, 9, 3]
      let sum = space.options(of: genotype).enumerated().reduce(0.0) {
        $0 + worth[$1.element] * (1 + 0.1 * Double($1.offset))
      }
      return SpaceScore(fitness: sum / 100, figures: space.figures(of: genotype))
    }
  }

  private let folder = SampleRun.folder()
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static func header(_ strategy: StudyArm.Strategy, _ name: String) throws -> RunHeader {
    var run = try #require(RunConfiguration.preset("nas-bench-201"))
    run.name = name
    run.space.search = StudyArm(strategy, deduplicate: .genotype)
    run.descriptors = [
      DescriptorSettings(
        name: "convolutions", formula: "nor_conv_3x3 + nor_conv_1x1", lower: 0, upper: 6, bins: 6),
      DescriptorSettings(name: "cell_depth", lower: 0, upper: 3, bins: 4),
    ]
    run.budget.evaluations = 40
    run.search.batch = 10
    return RunHeader(
      name: name, configuration: run, authorChoice: "It draws.", version: "1", machine: "this", began: "now",
      table: "toy")
  }

  private func store(_ strategy: StudyArm.Strategy, _ name: String) async throws -> RunStore {
    let header = try Self.header(strategy, name)
    let store = try RunStore.create(in: folder + "/" + name, header: header)
    let run = try header.configuration.spaceRun(Cells(), imagesPerUnit: 10, models: nil, log: store)
    let summary = try await SpaceEngine(
      run, configuration: header.configuration, log: store, stop: StopFlag()
    ) { _ in }.run()
    #expect(summary.end == .completed)
    return store
  }

  private func verify(_ store: RunStore, quick: Bool = true) async throws -> RunVerification {
    let source = try store.header.configuration.spaceRun(Cells(), imagesPerUnit: 10, models: nil, log: store)
    return try await RunVerifier(store, replay: .space(source), isQuick: quick).verify()
  }

  @Test func itsFileHoldsAndIsToldOf() async throws {
    let store = try await store(.regularizedEvolution, "evolution")
    let result = try await verify(store, quick: false)
    #expect(result.holds, "\(result.text)")
    let counts = Dictionary(uniqueKeysWithValues: result.checks.map { ($0.part, $0.count) })
    let snapshot = try await RunSnapshot(store)
    #expect(counts[.generations] == snapshot.candidates.count && counts[.weights] == 0)
    #expect(try #require(counts[.networks]) > 20)
    let status = try RunStatus(snapshot)
    #expect(
      status.space
        == RunStatus.Space(
          name: "nas-bench-201", strategy: "regularized-evolution", evaluations: 40, planned: 40))
    #expect(
      status.text.contains("nas-bench-201 by regularized-evolution: 40.0 of 40 evaluations")
        || status.text.contains("40 of 40 evaluations"), "\(status.text)")
    // An axis that was not thought of before, from the log alone.
    var other = store.header.configuration
    other.descriptors = [DescriptorSettings(name: "live_skip_connect", lower: 0, upper: 6, bins: 7)]
    let archive = try snapshot.archive(on: other)
    #expect(archive.count > 1)
    #expect(status.text.contains("QD score per network looked up "))
    let report = try await RunReport(snapshot).html
    for text in ["networks looked up", "training time by the table", "nothing was trained here"] {
      #expect(report.contains(text), "\(text)")
    }
    for text in ["networks trained", "did not compile", "all threads", ">replies<", ">trained to the end"] {
      #expect(!report.contains(text), "\(text)")
    }
    let stages = FunnelPicture(try RunFacts(snapshot)).stages.map(\.name)
    #expect(
      stages == [
        "asked for", "architecture read", "new network", "looked up in the table", "elite at some time",
        "elite now",
      ])
    let best = try #require(snapshot.best)
    let view = try await CandidateView(best.record.id, isNiche: false, of: snapshot, store: store)
    #expect(view.text.contains("|nor_conv_3x3~0|") && view.text.contains("validation accuracy:"))
  }

  @Test(arguments: [
    ("UPDATE candidate_facts SET fitness = 0.1 WHERE id = 7", "candidates", "id 7"),
    (
      "UPDATE candidate_sources SET source = '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|' WHERE candidate = 9",
      "candidates", "id 9"
    ),
    ("UPDATE candidate_facts SET parents = '[1]' WHERE id = 30", "candidates", "id 30"),
    (
      "UPDATE candidate_figures SET figures = '{\"cell_depth\": 9}' WHERE candidate = 4", "candidates", "id 4"
    ),
    (
      "UPDATE generations SET record = json_set(record, '$.statistics.qdScore', 1) WHERE number = 2",
      "generations",
      "number 2"
    ),
    ("INSERT INTO weights (candidate, safetensors) VALUES (7, x'00')", "weights", "candidate 7"),
  ])
  func whatWasChangedIsNamed(sql: String, table: String, row: String) async throws {
    let store = try await store(.genetic, "genetic")
    let queue = try DatabaseQueue(path: store.folder + "/" + RunStore.fileName)
    try await queue.write { try $0.execute(sql: sql) }
    try queue.close()
    let result = try await verify(RunStore.open(store.folder))
    #expect(
      !result.holds && result.disagreement?.table == table && result.disagreement?.row == row,
      "\(result.text)")
  }

  @Test func elitesAreModulesWithWhatTheTableSays() async throws {
    let store = try await store(.mapElites, "elites")
    let snapshot = try await RunSnapshot(store)
    let exporter = Exporter(snapshot, store: store)
    let archive = try await exporter.archive(testedBy: nil, lookedUp: { $0.isEmpty ? nil : 0.5 })
    #expect(archive.elites.count == snapshot.elites.count && archive.elites.count > 5)
    for elite in archive.elites {
      let cell = try NASBench201Space().genotype(from: #require(elite.architecture))
      #expect(elite.source == NASBench201Space().source(of: cell) && elite.testAccuracy == 0.5)
    }
    let notes = try await exporter.write(archive, to: folder + "/out")
    #expect(notes.isEmpty)
    let one = folder + "/out/" + archive.elites[0].folder
    let files = try FileManager.default.contentsOfDirectory(atPath: one).sorted()
    #expect(files == ["card.md", "network.py"])
    let card = try String(contentsOfFile: one + "/card.md", encoding: .utf8)
    #expect(card.contains("| Architecture | `\\|") && card.contains("not here;"))
    let front = try ExportSelection(diversity: .init(count: 3, space: .graph)).elites(of: snapshot)
    #expect(front.count == 3)
  }

  @Test func runsOfASpaceAreComparedWithEachOtherAlone() async throws {
    let one = try await RunSnapshot(store(.mapElites, "one"))
    let two = try await RunSnapshot(store(.random, "two"))
    let comparison = try Comparison(ComparisonGroup.grouping([.run(one), .run(two)]))
    #expect(comparison.text().contains("25000 validation images"), "\(comparison.text())")
    let niches = Set(one.elites.map(\.cell)).intersection(two.elites.map(\.cell))
    let pair = try EliteComparison(one, two, niche: NichePlace(#require(niches.first)))
    #expect(pair.first.description.hash.count == 32)
  }
}
