public import LanguageModels

/// What a run may cost altogether, over all its resumptions; 0 is no limit.
///
/// A run that has used up one of them ends cleanly, as if stopped, and can be resumed with a larger budget. Limits on
/// the language model hold to the token, however many requests are under way.
public struct BudgetSettings: Codable, Sendable, Hashable {
  /// Requests to the language model, failed ones included.
  public var calls = 0
  /// Tokens of all prompts.
  public var promptTokens = 0
  /// Tokens of all replies, hidden reasoning included.
  public var completionTokens = 0
  /// US dollars, by the table of prices.
  public var dollars = 0.0
  /// Candidates that are trained; repetitions and what does not compile cost nothing.
  public var evaluations = 0
  /// Seconds of training, summed over the threads; looked at between generations.
  public var trainingSeconds = 0.0

  /// No limits.
  public init() {}

  /// The limits on language models; nil where there are none.
  public var chat: ChatBudget? {
    let budget = ChatBudget(
      calls: calls > 0 ? calls : nil, promptTokens: promptTokens > 0 ? promptTokens : nil,
      completionTokens: completionTokens > 0 ? completionTokens : nil,
      money: dollars > 0 ? Money(dollars: dollars) : nil)
    return budget == ChatBudget() ? nil : budget
  }
}
