#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Ranks of several networks by several proxies, and what they come to together.
public enum RankEnsemble {
  /// The rank of each score, 1 for the least promising; equal ones share the mean of their ranks, and those that
  /// failed, nil or NaN, share the lowest.
  public static func ranks(of scores: [Double?], direction: ScoreDirection) -> [Double] {
    func key(_ score: Double?) -> Double {
      guard let score, !score.isNaN else { return -.infinity }
      return direction == .higherIsBetter ? score : -score
    }
    let keys = scores.map(key)
    let order = keys.indices.sorted { keys[$0] < keys[$1] }
    var ranks = [Double](repeating: 0, count: keys.count)
    var first = 0
    while first < order.count {
      var end = first + 1
      while end < order.count, keys[order[end]] == keys[order[first]] { end += 1 }
      for place in first..<end { ranks[order[place]] = Double(first + 1 + end) / 2 }
      first = end
    }
    return ranks
  }

  /// The sum of each network's ranks by several proxies; higher is better.
  ///
  /// - Parameter columns: by proxy, one score for each network.
  public static func rankSums(_ columns: [(proxy: Proxy, scores: [Double?])]) -> [Double] {
    combined(columns) { ranks, _ in ranks.reduce(0, +) }
  }

  /// Σ log(rank / networks), by which AZ-NAS joins its proxies (Lee & Ham, arXiv:2403.19232); higher is better.
  ///
  /// A network that is bad by one proxy falls further back than by a sum of ranks.
  public static func logarithmicRanks(_ columns: [(proxy: Proxy, scores: [Double?])]) -> [Double] {
    combined(columns) { ranks, count in ranks.reduce(0) { $0 + log($1 / count) } }
  }

  private static func combined(
    _ columns: [(proxy: Proxy, scores: [Double?])], _ join: ([Double], Double) -> Double
  ) -> [Double] {
    let ranks = columns.map { Self.ranks(of: $0.scores, direction: $0.proxy.direction) }
    let count = columns.map(\.scores.count).min() ?? 0
    return (0..<count).map { network in join(ranks.map { $0[network] }, Double(count)) }
  }
}
