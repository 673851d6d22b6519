import RandomStreams
import Synchronization
import Testing

@testable import LanguageModels

/// What is to happen to each request, drawn beforehand, so that the outcome can be told to the token.
private struct FaultPlan: Sendable {
  static let retries = 3

  let seed: UInt64
  let share: Double

  func fault(_ id: Int, attempt: Int) -> Fault? {
    var stream = RandomStream(seed: seed).stream("fault \(id)", attempt)
    guard stream.uniform() < share else { return nil }
    return Fault.allCases[stream.integer(below: Fault.allCases.count)]
  }

  /// The reply to a request: a text of its own, and counts of its own.
  func reply(_ id: Int) -> Speech.Reply {
    let text = "reply \(id): " + String(repeating: "Größe \(id) ", count: 6)
    return Speech.Reply(text: text, prompt: 20 + id % 13, completion: 5 + id % 17)
  }

  /// How often a request is sent, and whether it is answered in the end.
  func outcome(_ id: Int) -> (sent: Int, isAnswered: Bool) {
    for attempt in 0...Self.retries {
      guard let fault = fault(id, attempt: attempt), fault != .slowBytes else { return (attempt + 1, true) }
      if !fault.isRetried { return (attempt + 1, false) }
    }
    return (Self.retries + 1, false)
  }
}

@Suite(.timeLimit(.minutes(2))) struct FaultTests {
  /// Five hundred requests, sixty-four at once, in all APIs, streamed and whole, one attempt in ten going wrong: each is
  /// answered as planned, with its own reply, and every budget is right to the token.
  @Test func fiveHundredRequestsSurviveTenPercentOfFaults() async throws {
    let plan = FaultPlan(seed: 41, share: 0.1)
    let total = 500
    let attempts = Mutex<[Int: Int]>([:])
    let server = try ScriptedServer { _, request in
      // The address names the API, the prompt the request.
      guard let name = request.line.split(separator: "/").dropFirst().first,
        let api = ModelAPI(rawValue: String(name)),
        let id = request.body.split(separator: "#").dropFirst().first.flatMap({ Int($0) })
      else { return ScriptedServer.response(400, "no such API or request") }
      let attempt = attempts.withLock { counts in
        defer { counts[id, default: 0] += 1 }
        return counts[id, default: 0]
      }
      let isStreamed = request.body.contains(#""stream":true"#)
      // A moment to think, so that many are under way.
      let pause = ScriptedServer.Step.wait(milliseconds: 30)
      guard let fault = plan.fault(id, attempt: attempt) else {
        return [pause] + Speech.response(api, plan.reply(id), isStreamed: isStreamed)
      }
      return [pause] + fault.steps(api, plan.reply(id), isStreamed: isStreamed)
    }
    defer { server.stop() }

    let client = HTTPClient()
    let registry = EndpointRegistry()
    let models = try ModelAPI.allCases.enumerated().map { index, api in
      var configuration = EndpointConfiguration(
        api: api, baseURL: "http://127.0.0.1:\(server.port)/\(api.rawValue)/v1", model: "m")
      // What the address adds is not taken off it: here it only names the API.
      if [.anthropic, .ollama, .llamaCompletion].contains(api) {
        configuration.baseURL = "http://127.0.0.1:\(server.port)/\(api.rawValue)"
      }
      configuration.isStreamed = index % 2 == 0
      configuration.idleTimeoutSeconds = 5
      configuration.timeoutSeconds = 8
      configuration.maximumRetries = FaultPlan.retries
      configuration.maximumReplyBytes = 1 << 20
      configuration.jitterSeed = UInt64(index)
      return try RemoteModel(configuration: configuration, client: client, registry: registry)
    }
    let ensemble = try EnsembleModel(models, chooser: try WeightedChooser(weights: models.map { _ in 1 }))
    let price = ModelPrice(
      model: "m", from: "2020-01-01", input: Money(picodollars: 300), output: Money(picodollars: 1500))
    let budgeted = BudgetedModel(
      ensemble,
      budget: ChatBudget(
        calls: total, promptTokens: 1 << 20, completionTokens: 1 << 20, money: Money(dollars: 1)),
      prices: PriceTable(prices: [price]))
    let recorded = Mutex<[ChatExchange]>([])
    let model = RecordingModel(budgeted, prices: PriceTable(prices: [price])) { exchange in
      recorded.withLock { $0.append(exchange) }
    }

    let results = await withTaskGroup(of: (Int, Result<ChatReply, ChatFailure>).self) { group in
      var results: [Int: Result<ChatReply, ChatFailure>] = [:]
      for id in 0..<total {
        if id >= 64, let (done, result) = await group.next() { results[done] = result }
        group.addTask {
          let request = ChatRequest(messages: [.user("number #\(id)#")], maximumTokens: 64)
          do throws(ChatFailure) { return (id, .success(try await model.reply(to: request))) } catch {
            return (id, .failure(error))
          }
        }
      }
      for await (done, result) in group { results[done] = result }
      return results
    }

    var expected = ChatSpending(calls: total)
    var (sent, answered) = (0, 0)
    for id in 0..<total {
      let outcome = plan.outcome(id)
      let reply = plan.reply(id)
      sent += outcome.sent
      #expect(attempts.withLock { $0[id] } == outcome.sent, "request \(id)")
      switch results[id] {
      case .success(let got):
        #expect(
          outcome.isAnswered && got.content == reply.text && got.attempts == outcome.sent, "request \(id)")
        #expect(got.usage.promptTokens == reply.prompt && got.usage.completionTokens == reply.completion)
        answered += 1
      case .failure(let failure): #expect(!outcome.isAnswered, "request \(id): \(failure)")
      case nil: Issue.record("request \(id) is lost")
      }
      guard outcome.isAnswered else { continue }
      expected.promptTokens += reply.prompt
      expected.completionTokens += reply.completion
      expected.money += price.input * reply.prompt + price.output * reply.completion
    }
    var spent = budgeted.spending
    spent.wallSeconds = 0
    #expect(spent == expected)
    #expect(server.requests.count == sent && sent > total + 20 && answered > total - 40)
    #expect(client.activeTransfers == 0 && server.mostActive >= 16)
    // The record holds each exchange once, with its price, and replays without a server to the same spending.
    let exchanges = recorded.withLock { $0 }
    #expect(Set(exchanges.map(\.key)).count == total && exchanges.count == total)
    #expect(exchanges.compactMap(\.cost).reduce(.zero, +) == expected.money)
    let replayed = BudgetedModel(
      RecordedModel(identity: model.identity, recording: "faults", exchanges: exchanges), budget: ChatBudget()
    )
    for id in (0..<total).shuffled() {
      let request = ChatRequest(messages: [.user("number #\(id)#")], maximumTokens: 64)
      let again = try? await replayed.reply(to: request)
      #expect(again?.content == (try? results[id]?.get())?.content)
    }
    #expect(replayed.spending.completionTokens == expected.completionTokens)
  }

  /// Every fault in every API, streamed and whole: the outcome is a reply on the second attempt or a failure that names
  /// what is wrong, never a wrong reply.
  @Test(arguments: ModelAPI.allCases) func everyFaultIsTakenForWhatItIs(api: ModelAPI) async throws {
    let reply = Speech.Reply(text: String(repeating: "text and more ", count: 8))
    await withTaskGroup(of: Void.self) { group in
      for fault in Fault.allCases {
        for isStreamed in [false, true] {
          group.addTask {
            do {
              let server = try ScriptedServer(sequence: [
                fault.steps(api, reply, isStreamed: isStreamed),
                Speech.response(api, reply, isStreamed: isStreamed),
              ])
              defer { server.stop() }
              let model = try scripted(api, server, isStreamed: isStreamed, retries: 1) {
                $0.idleTimeoutSeconds = 4
                $0.timeoutSeconds = 5
                $0.maximumReplyBytes = 1 << 20
              }
              let request = ChatRequest(messages: [.user("hello")])
              do throws(ChatFailure) {
                let answer = try await model.reply(to: request)
                #expect(answer.content == reply.text && fault.isRetried, "\(fault)")
                #expect(answer.attempts == (fault == .slowBytes ? 1 : 2), "\(fault), streamed: \(isStreamed)")
              } catch {
                #expect(fault == .huge, "\(fault), streamed: \(isStreamed): \(error)")
                guard case .replyTooLarge = error else {
                  Issue.record("\(fault): \(error)")
                  return
                }
              }
            } catch {
              Issue.record("\(error)")
            }
          }
        }
      }
    }
  }
}
