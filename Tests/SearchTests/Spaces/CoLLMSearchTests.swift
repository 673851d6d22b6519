import LanguageModels
import QualityDiversity
import RandomStreams
import SearchSpaces
import Testing

@testable import Search

/// What holds of CoLLM-NAS' loop whatever the models say.
@Suite struct CoLLMSearchTests {
  private func toy(
    _ change: (inout CoLLMRun<TabularEvaluator<ToySpace>>) -> Void = { _ in }
  ) throws
    -> CoLLMRun<TabularEvaluator<ToySpace>>
  {
    var run = CoLLMRun(evaluator: try ToySpace.table())
    change(&run)
    return run
  }

  @Test(arguments: 1...12)
  func nothingIllegalNothingTwiceAndTheBudgetExact(seed: Int) async throws {
    let run = try toy {
      $0.seed = UInt64(seed)
      $0.deduplicate = seed.isMultiple(of: 2) ? .network : .genotype
      $0.constraint = seed.isMultiple(of: 3) ? "cost < 7" : ""
      $0.settings.tellsMistakes = seed.isMultiple(of: 4)
      $0.settings.naming = SpaceVocabulary.Naming.allCases[seed % 3]
      $0.settings.patience = 20
      $0.settings.candidates = 1...(4 + seed)
    }
    let generator = WatchedModel(MessyGenerator(run.vocabulary))
    let (search, strategy) = try await run(generator: generator)
    let paid = search.results.filter(\.isPaid)
    let space = ToySpace()
    #expect(paid.count == run.evaluations && search.spent == search.budget && search.end == .outOfBudget)
    let keys = paid.compactMap(\.genotype).map {
      run.deduplicate == .network ? space.canonicalText(of: $0) : space.text(of: $0)
    }
    #expect(Set(keys).count == paid.count, "none is evaluated twice")
    for result in paid { _ = try space.genotype(options: #require(result.genotype)) }
    #expect(search.counts.illegal > 0 && search.counts.repeated > 0, "the Generator is as messy as planned")
    #expect(strategy.counts.illegal == search.counts.illegal)
    #expect(strategy.counts.repeated == search.counts.repeated)
    #expect(strategy.counts.failures > 0 || strategy.counts.unreadable > 0)
    // The constraint decides on the best alone: of those that fulfil it the fittest, while others were paid for.
    let feasible = paid.filter { run.constraint.isEmpty || ($0.figures["cost"] ?? 99) < 7 }
    #expect(search.bestResult?.fitness == feasible.compactMap(\.fitness).max())
    if !run.constraint.isEmpty { #expect(feasible.count < paid.count) }
    #expect(try #require(search.archive).count == 1)
    // The same again, and from the record without the model.
    let again = try await run(generator: MessyGenerator(run.vocabulary))
    #expect(again.search.results == search.results)
    let recorded = RecordedModel(
      identity: generator.identity, recording: "the first", exchanges: generator.exchanges)
    #expect(try await run(generator: recorded).search.results == search.results)
    #expect(recorded.counts.recorded == generator.exchanges.count)
  }

  @Test func whatBreaksTheConstraintIsToldToTheNavigator() async throws {
    let run = try toy { $0.constraint = "cost < 6" }
    let navigator = WatchedModel(StatisticsNavigator(run.vocabulary))
    let (search, _) = try await run(navigator: navigator)
    let told = try #require(navigator.conversations.last).map(\.content).joined(separator: "\n")
    let broken = search.results.prefix(10).filter { !$0.isFeasible && $0.isPaid }
    #expect(!broken.isEmpty)
    for result in broken {
      #expect(told.contains(run.vocabulary.json(try #require(result.genotype)).encoded()))
    }
    #expect(told.contains("cost < 6"))
    // The best that is told is one that counts.
    let lines = told.split(separator: "\n").filter { $0.hasPrefix("Best accuracy so far:") }
    #expect(lines.count >= 2 && search.best != nil)
    let best = try #require(lines.last?.split(separator: " ").compactMap { Double($0.dropLast()) }.first)
    #expect(best <= (search.bestResult?.fitness ?? 0) + 1e-4)
  }

  /// N and G: whether Navigator and Generator remember.
  @Test(arguments: [(true, false), (false, false), (true, true), (false, true)])
  func memorySwitchesChangeWhatIsSent(navigates: Bool, generates: Bool) async throws {
    let run = try toy {
      $0.settings.navigator.remembers = navigates
      $0.settings.generator.remembers = generates
      $0.settings.candidates = 8...8
    }
    let navigator = WatchedModel(StatisticsNavigator(run.vocabulary))
    let generator = WatchedModel(DirectedGenerator(run.vocabulary, count: 8))
    let (_, strategy) = try await run(navigator: navigator, generator: generator)
    #expect(strategy.counts.iterations >= 4)
    for (model, remembers) in [(navigator, navigates), (generator, generates)] {
      for (iteration, exchange) in model.exchanges.enumerated() {
        let messages = exchange.request.messages
        #expect(messages.count == (remembers ? 2 + 2 * iteration : 2))
        #expect(messages.first?.role == .system && messages.last?.role == .user)
        guard remembers, iteration > 0 else { continue }
        let earlier = model.exchanges[iteration - 1]
        guard case .reply(let reply) = earlier.outcome else { continue }
        #expect(Array(messages.dropLast()) == earlier.request.messages + [.assistant(reply.content)])
      }
    }
    // The Generator's strategy is the Navigator's latest reply, and its results are the Navigator's next question.
    for (asked, exchange) in zip(generator.conversations, navigator.exchanges) {
      guard case .reply(let reply) = exchange.outcome else { continue }
      #expect(asked.last?.content.contains(reply.content) == true)
    }
    #expect(navigator.exchanges.allSatisfy { $0.request.temperature == 0.6 })
    #expect(
      generator.exchanges.allSatisfy { $0.request.temperature == 0.6 && $0.request.responseSchema != nil })
    let requests = (navigator.exchanges + generator.exchanges).map(\.request)
    #expect(Set(requests.compactMap(\.seed)).count == requests.count)
  }

  @Test(arguments: [true, false])
  func oneModelForBothPartsHasOneConversation(remembers: Bool) async throws {
    let run = try toy {
      $0.settings.isSingle = true
      $0.settings.navigator.remembers = remembers
    }
    let model = WatchedModel(SingleStandIn(run.vocabulary))
    let nobody = ScriptedModel { (_, _) throws(ChatFailure) in throw .cancelled }
    let (search, _) = try await run(navigator: model, generator: nobody)
    #expect(search.end == .outOfBudget && nobody.keys.isEmpty)
    for (number, messages) in model.conversations.enumerated() {
      #expect(messages.count == (remembers ? 2 + 2 * number : 2 + 2 * (number % 2)))
    }
    // It reflects, then it generates with its reflection before it.
    guard case .reply(let strategy) = model.exchanges[2].outcome else { return }
    #expect(model.conversations[3].contains(.assistant(strategy.content)))
  }

  @Test func hiddenNamesAreNowhere() async throws {
    let originals = NASBench201Operation.allCases.map(\.name)
    for naming in SpaceVocabulary.Naming.allCases {
      var run = CoLLMRun(evaluator: CellEvaluator())
      run.settings.naming = naming
      run.settings.tellsMistakes = true
      run.settings.figures = run.evaluator.space.figureNames
      let navigator = WatchedModel(StatisticsNavigator(run.vocabulary))
      let generator = WatchedModel(MessyGenerator(run.vocabulary))
      run.settings.patience = 20
      let (search, _) = try await run(navigator: navigator, generator: generator)
      #expect(search.end == .outOfBudget)
      for exchange in navigator.exchanges + generator.exchanges {
        let sent =
          exchange.request.messages.map(\.content).joined()
          + (exchange.request.responseSchema?.schema.encoded() ?? "")
        for name in originals where naming == .neutral {
          // `none` is a word, too, and what there is to say where there is no best.
          let isThere =
            name == "none" ? sent.contains("\"none\"") || sent.contains("`none`") : sent.contains(name)
          #expect(!isThere, "\(name)")
        }
        for name in ["nas-bench", "NAS-Bench", "201", "CIFAR", "cifar"] { #expect(!sent.contains(name)) }
        if naming == .shuffled { #expect(!sent.contains("a ReLU")) }
        if naming == .original { #expect(sent.contains("a ReLU")) }
      }
      // Whatever the names, what is evaluated is what was meant: the records lead to the good operations.
      #expect((search.bestResult?.fitness ?? 0) > 50)
    }
  }

  @Test func aConstraintMayNotNameWhatIsHidden() async throws {
    var run = CoLLMRun(evaluator: CellEvaluator())
    run.settings.naming = .neutral
    run.constraint = "nor_conv_3x3 < 3"
    await #expect(throws: SearchError.self) { _ = try await run() }
  }

  @Test func namesAreExchangedWithoutOneThatStays() {
    let choices = NASBench201Space().choices
    for seed in UInt64(1)...20 {
      let shuffled = SpaceVocabulary(choices, naming: .shuffled, stream: RandomStream(seed: seed))
      #expect(shuffled.choices.allSatisfy { $0.options == shuffled.choices[0].options })
      #expect(Set(shuffled.choices[0].options) == Set(choices[0].options))
      #expect(zip(shuffled.choices[0].options, choices[0].options).allSatisfy { $0 != $1 })
      for naming in SpaceVocabulary.Naming.allCases {
        let vocabulary = SpaceVocabulary(choices, naming: naming, stream: RandomStream(seed: seed))
        var stream = RandomStream(seed: seed)
        let options = choices.map { stream.integer(below: $0.options.count) }
        #expect(vocabulary.readings(in: vocabulary.json(options).encoded()) == [.options(options)])
      }
    }
  }

  @Test func aGeneratorThatSaysNothingOfUseEndsTheSearch() async throws {
    let talker = ScriptedModel { (_, _) throws(ChatFailure) in "Let me think about {this} first." }
    let run = try toy { $0.settings.patience = 3 }
    let (search, strategy) = try await run(generator: talker)
    #expect(search.end == .finished && search.results.isEmpty)
    #expect(strategy.ending == "3 iterations in a row gave no new architecture.")
    #expect(strategy.counts.iterations == 3 && strategy.counts.unreadable == 3)
    // One that repeats itself does so too, and an iteration's limit is kept.
    let parrot = ScriptedModel { (_, _) throws(ChatFailure) in
      run.vocabulary.json([0, 1, 2, 3, 0]).encoded()
    }
    let repeated = try await run(generator: parrot)
    #expect(repeated.search.counts.evaluated == 1 && repeated.strategy.counts.iterations == 4)
    let few = try await toy { $0.settings.iterations = 2 }()
    #expect(few.strategy.ending == "The limit of 2 iterations is reached.")
    #expect(
      few.strategy.counts.iterations == 2 && few.search.counts.evaluated + few.search.counts.illegal == 30)
  }

  @Test func failuresAreRetriedAndBudgetsEndTheSearch() async throws {
    let run = try toy()
    let silent = ScriptedModel { (_, _) throws(ChatFailure) in
      throw .timedOut(endpoint: "http://127.0.0.1:9/v1", seconds: 1, attempts: 3)
    }
    let (search, strategy) = try await run(navigator: silent)
    #expect(search.results.isEmpty && strategy.counts.failures == 15 && strategy.counts.calls == 15)
    let refused = ScriptedModel { (_, _) throws(ChatFailure) in
      throw .authenticationRefused(endpoint: "http://127.0.0.1:9/v1", status: 401, detail: "no")
    }
    await #expect(throws: SearchError.self) { _ = try await run(generator: refused) }
    let limited = BudgetedModel(DirectedGenerator(run.vocabulary), budget: ChatBudget(calls: 2))
    let ended = try await run(generator: limited)
    #expect(ended.search.counts.evaluated >= 20 && ended.search.results.count == 30)
    #expect(ended.search.end == .finished)
    #expect(ended.strategy.ending?.contains("budget") == true)
  }

  @Test func conversationsStayWithinTheContext() async throws {
    let run = try toy {
      $0.settings.navigator.contextTokens = 7_000
      $0.settings.navigator.maximumTokens = 1_000
      $0.evaluations = 150
    }
    let navigator = WatchedModel(StatisticsNavigator(run.vocabulary))
    let (search, strategy) = try await run(navigator: navigator)
    #expect(search.end == .outOfBudget)
    for messages in navigator.conversations {
      #expect(messages.reduce(0) { $0 + $1.content.utf8.count } <= 12_000)
    }
    #expect(strategy.counts.shortenedTurns > 0 && strategy.counts.droppedTurns > 0)
    let free = try await toy { $0.evaluations = 150 }()
    #expect(free.strategy.counts.shortenedTurns == 0 && free.strategy.counts.droppedTurns == 0)
  }

  @Test func oldQuestionsAreShortenedFirst() {
    var conversation = ModelConversation(system: "s", limit: 250)
    for number in 0..<3 {
      var question = ModelConversation.Question(
        text: "long \(number) " + String(repeating: "x", count: 70), short: "short \(number)")
      _ = conversation.messages(asking: &question)
      conversation.append(question, answer: "answer \(number)")
    }
    var question = ModelConversation.Question(text: String(repeating: "y", count: 150), short: "y")
    let messages = conversation.messages(asking: &question)
    #expect(
      messages.map { String($0.content.prefix(7)) } == [
        "s", "short 0", "answer ", "long 1 ", "answer ", "long 2 ", "answer ", "yyyyyyy",
      ])
    #expect(conversation.shortened == 1 && conversation.dropped == 0)
    // All turns go before the question is shortened.
    question = ModelConversation.Question(text: String(repeating: "y", count: 600), short: "y")
    #expect(conversation.messages(asking: &question).map(\.content) == ["s", "y"])
    #expect(conversation.shortened == 4 && conversation.dropped == 3)
    // Counted tokens go before the guess: here a byte in 10 is one.
    conversation.learn(2, in: [.user("tokens")])
    question = ModelConversation.Question(text: String(repeating: "y", count: 600), short: "y")
    #expect(conversation.messages(asking: &question).last?.content.count == 600)
  }
}
