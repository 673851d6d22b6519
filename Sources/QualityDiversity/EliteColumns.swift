/// Elites as columns: the same row of each is one elite.
///
/// This is how archives keep and hand out many elites at once, since a column is one stretch of memory whatever the
/// number of elites.
public struct EliteColumns<Solution: Sendable>: Sendable {
  /// How many measures each elite has.
  public let axisCount: Int
  /// What was found.
  public internal(set) var solutions: [Solution] = []
  /// How good each is; larger is better.
  public internal(set) var objectives: [Double] = []
  /// The measures row by row, `axisCount` for each elite.
  public internal(set) var measures: [Double] = []
  /// The cell each sits in.
  public internal(set) var cells: [Int] = []
  /// How many additions the archive had seen before the one that brought each in.
  public internal(set) var ordinals: [Int] = []

  /// No elites of so many measures.
  init(axisCount: Int, capacity: Int = 0) {
    self.axisCount = axisCount
    solutions.reserveCapacity(capacity)
    objectives.reserveCapacity(capacity)
    measures.reserveCapacity(capacity * axisCount)
    cells.reserveCapacity(capacity)
    ordinals.reserveCapacity(capacity)
  }

  /// Solutions with their figures.
  @usableFromInline init(solutions: [Solution], _ figures: EliteFigures) {
    axisCount = figures.axisCount
    self.solutions = solutions
    objectives = figures.objectives
    measures = figures.measures
    cells = figures.cells
    ordinals = figures.ordinals
  }

  /// Those elites in the order given.
  init(_ elites: [Elite<Solution>], axisCount: Int) {
    self.init(axisCount: axisCount, capacity: elites.count)
    for elite in elites { append(elite) }
  }

  /// How many elites there are.
  public var count: Int { objectives.count }
  /// Whether there are none.
  public var isEmpty: Bool { objectives.isEmpty }

  /// The elite of a row.
  ///
  /// - Precondition: the row is in `0 ..< count`.
  public subscript(row: Int) -> Elite<Solution> {
    Elite(
      solution: solutions[row], objective: objectives[row],
      measures: Array(measures[row * axisCount..<(row + 1) * axisCount]), cell: cells[row],
      ordinal: ordinals[row])
  }

  /// All measures on one axis.
  ///
  /// - Precondition: the axis is in `0 ..< axisCount`.
  public func measures(on axis: Int) -> [Double] {
    precondition(axis >= 0 && axis < axisCount, "no such axis")
    return (0..<count).map { measures[$0 * axisCount + axis] }
  }

  mutating func replace(_ row: Int, with elite: Elite<Solution>) {
    solutions[row] = elite.solution
    objectives[row] = elite.objective
    for axis in 0..<axisCount { measures[row * axisCount + axis] = elite.measures[axis] }
    cells[row] = elite.cell
    ordinals[row] = elite.ordinal
  }

  mutating func append(_ elite: Elite<Solution>) {
    solutions.append(elite.solution)
    objectives.append(elite.objective)
    measures.append(contentsOf: elite.measures)
    cells.append(elite.cell)
    ordinals.append(elite.ordinal)
  }
}

extension EliteColumns: Equatable where Solution: Equatable {}

/// What a batch of additions did to the archive, a row for each addition.
public struct BatchOutcome: Sendable, Hashable {
  /// What happened to each.
  public internal(set) var statuses: [AddStatus]
  /// The cell of each; -1 where the objective cannot be ranked or the measures have none.
  public internal(set) var cells: [Int32]
  /// The improvement of each, as `AddOutcome` defines it; 0 where there is no cell.
  public internal(set) var improvements: [Double]

  init(statuses: [AddStatus], cells: [Int32], improvements: [Double]) {
    self.statuses = statuses
    self.cells = cells
    self.improvements = improvements
  }

  /// All rejected.
  init(cells: [Int32]) {
    self.cells = cells
    statuses = [AddStatus](repeating: .rejected, count: cells.count)
    improvements = [Double](repeating: 0, count: cells.count)
  }

  /// How many additions had that status.
  public func count(of status: AddStatus) -> Int {
    statuses.count { $0 == status }
  }
}

/// The columns of elites without their solutions.
@usableFromInline struct EliteFigures {
  var axisCount: Int
  var objectives: [Double] = []
  var measures: [Double] = []
  var cells: [Int] = []
  var ordinals: [Int] = []
}
