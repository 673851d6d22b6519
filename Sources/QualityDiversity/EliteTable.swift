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

  /// Adds a batch whose cells are known, and tells which rows' solutions are to be kept and where.
  ///
  /// All are held against what the cells had before the batch; of those accepted into a cell the first of the
  /// best enters. A row's ordinal is its number after the additions before the batch.
  mutating func add(
    _ objectives: [Double], _ measures: [Double], cells: [Int32]
  ) -> (outcome: BatchOutcome, writes: BatchWrites) {
    let (outcome, accepted) = judge(objectives, cells)
    for axis in scales.indices where scales[axis].kind != .categorical {
      clampCounts[axis] += clamped(measures, axis, outcome.cells)
    }
    let firstOrdinal = additionCount
    additionCount += objectives.count
    let winners = place(accepted, objectives, outcome, firstOrdinal)
    return (outcome, write(winners, objectives, measures, firstOrdinal))
  }

  /// What becomes of each row of a batch by what its cell had before; gives the accepted rows.
  private func judge(
    _ objectives: [Double], _ cells: [Int32]
  ) -> (outcome: BatchOutcome, accepted: [Int32]) {
    var cells = cells
    var statuses = [AddStatus](repeating: .rejected, count: cells.count)
    var improvements = [Double](repeating: 0, count: cells.count)
    var accepted = [Int32](repeating: 0, count: cells.count)
    var count = 0
    do {
      // In an empty cell all is accepted without a rule, and the improvement is the objective.
      let (floor, base) = (rule?.minimum ?? -.infinity, rule?.minimum ?? 0)
      let held = rule == nil ? self.objectives : thresholds
      let (bars, places, objectives) = (held.span, places.span, objectives.span)
      var rows = accepted.mutableSpan
      var cells = cells.mutableSpan
      var statuses = statuses.mutableSpan
      var improvements = improvements.mutableSpan
      for row in 0..<objectives.count {
        let objective = objectives[row]
        guard cells[row] >= 0, objective.isFinite else {
          cells[row] = -1
          continue
        }
        let place = places[Int(cells[row])]
        let isEmpty = place < 0
        let bar = isEmpty ? floor : bars[Int(place)]
        let isAccepted = objective > bar
        improvements[row] = objective - (isEmpty ? base : bar)
        statuses[row] = isAccepted ? (isEmpty ? .new : .improved) : .rejected
        // Without a branch: what is not accepted is overwritten.
        rows[count] = Int32(truncatingIfNeeded: row)
        count += isAccepted ? 1 : 0
      }
    }
    accepted.removeLast(accepted.count - count)
    return (BatchOutcome(statuses: statuses, cells: cells, improvements: improvements), accepted)
  }

  /// How many rows that have a cell lie beyond the range of an axis.
  private func clamped(_ measures: [Double], _ axis: Int, _ cells: [Int32]) -> Int {
    let (lower, upper, width) = (scales[axis].lower, scales[axis].upper, scales.count)
    let (measures, cells) = (measures.span, cells.span)
    var (count, place) = (0, axis)
    for row in 0..<cells.count {
      let value = measures[place]
      place &+= width
      // Bits and no branches, which would be guessed wrongly where many lie beyond.
      let isBeyond: UInt8 = (value < lower ? 1 : 0) | (value > upper ? 1 : 0)
      count &+= Int(isBeyond & (cells[row] >= 0 ? 1 : 0))
    }
    return count
  }

  /// Gives each cell that a row was accepted into a place and its first best row, and moves its threshold.
  ///
  /// Until the elites are written, a place's ordinal is that of the batch's beginning and the number of its winner.
  private mutating func place(
    _ accepted: [Int32], _ objectives: [Double], _ outcome: BatchOutcome, _ firstOrdinal: Int
  ) -> BatchWinners {
    let before = count
    let room = min(accepted.count, places.count - before)
    // Columns are taken out for the while, since a span of one has all of the table to itself.
    var (places, ordinals, held) = (taken(&self.places), taken(&self.ordinals), taken(&self.cells))
    ordinals.append(contentsOf: repeatElement(-1, count: room))
    held.append(contentsOf: repeatElement(0, count: room))
    // There are no more winners than rows before, so that one column holds both.
    var winnerRows = accepted
    var winnerPlaces = [Int32](repeating: 0, count: accepted.count)
    var gains = [ThresholdGain](repeating: ThresholdGain(), count: rule == nil ? 0 : accepted.count)
    var (next, winnerCount) = (before, 0)
    do {
      let (objectives, cells) = (objectives.span, outcome.cells.span)
      var places = places.mutableSpan
      var ordinals = ordinals.mutableSpan
      var held = held.mutableSpan
      var winnerRows = winnerRows.mutableSpan
      var winnerPlaces = winnerPlaces.mutableSpan
      var gains = gains.mutableSpan
      for index in 0..<winnerRows.count {
        let row = Int(winnerRows[index])
        let cell = cells[row]
        var place = Int(places[Int(cell)])
        if place < 0 {
          place = next
          next &+= 1
          places[Int(cell)] = Int32(truncatingIfNeeded: place)
          held[place] = cell
        }
        var winner = ordinals[place] &- firstOrdinal
        if winner < 0 {
          winner = winnerCount
          winnerCount &+= 1
          ordinals[place] = firstOrdinal &+ winner
          winnerRows[winner] = Int32(truncatingIfNeeded: row)
          winnerPlaces[winner] = Int32(truncatingIfNeeded: place)
        } else {
          // A choice and not a branch, which would be guessed wrongly half of the time.
          let leader = winnerRows[winner]
          let isBetter = objectives[row] > objectives[Int(leader)]
          winnerRows[winner] = isBetter ? Int32(truncatingIfNeeded: row) : leader
        }
        if !gains.isEmpty {
          gains[winner].sum += objectives[row]
          gains[winner].count &+= 1
        }
      }
    }
    ordinals.removeLast(ordinals.count - next)
    held.removeLast(held.count - next)
    occupancy.occupy(held[before...], places: places)
    (self.places, self.ordinals, self.cells) = (places, ordinals, held)
    winnerRows.removeLast(winnerRows.count - winnerCount)
    winnerPlaces.removeLast(winnerPlaces.count - winnerCount)
    let winners = BatchWinners(rows: winnerRows, places: winnerPlaces)
    if let rule { learn(rule, gains, winners, objectives, outcome) }
    return winners
  }

  /// Puts the winners into their places.
  private mutating func write(
    _ winners: BatchWinners, _ objectives: [Double], _ measures: [Double], _ firstOrdinal: Int
  ) -> BatchWrites {
    let (before, width) = (count, scales.count)
    let more = ordinals.count - before
    var (held, heldMeasures) = (taken(&self.objectives), taken(&self.measures))
    var ordinals = taken(&self.ordinals)
    held.append(contentsOf: repeatElement(0, count: more))
    heldMeasures.append(contentsOf: repeatElement(0, count: more * width))
    var newRows = [Int32](repeating: 0, count: more)
    var replaced: [(place: Int, row: Int)] = []
    do {
      let (objectives, measures) = (objectives.span, measures.span)
      let (rows, places) = (winners.rows.span, winners.places.span)
      var held = held.mutableSpan
      var heldMeasures = heldMeasures.mutableSpan
      var ordinals = ordinals.mutableSpan
      var newRows = newRows.mutableSpan
      for winner in 0..<rows.count {
        let (row, place) = (Int(rows[winner]), Int(places[winner]))
        held[place] = objectives[row]
        ordinals[place] = firstOrdinal &+ row
        for axis in 0..<width { heldMeasures[place &* width &+ axis] = measures[row &* width &+ axis] }
        if place >= before {
          newRows[place &- before] = Int32(truncatingIfNeeded: row)
        } else {
          replaced.append((place, row))
        }
      }
    }
    (self.objectives, self.measures, self.ordinals) = (held, heldMeasures, ordinals)
    return BatchWrites(newRows: newRows, replaced: replaced)
  }

  /// Moves the thresholds of the cells that rows were accepted into.
  private mutating func learn(
    _ rule: ThresholdRule, _ gains: [ThresholdGain], _ winners: BatchWinners, _ objectives: [Double],
    _ outcome: BatchOutcome
  ) {
    thresholds.append(contentsOf: repeatElement(rule.minimum, count: ordinals.count - thresholds.count))
    var powers: [Double] = [1]
    for winner in winners.rows.indices {
      let (gain, place) = (gains[winner], Int(winners.places[winner]))
      while powers.count <= gain.count { powers.append(pow(1 - rule.learningRate, Double(powers.count))) }
      let size = Double(gain.count)
      var mean = gain.sum / size
      if !gain.sum.isFinite {
        // Objectives near the end of what a Double holds may have a mean and no sum.
        mean = 0
        for row in objectives.indices where outcome.statuses[row] != .rejected {
          if places[Int(outcome.cells[row])] == place { mean += objectives[row] / size }
        }
      }
      let ratio = powers[gain.count]
      thresholds[place] = ratio * thresholds[place] + mean * (1 - ratio)
    }
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

/// The content of a column, which is left empty, so that it can be changed without being copied.
private func taken<Value>(_ column: inout [Value]) -> [Value] {
  let content = column
  column = []
  return content
}

/// The cells that a batch's rows were accepted into, in the order of the first of each.
private struct BatchWinners {
  /// The first of the best rows of each.
  let rows: [Int32]
  /// The place of each in the table.
  let places: [Int32]
}

/// What was accepted into a cell in one batch.
private struct ThresholdGain {
  var sum = 0.0
  var count = 0
}

/// Which rows of a batch became elites, and where.
@usableFromInline struct BatchWrites {
  /// The rows that follow the elites there were, in the order of their places.
  @usableFromInline let newRows: [Int32]
  /// The places whose elites were replaced, and by which rows.
  @usableFromInline let replaced: [(place: Int, row: Int)]
}
