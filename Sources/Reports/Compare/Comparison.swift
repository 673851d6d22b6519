import Foundation
public import QualityDiversity
public import Search

/// Groups of runs or saved archives against each other, on common axes.
///
/// All archives are made anew from the logs, so runs with other axes or cells compare as well.
public struct Comparison: Encodable, Sendable {
  /// A run or saved archive.
  public struct Member: Codable, Sendable {
    /// What it is called.
    public var name: String
    /// The seed; nil where it is not known.
    public var seed: Int?
    /// Its archive's statistics.
    public var statistics: ArchiveStatistics
    /// Candidates proposed; of a saved archive its elites.
    public var candidates: Int
    /// What was spent of each kind; empty for a saved archive.
    public var spent: [String: Double]
    /// Evaluated candidates beyond an axis's range, by axis; they count as at its end.
    public var clamped: [String: Int]
    /// Evaluated candidates that have no place on the axes.
    public var unplaced: Int
  }

  /// Runs that are taken as one.
  public struct Group: Codable, Sendable {
    /// What it is called.
    public var name: String
    /// Its runs, by seed.
    public var members: [Member]
    /// Its figures.
    public var figures: [GroupFigure]
    /// How it got there; empty where a saved archive is among the runs.
    public var curves: [SpendingCurve]

    /// A figure of the group.
    public func figure(_ figure: ComparisonFigure) -> GroupFigure? { figures.first { $0.figure == figure } }
  }

  /// Two groups against each other.
  public struct Pair: Codable, Sendable {
    /// The first group's name.
    public var first: String
    /// The second group's name.
    public var second: String
    /// Whether runs with equal seeds are taken as pairs.
    public var isPaired: Bool
    /// The figures' differences.
    public var figures: [FigureDifference]
    /// How many niches stand in which way.
    public var standings: [String: Int]
    /// What counts as a tie.
    public var noise: String
    /// The niches that at least one occupies, by cell.
    public var niches: [NicheComparison]

    /// How many niches stand that way.
    public func count(_ standing: NicheStanding) -> Int { standings[standing.rawValue] ?? 0 }

    /// The difference of a figure.
    public func figure(_ figure: ComparisonFigure) -> FigureDifference? {
      figures.first { $0.figure == figure }
    }
  }

  /// The axes' names.
  public var axes: [String]
  /// How many cells there are.
  public var cells: Int
  /// Where axes and cells are from.
  public var frame: String
  /// What QD scores subtract from each elite's fitness.
  public var offset: Double
  /// The groups.
  public var groups: [Group]
  /// Each group against each later one.
  public var pairs: [Pair]
  /// QD scores when all had spent as much; empty where a saved archive is among the runs.
  public var budgets: [EqualBudget]
  /// Which is better, and where, in plain words.
  public var verdict: String
  /// What a reader must know, such as that axes differed or budgets are unequal.
  public var notes: [String]
  /// The cells, for maps.
  let space: any Archive<Int>
  /// Whether fitness is a share of 1.
  let isShare: Bool

  enum CodingKeys: CodingKey { case axes, cells, frame, offset, groups, pairs, budgets, verdict, notes }

  /// Compares groups, two or more.
  ///
  /// - Parameters:
  ///   - groups: the groups; of those with one name the later ones get a number behind it.
  ///   - frame: the common axes; nil takes the first run's.
  ///   - noise: when a difference within a niche counts.
  ///   - offset: what QD scores subtract from each elite's fitness, so that elites below it count negative; nil takes 0,
  ///     or the least objective of all where there are negative ones.
  /// - Throws: where there are fewer than two groups, a run or sample is named twice, the data sets differ, the offset
  ///   is no finite number, or an archive cannot be placed on the axes.
  public init(
    _ groups: [ComparisonGroup], frame: ComparisonFrame? = nil, noise: TieRule = .automatic,
    offset: Double? = nil
  ) throws(SearchError) {
    try self.init(groups, frame: frame, noise: noise, offset: offset, sampling: Sampling())
  }

  init(
    _ given: [ComparisonGroup], frame: ComparisonFrame?, noise: TieRule, offset givenOffset: Double? = nil,
    sampling: Sampling
  ) throws(SearchError) {
    let given = ComparisonGroup.named(given)
    let sources = given.flatMap(\.members)
    try Self.check(given)
    let common: ComparisonFrame
    if let frame { common = frame } else { common = try ComparisonFrame(of: sources) }
    let empty = try common.archive()
    let fronts = try common.fronts(sharedBy: sources)
    let bounds = Self.bounds(sources)
    let offset = givenOffset ?? bounds.lowerBound
    guard abs(offset) <= SavedArchive.objectiveLimit else {
      throw SearchError(
        "The offset of QD scores is \(offset), but must be a number within ±\(SavedArchive.objectiveLimit).")
    }
    let isShare = bounds.lowerBound == 0 && bounds.upperBound <= 1

    var binned: [[BinnedRun]] = []
    for group in given {
      var runs: [BinnedRun] = []
      for member in group.members {
        runs.append(try BinnedRun(member, in: common, empty: empty, fronts: fronts, offset: offset))
      }
      binned.append(runs.sorted { ($0.seed ?? .max, $0.name) < ($1.seed ?? .max, $1.name) })
    }
    let most = binned.joined().map(\.elites.count).max() ?? 0
    let continuous = sampling.continuousScore(
      axes: empty.axes.count, elites: most,
      range: isShare ? 1 : max(bounds.upperBound - bounds.lowerBound, .leastNormalMagnitude))
    let budget = EqualBudget.amount(.evaluations, binned)

    axes = common.names
    cells = empty.cellCount
    self.frame = common.origin
    self.offset = offset
    self.isShare = isShare
    space = empty
    self.groups = zip(given, binned).map { group, runs in
      Group(group.name, runs, continuous, budget, sampling)
    }
    budgets = EqualBudget.all(binned, names: given.map(\.name))
    let niches = binned.map(GroupNiches.init)
    pairs = []
    for first in given.indices {
      for second in given.indices.dropFirst(first + 1) {
        let judge = NicheJudge(noise, niches[first], niches[second])
        let standing = judge.niches(niches[first], niches[second], centre: empty.middles())
        let isPaired =
          Self.seedsPair(binned[first], binned[second]) && binned[first].count >= Self.fewestPairs
        pairs.append(
          Pair(
            self.groups[first], self.groups[second], isPaired: isPaired, noise: judge.sentence,
            niches: standing,
            sampling))
      }
    }
    (verdict, notes) = ("", [])
    dropRepeatedBudget()
    correctForManyTests()
    verdict = ComparisonVerdict(self).text
    notes = ComparisonNotes(given, binned, common, pairs, offset: (offset, givenOffset != nil)).sentences
  }

  /// So many pairs at least let the signed-rank test reach a probability of 0.05.
  static let fewestPairs = 6

  /// Whether both groups have a run for each of the same seeds.
  static func seedsPair(_ first: [BinnedRun], _ second: [BinnedRun]) -> Bool {
    let (left, right) = (first.compactMap(\.seed), second.compactMap(\.seed))
    return first.count > 1 && left.count == first.count && Set(left).count == left.count && left == right
      && second.count == first.count
  }

  /// The least and greatest objective that can be; of saved archives, that there are.
  private static func bounds(_ sources: [ComparisonSource]) -> ClosedRange<Double> {
    var (least, greatest) = (0.0, 0.0)
    for source in sources {
      switch source {
      case .run: greatest = max(greatest, 1)
      case .archive(let archive):
        for row in archive.rows {
          (least, greatest) = (min(least, row.objective), max(greatest, row.objective))
        }
      }
    }
    return least...greatest
  }

  /// Leaves out the QD score at an equal budget where it is the QD score itself, so that it is not tested twice.
  private mutating func dropRepeatedBudget() {
    guard budgets.first(where: { $0.kind == .evaluations })?.isWhole ?? true else { return }
    for group in groups.indices { groups[group].figures.removeAll { $0.figure == .budgetQDScore } }
    for pair in pairs.indices { pairs[pair].figures.removeAll { $0.figure == .budgetQDScore } }
  }

  /// Corrects the tests' probabilities for all of them together; the QD score is decided on beforehand as the figure
  /// that the verdict rests on, so the others do not weaken its test.
  private mutating func correctForManyTests() {
    for isPrimary in [true, false] {
      var places: [(pair: Int, figure: Int)] = []
      var probabilities: [Double] = []
      for pair in pairs.indices {
        for (figure, found) in pairs[pair].figures.enumerated() {
          guard let p = found.test?.p, (found.figure == .qdScore) == isPrimary else { continue }
          places.append((pair, figure))
          probabilities.append(p)
        }
      }
      for (place, p) in zip(places, RankTests.holm(probabilities)) {
        pairs[place.pair].figures[place.figure].correctedP = p
      }
    }
  }
}

extension Comparison.Group {
  fileprivate init(
    _ name: String, _ runs: [BinnedRun], _ continuous: ContinuousScore?, _ budget: Double?,
    _ sampling: Sampling
  ) {
    self.name = name
    members = runs.map(Comparison.Member.init)
    let targets = (continuous?.targets.count ?? 1) / max(1, runs.first?.archive.axes.count ?? 1)
    var values: [ComparisonFigure: [Double?]] = [
      .qdScore: runs.map(\.statistics.qdScore), .normalizedQDScore: runs.map(\.statistics.normalizedQDScore),
      .coverage: runs.map(\.statistics.coverage), .best: runs.map(\.statistics.best),
      .mean: runs.map(\.statistics.mean),
      .continuousScore: runs.map { run in
        continuous.flatMap { score in
          score.score(of: run.archive).map { $0 / Double(targets * score.penalties.count) }
        }
      },
    ]
    if let budget {
      values[.averageQDScore] = runs.map { $0.history?.average(.qdScore, upTo: budget, of: .evaluations) }
      values[.budgetQDScore] = runs.map { $0.history?.value(.qdScore, at: budget, of: .evaluations) }
    }
    if runs.contains(where: { $0.fronts != nil }) {
      values[.moqdScore] = runs.map { $0.fronts?.moqdScore }
      values[.globalHypervolume] = runs.map { $0.fronts?.globalHypervolume }
    }
    figures = ComparisonFigure.allCases.compactMap { figure in
      values[figure].map {
        GroupFigure(figure, $0, noise: runs.count == 1 ? runs[0].noise(figure) : nil, name: name, sampling)
      }
    }
    curves = SpendingCurve.all(runs, name: name, sampling)
  }
}

extension Comparison.Member {
  fileprivate init(_ run: BinnedRun) {
    let spent = run.history.map { history in
      SpendingKind.allCases.filter { history.total($0) > 0 }.map { ($0.rawValue, history.total($0)) }
    }
    let clamped = zip(run.archive.axes.map(\.name), run.clamped).filter { $0.1 > 0 }.map { ($0.0, $0.1) }
    self.init(
      name: run.name, seed: run.seed, statistics: run.statistics, candidates: run.candidates,
      spent: Dictionary(uniqueKeysWithValues: spent ?? []),
      clamped: Dictionary(uniqueKeysWithValues: clamped),
      unplaced: run.unplaced)
  }
}

extension Comparison.Pair {
  fileprivate init(
    _ first: Comparison.Group, _ second: Comparison.Group, isPaired: Bool, noise: String,
    niches: [NicheComparison], _ sampling: Sampling
  ) {
    self.first = first.name
    self.second = second.name
    self.isPaired = isPaired
    self.noise = noise
    self.niches = niches
    var counts: [String: Int] = [:]
    for standing in NicheStanding.allCases { counts[standing.rawValue] = 0 }
    for niche in niches { counts[niche.standing.rawValue, default: 0] += 1 }
    standings = counts
    figures = first.figures.compactMap { figure in
      second.figure(figure.figure).map {
        FigureDifference(
          figure, $0, names: (first: first.name, second: second.name), isPaired: isPaired, sampling)
      }
    }
  }
}
