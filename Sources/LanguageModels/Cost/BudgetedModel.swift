import Synchronization

/// A model that stops answering when its budget is used up.
///
/// Before a request is sent, the most that it may take is set aside; when the reply is there, what it took is booked in
/// its place. So the limits hold to the token however many requests are under way: one that fits only if others take
/// less waits for them, one that does not fit at all is refused. The most that a reply may take is the request's own
/// maximum (or `assumedCompletionTokens`); of a prompt it is estimated from its bytes, by the most tokens per byte that
/// the server has counted so far.
public final class BudgetedModel: ChatModel {
  /// The longest reply that is expected where a request sets no limit.
  public static let assumedCompletionTokens = 4096
  /// The tokens of a prompt's byte that are expected before any were counted; text and code have a quarter to a third.
  static let assumedTokensPerByte = 0.5

  private struct Bound: Sendable, Hashable {
    var promptTokens = 0
    var completionTokens = 0
    var money = Money.zero
  }

  private struct State {
    var spent: ChatSpending
    var reserved = Bound()
    var underWay = 0
    var tokensPerByte: Double?
    var told: Set<String> = []
    /// Grows with each request that ends.
    var endings = 0
    var nextWaiter = 0
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var cancelled: Set<Int> = []
  }

  private enum Verdict {
    case go
    /// What is under way may leave room, once more than so many requests have ended.
    case wait(endings: Int)
    case exhausted(String)
  }

  private let model: any ChatModel
  /// The limits.
  public let budget: ChatBudget
  private let prices: PriceTable
  private let day: String
  private let dearest: ModelPrice?
  private let onWarning: (@Sendable (BudgetWarning) -> Void)?
  private let state: Mutex<State>
  private let start = ContinuousClock.now
  private let earlierSeconds: Double

  /// That model within that budget, of which a part may be spent already.
  ///
  /// - Parameters:
  ///   - prices: What models cost.
  ///   - onWarning: Told once when half and when four fifths of a limit are reached, on any thread.
  public init(
    _ model: any ChatModel, budget: ChatBudget, spent: ChatSpending = ChatSpending(),
    prices: PriceTable = PriceTable(), onWarning: (@Sendable (BudgetWarning) -> Void)? = nil
  ) {
    self.model = model
    self.budget = budget
    self.prices = prices
    self.onWarning = onWarning
    day = PriceTable.today
    dearest = Self.dearest(of: model.sources, prices, day)
    earlierSeconds = max(0, spent.wallSeconds)
    var state = State(spent: spent)
    // What was spent before was told of before.
    _ = Self.warnings(budget, spent, told: &state.told)
    self.state = Mutex(state)
  }

  /// Which model this is, without secrets.
  public var identity: ModelIdentity { model.identity }

  /// The models that may answer.
  public var sources: [ModelIdentity] { model.sources }

  /// What was spent so far.
  public var spending: ChatSpending {
    state.withLock {
      var spent = $0.spent
      spent.wallSeconds = elapsed
      return spent
    }
  }

  /// The models whose price is not known, so that a limit on money cannot hold; they refuse to answer under one.
  public var unpricedSources: [ModelIdentity] {
    model.sources.filter { prices.price(of: $0, on: day) == nil }
  }

  /// The model's answer.
  ///
  /// - Throws: `ChatFailure.budgetExhausted` without asking the model; otherwise what the model throws.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    if budget.money != nil, let unknown = unpricedSources.first {
      throw .invalidConfiguration(
        detail: "the budget limits money, but the price of \(unknown) is not known; add it to the price file")
    }
    let bytes = TokenEstimate.promptBytes(of: request)
    let bound = try await reserve(request, bytes: bytes)
    do throws(ChatFailure) {
      let reply = try await model.reply(to: request)
      settle(bound, reply: reply, bytes: bytes)
      return reply
    } catch {
      settle(bound, reply: nil, bytes: bytes)
      throw error
    }
  }

  private var elapsed: Double { earlierSeconds + (ContinuousClock.now - start) / .seconds(1) }

  // MARK: Setting aside

  private func reserve(_ request: ChatRequest, bytes: Int) async throws(ChatFailure) -> Bound {
    while true {
      guard !Task.isCancelled else { throw .cancelled }
      var bound = Bound()
      var warnings: [BudgetWarning] = []
      let verdict = state.withLock { state in
        bound = self.bound(of: request, bytes: bytes, state.tokensPerByte ?? Self.assumedTokensPerByte)
        let verdict = self.verdict(on: bound, state)
        if case .go = verdict {
          state.spent.calls += 1
          state.underWay += 1
          state.reserved.promptTokens = ChatSpending.sum(state.reserved.promptTokens, bound.promptTokens)
          state.reserved.completionTokens = ChatSpending.sum(
            state.reserved.completionTokens, bound.completionTokens)
          state.reserved.money += bound.money
          warnings = self.warnings(&state)
        }
        return verdict
      }
      warn(warnings)
      switch verdict {
      case .go: return bound
      case .exhausted(let detail): throw .budgetExhausted(detail: detail)
      case .wait(let endings): await waitForEnding(after: endings)
      }
    }
  }

  private func bound(of request: ChatRequest, bytes: Int, _ tokensPerByte: Double) -> Bound {
    var bound = Bound()
    bound.promptTokens = Int(min((Double(bytes) * tokensPerByte).rounded(.up), 1e15))
    // Absurd limits are cut so far that no sum of many bounds overflows.
    bound.completionTokens = min(request.maximumTokens ?? Self.assumedCompletionTokens, 1 << 40)
    if budget.money != nil, let dearest {
      let most = dearest.input * bound.promptTokens + dearest.output * bound.completionTokens
      bound.money = min(most, Money(picodollars: 1 << 52))
    }
    return bound
  }

  private func verdict(on bound: Bound, _ state: State) -> Verdict {
    let spent = state.spent
    if let limit = budget.calls, spent.calls >= limit { return .exhausted("all \(limit) calls are made") }
    if let limit = budget.wallSeconds, elapsed >= limit {
      return .exhausted("its \(Int(min(limit, 1e15))) s are over")
    }
    var verdict = Verdict.go
    func check(_ spent: Int, _ reserved: Int, _ needed: Int, _ limit: Int?, _ what: (Int) -> String) {
      guard let limit, case .go = verdict else { return }
      if spent >= limit {
        verdict = .exhausted("\(what(spent)) of \(what(limit)) are spent")
      } else if ChatSpending.sum(ChatSpending.sum(spent, reserved), needed) > limit {
        verdict =
          state.underWay > 0
          ? .wait(endings: state.endings)
          : .exhausted(
            "\(what(spent)) of \(what(limit)) are spent, and the next request may take \(what(needed))")
      }
    }
    check(spent.promptTokens, state.reserved.promptTokens, bound.promptTokens, budget.promptTokens) {
      "\($0) prompt tokens"
    }
    check(
      spent.completionTokens, state.reserved.completionTokens, bound.completionTokens, budget.completionTokens
    ) { "\($0) completion tokens" }
    check(
      spent.money.picodollars, state.reserved.money.picodollars, bound.money.picodollars,
      budget.money?.picodollars
    ) { "\(Money(picodollars: $0))" }
    return verdict
  }

  /// Waits until a request ends, or the task is cancelled.
  private func waitForEnding(after endings: Int) async {
    let id = state.withLock {
      $0.nextWaiter += 1
      return $0.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let isOver = state.withLock {
          guard $0.endings == endings, $0.cancelled.remove(id) == nil else { return true }
          $0.waiters[id] = waiter
          return false
        }
        if isOver { waiter.resume() }
      }
    } onCancel: {
      let waiter = state.withLock {
        let waiter = $0.waiters.removeValue(forKey: id)
        if waiter == nil { $0.cancelled.insert(id) }
        return waiter
      }
      waiter?.resume()
    }
    state.withLock { _ = $0.cancelled.remove(id) }
  }

  // MARK: Booking

  private func settle(_ bound: Bound, reply: ChatReply?, bytes: Int) {
    let cost = reply.flatMap { prices.cost(of: $0, by: identity, on: day) }
    var warnings: [BudgetWarning] = []
    let waiters = state.withLock { state in
      state.underWay -= 1
      state.endings += 1
      state.reserved.promptTokens -= bound.promptTokens
      state.reserved.completionTokens -= bound.completionTokens
      state.reserved.money = state.reserved.money - bound.money
      if let reply {
        state.spent.add(reply, cost: cost)
        if reply.isUsageReported, reply.isCached != true {
          let ratio = Double(reply.usage.promptTokens) / Double(max(1, bytes))
          state.tokensPerByte = max(state.tokensPerByte ?? 0, min(ratio * 1.05, 4))
        }
      }
      warnings = self.warnings(&state)
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
    warn(warnings)
  }

  private func warnings(_ state: inout State) -> [BudgetWarning] {
    var spent = state.spent
    spent.wallSeconds = elapsed
    return Self.warnings(budget, spent, told: &state.told)
  }

  /// The warnings that are due, each once; of two that are reached at once, the higher.
  private static func warnings(
    _ budget: ChatBudget, _ spent: ChatSpending, told: inout Set<String>
  ) -> [BudgetWarning] {
    var result: [BudgetWarning] = []
    for (resource, part, detail) in budget.used(spent) {
      let reached = BudgetWarning.percents.filter { part * 100 >= Double($0) }
      let new = reached.filter { told.insert("\(resource) \($0)").inserted }
      if let last = new.last {
        result.append(BudgetWarning(resource: resource, percent: last, detail: detail))
      }
    }
    return result
  }

  private func warn(_ warnings: [BudgetWarning]) {
    guard let onWarning else { return }
    for warning in warnings { onWarning(warning) }
  }

  /// The most that a token of each kind may cost.
  private static func dearest(
    of sources: [ModelIdentity], _ prices: PriceTable, _ day: String
  ) -> ModelPrice? {
    let known = sources.compactMap { prices.price(of: $0, on: day) }
    guard let first = known.first else { return nil }
    return known.reduce(first) { dearest, price in
      var result = dearest
      result.input = max(result.input, price.input, price.cachedInput, price.cacheWrite)
      result.output = max(result.output, price.output)
      return result
    }
  }
}
