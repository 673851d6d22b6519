public import RandomStreams

/// A map from niches to the best solution found for each: the container of MAP-Elites.
///
/// After Mouret & Clune 2015, "Illuminating search spaces by mapping elites". The objective is maximised; of
/// equals the incumbent stays, so the archive depends on the order of additions only where objectives tie.
/// Cells are numbered from 0. What an archive returns depends on its content and never on how it came about,
/// so one that is rebuilt from a log of additions behaves as the original did.
public protocol Archive<Solution>: Sendable {
  /// What is archived.
  associatedtype Solution: Sendable

  /// The dimensions of the measure space.
  var axes: [MeasureAxis] { get }
  /// How many cells there are, occupied or not.
  var cellCount: Int { get }
  /// How many cells hold an elite.
  var count: Int { get }
  /// How many additions were tried so far, whatever came of them; the next elite's ordinal.
  var additionCount: Int { get }
  /// How many of the ranked additions lay beyond the range of each axis and were clamped onto it.
  var clampCounts: [Int] { get }
  /// The elites in the order of their cells.
  var elites: [Elite<Solution>] { get }
  /// All that the archive keeps, in the order of their cells and those of a cell best first: the elites, and where a
  /// cell keeps more than one, these too.
  var allElites: [Elite<Solution>] { get }
  /// What is no elite now but may become one again without being added anew.
  var remembered: [Solution] { get }
  /// The elites' objectives in the order of their cells.
  var objectives: [Double] { get }
  /// The elites in the order of their cells, as columns.
  var columns: EliteColumns<Solution> { get }
  /// What can be said of Pareto fronts; nil where cells have none.
  var frontStatistics: ParetoStatistics? { get }
  /// The elite with the highest objective, of equals that of the lowest cell; nil where there is none.
  var best: Elite<Solution>? { get }

  /// The elite of a cell, or nil where it is empty or there is no such cell.
  func elite(at cell: Int) -> Elite<Solution>?

  /// What a cell keeps that is no worse in every objective than something else there, best first by the first one: its
  /// elite, or its Pareto front; nothing where it is empty or there is no such cell.
  func front(of cell: Int) -> [Elite<Solution>]

  /// The cell that the measures fall in, given in the axes' own units.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  func cell(of measures: [Double]) throws(MeasureError) -> Int

  /// Offers a solution, which stays if its cell is empty or holds a worse one.
  ///
  /// An objective or measure that is not finite is refused and never placed.
  @discardableResult
  mutating func add(_ solution: Solution, objective: Double, measures: [Double]) -> AddOutcome<Solution>

  /// Offers a solution with several objectives, of which archives that rank by one take the first.
  @discardableResult
  mutating func add(_ solution: Solution, objectives: [Double], measures: [Double]) -> AddOutcome<Solution>

  /// Offers a solution whose scores `score` gives, by their numbers from 0; nil for one that was not taken yet.
  ///
  /// Archives that believe a score take the first; others may ask for more before they decide.
  mutating func offer(
    _ solution: Solution, measures: [Double], score: (Solution, Int) -> Double?
  ) -> ScoredOffer<Solution>

  /// Offers many solutions at once, given as columns; the measures row by row.
  ///
  /// - Throws: `MeasureError.wrongCount` if the columns do not go together; then nothing was added.
  @discardableResult
  mutating func add(
    solutions: [Solution], objectives: [Double], measures: [Double]
  ) throws(MeasureError) -> BatchOutcome

  /// An elite drawn with equal probability from all, or nil where there is none.
  func sample(using stream: inout RandomStream) -> Elite<Solution>?

  /// Elites drawn with equal probability from all, each anew; none where the archive is empty.
  func sample(_ count: Int, using stream: inout RandomStream) -> EliteColumns<Solution>

  /// The elites of the occupied cells closest to a cell, itself excluded, the closest first.
  ///
  /// The distance is Euclidean between the cells' centroids in normalised measure space; of equally distant
  /// cells the one with the lower number comes first. Empty where there is no such cell.
  func nearestElites(to cell: Int, count: Int) -> [Elite<Solution>]

  /// The cells that border on a cell, in ascending order. Empty where there is no such cell.
  func neighbours(of cell: Int) -> [Int]

  /// Where a cell lies, for plots and tables, or nil where there is no such cell.
  func region(of cell: Int) -> CellRegion?

  /// Checks that every elite sits in the cell of its measures and that all counts agree.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  /// - Complexity: O(cells).
  func checkInvariants() throws(ArchiveInvariantViolation)
}

extension Archive {
  /// Whether no cell holds an elite.
  public var isEmpty: Bool { count == 0 }

  /// The elite of the cell that the measures fall in, or nil where it is empty.
  ///
  /// - Throws: `MeasureError` if the measures have no cell.
  public func elite(of measures: [Double]) throws(MeasureError) -> Elite<Solution>? {
    elite(at: try cell(of: measures))
  }

  /// Offers solutions one after the other, so that each outcome counts those before it as added.
  @discardableResult
  public mutating func add(
    contentsOf entries: some Sequence<ArchiveEntry<Solution>>
  ) -> [AddOutcome<Solution>] {
    entries.map { add($0.solution, objective: $0.objective, measures: $0.measures) }
  }

  /// The elites, one for each occupied cell.
  public var allElites: [Elite<Solution>] { elites }

  /// Nothing: what is no elite is forgotten.
  public var remembered: [Solution] { [] }

  /// The cell's elite, which has the best of its one objective.
  public func front(of cell: Int) -> [Elite<Solution>] { elite(at: cell).map { [$0] } ?? [] }

  /// None: a cell keeps its best by one objective.
  public var frontStatistics: ParetoStatistics? { nil }

  /// Offers a solution by the first of its objectives.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objectives: [Double], measures: [Double]
  ) -> AddOutcome<Solution> {
    add(solution, objective: objectives.first ?? .nan, measures: measures)
  }

  /// Offers a solution by its first score.
  public mutating func offer(
    _ solution: Solution, measures: [Double], score: (Solution, Int) -> Double?
  ) -> ScoredOffer<Solution> {
    guard let first = score(solution, 0) else {
      return .open([ScoreRequest(solution: solution, number: 0)])
    }
    return .decided(add(solution, objective: first, measures: measures))
  }

  /// The elites in the order of their cells, as columns.
  public var columns: EliteColumns<Solution> { EliteColumns(elites, axisCount: axes.count) }

  /// Offers the solutions one after the other, so that each is held against those before it.
  ///
  /// - Throws: `MeasureError.wrongCount` if the columns do not go together; then nothing was added.
  @discardableResult
  public mutating func add(
    solutions: [Solution], objectives: [Double], measures: [Double]
  ) throws(MeasureError) -> BatchOutcome {
    try checkColumns(solutions.count, objectives, measures)
    let width = axes.count
    var batch = BatchOutcome(cells: [Int32](repeating: -1, count: solutions.count))
    for row in solutions.indices {
      let outcome = add(
        solutions[row], objective: objectives[row], measures: Array(measures[row * width..<(row + 1) * width])
      )
      batch.statuses[row] = outcome.status
      batch.cells[row] = outcome.cell.map(Int32.init) ?? -1
      batch.improvements[row] = outcome.improvement ?? 0
    }
    return batch
  }

  /// Elites drawn with equal probability from all, each anew; none where the archive is empty.
  public func sample(_ count: Int, using stream: inout RandomStream) -> EliteColumns<Solution> {
    EliteColumns((0..<max(0, count)).compactMap { _ in sample(using: &stream) }, axisCount: axes.count)
  }

  /// Checks that there is an objective and a row of measures for each solution.
  @inlinable func checkColumns(
    _ count: Int, _ objectives: [Double], _ measures: [Double]
  ) throws(MeasureError) {
    guard objectives.count == count else { throw .wrongCount(expected: count, got: objectives.count) }
    let expected = count * axes.count
    guard measures.count == expected else { throw .wrongCount(expected: expected, got: measures.count) }
  }
}
