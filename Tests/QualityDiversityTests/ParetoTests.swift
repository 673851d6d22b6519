import Foundation
import RandomStreams
import Testing

@testable import QualityDiversity

@Suite struct ParetoTests {
  @Test(arguments: [1, 2, 3, 4]) func hypervolumesAreThoseOfInclusionAndExclusion(count: Int) {
    var stream = RandomStream(seed: 131).stream("volume", count)
    for round in 0..<30 {
      let reference = (0..<count).map { _ in stream.uniform(-1, 0.2) }
      let points = (0..<round % 7).map { _ in (0..<count).map { _ in Double(stream.integer(below: 6)) / 5 } }
      // The volume of a union: every set of points adds or takes away the box under all of them.
      var expected = 0.0
      for set in 1..<max(1, 1 << points.count) {
        let members = points.indices.filter { set >> $0 & 1 == 1 }
        let box = (0..<count).reduce(1.0) { volume, axis in
          volume * max(0, (members.map { points[$0][axis] }.min() ?? 0) - reference[axis])
        }
        expected += members.count % 2 == 1 ? box : -box
      }
      #expect(abs(Pareto.hypervolume(points, above: reference) - expected) < 1e-12)
    }
  }

  @Test func crowdingIsThatOfTheGaps() {
    let distances = Pareto.crowding([[0, 4], [1, 3], [3, 1], [4, 0]])
    #expect(distances == [.infinity, 0.75 + 0.75, 0.75 + 0.75, .infinity])
    #expect(Pareto.crowding([]).isEmpty && Pareto.crowding([[1, 2]]) == [.infinity])
  }

  private struct Entry: CustomStringConvertible {
    var solution: Int
    var objectives, measures: [Double]
    var description: String { "(\(solution), \(objectives), \(measures))" }
  }

  @Test(arguments: [4, 256]) func cellsKeepTheirFronts(capacity: Int) throws {
    let axes = [try MeasureAxis(name: "x", lower: 0, upper: 1)]
    let cells = try GridTessellation(axes: axes, dimensions: [3])
    let empty = try ParetoArchive<GridTessellation, Int>(cells, reference: [0, 0], capacity: capacity)
    let property = Property(seed: 132) { stream in
      Entry(
        solution: stream.integer(below: 1000),
        objectives: [Double(stream.integer(below: 12)), Double(stream.integer(below: 12))],
        measures: [stream.uniform()])
    }
    property.check { entries in
      var archive = empty
      for entry in entries {
        let cell = try cells.cell(of: entry.measures)
        let before = archive.front(of: cell)
        let volume = archive.hypervolume(of: cell)
        let outcome = archive.add(entry.solution, objectives: entry.objectives, measures: entry.measures)
        try archive.checkInvariants()
        try close(outcome.improvement, archive.hypervolume(of: cell) - volume, "improvement")
        let isBeaten = before.contains { zip($0.objectives, entry.objectives).allSatisfy { $0 >= $1 } }
        if isBeaten { try same(outcome.rejection, .paretoDominated, "rejection") }
        try same(
          outcome.status == .rejected, archive.front(of: cell) == before, "a rejection changes nothing")
        try same(
          outcome.displaced.map(\.ordinal),
          before.filter { old in !archive.front(of: cell).contains(old) }.map(\.ordinal)
            .sorted { first, second in
              outcome.displaced.firstIndex { $0.ordinal == first } ?? 0
                < outcome.displaced.firstIndex { $0.ordinal == second } ?? 0
            }, "displaced")
      }
      // Without crowding each front is that of everything that fell in its cell.
      if capacity == 256 {
        for cell in 0..<3 {
          let all = try entries.filter { try cells.cell(of: $0.measures) == cell }
          let front = all.filter { one in
            !all.contains { Pareto.dominates($0.objectives, one.objectives) }
          }
          try same(Set(archive.front(of: cell).map(\.objectives)), Set(front.map(\.objectives)), "front")
        }
      }
      let statistics = archive.statistics
      try same(statistics.elites, archive.elites.count, "elites")
      try close(statistics.moqdScore, (0..<3).map { archive.hypervolume(of: $0) }.reduce(0, +), "score")
      let all = archive.elites.map(\.objectives)
      try close(statistics.globalHypervolume, Pareto.hypervolume(all, above: [0, 0]), "global volume")
      typealias Stored = ParetoArchive<GridTessellation, Int>
      let read = try JSONDecoder().decode(Stored.self, from: JSONEncoder().encode(archive))
      try read.checkInvariants()
      try same(read.elites, archive.elites, "elites that were read")
      var merged = empty
      merged.merge(archive)
      try same(merged.elites.map(\.objectives), archive.elites.map(\.objectives), "merged")
      let outcomes = merged.merge(archive)
      try same(outcomes.allSatisfy { $0.rejection == .paretoDominated }, true, "merging again")
    }
  }

  /// Behind the common protocol the fronts are those of a plain model, ranked by the first objective.
  @Test(arguments: [ArchiveGeometry.grid(dimensions: [3, 2]), .cvt(cells: 6, samples: 200, seed: 3)])
  func frontsAreAnArchive(geometry: ArchiveGeometry) throws {
    let axes = [
      try MeasureAxis(name: "x", lower: 0, upper: 1), try MeasureAxis(name: "y", lower: 0, upper: 1),
    ]
    let empty = try geometry.makeFrontArchive(axes: axes, of: Int.self, reference: [0, 0, 0], capacity: 256)
    let property = Property(seed: 133) { stream in
      Entry(
        solution: stream.integer(below: 1000),
        objectives: (0..<3).map { _ in Double(stream.integer(below: 5)) },
        measures: [stream.uniform(-0.2, 1.2), stream.uniform()])
    }
    property.check { entries in
      var archive = empty
      var cells: [Int: [(number: Int, entry: Entry)]] = [:]
      for (number, entry) in entries.enumerated() {
        let cell = try archive.cell(of: entry.measures)
        let isBeaten = (cells[cell] ?? []).contains { old in
          zip(old.entry.objectives, entry.objectives).allSatisfy { $0 >= $1 }
        }
        let outcome = archive.add(entry.solution, objectives: entry.objectives, measures: entry.measures)
        try archive.checkInvariants()
        try same(
          outcome.status, isBeaten ? .rejected : cells[cell] == nil ? .new : .improved, "status")
        try same(outcome.cell, cell, "cell")
        if isBeaten { continue }
        cells[cell, default: []].removeAll { old in
          zip(old.entry.objectives, entry.objectives).allSatisfy { $0 <= $1 }
        }
        cells[cell, default: []].append((number, entry))
      }
      let expected = cells.sorted { $0.key < $1.key }.map { cell, members in
        (
          cell,
          members.sorted {
            ($1.entry.objectives[0], $0.number) < ($0.entry.objectives[0], $1.number)
          }
        )
      }
      try same(archive.allElites.map(\.ordinal), expected.flatMap { $0.1.map(\.number) }, "members")
      try same(archive.elites.map(\.ordinal), expected.compactMap { $0.1.first?.number }, "elites")
      try same(archive.objectives, expected.compactMap { $0.1.first?.entry.objectives[0] }, "objectives")
      try same(archive.count, expected.count, "count")
      for (cell, members) in expected {
        try same(archive.elite(at: cell)?.ordinal, members.first?.number, "elite of a cell")
      }
      let best = archive.elites.map(\.objective).max()
      try same(archive.best?.objective, best, "best")
      try same(archive.best?.cell, archive.elites.first { $0.objective == best }?.cell, "cell of the best")
      let fronts = try #require(archive.frontStatistics)
      try same(fronts.elites, archive.allElites.count, "elites on fronts")
      let members = expected.flatMap { $0.1.map(\.entry.objectives) }
      let undominated = members.filter { one in !members.contains { Pareto.dominates($0, one) } }
      try close(fronts.globalHypervolume, Pareto.hypervolume(undominated, above: [0, 0, 0]), "volume")
      var stream = RandomStream(seed: 7)
      if let drawn = archive.sample(using: &stream) {
        try same(archive.allElites.contains(drawn), true, "a sample is a member")
      }
      try same(archive.add(1, objective: 9, measures: [0, 0]).rejection, .objectiveNotFinite, "one of three")
    }
  }

  @Test func theFittestIsNeverCrowdedOut() throws {
    let axes = [try MeasureAxis(name: "x", lower: 0, upper: 1)]
    var stream = RandomStream(seed: 134)
    for count in 2...4 {
      var archive = try ArchiveGeometry.grid(dimensions: [1]).makeFrontArchive(
        axes: axes, of: Int.self, reference: [Double](repeating: 0, count: count), capacity: 2 * count)
      var best = [Double](repeating: -1, count: count)
      for number in 0..<300 {
        let objectives = (0..<count).map { _ in stream.uniform() }
        archive.add(number, objectives: objectives, measures: [0.5])
        best = zip(best, objectives).map { max($0, $1) }
        #expect(archive.elites.first?.objective == best[0])
        #expect(archive.allElites.count <= 2 * count)
      }
      try archive.checkInvariants()
    }
  }

  @Test func kindsWithoutFixedCellsHaveNoFronts() throws {
    let axes = [try MeasureAxis(name: "x", lower: 0, upper: 1)]
    for geometry in [
      ArchiveGeometry.dominatedNovelty(capacity: 3, neighbours: 1),
      .proximity(neighbours: 1, threshold: 0.1, localCompetition: false),
      .slidingGrid(dimensions: [3], remapFrequency: 5, capacity: 9),
    ] {
      #expect(throws: ArchiveError.noDepthOrThresholds) {
        _ = try geometry.makeFrontArchive(axes: axes, of: Int.self, reference: [0, 0], capacity: 9)
      }
    }
  }

  @Test func impossibleParetoArchivesAreRefused() throws {
    let cells = try GridTessellation(axes: [MeasureAxis(name: "x", lower: 0, upper: 1)], dimensions: [3])
    typealias Archive = ParetoArchive<GridTessellation, Int>
    for (reference, capacity) in [([], 3), ([0, 0, 0, 0, 0], 3), ([.nan], 3), ([0], 0), ([0], 257)] {
      #expect(throws: ArchiveError.self) { try Archive(cells, reference: reference, capacity: capacity) }
    }
    var archive = try Archive(cells, reference: [0, 0], capacity: 3)
    #expect(archive.add(1, objectives: [1], measures: [0]).rejection == .objectiveNotFinite)
    #expect(archive.add(1, objectives: [1, .nan], measures: [0]).rejection == .objectiveNotFinite)
    #expect(
      archive.add(1, objectives: [1, 2], measures: [.nan]).rejection == .measures(.notFinite(axis: "x")))
    #expect(archive.isEmpty && archive.statistics.moqdScore == 0 && archive.additionCount == 3)
    #expect(archive.add(1, objectives: [1, 2], measures: [0]).improvement == 2)
  }
}
