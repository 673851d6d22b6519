public import LanguageModels
public import RandomStreams
public import SearchSpaces

/// CoLLM-NAS (arXiv 2509.26037, Algorithm 1): a Navigator studies how architectures did and writes a strategy, a
/// Generator writes architectures by it, and the search evaluates what is legal and new.
///
/// The search that drives it is the paper's Coordinator: it refuses the illegal, knows what was visited (have it
/// deduplicate), counts evaluations, and lets the constraint decide on the best alone. What was evaluated is told to
/// the Navigator, whether it fulfils the constraint or not. Each `ask` is one iteration: both models are asked, one
/// after the other, at streams named after the iteration.
public struct CoLLMSearch<Space: ChoiceSpace>: AsyncSpaceStrategy {
  /// What asking came to so far.
  public var counts: ModelSearchCounts { rounds.counts }
  /// The strategy that the Generator was given last; empty where there is none yet.
  public private(set) var guidance = ""
  /// Why the search asks for nothing more: one sentence; nil while it does.
  public var ending: String? { rounds.ending }
  /// Whether that is because a limit on the models is reached.
  public var isOutOfBudget: Bool { rounds.isOutOfBudget }

  private let settings: CoLLMSettings
  private let texts: SpaceTexts<Space>
  private let navigator: RoleModel
  private let generator: RoleModel
  private var navigation: ModelConversation
  private var generation: ModelConversation
  /// What was told and the Navigator has not heard.
  private var news: [SpaceResult<Space.Genotype>] = []
  private var best: Double?
  private var rounds = ModelRounds()

  /// A search of a space by two models, which may be one and the same.
  ///
  /// - Parameters:
  ///   - prompts: with the prompts `collm-…`.
  ///   - stream: names the requests' seeds, and the options where their names are hidden.
  /// - Throws: where a prompt is missing, or the constraint names what is hidden.
  public init(
    space: Space, navigator: any ChatModel, generator: any ChatModel,
    settings: CoLLMSettings = CoLLMSettings(),
    prompts: PromptLibrary, stream: RandomStream
  ) throws(SearchError) {
    self.settings = settings
    let vocabulary = SpaceVocabulary(space.choices, naming: settings.naming, stream: stream)
    texts = try SpaceTexts(space: space, vocabulary: vocabulary, settings: settings, prompts: prompts)
    self.navigator = RoleModel(
      model: navigator, settings: settings.navigator, retries: settings.retries,
      stream: stream.stream("navigator"))
    self.generator = RoleModel(
      model: settings.isSingle ? navigator : generator,
      settings: settings.isSingle ? settings.navigator : settings.generator, retries: settings.retries,
      stream: stream.stream("generator"))
    navigation = ModelConversation(
      system: try texts.text(settings.isSingle ? "collm-single-system" : "collm-navigator-system"),
      limit: settings.navigator.limit)
    generation = ModelConversation(
      system: try texts.text("collm-generator-system"), limit: settings.generator.limit)
  }

  /// The words in which the models speak of the space.
  public var vocabulary: SpaceVocabulary { texts.vocabulary }

  // MARK: Asking

  /// The architectures of the next iteration that has any; none where the search is over.
  ///
  /// - Throws: where a model cannot be asked; the search is then as it was before.
  public mutating func ask(_ count: Int) async throws(SearchError) -> [SpaceProposal<Space.Genotype>] {
    var next = self
    let proposals = try await next.iterate()
    self = next
    return proposals
  }

  private mutating func iterate() async throws(SearchError) -> [SpaceProposal<Space.Genotype>] {
    do {
      while rounds.begin(settings, barren: "iterations in a row gave") {
        let mistakes = settings.tellsMistakes ? try texts.mistakes(news) : ""
        try await navigate(mistakes)
        if guidance.isEmpty { continue }
        let proposals = try await generate(mistakes)
        if !proposals.isEmpty { return proposals }
      }
    } catch {
      try rounds.end(after: error)
    }
    return []
  }

  /// Has the Navigator write a strategy; the last one stays where it has no reply.
  private mutating func navigate(_ mistakes: String) async throws(SearchError) {
    if settings.isSingle, !settings.navigator.remembers { navigation.forget() }
    var question =
      guidance.isEmpty
      ? ModelConversation.Question(text: try texts.text("collm-navigator-first"))
      : try texts.feedback(news.filter(\.isPaid), best: best, mistakes: mistakes)
    let messages = navigation.messages(asking: &question)
    let reply = try await navigator.ask(messages, number: counts.iterations, counts: &rounds.counts)
    if let reply {
      guidance = reply.content
      news = []
      navigation.learn(reply.usage.promptTokens, in: messages)
      if settings.navigator.remembers || settings.isSingle {
        navigation.append(question, answer: reply.content)
      }
    }
    countTurns()
  }

  private mutating func generate(
    _ mistakes: String
  ) async throws(SearchError) -> [SpaceProposal<Space.Genotype>] {
    let (least, most) = (max(1, settings.candidates.lowerBound), max(1, settings.candidates.upperBound))
    let values = [
      "strategy": guidance, "least": String(least), "most": String(most),
      "mistakes": mistakes,
    ]
    var question = ModelConversation.Question(
      text: try texts.text(settings.isSingle ? "collm-single-request" : "collm-generator-request", values))
    let messages =
      settings.isSingle
      ? navigation.messages(asking: &question) : generation.messages(asking: &question)
    let schema = settings.usesSchema ? vocabulary.schema(least: least, most: most) : nil
    let reply = try await generator.ask(
      messages, schema: schema, number: counts.iterations, counts: &rounds.counts)
    countTurns()
    guard let reply else { return [] }
    if settings.isSingle {
      navigation.learn(reply.usage.promptTokens, in: messages)
      navigation.append(question, answer: reply.content)
    } else {
      generation.learn(reply.usage.promptTokens, in: messages)
      if settings.generator.remembers { generation.append(question, answer: reply.content) }
    }
    return rounds.counts.takeArchitectures(texts.proposals(in: reply.content), most: most)
  }

  private mutating func countTurns() {
    rounds.counts.shortenedTurns = navigation.shortened + generation.shortened
    rounds.counts.droppedTurns = navigation.dropped + generation.dropped
  }

  // MARK: Being told

  /// Takes in what became of architectures.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) {
    news += results
    for result in results {
      rounds.count(result)
      if result.isPaid, result.isFeasible, result.isFull, let fitness = result.fitness {
        best = max(best ?? fitness, fitness)
      }
    }
  }
}

extension ModelSearchCounts {
  /// Counts a reply's architectures, and leaves out those that are too many.
  mutating func takeArchitectures<Genotype>(
    _ proposals: [SpaceProposal<Genotype>], most: Int
  ) -> [SpaceProposal<Genotype>] {
    if proposals.isEmpty { unreadable += 1 }
    architectures += proposals.count
    surplus += max(0, proposals.count - most)
    return Array(proposals.prefix(most))
  }

  /// Counts what became of an architecture.
  mutating func count<Genotype>(_ verdict: SpaceResult<Genotype>.Verdict) {
    switch verdict {
    case .illegal: illegal += 1
    case .repeated: repeated += 1
    case .evaluated, .failed: break
    }
  }
}
