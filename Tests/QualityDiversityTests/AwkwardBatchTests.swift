import Foundation
import QualityDiversity
import RandomStreams
import Testing

/// Batches of values at the edges of everything, against a model that takes rows one by one.
@Suite struct AwkwardBatchTests {
  /// The grids: their axes and how many cells each of these has.
  enum Grid: CaseIterable, Sendable {
    case pair, powers, singleCell, line, three, four, logarithms, categories, large

    func make() throws -> GridTessellation {
      let kinds = try MeasureAxis(name: "kind", categories: ["a", "b", "c", "d", "e"])
      let x = try MeasureAxis(name: "x", lower: -1, upper: 1)
      let x2 = try MeasureAxis(name: "x2", lower: -4, upper: 4)
      let y = try MeasureAxis(name: "y", lower: 0.1, upper: 0.7)
      let z = try MeasureAxis(name: "z", lower: -1e308, upper: 0.7e308)
      let macs = try MeasureAxis(name: "macs", lower: 3, upper: 7e9, scale: .logarithmic)
      switch self {
      case .pair: return try GridTessellation(axes: [x, y], dimensions: [7, 13])
      // Ranges that are powers of two, by which nothing is divided, but for one whose inverse is none.
      case .powers:
        let narrow = try MeasureAxis(name: "narrow", lower: 0.296875, upper: 0.546875)
        let least = try MeasureAxis(name: "least", lower: 0, upper: 0x1p-1030)
        return try GridTessellation(axes: [x, narrow, least, x2], dimensions: [7, 10, 3, 2])
      case .singleCell: return try GridTessellation(axes: [x, y], dimensions: [1, 1])
      case .line: return try GridTessellation(axes: [y], dimensions: [300])
      case .three: return try GridTessellation(axes: [x, y, z], dimensions: [5, 1, 3])
      case .four: return try GridTessellation(axes: [z, y, macs, x], dimensions: [3, 4, 5, 2])
      case .logarithms: return try GridTessellation(axes: [macs, y], dimensions: [20, 30])
      case .categories: return try GridTessellation(axes: [x, kinds, y], dimensions: [6, 5, 4])
      case .large: return try GridTessellation(axes: [y, x], dimensions: [1000, 700])
      }
    }
  }

  /// How much of a cell's width is forgiven below a border.
  private static let borderTolerance = 1e-6

  /// A measure on, beside, or beyond a border, or nowhere.
  private func measure(_ axis: MeasureAxis, _ cells: Int, _ stream: inout RandomStream) -> Double {
    if axis.isCategorical {
      return stream.bernoulli(0.1)
        ? stream.element(of: [-1, 0.5, Double(cells), .nan, -0.0]) ?? 0 : Double(stream.integer(below: cells))
    }
    switch stream.integer(below: 30) {
    case 0: return .nan
    case 1: return stream.bernoulli(0.5) ? .infinity : -.infinity
    case 2: return stream.bernoulli(0.5) ? 1.7e308 : -1.7e308
    case 3: return stream.bernoulli(0.5) ? 0 : -0.0
    case 4: return stream.bernoulli(0.5) ? axis.upper : axis.upper.nextUp
    case 5: return stream.bernoulli(0.5) ? axis.lower : axis.lower.nextDown
    case 6...14:
      let below = stream.bernoulli(0.5) ? 0 : Self.borderTolerance
      let place = (Double(stream.integer(below: cells + 1)) - below) / Double(cells)
      var value = axis.denormalized(place)
      for _ in 0..<stream.integer(below: 4) { value = value.nextUp }
      for _ in 0..<stream.integer(below: 4) { value = value.nextDown }
      return value
    default: return axis.denormalized(stream.uniform())
    }
  }

  private func objective(_ stream: inout RandomStream) -> Double {
    switch stream.integer(below: 24) {
    case 0: .nan
    case 1: stream.bernoulli(0.5) ? .infinity : -.infinity
    case 2...4: stream.bernoulli(0.5) ? 0 : -0.0
    case 5: stream.bernoulli(0.5) ? 1.7e308 : -1.7e308
    case 6: -0.5
    case 7...14: Double(stream.integer(below: 4))
    default: stream.normal()
    }
  }

  private struct Kept {
    var objective: Double
    var threshold: Double
    var solution: Int
    var ordinal: Int
  }

  @Test(arguments: Grid.allCases, [nil, 0, 0.3, 1]) func batchesAreAsTheirRows(
    grid: Grid, rate: Double?
  ) throws {
    let cells = try grid.make()
    let rule = try rate.map { try ThresholdRule(learningRate: $0, minimum: -0.5) }
    var archive = TessellatedArchive<GridTessellation, Int>(cells, thresholds: rule)
    var stream = RandomStream(seed: 91)
    var kept: [Int: Kept] = [:]
    var clamps = [Int](repeating: 0, count: cells.axes.count)
    for size in [1, 0, 3, 36, 1, 700, 36, 2500, 7, 300] {
      let rows = (0..<size).map { _ in
        cells.axes.indices.map { measure(cells.axes[$0], cells.dimensions[$0], &stream) }
      }
      let objectives = (0..<size).map { _ in objective(&stream) }
      let first = archive.additionCount
      let outcome = try archive.add(
        solutions: (0..<size).map { first + $0 }, objectives: objectives, measures: rows.flatMap { $0 })
      try archive.checkInvariants()
      var accepted: [Int: [Int]] = [:]
      for row in 0..<size {
        let cell = objectives[row].isFinite ? try? cells.cell(of: rows[row]) : nil
        try #require(Int(outcome.cells[row]) == cell ?? -1)
        guard let cell else {
          try #require(outcome.statuses[row] == .rejected && outcome.improvements[row] == 0)
          continue
        }
        for axis in cells.axes.indices where !cells.axes[axis].contains(rows[row][axis]) { clamps[axis] += 1 }
        let bar = kept[cell]?.threshold ?? rule?.minimum
        let isAccepted = bar.map { objectives[row] > $0 } ?? true
        try #require(
          outcome.statuses[row] == (isAccepted ? (kept[cell] == nil ? .new : .improved) : .rejected))
        try #require(outcome.improvements[row] == objectives[row] - (bar ?? 0))
        if isAccepted { accepted[cell, default: []].append(row) }
      }
      for (cell, rows) in accepted {
        let values = rows.map { objectives[$0] }
        // The first of the greatest, where 0 and -0 are the same.
        let best = try #require(rows.first { row in values.allSatisfy { $0 <= objectives[row] } })
        var threshold = objectives[best]
        if let rule {
          let ratio = pow(1 - rule.learningRate, Double(rows.count))
          let mean = values.reduce(0) { $0 + $1 / Double(rows.count) }
          threshold = ratio * (kept[cell]?.threshold ?? rule.minimum) + (1 - ratio) * mean
        }
        kept[cell] = Kept(
          objective: objectives[best], threshold: threshold, solution: first + best, ordinal: first + best)
      }
      try #require(archive.clampCounts == clamps)
      try #require(archive.additionCount == first + size)
      try #require(archive.elites.map(\.cell) == kept.keys.sorted())
      for elite in archive.elites {
        let expected = try #require(kept[elite.cell])
        try #require(elite.objective == expected.objective && elite.ordinal == expected.ordinal)
        try #require(elite.solution == expected.solution)
        let threshold = try #require(archive.threshold(of: elite.cell))
        try close(threshold, expected.threshold, "threshold of \(elite.cell)", by: 1e-9)
        // What the archive moved on by rounding is its own.
        kept[elite.cell]?.threshold = threshold
      }
    }
    #expect(kept.count > 0 && clamps.contains { $0 > 0 })
  }

  @Test(arguments: Grid.allCases) func cellsOfManyAreThoseOfEach(grid: Grid) throws {
    let cells = try grid.make()
    var stream = RandomStream(seed: 92)
    let rows = (0..<4000).map { _ in
      cells.axes.indices.map { measure(cells.axes[$0], cells.dimensions[$0], &stream) }
    }
    let found = cells.cells(of: rows.flatMap { $0 })
    for (row, cell) in zip(rows, found) {
      // By the definition, and by the cell of one.
      var expected: Int? = 0
      for (axis, value) in row.enumerated() {
        let count = cells.dimensions[axis]
        let isPlaced = cells.axes[axis].isCategorical ? cells.axes[axis].contains(value) : value.isFinite
        guard isPlaced, let before = expected else {
          expected = nil
          continue
        }
        let place = cells.axes[axis].normalized(value) * Double(count) + Self.borderTolerance
        expected = before * count + min(count - 1, Int(place.rounded(.down)))
      }
      try #require(Int(cell) == expected ?? -1, "\(row)")
      try #require((try? cells.cell(of: row)) == expected)
    }
    #expect(found.contains(-1) && found.contains { $0 >= 0 })
  }

  @Test(arguments: [false, true]) func zerosAreEqualWhateverTheirSigns(hasRule: Bool) throws {
    let rule = hasRule ? try ThresholdRule(learningRate: 0, minimum: -1) : nil
    for objectives in [
      [-0.0, 0.0, -0.0], [0.0, -0.0, 0.0], [-Double.leastNonzeroMagnitude, -0.0, 0.0], [-1.7e308, -0.0, 0.0],
    ] {
      var archive = TessellatedArchive<GridTessellation, Int>(try Grid.singleCell.make(), thresholds: rule)
      for batch in 0..<2 {
        try archive.add(
          solutions: [0, 1, 2].map { $0 + 3 * batch }, objectives: objectives,
          measures: [0, 0.2, 0, 0.2, 0, 0.2])
        let first = try #require(objectives.firstIndex(of: 0))
        // A threshold that does not learn takes the first of the second batch too; without one the incumbent stays.
        let elite = try #require(archive.best)
        #expect(elite.solution == (hasRule ? first + 3 * batch : first))
        #expect(elite.objective.sign == objectives[first].sign)
      }
    }
  }
}
