import QualityDiversity
import RandomStreams
import Testing

@Suite struct DiverseSubsetTests {
  private struct Points {
    var places: [[Double]]
    var qualities: [Double]

    init(_ count: Int, seed: UInt64) {
      var stream = RandomStream(seed: seed)
      places = (0..<count).map { _ in [stream.uniform(), stream.uniform()] }
      qualities = (0..<count).map { _ in stream.uniform() }
    }

    func distance(_ a: Int, _ b: Int) -> Double {
      zip(places[a], places[b]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }

    func leastDistance(_ chosen: [Int]) -> Double {
      var least = Double.infinity
      for (index, a) in chosen.enumerated() {
        for b in chosen[..<index] { least = min(least, distance(a, b)) }
      }
      return least
    }
  }

  @Test(arguments: DiverseSubset.allCases)
  func choosesDifferentOnesAndTheBestFirst(rule: DiverseSubset) {
    for seed in 0..<20 {
      let points = Points(30, seed: UInt64(seed))
      let chosen = rule.select(7, qualities: points.qualities, distance: points.distance)
      #expect(chosen.count == 7 && Set(chosen).count == 7)
      #expect(points.qualities[chosen[0]] == points.qualities.max())
      // More is a continuation of less.
      #expect(
        Array(rule.select(9, qualities: points.qualities, distance: points.distance).prefix(7)) == chosen)
      #expect(rule.select(99, qualities: points.qualities, distance: points.distance).count <= 30)
      #expect(rule.select(0, qualities: points.qualities, distance: points.distance).isEmpty)
    }
  }

  /// Gonzalez' bound: at least half of the best choice that holds the same first one.
  @Test func maxMinIsHalfAsGoodAsTheBest() {
    for seed in 0..<10 {
      let points = Points(9, seed: UInt64(seed))
      let chosen = DiverseSubset.maxMin.select(4, qualities: points.qualities, distance: points.distance)
      var best = 0.0
      for mask in 0..<1 << 9 where mask.nonzeroBitCount == 4 && mask >> chosen[0] & 1 == 1 {
        best = max(best, points.leastDistance((0..<9).filter { mask >> $0 & 1 == 1 }))
      }
      #expect(points.leastDistance(chosen) >= best / 2)
    }
  }

  /// Greedy choice by the gain in log-determinant, worked out anew at each step.
  @Test func determinantalIsGreedyInTheDeterminant() {
    for seed in 0..<10 {
      let points = Points(12, seed: UInt64(seed))
      var sum = 0.0
      for a in 0..<12 { for b in 0..<a { sum += points.distance(a, b) } }
      let (scale, low, high) = (sum / 66, points.qualities.min() ?? 0, points.qualities.max() ?? 1)
      func weight(_ a: Int) -> Double { 0.5 + 0.5 * (points.qualities[a] - low) / (high - low) }
      func kernel(_ a: Int, _ b: Int) -> Double {
        let ratio = points.distance(a, b) / scale
        return weight(a) * weight(b) * exponential(-ratio * ratio)
      }
      var expected: [Int] = []
      for _ in 0..<5 {
        let rest = (0..<12).filter { !expected.contains($0) }
        let next = rest.max {
          determinant(expected + [$0], kernel) < determinant(expected + [$1], kernel)
        }
        expected.append(next ?? 0)
      }
      let chosen = DiverseSubset.determinantal.select(
        5, qualities: points.qualities, distance: points.distance)
      #expect(chosen == expected)
    }
  }

  @Test(arguments: DiverseSubset.allCases)
  func equalOnesAddNothing(rule: DiverseSubset) {
    #expect(rule.select(3, qualities: [1, 2, 2], distance: { _, _ in 0 }) == [1])
    #expect(rule.select(3, qualities: [], distance: { _, _ in 0 }).isEmpty)
    #expect(rule.select(3, qualities: [5], distance: { _, _ in 0 }) == [0])
  }

  private func exponential(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    for n in 1..<80 {
      term *= x / Double(n)
      sum += term
    }
    return sum
  }

  private func determinant(_ chosen: [Int], _ kernel: (Int, Int) -> Double) -> Double {
    var rows = chosen.map { a in chosen.map { kernel(a, $0) } }
    var result = 1.0
    for column in rows.indices {
      result *= rows[column][column]
      for row in rows.indices where row > column {
        let factor = rows[row][column] / rows[column][column]
        for place in rows.indices { rows[row][place] -= factor * rows[column][place] }
      }
    }
    return result
  }
}
