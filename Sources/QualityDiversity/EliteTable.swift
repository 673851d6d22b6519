public import RandomStreams

/// All that an archive of one elite per cell keeps, but for the solutions.
///
/// It knows nothing of their type, so that its loops run over plain numbers whatever is archived. An elite has a
/// place in the columns, which it keeps. Only its own methods change it.
@usableFromInline struct EliteTable: Sendable {
  /// What would become of an addition.
  struct Verdict {
    var status: AddStatus
    var improvement: Double
    /// The place of the cell's elite; the next free one where there is none.
    var place: Int
  }

  let scales: [AxisScale]
  let rule: ThresholdRule?
  var additionCount = 0
  var clampCounts: [Int]

  var objectives: [Double] = []
  var measures: [Double] = []
  var cells: [Int32] = []
  var ordinals: [Int] = []
  /// The thresholds of the places; empty where there is no rule.
  var thresholds: [Double] = []
  /// What a batch brings to the thresholds of the places while it is added; otherwise nothing.
  var gains: [ThresholdGain] = []
  /// The place of each cell's elite, or -1.
  var places: [Int32]
  var occupancy: OccupancyTree

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

  /// The places of elites drawn with equal probability from all, each anew; none where there are no elites.
  @usableFromInline func draw(_ count: Int, using stream: inout RandomStream) -> [Int] {
    guard self.count > 0, count > 0 else { return [] }
    return occupancy.draw(count, of: self.count, from: places, using: &stream)
  }

  /// The elites of places but for their solutions.
  @usableFromInline func figures(of chosen: [Int]) -> EliteFigures {
    let width = scales.count
    return EliteFigures(
      axisCount: width,
      objectives: Array.filled(chosen.count) { column in
        let objectives = objectives.span
        for place in chosen { column.append(objectives[place]) }
      },
      measures: Array.filled(chosen.count * width) { column in
        let measures = measures.span
        // Most archives have two axes, whose loop then is none.
        if width == 2 {
          for place in chosen {
            column.append(measures[place &* 2])
            column.append(measures[place &* 2 &+ 1])
          }
          return
        }
        for place in chosen {
          for axis in 0..<width { column.append(measures[place &* width &+ axis]) }
        }
      },
      cells: Array.filled(chosen.count) { column in
        let cells = cells.span
        for place in chosen { column.append(Int(cells[place])) }
      },
      ordinals: Array.filled(chosen.count) { column in
        let ordinals = ordinals.span
        for place in chosen { column.append(ordinals[place]) }
      })
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
