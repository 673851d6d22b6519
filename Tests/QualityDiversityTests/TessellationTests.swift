import QualityDiversity
import RandomStreams
import Testing

@Suite struct GridTessellationTests {
  private func axes(_ count: Int) throws -> [MeasureAxis] {
    try (0..<count).map { try MeasureAxis(name: "m\($0)", lower: -1, upper: 3) }
  }

  @Test func bordersBelongToTheCellAboveAndTheUpperBoundToTheLast() throws {
    let grid = try GridTessellation(axes: axes(1), dimensions: [10])
    for cell in 0..<10 {
      // On the border, within the tolerance below it (a millionth of a cell), and clearly below it.
      let border = -1 + 0.4 * Double(cell)
      #expect(try grid.cell(of: [border]) == cell)
      #expect(try grid.cell(of: [border - 0.4 * 0.5e-6]) == cell)
      #expect(try grid.cell(of: [border - 0.4 * 2e-6]) == max(0, cell - 1))
    }
    #expect(try grid.cell(of: [3]) == 9)
    #expect(try grid.cell(of: [1e18]) == 9)
    #expect(try grid.cell(of: [-1e18]) == 0)
  }

  @Test func everyDimensionFindsItsOwnBorders() throws {
    // Rounding in the measure or the logarithm must not push a border into the cell below.
    for count in 1...300 {
      let linear = try MeasureAxis(name: "x", lower: 0.1, upper: 0.7)
      let logarithmic = try MeasureAxis(name: "y", lower: 3, upper: 7e9, scale: .logarithmic)
      for axis in [linear, logarithmic] {
        let grid = try GridTessellation(axes: [axis], dimensions: [count])
        for cell in stride(from: 0, to: count, by: max(1, count / 12)) {
          let border = axis.denormalized(Double(cell) / Double(count))
          #expect(try grid.cell(of: [border]) == cell)
        }
      }
    }
  }

  @Test func cellsAreNumberedRowByRow() throws {
    let grid = try GridTessellation(axes: axes(3), dimensions: [2, 3, 4])
    var cell = 0
    for first in 0..<2 {
      for second in 0..<3 {
        for third in 0..<4 {
          #expect(grid.cell(at: [first, second, third]) == cell)
          #expect(grid.coordinates(of: cell) == [first, second, third])
          cell += 1
        }
      }
    }
    #expect(cell == grid.cellCount)
    for outside in [[2, 0, 0], [0, -1, 0], [0, 0], [0, 0, 4]] { #expect(grid.cell(at: outside) == nil) }
  }

  @Test func cellsContainTheirRegions() throws {
    let axes = [
      try MeasureAxis(name: "x", lower: -3, upper: 5),
      try MeasureAxis(name: "macs", lower: 10, upper: 1e9, scale: .logarithmic),
    ]
    let grid = try GridTessellation(axes: axes, dimensions: [5, 6])
    var area = 0.0
    for cell in 0..<grid.cellCount {
      let region = grid.region(of: cell)
      #expect(region.cell == cell)
      #expect(try grid.cell(of: region.measures) == cell)
      let bounds = try #require(region.bounds)
      #expect(try grid.cell(of: bounds.map(\.lower)) == cell)
      for (bound, measure) in zip(bounds, region.measures) {
        #expect(bound.lower < measure && measure < bound.upper)
      }
      area += shoelace(try #require(region.polygon))
    }
    #expect(abs(area - 1) < 1e-12)
    #expect(grid.region(of: 0).bounds?[0] == MeasureInterval(lower: -3, upper: -3 + 1.6))
    #expect(grid.region(of: 29).bounds?[1].upper == 1e9)
  }

  @Test func neighboursAreOneStepAwayAlongOneAxis() throws {
    let grid = try GridTessellation(axes: axes(3), dimensions: [4, 1, 5])
    for cell in 0..<grid.cellCount {
      let place = grid.coordinates(of: cell)
      let expected = (0..<grid.cellCount).filter {
        zip(place, grid.coordinates(of: $0)).map { abs($0 - $1) }.reduce(0, +) == 1
      }
      #expect(grid.neighbours(of: cell) == expected)
    }
  }

  @Test func distancesAreThoseOfTheCentroids() throws {
    let grid = try GridTessellation(axes: axes(2), dimensions: [7, 3])
    for first in 0..<21 {
      for second in 0..<21 {
        let sum = zip(grid.centroid(of: first), grid.centroid(of: second))
          .map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
        #expect(abs(grid.squaredDistance(first, second) - sum) < 1e-14)
      }
    }
  }

  @Test func impossibleGridsAreRefused() throws {
    let two = try axes(2)
    #expect(throws: ArchiveError.axisCount(0)) { try GridTessellation(axes: [], dimensions: []) }
    #expect(throws: ArchiveError.axisCount(33)) {
      try GridTessellation(axes: axes(33), dimensions: [Int](repeating: 1, count: 33))
    }
    #expect(throws: ArchiveError.repeatedAxis("m0")) {
      try GridTessellation(axes: [two[0], two[0]], dimensions: [2, 2])
    }
    #expect(throws: ArchiveError.dimensionCount(expected: 2, got: 1)) {
      try GridTessellation(axes: two, dimensions: [2])
    }
    for cells in [0, -4, Int.min] {
      #expect(throws: ArchiveError.emptyDimension(axis: "m1", cells: cells)) {
        try GridTessellation(axes: two, dimensions: [2, cells])
      }
    }
    #expect(throws: ArchiveError.cellCount(1 << 25, limit: 1 << 24)) {
      try GridTessellation(axes: two, dimensions: [1 << 20, 1 << 5])
    }
    #expect(throws: ArchiveError.cellCount(.max, limit: 1 << 24)) {
      try GridTessellation(axes: two, dimensions: [.max, 2])
    }
    #expect(throws: ArchiveError.cellCount(nil, limit: 1 << 24)) {
      try GridTessellation(axes: two, dimensions: [1 << 24, .max])
    }
  }
}

/// The area of a polygon, positive where its corners run counter-clockwise.
func shoelace(_ corners: [[Double]]) -> Double {
  corners.indices.reduce(0.0) { sum, index in
    let (corner, next) = (corners[index], corners[(index + 1) % corners.count])
    return sum + (corner[0] * next[1] - next[0] * corner[1]) / 2
  }
}
