import LanguageModels
import RandomStreams
import Testing

@testable import Search

@Suite("Telling a model what is wrong with its reply")
struct RepairTests {
  /// Lacks a parenthesis, which healing does not mend.
  private static let broken = Toy.program([9]).replacing("nn.Linear(64, 9)", with: "nn.Linear(64, 9")
  /// Has a wrong count, which healing mends.
  private static let mendable = Toy.program([9]).replacing("nn.Linear(64, 9)", with: "nn.Linear(32, 9)")

  private func configuration(
    _ rounds: Int, _ repair: [SearchSettings.RepairMethod] = [.heal, .model]
  ) -> RunConfiguration {
    var run = Toy.configuration(generations: 1, batch: 4)
    run.search.repairRounds = rounds
    run.search.repair = repair
    return run
  }

  private func fenced(_ program: String) -> String { "```python\n\(program)```" }

  /// What is answered by round, the last one for all further rounds.
  private func model(_ answers: [String]) -> ScriptedModel {
    ScriptedModel { (request, key) throws(ChatFailure) in
      let round = request.messages.count { $0.role == .assistant }
      // Each candidate's good program is its own.
      return answers[min(round, answers.count - 1)].replacing(
        "GOOD", with: Toy.program([4 + Int(ScriptedModel.number(key) % 50)]))
    }
  }

  private func run(
    _ configuration: RunConfiguration, _ model: ScriptedModel, _ log: MemoryLog = MemoryLog(),
    form: CandidateOrigin.Form = .wholeProgram
  ) async throws -> [CandidateRecord] {
    var run = ToyRun(configuration: configuration)
    run.form = form
    _ = try await run.run(ToyRun.strategy(configuration), model: model, log: log)
    return log.now.candidates.values.filter { $0.generation > 0 }.sorted { $0.id < $1.id }
  }

  @Test("The compiler's sentences with their lines go back, and the next reply counts")
  func conversation() async throws {
    let log = MemoryLog()
    let model = model([fenced(Self.broken), "I am sorry.", fenced("GOOD")])
    let records = try await run(configuration(3), model, log)
    #expect(records.count == 4)
    for record in records {
      #expect(record.verdict.status == .valid || record.verdict.status == .duplicate)
      let repairs = try #require(record.origin.request?.repairs)
      #expect(repairs.count == 2)
      #expect(repairs[0].problem.contains("9:32: error:") || repairs[0].problem.contains("error: "))
      #expect(repairs[0].problem.contains("self.fc1 = nn.Linear(64, 9"), "the line is shown")
      #expect(repairs[1].problem == "The model's reply holds no program with a class.")
      let first = try #require(log.now.exchanges[record.origin.exchange ?? ""])
      let last = try #require(log.now.exchanges[repairs[1].exchange])
      #expect(last.request.messages.map(\.role) == [.system, .user, .assistant, .user, .assistant, .user])
      #expect(
        Array(last.request.messages.prefix(2)) == first.request.messages, "what was said stays in front")
      #expect(last.request.messages[3].content.contains(repairs[0].problem))
      #expect(last.request.seed != first.request.seed)
    }
    #expect(log.now.exchanges.count == 12)
    #expect(model.keys.count == 12 && Set(model.keys).count == 12)
  }

  @Test("After the last round a candidate is refused, or healed if that comes last")
  func order() async throws {
    var records = try await run(configuration(2), model([fenced(Self.broken)]))
    #expect(records.allSatisfy { $0.verdict.status == .refused && $0.origin.request?.repairs.count == 2 })

    // Healing first: the model is not asked again for what healing mends.
    records = try await run(configuration(2), model([fenced(Self.mendable)]))
    #expect(records[0].verdict.status == .healed)
    #expect(records.allSatisfy { $0.origin.request == nil })

    // The model first: it is asked, and healing takes what it leaves.
    records = try await run(configuration(2, [.model, .heal]), model([fenced(Self.mendable)]))
    #expect(records[0].verdict.status == .healed)
    #expect(records.allSatisfy { $0.origin.request?.repairs.count == 2 })
    #expect(records[0].origin.request?.repairs[0].problem.contains("32") == true)

    // Without healing it is refused.
    records = try await run(configuration(1, [.model]), model([fenced(Self.mendable)]))
    #expect(records.allSatisfy { $0.verdict.status == .refused && $0.verdict.healed.isEmpty })
    records = try await run(configuration(0, []), model([fenced(Self.mendable)]))
    #expect(records.allSatisfy { $0.verdict.status == .refused && $0.origin.request == nil })

    // What is too large is told as well.
    var small = configuration(1)
    small.limits.parameters = 300
    records = try await run(small, model([fenced(Toy.program([60])), fenced(Toy.program([4]))]))
    #expect(records[0].verdict.isNetwork)
    #expect(
      records[0].origin.request?.repairs.first?.problem
        == "The network has 4144 parameters; limits.parameters is 300.")
  }

  @Test("A request that fails in a later round leaves the candidate as it was")
  func failure() async throws {
    let model = ScriptedModel { (request, _) throws(ChatFailure) in
      guard request.messages.count > 2 else { return "```python\n\(Self.mendable)```" }
      throw .timedOut(endpoint: "http://127.0.0.1:9/v1", seconds: 1, attempts: 3)
    }
    let records = try await run(configuration(3, [.model, .heal]), model)
    #expect(records.allSatisfy { $0.origin.request?.repairs.count == 1 })
    #expect(records[0].verdict.status == .healed)
  }

  @Test("Edits and blocks are told what was refused; blocks count for the parent as it was")
  func otherForms() async throws {
    let edits = ScriptedModel { (request, _) throws(ChatFailure) in
      request.messages.count > 2
        ? #"{"edits":[{"action":"insert","layer":"conv1","kind":"conv","width":8,"kernel":3}]}"#
        : #"{"edits":[{"action":"delete","layer":"nowhere","kind":"conv","width":8,"kernel":3}]}"#
    }
    var records = try await run(configuration(1), edits, form: .edits)
    #expect(records[0].verdict.isNetwork && records[0].origin.form == .edits)
    #expect(records[0].origin.request?.repairs[0].problem.contains("nowhere") == true)

    let conv = "        self.conv1 = nn.Conv2d(1, 1, 1)"
    let blocks = ScriptedModel { (request, _) throws(ChatFailure) in
      let new = request.messages.count > 2 ? "3, padding=1)" : "3, padding=1"
      return "<<<<<<< SEARCH\n\(conv)\n=======\n        self.conv1 = nn.Conv2d(1, 1, \(new)\n>>>>>>> REPLACE"
    }
    records = try await run(configuration(1), blocks, form: .blocks)
    #expect(records[0].verdict.status == .valid && records[0].origin.form == .blocks)
    #expect(records[0].verdict.applied == ["block 1 replaced line 9"])
    #expect(records[0].origin.request?.repairs.count == 1)
  }

  @Test("A continuation goes on behind its errors, which stand in a docstring")
  func completion() async throws {
    let log = MemoryLog()
    let model = ScriptedModel { (request, key) throws(ChatFailure) in
      let text = request.messages.last?.content ?? ""
      #expect(text.hasSuffix("\"\"\"\n"))
      #expect(request.stop == ["\n\"\"\"", "\nif __name__"])
      if text.contains("cannot be used") { return Toy.program([4 + Int(ScriptedModel.number(key) % 50)]) }
      #expect(text.contains("class Net(nn.Module)") && text.contains("improve the network") || !text.isEmpty)
      return Self.broken
    }
    let records = try await run(configuration(1), model, log, form: .completion)
    for record in records {
      #expect(record.verdict.isNetwork && record.origin.form == .completion)
      #expect(record.origin.request?.repairs.count == 1)
    }
    let exchange = try #require(log.now.exchanges[records[0].origin.request?.repairs[0].exchange ?? ""])
    #expect(exchange.request.messages.map(\.role) == [.system, .user])
    #expect(exchange.request.messages[1].content.contains(Self.broken.trimmingSpace().suffix(60)))
  }

  @Test("A resumed candidate asks for nothing again, and a replayed run asks nobody")
  func resuming() async throws {
    var run = configuration(2)
    run.search.generations = 2
    let answers = [fenced(Self.broken), fenced("GOOD")]
    let log = MemoryLog()
    let whole = try await self.run(run, model(answers), log)
    for survived in stride(from: 1, to: log.now.writes, by: 3) {
      let broken = MemoryLog().copy(breakingAfter: survived)
      await #expect(throws: SearchError.self) { _ = try await self.run(run, model(answers), broken) }
      let resumed = broken.copy()
      let stored = resumed.now.exchanges.count
      let second = model(answers)
      let records = try await self.run(run, second, resumed)
      #expect(second.keys.count == log.now.exchanges.count - stored, "after \(survived) writes")
      #expect(records.map(\.origin) == whole.map(\.origin))
      #expect(resumed.now.generations == log.now.generations)
      #expect(resumed.now.repeatedExchanges.isEmpty)
    }
    let prompts = try Toy.prompts()
    let author = Author.replaying(
      Array(log.now.exchanges.values), settings: run.model, name: "toy", isStrict: true)
    let replayed = MemoryLog()
    let engine = try SearchEngine(
      configuration: run, data: Toy.data, prompts: prompts,
      writer: author.writer(run, data: Toy.data, prompts: prompts, log: replayed), log: replayed,
      draftsAtOnce: 1, workers: 2, stop: StopFlag(), report: { _ in })
    _ = try await engine.run(ToyRun.strategy(run))
    #expect(replayed.now.generations == log.now.generations)
    #expect(replayed.now.repeatable == log.now.repeatable)
  }

  @Test("Rounds are requests of the budget like all others")
  func budget() async throws {
    var run = configuration(2)
    run.budget.calls = 5
    let log = MemoryLog()
    let model = model([fenced(Self.broken), fenced("GOOD")])
    let budgeted = BudgetedModel(
      model, budget: try #require(run.budget.chat), spent: ChatSpending(calls: 0), prices: PriceTable(),
      onWarning: { _ in })
    let summary = try await ToyRun(configuration: run).run(ToyRun.strategy(run), chat: budgeted, log: log)
    #expect(summary.end == .outOfBudget)
    #expect(log.now.exchanges.count == 5 && model.keys.count == 5)
    // Two of four candidates are whole, the third has its first exchange.
    #expect(log.now.candidates.values.count { $0.generation > 0 } == 2)
  }
}

@Suite("What a model is asked, and in which order")
struct RequestTests {
  private func builder(_ form: CandidateOrigin.Form, continuesText: Bool = false) throws -> RequestBuilder {
    RequestBuilder(
      form: form, settings: ModelSettings(), task: Toy.task, prompts: try Toy.prompts(),
      stream: RandomStream(seed: 1), continuesText: continuesText)
  }

  private func proposal(_ id: Int, prompt: String = "improve", parents: [Int] = [0]) -> Proposal {
    Proposal(
      id: id, generation: 1, index: id, step: parents.count > 1 ? .crossover : .mutation, parents: parents,
      prompt: prompt, temperature: 0.5, goesToRewriter: false)
  }

  private func text(_ request: ChatRequest) -> String {
    request.messages.map(\.content).joined(separator: "\u{1}")
  }

  @Test(
    "What two requests share stands first: they agree up to the parent, and with one parent beyond it",
    arguments: [CandidateOrigin.Form.wholeProgram, .blocks, .edits, .completion])
  func prefixes(form: CandidateOrigin.Form) throws {
    let builder = try builder(form)
    let inspirations = [Inspiration(source: Toy.program([7, 7]), figures: "width 7")]
    var first = proposal(1, prompt: "improve")
    first.niche = NicheRequest(cell: 1, direction: "macs lower", wish: "under 40 M MACs", isEmpty: true)
    let second = proposal(2, prompt: "widen")
    let (left, right) = (Toy.program([12]), Toy.program([33]))
    func shared(_ one: ChatRequest, _ other: ChatRequest) -> String {
      String(zip(text(one), text(other)).prefix { $0.0 == $0.1 }.map(\.0))
    }
    let a = try builder.request(for: first, sources: [left], inspirations: inspirations)
    let b = try builder.request(for: second, sources: [right], inspirations: [])
    let parent = form == .edits ? "fc1" : "import torch"
    let place = try #require(text(a).firstRange(of: parent)).lowerBound
    #expect(shared(a, b).hasPrefix(text(a)[..<place]), "everything before the parent is the same")
    let c = try builder.request(for: second, sources: [left], inspirations: inspirations)
    let last = form == .edits ? "fc2: Linear 12->4" : "return self.fc2(x)"
    #expect(shared(a, c).contains(last), "the parent is part of it")
    #expect(text(a).contains("under 40 M MACs") && !text(c).contains("under"))
    #expect(text(a).contains("width 7"))
    // The parent stands before the inspirations, and the instruction last.
    let order = [parent, "width 7", "under 40 M MACs"].compactMap { text(a).firstRange(of: $0)?.lowerBound }
    #expect(order.count == 3 && order == order.sorted())
  }

  @Test("A crossover shows all its parents, edits two of them")
  func crossovers() throws {
    let sources = [[5], [6], [7]].map { Toy.program($0) }
    for form in [CandidateOrigin.Form.wholeProgram, .blocks, .completion] {
      let request = try builder(form).request(
        for: proposal(1, prompt: "crossover", parents: [1, 2, 3]), sources: sources, inspirations: [])
      for width in 5...7 { #expect(text(request).contains("nn.Linear(64, \(width))"), "\(form)") }
      if form != .completion { #expect(text(request).contains("The third network:")) }
    }
    let edits = try builder(.edits).request(
      for: proposal(1, prompt: "crossover", parents: [1, 2, 3]), sources: sources, inspirations: [])
    #expect(text(edits).contains("Second network:") && !text(edits).contains("64->7"))
    #expect(edits.responseSchema?.name == "crossover")
  }

  @Test("A model that continues text is told nothing but the text; one that talks gets a system's turn")
  func continuing() throws {
    let plain = try builder(.completion, continuesText: true).request(
      for: proposal(1), sources: [Toy.program([5])], inspirations: [])
    #expect(plain.messages.map(\.role) == [.user])
    #expect(plain.messages[0].content.hasPrefix("import torch\n"))
    #expect(plain.messages[0].content.hasSuffix("\"\"\"\n"))
    let talking = try builder(.completion).request(
      for: proposal(1), sources: [Toy.program([5])], inspirations: [])
    #expect(talking.messages.map(\.role) == [.system, .user])
    #expect(
      ModelWriter.continuesText(ModelIdentity(provider: "openai-completions", model: "m"))
        && ModelWriter.continuesText(ModelIdentity(provider: "llama.cpp-completion", model: "m"))
        && !ModelWriter.continuesText(ModelIdentity(provider: "openai-compatible", model: "m")))
  }

  @Test("A reply in another form than was asked for is read where it can be told apart")
  func fallbacks() {
    let parent = Toy.program([12])
    let block =
      "<<<<<<< SEARCH\n        self.fc1 = nn.Linear(64, 12)\n=======\n        self.fc1 = nn.Linear(64, 12, bias=False)\n>>>>>>> REPLACE"
    let options = Toy.task.options(batch: 1, isTraining: false)
    for form in [CandidateOrigin.Form.wholeProgram, .blocks, .edits, .completion] {
      let interpreter = ReplyInterpreter(form: form, options: options)
      let blocks = interpreter.read("```python\n\(block)\n```", of: [parent])
      #expect(blocks.form == .blocks && blocks.source?.contains("bias=False") == true, "\(form)")
      let program = interpreter.read("```python\n\(Toy.program([5]))```", of: [parent])
      #expect(program.source?.contains("nn.Linear(64, 5)") == true, "\(form)")
      #expect(program.form == (form == .completion ? .completion : .wholeProgram))
      let nothing = interpreter.read("I would rather not.", of: [parent])
      #expect(nothing.source == nil && nothing.reason?.hasPrefix("The model's ") == true)
    }
  }

  @Test(
    "A prompt that a model wrote is its first paragraph without wrapping",
    arguments: [
      ("Add a squeeze block behind each convolution.", "Add a squeeze block behind each convolution."),
      ("Instruction: \"Add a squeeze block.\"\n\nIt is better.", "Add a squeeze block."),
      ("Here is one:\n\n```\nAdd a\n  squeeze block.\n```", "Add a squeeze block."),
      ("<think>Hm.</think>\n\"Widen the last layers.\"", "Widen the last layers."),
      ("no", nil), ("", nil), ("Use {{source}} as it is.", nil),
      (String(repeating: "word ", count: 200), nil),
    ] as [(String, String?)])
  func evolvedPrompts(reply: String, expected: String?) {
    #expect(EvolvedPrompt.instruction(in: reply) == expected)
  }
}
