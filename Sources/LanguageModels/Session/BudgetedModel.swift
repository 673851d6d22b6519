import Synchronization

/// The most that a run may ask of language models; nil is no limit.
public struct ChatBudget: Codable, Sendable, Hashable {
  /// Requests asked, failed ones included.
  public var calls: Int?
  /// Tokens of all prompts.
  public var promptTokens: Int?
  /// Tokens of all replies.
  public var completionTokens: Int?

  /// Those limits.
  public init(calls: Int? = nil, promptTokens: Int? = nil, completionTokens: Int? = nil) {
    self.calls = calls
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
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

  /// Those amounts.
  public init(calls: Int = 0, promptTokens: Int = 0, completionTokens: Int = 0) {
    self.calls = calls
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
  }
}

/// A model that stops answering when its budget is used up.
///
/// A call counts when it is asked. Tokens count when the reply is there, so requests that are under way when a
/// token limit is reached are still answered.
public final class BudgetedModel: ChatModel {
  private let model: any ChatModel
  /// The limits.
  public let budget: ChatBudget
  private let spent: Mutex<ChatSpending>

  /// That model within that budget, of which a part may be spent already.
  public init(_ model: any ChatModel, budget: ChatBudget, spent: ChatSpending = ChatSpending()) {
    self.model = model
    self.budget = budget
    self.spent = Mutex(spent)
  }

  /// Which model this is, without secrets.
  public var identity: ModelIdentity { model.identity }

  /// What was spent so far.
  public var spending: ChatSpending { spent.withLock { $0 } }

  /// The model's answer.
  ///
  /// - Throws: `ChatFailure.budgetExhausted` without asking the model; otherwise what the model throws.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let exhausted: String? = spent.withLock {
      if let limit = budget.calls, $0.calls >= limit { return "all \(limit) calls are made" }
      if let limit = budget.promptTokens, $0.promptTokens >= limit {
        return "\($0.promptTokens) of \(limit) prompt tokens are spent"
      }
      if let limit = budget.completionTokens, $0.completionTokens >= limit {
        return "\($0.completionTokens) of \(limit) completion tokens are spent"
      }
      $0.calls += 1
      return nil
    }
    if let exhausted { throw .budgetExhausted(detail: exhausted) }
    let reply = try await model.reply(to: request)
    spent.withLock {
      $0.promptTokens = Self.sum($0.promptTokens, reply.usage.promptTokens)
      $0.completionTokens = Self.sum($0.completionTokens, reply.usage.completionTokens)
    }
    return reply
  }

  /// The sum, or the largest number where a server's count is absurd.
  private static func sum(_ first: Int, _ second: Int) -> Int {
    let (sum, overflow) = first.addingReportingOverflow(max(0, second))
    return overflow ? .max : sum
  }
}
