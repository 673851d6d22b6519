import Foundation
import QualityDiversity
import Testing

/// Agreement with pyribs 0.12.0 and with a k-means in numpy; `Fixtures/make-pyribs.py` made the numbers.
@Suite struct PyribsParityTests {
  private struct Golden: Decodable {
    struct Grid: Decodable {
      struct Statistics: Decodable {
        var elites: Int
        var coverage, qdScore, normalizedQDScore, best, mean: Double
      }
      var dimensions: [Int]
      var lower, upper: [Double]
      var offset: Double
      var measures: [[Double]]
      var objectives: [Double]
      /// 0 for rejected, 1 for improved, 2 for new.
      var statuses: [Int]
      var values: [Double]
      var cells, eliteCells, eliteSolutions: [Int]
      var statistics: Statistics
    }
    struct Voronoi: Decodable {
      var centroids, measures: [[Double]]
      var cells: [Int]
    }
    struct Means: Decodable {
      var seed: UInt64
      var samples, axes: Int
      var centroids: [[Double]]
    }
    var madeWith: String
    var grids: [Grid]
    var cvt: Voronoi
    var kMeans: [Means]
  }

  private func golden() throws -> Golden {
    let file = try #require(
      Bundle.module.url(forResource: "pyribs", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }

  private func close(_ first: Double, _ second: Double) -> Bool {
    abs(first - second) <= 1e-12 * max(1, abs(second))
  }

  @Test func gridsAgree() throws {
    let golden = try golden()
    #expect(golden.grids.count == 3)
    for grid in golden.grids {
      let axes = try zip(grid.lower, grid.upper).enumerated().map {
        try MeasureAxis(name: "m\($0)", lower: $1.0, upper: $1.1)
      }
      var archive = try GridArchive<Int>(axes: axes, dimensions: grid.dimensions)
      #expect(grid.measures.count == 100)
      for (index, measures) in grid.measures.enumerated() {
        let outcome = archive.add(index, objective: grid.objectives[index], measures: measures)
        #expect(outcome.cell == grid.cells[index])
        #expect(outcome.status == [.rejected, .improved, .new][grid.statuses[index]])
        #expect(outcome.improvement == grid.values[index])
      }
      #expect(archive.elites.map(\.cell) == grid.eliteCells)
      #expect(archive.elites.map(\.solution) == grid.eliteSolutions)
      let statistics = archive.statistics(offset: grid.offset)
      #expect(statistics.elites == grid.statistics.elites)
      #expect(statistics.coverage == grid.statistics.coverage)
      #expect(close(statistics.qdScore, grid.statistics.qdScore))
      #expect(close(statistics.normalizedQDScore, grid.statistics.normalizedQDScore))
      #expect(statistics.best == grid.statistics.best)
      #expect(close(try #require(statistics.mean), grid.statistics.mean))
    }
  }

  @Test func voronoiCellsAgree() throws {
    let golden = try golden().cvt
    let unit = try ["x", "y"].map { try MeasureAxis(name: $0, lower: 0, upper: 1) }
    let cells = try VoronoiTessellation(axes: unit, centroids: golden.centroids)
    #expect(golden.measures.count == 120)
    for (measures, cell) in zip(golden.measures, golden.cells) {
      #expect(try cells.cell(of: measures) == cell)
    }
  }

  @Test func centroidsAgreeWithAnotherKMeans() throws {
    let golden = try golden().kMeans
    #expect(golden.count == 3)
    for means in golden {
      let axes = try (0..<means.axes).map { try MeasureAxis(name: "m\($0)", lower: 0, upper: 1) }
      let cells = try VoronoiTessellation(
        axes: axes, cells: means.centroids.count, samples: means.samples, seed: means.seed)
      for (ours, theirs) in zip(cells.centroids, means.centroids) {
        #expect(zip(ours, theirs).allSatisfy(close))
      }
    }
  }
}
