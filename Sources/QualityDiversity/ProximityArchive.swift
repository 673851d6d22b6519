public import RandomStreams

/// An archive without cells: what is far enough from all that it holds enters it.
///
/// The unstructured archive of novelty search (Lehman & Stanley 2011, "Abandoning objectives"; Cully & Demiris
/// 2018). The novelty of measures is the mean distance to their nearest elites in normalised measure space; from the
/// threshold on a solution is `new`. With local competition a solution that is not novel enough may still replace
/// the elite nearest to it by being better, and is `improved`, as in pyribs.
///
/// As an `Archive` each elite is a cell of its own, numbered in the order in which they came, so the archive is always
/// covered and its QD score grows with its size. A batch is held against what the archive was before it: all that
/// is novel enough enters, and of those better than one elite the first of the best replaces it.
public struct ProximityArchive<Solution: Sendable>: Archive {
  /// The dimensions of the measure space.
  public let axes: [MeasureAxis]
  /// How many of the nearest elites novelty is the mean distance to.
  public let neighbourCount: Int
  /// The novelty from which on a solution enters.
  public let noveltyThreshold: Double
  /// Whether a solution that is not novel may replace the elite nearest to it.
  public let hasLocalCompetition: Bool

  /// The elites in the order in which their cells came.
  public private(set) var columns: EliteColumns<Solution>
  private var tree: DynamicKDTree
  private var counts: AdditionCounts

  /// An empty archive.
  ///
  /// - Throws: `ArchiveError` if an axis is a list of categories, the count of neighbours is not in
  ///   `1…ArchiveLimits.neighbours` or the threshold is negative or not finite.
  public init(
    axes: [MeasureAxis], neighbourCount: Int, noveltyThreshold: Double, localCompetition: Bool = false
  ) throws(ArchiveError) {
    try GridTessellation.validate(continuous: axes)
    guard (1...ArchiveLimits.neighbours).contains(neighbourCount) else {
      throw .outOfRange(
        parameter: "neighbour count", value: Double(neighbourCount), minimum: 1,
        maximum: Double(ArchiveLimits.neighbours))
    }
    guard noveltyThreshold >= 0, noveltyThreshold.isFinite else {
      throw .outOfRange(
        parameter: "novelty threshold", value: noveltyThreshold, minimum: 0, maximum: .greatestFiniteMagnitude
      )
    }
    self.axes = axes
    self.neighbourCount = neighbourCount
    self.noveltyThreshold = noveltyThreshold
    hasLocalCompetition = localCompetition
    columns = EliteColumns(axisCount: axes.count)
    tree = DynamicKDTree(dimensions: axes.count)
    counts = AdditionCounts(axisCount: axes.count)
  }

  /// How many elites there are, and at least 1.
  public var cellCount: Int { max(1, count) }
  /// How many elites there are.
  public var count: Int { columns.count }
  /// How many additions were tried so far, whatever came of them.
  public var additionCount: Int { counts.additions }
  /// How many of the ranked additions lay beyond the range of each axis and were clamped onto it.
  public var clampCounts: [Int] { counts.clamps }
  /// The elites in the order in which their cells came.
  public var elites: [Elite<Solution>] { (0..<count).map { columns[$0] } }
  /// The elites' objectives in the order in which their cells came.
  public var objectives: [Double] { columns.objectives }
  /// The elite with the highest objective, of equals that of the lowest cell; nil where there is none.
  public var best: Elite<Solution>? {
    columns.objectives.indices.max {
      (columns.objectives[$0], $1) < (columns.objectives[$1], $0)
    }.map { columns[$0] }
  }

  /// The elite of that number, or nil where there is none.
  public func elite(at cell: Int) -> Elite<Solution>? {
    (0..<count).contains(cell) ? columns[cell] : nil
  }

  /// The number of the elite nearest to the measures, and 0 where there is none yet.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  public func cell(of measures: [Double]) throws(MeasureError) -> Int {
    var found: [DynamicKDTree.Neighbour] = []
    tree.nearest(1, to: try point(measures), into: &found)
    return found.first?.index ?? 0
  }

  /// The mean distance of the measures to the elites nearest to them; nil where there are none.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  public func novelty(of measures: [Double]) throws(MeasureError) -> Double? {
    var found: [DynamicKDTree.Neighbour] = []
    tree.nearest(neighbourCount, to: try point(measures), into: &found)
    return found.isEmpty ? nil : mean(found)
  }

  private func point(_ measures: [Double]) throws(MeasureError) -> [Double] {
    try axes.validate(measures)
    return zip(axes, measures).map { $0.normalized($1) }
  }

  private func mean(_ found: [DynamicKDTree.Neighbour]) -> Double {
    found.reduce(0) { $0 + $1.squaredDistance.squareRoot() } / Double(found.count)
  }

  /// Offers a solution, which enters if it is novel enough, or better than the elite nearest to it where that counts.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objective: Double, measures: [Double]
  ) -> AddOutcome<Solution> {
    let ordinal = counts.add()
    guard objective.isFinite else { return .refused(.objectiveNotFinite) }
    let point: [Double]
    do {
      point = try self.point(measures)
    } catch {
      return .refused(.measures(error))
    }
    counts.countClamps(measures, axes)
    var found: [DynamicKDTree.Neighbour] = []
    let verdict = verdict(objective, point, row: 0, &found)
    let displaced = verdict.status == .improved ? columns[verdict.cell] : nil
    if verdict.status != .rejected {
      write(
        Elite(
          solution: solution, objective: objective, measures: measures, cell: verdict.cell, ordinal: ordinal),
        point)
    }
    let rejection: Rejection? =
      verdict.status == .rejected ? (hasLocalCompetition ? .notBetter : .notNovel) : nil
    return AddOutcome(
      status: verdict.status, cell: verdict.cell, improvement: verdict.improvement, displaced: displaced,
      rejection: rejection)
  }

  private func verdict(
    _ objective: Double, _ points: [Double], row: Int, _ found: inout [DynamicKDTree.Neighbour]
  ) -> (status: AddStatus, cell: Int, improvement: Double) {
    tree.nearest(neighbourCount, to: points, row: row, into: &found)
    guard let nearest = found.first, mean(found) < noveltyThreshold else { return (.new, count, objective) }
    let improvement = objective - columns.objectives[nearest.index]
    return (hasLocalCompetition && improvement > 0 ? .improved : .rejected, nearest.index, improvement)
  }

  private mutating func write(_ elite: Elite<Solution>, _ point: [Double]) {
    guard elite.cell < count else {
      _ = tree.insert(point)
      columns.append(elite)
      return
    }
    tree.move(elite.cell, to: point)
    columns.replace(elite.cell, with: elite)
  }

  /// Offers many solutions at once, each held against what the archive was before all of them.
  ///
  /// - Throws: `MeasureError.wrongCount` if the columns do not go together; then nothing was added.
  @discardableResult
  public mutating func add(
    solutions: [Solution], objectives: [Double], measures: [Double]
  ) throws(MeasureError) -> BatchOutcome {
    try checkColumns(solutions.count, objectives, measures)
    let width = axes.count
    var outcome = BatchOutcome(cells: [Int32](repeating: -1, count: solutions.count))
    var points = [Double](repeating: 0, count: measures.count)
    var ordinals: [Int] = []
    var found: [DynamicKDTree.Neighbour] = []
    var winners: [Int: Int] = [:]
    for row in solutions.indices {
      ordinals.append(counts.add())
      let place = row * width..<(row + 1) * width
      guard objectives[row].isFinite, measures[place].allSatisfy(\.isFinite) else { continue }
      counts.countClamps(Array(measures[place]), axes)
      for axis in 0..<width {
        points[row * width + axis] = axes[axis].arithmetic.normalized(measures[row * width + axis])
      }
      let verdict = verdict(objectives[row], points, row: row, &found)
      outcome.statuses[row] = verdict.status
      outcome.cells[row] = Int32(verdict.cell)
      outcome.improvements[row] = verdict.improvement
      guard verdict.status == .improved else { continue }
      if let winner = winners[verdict.cell], objectives[winner] >= objectives[row] { continue }
      winners[verdict.cell] = row
    }
    for row in solutions.indices {
      let isNew = outcome.statuses[row] == .new
      guard isNew || (outcome.statuses[row] == .improved && winners[Int(outcome.cells[row])] == row) else {
        continue
      }
      if isNew { outcome.cells[row] = Int32(count) }
      let place = row * width..<(row + 1) * width
      write(
        Elite(
          solution: solutions[row], objective: objectives[row], measures: Array(measures[place]),
          cell: Int(outcome.cells[row]), ordinal: ordinals[row]), Array(points[place]))
    }
    return outcome
  }

  /// An elite drawn with equal probability from all, or nil where there is none.
  public func sample(using stream: inout RandomStream) -> Elite<Solution>? {
    isEmpty ? nil : columns[stream.integer(below: count)]
  }

  /// The elites nearest to one, the nearest first.
  public func nearestElites(to cell: Int, count: Int) -> [Elite<Solution>] {
    guard (0..<self.count).contains(cell), count > 0 else { return [] }
    var found: [DynamicKDTree.Neighbour] = []
    tree.nearest(min(self.count, count) + 1, to: tree.coordinates, row: cell, into: &found)
    return found.filter { $0.index != cell }.prefix(count).map { columns[$0.index] }
  }

  /// The numbers of the elites that an elite's novelty would be taken from, in ascending order.
  public func neighbours(of cell: Int) -> [Int] {
    nearestElites(to: cell, count: neighbourCount).map(\.cell).sorted()
  }

  /// Where an elite lies, or nil where there is none of that number.
  public func region(of cell: Int) -> CellRegion? {
    elite(at: cell).map { elite in
      CellRegion(
        cell: cell, centroid: zip(axes, elite.measures).map { $0.normalized($1) }, measures: elite.measures,
        bounds: nil, polygon: nil)
    }
  }

  /// Checks that every elite is found where its measures are, and that all counts agree.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  public func checkInvariants() throws(ArchiveInvariantViolation) {
    try counts.checkInvariants(axisCount: axes.count, ordinals: columns.ordinals)
    guard tree.count == count, columns.cells.elementsEqual(0..<count),
      columns.objectives.allSatisfy(\.isFinite)
    else {
      throw ArchiveInvariantViolation("the elites are not numbered in order, or have no finite objective")
    }
    for cell in 0..<count {
      let elite = columns[cell]
      guard let point = try? point(elite.measures), tree.contains(cell, at: point) else {
        throw ArchiveInvariantViolation("elite \(cell) is not where its measures are")
      }
    }
  }
}

extension ProximityArchive: Encodable where Solution: Encodable {
  /// Writes the axes, the rules, the counts and the elites.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ArchiveCodingKeys.self)
    try container.encode(axes, forKey: .axes)
    try container.encode(neighbourCount, forKey: .neighbourCount)
    try container.encode(noveltyThreshold, forKey: .noveltyThreshold)
    try container.encode(hasLocalCompetition, forKey: .localCompetition)
    try container.encode(counts, forKey: .counts)
    try container.encode(elites, forKey: .elites)
  }
}

extension ProximityArchive: Decodable where Solution: Decodable {
  /// Reads an archive and refuses one that cannot be.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ArchiveCodingKeys.self)
    let axes = try container.decode([MeasureAxis].self, forKey: .axes)
    let neighbours = try container.decode(Int.self, forKey: .neighbourCount)
    let threshold = try container.decode(Double.self, forKey: .noveltyThreshold)
    let competition = try container.decode(Bool.self, forKey: .localCompetition)
    self = try decoder.checked { () throws(ArchiveError) in
      try ProximityArchive(
        axes: axes, neighbourCount: neighbours, noveltyThreshold: threshold, localCompetition: competition)
    }
    counts = try container.decode(AdditionCounts.self, forKey: .counts)
    for elite in try container.decode([Elite<Solution>].self, forKey: .elites) {
      guard elite.cell == count, let point = try? point(elite.measures) else {
        throw container.corrupted(.elites, "elite \(count) has another number or impossible measures")
      }
      write(elite, point)
    }
    try container.check(self, .elites)
  }
}
