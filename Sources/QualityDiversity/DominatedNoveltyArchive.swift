public import RandomStreams

/// An archive of given capacity that keeps what is far from everything better.
///
/// Dominated novelty search (Bahlous-Boldi, Faldor, Grillotti, Janmohamed, Coiffard, Spector & Cully 2025,
/// "Dominated novelty search: rethinking local competition in quality-diversity"), as in pyribs. A solution's score is
/// the mean distance, in normalised measure space, to the nearest of those that are as good or better; the best of
/// all has none and stays. When the archive is over its capacity those of least score go, of equals the newest.
///
/// As an `Archive` its cells are its slots: an elite keeps its own as long as it stays. An addition is `new` if it
/// stayed; a batch competes as one.
public struct DominatedNoveltyArchive<Solution: Sendable>: Archive {
  /// The dimensions of the measure space.
  public let axes: [MeasureAxis]
  /// How many elites there are at most.
  public let capacity: Int
  /// How many of the nearest better solutions the score is the mean distance to.
  public let neighbourCount: Int

  /// The elites in the order of their slots.
  public private(set) var elites: [Elite<Solution>] = []
  private var counts: AdditionCounts

  /// An empty archive.
  ///
  /// - Throws: `ArchiveError` if an axis is a list of categories, the capacity is not in `1…ArchiveLimits.capacity`
  ///   or the count of neighbours not in `1…ArchiveLimits.neighbours`.
  public init(axes: [MeasureAxis], capacity: Int, neighbourCount: Int) throws(ArchiveError) {
    try GridTessellation.validate(continuous: axes)
    for (name, value, limit) in [
      ("capacity", capacity, ArchiveLimits.capacity),
      ("neighbour count", neighbourCount, ArchiveLimits.neighbours),
    ] where !(1...limit).contains(value) {
      throw .outOfRange(parameter: name, value: Double(value), minimum: 1, maximum: Double(limit))
    }
    self.axes = axes
    self.capacity = capacity
    self.neighbourCount = neighbourCount
    counts = AdditionCounts(axisCount: axes.count)
  }

  /// How many elites there are at most.
  public var cellCount: Int { capacity }
  /// How many elites there are.
  public var count: Int { elites.count }
  /// How many additions were tried so far, whatever came of them.
  public var additionCount: Int { counts.additions }
  /// How many of the ranked additions lay beyond the range of each axis and were clamped onto it.
  public var clampCounts: [Int] { counts.clamps }
  /// The elites' objectives in the order of their slots.
  public var objectives: [Double] { elites.map(\.objective) }
  /// The elite with the highest objective, of equals that of the lowest slot; nil where there is none.
  public var best: Elite<Solution>? { elites.max { ($0.objective, $1.cell) < ($1.objective, $0.cell) } }

  /// The elite of a slot, or nil where there is none.
  public func elite(at cell: Int) -> Elite<Solution>? {
    var (lower, upper) = (0, elites.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if elites[middle].cell < cell { lower = middle + 1 } else { upper = middle }
    }
    return lower < elites.count && elites[lower].cell == cell ? elites[lower] : nil
  }

  /// The slot of the elite nearest to the measures, and 0 where there is none yet.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  public func cell(of measures: [Double]) throws(MeasureError) -> Int {
    try axes.validate(measures)
    let point = normalized(measures)
    return elites.min { (distance($0, point), $0.cell) < (distance($1, point), $1.cell) }?.cell ?? 0
  }

  private func normalized(_ measures: [Double]) -> [Double] { zip(axes, measures).map { $0.normalized($1) } }

  private func distance(_ elite: Elite<Solution>, _ point: [Double]) -> Double {
    zip(normalized(elite.measures), point).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  /// The elites' scores in the order of their slots, infinite for a single best.
  public var scores: [Double] { scores(of: elites) }

  /// The mean distance of each to the nearest of those as good or better.
  ///
  /// Taken in the order of their objectives, so that a tree of those before holds just what counts.
  private func scores(of members: [Elite<Solution>]) -> [Double] {
    let order = members.indices.sorted { members[$0].objective > members[$1].objective }
    var tree = DynamicKDTree(dimensions: axes.count)
    var found: [DynamicKDTree.Neighbour] = []
    var scores = [Double](repeating: .infinity, count: members.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, members[order[end]].objective == members[order[start]].objective {
        _ = tree.insert(normalized(members[order[end]].measures))
        end += 1
      }
      for place in start..<end {
        // The tree's indices are the places in the order.
        tree.nearest(neighbourCount + 1, to: tree.coordinates, row: place, into: &found)
        let others = found.filter { $0.index != place }.prefix(neighbourCount)
        guard !others.isEmpty else { continue }
        scores[order[place]] =
          others.reduce(0) { $0 + $1.squaredDistance.squareRoot() } / Double(others.count)
      }
      start = end
    }
    return scores
  }

  /// Adds members and lets those go that are too many, which it gives.
  private mutating func compete(_ new: [Elite<Solution>]) -> [Elite<Solution>] {
    var members = elites + new
    var gone: [Elite<Solution>] = []
    if members.count > capacity {
      let scores = scores(of: members)
      let ranked = members.indices.sorted {
        (scores[$1], members[$0].ordinal) < (scores[$0], members[$1].ordinal)
      }
      gone = ranked[capacity...].map { members[$0] }
      members = ranked[..<capacity].sorted().map { members[$0] }
    }
    let taken = Set(members.lazy.map(\.cell).filter { $0 >= 0 })
    var slot = 0
    for index in members.indices where members[index].cell < 0 {
      while taken.contains(slot) { slot += 1 }
      let member = members[index]
      members[index] = Elite(
        solution: member.solution, objective: member.objective, measures: member.measures, cell: slot,
        ordinal: member.ordinal)
      slot += 1
    }
    elites = members.sorted { $0.cell < $1.cell }
    return gone
  }

  /// Offers a solution, which stays unless the archive is full and its score is the least.
  ///
  /// What is displaced is what had to go for it. The improvement is the objective itself, and nil where it
  /// did not stay.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objective: Double, measures: [Double]
  ) -> AddOutcome<Solution> {
    let ordinal = counts.add()
    guard objective.isFinite else { return .refused(.objectiveNotFinite) }
    do {
      try axes.validate(measures)
    } catch {
      return .refused(.measures(error))
    }
    counts.countClamps(measures, axes)
    let gone = compete([
      Elite(solution: solution, objective: objective, measures: measures, cell: -1, ordinal: ordinal)
    ]).first
    if gone?.ordinal == ordinal {
      return AddOutcome(
        status: .rejected, cell: nil, improvement: nil, displaced: nil, rejection: .dominated)
    }
    return AddOutcome(
      status: .new, cell: elites.first { $0.ordinal == ordinal }?.cell, improvement: objective,
      displaced: gone,
      rejection: nil)
  }

  /// Offers many solutions at once, which compete with each other and the elites as one.
  ///
  /// - Throws: `MeasureError.wrongCount` if the columns do not go together; then nothing was added.
  @discardableResult
  public mutating func add(
    solutions: [Solution], objectives: [Double], measures: [Double]
  ) throws(MeasureError) -> BatchOutcome {
    try checkColumns(solutions.count, objectives, measures)
    var outcome = BatchOutcome(cells: [Int32](repeating: -1, count: solutions.count))
    let first = additionCount
    var new: [Elite<Solution>] = []
    for row in solutions.indices {
      let ordinal = counts.add()
      let measures = Array(measures[row * axes.count..<(row + 1) * axes.count])
      guard objectives[row].isFinite, measures.allSatisfy(\.isFinite) else { continue }
      counts.countClamps(measures, axes)
      new.append(
        Elite(
          solution: solutions[row], objective: objectives[row], measures: measures, cell: -1, ordinal: ordinal
        ))
    }
    _ = compete(new)
    for elite in elites where elite.ordinal >= first {
      outcome.statuses[elite.ordinal - first] = .new
      outcome.cells[elite.ordinal - first] = Int32(elite.cell)
      outcome.improvements[elite.ordinal - first] = elite.objective
    }
    return outcome
  }

  /// An elite drawn with equal probability from all, or nil where there is none.
  public func sample(using stream: inout RandomStream) -> Elite<Solution>? {
    stream.element(of: elites)
  }

  /// The elites nearest to that of a slot, the nearest first.
  public func nearestElites(to cell: Int, count: Int) -> [Elite<Solution>] {
    guard let elite = elite(at: cell), count > 0 else { return [] }
    let point = normalized(elite.measures)
    let ranked = elites.filter { $0.cell != cell }.map { (elite: $0, distance: distance($0, point)) }
      .sorted { ($0.distance, $0.elite.cell) < ($1.distance, $1.elite.cell) }
    return ranked.prefix(count).map(\.elite)
  }

  /// The slots of the nearest elites, in ascending order.
  public func neighbours(of cell: Int) -> [Int] {
    nearestElites(to: cell, count: neighbourCount).map(\.cell).sorted()
  }

  /// Where the elite of a slot lies, or nil where there is none.
  public func region(of cell: Int) -> CellRegion? {
    elite(at: cell).map {
      CellRegion(
        cell: cell, centroid: normalized($0.measures), measures: $0.measures, bounds: nil, polygon: nil)
    }
  }

  /// Checks that slots, capacity, counts and figures can be.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  public func checkInvariants() throws(ArchiveInvariantViolation) {
    try counts.checkInvariants(axisCount: axes.count, ordinals: elites.map(\.ordinal))
    guard elites.count <= capacity, Set(elites.map(\.ordinal)).count == elites.count,
      zip(elites, elites.dropFirst()).allSatisfy({ $0.cell < $1.cell }),
      elites.allSatisfy({ (0..<capacity).contains($0.cell) && $0.objective.isFinite }),
      elites.allSatisfy({ (try? axes.validate($0.measures)) != nil })
    else { throw ArchiveInvariantViolation("the elites are out of order, too many or impossible") }
  }
}

extension DominatedNoveltyArchive: Encodable where Solution: Encodable {
  /// Writes the axes, the rules, the counts and the elites.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ArchiveCodingKeys.self)
    try container.encode(axes, forKey: .axes)
    try container.encode(capacity, forKey: .capacity)
    try container.encode(neighbourCount, forKey: .neighbourCount)
    try container.encode(counts, forKey: .counts)
    try container.encode(elites, forKey: .elites)
  }
}

extension DominatedNoveltyArchive: Decodable where Solution: Decodable {
  /// Reads an archive and refuses one that cannot be.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ArchiveCodingKeys.self)
    let axes = try container.decode([MeasureAxis].self, forKey: .axes)
    let capacity = try container.decode(Int.self, forKey: .capacity)
    let neighbours = try container.decode(Int.self, forKey: .neighbourCount)
    self = try decoder.checked { () throws(ArchiveError) in
      try DominatedNoveltyArchive(axes: axes, capacity: capacity, neighbourCount: neighbours)
    }
    counts = try container.decode(AdditionCounts.self, forKey: .counts)
    elites = try container.decode([Elite<Solution>].self, forKey: .elites)
    try container.check(self, .elites)
  }
}
