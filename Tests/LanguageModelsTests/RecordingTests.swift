import Foundation
import LanguageModels
import Synchronization
import Testing

/// Answers with the number of the call, or fails where told to.
private final class CountingModel: ChatModel {
  let identity = ModelIdentity(provider: "test", model: "counter", endpoint: "http://u:p@h/v1?key=1")
  private let calls = Mutex(0)
  private let failing: Set<Int>

  init(failing: Set<Int> = []) { self.failing = failing }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let number = calls.withLock { calls in
      calls += 1
      return calls
    }
    if failing.contains(number) {
      throw number == 99 ? .cancelled : .timedOut(endpoint: "e", seconds: 1, attempts: 1)
    }
    return ChatReply(
      content: "\(number)", model: "counter-1", usage: TokenUsage(promptTokens: 10, completionTokens: number),
      latencySeconds: 0.25)
  }
}

private func request(_ text: String) -> ChatRequest { ChatRequest(messages: [.user(text)]) }

@Suite struct RecordingTests {
  @Test func aRecordingIsReplayedInOrderFailuresIncluded() async throws {
    let log = Mutex<[ChatExchange]>([])
    let model = RecordingModel(CountingModel(failing: [3])) { exchange in log.withLock { $0.append(exchange) }
    }
    var outcomes: [String] = []
    for text in ["a", "b", "a", "a"] { outcomes.append(await Self.outcome(of: model, text)) }
    // As a run file keeps it: through JSON.
    let stored = try JSONEncoder().encode(log.withLock { $0 })
    let exchanges = try JSONDecoder().decode([ChatExchange].self, from: stored)
    #expect(exchanges.count == 4)
    let replayed = RecordedModel(identity: model.identity, recording: "run-1", exchanges: exchanges)
    var again: [String] = []
    // Another order among different requests changes nothing.
    for text in ["a", "a", "a", "b"] { again.append(await Self.outcome(of: replayed, text)) }
    #expect(again == [outcomes[0], outcomes[2], outcomes[3], outcomes[1]])
    let resumed = RecordedModel(
      identity: model.identity, recording: "run-1", exchanges: exchanges,
      alreadyReplayed: [request("a").key(model: "counter"): 2])
    #expect(await Self.outcome(of: resumed, "a") == outcomes[3])
  }

  @Test func whatWasNotRecordedIsSaidSo() async throws {
    let identity = ModelIdentity(provider: "p", model: "m")
    let reply = ChatReply(content: "x", model: "m", usage: TokenUsage(promptTokens: 1, completionTokens: 1))
    let recorded = RecordedModel(
      identity: identity, recording: "run-7", outcomes: [(request("a").key(model: "m"), .reply(reply))])
    #expect(try await recorded.reply(to: request("a")) == reply)
    for text in ["a", "b"] {
      let key = request(text).key(model: "m")
      await #expect(throws: ChatFailure.notRecorded(key: key, recording: "run-7")) {
        try await recorded.reply(to: request(text))
      }
    }
  }

  @Test func keysTellRequestsApartAndNothingElse() throws {
    let base = ChatRequest(
      messages: [.system("s"), .user("u")], temperature: 0.5, maximumTokens: 10, seed: 1, stop: ["a"],
      responseSchema: JSONSchema(name: "n", schema: ["b": 1, "a": 2]))
    var variants = [base]
    func vary(_ change: (inout ChatRequest) -> Void) {
      var copy = base
      change(&copy)
      variants.append(copy)
    }
    vary { $0.messages.swapAt(0, 1) }
    vary { $0.messages[1].role = .assistant }
    vary { $0.messages = [.system("su"), .user("")] }
    vary { $0.temperature = nil }
    vary { $0.temperature = 0.25 }
    vary { $0.maximumTokens = nil }
    vary { $0.seed = 2 }
    vary { $0.seed = nil }
    vary { $0.stop = [] }
    vary { $0.responseSchema = nil }
    vary { $0.responseSchema?.name = "o" }
    // The order of properties changes what servers generate, so it is part of the request.
    vary { $0.responseSchema?.schema = ["a": 2, "b": 1] }
    let keys = variants.map { $0.key(model: "m") } + [base.key, base.key(model: "n")]
    #expect(Set(keys).count == keys.count)
    let copy = try JSONDecoder().decode(ChatRequest.self, from: JSONEncoder().encode(base))
    #expect(copy == base && copy.key(model: "m") == base.key(model: "m"))
    // Pinned: a key that changes makes every recording useless.
    #expect(base.key(model: "m") == "55cd31b05e071dc5d438ee7d02c30274")
  }

  @Test func identitiesHoldNoSecrets() {
    #expect(CountingModel().identity.endpoint == "http://h/v1")
    #expect(CountingModel().identity.description == "counter (test) at http://h/v1")
  }

  @Test func aBudgetEndsTheCalls() async throws {
    let model = BudgetedModel(CountingModel(failing: [2]), budget: ChatBudget(calls: 3))
    let texts = [
      await Self.outcome(of: model, "a"), await Self.outcome(of: model, "a"),
      await Self.outcome(of: model, "a"),
    ]
    #expect(texts[0] == "1" && texts[2] == "3")
    guard case .budgetExhausted? = await Self.failure(of: model) else {
      Issue.record("a fourth call was made")
      return
    }
    #expect(model.spending == ChatSpending(calls: 3, promptTokens: 20, completionTokens: 4))
    let tokens = BudgetedModel(
      CountingModel(), budget: ChatBudget(promptTokens: 25), spent: ChatSpending(promptTokens: 6))
    #expect(await Self.failure(of: tokens) == nil)
    #expect(await Self.failure(of: tokens) == nil)
    #expect(await Self.failure(of: tokens) == .budgetExhausted(detail: "26 of 25 prompt tokens are spent"))
  }

  @Test func aCallBudgetHoldsUnderConcurrency() async {
    let model = BudgetedModel(CountingModel(), budget: ChatBudget(calls: 50))
    let answered = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<200 { group.addTask { await Self.failure(of: model) == nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(answered == 50 && model.spending.calls == 50)
  }

  private static func outcome(of model: some ChatModel, _ text: String) async -> String {
    do throws(ChatFailure) { return try await model.reply(to: request(text)).content } catch {
      return "\(error)"
    }
  }

  private static func failure(of model: some ChatModel) async -> ChatFailure? {
    do throws(ChatFailure) {
      _ = try await model.reply(to: request("x"))
      return nil
    } catch {
      return error
    }
  }
}
