public import RandomStreams

/// An archive that keeps one elite per cell of a tessellation.
///
/// With a `ThresholdRule` it is the archive of CMA-MAE, whose cells accept what is above their thresholds.
public struct TessellatedArchive<Cells: Tessellation, Solution: Sendable>: CellularArchive {
  /// The division of the measure space.
  public private(set) var tessellation: Cells
  @usableFromInline var table: EliteTable
  /// The solutions at the table's places.
  @usableFromInline var solutions: [Solution] = []

  /// An empty archive over that tessellation, with thresholds where there is a rule for them.
  public init(_ tessellation: Cells, thresholds: ThresholdRule? = nil) {
    self.tessellation = tessellation
    table = EliteTable(axes: tessellation.axes, cellCount: tessellation.cellCount, rule: thresholds)
  }

  /// How many additions were tried so far, whatever came of them.
  public var additionCount: Int { table.additionCount }
  /// How many of the ranked additions lay beyond the range of each axis and were clamped onto it.
  public var clampCounts: [Int] { table.clampCounts }
  /// How many cells hold an elite.
  public var count: Int { table.count }
  /// How the cells raise the bar; nil where it is their elites' objectives.
  public var thresholdRule: ThresholdRule? { table.rule }

  /// The elites in the order of their cells.
  public var elites: [Elite<Solution>] { table.placesByCell.map(elite(atPlace:)) }

  /// The elites' objectives in the order of their cells.
  public var objectives: [Double] { table.placesByCell.map { table.objectives[$0] } }

  /// The elites in the order of their cells, as columns.
  public var columns: EliteColumns<Solution> { columns(of: table.placesByCell) }

  /// The elite with the highest objective, of equals that of the lowest cell; nil where there is none.
  ///
  /// - Complexity: O(elites).
  public var best: Elite<Solution>? { table.best.map(elite(atPlace:)) }

  /// The elite of a cell, or nil where it is empty or there is no such cell.
  public func elite(at cell: Int) -> Elite<Solution>? {
    table.place(of: cell).map(elite(atPlace:))
  }

  /// What an objective must exceed to enter a cell: nil where anything may enter or there is no such cell.
  public func threshold(of cell: Int) -> Double? {
    guard (0..<cellCount).contains(cell) else { return nil }
    guard let place = table.place(of: cell) else { return table.rule?.minimum }
    return table.rule == nil ? table.objectives[place] : table.thresholds[place]
  }

  private func elite(atPlace place: Int) -> Elite<Solution> {
    let width = tessellation.axes.count
    return Elite(
      solution: solutions[place], objective: table.objectives[place],
      measures: Array(table.measures[place * width..<(place + 1) * width]), cell: Int(table.cells[place]),
      ordinal: table.ordinals[place])
  }

  // What handles solutions one by one can be inlined where their type is known.
  @inlinable func columns(of places: [Int]) -> EliteColumns<Solution> {
    let kept = Array.filled(places.count) { column in
      let solutions = solutions.span
      for place in places { column.append(solutions[place]) }
    }
    return EliteColumns(solutions: kept, table.figures(of: places))
  }

  /// Offers a solution, which stays if its cell is empty or holds a worse one, or if it exceeds the threshold.
  ///
  /// - Complexity: that of the tessellation's look-up, and O(log cells) where the cell was empty.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objective: Double, measures: [Double]
  ) -> AddOutcome<Solution> {
    let ordinal = table.countAddition()
    guard objective.isFinite else { return .refused(.objectiveNotFinite) }
    let cell: Int
    do {
      cell = try tessellation.cell(of: measures)
    } catch {
      return .refused(.measures(error))
    }
    table.countClamps(measures)
    let verdict = table.verdict(objective, cell)
    var displaced: Elite<Solution>?
    switch verdict.status {
    case .new:
      solutions.append(solution)
    case .improved:
      displaced = elite(atPlace: verdict.place)
      solutions[verdict.place] = solution
    case .rejected:
      return AddOutcome(
        status: .rejected, cell: cell, improvement: verdict.improvement, displaced: nil,
        rejection: table.rule == nil ? .notBetter : .belowThreshold)
    }
    table.write(objective, measures, cell: cell, ordinal: ordinal, place: verdict.place)
    return AddOutcome(
      status: verdict.status, cell: cell, improvement: verdict.improvement, displaced: displaced,
      rejection: nil)
  }

  /// Offers many solutions at once, each held against what the archive was before all of them, as in pyribs.
  ///
  /// Of those accepted into one cell the first of the best enters; the others are still told `new` or `improved`.
  /// Without thresholds the archive is then as if they had been added one by one.
  ///
  /// - Parameter measures: the measures row by row, one per axis for each solution.
  /// - Throws: `MeasureError.wrongCount` if the columns do not go together; then nothing was added.
  @discardableResult @inlinable
  public mutating func add(
    solutions rows: [Solution], objectives: [Double], measures: [Double]
  ) throws(MeasureError) -> BatchOutcome {
    try checkColumns(rows.count, objectives, measures)
    let (outcome, writes) = table.add(objectives, measures, cells: tessellation.cells(of: measures))
    do {
      var solutions = solutions.mutableSpan
      for (place, row) in writes.replaced { solutions[Int(place)] = rows[Int(row)] }
    }
    solutions.append(addingCapacity: writes.newRows.count) { added in
      for row in writes.newRows { added.append(rows[Int(row)]) }
    }
    return outcome
  }

  /// Empties the archive and gives it other cells; the counts of additions and clampings stay.
  mutating func reset(to tessellation: Cells) {
    let (additions, clamps) = (additionCount, clampCounts)
    self = TessellatedArchive(tessellation, thresholds: table.rule)
    table.restore(additionCount: additions, clampCounts: clamps)
  }

  /// Offers again what was counted before.
  mutating func replay(_ elites: EliteColumns<Solution>, row: Int) {
    let width = elites.axisCount
    let measures = elites.measures[row * width..<(row + 1) * width]
    guard let cell = try? tessellation.cell(of: Array(measures)) else { return }
    let verdict = table.verdict(elites.objectives[row], cell)
    switch verdict.status {
    case .new: solutions.append(elites.solutions[row])
    case .improved: solutions[verdict.place] = elites.solutions[row]
    case .rejected: return
    }
    table.write(
      elites.objectives[row], Array(measures), cell: cell, ordinal: elites.ordinals[row], place: verdict.place
    )
  }

  /// An elite drawn with equal probability from all, or nil where there is none.
  ///
  /// - Complexity: O(log cells).
  public func sample(using stream: inout RandomStream) -> Elite<Solution>? {
    draw(using: &stream).map(elite(atPlace:))
  }

  /// Elites drawn with equal probability from all, each anew; none where the archive is empty.
  ///
  /// - Complexity: O(count × log cells).
  @inlinable
  public func sample(_ count: Int, using stream: inout RandomStream) -> EliteColumns<Solution> {
    columns(of: table.draw(count, using: &stream))
  }

  private func draw(using stream: inout RandomStream) -> Int? {
    guard !isEmpty else { return nil }
    return Int(table.places[table.occupancy.cell(withRank: stream.integer(below: table.count))])
  }

  /// Checks that every elite sits in the cell of its measures and that all counts agree.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  /// - Complexity: O(cells).
  public func checkInvariants() throws(ArchiveInvariantViolation) {
    guard table.places.count == cellCount, solutions.count == table.count else {
      throw ArchiveInvariantViolation("the archive's tables do not have the size of its tessellation")
    }
    try table.checkInvariants()
    for place in solutions.indices {
      let elite = elite(atPlace: place)
      guard let cell = try? tessellation.cell(of: elite.measures), cell == elite.cell else {
        throw ArchiveInvariantViolation("the elite of cell \(elite.cell) has the measures of another cell")
      }
    }
  }
}

/// An archive over a regular grid: MAP-Elites as published by Mouret & Clune 2015.
public typealias GridArchive<Solution: Sendable> = TessellatedArchive<GridTessellation, Solution>

/// An archive over a centroidal Voronoi tessellation: CVT-MAP-Elites.
///
/// Vassiliades, Chatzilygeroudis & Mouret 2018.
public typealias CVTArchive<Solution: Sendable> = TessellatedArchive<VoronoiTessellation, Solution>

extension TessellatedArchive where Cells == GridTessellation {
  /// An empty archive over a grid with that many cells along each axis.
  ///
  /// - Throws: `ArchiveError` if axes and dimensions do not match or there are no or too many cells.
  public init(
    axes: [MeasureAxis], dimensions: [Int], thresholds: ThresholdRule? = nil
  ) throws(ArchiveError) {
    self.init(try GridTessellation(axes: axes, dimensions: dimensions), thresholds: thresholds)
  }
}

/// An archive over a Voronoi tessellation within each combination of categories.
public typealias MixedArchive<Solution: Sendable> = TessellatedArchive<MixedTessellation, Solution>

extension TessellatedArchive where Cells == VoronoiTessellation {
  /// An empty archive over a centroidal Voronoi tessellation.
  ///
  /// - Throws: `ArchiveError` if there are no or too many axes, cells or samples, or fewer samples than cells.
  public init(
    axes: [MeasureAxis], cells: Int, samples: Int, seed: UInt64, thresholds: ThresholdRule? = nil
  ) throws(ArchiveError) {
    self.init(
      try VoronoiTessellation(axes: axes, cells: cells, samples: samples, seed: seed), thresholds: thresholds)
  }
}

extension TessellatedArchive: Encodable where Cells: Encodable, Solution: Encodable {
  /// Writes the tessellation, the rule, the counts and the elites in the order of their cells.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ArchiveCodingKeys.self)
    try container.encode(tessellation, forKey: .tessellation)
    try container.encodeIfPresent(table.rule, forKey: .thresholdRule)
    try container.encode(additionCount, forKey: .additionCount)
    try container.encode(clampCounts, forKey: .clampCounts)
    try container.encode(elites, forKey: .elites)
    if table.rule != nil {
      try container.encode(table.placesByCell.map { table.thresholds[$0] }, forKey: .thresholds)
    }
  }
}

extension TessellatedArchive: Decodable where Cells: Decodable, Solution: Decodable {
  /// Reads an archive and refuses one whose elites are not in their cells or whose counts cannot be.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ArchiveCodingKeys.self)
    let tessellation = try container.decode(Cells.self, forKey: .tessellation)
    let rule = try container.decodeIfPresent(ThresholdRule.self, forKey: .thresholdRule)
    self.init(tessellation, thresholds: rule)
    let elites = try container.decode([Elite<Solution>].self, forKey: .elites)
    let thresholds = try rule.map { _ in try container.decode([Double].self, forKey: .thresholds) }
    guard thresholds.map({ $0.count == elites.count }) ?? true else {
      throw container.corrupted(.thresholds, "there must be a threshold for each elite")
    }
    for (index, elite) in elites.enumerated() {
      guard (try? tessellation.cell(of: elite.measures)) == elite.cell, table.place(of: elite.cell) == nil
      else {
        throw container.corrupted(.elites, "elite \(index) is not in the cell of its measures, or not alone")
      }
      solutions.append(elite.solution)
      table.restore(
        elite.objective, elite.measures, cell: elite.cell, ordinal: elite.ordinal,
        threshold: thresholds?[index])
    }
    table.restore(
      additionCount: try container.decode(Int.self, forKey: .additionCount),
      clampCounts: try container.decode([Int].self, forKey: .clampCounts))
    try container.check(self, .elites)
  }
}
