import Foundation
import QualityDiversity
import RandomStreams

/// Times archives in the cases that `pyribs.py` times too: seconds of processor time for one addition.
///
/// Prints one object of JSON. Each figure is the least of several rounds, each round in an archive that is new.
@main struct ArchiveBenchmark {
  /// What is added: solutions of ten numbers, as in the benchmarks of pyribs.
  struct Additions {
    var solutions: [[Double]]
    var objectives: [Double]
    var measures: [Double]

    init(_ count: Int, axes: Int, categories: Int? = nil, seed: UInt64) {
      var stream = RandomStream(seed: seed).stream("additions")
      solutions = (0..<count).map { _ in (0..<10).map { _ in stream.normal() } }
      objectives = (0..<count).map { _ in stream.normal() }
      measures = (0..<count * axes).map { _ in
        categories.map { Double(stream.integer(below: $0)) } ?? stream.uniform(-1, 1)
      }
    }

    func batch(_ rows: Range<Int>) -> Additions {
      var batch = self
      let axes = measures.count / objectives.count
      batch.solutions = Array(solutions[rows])
      batch.objectives = Array(objectives[rows])
      batch.measures = Array(measures[rows.lowerBound * axes..<rows.upperBound * axes])
      return batch
    }

    func batches(of size: Int) -> [Additions] {
      stride(from: 0, to: objectives.count, by: size).map { batch($0..<min(objectives.count, $0 + size)) }
    }
  }

  static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The least time of several rounds, each set up first and divided by what it repeats.
  static func least<State>(
    _ rounds: Int, per repetitions: Int, setUp: () throws -> State, run: (inout State) throws -> Void
  ) rethrows -> Double {
    var least = Double.infinity
    for _ in 0..<rounds {
      var state = try setUp()
      let start = processorSeconds()
      try run(&state)
      least = min(least, processorSeconds() - start)
      // What takes the state apart is not timed.
      withExtendedLifetime(state) {}
    }
    return least / Double(repetitions)
  }

  static func batched<Kept: Archive<[Double]>>(
    _ additions: Additions, size: Int, rounds: Int, setUp: () throws -> Kept
  ) throws -> Double {
    let batches = additions.batches(of: size)
    return try least(rounds, per: additions.objectives.count, setUp: setUp) { archive in
      for batch in batches {
        try archive.add(
          solutions: batch.solutions, objectives: batch.objectives, measures: batch.measures)
      }
    }
  }

  static func main() throws {
    let two = try ["x", "y"].map { try MeasureAxis(name: $0, lower: -1, upper: 1) }
    // Once a large block was freed, the C library gives freed memory back to the system less eagerly; in pyribs'
    // process such blocks are freed while it makes its data.
    guard Additions(100_000, axes: 2, seed: 7).objectives.count == 100_000 else { return }
    let tenThousand = Additions(10_000, axes: 2, seed: 1)
    var figures: [String: Double] = [:]
    // As in pyribs' cases each round has an archive of its own, which is made and filled before.
    let grid = { try GridArchive<[Double]>(axes: two, dimensions: [64, 64]) }
    let filledGrid = {
      var archive = try grid()
      try archive.add(
        solutions: tenThousand.solutions, objectives: tenThousand.objectives, measures: tenThousand.measures)
      return archive
    }
    figures["grid 64×64, batches of 10,000"] = try batched(
      tenThousand, size: 10_000, rounds: 300, setUp: grid)
    figures["grid 64×64, batches of 36"] = try batched(tenThousand, size: 36, rounds: 100, setUp: grid)
    figures["grid 64×64, filled, batches of 10,000"] = try batched(
      Additions(10_000, axes: 2, seed: 6), size: 10_000, rounds: 300, setUp: filledGrid)
    let rows = (0..<10_000).map { Array(tenThousand.measures[2 * $0..<2 * $0 + 2]) }
    figures["grid 64×64, single"] = try least(50, per: 10_000, setUp: grid) { archive in
      for row in rows.indices {
        archive.add(
          tenThousand.solutions[row], objective: tenThousand.objectives[row], measures: rows[row])
      }
    }
    let rule = try ThresholdRule(learningRate: 0.01, minimum: -1)
    figures["grid 64×64, thresholds, batches of 10,000"] = try batched(
      tenThousand, size: 10_000, rounds: 100,
      setUp: { try GridArchive<[Double]>(axes: two, dimensions: [64, 64], thresholds: rule) })
    let kinds = try ["x", "y"].map { name in
      try MeasureAxis(name: name, categories: (0..<64).map { "c\($0)" })
    }
    figures["categories 64×64, batches of 10,000"] = try batched(
      Additions(10_000, axes: 2, categories: 64, seed: 2), size: 10_000, rounds: 100,
      setUp: { try GridArchive<[Double]>(axes: kinds, dimensions: [64, 64]) })
    let cvt = try CVTArchive<[Double]>(axes: two, cells: 1000, samples: 20_000, seed: 3)
    figures["CVT 1,000, batches of 10,000"] = try batched(
      tenThousand, size: 10_000, rounds: 50, setUp: { cvt })
    figures["CVT 1,000 of 100,000 samples, construction"] = try least(2, per: 1, setUp: { 0 }) { count in
      count += try VoronoiTessellation(axes: two, cells: 1000, samples: 100_000, seed: 4).cellCount
    }
    figures["sliding 10×20, batches of 10,000"] = try batched(
      tenThousand, size: 10_000, rounds: 5,
      setUp: { try SlidingBoundariesArchive<[Double]>(axes: two, dimensions: [10, 20]) })
    figures["proximity of 15, batches of 100"] = try batched(
      tenThousand, size: 100, rounds: 5,
      setUp: { try ProximityArchive<[Double]>(axes: two, neighbourCount: 15, noveltyThreshold: 0.01) })
    figures["dominated novelty of 15, 1,000 kept, batches of 100"] = try batched(
      tenThousand, size: 100, rounds: 2,
      setUp: { try DominatedNoveltyArchive<[Double]>(axes: two, capacity: 1000, neighbourCount: 15) })
    let filled = try filledGrid()
    let stream = RandomStream(seed: 5)
    var drawn = 0
    figures["64 elites drawn"] = least(50, per: 1000, setUp: { stream }) { stream in
      for _ in 0..<1000 { drawn += filled.sample(64, using: &stream).count }
    }
    guard drawn == 50 * 1000 * 64 else { throw CocoaError(.coderInvalidValue) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    print(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }
}
