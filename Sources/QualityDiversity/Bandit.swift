public import RandomStreams

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a bandit weighs what it knows of an arm against how little that is.
public enum BanditRule: Sendable, Hashable, Codable {
  /// Upper confidence bounds (Auer, Cesa-Bianchi & Fischer 2002): the mean reward plus
  /// `exploration · √(ln N / n)` of `n` pulls among `N`. Their UCB1 has exploration √2 and rewards in `0…1`.
  case upperConfidenceBound(exploration: Double)
  /// Discounted upper confidence bounds (Garivier & Moulines 2011), for rewards that drift: with each pull all
  /// counts and sums shrink by `discount`, so that what was long ago weighs little.
  case discounted(discount: Double, exploration: Double)
}

/// Why a bandit cannot be made.
public enum BanditError: Error, Sendable, Hashable {
  /// There are no arms, or more than `ArchiveLimits.arms`.
  case armCount(Int)
  /// Two arms are the same.
  case repeatedArm
  /// The exploration is negative or not finite.
  case exploration(Double)
  /// The discount is not above 0 and up to 1.
  case discount(Double)
}

extension BanditError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .armCount(let count): "a bandit has 1 to \(ArchiveLimits.arms) arms, not \(count)"
    case .repeatedArm: "two arms of a bandit are the same"
    case .exploration(let value): "exploration must be finite and not negative, not \(value)"
    case .discount(let value): "a discount must be above 0 and up to 1, not \(value)"
    }
  }
}

/// A choice made again and again among arms, such as niches, operators, prompts or models, by what each brought.
///
/// An arm that was never pulled comes first; of arms that are equal any is drawn. Its state is a value that can be
/// stored, and with equal rewards and streams it chooses the same.
public struct Bandit<Arm: Hashable & Sendable>: Sendable, Hashable {
  /// What there is to choose from.
  public let arms: [Arm]
  /// How arms are weighed.
  public let rule: BanditRule
  /// How often each arm was pulled; what is long ago counts less where the rule discounts.
  public private(set) var pulls: [Double]
  /// The sum of the rewards of each arm, discounted likewise.
  public private(set) var rewards: [Double]
  private let places: [Arm: Int]

  /// A bandit that knows nothing of its arms.
  ///
  /// - Throws: `BanditError` if there are no or too many arms, two are the same, or the rule's numbers are out of
  ///   range.
  public init(arms: [Arm], rule: BanditRule) throws(BanditError) {
    guard (1...ArchiveLimits.arms).contains(arms.count) else { throw .armCount(arms.count) }
    var places: [Arm: Int] = [:]
    for (place, arm) in arms.enumerated() where places.updateValue(place, forKey: arm) != nil {
      throw .repeatedArm
    }
    switch rule {
    case .upperConfidenceBound(let exploration), .discounted(_, let exploration):
      guard exploration >= 0, exploration.isFinite else { throw .exploration(exploration) }
    }
    if case .discounted(let discount, _) = rule, !(discount > 0 && discount <= 1) {
      throw .discount(discount)
    }
    self.arms = arms
    self.rule = rule
    self.places = places
    pulls = [Double](repeating: 0, count: arms.count)
    rewards = pulls
  }

  /// The mean reward of an arm, discounted as the rule says; nil where it was never pulled or is none.
  public func mean(of arm: Arm) -> Double? {
    guard let place = places[arm], pulls[place] > 0 else { return nil }
    return rewards[place] / pulls[place]
  }

  /// What an arm is chosen by: infinite where it was never pulled, nil where it is none.
  public func index(of arm: Arm) -> Double? {
    places[arm].map { index($0, total: pulls.reduce(0, +)) }
  }

  private func index(_ place: Int, total: Double) -> Double {
    guard pulls[place] > 0 else { return .infinity }
    let exploration =
      switch rule {
      case .upperConfidenceBound(let exploration), .discounted(_, let exploration): exploration
      }
    // Discounted counts may sum to less than one.
    let confidence = (log(max(1, total)) / pulls[place]).squareRoot()
    return rewards[place] / pulls[place] + exploration * confidence
  }

  /// The arm with the highest index, of equals any with the same probability.
  public func choose(using stream: inout RandomStream) -> Arm {
    let place = leader(of: Array(arms.indices), using: &stream)
    return arms[place ?? 0]
  }

  /// Of some arms the one with the highest index, of equals any with the same probability; nil where none is an arm.
  public func choose(among some: [Arm], using stream: inout RandomStream) -> Arm? {
    leader(of: some.compactMap { places[$0] }, using: &stream).map { arms[$0] }
  }

  private func leader(of candidates: [Int], using stream: inout RandomStream) -> Int? {
    let total = pulls.reduce(0, +)
    let indices = candidates.map { index($0, total: total) }
    guard let highest = indices.max() else { return nil }
    let leaders = candidates.indices.filter { indices[$0] == highest }
    return candidates[leaders.count == 1 ? leaders[0] : leaders[stream.integer(below: leaders.count)]]
  }

  /// Takes in what pulling an arm brought.
  ///
  /// A reward that is not finite and an arm that is none are ignored.
  public mutating func reward(_ arm: Arm, by reward: Double) {
    guard let place = places[arm], (rewards[place] + reward).isFinite else { return }
    if case .discounted(let discount, _) = rule {
      for index in arms.indices {
        pulls[index] *= discount
        rewards[index] *= discount
      }
    }
    pulls[place] += 1
    rewards[place] += reward
  }
}

extension Bandit: Codable where Arm: Codable {
  private enum CodingKeys: String, CodingKey {
    case arms, rule, pulls, rewards
  }

  /// Reads a bandit and refuses one that cannot be.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let arms = try container.decode([Arm].self, forKey: .arms)
    let rule = try container.decode(BanditRule.self, forKey: .rule)
    do {
      try self.init(arms: arms, rule: rule)
    } catch {
      throw container.corrupted(.arms, "\(error)")
    }
    pulls = try container.decode([Double].self, forKey: .pulls)
    rewards = try container.decode([Double].self, forKey: .rewards)
    guard pulls.count == arms.count, rewards.count == arms.count,
      pulls.allSatisfy({ $0 >= 0 && $0.isFinite }), rewards.allSatisfy(\.isFinite)
    else { throw container.corrupted(.pulls, "a bandit needs counts and finite rewards for its arms") }
  }

  /// Writes the arms, the rule and what is known.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(arms, forKey: .arms)
    try container.encode(rule, forKey: .rule)
    try container.encode(pulls, forKey: .pulls)
    try container.encode(rewards, forKey: .rewards)
  }
}
