import Foundation
import RandomStreams
import Testing

@testable import QualityDiversity

@Suite struct DynamicKDTreeTests {
  @Test(arguments: [1, 2, 3, 6]) func findsWhatAScanFinds(dimensions: Int) {
    var stream = RandomStream(seed: 101).stream("dynamic", dimensions)
    for lattice in [0, 4] {
      // On a coarse lattice many points coincide, and more are equally far.
      func number() -> Double { lattice == 0 ? stream.uniform() : Double(stream.integer(below: lattice)) / 4 }
      var tree = DynamicKDTree(dimensions: dimensions)
      var points: [Int: [Double]] = [:]
      var found: [DynamicKDTree.Neighbour] = []
      for step in 0..<400 {
        let point = (0..<dimensions).map { _ in number() }
        let choice = stream.integer(below: 10)
        if choice == 0, let index = stream.element(of: points.keys.sorted()) {
          tree.remove(index)
          points[index] = nil
        } else if choice == 1, let index = stream.element(of: points.keys.sorted()) {
          tree.move(index, to: point)
          points[index] = point
        } else {
          points[tree.insert(point)] = point
        }
        #expect(tree.count == points.count)
        guard step % 5 == 0 else { continue }
        let query = (0..<dimensions).map { _ in number() }
        tree.nearest(7, to: query, into: &found)
        #expect(found.map(\.index) == scan(points, query).prefix(7).map(\.1))
      }
    }
  }

  private func scan(_ points: [Int: [Double]], _ query: [Double]) -> [(Double, Int)] {
    points.map { index, point in
      (zip(query, point).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }, index)
    }.sorted { $0 < $1 }
  }

  @Test func pointsInOrderDoNotMakeItDeep() {
    var tree = DynamicKDTree(dimensions: 1)
    for number in 0..<3000 { _ = tree.insert([Double(number) * Double(number)]) }
    #expect(tree.depth < 60)
    var found: [DynamicKDTree.Neighbour] = []
    tree.nearest(2, to: [10_002], into: &found)
    #expect(found.map(\.index) == [100, 101])
  }
}

@Suite struct ProximityArchiveTests {
  private func axes() throws -> [MeasureAxis] {
    [try MeasureAxis(name: "x", lower: 0, upper: 1), try MeasureAxis(name: "y", lower: -2, upper: 2)]
  }

  private func property(_ seed: UInt64) throws -> Property<ArchiveEntry<Int>> {
    let axes = try axes()
    return Property(seed: seed) { ArchiveKind.entry($0.integer(below: 1000), axes, using: &$0) }
  }

  private func distance(_ first: [Double], _ second: [Double]) throws -> Double {
    try zip(axes(), zip(first, second)).reduce(0.0) { sum, pair in
      let difference = pair.0.normalized(pair.1.0) - pair.0.normalized(pair.1.1)
      return sum + difference * difference
    }.squareRoot()
  }

  @Test(arguments: [false, true]) func whatIsNovelEnters(competition: Bool) throws {
    try property(111).check { entries in
      var archive = try ProximityArchive<Int>(
        axes: axes(), neighbourCount: 3, noveltyThreshold: 0.15, localCompetition: competition)
      var model: [ArchiveEntry<Int>] = []
      for (number, entry) in entries.enumerated() {
        let ranked = try model.indices.map { (try distance(model[$0].measures, entry.measures), $0) }
          .sorted { $0 < $1 }
        let near = ranked.prefix(3).map(\.0)
        let novelty = near.isEmpty ? nil : near.reduce(0, +) / Double(near.count)
        let ours = try archive.novelty(of: entry.measures)
        try same(ours == nil, novelty == nil, "novelty of none")
        if let ours, let novelty { try close(ours, novelty, "novelty") }
        let outcome = archive.add(entry.solution, objective: entry.objective, measures: entry.measures)
        try archive.checkInvariants()
        if novelty ?? 1 >= 0.15 {
          try same(outcome.status, .new, "status")
          try same(outcome.cell, model.count, "cell")
          model.append(entry)
        } else {
          let nearest = ranked[0].1
          let isBetter = competition && entry.objective > model[nearest].objective
          try same(outcome.status, isBetter ? .improved : .rejected, "status")
          try same(outcome.rejection, isBetter ? nil : competition ? .notBetter : .notNovel, "rejection")
          try same(outcome.displaced?.solution, isBetter ? model[nearest].solution : nil, "displaced")
          try same(outcome.improvement, entry.objective - model[nearest].objective, "improvement")
          if isBetter { model[nearest] = entry }
        }
        try same(archive.additionCount, number + 1, "additions")
        try same(archive.elites.map(\.solution), model.map(\.solution), "elites")
      }
      let bytes = try StoringTests.encoder().encode(archive)
      var read = try JSONDecoder().decode(ProximityArchive<Int>.self, from: bytes)
      try same(read.elites, archive.elites, "elites that were read")
      // What is there is as near as can be to itself.
      for elite in archive.elites where archive.count > 3 {
        let near = archive.nearestElites(to: elite.cell, count: 2).map(\.measures)
        let gaps = try near.map { try distance($0, elite.measures) }
        let others = try archive.elites.filter { $0.cell != elite.cell }
          .map { try distance($0.measures, elite.measures) }.sorted()
        for (gap, other) in zip(gaps, others) { try close(gap, other, "distance") }
      }
      read.add(contentsOf: entries)
      archive.add(contentsOf: entries)
      try same(read.elites, archive.elites, "elites afterwards")
    }
  }

  @Test func batchesAreHeldAgainstWhatWas() throws {
    var archive = try ProximityArchive<Int>(
      axes: axes(), neighbourCount: 1, noveltyThreshold: 0.1, localCompetition: true)
    archive.add(0, objective: 1, measures: [0.5, 0])
    // Two equal novel ones both enter; of two that improve on one elite the first of the best does.
    let outcome = try archive.add(
      solutions: [1, 2, 3, 4, 5, 6], objectives: [0, 0, 2, 3, 3, .nan],
      measures: [0.1, 0, 0.1, 0, 0.51, 0, 0.52, 0, 0.53, 0, 0.9, 0])
    #expect(outcome.statuses == [.new, .new, .improved, .improved, .improved, .rejected])
    #expect(outcome.cells == [1, 2, 0, 0, 0, -1])
    #expect(outcome.improvements == [0, 0, 1, 2, 2, 0])
    #expect(archive.elites.map(\.solution) == [4, 1, 2])
    try archive.checkInvariants()
  }

  @Test func impossibleArchivesAreRefused() throws {
    for (neighbours, threshold) in [(0, 0.1), (.max, 0.1), (1, -0.1), (1, .nan), (1, .infinity)] {
      #expect(throws: ArchiveError.self) {
        try ProximityArchive<Int>(axes: axes(), neighbourCount: neighbours, noveltyThreshold: threshold)
      }
    }
    var archive = try ProximityArchive<Int>(axes: axes(), neighbourCount: 2, noveltyThreshold: 0.1)
    #expect(archive.add(1, objective: .nan, measures: [0, 0]).rejection == .objectiveNotFinite)
    #expect(
      archive.add(1, objective: 0, measures: [0, .nan]).rejection == .measures(.notFinite(axis: "y")))
    #expect(
      archive.add(1, objective: 0, measures: [0]).rejection == .measures(.wrongCount(expected: 2, got: 1)))
    #expect(archive.isEmpty && archive.statistics().coverage == 0)
    #expect(archive.elite(at: 0) == nil && archive.region(of: 0) == nil && archive.best == nil)
  }
}

@Suite struct DominatedNoveltyTests {
  private func axes() throws -> [MeasureAxis] {
    [try MeasureAxis(name: "x", lower: 0, upper: 1), try MeasureAxis(name: "y", lower: 0, upper: 1)]
  }

  @Test(arguments: [1, 7]) func whatIsFarFromBetterStays(batch: Int) throws {
    let axes = try axes()
    let property = Property(seed: 121, rounds: 8, greatestCount: 60) {
      ArchiveKind.entry($0.integer(below: 1000), axes, using: &$0)
    }
    property.check { entries in
      var archive = try DominatedNoveltyArchive<Int>(axes: axes, capacity: 11, neighbourCount: 3)
      var model: [(ordinal: Int, entry: ArchiveEntry<Int>)] = []
      for start in stride(from: 0, to: entries.count, by: batch) {
        let rows = start..<min(entries.count, start + batch)
        if batch == 1 {
          let outcome = archive.add(contentsOf: [entries[start]])[0]
          try same(outcome.status == .new, archive.elites.contains { $0.ordinal == start }, "status")
          try same(
            outcome.cell.map { archive.elite(at: $0)?.ordinal }, outcome.cell.map { _ in start }, "slot")
        } else {
          let outcome = try archive.add(
            solutions: entries[rows].map(\.solution), objectives: entries[rows].map(\.objective),
            measures: entries[rows].flatMap(\.measures))
          for row in rows {
            let stayed = archive.elites.contains { $0.ordinal == row }
            try same(outcome.statuses[row - start], stayed ? .new : .rejected, "status")
          }
        }
        try archive.checkInvariants()
        model += rows.map { ($0, entries[$0]) }
        let points = model.map { zip(axes, $0.entry.measures).map { $0.normalized($1) } }
        let scores = model.indices.map { one -> Double in
          let near = model.indices.filter {
            $0 != one && model[$0].entry.objective >= model[one].entry.objective
          }.map { other in
            zip(points[one], points[other]).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
          }.sorted().prefix(3)
          return near.isEmpty ? .infinity : near.reduce(0, +) / Double(near.count)
        }
        let stay = model.indices.sorted { (scores[$1], model[$0].ordinal) < (scores[$0], model[$1].ordinal) }
        model = stay.prefix(11).sorted().map { model[$0] }
        try same(archive.elites.map(\.ordinal).sorted(), model.map(\.ordinal), "elites")
      }
      let bytes = try StoringTests.encoder().encode(archive)
      var read = try JSONDecoder().decode(DominatedNoveltyArchive<Int>.self, from: bytes)
      read.add(contentsOf: entries)
      archive.add(contentsOf: entries)
      try same(read.elites, archive.elites, "elites afterwards")
    }
  }

  @Test func anEliteKeepsItsSlot() throws {
    var archive = try DominatedNoveltyArchive<Int>(axes: axes(), capacity: 3, neighbourCount: 1)
    for (number, x) in [0.1, 0.5, 0.9].enumerated() {
      #expect(archive.add(number, objective: Double(number), measures: [x, 0]).cell == number)
    }
    // 0.5 is nearest to something better and goes; the new one takes its slot.
    let outcome = archive.add(3, objective: 9, measures: [0.6, 0])
    #expect(outcome.displaced?.solution == 1 && outcome.cell == 1)
    #expect(archive.elites.map(\.solution) == [0, 3, 2])
    #expect(archive.add(4, objective: 0, measures: [0.61, 0]).rejection == .dominated)
    #expect(try archive.cell(of: [0.7, 0]) == 1)
    #expect(archive.nearestElites(to: 1, count: 1).map(\.solution) == [2])
    #expect(throws: ArchiveError.self) {
      try DominatedNoveltyArchive<Int>(axes: axes(), capacity: 0, neighbourCount: 1)
    }
  }
}
