import Foundation
import QualityDiversity
import RandomStreams
import RunStore
import Search
import SearchSpaces

/// Times searches by table: evaluations a second of processor time through the whole engine, with the archive, and as
/// a run whose candidates are kept in a file.
///
/// Prints a list of objects of JSON. The table's values are made up: what each choice is worth, and noise, so that
/// evolution comes back to the same architectures as it does in a real table. Each figure is that of the fastest
/// of several rounds.
@main struct StrategyBenchmark {
  static let evaluations = 5000
  static let rounds = 5

  struct Figures: Encodable {
    var arm: String
    /// Evaluations a second with nothing stored.
    var searched: Int
    /// Evaluations a second of a run in a file.
    var stored: Int
    /// Candidates a second of that run, which has repetitions beside those that were evaluated.
    var candidates: Int
  }

  static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  static func main() async throws {
    let table = try table()
    let settings = StudyConfiguration().archive.descriptors
    let archive = try SpaceArchive(
      descriptors: settings, dimensions: settings.map(\.bins), figureNames: table.space.figureNames)
    let strategies: [StudyArm.Strategy] = [
      .random, .regularizedEvolution, .localSearch, .mapElites, .genetic,
    ]
    var arms = strategies.map {
      StudyArm($0, name: $0.rawValue + ", no repeats", deduplicate: .genotype)
    }
    arms += [.random, .regularizedEvolution].map { StudyArm($0, name: $0.rawValue) }
    var figures: [Figures] = []
    for arm in arms {
      var (searched, stored, candidates) = (0.0, 0.0, 0.0)
      for round in 0..<rounds {
        var search = try SpaceSearch(
          table, settings: SpaceSearchSettings(evaluations: evaluations, deduplicate: arm.deduplicate),
          archive: archive)
        let strategy = try arm.makeStrategy(
          for: table.space, fidelities: table.fidelities, archive: archive,
          stream: RandomStream(seed: UInt64(round)))
        let start = processorSeconds()
        run(&search, strategy)
        searched = max(searched, Double(search.counts.evaluated) / (processorSeconds() - start))
        let (evaluated, all, seconds) = try await storing(arm, table, seed: round)
        stored = max(stored, Double(evaluated) / seconds)
        candidates = max(candidates, Double(all) / seconds)
      }
      figures.append(
        Figures(
          arm: arm.title, searched: Int(searched), stored: Int(stored), candidates: Int(candidates)))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    print(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }

  static func table() throws -> TabularEvaluator<NASBench201Space> {
    let space = NASBench201Space()
    let all = space.all
    var stream = RandomStream(seed: 1)
    let worth = space.choices.map { choice in choice.options.map { _ in stream.uniform() } }
    let accuracies = all.map { cell in
      let sum = space.options(of: cell).enumerated().reduce(0) { $0 + worth[$1.offset][$1.element] }
      return 0.9 * sum / Double(worth.count) + 0.1 * stream.uniform()
    }
    return try TabularEvaluator(
      space: space, genotypes: all,
      columns: [
        .init(SpaceFidelity(name: "12 epochs", cost: 12), fitness: accuracies.map { 0.8 * $0 }),
        .init(SpaceFidelity(name: "200 epochs", cost: 200), fitness: accuracies),
      ])
  }

  static func run(
    _ search: inout SpaceSearch<TabularEvaluator<NASBench201Space>>,
    _ strategy: some SpaceStrategy<NASBench201Space>
  ) {
    var strategy = strategy
    search.run(&strategy)
  }

  /// The evaluations and candidates of a run that is kept in a file, and the seconds from its beginning to its end.
  static func storing(
    _ arm: StudyArm, _ table: TabularEvaluator<NASBench201Space>, seed: Int
  ) async throws -> (evaluated: Int, candidates: Int, seconds: Double) {
    var run = RunConfiguration.preset("nas-bench-201") ?? RunConfiguration()
    run.seed = seed
    run.space.search = arm
    run.budget.evaluations = evaluations
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let header = RunHeader(
      name: "benchmark", configuration: run, authorChoice: "It draws.", version: "", machine: "", began: "")
    let start = processorSeconds()
    let store = try RunStore.create(in: folder, header: header)
    let search = try run.spaceRun(table, imagesPerUnit: 25_000, models: nil, log: store)
    _ = try await SpaceEngine(search, configuration: run, log: store, stop: StopFlag()) { _ in }.run()
    let seconds = processorSeconds() - start
    let stored = try store.summaries()
    return (stored.count { $0.verdict.status != .duplicate }, stored.count, seconds)
  }
}
