import Foundation
import QualityDiversity
import RandomStreams
import Testing

@Suite struct ArchiveStatisticsTests {
  @Test func anEmptyArchiveHasNoBest() throws {
    let statistics = try ArchiveKind.grid.make().statistics(offset: -3)
    #expect(statistics.elites == 0 && statistics.cells == 100)
    #expect(statistics.coverage == 0 && statistics.qdScore == 0 && statistics.normalizedQDScore == 0)
    #expect(statistics.best == nil && statistics.mean == nil)
  }

  @Test(arguments: ArchiveKind.allCases) func agreeWithTheirDefinition(kind: ArchiveKind) throws {
    var stream = RandomStream(seed: 51).stream("statistics")
    for count in [1, 5, 100] {
      var archive = try kind.make()
      archive.add(contentsOf: try kind.entries(count, using: &stream))
      let statistics = archive.statistics(offset: -2.5)
      // Objectives are eighths, so that sums are exact whatever their order.
      var (elites, score, best) = (0, 0.0, -Double.infinity)
      for cell in 0..<archive.cellCount {
        guard let elite = archive.elite(at: cell) else { continue }
        elites += 1
        score += elite.objective + 2.5
        best = max(best, elite.objective)
      }
      #expect(statistics.elites == elites && statistics.cells == archive.cellCount)
      #expect(statistics.coverage == Double(elites) / Double(archive.cellCount))
      #expect(statistics.offset == -2.5)
      #expect(statistics.qdScore == score)
      #expect(statistics.normalizedQDScore == score / Double(archive.cellCount))
      #expect(statistics.best == best)
      #expect(abs(try #require(statistics.mean) - (score / Double(elites) - 2.5)) < 1e-12)
    }
  }

  @Test(arguments: ArchiveKind.allCases) func theQDScoreNeverFalls(kind: ArchiveKind) throws {
    var stream = RandomStream(seed: 52).stream("monotone")
    var archive = try kind.make()
    var last = archive.statistics(offset: -2)
    for entry in try kind.entries(100, using: &stream) {
      let outcome = archive.add(entry.solution, objective: entry.objective, measures: entry.measures)
      let statistics = archive.statistics(offset: -2)
      let gain: Double =
        switch outcome.status {
        case .new: entry.objective + 2
        case .improved: try #require(outcome.improvement)
        case .rejected: 0
        }
      #expect(gain >= 0)
      #expect(statistics.qdScore == last.qdScore + gain)
      #expect(statistics.coverage >= last.coverage)
      last = statistics
    }
  }

  @Test func theyAndElitesSurviveEncoding() throws {
    var archive = try ArchiveKind.cvt.make()
    var stream = RandomStream(seed: 53)
    archive.add(contentsOf: try ArchiveKind.cvt.entries(30, using: &stream))
    let statistics = archive.statistics()
    #expect(
      try JSONDecoder().decode(ArchiveStatistics.self, from: JSONEncoder().encode(statistics)) == statistics)
    let elites = archive.elites
    #expect(try JSONDecoder().decode([Elite<Int>].self, from: JSONEncoder().encode(elites)) == elites)
  }
}

@Suite struct ArchiveGeometryTests {
  @Test func makesTheArchiveItDescribes() throws {
    let axes = try ArchiveKind.grid.axes
    let grid: any Archive<String> = try ArchiveGeometry.grid(dimensions: [4, 6]).makeArchive(axes: axes)
    #expect(grid is GridArchive<String>)
    #expect(grid.cellCount == 24)
    let cvt = try ArchiveGeometry.cvt(cells: 30, samples: 200, seed: 1).makeArchive(axes: axes, of: Int.self)
    let same = try CVTArchive<Int>(axes: axes, cells: 30, samples: 200, seed: 1)
    #expect((cvt as? CVTArchive<Int>)?.tessellation == same.tessellation)
    #expect(throws: ArchiveError.dimensionCount(expected: 2, got: 3)) {
      try ArchiveGeometry.grid(dimensions: [1, 2, 3]).makeArchive(axes: axes, of: Int.self)
    }
  }

  @Test(arguments: [
    ArchiveGeometry.grid(dimensions: [10, 20]), .cvt(cells: 100, samples: 25_000, seed: .max),
  ]) func survivesEncoding(geometry: ArchiveGeometry) throws {
    let data = try JSONEncoder().encode(geometry)
    #expect(try JSONDecoder().decode(ArchiveGeometry.self, from: data) == geometry)
  }

  @Test func isReadAsWritten() throws {
    let text = Data(#"{"cvt": {"cells": 100, "samples": 2500, "seed": 7}}"#.utf8)
    #expect(
      try JSONDecoder().decode(ArchiveGeometry.self, from: text) == .cvt(cells: 100, samples: 2500, seed: 7))
  }
}
