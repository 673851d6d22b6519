import Foundation
import QualityDiversity
import RandomStreams
import Testing

/// What every archive of one elite per cell must do with batches, merging, rebuilding and storing.
@Suite struct BatchTests {
  private func property(_ kind: ArchiveKind, _ seed: UInt64) throws -> Property<ArchiveEntry<Int>> {
    let axes = try kind.axes
    return Property(seed: seed) { ArchiveKind.entry($0.integer(below: 1000), axes, using: &$0) }
  }

  private func columns(_ entries: some Sequence<ArchiveEntry<Int>>) -> ([Int], [Double], [Double]) {
    let entries = Array(entries)
    return (entries.map(\.solution), entries.map(\.objective), entries.flatMap(\.measures))
  }

  @Test(arguments: ArchiveKind.allCases) func batchesAreHeldAgainstWhatWas(kind: ArchiveKind) throws {
    try property(kind, 71).check { entries in
      var (batched, single) = (try kind.make(), try kind.make())
      for start in stride(from: 0, to: entries.count, by: 17) {
        let batch = entries[start..<min(entries.count, start + 17)]
        var before = batched
        let (solutions, objectives, measures) = columns(batch)
        let outcome = try batched.add(solutions: solutions, objectives: objectives, measures: measures)
        try batched.checkInvariants()
        single.add(contentsOf: batch)
        try same(batched.elites, single.elites, "elites")
        try same(batched.clampCounts, single.clampCounts, "clamps")
        try same(batched.additionCount, single.additionCount, "additions")
        for (row, entry) in batch.enumerated() {
          var alone = before
          let expected = alone.add(entry.solution, objective: entry.objective, measures: entry.measures)
          if kind.addsBatchesOneByOne { before = alone }
          try same(outcome.statuses[row], expected.status, "status of \(row)")
          try same(Int(outcome.cells[row]), try #require(expected.cell), "cell of \(row)")
          try same(outcome.improvements[row], try #require(expected.improvement), "improvement of \(row)")
        }
      }
      let columns = batched.columns
      try same((0..<columns.count).map { columns[$0] }, batched.elites, "columns")
      for axis in batched.axes.indices {
        try same(columns.measures(on: axis), batched.elites.map { $0.measures[axis] }, "measures of \(axis)")
      }
    }
  }

  @Test(arguments: ArchiveKind.allCases) func batchesRefuseWhatSinglesRefuse(kind: ArchiveKind) throws {
    var archive = try kind.make()
    let good = archive.axes.map { $0.denormalized(0.4) }
    var bad = good
    bad[0] = .nan
    let outcome = try archive.add(
      solutions: [1, 2, 3, 4], objectives: [1, .nan, 3, -.infinity], measures: good + good + bad + good)
    #expect(outcome.statuses == [.new, .rejected, .rejected, .rejected])
    #expect(outcome.cells.map { $0 < 0 } == [false, true, true, true])
    #expect(outcome.improvements == [1, 0, 0, 0])
    #expect(outcome.count(of: .rejected) == 3)
    #expect(archive.additionCount == 4 && archive.count == 1)
    #expect(throws: MeasureError.wrongCount(expected: 2, got: 1)) {
      try archive.add(solutions: [1, 2], objectives: [1], measures: good + good)
    }
    #expect(throws: MeasureError.wrongCount(expected: good.count, got: good.count + 1)) {
      try archive.add(solutions: [1], objectives: [1], measures: good + [0])
    }
    #expect(archive.additionCount == 4)
    #expect(try archive.add(solutions: [], objectives: [], measures: []).statuses.isEmpty)
    try archive.checkInvariants()
  }

  @Test(arguments: ArchiveKind.allCases) func mergingAddsAll(kind: ArchiveKind) throws {
    try property(kind, 72).check { entries in
      var all = try kind.make()
      all.add(contentsOf: entries)
      var parts = [try kind.make(), try kind.make(), try kind.make()]
      for (index, entry) in entries.enumerated() {
        parts[index * 3 / entries.count].add(contentsOf: [entry])
      }
      var merged = try kind.make()
      merged.merge(parts)
      try merged.checkInvariants()
      try same(merged.elites.map(\.cell), all.elites.map(\.cell), "cells")
      // Parts follow each other as in the log, so that ties are decided alike.
      try same(merged.elites.map(\.solution), all.elites.map(\.solution), "solutions")
      try same(merged.statistics(offset: -3), all.statistics(offset: -3), "statistics")
      let before = merged.elites
      merged.merge(parts)
      try same(merged.elites, before, "elites after merging again")
    }
  }

  @Test(arguments: ArchiveKind.allCases) func theQDScoreNeverFalls(kind: ArchiveKind) throws {
    try property(kind, 73).check { entries in
      var archive = try kind.make()
      var history = ArchiveHistory()
      for (number, entry) in entries.enumerated() {
        let before = archive.statistics(offset: -3)
        archive.add(contentsOf: [entry])
        let after = archive.statistics(offset: -3)
        history.record(after, evaluations: number + 1)
        guard after.qdScore >= before.qdScore, after.elites >= before.elites else {
          throw Broken(description: "the QD score fell from \(before) to \(after)")
        }
        let elites = archive.elites
        try close(after.qdScore, elites.reduce(0) { $0 + $1.objective + 3 }, "QD score")
        try same(after.coverage, Double(elites.count) / Double(archive.cellCount), "coverage")
        try same(after.best, elites.map(\.objective).max(), "best")
      }
      try same(history.points.map(\.evaluations), Array(1..<(entries.count + 1)), "history")
      try same(history.statistics(after: .max), entries.isEmpty ? nil : archive.statistics(offset: -3), "end")
    }
  }

  @Test(arguments: ArchiveKind.allCases) func rebuildingAddsAllElites(kind: ArchiveKind) throws {
    let axes = try kind.axes
    try property(kind, 74).check { entries in
      var archive = try kind.make()
      archive.add(contentsOf: entries)
      let dimensions = axes.map { $0.categories?.count ?? 3 }
      let coarse = archive.rebuilt(as: try GridArchive<Int>(axes: axes, dimensions: dimensions))
      try coarse.checkInvariants()
      var naive: [Int: Elite<Int>] = [:]
      for elite in archive.elites.sorted(by: { $0.ordinal < $1.ordinal }) {
        let cell = try coarse.cell(of: elite.measures)
        if elite.objective > naive[cell]?.objective ?? -.infinity { naive[cell] = elite }
      }
      try same(coarse.elites.map(\.cell), naive.keys.sorted(), "cells")
      for elite in coarse.elites { try same(elite.solution, naive[elite.cell]?.solution, "elite") }
      let same = archive.rebuilt(as: try kind.make())
      try QualityDiversityTests.same(same.elites.map(\.solution), archive.elites.map(\.solution), "elites")
    }
  }

  @Test(arguments: ArchiveKind.allCases) func drawingManyIsDrawingOften(kind: ArchiveKind) throws {
    var stream = RandomStream(seed: 75)
    var archive = try kind.make()
    #expect(archive.sample(4, using: &stream).isEmpty)
    archive.add(contentsOf: try kind.entries(40, using: &stream))
    var other = stream
    let many = archive.sample(64, using: &stream)
    #expect((0..<64).map { many[$0] } == (0..<64).compactMap { _ in archive.sample(using: &other) })
    #expect(stream == other)
    #expect(archive.sample(-1, using: &stream).isEmpty)
  }
}
