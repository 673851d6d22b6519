#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// All that an archive of one elite per cell keeps, but for the solutions.
///
/// It knows nothing of their type, so that its loops run over plain numbers whatever is archived. An elite has a
/// place in the columns, which it keeps.
struct EliteTable: Sendable {
  /// What would become of an addition.
  struct Verdict {
    var status: AddStatus
    var improvement: Double
    /// The place of the cell's elite; the next free one where there is none.
    var place: Int
  }

  private let scales: [AxisScale]
  let rule: ThresholdRule?
  private(set) var additionCount = 0
  private(set) var clampCounts: [Int]

  private(set) var objectives: [Double] = []
  private(set) var measures: [Double] = []
  private(set) var cells: [Int32] = []
  private(set) var ordinals: [Int] = []
  /// The thresholds of the places; empty where there is no rule.
  private(set) var thresholds: [Double] = []
  /// The place of each cell's elite, or -1.
  private(set) var places: [Int32]
  private(set) var occupancy: OccupancyTree

  init(axes: [MeasureAxis], cellCount: Int, rule: ThresholdRule?) {
    scales = axes.map(\.arithmetic)
    self.rule = rule
    clampCounts = [Int](repeating: 0, count: axes.count)
    places = [Int32](repeating: -1, count: cellCount)
    occupancy = OccupancyTree(cellCount: cellCount)
  }

  /// How many cells hold an elite.
  var count: Int { objectives.count }

  /// The place of a cell's elite, or nil where it is empty or there is no such cell.
  func place(of cell: Int) -> Int? {
    guard places.indices.contains(cell), places[cell] >= 0 else { return nil }
    return Int(places[cell])
  }

  /// The places in the order of their cells.
  var placesByCell: [Int] { places.compactMap { $0 < 0 ? nil : Int($0) } }

  /// The place with the highest objective, of equals that of the lowest cell.
  var best: Int? {
    var best: Int?
    for place in objectives.indices {
      guard let leader = best else {
        best = place
        continue
      }
      if objectives[place] > objectives[leader]
        || (objectives[place] == objectives[leader] && cells[place] < cells[leader])
      {
        best = place
      }
    }
    return best
  }

  /// Counts an addition and gives its ordinal.
  mutating func countAddition() -> Int {
    additionCount += 1
    return additionCount - 1
  }

  /// Counts the measures beyond their axes' ranges.
  mutating func countClamps(_ measures: [Double], row: Int = 0) {
    for index in scales.indices where !scales[index].contains(measures[row * scales.count + index]) {
      clampCounts[index] += 1
    }
  }

  /// What would become of an addition to a cell.
  func verdict(_ objective: Double, _ cell: Int) -> Verdict {
    let place = Int(places[cell])
    let isEmpty = place < 0
    let bar: Double
    if let rule {
      bar = isEmpty ? rule.minimum : thresholds[place]
    } else if isEmpty {
      return Verdict(status: .new, improvement: objective, place: objectives.count)
    } else {
      bar = objectives[place]
    }
    let status: AddStatus = objective > bar ? (isEmpty ? .new : .improved) : .rejected
    return Verdict(status: status, improvement: objective - bar, place: isEmpty ? objectives.count : place)
  }

  /// Puts an accepted addition in its place.
  mutating func write(_ objective: Double, _ measures: [Double], cell: Int, ordinal: Int, place: Int) {
    if let rule {
      let before = place < thresholds.count ? thresholds[place] : rule.minimum
      setThreshold(rule.threshold(before, after: objective), place)
    }
    put(objective, cell: cell, ordinal: ordinal, place: place)
    putMeasures(measures, row: 0, place: place)
  }

  /// Puts back an elite that was stored, in a cell that is empty.
  mutating func restore(
    _ objective: Double, _ measures: [Double], cell: Int, ordinal: Int, threshold: Double?
  ) {
    let place = objectives.count
    if let threshold { setThreshold(threshold, place) }
    put(objective, cell: cell, ordinal: ordinal, place: place)
    putMeasures(measures, row: 0, place: place)
  }

  /// Puts back how many additions and clampings there were.
  mutating func restore(additionCount: Int, clampCounts: [Int]) {
    self.additionCount = additionCount
    self.clampCounts = clampCounts
  }

  /// Makes the columns long enough for so many new elites, at least doubling what has to grow.
  private mutating func makeRoom(for more: Int) {
    guard count + more > objectives.capacity else { return }
    let room = max(count + more, 2 * objectives.capacity)
    objectives.reserveCapacity(room)
    ordinals.reserveCapacity(room)
    cells.reserveCapacity(room)
    measures.reserveCapacity(room * scales.count)
  }

  private mutating func setThreshold(_ threshold: Double, _ place: Int) {
    if place < thresholds.count { thresholds[place] = threshold } else { thresholds.append(threshold) }
  }

  private mutating func put(_ objective: Double, cell: Int, ordinal: Int, place: Int) {
    guard place == objectives.count else {
      objectives[place] = objective
      ordinals[place] = ordinal
      return
    }
    objectives.append(objective)
    ordinals.append(ordinal)
    cells.append(Int32(cell))
    places[cell] = Int32(place)
    occupancy.occupy(cell)
  }

  private mutating func putMeasures(_ rows: [Double], row: Int, place: Int) {
    let width = scales.count
    if place * width == measures.count {
      for axis in 0..<width { measures.append(rows[row * width + axis]) }
    } else {
      for axis in 0..<width { measures[place * width + axis] = rows[row * width + axis] }
    }
  }

  /// Adds a batch whose cells are known, and lists the places that get a row's solution, new ones in their order.
  ///
  /// All are held against what the cells had before the batch; of those accepted into a cell the first of the
  /// best enters. A row's ordinal is its number after the additions before the batch.
  mutating func add(
    _ objectives: [Double], _ measures: [Double], _ outcome: inout BatchOutcome
  ) -> [(place: Int, row: Int)] {
    let firstOrdinal = additionCount
    additionCount += objectives.count
    var accepted: [Int32] = []
    accepted.reserveCapacity(objectives.count)
    for row in objectives.indices {
      let objective = objectives[row]
      guard outcome.cells[row] >= 0, objective.isFinite else {
        outcome.cells[row] = -1
        continue
      }
      let verdict = verdict(objective, Int(outcome.cells[row]))
      outcome.improvements[row] = verdict.improvement
      guard verdict.status != .rejected else { continue }
      outcome.statuses[row] = verdict.status
      accepted.append(Int32(truncatingIfNeeded: row))
    }
    for axis in scales.indices {
      let scale = scales[axis]
      var count = 0
      for row in objectives.indices
      where !scale.contains(measures[row * scales.count + axis]) && outcome.cells[row] >= 0 { count += 1 }
      clampCounts[axis] += count
    }
    let winners = rule.map { learn($0, objectives, outcome.cells, accepted) } ?? accepted
    var written: [(place: Int, row: Int)] = []
    written.reserveCapacity(winners.count)
    makeRoom(for: min(winners.count, places.count - count))
    for row in winners {
      let (row, cell) = (Int(row), Int(outcome.cells[Int(row)]))
      let place = places[cell] < 0 ? self.objectives.count : Int(places[cell])
      // Without thresholds those of one cell are still to be held against each other.
      let isFirst = place == self.objectives.count || ordinals[place] < firstOrdinal
      if !isFirst, objectives[row] <= self.objectives[place] { continue }
      put(objectives[row], cell: cell, ordinal: firstOrdinal + row, place: place)
      if isFirst { written.append((place, row)) }
    }
    for index in written.indices {
      let place = written[index].place
      written[index].row = ordinals[place] - firstOrdinal
      putMeasures(measures, row: written[index].row, place: place)
    }
    return written
  }

  /// Moves the thresholds of the cells that rows were accepted into, and gives each cell's first best row.
  private mutating func learn(
    _ rule: ThresholdRule, _ objectives: [Double], _ cells: [Int32], _ accepted: [Int32]
  ) -> [Int32] {
    // Cell and row in one number, so that plain numbers are sorted.
    let keys = accepted.map { UInt64(cells[Int($0)]) << 32 | UInt64($0) }.sorted()
    let rows = keys.map { Int32(truncatingIfNeeded: $0) }
    var winners: [Int32] = []
    var start = 0
    while start < rows.count {
      let cell = cells[Int(rows[start])]
      var (end, winner, sum) = (start, rows[start], 0.0)
      while end < rows.count, cells[Int(rows[end])] == cell {
        let objective = objectives[Int(rows[end])]
        sum += objective
        if objective > objectives[Int(winner)] { winner = rows[end] }
        end += 1
      }
      let ratio = pow(1 - rule.learningRate, Double(end - start))
      // New cells get their places in this order too.
      let place = places[Int(cell)] < 0 ? thresholds.count : Int(places[Int(cell)])
      let before = place < thresholds.count ? thresholds[place] : rule.minimum
      let size = Double(end - start)
      // Objectives near the end of what a Double holds may have a mean and no sum.
      let mean =
        sum.isFinite ? sum / size : rows[start..<end].reduce(0) { $0 + objectives[Int($1)] / size }
      setThreshold(ratio * before + mean * (1 - ratio), place)
      winners.append(winner)
      start = end
    }
    return winners
  }

  /// Checks that the columns, the places and the tree of occupied cells agree.
  func checkInvariants() throws(ArchiveInvariantViolation) {
    let width = scales.count
    guard ordinals.count == count, cells.count == count, measures.count == count * width,
      thresholds.count == (rule == nil ? 0 : count), clampCounts.count == width
    else { throw ArchiveInvariantViolation("the archive's columns do not have the same length") }
    guard count <= additionCount, additionCount < 1 << 62, clampCounts.allSatisfy({ $0 >= 0 && $0 < 1 << 62 })
    else { throw ArchiveInvariantViolation("the archive has impossible counts of additions or clampings") }
    for place in objectives.indices {
      let cell = Int(cells[place])
      guard objectives[place].isFinite, (0..<additionCount).contains(ordinals[place]) else {
        throw ArchiveInvariantViolation("the elite of cell \(cell) has an impossible objective or ordinal")
      }
      guard places.indices.contains(cell), Int(places[cell]) == place else {
        throw ArchiveInvariantViolation("cell \(cell) does not lead to its elite")
      }
      if rule != nil, !thresholds[place].isFinite {
        throw ArchiveInvariantViolation("cell \(cell) has an impossible threshold")
      }
    }
    try occupancy.checkInvariants(places.indices.filter { places[$0] >= 0 }, elites: count)
  }
}
