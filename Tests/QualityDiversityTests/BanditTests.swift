import Foundation
import QualityDiversity
import RandomStreams
import Testing

@Suite struct BanditTests {
  private let rules: [BanditRule] = [
    .upperConfidenceBound(exploration: 2.0.squareRoot()), .discounted(discount: 0.95, exploration: 1),
  ]

  @Test func indicesAreTheirDefinition() throws {
    let pulls = [("a", 1.0), ("b", 0.0), ("a", 0.5), ("c", 1), ("b", 1), ("a", 0)]
    for rule in rules {
      var bandit = try Bandit(arms: ["a", "b", "c"], rule: rule)
      for (arm, reward) in pulls { bandit.reward(arm, by: reward) }
      let (discount, exploration): (Double, Double) =
        switch rule {
        case .upperConfidenceBound(let exploration): (1, exploration)
        case .discounted(let discount, let exploration): (discount, exploration)
        }
      var total = 0.0
      for step in pulls.indices { total += pow(discount, Double(pulls.count - 1 - step)) }
      for arm in bandit.arms {
        var (count, sum) = (0.0, 0.0)
        for (step, pull) in pulls.enumerated() where pull.0 == arm {
          let weight = pow(discount, Double(pulls.count - 1 - step))
          count += weight
          sum += weight * pull.1
        }
        let index = sum / count + exploration * (log(total) / count).squareRoot()
        #expect(abs(try #require(bandit.index(of: arm)) - index) < 1e-12)
        #expect(abs(try #require(bandit.mean(of: arm)) - sum / count) < 1e-12)
      }
      #expect(bandit.index(of: "d") == nil && bandit.mean(of: "d") == nil)
    }
  }

  @Test func eachArmIsPulledOnceFirst() throws {
    for rule in rules {
      var bandit = try Bandit(arms: Array(0..<20), rule: rule)
      var stream = RandomStream(seed: 31)
      var firsts: [Int] = []
      for _ in 0..<20 {
        let arm = bandit.choose(using: &stream)
        firsts.append(arm)
        bandit.reward(arm, by: stream.uniform())
      }
      #expect(firsts.sorted() == Array(0..<20) && firsts != firsts.sorted())
    }
  }

  @Test func regretOfUpperConfidenceBoundsStaysBelowTheirTheorem() throws {
    // Auer et al. 2002, theorem 1: expected regret ≤ 8 Σ ln n / Δ + (1 + π²/3) Σ Δ.
    let means = [0.9, 0.8, 0.5, 0.2]
    var bandit = try Bandit(arms: Array(means.indices), rule: rules[0])
    var stream = RandomStream(seed: 32).stream("regret")
    var regret = 0.0
    for _ in 0..<4000 {
      let arm = bandit.choose(using: &stream)
      bandit.reward(arm, by: stream.bernoulli(means[arm]) ? 1 : 0)
      regret += 0.9 - means[arm]
    }
    let gaps = means.dropFirst().map { 0.9 - $0 }
    let bound = 8 * gaps.map { log(4000) / $0 }.reduce(0, +) + (1 + Double.pi * .pi / 3) * gaps.reduce(0, +)
    #expect(regret < bound)
    // Half of what choosing at random would cost.
    #expect(regret < 0.5 * 4000 * gaps.reduce(0, +) / 4)
    #expect(bandit.pulls.indices.max { bandit.pulls[$0] < bandit.pulls[$1] } == 0)
  }

  @Test func discountsFollowWhatChanges() throws {
    var shares: [Double] = []
    for rule in [
      BanditRule.upperConfidenceBound(exploration: 0.3), .discounted(discount: 0.97, exploration: 0.3),
    ] {
      var bandit = try Bandit(arms: [0, 1], rule: rule)
      var stream = RandomStream(seed: 33).stream("drift")
      var late = 0.0
      for step in 0..<1200 {
        let arm = bandit.choose(using: &stream)
        let isGood = (arm == 0) == (step < 600)
        bandit.reward(arm, by: stream.bernoulli(isGood ? 0.9 : 0.1) ? 1 : 0)
        if step >= 700, step < 900, arm == 1 { late += 1 }
      }
      shares.append(late / 200)
    }
    #expect(shares[1] > 0.8 && shares[1] > shares[0])
  }

  @Test func itsStateIsStored() throws {
    for rule in rules {
      var bandit = try Bandit(arms: ["x", "y", "z"], rule: rule)
      var stream = RandomStream(seed: 34)
      for _ in 0..<50 { bandit.reward(bandit.choose(using: &stream), by: stream.uniform()) }
      var copy = try JSONDecoder().decode(Bandit<String>.self, from: JSONEncoder().encode(bandit))
      #expect(copy == bandit)
      var other = stream
      for _ in 0..<50 {
        let arm = bandit.choose(using: &stream)
        #expect(copy.choose(using: &other) == arm)
        bandit.reward(arm, by: 0.3)
        copy.reward(arm, by: 0.3)
      }
      bandit.reward("x", by: .nan)
      bandit.reward("nobody", by: 1)
      #expect(copy == bandit)
    }
    for bad in [#""pulls":[1]"#, #""pulls":[1,-1]"#] {
      let text =
        #"{"arms":[1,2],"rule":{"upperConfidenceBound":{"exploration":1}},"rewards":[0,0],\#(bad)}"#
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(Bandit<Int>.self, from: Data(text.utf8))
      }
    }
  }

  @Test func impossibleBanditsAreRefused() {
    #expect(throws: BanditError.armCount(0)) { try Bandit<Int>(arms: [], rule: rules[0]) }
    #expect(throws: BanditError.repeatedArm) { try Bandit(arms: [1, 2, 1], rule: rules[0]) }
    for exploration in [-1, Double.infinity, .nan] {
      #expect(throws: BanditError.self) {
        try Bandit(arms: [1], rule: .upperConfidenceBound(exploration: exploration))
      }
    }
    for discount in [0, 1.5, Double.nan] {
      #expect(throws: BanditError.self) {
        try Bandit(arms: [1], rule: .discounted(discount: discount, exploration: 1))
      }
    }
  }
}
