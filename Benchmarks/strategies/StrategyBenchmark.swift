import Foundation
import QualityDiversity
import RandomStreams
import RunStore
import Search
import SearchSpaces

/// Times searches by table: evaluations a second of processor time through the whole engine, with the archive, and as
/// a run whose candidates are kept in a file.
///
/// Prints one object of JSON. The table's values are made up, since they make no difference to the time. Each
/// figure is that of the fastest of several rounds.
@main struct StrategyBenchmark {
  static let evaluations = 20_000

  struct Figures: Encodable {
    /// Evaluations a second with nothing stored, by arm.
    var searched: [String: Int] = [:]
    /// Candidates a second of runs in a file, repetitions among them, by arm.
    var stored: [String: Int] = [:]
  }

  static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  static func main() async throws {
    let space = NASBench201Space()
    let all = space.all
    var stream = RandomStream(seed: 1)
    let accuracies = all.map { _ in stream.uniform() }
    let table = try TabularEvaluator(
      space: space, genotypes: all,
      columns: [
        .init(SpaceFidelity(name: "12 epochs", cost: 12), fitness: accuracies.map { 0.8 * $0 }),
        .init(SpaceFidelity(name: "200 epochs", cost: 200), fitness: accuracies),
      ])
    let settings = StudyConfiguration().archive.descriptors
    let archive = try SpaceArchive(
      descriptors: settings, dimensions: settings.map(\.bins), figureNames: space.figureNames)
    var arms = StudyArm.Strategy.allCases.filter { $0 != .bohb && !$0.usesPrompts }.map { StudyArm($0) }
    arms.append(
      StudyArm(.regularizedEvolution, name: "regularized-evolution, deduplicated", deduplicate: .genotype))
    var figures = Figures()
    for arm in arms {
      var least = Double.infinity
      for round in 0..<3 {
        let budget = arm.deduplicate == .off ? evaluations : 1000
        var search = try SpaceSearch(
          table, settings: SpaceSearchSettings(evaluations: budget, deduplicate: arm.deduplicate),
          archive: archive)
        let strategy = try arm.makeStrategy(
          for: space, fidelities: table.fidelities, archive: archive,
          stream: RandomStream(seed: UInt64(round)))
        let start = processorSeconds()
        run(&search, strategy)
        least = min(least, (processorSeconds() - start) / Double(search.counts.evaluated))
      }
      figures.searched[arm.title] = Int(1 / least)
      figures.stored[arm.title] = Int(1 / (try await storing(arm, table)))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    print(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }

  static func run(
    _ search: inout SpaceSearch<TabularEvaluator<NASBench201Space>>,
    _ strategy: some SpaceStrategy<NASBench201Space>
  ) {
    var strategy = strategy
    search.run(&strategy)
  }

  /// The least seconds a candidate of a run that is kept in a file.
  static func storing(
    _ arm: StudyArm, _ table: TabularEvaluator<NASBench201Space>
  ) async throws -> Double {
    var least = Double.infinity
    for round in 0..<3 {
      var run = RunConfiguration.preset("nas-bench-201") ?? RunConfiguration()
      run.seed = round
      run.space.search = arm
      run.budget.evaluations = arm.deduplicate == .off ? evaluations : 1000
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let header = RunHeader(
        name: "benchmark", configuration: run, authorChoice: "It draws.", version: "", machine: "", began: "")
      let store = try RunStore.create(in: folder, header: header)
      let search = try run.spaceRun(table, imagesPerUnit: 25_000, models: nil, log: store)
      let engine = SpaceEngine(search, configuration: run, log: store, stop: StopFlag()) { _ in }
      let start = processorSeconds()
      _ = try await engine.run()
      let seconds = processorSeconds() - start
      least = min(least, seconds / Double(try store.summaries().count))
    }
    return least
  }
}
