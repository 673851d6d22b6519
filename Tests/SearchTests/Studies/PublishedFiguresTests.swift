import Foundation
import QualityDiversity
import RandomStreams
import Scoring
import Search
import SearchSpaces
import Testing

private let table =
  ProcessInfo.processInfo.environment["NICHE_TEST_ALL"] == nil
  ? nil
  : try? BenchmarkCatalog.standard().table(of: "nas-bench-201", rowCount: NASBench201Cell.count)

/// Random search and regularised evolution against figures that were measured elsewhere.
///
/// They are means of test accuracy at best validation in NAS-Bench-201 1.1's own measurements (those of NATS-Bench give
/// up to 0.2 points more with large budgets): 500 runs of random search, 200 of evolution with populations and
/// samples of ten, and 400 with a population of twenty and repetitions told. Both sides are samples: of the 24 means 21
/// lie within 0.05 points or what a single comparison may differ by, and the expected values of random search, which can be
/// worked out, within 0.054 of the published ones.
@Suite(.enabled(if: table != nil, "needs --all and the table of NAS-Bench-201; see docs/nas-bench-201.md"))
struct PublishedFiguresTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var arm: StudyArm
    var runs: Double
    /// By data set: test accuracy in % at each number of evaluations.
    var figures: [String: [(evaluations: Int, accuracy: Double)]]
    var testDescription: String { arm.title }
  }

  static let rows: [Row] = [
    Row(
      arm: StudyArm(.random), runs: 500,
      figures: [
        "cifar-10": [(10, 93.03), (100, 93.77), (1000, 94.08), (2000, 94.13)],
        "cifar-100": [(10, 69.77), (100, 71.41), (1000, 72.64), (2000, 72.83)],
        "imagenet16-120": [(10, 43.35), (100, 45.32), (1000, 46.18), (2000, 46.28)],
      ]),
    Row(
      arm: StudyArm(.regularizedEvolution), runs: 200,
      figures: [
        "cifar-10": [(100, 94.16), (300, 94.30), (1000, 94.35)],
        "cifar-100": [(100, 72.96), (300, 73.45), (1000, 73.51)],
        "imagenet16-120": [(100, 46.30), (300, 46.43), (1000, 46.24)],
      ]),
    Row(
      arm: {
        var arm = StudyArm(.regularizedEvolution, name: "deduplicated", deduplicate: .genotype)
        arm.population = 20
        arm.replacement = false
        return arm
      }(), runs: 400,
      figures: [
        "cifar-10": [(100, 94.19)], "cifar-100": [(100, 73.14)], "imagenet16-120": [(100, 46.34)],
      ]),
  ]

  @Test(arguments: rows) func meansAgree(_ row: Row) async throws {
    var study = StudyConfiguration()
    study.family = .nasBench201
    study.seeds = 500
    study.arms = [row.arm]
    study.budgets = row.figures["cifar-10"]?.map(\.evaluations) ?? []
    let runner = try StudyRunner(
      study, tasks: StudyTask.nasBench201(study, table: #require(table)), tableHash: "")
    let (cells, _) = try await runner.run(log: StudyLog(), workers: 2)
    for (data, figures) in row.figures {
      for (evaluations, published) in figures {
        let sample = cells.filter { $0.data == data }.compactMap {
          $0.best(within: Double(evaluations)).map { 100 * $0.test }
        }
        let (mean, variance) = (
          try #require(SampleFigures.mean(sample)), try #require(SampleFigures.variance(sample))
        )
        // 0.05 points, or what two samples of these sizes differ by at most in 19 of 20 cases of 24 such comparisons
        // (Bonferroni).
        let chance = 3.08 * (variance / Double(sample.count) + variance / row.runs).squareRoot()
        let difference = abs(mean - published)
        print(
          "\(row.arm.title), \(data), \(evaluations) evaluations: \(mean) here, \(published) there, chance ±\(chance)"
        )
        #expect(
          difference <= max(0.05, chance) + 0.005, "\(data) \(evaluations): \(mean) against \(published)")
      }
    }
  }
}
