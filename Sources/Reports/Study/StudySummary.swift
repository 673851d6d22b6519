public import QualityDiversity
import RandomStreams
public import Scoring
public import Search
public import SearchSpaces

/// What a study found: every arm on every data set at every budget, by both protocols, with intervals and tests.
public struct StudySummary: Encodable, Sendable {
  /// The study's name.
  public var name: String
  /// The space.
  public var space: String
  /// Whose measurements the accuracies are.
  public var family: String
  /// How many seeds each arm was to be run with on each data set.
  public var seeds: Int
  /// Whether all of them are there.
  public var isComplete: Bool
  /// How many architectures there are.
  public var architectures: Int
  /// What the best had to fulfil; empty: nothing.
  public var constraint: String
  /// The arm that the others are tested against.
  public var baseline: String
  /// The arms, in order.
  public var arms: [String]
  /// The budgets, in ascending order.
  public var budgets: [Int]
  /// The archive's axes.
  public var axes: [MeasureAxis]
  /// The best there is, by data set.
  public var optima: [StudyOptimum]
  /// The archive with the best of every niche that can be reached, by data set.
  public var fullArchives: [FullArchive]
  /// The figures, by data set, budget and arm.
  public var rows: [Row]
  /// How the regret fell, by data set and arm.
  public var curves: [Curve]
  /// How many evaluations it takes to come near to the best, by data set and arm.
  public var reaches: [Reach]
  /// How far what is known without training orders architectures as their accuracy does.
  public var correlations: [Correlation]

  /// The archive with the best of every niche.
  public struct FullArchive: Encodable, Sendable {
    /// The data set.
    public var data: String
    /// All cells of the grid.
    public var cells: Int
    /// How many can be reached.
    public var elites: Int
    /// The QD score.
    public var qdScore: Double
  }

  /// A figure over seeds.
  public struct Figure: Encodable, Sendable {
    /// The mean.
    public var mean: Double
    /// The standard deviation; nil of a single run.
    public var deviation: Double?
    /// The interval of the mean at 95 %, by a BCa bootstrap over seeds; nil of a single run.
    public var interval: ConfidenceInterval?
  }

  /// An arm on a data set at a budget.
  public struct Row: Encodable, Sendable {
    /// The data set.
    public var data: String
    /// The budget in evaluations.
    public var budget: Int
    /// The arm.
    public var arm: String
    /// How many runs had evaluated something fully by then.
    public var runs: Int
    /// The highest validation accuracy.
    public var validation: Figure
    /// The test accuracy of the architecture that has it: what a user would get.
    public var testAtBestValidation: Figure
    /// The highest test accuracy among all evaluated: what nobody could know.
    public var bestTestSeen: Figure
    /// The median rank in the space, by validation accuracy, of the best by validation.
    public var validationRank: Double
    /// The median rank of the same architecture by test accuracy.
    public var testRank: Double
    /// The share of runs that found the highest validation accuracy there is.
    public var optimumShare: Double
    /// The share of reachable niches that were occupied, in the mean.
    public var coverage: Double
    /// The QD score as a share of that of the full archive, in the mean.
    public var qdShare: Double
    /// The QD score, in the mean.
    public var qdScore: Double
    /// Architectures evaluated at whatever fidelity, in the mean.
    public var evaluated: Double
    /// Repetitions that were asked for, in the mean.
    public var repeated: Double
    /// What was asked for and is no architecture, in the mean.
    public var illegal: Double
    /// Whether validation accuracy differs from the baseline's: Mann & Whitney's p, Holm-corrected over all other arms
    /// and data sets at this budget; nil for the baseline.
    public var validationP: Double?
    /// The same of the test accuracy at best validation.
    public var testP: Double?
    /// How often a run's test accuracy is above that of a run of the baseline, ties counted half.
    public var superiority: Double?
  }

  /// How regret fell.
  public struct Curve: Encodable, Sendable {
    /// The data set.
    public var data: String
    /// The arm.
    public var arm: String
    /// The numbers of evaluations.
    public var at: [Double]
    /// The mean validation accuracy missing to the best there is.
    public var validationRegret: [Double]
    /// The mean test accuracy, of the best by validation, missing to the best there is.
    public var testRegret: [Double]
    /// Half the width of the intervals at 95 % of the first, by their standard errors.
    public var validationMargin: [Double]
    /// The same of the second.
    public var testMargin: [Double]
  }

  /// How many evaluations it takes to come near to the best.
  public struct Reach: Encodable, Sendable {
    /// The data set.
    public var data: String
    /// The arm.
    public var arm: String
    /// How near, in points of validation accuracy.
    public var points: Double
    /// The share of runs that came so near within the last budget.
    public var share: Double
    /// The median number of evaluations; nil where fewer than half of the runs came so near.
    public var median: Double?
  }

  /// How far a figure orders architectures as validation accuracy does.
  public struct Correlation: Encodable, Sendable {
    /// The data set.
    public var data: String
    /// The figure; of a file of scores its column.
    public var figure: String
    /// How many architectures have it.
    public var architectures: Int
    /// Spearman's ρ.
    public var spearman: Double
    /// Kendall's τ-b.
    public var kendall: Double
  }

  /// The summary of the searches that are there.
  ///
  /// - Parameter proxies: scores of the space's architectures, to be correlated with accuracy.
  public init<Space: ChoiceSpace>(
    _ runner: StudyRunner<Space>, cells: [StudyCell], isComplete: Bool, proxies: ProxyTable? = nil
  ) throws(SearchError) {
    let study = runner.study
    name = study.name
    space = study.space.rawValue
    family = study.family.rawValue
    seeds = study.seeds
    self.isComplete = isComplete
    architectures = runner.tasks.first?.validation.count ?? 0
    constraint = study.constraint
    baseline = study.baselineName
    arms = study.arms.map(\.title)
    budgets = study.budgets
    axes = runner.archive.axes
    optima = runner.tasks.map(\.optimum)
    fullArchives = []
    (rows, curves, reaches, correlations) = ([], [], [], [])
    for task in runner.tasks {
      let full = try task.fullArchive(runner.archive)
      fullArchives.append(
        FullArchive(data: task.name, cells: full.cells, elites: full.elites, qdScore: full.qdScore))
      let found = Dictionary(grouping: cells.filter { $0.data == task.name }, by: \.arm)
      for budget in budgets {
        for arm in arms {
          if let row = Self.row(found[arm] ?? [], task, full, budget: budget, arm: arm) { rows.append(row) }
        }
      }
      for arm in arms {
        guard let runs = found[arm] else { continue }
        curves.append(Self.curve(runs, task, budgets.last ?? 1, arm: arm))
        for points in study.reach { reaches.append(Self.reach(runs, task, points: points, arm: arm)) }
      }
      correlations += Self.correlations(task, proxies: proxies)
    }
    addTests(cells)
  }
}
