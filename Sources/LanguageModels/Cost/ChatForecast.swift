/// What a number of requests will about take, before they are asked.
///
/// From requests like those to come, and from exchanges of earlier runs where there are any. An interval holds what is
/// expected in about nineteen of twenty cases; without a history it is as wide as what is not known: how many tokens the
/// server makes of a byte, and how much of its limit the model uses.
public struct ChatForecast: Codable, Sendable, Hashable {
  /// An expected amount with its interval.
  public struct Interval: Codable, Sendable, Hashable {
    /// The interval's lower end.
    public var lower: Double
    /// What is most to be expected.
    public var expected: Double
    /// The interval's upper end.
    public var upper: Double

    /// An interval.
    public init(lower: Double, expected: Double, upper: Double) {
      self.lower = lower
      self.expected = expected
      self.upper = upper
    }

    /// A number that is known.
    public init(_ number: Int) {
      self.init(lower: Double(number), expected: Double(number), upper: Double(number))
    }

    /// The sum of two amounts; its ends are those of both.
    public static func + (left: Interval, right: Interval) -> Interval {
      Interval(
        lower: left.lower + right.lower, expected: left.expected + right.expected,
        upper: left.upper + right.upper)
    }
  }

  /// How many requests it is about.
  public let calls: Interval
  /// How many exchanges it rests on; 0 where it is a guess by bytes and limits.
  public let basis: Int
  /// Tokens of all prompts.
  public let promptTokens: Interval
  /// Tokens of all replies.
  public let completionTokens: Interval
  /// What all replies cost, in dollars; nil where the price of a model that may answer is not known.
  public let dollars: Interval?

  /// A forecast for so many requests like those given.
  ///
  /// - Parameters:
  ///   - calls: How many requests there will be.
  ///   - samples: Requests like them; at least one, or all is zero.
  ///   - history: Exchanges of the same model and the same kind of requests.
  ///   - sources: The models that may answer.
  ///   - prices: What they cost.
  ///   - day: The day of the prices.
  public init(
    calls: Interval, samples: [ChatRequest], history: [ChatExchange] = [], sources: [ModelIdentity],
    prices: PriceTable, day: String = PriceTable.today
  ) {
    let calls = Interval(
      lower: max(0, calls.lower), expected: max(0, calls.expected), upper: max(0, calls.upper))
    self.calls = calls
    let bytes = Self.mean(samples.map { Double(TokenEstimate.promptBytes(of: $0)) })
    let limit = Self.mean(
      samples.map { Double($0.maximumTokens ?? BudgetedModel.assumedCompletionTokens) })
    let seen = history.compactMap { exchange -> (bytes: Double, usage: TokenUsage)? in
      guard case .reply(let reply) = exchange.outcome, reply.isUsageReported else { return nil }
      return (Double(TokenEstimate.promptBytes(of: exchange.request)), reply.usage)
    }
    basis = seen.count
    if seen.count >= 4 {
      let ratios = seen.map { Double($0.usage.promptTokens) / max(1, $0.bytes) }
      promptTokens = Self.total(ratios, calls).scaled(by: bytes)
      completionTokens = Self.total(seen.map { Double($0.usage.completionTokens) }, calls)
    } else {
      // Text and code have 2 to 5 bytes to a token, mostly about 3.5.
      promptTokens = Interval(
        lower: 0.2 * calls.lower, expected: 0.29 * calls.expected, upper: 0.5 * calls.upper
      ).scaled(by: bytes)
      completionTokens = Interval(
        lower: 0.05 * calls.lower, expected: 0.5 * calls.expected, upper: calls.upper
      ).scaled(by: limit)
    }
    let known = sources.map { prices.price(of: $0, on: day) }
    let found = known.compactMap { $0 }
    guard !found.isEmpty, found.count == known.count else {
      dollars = nil
      return
    }
    // What a cache saves is not counted on; of several models the cheapest and the dearest are the ends.
    let (prompt, completion) = (promptTokens, completionTokens)
    func cost(_ part: (Interval) -> Double) -> [Double] {
      found.map { $0.input.dollars * part(prompt) + $0.output.dollars * part(completion) }
    }
    dollars = Interval(
      lower: cost(\.lower).min() ?? 0, expected: Self.mean(cost(\.expected)), upper: cost(\.upper).max() ?? 0)
  }

  private init(
    calls: Interval, basis: Int, promptTokens: Interval, completionTokens: Interval, dollars: Interval?
  ) {
    self.calls = calls
    self.basis = basis
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.dollars = dollars
  }

  /// What two kinds of requests will take together.
  public static func + (left: ChatForecast, right: ChatForecast) -> ChatForecast {
    let dollars = left.dollars.flatMap { dollars in right.dollars.map { dollars + $0 } }
    return ChatForecast(
      calls: left.calls + right.calls, basis: left.basis + right.basis,
      promptTokens: left.promptTokens + right.promptTokens,
      completionTokens: left.completionTokens + right.completionTokens, dollars: dollars)
  }

  /// The sum of so many draws like those seen: their mean is known only so well, and each differs from it.
  private static func total(_ values: [Double], _ calls: Interval) -> Interval {
    let mean = mean(values)
    let size = Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, size - 1)
    func reach(_ count: Double) -> Double {
      studentsQuantile(size - 1) * (variance * (count + count * count / size)).squareRoot()
    }
    return Interval(
      lower: max(0, mean * calls.lower - reach(calls.lower)), expected: mean * calls.expected,
      upper: mean * calls.upper + reach(calls.upper))
  }

  /// The 97.5 % point of Student's distribution, by the series in one over the degrees of freedom (Abramowitz and Stegun
  /// 26.7.5); 4 % too low at three degrees, less from there on.
  static func studentsQuantile(_ degrees: Double) -> Double {
    let z = 1.959_964
    let first = (z * z * z + z) / 4
    let second = (5 * z * z * z * z * z + 16 * z * z * z + 3 * z) / 96
    return z + first / degrees + second / (degrees * degrees)
  }

  private static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }
}

extension ChatForecast.Interval {
  fileprivate func scaled(by factor: Double) -> Self {
    Self(lower: lower * factor, expected: expected * factor, upper: upper * factor)
  }
}
