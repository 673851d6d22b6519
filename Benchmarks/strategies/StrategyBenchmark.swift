import Foundation
import QualityDiversity
import RandomStreams
import Search
import SearchSpaces

/// Times searches by table: evaluations a second of processor time through the whole engine, with the archive.
///
/// Prints one object of JSON. The table's values are made up, since they make no difference to the time. Each
/// figure is that of the fastest of several rounds.
@main struct StrategyBenchmark {
  static let evaluations = 20_000

  static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  static func main() throws {
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
    var arms = StudyArm.Strategy.allCases.filter { $0 != .bohb }.map { StudyArm($0) }
    arms.append(
      StudyArm(.regularizedEvolution, name: "regularized-evolution, deduplicated", deduplicate: .genotype))
    var figures: [String: Int] = [:]
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
      figures[arm.title] = Int(1 / least)
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
}
