import Foundation
import QualityDiversity
import RandomStreams
import Testing

/// Each kind of archive against a model of it that is plain enough to be seen right.
@Suite struct ArchiveModelTests {
  private func axes() throws -> [MeasureAxis] {
    [try MeasureAxis(name: "x", lower: 0, upper: 1), try MeasureAxis(name: "y", lower: -2, upper: 2)]
  }

  private func property(_ seed: UInt64) throws -> Property<ArchiveEntry<Int>> {
    let axes = try axes()
    return Property(seed: seed) { ArchiveKind.entry($0.integer(below: 1000), axes, using: &$0) }
  }

  @Test(arguments: [0, 0.3, 1]) func thresholdsLearnFromSingles(rate: Double) throws {
    let rule = try ThresholdRule(learningRate: rate, minimum: -1.5)
    let empty = try GridArchive<Int>(axes: axes(), dimensions: [3, 3], thresholds: rule)
    try property(81).check { entries in
      var archive = empty
      var model: [Int: (threshold: Double, solution: Int)] = [:]
      for entry in entries {
        let cell = try archive.cell(of: entry.measures)
        let threshold = model[cell]?.threshold ?? -1.5
        try same(archive.threshold(of: cell), threshold, "threshold")
        let outcome = archive.add(entry.solution, objective: entry.objective, measures: entry.measures)
        try archive.checkInvariants()
        try same(outcome.improvement, entry.objective - threshold, "improvement")
        if entry.objective > threshold {
          try same(outcome.status, model[cell] == nil ? .new : .improved, "status")
          model[cell] = (threshold * (1 - rate) + entry.objective * rate, entry.solution)
        } else {
          try same(outcome.rejection, .belowThreshold, "rejection")
        }
      }
      try same(archive.elites.map(\.cell), model.keys.sorted(), "cells")
      for elite in archive.elites { try same(elite.solution, model[elite.cell]?.solution, "solution") }
    }
  }

  @Test(arguments: [0, 0.3, 1]) func thresholdsLearnFromBatches(rate: Double) throws {
    let rule = try ThresholdRule(learningRate: rate, minimum: -1.5)
    let empty = try GridArchive<Int>(axes: axes(), dimensions: [2, 2], thresholds: rule)
    try property(82).check { entries in
      var archive = empty
      var model: [Int: (threshold: Double, solution: Int)] = [:]
      for start in stride(from: 0, to: entries.count, by: 13) {
        let batch = entries[start..<min(entries.count, start + 13)]
        try archive.add(
          solutions: batch.map(\.solution), objectives: batch.map(\.objective),
          measures: batch.flatMap(\.measures))
        try archive.checkInvariants()
        for (cell, group) in try Dictionary(grouping: batch, by: { try archive.cell(of: $0.measures) }) {
          let threshold = model[cell]?.threshold ?? -1.5
          let accepted = group.filter { $0.objective > threshold }
          guard let highest = accepted.map(\.objective).max() else { continue }
          let ratio = pow(1 - rate, Double(accepted.count))
          let mean = accepted.map(\.objective).reduce(0, +) / Double(accepted.count)
          model[cell] = (
            ratio * threshold + (1 - ratio) * mean,
            try #require(accepted.first { $0.objective == highest }).solution
          )
        }
        for (cell, expected) in model {
          try close(try #require(archive.threshold(of: cell)), expected.threshold, "threshold of \(cell)")
          try same(archive.elite(at: cell)?.solution, expected.solution, "solution of \(cell)")
        }
        try same(archive.count, model.count, "elites")
      }
    }
  }

  @Test func impossibleThresholdsAreRefused() throws {
    for (rate, minimum) in [(-0.1, 0.0), (1.1, 0), (.nan, 0), (0.5, -.infinity), (0.5, .nan)] {
      #expect(throws: ArchiveError.self) { try ThresholdRule(learningRate: rate, minimum: minimum) }
    }
    let archive = try GridArchive<Int>(axes: axes(), dimensions: [2, 2])
    #expect(archive.threshold(of: 0) == nil && archive.threshold(of: 9) == nil)
  }

  @Test(arguments: [1, 2, 4]) func deepCellsKeepTheBestFew(depth: Int) throws {
    let cells = try GridTessellation(axes: axes(), dimensions: [3, 2])
    try property(83).check { entries in
      var archive = try DeepArchive<GridTessellation, Int>(cells, depth: depth)
      var all: [Int: [(objective: Double, solution: Int, ordinal: Int)]] = [:]
      for (ordinal, entry) in entries.enumerated() {
        let cell = try archive.cell(of: entry.measures)
        let before = archive.elites(at: cell)
        let outcome = archive.add(entry.solution, objective: entry.objective, measures: entry.measures)
        try archive.checkInvariants()
        all[cell, default: []].append((entry.objective, entry.solution, ordinal))
        let best = all[cell, default: []].sorted { ($1.objective, $0.ordinal) < ($0.objective, $1.ordinal) }
          .prefix(depth)
        try same(archive.elites(at: cell).map(\.ordinal), best.map(\.ordinal), "elites of \(cell)")
        let entered = best.contains { $0.ordinal == ordinal }
        try same(
          outcome.status, !entered ? .rejected : before.count < depth ? .new : .improved, "status")
        try same(outcome.displaced, outcome.status == .improved ? before.last : nil, "displaced")
      }
      try same(archive.elites, archive.allElites.filter { archive.elite(at: $0.cell) == $0 }, "best of each")
    }
    #expect(throws: ArchiveError.self) { try DeepArchive<GridTessellation, Int>(cells, depth: 0) }
  }

  @Test func slidingBordersFollowTheQuantiles() throws {
    try property(84).check { entries in
      var archive = try SlidingBoundariesArchive<Int>(
        axes: axes(), dimensions: [3, 4], remapFrequency: 7, capacity: 20)
      var kept: [Int: ArchiveEntry<Int>] = [:]
      var borders: [[Double]] = [0, 1].map { axis in archive.tessellation.borders[axis] }
      func cell(_ measures: [Double]) -> Int {
        let reach = [measures[0] + 1e-6, measures[1] + 4e-6]
        let place = [0, 1].map { axis in
          max(0, borders[axis].dropLast().count { $0 < reach[axis] } - 1)
        }
        return place[0] * 4 + place[1]
      }
      func offer(_ entry: ArchiveEntry<Int>) {
        let cell = cell(entry.measures)
        if entry.objective > kept[cell]?.objective ?? -.infinity { kept[cell] = entry }
      }
      for (number, entry) in entries.enumerated() {
        let outcome = archive.add(entry.solution, objective: entry.objective, measures: entry.measures)
        try archive.checkInvariants()
        if (number + 1) % 7 == 0 {
          let recent = entries[max(0, number - 19)...number]
          for axis in 0..<2 {
            let values = recent.map { $0.measures[axis] }.sorted()
            borders[axis] =
              (0..<[3, 4][axis]).map { values[$0 * values.count / [3, 4][axis]] } + [values[values.count - 1]]
          }
          let former = kept.sorted { $0.key < $1.key }.map(\.value)
          kept = [:]
          for entry in former + recent.dropLast() { offer(entry) }
        }
        try same(archive.tessellation.borders, borders, "borders")
        try same(outcome.cell, cell(entry.measures), "cell")
        offer(entry)
        try same(archive.elites.map(\.cell), kept.keys.sorted(), "cells")
        for elite in archive.elites { try same(elite.solution, kept[elite.cell]?.solution, "elite") }
      }
    }
  }

  @Test func impossibleSlidingArchivesAreRefused() throws {
    for (frequency, capacity) in [(0, 5), (5, 0), (-1, 5), (5, .max)] {
      #expect(throws: ArchiveError.self) {
        try SlidingBoundariesArchive<Int>(
          axes: axes(), dimensions: [2, 2], remapFrequency: frequency, capacity: capacity)
      }
    }
    let categories = [try MeasureAxis(name: "kind", categories: ["a", "b"])]
    #expect(throws: ArchiveError.categoricalAxis("kind")) {
      try SlidingTessellation(axes: categories, dimensions: [2])
    }
    #expect(throws: ArchiveError.categoricalAxis("kind")) {
      try VoronoiTessellation(axes: categories, cells: 2, samples: 9, seed: 0)
    }
    #expect(throws: ArchiveError.axisCount(0)) {
      try MixedTessellation(axes: categories, cells: 2, samples: 9, seed: 0)
    }
    for borders in [
      [[0, 1]], [[0, 1], [1, 0]], [[0, 1], []], [[0, 1], [0, .infinity]], [[0, 1], [.nan, 1]],
    ] {
      #expect(throws: ArchiveError.self) { try SlidingTessellation(axes: axes(), borders: borders) }
    }
  }

  @Test func categoriesAreCellsOfTheirOwn() throws {
    let kinds = try MeasureAxis(name: "kind", categories: ["conv", "dense", "attention"])
    #expect(kinds.measure(of: "dense") == 1 && kinds.measure(of: "pool") == nil)
    #expect(kinds.category(of: 2) == "attention" && kinds.category(of: 0.5) == nil)
    for bad in [-1, 3, 0.5, .nan, .infinity] {
      #expect(kinds.category(of: bad) == nil && !kinds.contains(bad))
    }
    let grid = try GridTessellation(axes: [axes()[0], kinds], dimensions: [4, 3])
    #expect(try grid.cell(of: [0.3, 2]) == 5)
    #expect(throws: MeasureError.notACategory(axis: "kind")) { try grid.cell(of: [0.3, 1.5]) }
    #expect(throws: MeasureError.notFinite(axis: "kind")) { try grid.cell(of: [0.3, .nan]) }
    #expect(grid.cells(of: [0.3, 2, 0.3, 1.5, .nan, 1, 0.9, -1]) == [5, -1, -1, -1])
    #expect(grid.neighbours(of: 4) == [1, 3, 5, 7])
    #expect(grid.squaredDistance(3, 5) == 1 && grid.squaredDistance(3, 4) == 1)
    #expect(throws: ArchiveError.categoryDimension(axis: "kind", categories: 3, got: 2)) {
      try GridTessellation(axes: [kinds], dimensions: [2])
    }
    #expect(throws: MeasureAxisError.categoryCount(axis: "a", 0)) {
      try MeasureAxis(name: "a", categories: [])
    }
    #expect(throws: MeasureAxisError.repeatedCategory(axis: "a", "x")) {
      try MeasureAxis(name: "a", categories: ["x", "y", "x"])
    }
    #expect(throws: MeasureAxisError.emptyName) { try MeasureAxis(name: "", categories: ["x"]) }
    let text = try JSONEncoder().encode(kinds)
    #expect(try JSONDecoder().decode(MeasureAxis.self, from: text) == kinds)
  }

  @Test func mixedCellsAreThoseOfTheContinuousAxes() throws {
    let axes = try ArchiveKind.mixedCVT.axes
    let mixed = try MixedTessellation(axes: axes, cells: 9, samples: 100, seed: 5)
    let plain = try VoronoiTessellation(axes: [axes[0], axes[2]], cells: 9, samples: 100, seed: 5)
    var stream = RandomStream(seed: 85)
    for _ in 0..<200 {
      let measures = axes.map { $0.denormalized(stream.uniform()) }
      let within = try plain.cell(of: [measures[0], measures[2]])
      #expect(try mixed.cell(of: measures) == Int(measures[1]) * 9 + within)
    }
    #expect(mixed.neighbours(of: 4).filter { $0 >= 9 } == [13, 22])
  }
}
