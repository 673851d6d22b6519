public import LanguageModels
public import RandomStreams
public import SearchSpaces

/// One model as the optimizer: it sees the best architectures so far, the best one last, and writes the next ones.
///
/// As in optimization by prompting (Yang et al. 2023, "Large Language Models as Optimizers"). Each request stands
/// alone: the model remembers nothing but what is shown.
public struct ModelOptimizer<Space: ChoiceSpace>: AsyncSpaceStrategy {
  /// What asking came to so far.
  public var counts: ModelSearchCounts { rounds.counts }
  /// Why the search asks for nothing more: one sentence; nil while it does.
  public var ending: String? { rounds.ending }
  /// Whether that is because a limit on the model is reached.
  public var isOutOfBudget: Bool { rounds.isOutOfBudget }

  private let settings: CoLLMSettings
  private let shown: Int
  private let texts: SpaceTexts<Space>
  private let role: RoleModel
  private let system: String
  /// The best results, the best one last.
  private var best: [SpaceResult<Space.Genotype>] = []
  private var news: [SpaceResult<Space.Genotype>] = []
  private var rounds = ModelRounds()

  /// A search of a space by a model.
  ///
  /// - Parameters:
  ///   - settings: those of CoLLM-NAS, of which the Generator's hold.
  ///   - shown: how many of the best architectures the model sees.
  ///   - prompts: with the prompts `collm-…`.
  ///   - stream: names the requests' seeds, and the options where their names are hidden.
  /// - Throws: where a prompt is missing, or the constraint names what is hidden.
  public init(
    space: Space, model: any ChatModel, settings: CoLLMSettings = CoLLMSettings(), shown: Int = 20,
    prompts: PromptLibrary, stream: RandomStream
  ) throws(SearchError) {
    self.settings = settings
    self.shown = max(1, shown)
    let vocabulary = SpaceVocabulary(space.choices, naming: settings.naming, stream: stream)
    texts = try SpaceTexts(space: space, vocabulary: vocabulary, settings: settings, prompts: prompts)
    role = RoleModel(
      model: model, settings: settings.generator, retries: settings.retries,
      stream: stream.stream("optimizer"))
    system = try texts.text("collm-optimizer-system")
  }

  /// The next reply's architectures; none where the search is over.
  ///
  /// - Throws: where the model cannot be asked; the search is then as it was before.
  public mutating func ask(_ count: Int) async throws(SearchError) -> [SpaceProposal<Space.Genotype>] {
    var next = self
    let proposals = try await next.iterate()
    self = next
    return proposals
  }

  private mutating func iterate() async throws(SearchError) -> [SpaceProposal<Space.Genotype>] {
    do {
      while rounds.begin(settings, barren: "replies in a row held") {
        let proposals = try await request()
        if !proposals.isEmpty { return proposals }
      }
    } catch {
      try rounds.end(after: error)
    }
    return []
  }

  private mutating func request() async throws(SearchError) -> [SpaceProposal<Space.Genotype>] {
    let (least, most) = (max(1, settings.candidates.lowerBound), max(1, settings.candidates.upperBound))
    var conversation = ModelConversation(system: system, limit: settings.generator.limit)
    var question = ModelConversation.Question(text: try question(of: best, least, most))
    question.short = best.count > 3 ? try self.question(of: best.suffix(3), least, most) : nil
    let messages = conversation.messages(asking: &question)
    rounds.counts.shortenedTurns += conversation.shortened
    let reply = try await role.ask(
      messages, schema: settings.usesSchema ? texts.vocabulary.schema(least: least, most: most) : nil,
      number: counts.iterations, counts: &rounds.counts)
    guard let reply else { return [] }
    news = []
    return rounds.counts.takeArchitectures(texts.proposals(in: reply.content), most: most)
  }

  private func question(
    of best: some Collection<SpaceResult<Space.Genotype>>, _ least: Int, _ most: Int
  ) throws(SearchError) -> String {
    try texts.text(
      best.isEmpty ? "collm-optimizer-first" : "collm-optimizer-request",
      [
        "results": texts.records(best), "least": String(least), "most": String(most),
        "mistakes": settings.tellsMistakes ? try texts.mistakes(news) : "",
      ])
  }

  /// Takes in what became of architectures; only such as fulfil the constraint are among the best.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) {
    news += results
    for result in results {
      rounds.count(result)
      guard result.isPaid, result.isFull, result.isFeasible, let fitness = result.fitness else { continue }
      let place = best.firstIndex { ($0.fitness ?? -.infinity) >= fitness } ?? best.endIndex
      best.insert(result, at: place)
      if best.count > shown { best.removeFirst() }
    }
  }
}
