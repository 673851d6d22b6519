import LanguageModels
import QualityDiversity
import RandomStreams
import Testing
import TorchFrontend

@testable import Search

@Suite("Who writes a run's networks")
struct AuthorshipTests {
  @Test("The rewriter alone: no exchanges, repeatable, resumable")
  func rewriterAlone() async throws {
    let configuration = Toy.configuration(generations: 3)
    let strategy = try ToyRun.strategy(configuration, isRewriterAlone: true)
    let log = MemoryLog()
    let run = ToyRun(configuration: configuration)
    let summary = try await run.run(strategy, model: nil, log: log)
    #expect(summary.end == .completed)
    #expect(log.now.exchanges.isEmpty)
    let proposed = log.now.candidates.values.filter { $0.generation > 0 }
    #expect(proposed.allSatisfy { $0.origin.author == .rewriter && $0.origin.form == .rewrite })
    #expect(summary.statistics.elites > 0)
    // The prompt archive learns from the rewriter where it is alone.
    #expect(log.now.generations.last?.prompts.isEmpty == false)

    let other = MemoryLog()
    _ = try await ToyRun(configuration: configuration, draftsAtOnce: 3, workers: 1).run(
      strategy, model: nil, log: other)
    #expect(other.now.generations == log.now.generations)
    #expect(other.now.repeatable == log.now.repeatable)

    for survived in stride(from: 0, to: log.now.writes, by: 3) {
      let broken = MemoryLog().copy(breakingAfter: survived)
      await #expect(throws: SearchError.self) {
        _ = try await ToyRun(configuration: configuration).run(strategy, model: nil, log: broken)
      }
      let resumed = broken.copy()
      _ = try await ToyRun(configuration: configuration).run(strategy, model: nil, log: resumed)
      #expect(resumed.now.generations == log.now.generations, "after \(survived) writes")
    }
  }

  @Test("The rewriter's share is its own: it is not credited to the prompts, and the model is not asked")
  func rewriterShare() async throws {
    var configuration = Toy.configuration(generations: 3, batch: 8)
    configuration.search.rewriterShare = 0.5
    let strategy = try ToyRun.strategy(configuration)
    let log = MemoryLog()
    let model = ScriptedModel()
    _ = try await ToyRun(configuration: configuration).run(strategy, model: model, log: log)
    let proposed = log.now.candidates.values.filter { $0.generation > 0 }
    let rewritten = proposed.filter { $0.origin.author == .rewriter }
    #expect(rewritten.count > 4 && rewritten.count < 20)
    #expect(model.keys.count == proposed.count - rewritten.count)

    // Were the rewriter's candidates credited, the prompts would have more curiosity than the model's can give.
    var byModel = strategy
    var all = strategy
    for generation in log.now.generations {
      let records = log.now.candidates.values.filter { $0.generation == generation.number }.sorted {
        $0.id < $1.id
      }
      #expect(try byModel.tell(records) == generation)
      let others = records.map { record in
        var record = record
        record.origin.author = .languageModel
        return record
      }
      _ = try all.tell(others)
    }
    #expect(all.individuals.elites.count > byModel.individuals.elites.count)
  }

  @Test("A model that edits: edits are applied, refused ones told, what is no edit is refused")
  func edits() async throws {
    let configuration = Toy.configuration(generations: 2)
    let model = ScriptedModel { (request, key) throws(ChatFailure) in
      #expect(request.responseSchema?.name == "edits")
      let number = ScriptedModel.number(key)
      switch number % 4 {
      case 0: return "no JSON here"
      case 1: return #"{"action":"delete","layer":"no_such_layer","kind":"conv","width":8,"kernel":3}"#
      default:
        let width = [8, 16, 32, 64][Int(number >> 8) % 4]
        return #"{"edits":[{"action":"insert","layer":"conv1","kind":"conv","width":\#(width),"kernel":3}]}"#
      }
    }
    let log = MemoryLog()
    var run = ToyRun(configuration: configuration)
    run.form = .edits
    _ = try await run.run(ToyRun.strategy(configuration), model: model, log: log)
    var edited = 0
    for record in log.now.candidates.values where record.generation > 0 {
      let key = try #require(record.origin.exchange)
      #expect(record.origin.form == .edits)
      switch ScriptedModel.number(key) % 4 {
      case 0: #expect(record.verdict.reason?.hasPrefix("The model's reply holds no edits: ") == true)
      case 1:
        #expect(record.verdict.reason?.hasPrefix("No edit of the reply could be applied") == true)
        #expect(record.verdict.refusedEdits.count == 1)
      default:
        edited += 1
        #expect(record.verdict.applied.count == 1)
        #expect(record.verdict.isNetwork)
        #expect(record.source?.contains("Conv2d(") == true)
      }
    }
    #expect(edited > 2)
  }

  @Test("What is asked depends on the proposal alone, and no key can be in what is stored")
  func requests() async throws {
    let configuration = Toy.configuration(generations: 2)
    let strategy = try ToyRun.strategy(configuration)
    let log = MemoryLog()
    _ = try await ToyRun(configuration: configuration).run(strategy, model: ScriptedModel(), log: log)
    for (key, exchange) in log.now.exchanges {
      #expect(exchange.key == key)
      #expect(exchange.request.messages.map(\.role) == [.system, .user])
      #expect(exchange.request.maximumTokens == 4096)
      #expect(exchange.request.messages.allSatisfy { !$0.content.contains("{{") })
      let temperature = try #require(exchange.request.temperature)
      #expect((0...1).contains(temperature))
      // The types have no place for a key: these are all members that are stored.
      #expect(
        Mirror(reflecting: exchange).children.compactMap(\.label) == [
          "identity", "request", "outcome", "cost", "time",
        ])
      #expect(
        Mirror(reflecting: exchange.identity).children.compactMap(\.label) == [
          "provider", "model", "endpoint",
        ])
      #expect(
        Mirror(reflecting: exchange.request).children.compactMap(\.label)
          == [
            "messages", "temperature", "maximumTokens", "seed", "stop", "responseSchema", "topP", "grammar",
            "suffix",
            "reasoningEffort", "recipient",
          ])
    }
    let identity = ModelIdentity(
      provider: "x", model: "y", endpoint: "https://me:s3cret@host/v1?key=s3cret#s3cret")
    #expect(identity.endpoint?.contains("s3cret") == false)
  }

  @Test("A run replayed from its exchanges is the same run, and no model is asked")
  func replay() async throws {
    let configuration = Toy.configuration()
    let strategy = try ToyRun.strategy(configuration)
    let log = MemoryLog()
    _ = try await ToyRun(configuration: configuration).run(strategy, model: ScriptedModel(), log: log)

    let prompts = try Toy.prompts()
    let author = Author.replaying(
      Array(log.now.exchanges.values), settings: configuration.model, name: "toy", isStrict: true)
    #expect(!author.isRewriterAlone)
    #expect(author.explanation.contains("taken from the run 'toy'"))
    let replayed = MemoryLog()
    let engine = try SearchEngine(
      configuration: configuration, data: Toy.data, prompts: prompts,
      writer: author.writer(configuration, data: Toy.data, prompts: prompts, log: replayed), log: replayed,
      draftsAtOnce: author.concurrency, workers: 2, stop: StopFlag(), report: { _ in })
    _ = try await engine.run(strategy)
    #expect(replayed.now.generations == log.now.generations)
    #expect(replayed.now.repeatable == log.now.repeatable)
    // But for when they took place.
    #expect(
      replayed.now.exchanges.mapValues { [$0.request.key: $0.outcome] }
        == log.now.exchanges.mapValues { [$0.request.key: $0.outcome] })
  }

  @Test(
    "The rewriter makes as many changes as it may",
    arguments: [("add-layer", 1, 1), ("add-layer", 8, 8), ("random-network", 1, 1), ("random-network", 4, 4)])
  func rewriterChanges(prompt: String, most: Int, found: Int) async throws {
    var search = SearchSettings()
    #expect(search.rewriterChanges == 1 && search.randomChanges == 8)
    if prompt == "add-layer" { search.rewriterChanges = most } else { search.randomChanges = most }
    let prompts = try Toy.prompts()
    let rewriter = RewriterWriter(task: Toy.task, prompts: prompts, search: search, stream: .init(seed: 1))
    let source = try prompts.prompt("initial-network").rendered(Toy.task.variables) + "\n"
    var counts: [Int] = []
    for id in 1...60 {
      let proposal = Proposal(
        id: id, generation: 1, index: 0, step: .mutation, parents: [0], prompt: prompt, temperature: 0.5,
        goesToRewriter: true)
      let draft = try await rewriter.draft(for: proposal, sources: [source])
      if draft.source != nil { counts.append(draft.applied.count) }
    }
    #expect(counts.count > 30)
    #expect(counts.min() == 1 && counts.max() == found)
    #expect(Set(counts).count == found)
  }

  @Test(
    "A prompt whose rewrite nobody knows, or a rewriter without a parent, is an error and not a candidate")
  func rewriterErrors() async throws {
    let rewriter = RewriterWriter(task: Toy.task, prompts: try Toy.prompts(), stream: .init(seed: 1))
    var proposal = Proposal(
      id: 1, generation: 1, index: 0, step: .mutation, parents: [0], prompt: "no-such-prompt",
      temperature: 0.5,
      goesToRewriter: true)
    await #expect(throws: SearchError.self) { _ = try await rewriter.draft(for: proposal, sources: ["x"]) }
    proposal.prompt = "add-layer"
    await #expect(throws: SearchError.self) { _ = try await rewriter.draft(for: proposal, sources: []) }
    // A parent that is no network is this candidate's misfortune.
    let draft = try await rewriter.draft(for: proposal, sources: ["x = 1\n"])
    #expect(draft.source == nil && draft.reason?.isEmpty == false)
  }
}
