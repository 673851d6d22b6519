#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// The loops here have no branches that depend on objectives or on which cells are empty: these would be guessed wrongly
// about as often as not, and a wrong guess takes longer than all else that is done for a row.
extension EliteTable {
  /// Adds a batch whose cells are known, and tells which rows' solutions are to be kept and where.
  ///
  /// All are held against what the cells had before the batch; of those accepted into a cell the first of the
  /// best enters. A row's ordinal is its number after the additions before the batch.
  @usableFromInline mutating func add(
    _ objectives: [Double], _ measures: [Double], cells: consuming [Int32]
  ) -> (outcome: BatchOutcome, writes: BatchWrites) {
    let (outcome, accepted) = judge(objectives, cells)
    countClamps(measures, outcome.cells)
    let (firstOrdinal, before) = (additionCount, count)
    additionCount += objectives.count
    var replaced = compete(accepted, objectives, outcome.cells, firstOrdinal)
    if let rule { learn(rule, before, replaced, objectives, outcome) }
    putMeasures(of: &replaced, measures, before, firstOrdinal)
    return (outcome, BatchWrites(newRows: rows(from: before, accepted, firstOrdinal), replaced: replaced))
  }

  /// What becomes of each row of a batch by what its cell had before; gives the accepted rows.
  private func judge(
    _ objectives: [Double], _ cells: consuming [Int32]
  ) -> (outcome: BatchOutcome, accepted: [Int32]) {
    var statuses = Array.filled(cells.count, with: AddStatus.rejected)
    var improvements = Array.filled(cells.count, with: 0.0)
    var accepted = Array.filled(cells.count, with: Int32(0))
    var count = 0
    do {
      // In an empty cell all is accepted without a rule, and the improvement is the objective.
      let floor = (rule?.minimum ?? -.infinity).bitPattern
      let base = (rule?.minimum ?? 0).bitPattern
      // An empty cell's bar is looked up too, as that of the first place, and not used.
      let held = self.count == 0 ? [0] : rule == nil ? self.objectives : thresholds
      let (bars, places, objectives) = (held.span, places.span, objectives.span)
      var rows = accepted.mutableSpan
      var cells = cells.mutableSpan
      var statuses = statuses.mutableSpan
      var improvements = improvements.mutableSpan
      // Said once, so that it need not be looked at for every row.
      let rowCount = objectives.count
      precondition(
        cells.count == rowCount && statuses.count == rowCount && improvements.count == rowCount
          && rows.count == rowCount)
      for row in 0..<rowCount {
        let objective = objectives[row]
        guard cells[row] >= 0, objective.isFinite else {
          cells[row] = -1
          continue
        }
        let place = places[Int(cells[row])]
        // All bits where the cell is empty.
        let empty = place >> 31
        let mask = UInt64(bitPattern: Int64(empty))
        let held = bars[Int(place & ~empty)].bitPattern & ~mask
        let isAccepted = objective > Double(bitPattern: held | floor & mask)
        improvements[row] = objective - Double(bitPattern: held | base & mask)
        statuses[row] = isAccepted ? (place < 0 ? .new : .improved) : .rejected
        // What is not accepted is overwritten.
        rows[count] = Int32(truncatingIfNeeded: row)
        count += isAccepted ? 1 : 0
      }
    }
    accepted.removeLast(accepted.count - count)
    return (BatchOutcome(statuses: statuses, cells: cells, improvements: improvements), accepted)
  }

  /// Counts the measures beyond their axes' ranges in the rows that have a cell, two axes at once.
  private mutating func countClamps(_ measures: [Double], _ cells: [Int32]) {
    for first in stride(from: 0, to: scales.count, by: 2) {
      // The last of an odd number makes up a pair with itself.
      let second = min(first + 1, scales.count - 1)
      if scales[first].kind == .categorical, scales[second].kind == .categorical { continue }
      let counts = clamped(measures, first, second, cells)
      clampCounts[first] += Int(counts[0])
      if second > first { clampCounts[second] += Int(counts[1]) }
    }
  }

  /// How many rows that have a cell lie beyond the ranges of two axes.
  private func clamped(
    _ measures: [Double], _ first: Int, _ second: Int, _ cells: [Int32]
  ) -> SIMD2<Int64> {
    let lower = SIMD2(scales[first].lower, scales[second].lower)
    let upper = SIMD2(scales[first].upper, scales[second].upper)
    let (measures, cells, width) = (measures.span, cells.span, scales.count)
    var counts = SIMD2<Int64>.zero
    var place = 0
    // Most batches have nothing beyond the ranges, which two instructions for a row tell.
    var (least, greatest) = (lower, upper)
    for _ in 0..<cells.count {
      let values = SIMD2(measures[place &+ first], measures[place &+ second])
      place &+= width
      least = least.replacing(with: values, where: values .< least)
      greatest = greatest.replacing(with: values, where: values .> greatest)
    }
    guard least != lower || greatest != upper else { return counts }
    place = 0
    for row in 0..<cells.count {
      let values = SIMD2(measures[place &+ first], measures[place &+ second])
      place &+= width
      guard cells[row] >= 0 else { continue }
      counts &+= SIMD2<Int64>.zero.replacing(with: 1, where: (values .< lower) .| (values .> upper))
    }
    return counts
  }

  /// Gives each cell that a row was accepted into a place, the first of its best rows' ordinal and that row's objective.
  ///
  /// - Returns: the places that held an elite before, with any row.
  private mutating func compete(
    _ accepted: [Int32], _ objectives: [Double], _ cells: [Int32], _ firstOrdinal: Int
  ) -> [(place: Int32, row: Int32)] {
    let before = count
    let room = min(accepted.count, self.places.count - before)
    // Columns are taken out for the while, since a span of one has all of the table to itself.
    var (places, ordinals, leaders) = (taken(&self.places), taken(&self.ordinals), taken(&self.objectives))
    var gains = taken(&self.gains)
    ordinals.append(contentsOf: repeatElement(-1, count: room))
    leaders.append(contentsOf: repeatElement(-.infinity, count: room))
    if rule != nil {
      gains.append(contentsOf: repeatElement(ThresholdGain(), count: max(0, before + room - gains.count)))
    }
    var replaced = Array.filled(min(accepted.count, before) + 1, with: (place: Int32(0), row: Int32(0)))
    var (next, replacedCount) = (before, 0)
    do {
      let (accepted, objectives, cells) = (accepted.span, objectives.span, cells.span)
      var places = places.mutableSpan
      var ordinals = ordinals.mutableSpan
      var leaders = leaders.mutableSpan
      var gains = gains.mutableSpan
      var replaced = replaced.mutableSpan
      precondition(cells.count == objectives.count && leaders.count == ordinals.count)
      if rule != nil, before > 0 {
        // The first of a batch's rows above a threshold takes the place, however good its elite was.
        for index in 0..<accepted.count {
          let place = places[Int(cells[Int(accepted[index])])]
          if place >= 0 { leaders[Int(place)] = -.infinity }
        }
      }
      for index in 0..<accepted.count {
        let row = Int(accepted[index])
        let (cell, objective) = (cells[row], objectives[row])
        let known = Int(places[Int(cell)])
        // All bits where the cell is empty.
        let empty = known >> 63
        let place = known & ~empty | next & empty
        places[Int(cell)] = Int32(truncatingIfNeeded: place)
        next &-= empty
        let (leader, ordinal) = (leaders[place], ordinals[place])
        // All bits where the objective is better: their difference has a sign, but for a leader of -0, which is made 0.
        let better = Int(bitPattern: UInt((leader + 0 - objective).bitPattern)) >> 63
        let change = (leader.bitPattern ^ objective.bitPattern) & UInt64(bitPattern: Int64(better))
        leaders[place] = Double(bitPattern: leader.bitPattern ^ change)
        ordinals[place] = ordinal ^ (ordinal ^ (firstOrdinal &+ row)) & better
        if before > 0 {
          replaced[replacedCount].place = Int32(truncatingIfNeeded: place)
          replacedCount &-= ((ordinal &- firstOrdinal) & (place &- before)) >> 63
        }
        if !gains.isEmpty {
          gains[place].sum += objective
          gains[place].count &+= 1
        }
      }
    }
    ordinals.removeLast(ordinals.count - next)
    leaders.removeLast(leaders.count - next)
    replaced.removeLast(replaced.count - replacedCount)
    self.cells.append(addingCapacity: next - before) { held in
      let (ordinals, cells) = (ordinals.span, cells.span)
      for place in before..<next { held.append(cells[ordinals[place] &- firstOrdinal]) }
    }
    occupancy.occupy(self.cells[before...], places: places)
    (self.places, self.ordinals, self.objectives, self.gains) = (places, ordinals, leaders, gains)
    return replaced
  }

  /// Moves the thresholds of the cells that rows were accepted into.
  private mutating func learn(
    _ rule: ThresholdRule, _ before: Int, _ replaced: [(place: Int32, row: Int32)], _ objectives: [Double],
    _ outcome: BatchOutcome
  ) {
    thresholds.append(contentsOf: repeatElement(rule.minimum, count: count - thresholds.count))
    var (thresholds, gains) = (taken(&self.thresholds), taken(&self.gains))
    var powers: [Double] = [1]
    for index in 0..<replaced.count + count - before {
      let place = index < replaced.count ? Int(replaced[index].place) : before + index - replaced.count
      let gain = gains[place]
      gains[place] = ThresholdGain()
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
    (self.thresholds, self.gains) = (thresholds, gains)
  }

  /// Puts the new elites' measures into their places, and tells the rows of those that replaced another.
  private mutating func putMeasures(
    of replaced: inout [(place: Int32, row: Int32)], _ rows: [Double], _ before: Int, _ firstOrdinal: Int
  ) {
    let (width, count) = (scales.count, count)
    var measures = taken(&self.measures)
    measures.append(contentsOf: repeatElement(0, count: (count - before) * width))
    do {
      let (rows, ordinals) = (rows.span, ordinals.span)
      var measures = measures.mutableSpan
      var replaced = replaced.mutableSpan
      for index in 0..<replaced.count {
        let place = Int(replaced[index].place)
        let row = ordinals[place] &- firstOrdinal
        replaced[index].row = Int32(truncatingIfNeeded: row)
        for axis in 0..<width { measures[place &* width &+ axis] = rows[row &* width &+ axis] }
      }
      for axis in 0..<width {
        var target = before &* width &+ axis
        for place in before..<count {
          measures[target] = rows[(ordinals[place] &- firstOrdinal) &* width &+ axis]
          target &+= width
        }
      }
    }
    self.measures = measures
  }

  /// The rows of the elites from a place on, written over a column that is not needed any more.
  private func rows(from before: Int, _ column: consuming [Int32], _ firstOrdinal: Int) -> [Int32] {
    column.removeLast(column.count - (count - before))
    let ordinals = ordinals.span
    var rows = column.mutableSpan
    for index in 0..<rows.count {
      rows[index] = Int32(truncatingIfNeeded: ordinals[before &+ index] &- firstOrdinal)
    }
    return column
  }
}

/// The content of a column, which is left empty, so that it can be changed without being copied.
private func taken<Value>(_ column: inout [Value]) -> [Value] {
  let content = column
  column = []
  return content
}

/// What was accepted into a cell in one batch.
struct ThresholdGain {
  var sum = 0.0
  var count = 0
}

/// Which rows of a batch became elites, and where.
@usableFromInline struct BatchWrites {
  /// The rows that follow the elites there were, in the order of their places.
  @usableFromInline let newRows: [Int32]
  /// The places whose elites were replaced, and by which rows.
  @usableFromInline let replaced: [(place: Int32, row: Int32)]
}
