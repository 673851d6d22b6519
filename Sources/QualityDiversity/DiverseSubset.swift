#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Rules by which few of many solutions are chosen so that they are unlike each other.
public enum DiverseSubset: String, Sendable, Hashable, Codable, CaseIterable {
  /// Each next one is the farthest from those chosen (Gonzalez 1985), which is at most half as good as the best choice.
  case maxMin = "max-min"
  /// Each next one adds the most volume, which weighs quality with unlikeness: a determinantal point process's most
  /// likely set, greedily (Chen, Zhang & Zhou 2018, "Fast Greedy MAP Inference for Determinantal Point Process").
  case determinantal = "dpp"

  /// The places of up to `count` solutions in the order in which they were chosen, the best one first.
  ///
  /// Of equals the earlier one is taken. Solutions that add nothing (distance 0 from a chosen one) are left out.
  ///
  /// - Parameters:
  ///   - qualities: one for each solution.
  ///   - distance: how unlike the solutions at two places are; symmetric and not negative.
  /// - Complexity: O(count × solutions) distances.
  public func select(
    _ count: Int, qualities: [Double], distance: (Int, Int) -> Double
  ) -> [Int] {
    switch self {
    case .maxMin: Self.maxMin(count, qualities, distance)
    case .determinantal: Self.determinantal(count, qualities, distance)
    }
  }

  private static func maxMin(
    _ count: Int, _ qualities: [Double], _ distance: (Int, Int) -> Double
  ) -> [Int] {
    var chosen: [Int] = []
    var nearest = [Double](repeating: .infinity, count: qualities.count)
    while chosen.count < min(count, qualities.count) {
      guard let next = chosen.isEmpty ? first(qualities) : first(nearest), nearest[next] > 0 else { break }
      chosen.append(next)
      for place in nearest.indices { nearest[place] = min(nearest[place], distance(place, next)) }
      nearest[next] = 0
    }
    return chosen
  }

  /// L = q q' exp(−(d/s)²) with the mean distance as s, and qualities between ½ and 1 so that none weighs nothing.
  private static func determinantal(
    _ count: Int, _ qualities: [Double], _ distance: (Int, Int) -> Double
  ) -> [Int] {
    let (least, most) = (qualities.min() ?? 0, qualities.max() ?? 0)
    let weights = qualities.map { most > least ? 0.5 + 0.5 * ($0 - least) / (most - least) : 1 }
    let scale = meanDistance(qualities.count, distance)
    guard scale > 0 else { return first(qualities).map { [$0] } ?? [] }
    func kernel(_ a: Int, _ b: Int) -> Double {
      let ratio = a == b ? 0 : distance(a, b) / scale
      return weights[a] * weights[b] * exp(-ratio * ratio)
    }
    var gains = weights.map { $0 * $0 }
    /// By solution, its row of the incremental Cholesky factor.
    var rows = [[Double]](repeating: [], count: qualities.count)
    var chosen: [Int] = []
    while chosen.count < min(count, qualities.count) {
      guard let next = first(gains), gains[next] > 1e-9 else { break }
      let root = gains[next].squareRoot()
      for place in gains.indices where !chosen.contains(place) && place != next {
        let product = zip(rows[next], rows[place]).reduce(0) { $0 + $1.0 * $1.1 }
        let entry = (kernel(next, place) - product) / root
        rows[place].append(entry)
        gains[place] -= entry * entry
      }
      gains[next] = -.infinity
      chosen.append(next)
    }
    return chosen
  }

  private static func meanDistance(_ count: Int, _ distance: (Int, Int) -> Double) -> Double {
    guard count > 1 else { return 0 }
    var sum = 0.0
    for a in 0..<count { for b in 0..<a { sum += distance(a, b) } }
    return sum / Double(count * (count - 1) / 2)
  }

  /// The place of the greatest number, of equals the first.
  private static func first(_ numbers: [Double]) -> Int? {
    numbers.indices.max { (numbers[$0], $1) < (numbers[$1], $0) }
  }
}
