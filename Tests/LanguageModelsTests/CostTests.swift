import Foundation
import RandomStreams
import Synchronization
import Testing

@testable import LanguageModels

/// Takes exactly what it is told, after a moment, and knows the most that was under way.
private final class MeteredModel: ChatModel {
  let identity = ModelIdentity(provider: "test", model: "metered")
  private let usage: @Sendable (Int) -> TokenUsage?
  private let state = Mutex((calls: 0, prompt: 0, completion: 0))

  /// The usage of each call by its number; nil fails.
  init(_ usage: @escaping @Sendable (Int) -> TokenUsage?) { self.usage = usage }

  var taken: (calls: Int, prompt: Int, completion: Int) { state.withLock { $0 } }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let number = state.withLock {
      $0.calls += 1
      return $0.calls - 1
    }
    do { try await Task.sleep(for: .microseconds(200 + number % 7 * 300)) } catch { throw .cancelled }
    guard let usage = usage(number) else {
      throw .serverError(endpoint: "e", status: 500, attempts: 1, detail: "")
    }
    state.withLock {
      $0.prompt &+= usage.promptTokens
      $0.completion &+= usage.completionTokens
    }
    return ChatReply(content: "c", model: "metered", usage: usage)
  }
}

private func request(_ maximum: Int? = 20) -> ChatRequest {
  ChatRequest(messages: [.user(String(repeating: "x", count: 68))], maximumTokens: maximum)
}

@Suite(.timeLimit(.minutes(10))) struct BudgetTests {
  @Test func aBudgetEndsTheCalls() async throws {
    let model = BudgetedModel(
      MeteredModel { $0 == 1 ? nil : TokenUsage(promptTokens: 10, completionTokens: $0 + 1) },
      budget: ChatBudget(calls: 3))
    for _ in 0..<3 { _ = await failure(from: model, request()) }
    #expect(await failure(from: model, request()) == .budgetExhausted(detail: "all 3 calls are made"))
    var spending = model.spending
    #expect(spending.wallSeconds > 0)
    spending.wallSeconds = 0
    #expect(spending == ChatSpending(calls: 3, promptTokens: 20, completionTokens: 4, unpricedCalls: 2))
  }

  @Test func aLimitIsNeverPassedHoweverManyAreUnderWay() async throws {
    // Replies take anything up to their maximum of 20; 100 bytes of prompt are counted as 30 tokens.
    let inner = MeteredModel { TokenUsage(promptTokens: 30, completionTokens: ($0 * 7) % 21) }
    let model = BudgetedModel(
      inner,
      budget: ChatBudget(promptTokens: 3200, completionTokens: 1000, money: Money(picodollars: 70_000)),
      prices: PriceTable(prices: [
        ModelPrice(
          model: "metered", from: "2020-01-01", input: Money(picodollars: 10), output: Money(picodollars: 40))
      ]))
    let failures = await withTaskGroup(of: ChatFailure?.self) { group in
      for _ in 0..<300 { group.addTask { await failure(from: model, request()) } }
      return await group.reduce(into: [ChatFailure?]()) { $0.append($1) }
    }
    let spent = model.spending
    let taken = inner.taken
    // To the token what the model gave out, and never more than the limits.
    #expect(spent.promptTokens == taken.prompt && spent.completionTokens == taken.completion)
    #expect(spent.money == Money(picodollars: taken.prompt * 10 + taken.completion * 40))
    #expect(spent.calls == taken.calls && failures.count { $0 == nil } == taken.calls)
    #expect(
      spent.promptTokens <= 3200 && spent.completionTokens <= 1000
        && spent.money <= Money(picodollars: 70_000))
    // And nearly all of one of them: what is set aside is given back.
    let part = max(
      Double(spent.promptTokens) / 3200, Double(spent.completionTokens) / 1000,
      Double(spent.money.picodollars) / 70_000)
    #expect(part > 0.95, "\(spent)")
    #expect(
      failures.allSatisfy { failure in if case .budgetExhausted? = failure { true } else { failure == nil } })
  }

  @Test func aRequestThatFitsOnlyLaterWaitsForTheOthers() async throws {
    // Two at once would be 40 of 39; each takes 3, so all ten fit one after the other.
    let inner = MeteredModel { _ in TokenUsage(promptTokens: 1, completionTokens: 3) }
    let model = BudgetedModel(inner, budget: ChatBudget(completionTokens: 50))
    let answered = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<10 { group.addTask { await failure(from: model, request()) == nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(answered == 10 && model.spending.completionTokens == 30)
    guard case .budgetExhausted(let detail)? = await failure(from: model, request(21)) else {
      Issue.record("21 more may have made 51")
      return
    }
    #expect(detail.contains("30 completion tokens of 50 completion tokens"))
  }

  @Test func waitingCanBeCancelled() async throws {
    let model = BudgetedModel(
      MeteredModel { _ in TokenUsage(promptTokens: 1, completionTokens: 20) },
      budget: ChatBudget(completionTokens: 60))
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<60 {
        group.addTask {
          let task = Task { await failure(from: model, request()) }
          if number % 2 == 0 { task.cancel() }
          let outcome = await task.value
          if case .budgetExhausted? = outcome { return }
          #expect(outcome == nil || outcome == .cancelled)
        }
      }
    }
    #expect(model.spending.completionTokens <= 60)
  }

  @Test func warningsComeOnceAndAreNotRepeatedAfterAResume() async throws {
    let warnings = Mutex<[BudgetWarning]>([])
    let inner = MeteredModel { _ in TokenUsage(promptTokens: 10, completionTokens: 1) }
    let note: @Sendable (BudgetWarning) -> Void = { warning in warnings.withLock { $0.append(warning) } }
    let first = BudgetedModel(inner, budget: ChatBudget(calls: 10), onWarning: note)
    for _ in 0..<6 { _ = await failure(from: first, request()) }
    #expect(warnings.withLock { $0.map(\.percent) } == [50])
    let resumed = BudgetedModel(inner, budget: ChatBudget(calls: 10), spent: first.spending, onWarning: note)
    for _ in 0..<5 { _ = await failure(from: resumed, request()) }
    #expect(warnings.withLock { $0.map(\.percent) } == [50, 80] && resumed.spending.calls == 10)
    #expect(
      warnings.withLock { $0.map(\.description) } == [
        "50 % of the language model's budget of calls are used: 5 of 10.",
        "80 % of the language model's budget of calls are used: 8 of 10.",
      ])
    let leap = Mutex<[BudgetWarning]>([])
    // Of two that are reached at once, the higher alone.
    let larger = MeteredModel { _ in TokenUsage(promptTokens: 15, completionTokens: 1) }
    let tokens = BudgetedModel(larger, budget: ChatBudget(promptTokens: 17)) { warning in
      leap.withLock { $0.append(warning) }
    }
    _ = await failure(from: tokens, ChatRequest(messages: [.user("")], maximumTokens: 1))
    #expect(leap.withLock { $0.map(\.percent) } == [80])
  }

  @Test func timeIsABudgetToo() async throws {
    let inner = MeteredModel { _ in TokenUsage(promptTokens: 1, completionTokens: 1) }
    let model = BudgetedModel(
      inner, budget: ChatBudget(wallSeconds: 100), spent: ChatSpending(wallSeconds: 99.9))
    #expect(await failure(from: model, request()) == nil)
    try await Task.sleep(for: .milliseconds(120))
    #expect(await failure(from: model, request()) == .budgetExhausted(detail: "its 100 s are over"))
    #expect(model.spending.wallSeconds >= 100)
  }

  @Test func moneyCannotBeLimitedWhereAPriceIsUnknown() async throws {
    let inner = MeteredModel { _ in TokenUsage(promptTokens: 1, completionTokens: 1) }
    let model = BudgetedModel(inner, budget: ChatBudget(money: Money(dollars: 1)))
    #expect(model.unpricedSources == [inner.identity])
    guard case .invalidConfiguration(let detail)? = await failure(from: model, request()) else {
      Issue.record("it was asked")
      return
    }
    #expect(detail.contains("metered") && inner.taken.calls == 0)
  }

  @Test func absurdCountsDoNoHarm() async throws {
    let inner = MeteredModel { _ in TokenUsage(promptTokens: .max, completionTokens: .max, cachedTokens: .max)
    }
    let model = BudgetedModel(
      inner, budget: ChatBudget(),
      prices: PriceTable(prices: [
        ModelPrice(
          model: "*", from: "2020-01-01", input: Money(picodollars: 7), output: Money(picodollars: 7))
      ]))
    for _ in 0..<3 {
      _ = await failure(from: model, ChatRequest(messages: [.user("x")], maximumTokens: .max))
    }
    #expect(model.spending.promptTokens == .max && model.spending.money.picodollars == .max)
    let limited = BudgetedModel(inner, budget: ChatBudget(completionTokens: 100))
    guard
      case .budgetExhausted? = await failure(
        from: limited, ChatRequest(messages: [.user("x")], maximumTokens: .max))
    else {
      Issue.record("it fits nowhere")
      return
    }
  }
}

@Suite struct PriceTests {
  private let table = PriceTable(prices: [
    ModelPrice(
      model: "gpt-x", host: "api.openai.com", from: "2026-01-01", input: Money(picodollars: 2),
      output: Money(picodollars: 8)),
    ModelPrice(
      model: "gpt-x", host: "api.openai.com", from: "2026-06-01", input: Money(picodollars: 1),
      output: Money(picodollars: 4)),
    ModelPrice(
      model: "gpt-x-mini", from: "2026-01-01", input: Money(picodollars: 9), output: Money(picodollars: 9)),
  ])

  private func input(
    _ model: String, _ host: String = "https://api.openai.com/v1", _ day: String = "2026-03-01"
  ) -> Int? {
    table.price(of: ModelIdentity(provider: "p", model: model, endpoint: host), on: day)?.input.picodollars
  }

  @Test func theRightRowIsChosen() {
    #expect(input("gpt-x") == 2 && input("GPT-X") == 2)
    #expect(input("gpt-x", "https://api.openai.com/v1", "2026-06-01") == 1)
    #expect(input("gpt-x", "https://api.openai.com/v1", "2025-12-31") == nil)
    #expect(input("gpt-x-2026-02-01") == 2 && input("gpt-x-20260201") == 2 && input("gpt-x-latest") == 2)
    #expect(input("openai/gpt-x") == 2 && input("gpt-xy") == nil && input("gpt") == nil)
    // Elsewhere the same name costs something else.
    #expect(
      input("gpt-x", "https://gateway.example/v1") == nil
        && input("gpt-x", "https://api.openai.com.evil.com") == nil)
    #expect(input("gpt-x-mini", "https://gateway.example/v1") == 9)
    let user = PriceTable(prices: [
      ModelPrice(
        model: "*", host: "127.0.0.1:8080", from: "2020-01-01", input: Money(picodollars: 5), output: .zero)
    ])
    let both = table.preceded(by: user)
    let mine = ModelIdentity(provider: "p", model: "any", endpoint: "http://127.0.0.1:8080/v1")
    #expect(both.price(of: mine, on: "2026-01-01")?.input.picodollars == 5)
    #expect(both.excerpt(for: [mine, mine], on: "2026-01-01").prices.count == 1)
    #expect(
      table.price(of: ModelIdentity(provider: "local", model: "SmolLM2"), on: "2026-01-01")?.isFree == true)
  }

  @Test func aRunKeepsThePricesThatItBeganWith() {
    let model = ModelIdentity(provider: "p", model: "gpt-x", endpoint: "https://api.openai.com/v1")
    let earlier = table.excerpt(for: [model], on: "2026-03-01")
    let now = table.keeping(earlier)
    // The table's own later price of that model is left out, other models keep theirs.
    #expect(now.price(of: model, on: "2026-06-01")?.input.picodollars == 2)
    #expect(table.price(of: model, on: "2026-06-01")?.input.picodollars == 1)
    let other = ModelIdentity(provider: "p", model: "gpt-x-mini", endpoint: "https://gateway.example/v1")
    #expect(now.price(of: other, on: "2026-03-01") == table.price(of: other, on: "2026-03-01"))
    #expect(table.keeping(PriceTable()) == table)
  }

  @Test func costsAreExact() throws {
    // 1000 fresh, 200 cached, 50 written, 30 out at 3, 0.3, 3.75 and 15 dollars a million.
    let price = ModelPrice(
      model: "m", from: "2026-01-01", input: Money(picodollars: 3_000_000),
      cachedInput: Money(picodollars: 300_000),
      cacheWrite: Money(picodollars: 3_750_000), output: Money(picodollars: 15_000_000))
    let usage = TokenUsage(promptTokens: 1250, completionTokens: 30, cachedTokens: 200, cacheWriteTokens: 50)
    let cost = price.cost(of: usage)
    #expect(cost == Money(dollars: 0.003 + 0.00006 + 0.0001875 + 0.00045))
    #expect(Money(picodollars: 3_697_500_000) == cost && cost.description == "$0.00370")
    // More cached than there is counts as all cached.
    #expect(
      price.cost(of: TokenUsage(promptTokens: 10, completionTokens: 0, cachedTokens: 99))
        == Money(picodollars: 3_000_000))
    let reply = ChatReply(content: "", model: "m", usage: usage, isUsageReported: false)
    let table = PriceTable(prices: [price])
    let identity = ModelIdentity(provider: "p", model: "m")
    #expect(table.cost(of: reply, by: identity) == nil, "what was not counted has no price")
    #expect(table.cost(of: reply, by: ModelIdentity(provider: "p", model: "n")) == nil)
    var cached = reply
    cached.isCached = true
    #expect(table.cost(of: cached, by: identity) == .zero)
  }

  @Test func moneyIsWrittenAndStored() throws {
    for (dollars, text) in [
      (0, "$0.00"), (1, "$1.00"), (12.345, "$12.35"), (0.5, "$0.500"), (0.05, "$0.0500"),
      (0.000123, "$0.000123"),
      (1e-12, "$0.000000000001"), (-2.5, "$-2.50"), (1234.5, "$1234.50"), (0.9999, "$1.000"),
    ] {
      let money = try #require(Money(dollars: dollars))
      let expected = dollars < 0 ? "-$2.50" : text
      #expect(money.description == expected, "\(dollars)")
      #expect(try JSONDecoder().decode([Money].self, from: JSONEncoder().encode([money])) == [money])
    }
    #expect(Money(dollars: .nan) == nil && Money(dollars: 1e8) == nil)
    let table = self.table
    #expect(try JSONDecoder().decode(PriceTable.self, from: JSONEncoder().encode(table)) == table)
  }

  @Test func filesAreReadAndMistakesNamed() throws {
    func read(_ text: String) throws -> PriceTable {
      try PriceTable(json: try JSONValue(parsing: text), name: "f")
    }
    let table = try read(
      #"{"prices": [{"model": "m", "from": "2026-01-31", "input": 0.25, "cachedInput": 0.025, "output": 2}]}"#
    )
    #expect(
      table.prices[0].input == Money(picodollars: 250_000)
        && table.prices[0].cachedInput == Money(picodollars: 25_000))
    #expect(
      table.prices[0].cacheWrite == table.prices[0].input
        && table.prices[0].output == Money(picodollars: 2_000_000))
    for (text, word) in [
      ("{}", "'prices'"), (#"{"prices": [{}]}"#, "names no model"),
      (#"{"prices": [{"model": "m"}]}"#, "'from'"),
      (#"{"prices": [{"model": "m", "from": "2026-1-1", "input": 1, "output": 1}]}"#, "'from'"),
      (#"{"prices": [{"model": "m", "from": "2026-01-01", "input": 1}]}"#, "'output'"),
      (#"{"prices": [{"model": "m", "from": "2026-01-01", "input": -1, "output": 1}]}"#, "'input'"),
      (
        #"{"prices": [{"model": "m", "from": "2026-01-01", "input": 1, "output": 1, "cached": 1}]}"#,
        "'cached'"
      ),
    ] {
      do {
        _ = try read(text)
        Issue.record("read: \(text)")
      } catch {
        #expect("\(error)".contains(word), "\(error)")
      }
    }
    #expect(throws: ChatFailure.self) { try PriceTable(file: "/nonexistent") }
  }

  @Test func theProjectsOwnTableIsSound() throws {
    let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let table = try PriceTable(file: root.appendingPathComponent("prices.json").path)
    #expect(table.prices.count > 10)
    for price in table.prices {
      #expect(price.host != nil && price.from <= PriceTable.today && price.model == price.model.lowercased())
      #expect(
        price.cachedInput < price.input && price.output > price.input && price.cacheWrite >= price.input)
    }
    let known = ModelIdentity(
      provider: "p", model: "gpt-4.1-2025-04-14", endpoint: "https://api.openai.com/v1")
    let usage = TokenUsage(promptTokens: 1_000_000, completionTokens: 1_000_000)
    #expect(table.price(of: known, on: "2026-01-01")?.cost(of: usage) == Money(dollars: 10))
    #expect(
      table.price(of: ModelIdentity(provider: "p", model: "gpt-4.1", endpoint: "http://127.0.0.1/v1")) == nil)
  }
}

@Suite struct ForecastTests {
  private let identity = ModelIdentity(provider: "p", model: "m")
  private let prices = PriceTable(prices: [
    ModelPrice(
      model: "m", from: "2020-01-01", input: Money(picodollars: 1_000_000),
      output: Money(picodollars: 4_000_000))
  ])

  @Test func withoutAHistoryItIsAGuessWithAWideInterval() throws {
    let samples = [request(100)]
    let forecast = ChatForecast(calls: .init(10), samples: samples, sources: [identity], prices: prices)
    #expect(forecast.basis == 0 && forecast.completionTokens == .init(lower: 50, expected: 500, upper: 1000))
    #expect(abs(forecast.promptTokens.expected - 290) < 1e-9 && forecast.promptTokens.upper == 500)
    #expect(abs((forecast.dollars?.upper ?? 0) - (500 * 1e-6 + 1000 * 4e-6)) < 1e-12)
    // Of a number of calls that is an interval the ends are those of its ends, and two kinds add up.
    let rounds = ChatForecast(
      calls: .init(lower: 0, expected: 4, upper: 20), samples: samples, sources: [identity], prices: prices)
    #expect(rounds.completionTokens == .init(lower: 0, expected: 200, upper: 2000))
    let both = forecast + rounds
    #expect(both.calls == .init(lower: 10, expected: 14, upper: 30))
    #expect(both.completionTokens == .init(lower: 50, expected: 700, upper: 3000))
    #expect(abs((both.dollars?.upper ?? 0) - (1500 * 1e-6 + 3000 * 4e-6)) < 1e-12)
    let unknown = ModelIdentity(provider: "p", model: "n")
    let unpriced = ChatForecast(calls: .init(1), samples: samples, sources: [unknown], prices: prices)
    #expect((forecast + unpriced).dollars == nil)
    #expect(
      ChatForecast(calls: .init(1), samples: samples, sources: [identity, unknown], prices: prices).dollars
        == nil)
    #expect(ChatForecast(calls: .init(-1), samples: [], sources: [], prices: prices).promptTokens.upper == 0)
  }

  @Test func nineteenOfTwentyIntervalsHoldWhatComes() throws {
    // Replies of normally distributed length: 12 are known, 40 are to come.
    var stream = RandomStream(seed: 5).stream("forecast")
    func draw() -> Int { max(1, Int((100 + 30 * stream.normal()).rounded())) }
    var held = 0
    for _ in 0..<400 {
      let history = (0..<12).map { _ in
        ChatExchange(
          identity: identity, request: request(),
          outcome: .reply(
            ChatReply(content: "", model: "m", usage: TokenUsage(promptTokens: 30, completionTokens: draw())))
        )
      }
      let forecast = ChatForecast(
        calls: .init(40), samples: [request()], history: history, sources: [identity], prices: prices)
      let total = Double((0..<40).reduce(0) { sum, _ in sum + draw() })
      if (forecast.completionTokens.lower...forecast.completionTokens.upper).contains(total) { held += 1 }
      #expect(abs(forecast.promptTokens.expected - 1200) < 1e-6 && forecast.basis == 12)
    }
    // Four standard deviations of a share of 95 % of 400 are 4.4 %.
    #expect((0.906...0.994).contains(Double(held) / 400), "\(held)")
    // Tables give 3.182, 2.201 and 1.984.
    for (degrees, table, error) in [(3.0, 3.182, 0.13), (11, 2.201, 0.005), (100, 1.984, 0.001)] {
      #expect(abs(ChatForecast.studentsQuantile(degrees) - table) < error)
    }
  }
}
