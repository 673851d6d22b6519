public import LanguageModels
public import RandomStreams
public import SearchSpaces

/// LLMatic over a space (arXiv 2306.01102v8, section 5): `LLMatic` itself, with its two archives, curiosity and
/// temperatures, chooses parents, prompts and temperatures; a language model changes or combines the architectures, or
/// operators of the space do in its place.
///
/// The paper does not say how cells are written or what the first ones are. Here those of the initialisation are drawn
/// at random, a model is shown architectures as JSON and held to a schema, and the network archive is the one over the
/// search's own axes. The operators make one change, to where the prompt says (a neighbour that costs more or less), and
/// after each change another one with the probability of the temperature; crossovers take each choice of either parent.
public struct LLMaticSpaceSearch<Space: ChoiceSpace>: AsyncSpaceStrategy {
  /// What asking came to so far.
  public private(set) var counts = ModelSearchCounts()
  /// Why the search asks for nothing more: one sentence; nil while it does.
  public private(set) var ending: String?
  /// Whether that is because a limit on the model is reached.
  public private(set) var isOutOfBudget = false
  /// The prompt archive behind the last whole generation.
  public private(set) var promptCells: [PromptCell] = []

  private let space: Space
  private let placing: SpaceArchive
  private let instructions: [String: Prompt]
  private let texts: SpaceTexts<Space>
  private let settings: CoLLMSettings
  private let model: (any ChatModel)?
  private let stream: RandomStream
  private var strategy: LLMatic
  /// What the strategy asks for in this generation, and what became of the first of it.
  private var plan: [Proposal]
  private var records: [CandidateRecord] = []
  private var genotypes: [Int: Space.Genotype] = [:]
  private var failure: SearchError?
  private var idle = 0

  /// So many replies in a row without a new architecture end the search.
  private static var patience: Int { 200 }

  /// A search that has not begun.
  ///
  /// - Parameters:
  ///   - archive: whose axes and cells the network archive has.
  ///   - model: who is asked; nil: operators of the space take the model's place.
  ///   - settings: how the space is called and the Generator's settings but for the temperature.
  ///   - batch: how many candidates a generation has; 100 in the paper.
  ///   - initial: so many architectures in the archive end the initialisation; 10 in the paper.
  ///   - promptNiches: how many niches the prompt archive has; 100 in the paper.
  /// - Throws: where a prompt is missing, or an archive cannot be made.
  public init(
    space: Space, archive: SpaceArchive, model: (any ChatModel)?, settings: CoLLMSettings = CoLLMSettings(),
    batch: Int = 100, initial: Int = 10, promptNiches: Int = 100, prompts: PromptLibrary, stream: RandomStream
  ) throws(SearchError) {
    self.space = space
    placing = archive
    self.model = model
    self.settings = settings
    self.stream = stream.stream("variation")
    let own = prompts.forSpaces
    guard !own.mutations.isEmpty else { throw SearchError("There are no prompts of the kind variation.") }
    instructions = Dictionary(own.mutations.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let vocabulary = SpaceVocabulary(space.choices, naming: settings.naming, stream: stream)
    texts = try SpaceTexts(space: space, vocabulary: vocabulary, settings: settings, prompts: prompts)
    var run = RunConfiguration()
    var seeds = stream.stream("llmatic")
    run.seed = seeds.integer(below: 1 << 31)
    (run.archive, run.descriptors) = (archive.settings, archive.descriptorSettings)
    (run.search.batch, run.search.initialNetworks) = (max(1, batch), max(1, initial))
    run.search.promptCells = max(1, promptNiches)
    strategy = try LLMatic(configuration: run, prompts: own, isRewriterAlone: model == nil)
    plan = try strategy.ask()
  }

  /// The words in which a model speaks of the space.
  public var vocabulary: SpaceVocabulary { texts.vocabulary }

  /// Whether a generation of the strategy has begun and is not told yet.
  public var isMidGeneration: Bool { !records.isEmpty }

  // MARK: Asking

  /// The next candidate of the generation; none where the search is over.
  ///
  /// - Throws: where the model cannot be asked; the search is then as it was before.
  public mutating func ask(_ count: Int) async throws(SearchError) -> [SpaceProposal<Space.Genotype>] {
    if let failure { throw failure }
    guard ending == nil else { return [] }
    guard model == nil || idle < Self.patience else {
      ending = "\(idle) replies in a row held no new architecture."
      return []
    }
    let asked = plan[records.count]
    guard let model, asked.parents != [0] else { return [varied(asked)] }
    do {
      return [try await written(asked, by: model)]
    } catch {
      // What the model may cost is used up as planned; all that was found stays.
      guard error.isEndOfBudget else { throw error }
      (ending, isOutOfBudget) = (error.description, true)
      return []
    }
  }

  private func parents(of asked: Proposal) -> [(number: Int, genotype: Space.Genotype)] {
    asked.parents.compactMap { number in genotypes[number].map { (number, $0) } }
  }

  private func proposal(
    _ content: SpaceProposal<Space.Genotype>.Content, step: SpaceProposal<Space.Genotype>.Step,
    _ asked: Proposal
  ) -> SpaceProposal<Space.Genotype> {
    // Results are numbered from 0, the strategy's candidates from 1.
    var proposal = SpaceProposal(content, step: step, parents: parents(of: asked).map { $0.number - 1 })
    if step != .random { (proposal.prompt, proposal.temperature) = (asked.prompt, asked.temperature) }
    return proposal
  }

  // MARK: Operators

  /// The candidate as operators of the space make it; without parents one drawn at random.
  private func varied(_ asked: Proposal) -> SpaceProposal<Space.Genotype> {
    var draw = stream.stream("operator", asked.id)
    let parents = parents(of: asked).map(\.genotype)
    guard let first = parents.first else {
      return proposal(.genotype(space.random(using: &draw)), step: .random, asked)
    }
    if asked.step == .crossover, parents.count > 1 {
      var child = first
      for mate in parents.dropFirst() { child = space.crossover(of: child, and: mate, using: &draw) }
      if parents.contains(child) { child = space.mutation(of: child, using: &draw) }
      return proposal(.genotype(child), step: .crossover, asked)
    }
    var child = changed(first, by: instructions[asked.prompt]?.rewrite, using: &draw)
    for _ in 1..<max(2, space.choices.count) {
      guard draw.bernoulli(asked.temperature) else { break }
      child = space.mutation(of: child, using: &draw)
    }
    // Changes may undo each other.
    if child == first { child = space.mutation(of: child, using: &draw) }
    return proposal(.genotype(child), step: .mutation, asked)
  }

  /// A neighbour in the direction that an instruction names; any where there is none in it.
  private func changed(
    _ genotype: Space.Genotype, by instruction: String?, using draw: inout RandomStream
  ) -> Space.Genotype {
    let direction: (figure: String, sign: Double)? =
      switch instruction {
      case "grow": ("macs", 1)
      case "shrink": ("macs", -1)
      case "deepen": ("longest_path", 1)
      case "flatten": ("longest_path", -1)
      default: nil
      }
    guard let direction, let now = space.figures(of: genotype)[direction.figure] else {
      return space.mutation(of: genotype, using: &draw)
    }
    let there = space.neighbours(of: genotype).filter { neighbour in
      (space.figures(of: neighbour)[direction.figure].map { ($0 - now) * direction.sign } ?? 0) > 0
    }
    return draw.element(of: there) ?? space.mutation(of: genotype, using: &draw)
  }

  // MARK: A model

  /// The candidate as the model writes it.
  private mutating func written(
    _ asked: Proposal, by model: any ChatModel
  ) async throws(SearchError) -> SpaceProposal<Space.Genotype> {
    let shown = parents(of: asked).map { texts.vocabulary.json(space.options(of: $0.genotype)).encoded() }
    let isCrossover = asked.step == .crossover && shown.count > 1
    let question =
      isCrossover
      ? try texts.text("llmatic-crossover", ["results": shown.joined(separator: "\n")])
      : try texts.text(
        "llmatic-change",
        [
          "results": shown.first ?? "",
          "instruction": try Self.text(of: instructions[asked.prompt]),
        ])
    var role = settings.generator
    role.temperature = asked.temperature
    let asking = RoleModel(model: model, settings: role, retries: settings.retries, stream: stream)
    let reply = try await asking.ask(
      [.system(try texts.text("llmatic-system")), .user(question)],
      schema: settings.usesSchema ? texts.vocabulary.schema(least: 1, most: 1) : nil, number: asked.id,
      counts: &counts)
    let found = counts.takeArchitectures(reply.map { texts.proposals(in: $0.content) } ?? [], most: 1)
    let content = found.first?.content ?? .unreadable("the reply holds no architecture")
    return proposal(content, step: .model, asked)
  }

  private static func text(of prompt: Prompt?) throws(SearchError) -> String {
    do {
      return try prompt?.rendered([:]) ?? ""
    } catch {
      throw SearchError(error.description)
    }
  }

  // MARK: Being told

  /// Takes in what became of candidates; whole generations are told to LLMatic.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) {
    for result in results where records.count < plan.count {
      counts.count(result.verdict)
      idle = result.isPaid ? 0 : idle + 1
      let asked = plan[records.count]
      genotypes[asked.id] = result.genotype
      records.append(record(of: result, asked))
    }
    guard records.count == plan.count else { return }
    do throws(SearchError) {
      promptCells = try strategy.tell(records).prompts
      plan = try strategy.ask()
      records = []
    } catch {
      failure = error
    }
  }

  private func record(of result: SpaceResult<Space.Genotype>, _ asked: Proposal) -> CandidateRecord {
    let status: Verdict.Status =
      switch result.verdict {
      case .evaluated: .valid
      case .repeated: .duplicate
      case .illegal: .refused
      case .failed: .untrainable
      }
    return CandidateRecord(
      id: asked.id, generation: asked.generation, index: asked.index,
      origin: CandidateOrigin(
        step: asked.step, author: model == nil ? .rewriter : .languageModel, form: .genotype,
        parents: asked.parents, prompt: asked.prompt, temperature: asked.temperature),
      source: nil, verdict: Verdict(status), measures: placing.measures(of: result.figures),
      fitness: result.isFull ? result.fitness : nil)
  }
}
