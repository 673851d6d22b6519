import QualityDiversity
import RandomStreams
import Testing

@Suite struct VoronoiTessellationTests {
  private func unitAxes(_ count: Int) throws -> [MeasureAxis] {
    try (0..<count).map { try MeasureAxis(name: "m\($0)", lower: 0, upper: 1) }
  }

  @Test func centroidsSpreadEvenly() throws {
    let cells = try VoronoiTessellation(axes: unitAxes(2), cells: 100, samples: 4000, seed: 1)
    var stream = RandomStream(seed: 31).stream("volume")
    var counts = [Int](repeating: 0, count: 100)
    var sum = 0.0
    for _ in 0..<10_000 {
      let point = [stream.uniform(), stream.uniform()]
      let cell = try cells.cell(of: point)
      counts[cell] += 1
      sum += zip(point, cells.centroid(of: cell)).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
    }
    // Each cell has about a hundredth of the volume.
    #expect(counts.allSatisfy { $0 > 40 && $0 < 200 })
    // The mean squared distance from n centroids in the unit square is at least 5/(18√3 n), which hexagons
    // reach (Fejes Tóth 1959), 1/(6n) for squares, and 1/(πn) for centroids left where chance put them.
    let moment = sum / 10_000 * 100
    #expect(moment > 0.155 && moment < 0.19)
  }

  @Test func theSeedDecidesTheCentroids() throws {
    let axes = try unitAxes(3)
    let first = try VoronoiTessellation(axes: axes, cells: 20, samples: 300, seed: 5)
    #expect(try VoronoiTessellation(axes: axes, cells: 20, samples: 300, seed: 5) == first)
    #expect(
      try VoronoiTessellation(axes: axes, cells: 20, samples: 300, seed: 6).centroids != first.centroids)
    #expect(first.centroids.allSatisfy { $0.count == 3 && $0.allSatisfy { $0 > 0 && $0 < 1 } })
    // The measures' units and scales play no part.
    let other = try (0..<3).map {
      try MeasureAxis(name: "m\($0)", lower: 10, upper: 1e9, scale: .logarithmic)
    }
    #expect(
      try VoronoiTessellation(axes: other, cells: 20, samples: 300, seed: 5).centroids == first.centroids)
  }

  @Test func asManyCellsAsSamplesAreTheSamples() throws {
    let cells = try VoronoiTessellation(axes: unitAxes(2), cells: 50, samples: 50, seed: 9)
    #expect(Set(cells.centroids).count == 50)
    #expect(try VoronoiTessellation(axes: unitAxes(2), cells: 1, samples: 1, seed: 9).cellCount == 1)
  }

  @Test func measuresAreNormalisedBeforeTheyAreLookedUp() throws {
    let axes = [
      try MeasureAxis(name: "ratio", lower: 0, upper: 200),
      try MeasureAxis(name: "macs", lower: 2e8, upper: 5e9),
    ]
    let cells = try VoronoiTessellation(axes: axes, cells: 30, samples: 600, seed: 2)
    let plain = try VoronoiTessellation(axes: unitAxes(2), centroids: cells.centroids)
    var stream = RandomStream(seed: 32).stream("normalised")
    var found: Set<Int> = []
    for _ in 0..<1000 {
      let point = [stream.uniform(), stream.uniform()]
      let cell = try cells.cell(of: zip(axes, point).map { $0.denormalized($1) })
      #expect(try cell == plain.cell(of: point))
      found.insert(cell)
    }
    #expect(found.count == 30)
  }

  @Test func polygonsTileTheSquareAndHoldWhatIsLookedUp() throws {
    let cells = try VoronoiTessellation(axes: unitAxes(2), cells: 25, samples: 250, seed: 8)
    let polygons = try (0..<25).map { try #require(cells.region(of: $0).polygon) }
    #expect(abs(polygons.map(shoelace).reduce(0, +) - 1) < 1e-12)
    #expect(polygons.allSatisfy { shoelace($0) > 0 })
    var stream = RandomStream(seed: 33).stream("polygons")
    for _ in 0..<400 {
      let point = [stream.uniform(), stream.uniform()]
      let polygon = polygons[try cells.cell(of: point)]
      for (index, corner) in polygon.enumerated() {
        let next = polygon[(index + 1) % polygon.count]
        let side =
          (next[0] - corner[0]) * (point[1] - corner[1]) - (next[1] - corner[1]) * (point[0] - corner[0])
        #expect(side > -1e-12)
      }
    }
  }

  @Test func cellsOfOneAxisAreIntervals() throws {
    let axis = try MeasureAxis(name: "x", lower: 10, upper: 20)
    let cells = try VoronoiTessellation(axes: [axis], centroids: [[0.5], [0.1], [0.9], [0.1]])
    #expect(cells.region(of: 0).bounds == [MeasureInterval(lower: 13, upper: 17)])
    #expect(cells.region(of: 1).bounds == [MeasureInterval(lower: 10, upper: 13)])
    #expect(cells.region(of: 2).bounds == [MeasureInterval(lower: 17, upper: 20)])
    #expect(cells.region(of: 2).measures == [19])
    #expect(cells.region(of: 2).polygon == nil)
  }

  @Test func neighboursHaveNoThirdCentroidBetweenThem() throws {
    for axisCount in [1, 2, 3] {
      let cells = try VoronoiTessellation(axes: unitAxes(axisCount), cells: 30, samples: 200, seed: 12)
      for cell in 0..<30 {
        let expected = (0..<30).filter { other in
          other != cell
            && !(0..<30).contains { third in
              third != cell && third != other
                && cells.squaredDistance(cell, third) + cells.squaredDistance(third, other)
                  <= cells.squaredDistance(cell, other)
            }
        }
        #expect(cells.neighbours(of: cell) == expected)
        #expect(!expected.isEmpty)
      }
    }
  }

  @Test func onAGridTheNeighboursAreTheGrids() throws {
    // Powers of two, so that distances are exact and diagonal cells lie exactly on the border of the ball.
    let grid = try GridTessellation(axes: unitAxes(2), dimensions: [4, 8])
    let cells = try VoronoiTessellation(axes: unitAxes(2), centroids: (0..<32).map(grid.centroid(of:)))
    for cell in 0..<32 { #expect(cells.neighbours(of: cell) == grid.neighbours(of: cell)) }
  }

  @Test func impossibleTessellationsAreRefused() throws {
    let two = try unitAxes(2)
    #expect(throws: ArchiveError.axisCount(0)) {
      try VoronoiTessellation(axes: [], cells: 2, samples: 9, seed: 0)
    }
    for cells in [0, -1, Int.min, (1 << 16) + 1, .max] {
      #expect(throws: ArchiveError.cellCount(cells, limit: 1 << 16)) {
        try VoronoiTessellation(axes: two, cells: cells, samples: 100, seed: 0)
      }
    }
    #expect(throws: ArchiveError.sampleCount(9, minimum: 10, limit: 1 << 23)) {
      try VoronoiTessellation(axes: two, cells: 10, samples: 9, seed: 0)
    }
    #expect(throws: ArchiveError.sampleCount(.max, minimum: 1 << 16, limit: 1 << 16)) {
      try VoronoiTessellation(axes: two, cells: 1 << 16, samples: .max, seed: 0)
    }
    #expect(throws: ArchiveError.cellCount(0, limit: 1 << 16)) {
      try VoronoiTessellation(axes: two, centroids: [])
    }
    for bad in [[0.5], [0.5, 1.1], [0.5, -0.1], [.nan, 0.5], [0.1, 0.2, 0.3]] {
      #expect(throws: ArchiveError.malformedCentroid(index: 1)) {
        try VoronoiTessellation(axes: two, centroids: [[0, 1], bad])
      }
    }
  }
}
