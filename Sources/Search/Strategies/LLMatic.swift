public import QualityDiversity
import RandomStreams

/// LLMatic (Nasir, Earle, Cleghorn, James & Togelius 2024, arXiv 2306.01102v8, Algorithm 1): a language model
/// mutates and crosses over networks from one archive, with prompts and temperatures from a second one.
///
/// Where the public code departs from the paper the paper holds: descriptors are normalised, curiosity adds up,
/// an invalid child is counted as such, and crossovers stay out of the prompt archive. Networks of the
/// initialisation are trained like all others, so that the archive compares like with like.
public struct LLMatic: Strategy {
  private let settings: SearchSettings
  private let prompts: [Prompt]
  private let crossoverPrompt: String
  /// Whether every candidate is the rewriter's, so that the prompt archive learns from it.
  private let isRewriterAlone: Bool
  private let stream: RandomStream
  /// The networks, by candidate number.
  public private(set) var networks: any Archive<Int>
  /// The networks that parents come from where cells have thresholds (CMA-MAE); nil: `networks`.
  private var thresholdArchive: (any Archive<Int>)?
  private var parents: ParentChooser
  /// What chooses prompts instead of their curiosity; nil where that does.
  private var promptBandit: Bandit<String>?
  /// The prompt individuals.
  public private(set) var individuals: any Archive<PromptIndividual>
  private var curiosity = CuriosityTable()
  private var generation = 1
  private var previousBest: Double?
  private var isInitialising = true

  /// A search that has not begun.
  ///
  /// - Throws: if the archives cannot be made.
  public init(
    configuration: RunConfiguration, prompts library: PromptLibrary, isRewriterAlone: Bool
  ) throws(SearchError) {
    settings = configuration.search
    prompts = library.mutations
    crossoverPrompt = "crossover"
    self.isRewriterAlone = isRewriterAlone
    stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed))).stream("llmatic")
    networks = try configuration.makeArchive()
    thresholdArchive = try configuration.makeThresholdArchive()
    parents = try ParentChooser(settings, cellCount: networks.cellCount)
    do {
      let promptAxis = try MeasureAxis(name: "prompt", lower: 0, upper: Double(max(1, prompts.count - 1)))
      let temperatureAxis = try MeasureAxis(name: "temperature", lower: 0, upper: 1)
      individuals = try ArchiveGeometry.cvt(
        cells: settings.promptCells, samples: max(25_000, 20 * settings.promptCells),
        seed: UInt64(bitPattern: Int64(configuration.seed))
      ).makeArchive(axes: [promptAxis, temperatureAxis], of: PromptIndividual.self)
      if settings.promptChoice == .bandit {
        promptBandit = try Bandit(
          arms: prompts.map(\.id), rule: .upperConfidenceBound(exploration: settings.exploration))
      }
    } catch {
      throw SearchError("The prompt archive cannot be made: \(error).")
    }
  }

  // MARK: Asking

  /// The candidates of the next generation.
  public func ask() throws(SearchError) -> [Proposal] {
    let step = nextStep
    var proposals: [Proposal] = []
    var (parents, promptBandit) = (parents, promptBandit)
    for index in 0..<settings.batch {
      var draw = stream.stream("generation", generation).stream("proposal", index)
      var proposal = Proposal(
        id: 1 + (generation - 1) * settings.batch + index, generation: generation, index: index, step: step,
        parents: [0], prompt: crossoverPrompt, temperature: settings.crossoverTemperature,
        goesToRewriter: draw.bernoulli(settings.rewriterShare))
      switch step {
      case .crossover: proposal.parents = group(chosenBy: &parents, using: &draw)
      case .mutation, .initial:
        if !isInitialising, let parent = parents.parent(in: parentArchive, using: &draw) {
          proposal.parents = [parent.solution]
        }
        let individual = try promptIndividual(chosenBy: &promptBandit, using: &draw)
        proposal.prompt = individual.prompt
        proposal.temperature = individual.temperature
        if index >= (settings.batch + 1) / 2 {
          let noise = draw.uniform(-settings.temperatureNoise, settings.temperatureNoise)
          proposal.temperature = Self.clamped(proposal.temperature + noise)
        }
      }
      proposals.append(proposal)
    }
    return proposals
  }

  /// The step that the whole next generation takes (paper, section 3).
  private var nextStep: CandidateOrigin.Step {
    guard !isInitialising, networks.count >= 2 else { return .mutation }
    var draw = stream.stream("generation", generation).stream("step")
    return draw.bernoulli(settings.mutationProbability) ? .mutation : .crossover
  }

  /// What may become an elite again, in ascending order; nil where there is nothing of the kind.
  private var remembered: [Int]? {
    let others = Set(networks.remembered).subtracting(networks.allElites.map(\.solution))
    return others.isEmpty ? nil : others.sorted()
  }

  /// What parents are chosen from.
  private var parentArchive: any Archive<Int> { thresholdArchive ?? networks }

  /// A network and one of its two or three nearest neighbours by niche distance; of more parents all but one or none
  /// of those nearest.
  private func group(chosenBy parents: inout ParentChooser, using draw: inout RandomStream) -> [Int] {
    guard let first = parents.parent(in: parentArchive, using: &draw) else { return [0] }
    let wanted = settings.crossoverParents - 1
    var mates = parentArchive.nearestElites(to: first.cell, count: max(2, wanted) + draw.integer(below: 2))
    var chosen: [Int] = []
    while chosen.count < wanted, !mates.isEmpty {
      chosen.append(mates.remove(at: draw.integer(below: mates.count)).solution)
    }
    return [first.solution] + chosen
  }

  /// A random prompt during the initialisation and for exploration, otherwise the most curious individual, or the
  /// best individual of the prompt that a bandit chose.
  private func promptIndividual(
    chosenBy bandit: inout Bandit<String>?, using draw: inout RandomStream
  ) throws(SearchError) -> PromptIndividual {
    if !isInitialising, let prompt = bandit?.choose(using: &draw) {
      // Until more is known it counts as a failure, so that a generation does not put all on one.
      bandit?.reward(prompt, by: 0)
      let known = individuals.elites.filter { $0.solution.prompt == prompt }
      return known.max { $0.objective < $1.objective }?.solution
        ?? PromptIndividual(prompt: prompt, temperature: settings.initialTemperature)
    }
    let explores = draw.bernoulli(settings.randomPromptProbability)
    if !isInitialising, !explores,
      let elite = individuals.mostCurious(1, by: curiosity, using: &draw).first
    {
      return elite.solution
    }
    guard let prompt = draw.element(of: prompts) else { throw SearchError("There are no mutation prompts.") }
    return PromptIndividual(prompt: prompt.id, temperature: settings.initialTemperature)
  }

  // MARK: Telling

  /// Takes in what became of a generation, in the order asked.
  public mutating func tell(_ records: [CandidateRecord]) throws(SearchError) -> GenerationRecord {
    let step = nextStep
    let wasInitialising = isInitialising
    var best: Double?
    // Of the niches before the generation: its parents came from them.
    let niches = Dictionary(parentArchive.allElites.map { ($0.solution, $0.cell) }) { first, _ in first }
    for record in records {
      var entered = false
      if let fitness = record.fitness, let measures = record.measures {
        if record.isOffered {
          entered = networks.add(record.id, objective: fitness, measures: measures).status != .rejected
          thresholdArchive?.add(record.id, objective: fitness, measures: measures)
        }
        best = max(best ?? fitness, fitness)
      }
      if let niche = record.origin.parents.first.flatMap({ niches[$0] }) {
        parents.learn(from: niche, entered: entered)
      }
      if record.origin.step == .mutation { credit(record, entered: entered) }
    }
    if networks.count >= settings.initialNetworks || individuals.count >= settings.initialPrompts {
      isInitialising = false
    }
    let finished = GenerationRecord(
      number: generation, isInitialisation: wasInitialising, step: step,
      networks: networks.allElites.map {
        ArchiveCell(cell: $0.cell, candidate: $0.solution, fitness: $0.objective)
      },
      prompts: individuals.elites.map { elite in
        var individual = elite.solution
        individual.curiosity = curiosity[elite.cell]
        return PromptCell(cell: elite.cell, individual: individual)
      },
      statistics: networks.statistics(), bestOfGeneration: best, remembered: remembered)
    // A generation without one trained network leaves the mark where it was.
    previousBest = best ?? previousBest
    generation += 1
    return finished
  }

  /// Credits the prompt that asked for a network, and puts it into the archive with its new temperature.
  private mutating func credit(_ record: CandidateRecord, entered: Bool) {
    guard isRewriterAlone || record.origin.author == .languageModel, let id = record.origin.prompt,
      let order = prompts.firstIndex(where: { $0.id == id })
    else { return }
    let asked = record.origin.temperature ?? settings.initialTemperature
    let beats = record.fitness.map { $0 > (previousBest ?? 0) } ?? false
    let keepsUp = record.fitness.map { $0 >= (previousBest ?? 0) } ?? false
    let temperature = Self.clamped(asked + (keepsUp ? settings.temperatureStep : -settings.temperatureStep))
    promptBandit?.reward(id, by: entered ? 1 : 0)
    let reward = !record.isTrainable ? -1 : entered ? 1 : -0.5

    let parent = try? individuals.elite(of: [Double(order), asked])
    var individual = PromptIndividual(prompt: id, temperature: temperature)
    individual.score = (parent?.solution.prompt == id ? parent?.objective ?? 0 : 0) + (beats ? 1 : 0)
    let outcome = individuals.add(
      individual, objective: individual.score, measures: [Double(order), temperature])
    // Curiosity belongs to the niche: the one that asked, and the one the individual moves to.
    let niches = Set([parent?.cell, outcome.cell].compactMap { $0 })
    for niche in niches.sorted() { curiosity.reward(niche, by: reward) }
  }

  private static func clamped(_ temperature: Double) -> Double { min(1, max(0, temperature)) }
}
