public import RandomStreams

/// What a test of two samples found.
public struct SignificanceTest: Sendable, Hashable, Codable {
  /// How the probability was found.
  public enum Method: String, Sendable, Hashable, Codable {
    /// Wilcoxon's signed ranks over all ways to give the differences signs.
    case wilcoxonExact = "wilcoxon-exact"
    /// The same, with signs drawn at random.
    case wilcoxonPermutation = "wilcoxon-permutation"
    /// Mann & Whitney's U over all ways to deal the values out.
    case mannWhitneyExact = "mann-whitney-exact"
    /// The same, with values dealt out at random.
    case mannWhitneyPermutation = "mann-whitney-permutation"
  }

  /// How the probability was found.
  public let method: Method
  /// The sum of the positive differences' ranks (Wilcoxon), or U of the first sample (Mann & Whitney).
  public let statistic: Double
  /// The probability, two-sided, of a statistic at least as extreme if nothing but chance made the difference.
  public let p: Double
  /// The least probability that samples of these sizes can give.
  public let leastP: Double
  /// How often a value of the first sample exceeds one of the second, ties counted half: of matching pairs where paired,
  /// of all pairs otherwise (Vargha & Delaney's A).
  public let superiority: Double
  /// The sizes of the samples; one where they are paired.
  public let sizes: [Int]
}

/// Tests that need nothing of the distributions but order; exact where the samples are small, ties included.
public enum RankTests {
  /// So many values at most are tested exactly: pairs, or of both samples together.
  public static let exactLimit = 60
  private static let permutations = 20_000

  /// Wilcoxon's signed-rank test of paired values; nil where there are no pairs or the samples are not paired.
  ///
  /// Pairs without a difference are left out of the ranks, as Wilcoxon did.
  public static func wilcoxon(
    _ first: [Double], _ second: [Double], stream: RandomStream
  ) -> SignificanceTest? {
    guard !first.isEmpty, first.count == second.count else { return nil }
    let pairs = zip(first, second).map { $0 - $1 }
    let differences = pairs.filter { $0 != 0 }
    // Ranks of ties are halves, so twice the ranks are whole.
    let ranks = SampleFigures.ranks(differences.map(abs)).map { Int(($0 * 2).rounded()) }
    let total = ranks.reduce(0, +)
    let positive = zip(ranks, differences).reduce(0) { $0 + ($1.1 > 0 ? $1.0 : 0) }
    let isExact = differences.count <= exactLimit
    let p = isExact ? signedRankP(ranks, positive) : signedRankP(ranks, positive, stream)
    return SignificanceTest(
      method: isExact ? .wilcoxonExact : .wilcoxonPermutation, statistic: Double(positive) / 2, p: p,
      leastP: min(1, 2 / Double(sign: .plus, exponent: min(1000, pairs.count), significand: 1)),
      superiority: superiority(pairs), sizes: [pairs.count])

    func signedRankP(_ ranks: [Int], _ observed: Int) -> Double {
      var shares = [Double](repeating: 0, count: total + 1)
      shares[0] = 1
      for rank in ranks {
        for sum in stride(from: total, through: 0, by: -1) {
          shares[sum] = 0.5 * (shares[sum] + (sum >= rank ? shares[sum - rank] : 0))
        }
      }
      return twoSided(
        atMost: shares[...observed].reduce(0, +), atLeast: shares[observed...].reduce(0, +))
    }

    func signedRankP(_ ranks: [Int], _ observed: Int, _ stream: RandomStream) -> Double {
      var stream = stream
      return sampled(observed) { ranks.reduce(0) { $0 + (stream.bernoulli(0.5) ? $1 : 0) } }
    }
  }

  /// Mann & Whitney's test of independent samples; nil where one is empty.
  public static func mannWhitney(
    _ first: [Double], _ second: [Double], stream: RandomStream
  ) -> SignificanceTest? {
    guard !first.isEmpty, !second.isEmpty else { return nil }
    let ranks = SampleFigures.ranks(first + second).map { Int(($0 * 2).rounded()) }
    let sum = ranks[..<first.count].reduce(0, +)
    let count = first.count + second.count
    let isExact = count <= exactLimit
    let p: Double
    if isExact {
      // The smaller sample is dealt out; the sums of both add up to that of all, so the tails only change places.
      let isFirst = first.count <= second.count
      let observed = isFirst ? sum : ranks.reduce(0, +) - sum
      let shares = rankSums(ranks, chosen: min(first.count, second.count))
      p = twoSided(atMost: shares[...observed].reduce(0, +), atLeast: shares[observed...].reduce(0, +))
    } else {
      var (stream, deck) = (stream, ranks)
      p = sampled(sum) {
        for index in first.indices { deck.swapAt(index, index + stream.integer(below: count - index)) }
        return deck[..<first.count].reduce(0, +)
      }
    }
    let least = (1...min(first.count, second.count)).reduce(2.0) { share, index in
      share * Double(index) / Double(count - index + 1)
    }
    let statistic = Double(sum) / 2 - Double(first.count * (first.count + 1)) / 2
    return SignificanceTest(
      method: isExact ? .mannWhitneyExact : .mannWhitneyPermutation, statistic: statistic, p: p,
      leastP: min(1, least), superiority: statistic / (Double(first.count) * Double(second.count)),
      sizes: [first.count, second.count])
  }

  /// Holm's step-down correction for several tests: the probabilities, each as it is to be held against the level.
  ///
  /// Holm 1979, "A simple sequentially rejective multiple test procedure".
  public static func holm(_ probabilities: [Double]) -> [Double] {
    var corrected = probabilities
    var greatest = 0.0
    for (place, index) in probabilities.indices.sorted(by: { probabilities[$0] < probabilities[$1] })
      .enumerated()
    {
      greatest = max(greatest, min(1, probabilities[index] * Double(probabilities.count - place)))
      corrected[index] = greatest
    }
    return corrected
  }

  /// The probability of each sum of that many of the ranks, all choices being equally likely.
  private static func rankSums(_ ranks: [Int], chosen: Int) -> [Double] {
    let total = ranks.reduce(0, +)
    // shares[k][s]: the probability that k of the ranks so far were chosen, and their sum is s.
    var shares = [[Double]](repeating: [Double](repeating: 0, count: total + 1), count: chosen + 1)
    shares[0][0] = 1
    for (seen, rank) in ranks.enumerated() {
      let left = Double(ranks.count - seen)
      for taken in stride(from: min(seen, chosen), through: 0, by: -1) {
        let taking = Double(chosen - taken) / left
        for sum in shares[taken].indices where shares[taken][sum] > 0 {
          let share = shares[taken][sum]
          if taking > 0 { shares[taken + 1][sum + rank] += share * taking }
          shares[taken][sum] = share * (1 - taking)
        }
      }
    }
    return shares[chosen]
  }

  private static func twoSided(atMost: Double, atLeast: Double) -> Double { min(1, 2 * min(atMost, atLeast)) }

  /// The probability from random draws; what was observed counts as one of them (Davison & Hinkley 1997).
  private static func sampled(_ observed: Int, _ draw: () -> Int) -> Double {
    var (below, above) = (1, 1)
    for _ in 0..<permutations {
      let value = draw()
      if value <= observed { below += 1 }
      if value >= observed { above += 1 }
    }
    return min(1, 2 * Double(min(below, above)) / Double(permutations + 1))
  }

  private static func superiority(_ differences: [Double]) -> Double {
    let points = differences.reduce(0.0) { $0 + ($1 > 0 ? 1 : $1 == 0 ? 0.5 : 0) }
    return points / Double(differences.count)
  }
}
