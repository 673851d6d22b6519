import RandomStreams
import Testing

@testable import QualityDiversity

/// Expected figures without another source are scipy 1.17's, with all resamples or permutations where it says exact.
@Suite("Statistics of samples")
struct SampleStatisticsTests {
  private let stream = RandomStream(seed: 5)

  @Test("Quantiles of Student's and the normal distribution")
  func distributions() {
    func near(_ value: Double, _ expected: Double) -> Bool {
      abs(value - expected) <= 1e-10 * max(1, abs(expected))
    }
    #expect(near(StudentDistribution.cumulative(1.3, freedom: 2.5), 0.8497566053646458))
    #expect(near(StudentDistribution.cumulative(-0.4, freedom: 7), 0.3505408335852025))
    #expect(near(StudentDistribution.quantile(0.975, freedom: 1), 12.706204736174694))
    #expect(near(StudentDistribution.quantile(0.975, freedom: 4), 2.7764451051977934))
    #expect(near(StudentDistribution.quantile(0.975, freedom: 30.5), 2.04086944518632))
    #expect(near(StudentDistribution.quantile(0.6, freedom: 3), 0.2766706623326898))
    let shares: [(Double, Double)] = [
      (1e-10, -6.361340902404056), (0.001, -3.090232306167813), (0.02, -2.053748910631823),
      (0.3, -0.5244005127080409), (0.5, 0), (0.975, 1.959963984540054), (0.9999, 3.719016485455709),
    ]
    for (share, value) in shares {
      #expect(near(NormalDistribution.quantile(share), value), "\(share)")
      #expect(near(NormalDistribution.cumulative(value), share), "\(share)")
    }
    #expect(near(NormalDistribution.cumulative(-3.2), 0.0006871379379158471))
    #expect(NormalDistribution.quantile(0) == -.infinity && NormalDistribution.quantile(1) == .infinity)
    #expect(NormalDistribution.quantile(1.5).isNaN && StudentDistribution.cumulative(1, freedom: 0).isNaN)
  }

  @Test("Ranks share those of ties; quantiles are interpolated as numpy's")
  func figures() {
    #expect(SampleFigures.ranks([3, 1, 3, 2, 3]) == [4, 1, 4, 2, 4])
    #expect(SampleFigures.ranks([]).isEmpty)
    #expect(SampleFigures.quantile(ofSorted: [1, 2, 4, 8], 0.5) == 3)
    #expect(SampleFigures.quantile(ofSorted: [1, 2, 4, 8], 0.25) == 1.75)
    #expect(SampleFigures.quantile(ofSorted: [1, 2, 4, 8], 1) == 8)
    #expect(SampleFigures.quantile(ofSorted: [], 0.5) == nil)
    #expect(SampleFigures.variance([1, 2, 3, 4]) == 5.0 / 3 && SampleFigures.variance([1]) == nil)
    #expect(SampleFigures.mean([]) == nil)
  }

  @Test("Wilcoxon's test as scipy computes it")
  func wilcoxon() throws {
    let first = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    let second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    let plain = try #require(RankTests.wilcoxon(first, second, stream: stream))
    #expect(plain.method == .wilcoxonExact && plain.statistic == 40 && abs(plain.p - 0.0390625) < 1e-12)
    #expect(plain.sizes == [9] && plain.leastP == 2.0 / 512 && abs(plain.superiority - 7.0 / 9) < 1e-12)
    let tied = try #require(
      RankTests.wilcoxon([3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8], stream: stream))
    #expect(abs(tied.p - 0.9296875) < 1e-12)
    let same = try #require(RankTests.wilcoxon([1, 2], [1, 2], stream: stream))
    #expect(same.p == 1 && same.superiority == 0.5)
    #expect(RankTests.wilcoxon([], [], stream: stream) == nil)
    #expect(RankTests.wilcoxon([1], [1, 2], stream: stream) == nil)
  }

  @Test("Mann and Whitney's test as scipy computes it")
  func mannWhitney() throws {
    let first = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    let second = [1.15, 0.88, 0.90, 0.74, 1.21]
    let plain = try #require(RankTests.mannWhitney(first, second, stream: stream))
    #expect(plain.method == .mannWhitneyExact && plain.statistic == 35)
    #expect(abs(plain.p - 0.2544122544122544) < 1e-12 && plain.superiority == 0.7)
    #expect(abs(plain.leastP - 2.0 / 3003) < 1e-15 && plain.sizes == [10, 5])
    let tied = try #require(RankTests.mannWhitney([1, 2, 2, 3, 5, 5], [2, 3, 5, 6, 6], stream: stream))
    #expect(tied.statistic == 7.5 && abs(tied.p - 0.24242424242424243) < 1e-12)
    #expect(RankTests.mannWhitney([], [1], stream: stream) == nil)
  }

  @Test("Exact probabilities are those of counting all cases, ties included")
  func bruteForce() throws {
    var stream = RandomStream(seed: 9)
    for _ in 0..<60 {
      let sizes = (1 + stream.integer(below: 5), 1 + stream.integer(below: 5))
      let first = (0..<sizes.0).map { _ in Double(stream.integer(below: 6)) }
      let second = (0..<sizes.1).map { _ in Double(stream.integer(below: 6)) }
      let test = try #require(RankTests.mannWhitney(first, second, stream: stream))
      #expect(abs(test.p - Self.mannWhitneyByCounting(first, second)) < 1e-12, "\(first) \(second)")
      let mirrored = try #require(RankTests.mannWhitney(second, first, stream: stream))
      #expect(abs(mirrored.p - test.p) < 1e-12 && abs(mirrored.superiority + test.superiority - 1) < 1e-12)

      let other = first.map { _ in Double(stream.integer(below: 6)) }
      let paired = try #require(RankTests.wilcoxon(first, other, stream: stream))
      #expect(abs(paired.p - Self.wilcoxonByCounting(first, other)) < 1e-12, "\(first) \(other)")
    }
  }

  private static func mannWhitneyByCounting(_ first: [Double], _ second: [Double]) -> Double {
    let all = first + second
    func u(_ left: [Double], _ right: [Double]) -> Double {
      left.reduce(0.0) { sum, x in right.reduce(sum) { $0 + ($1 < x ? 1 : $1 == x ? 0.5 : 0) } }
    }
    let observed = u(first, second)
    var (below, above, count) = (0, 0, 0)
    for mask in 0..<(1 << all.count) where mask.nonzeroBitCount == first.count {
      let chosen = all.indices.filter { mask >> $0 & 1 == 1 }.map { all[$0] }
      let value = u(chosen, all.indices.filter { mask >> $0 & 1 == 0 }.map { all[$0] })
      (count, below, above) = (
        count + 1, below + (value <= observed ? 1 : 0), above + (value >= observed ? 1 : 0)
      )
    }
    return min(1, 2 * Double(min(below, above)) / Double(count))
  }

  private static func wilcoxonByCounting(_ first: [Double], _ second: [Double]) -> Double {
    let differences = zip(first, second).map { $0 - $1 }.filter { $0 != 0 }
    let sizes = differences.map(abs)
    let ranks = sizes.map { size in
      Double(sizes.count { $0 < size }) + Double(sizes.count { $0 == size } + 1) / 2
    }
    let observed = zip(ranks, differences).reduce(0) { $0 + ($1.1 > 0 ? $1.0 : 0) }
    var (below, above) = (0, 0)
    for mask in 0..<(1 << ranks.count) {
      let value = ranks.indices.reduce(0.0) { $0 + (mask >> $1 & 1 == 1 ? ranks[$1] : 0) }
      (below, above) = (below + (value <= observed ? 1 : 0), above + (value >= observed ? 1 : 0))
    }
    return min(1, 2 * Double(min(below, above)) / Double(1 << ranks.count))
  }

  @Test("Large samples are tested with drawn permutations, which agree with the exact tests")
  func permutations() throws {
    var stream = RandomStream(seed: 3)
    let first = (0..<70).map { _ in stream.normal() + 0.35 }
    let second = (0..<70).map { _ in stream.normal() }
    let large = try #require(RankTests.mannWhitney(first, second, stream: stream))
    // The normal approximation, which is good for samples of this size.
    let deviation = (70.0 * 70 * 141 / 12).squareRoot()
    let expected = 2 * NormalDistribution.cumulative(-abs(large.statistic - 2450) / deviation)
    #expect(large.method == .mannWhitneyPermutation && abs(large.p - expected) < 0.01)
    let paired = try #require(RankTests.wilcoxon(first, second, stream: stream))
    let spread = (70.0 * 71 * 141 / 24).squareRoot()
    let likely = 2 * NormalDistribution.cumulative(-abs(paired.statistic - 70.0 * 71 / 4) / spread)
    #expect(paired.method == .wilcoxonPermutation && abs(paired.p - likely) < 0.01)
  }

  @Test("Bootstrap intervals as scipy draws them")
  func bootstrap() throws {
    let first = [10.2, 11.5, 9.7, 12.9, 10.1, 10.8]
    let second = [9.1, 9.9, 10.4, 8.7, 9.0]
    let bootstrap = Bootstrap(resamples: 40_000)
    let mean = try #require(bootstrap.interval(of: first, using: stream))
    #expect(abs(mean.lower - 10.2) < 0.02 && abs(mean.upper - 11.983) < 0.03, "\(mean)")
    let streams = (first: stream.stream("one"), second: stream.stream("two"))
    let difference = try #require(bootstrap.difference(first, second, using: streams))
    #expect(abs(difference.lower - 0.55) < 0.03 && abs(difference.upper - 2.617) < 0.03, "\(difference)")
    let mirrored = try #require(
      bootstrap.difference(second, first, using: (first: streams.second, second: streams.first)))
    #expect(abs(mirrored.negated.lower - difference.lower) < 1e-9)
    #expect(abs(mirrored.negated.upper - difference.upper) < 1e-9)
  }

  @Test("Bootstrap intervals of little: none of one value, a point of equal ones, a repeatable one of two")
  func smallBootstrap() throws {
    let bootstrap = Bootstrap(resamples: 500)
    #expect(
      bootstrap.interval(of: [1], using: stream) == nil && bootstrap.means(of: [], using: stream).isEmpty)
    #expect(
      bootstrap.interval(of: [0.1, 0.1, 0.1], using: stream).map { $0.upper - $0.lower } == 0)
    let two = try #require(bootstrap.interval(of: [1, 2], using: stream))
    #expect(two.lower == 1 && two.upper == 2)
    #expect(bootstrap.interval(of: [1, 2], using: stream) == two)
    #expect(bootstrap.difference([1], [1, 2], using: (first: stream, second: stream)) == nil)
  }

  @Test("A bootstrap interval of 95 % holds the mean about that often")
  func bootstrapCoverage() throws {
    var stream = RandomStream(seed: 11)
    var hits = 0
    for _ in 0..<300 {
      let sample = (0..<20).map { _ in stream.normal() }
      let interval = try #require(
        Bootstrap(resamples: 400).interval(of: sample, using: stream.stream("resample")))
      if interval.lower <= 0, interval.upper >= 0 { hits += 1 }
    }
    #expect((260...296).contains(hits), "\(hits)")
  }

  @Test("Holm's correction, worked out by hand")
  func holm() {
    let corrected = RankTests.holm([0.01, 0.04, 0.03, 0.005, 0.8])
    for (value, expected) in zip(corrected, [0.04, 0.09, 0.09, 0.025, 0.8]) {
      #expect(abs(value - expected) < 1e-12)
    }
    #expect(RankTests.holm([]).isEmpty && RankTests.holm([0.9, 0.8]) == [1, 1])
  }

  @Test("Two shares differ where the z test says so")
  func proportions() {
    // z = 2.10 of 1,000 images each, 1.29 and 2.24 of 1,000 and 3,000.
    #expect(TwoProportions.differ(0.9, of: 1000, 0.87, of: 1000))
    #expect(!TwoProportions.differ(0.9, of: 1000, 0.882, of: 1000))
    #expect(TwoProportions.differ(0.9, of: 3000, 0.882, of: 3000))
    #expect(!TwoProportions.differ(0.9, of: 3000, 0.882, of: 3000, confidence: 0.99))
    #expect(TwoProportions.differ(1, of: 10, 0, of: 10) && !TwoProportions.differ(1, of: 10, 1, of: 10))
    #expect(!TwoProportions.differ(0.9, of: 0, 0.1, of: 10))
  }
}
