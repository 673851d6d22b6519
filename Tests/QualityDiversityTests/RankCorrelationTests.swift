import QualityDiversity
import RandomStreams
import Testing

@Suite struct RankCorrelationTests {
  /// Kendall's τ-b by looking at all pairs.
  private func allPairs(_ first: [Double], _ second: [Double]) -> Double? {
    var (sum, left, right) = (0, 0, 0)
    for i in first.indices {
      for j in 0..<i {
        let a = first[i] < first[j] ? -1 : first[i] > first[j] ? 1 : 0
        let b = second[i] < second[j] ? -1 : second[i] > second[j] ? 1 : 0
        (sum, left, right) = (sum + a * b, left + a * a, right + b * b)
      }
    }
    return left > 0 && right > 0 ? Double(sum) / (Double(left) * Double(right)).squareRoot() : nil
  }

  @Test func kendallIsWhatAllPairsSay() throws {
    var stream = RandomStream(seed: 1)
    for count in [2, 3, 5, 16, 61] {
      for levels in [2, 4, 1000] {
        let first = (0..<count).map { _ in Double(stream.integer(below: levels)) }
        let second = (0..<count).map { Double(stream.integer(below: levels)) + first[$0] / 2 }
        let (fast, slow) = (RankCorrelation.kendall(first, second), allPairs(first, second))
        #expect((fast == nil) == (slow == nil))
        if let fast, let slow { #expect(abs(fast - slow) < 1e-12) }
      }
    }
  }

  /// scipy.stats.spearmanr and kendalltau of these lists.
  @Test func figuresAreScipys() throws {
    let first = [1.0, 2, 2, 3, 5, 8, 8, 9]
    let second = [2.0, 1, 4, 3, 5, 5, 9, 7]
    let (rho, tau) = (RankCorrelation.spearman(first, second), RankCorrelation.kendall(first, second))
    #expect(abs(try #require(rho) - 0.8666825838483473) < 1e-12)
    #expect(abs(try #require(tau) - 0.7171087882915773) < 1e-12)
  }

  @Test func extremesAndNothing() {
    #expect(RankCorrelation.spearman([1, 2, 3], [4, 5, 9]) == 1)
    #expect(RankCorrelation.kendall([1, 2, 3], [9, 5, 4]) == -1)
    #expect(RankCorrelation.spearman([1, 1], [1, 2]) == nil)
    #expect(RankCorrelation.kendall([1, 1], [1, 2]) == nil)
    #expect(RankCorrelation.kendall([1], [1]) == nil)
    #expect(RankCorrelation.spearman([1, 2], [1]) == nil)
  }
}
