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
      await #expect(throws: ChatFailure.notRecorded(key: key, recording: "run-7", request: text)) {
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

  @Test func aFolderKeepsRepliesForLaterRuns() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("replies-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try FolderReplyStore(folder: folder)
    let full = ChatReply(
      content: "c\u{0}ü", model: "m",
      usage: TokenUsage(
        promptTokens: 1, completionTokens: 2, cachedTokens: 3, cacheWriteTokens: 4, reasoningTokens: 5),
      isUsageReported: false, finishReason: "stop", latencySeconds: 0.125, attempts: 2,
      droppedParameters: ["seed"],
      reasoning: "r", responseID: "id", fingerprint: "f",
      source: ModelIdentity(provider: "p", model: "q", endpoint: "http://h"))
    let bare = ChatReply(content: "", model: "m", usage: TokenUsage(promptTokens: 0, completionTokens: 0))
    store.keep(full, forKey: "a")
    store.keep(bare, forKey: "a")
    store.keep(full, forKey: "b")
    let again = try FolderReplyStore(folder: folder)
    #expect(
      again.reply(forKey: "a") == bare && again.reply(forKey: "b") == full && again.reply(forKey: "c") == nil)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/c.json"))
    #expect(again.reply(forKey: "c") == nil)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.json", "b.json", "c.json"])
    #expect(throws: ChatFailure.self) { try FolderReplyStore(folder: "/proc/none") }
    // Two processes' models share it.
    let first = CountingModel()
    _ = try await CachedModel(first, store: store).reply(to: request("x"))
    #expect(
      try await CachedModel(CountingModel(failing: [1]), store: again).reply(to: request("x")).isCached
        == true)
  }

  @Test func whatWasNotRecordedMayBeAskedOfAnother() async throws {
    let reply = ChatReply(content: "x", model: "m", usage: TokenUsage(promptTokens: 1, completionTokens: 1))
    let replayed = RecordedModel(
      identity: ModelIdentity(provider: "p", model: "m"), recording: "run-7",
      outcomes: [(request("a").key(model: "m"), .reply(reply))], other: CountingModel())
    var contents: [String] = []
    for text in ["b", "a", "a", "c"] { contents.append(await Self.outcome(of: replayed, text)) }
    #expect(contents == ["1", "x", "2", "3"])
    #expect(replayed.counts == (1, 3))
  }

  @Test func theSentenceNamesTheUnknownRequest() async {
    let replayed = RecordedModel(
      identity: ModelIdentity(provider: "p", model: "m"), recording: "run-7",
      exchanges: [ChatExchange]())
    let text = "Widen the\nnetwork " + String(repeating: "very ", count: 40)
    let sentence = await Self.outcome(of: replayed, text)
    #expect(sentence.contains("run-7") && sentence.contains("'Widen the network very"))
    #expect(!sentence.contains("\n") && sentence.count < 260)
  }

  @Test func exchangesOfOlderRunsAreStillRead() throws {
    let stored = #"""
      {"identity":{"provider":"local","model":"SmolLM2-135M-Instruct"},"request":{"messages":[{"role":"system",
      "content":"s"},{"role":"user","content":"u"}],"temperature":0.1,"maximumTokens":256,"seed":7,"stop":[],
      "responseSchema":{"name":"edits","schema":"{\"type\":\"object\"}"}},"outcome":{"reply":{"_0":{"content":"r",
      "model":"m","usage":{"promptTokens":7,"completionTokens":5},"isUsageReported":true,"latencySeconds":1.5,
      "attempts":1,"droppedParameters":[]}}}}
      """#
    let exchange = try JSONDecoder().decode(ChatExchange.self, from: Data(stored.utf8))
    #expect(exchange.cost == nil && exchange.time == nil && exchange.request.grammar == nil)
    guard case .reply(let reply) = exchange.outcome else {
      Issue.record("no reply")
      return
    }
    #expect(reply.content == "r" && reply.usage == TokenUsage(promptTokens: 7, completionTokens: 5))
    let failure =
      #"{"outcome":{"failure":{"_0":{"timedOut":{"endpoint":"e","seconds":1,"attempts":3}}}},"identity":{"provider":"p","model":"m"},"request":{"messages":[],"stop":[]}}"#
    #expect(
      try JSONDecoder().decode(ChatExchange.self, from: Data(failure.utf8)).outcome
        == .failure(.timedOut(endpoint: "e", seconds: 1, attempts: 3)))
  }

  @Test func everythingOfAnExchangeIsKept() async throws {
    let log = Mutex<[ChatExchange]>([])
    let prices = PriceTable(prices: [
      ModelPrice(
        model: "counter", from: "2020-01-01", input: Money(picodollars: 3), output: Money(picodollars: 5))
    ])
    let model = RecordingModel(CountingModel(), prices: prices) { exchange in
      log.withLock { $0.append(exchange) }
    }
    var asked = request("a")
    asked.grammar = "root"
    asked.topP = 0.5
    asked.suffix = "s"
    asked.reasoningEffort = "low"
    _ = try await model.reply(to: asked)
    let exchange = try #require(log.withLock { $0.first })
    #expect(
      exchange.cost == Money(picodollars: 35) && (exchange.time ?? 0) > 1.7e9 && exchange.request == asked)
    var full = exchange
    full.outcome = .reply(
      ChatReply(
        content: "c", model: "m",
        usage: TokenUsage(
          promptTokens: 1, completionTokens: 2, cachedTokens: 1, cacheWriteTokens: 1, reasoningTokens: 1),
        finishReason: "stop", droppedParameters: ["seed"], reasoning: "r", responseID: "id", fingerprint: "f",
        source: ModelIdentity(provider: "p", model: "q"), isCached: false))
    #expect(try JSONDecoder().decode(ChatExchange.self, from: JSONEncoder().encode(full)) == full)
  }

  @Test func aCacheAsksNothingTwice() async throws {
    let store = MemoryReplyStore()
    let inner = CountingModel(failing: [1])
    let model = CachedModel(inner, store: store)
    let budgeted = BudgetedModel(model, budget: ChatBudget(calls: 100))
    var contents: [String] = []
    for text in ["a", "a", "b", "a", "b"] { contents.append(await Self.outcome(of: budgeted, text)) }
    #expect(Array(contents.dropFirst()) == ["2", "3", "2", "3"], "a failure is not kept: \(contents)")
    #expect(budgeted.spending.completionTokens == 5 && budgeted.spending.promptTokens == 20)
    // Each part of the request makes it another one, and so does the model.
    var other = request("a")
    other.seed = 1
    #expect(try await model.reply(to: other).isCached == nil)
    #expect(try await model.reply(to: other).isCached == true)
    let named = RecordedModel(
      identity: ModelIdentity(provider: "q", model: "counter"), recording: "r", exchanges: [])
    await #expect(throws: ChatFailure.self) {
      try await CachedModel(named, store: store).reply(to: request("a"))
    }
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
