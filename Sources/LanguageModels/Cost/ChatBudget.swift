/// The most that a run may ask of language models; nil is no limit.
public struct ChatBudget: Codable, Sendable, Hashable {
  /// Requests asked, failed ones included.
  public var calls: Int?
  /// Tokens of all prompts.
  public var promptTokens: Int?
  /// Tokens of all replies, hidden reasoning included.
  public var completionTokens: Int?
  /// What all replies cost.
  public var money: Money?
  /// Seconds from the beginning, pauses between two parts of a run left out.
  public var wallSeconds: Double?

  /// Those limits.
  public init(
    calls: Int? = nil, promptTokens: Int? = nil, completionTokens: Int? = nil, money: Money? = nil,
    wallSeconds: Double? = nil
  ) {
    self.calls = calls
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.money = money
    self.wallSeconds = wallSeconds
  }
}

/// What was asked of language models so far.
public struct ChatSpending: Codable, Sendable, Hashable {
  /// Requests asked, failed ones included.
  public var calls: Int
  /// Tokens of all prompts.
  public var promptTokens: Int
  /// Tokens of all replies.
  public var completionTokens: Int
  /// Of the prompts' tokens, those that servers had in their caches.
  public var cachedTokens: Int
  /// What the replies with a known price cost.
  public var money: Money
  /// Replies whose price is not known.
  public var unpricedCalls: Int
  /// Replies whose tokens no server counted.
  public var uncountedCalls: Int
  /// Seconds so far.
  public var wallSeconds: Double

  /// Those amounts.
  public init(
    calls: Int = 0, promptTokens: Int = 0, completionTokens: Int = 0, cachedTokens: Int = 0,
    money: Money = .zero, unpricedCalls: Int = 0, uncountedCalls: Int = 0, wallSeconds: Double = 0
  ) {
    self.calls = calls
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.cachedTokens = cachedTokens
    self.money = money
    self.unpricedCalls = unpricedCalls
    self.uncountedCalls = uncountedCalls
    self.wallSeconds = wallSeconds
  }

  /// Adds a reply and what it cost; the largest numbers where a server's counts are absurd.
  public mutating func add(_ reply: ChatReply, cost: Money?) {
    guard reply.isCached != true else { return }
    promptTokens = Self.sum(promptTokens, reply.usage.promptTokens)
    completionTokens = Self.sum(completionTokens, reply.usage.completionTokens)
    cachedTokens = Self.sum(cachedTokens, reply.usage.cachedTokens ?? 0)
    if !reply.isUsageReported { uncountedCalls += 1 }
    if let cost { money += cost } else { unpricedCalls += 1 }
  }

  static func sum(_ first: Int, _ second: Int) -> Int {
    let (sum, overflow) = first.addingReportingOverflow(max(0, second))
    return overflow ? .max : sum
  }
}

/// A part of a budget that has been spent, told once when it is reached.
public struct BudgetWarning: Sendable, Hashable, CustomStringConvertible {
  /// What there is a limit on.
  public enum Resource: String, Sendable, Hashable, CaseIterable {
    case calls = "calls"
    case promptTokens = "prompt tokens"
    case completionTokens = "completion tokens"
    case money = "money"
    case wallTime = "wall time"
  }

  /// The parts at which is warned.
  public static let percents = [50, 80]

  /// What there is a limit on.
  public let resource: Resource
  /// The part that has been reached, in percent.
  public let percent: Int
  /// What is spent, and of how much, in words.
  public let detail: String

  /// The warning as a sentence.
  public var description: String {
    "\(percent) % of the language model's budget of \(resource.rawValue) are used: \(detail)."
  }
}

extension ChatBudget {
  /// How much of each limited resource is used, and in words.
  func used(_ spent: ChatSpending) -> [(resource: BudgetWarning.Resource, part: Double, detail: String)] {
    func share(_ spent: Double, _ limit: Double) -> Double { limit > 0 ? spent / limit : 1 }
    var result: [(BudgetWarning.Resource, Double, String)] = []
    func count(_ resource: BudgetWarning.Resource, _ spent: Int, _ limit: Int?) {
      guard let limit else { return }
      result.append((resource, share(Double(spent), Double(limit)), "\(spent) of \(limit)"))
    }
    count(.calls, spent.calls, calls)
    count(.promptTokens, spent.promptTokens, promptTokens)
    count(.completionTokens, spent.completionTokens, completionTokens)
    if let money {
      result.append((.money, share(spent.money.dollars, money.dollars), "\(spent.money) of \(money)"))
    }
    if let wallSeconds {
      let detail = "\(Int(min(spent.wallSeconds, 1e15))) s of \(Int(min(max(0, wallSeconds), 1e15))) s"
      result.append((.wallTime, share(spent.wallSeconds, wallSeconds), detail))
    }
    return result
  }
}
