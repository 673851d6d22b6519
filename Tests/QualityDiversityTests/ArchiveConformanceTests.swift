import QualityDiversity
import RandomStreams
import Synchronization
import Testing

/// What every archive must do, whatever its cells.
@Suite struct ArchiveConformanceTests {
  @Test(arguments: ArchiveKind.allCases) func startsEmpty(kind: ArchiveKind) throws {
    let archive = try kind.make()
    var stream = RandomStream(seed: 41)
    #expect(archive.isEmpty && archive.elites.isEmpty && archive.additionCount == 0)
    #expect(archive.cellCount > 0)
    #expect(try archive.axes == kind.axes)
    #expect(archive.clampCounts == archive.axes.map { _ in 0 })
    #expect(archive.best == nil)
    #expect(archive.sample(using: &stream) == nil)
    #expect(archive.nearestElites(to: 0, count: 3).isEmpty)
    try archive.checkInvariants()
  }

  @Test(arguments: ArchiveKind.allCases) func keepsTheBestOfEachCell(kind: ArchiveKind) throws {
    for round in 0..<6 {
      var stream = RandomStream(seed: 42).stream("rounds", round)
      var archive = try kind.make()
      // The oracle: for each cell, the first of the highest of all that fell in it.
      var oracle: [Int: (number: Int, objective: Double)] = [:]
      var clamps = archive.axes.map { _ in 0 }
      for entry in try kind.entries(80, using: &stream) {
        let cell = try archive.cell(of: entry.measures)
        let before = oracle[cell]
        let outcome = archive.add(entry.solution, objective: entry.objective, measures: entry.measures)
        for (index, axis) in archive.axes.enumerated() where !axis.contains(entry.measures[index]) {
          clamps[index] += 1
        }
        #expect(outcome.cell == cell)
        if let before {
          #expect(outcome.status == (entry.objective > before.objective ? .improved : .rejected))
          #expect(outcome.improvement == entry.objective - before.objective)
        } else {
          #expect(outcome.status == .new)
          #expect(outcome.improvement == entry.objective)
        }
        #expect(outcome.displaced?.solution == (outcome.status == .improved ? before?.number : nil))
        #expect(outcome.rejection == (outcome.status == .rejected ? .notBetter : nil))
        if outcome.status != .rejected { oracle[cell] = (entry.solution, entry.objective) }
        try archive.checkInvariants()
      }
      #expect(archive.elites.map(\.cell) == oracle.keys.sorted())
      for elite in archive.elites {
        #expect(oracle[elite.cell]?.number == elite.solution)
        #expect(oracle[elite.cell]?.objective == elite.objective)
        // The entries are numbered in the order of their addition.
        #expect(elite.ordinal == elite.solution)
        #expect(archive.elite(at: elite.cell) == elite)
        #expect(try archive.elite(of: elite.measures) == elite)
      }
      #expect(archive.count == oracle.count)
      #expect(archive.objectives == archive.elites.map(\.objective))
      #expect(archive.additionCount == 80)
      #expect(archive.clampCounts == clamps)
      #expect(zip(clamps, archive.axes).allSatisfy { $0 > 0 || $1.isCategorical })
      let highest = oracle.values.map(\.objective).max()
      #expect(archive.best?.objective == highest)
      #expect(archive.best?.cell == oracle.filter { $0.value.objective == highest }.keys.min())
    }
  }

  @Test(arguments: ArchiveKind.allCases) func theOrderOfAdditionsDecidesTiesOnly(kind: ArchiveKind) throws {
    var stream = RandomStream(seed: 43).stream("order")
    let entries = try kind.entries(150, using: &stream)
    var archive = try kind.make()
    archive.add(contentsOf: entries)
    for _ in 0..<5 {
      var other = try kind.make()
      other.add(contentsOf: stream.permutation(entries.count).map { entries[$0] })
      #expect(other.elites.map(\.cell) == archive.elites.map(\.cell))
      #expect(other.elites.map(\.objective) == archive.elites.map(\.objective))
      #expect(other.clampCounts == archive.clampCounts)
      #expect(other.statistics(offset: -2) == archive.statistics(offset: -2))
      // Drawing sees the cells and not their history.
      var (first, second) = (RandomStream(seed: 5), RandomStream(seed: 5))
      for _ in 0..<20 {
        #expect(archive.sample(using: &first)?.cell == other.sample(using: &second)?.cell)
      }
    }
  }

  @Test(arguments: ArchiveKind.allCases) func addingAgainChangesNothing(kind: ArchiveKind) throws {
    var stream = RandomStream(seed: 44).stream("again")
    let entries = try kind.entries(60, using: &stream)
    var archive = try kind.make()
    let outcomes = archive.add(contentsOf: entries)
    #expect(outcomes.count == 60)
    #expect(outcomes.count { $0.status == .new } == archive.count)
    let elites = archive.elites
    let again = archive.add(contentsOf: entries)
    #expect(again.allSatisfy { $0.status == .rejected && $0.rejection == .notBetter })
    #expect(archive.elites == elites)
    #expect(archive.additionCount == 120)
  }

  @Test(arguments: ArchiveKind.allCases) func whatIsNotANumberIsRefused(kind: ArchiveKind) throws {
    var archive = try kind.make()
    let good = archive.axes.map { $0.denormalized(0.4) }
    archive.add(contentsOf: [ArchiveEntry(1, objective: -5, measures: good)])
    let before = archive.elites
    for bad in [Double.nan, .infinity, -.infinity, .signalingNaN] {
      let outcome = archive.add(2, objective: bad, measures: good)
      #expect(outcome.status == .rejected && outcome.cell == nil && outcome.improvement == nil)
      #expect(outcome.rejection == .objectiveNotFinite)
      for (index, axis) in archive.axes.enumerated() {
        var measures = good
        measures[index] = bad
        let outcome = archive.add(3, objective: 9, measures: measures)
        #expect(outcome.status == .rejected && outcome.cell == nil && outcome.improvement == nil)
        #expect(outcome.rejection == .measures(.notFinite(axis: axis.name)))
        #expect(throws: MeasureError.notFinite(axis: axis.name)) { try archive.cell(of: measures) }
      }
    }
    for measures in [[], good + [0], Array(good.dropLast())] {
      let error = MeasureError.wrongCount(expected: good.count, got: measures.count)
      #expect(archive.add(4, objective: 9, measures: measures).rejection == .measures(error))
      #expect(throws: error) { try archive.cell(of: measures) }
    }
    #expect(archive.elites == before)
    #expect(archive.clampCounts.allSatisfy { $0 == 0 })
    try archive.checkInvariants()
  }

  @Test(arguments: ArchiveKind.allCases) func extremeMeasuresHaveACell(kind: ArchiveKind) throws {
    var archive = try kind.make()
    let far = Double.greatestFiniteMagnitude
    for value in [far, -far, 0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude] {
      for objective in [far, -far] {
        let outcome = archive.add(
          0, objective: objective, measures: archive.axes.map { $0.isCategorical ? 0 : value })
        #expect((0..<archive.cellCount).contains(try #require(outcome.cell)))
        try archive.checkInvariants()
      }
    }
  }

  @Test(arguments: ArchiveKind.allCases) func cellsThatDoNotExistHoldNothing(kind: ArchiveKind) throws {
    var archive = try kind.make()
    archive.add(contentsOf: [ArchiveEntry(1, objective: 0, measures: archive.axes.map(\.lower))])
    for cell in [-1, archive.cellCount, .min, .max] {
      #expect(archive.elite(at: cell) == nil)
      #expect(archive.region(of: cell) == nil)
      #expect(archive.neighbours(of: cell).isEmpty)
      #expect(archive.nearestElites(to: cell, count: 1).isEmpty)
    }
    #expect(archive.nearestElites(to: 0, count: -1).isEmpty)
  }

  @Test(arguments: ArchiveKind.allCases) func nearestElitesAreNearestFirst(kind: ArchiveKind) throws {
    var stream = RandomStream(seed: 45).stream("near")
    var archive = try kind.make()
    archive.add(contentsOf: try kind.entries(40, using: &stream))
    let centroids = try (0..<archive.cellCount).map { try #require(archive.region(of: $0)).centroid }
    for cell in 0..<archive.cellCount {
      let distances = centroids.map { other in
        zip(archive.axes, zip(centroids[cell], other)).reduce(0.0) { sum, place in
          let difference = place.1.0 - place.1.1
          // Categories are all equally far from each other.
          return sum + (place.0.isCategorical ? (difference == 0 ? 0 : 1) : difference * difference)
        }
      }
      let near = archive.nearestElites(to: cell, count: 4).map(\.cell)
      #expect(Set(near).count == min(4, archive.elites.count { $0.cell != cell }))
      #expect(!near.contains(cell))
      for (first, second) in zip(near, near.dropFirst()) {
        // Distances that differ by rounding alone count as equal, and then the lower cell comes first.
        let equal = abs(distances[first] - distances[second]) < 1e-12
        #expect(equal ? first < second : distances[first] < distances[second])
      }
      for elite in archive.elites where elite.cell != cell && !near.contains(elite.cell) {
        #expect(distances[elite.cell] >= distances[try #require(near.last)] - 1e-12)
      }
    }
    #expect(archive.nearestElites(to: 0, count: .max).count == archive.elites.count { $0.cell != 0 })
  }

  @Test(arguments: ArchiveKind.allCases) func regionsAndNeighboursFitTheCells(kind: ArchiveKind) throws {
    let archive = try kind.make()
    for cell in 0..<archive.cellCount {
      let region = try #require(archive.region(of: cell))
      #expect(region.cell == cell)
      #expect(zip(archive.axes, region.measures).allSatisfy { $0.contains($1) })
      for (axis, (measure, place)) in zip(archive.axes, zip(region.measures, region.centroid)) {
        #expect(abs(axis.normalized(measure) - place) < 1e-12)
      }
      // Of coinciding centroids only the first has a cell.
      if kind != .coincidingCentroids { #expect(try archive.cell(of: region.measures) == cell) }
      let neighbours = archive.neighbours(of: cell)
      #expect(neighbours == neighbours.sorted() && !neighbours.contains(cell))
      for neighbour in neighbours where kind != .coincidingCentroids {
        #expect(archive.neighbours(of: neighbour).contains(cell))
      }
    }
  }

  @Test(arguments: ArchiveKind.allCases) func samplesEveryEliteAlike(kind: ArchiveKind) throws {
    var stream = RandomStream(seed: 46).stream("sample")
    var archive = try kind.make()
    archive.add(contentsOf: try kind.entries(12, using: &stream))
    var counts: [Int: Int] = [:]
    for _ in 0..<200 * archive.count {
      counts[try #require(archive.sample(using: &stream)).cell, default: 0] += 1
    }
    #expect(counts.keys.sorted() == archive.elites.map(\.cell))
    let chiSquare = counts.values.reduce(0.0) { $0 + (Double($1) - 200) * (Double($1) - 200) / 200 }
    // Chi-square with at most 11 degrees of freedom: 31.3 is the 99.9 % point.
    #expect(chiSquare < 31.3)
  }
}

/// A division of the line that sends the same measure elsewhere once it is told to.
private final class Drift: Sendable {
  let drifted = Mutex(false)
}

private struct DriftingTessellation: Tessellation {
  let drift: Drift
  let axes: [MeasureAxis]
  let cellCount = 4
  func cell(of measures: [Double]) throws(MeasureError) -> Int {
    drift.drifted.withLock { $0 } ? 3 : 1
  }
  func centroid(of cell: Int) -> [Double] { [Double(cell) / 4] }
  func squaredDistance(_ first: Int, _ second: Int) -> Double { 0 }
  func neighbours(of cell: Int) -> [Int] { [] }
  func region(of cell: Int) -> CellRegion {
    CellRegion(cell: cell, centroid: centroid(of: cell), measures: [0], bounds: nil, polygon: nil)
  }
}

@Suite struct InvariantTests {
  @Test func anEliteInTheWrongCellIsFound() throws {
    let drift = Drift()
    let axis = try MeasureAxis(name: "x", lower: 0, upper: 1)
    var archive = TessellatedArchive<DriftingTessellation, Int>(
      DriftingTessellation(drift: drift, axes: [axis]))
    archive.add(1, objective: 1, measures: [0.3])
    try archive.checkInvariants()
    drift.drifted.withLock { $0 = true }
    #expect(throws: ArchiveInvariantViolation.self) { try archive.checkInvariants() }
  }
}
