public import QualityDiversity
import RandomStreams
import Training

/// LLMatic (Nasir, Earle, Cleghorn, James & Togelius 2024, arXiv 2306.01102v8, Algorithm 1): a language model
/// mutates and crosses over networks from one archive, with prompts and temperatures from a second one.
///
/// Where the public code departs from the paper the paper holds: descriptors are normalised, curiosity adds up,
/// an invalid child is counted as such, and crossovers stay out of the prompt archive. Networks of the
/// initialisation are trained like all others, so that the archive compares like with like.
///
/// Either archive may be left out, as in the paper's ablations (section 4.2); the network archive is then still kept,
/// so that runs can be compared, but nothing is chosen from it.
public struct LLMatic: Strategy {
  let settings: SearchSettings
  let archiveSettings: ArchiveSettings
  let prompts: [Prompt]
  private let crossoverPrompt: String
  /// Whether every candidate is the rewriter's, so that the prompt archive learns from it.
  let isRewriterAlone: Bool
  /// Whether the weights of what parents are chosen from are needed.
  let inheritsWeights: Bool
  private let stream: RandomStream
  /// The networks, by candidate number.
  public internal(set) var networks: any Archive<Int>
  /// The networks that parents come from where cells have thresholds (CMA-MAE); nil: `networks`.
  var thresholdArchive: (any Archive<Int>)?
  /// The networks that parents come from where there is no network archive; nil where there is.
  var networkPopulation: NetworkPopulation?
  var parents: ParentChooser
  /// What chooses prompts instead of their curiosity; nil where that does.
  var promptBandit: Bandit<String>?
  /// What chooses between mutation and crossover; nil where that is drawn.
  var operatorBandit: Bandit<CandidateOrigin.Step>?
  /// What chooses niches to ask for; nil where none are asked for.
  var niches: NicheChooser?
  /// The prompt individuals.
  public internal(set) var individuals: any Archive<PromptIndividual>
  /// The prompt individuals where there is no prompt archive; nil where there is.
  var promptPopulation: [PromptIndividual]?
  /// The prompts that the model wrote, by identifier.
  var evolved: [String: EvolvedPrompt] = [:]
  var curiosity = CuriosityTable()
  var generation = 1
  var previousBest: Double?
  var isInitialising = true

  /// A search that has not begun.
  ///
  /// - Throws: if the archives cannot be made.
  public init(
    configuration: RunConfiguration, prompts library: PromptLibrary, isRewriterAlone: Bool
  ) throws(SearchError) {
    settings = configuration.search
    archiveSettings = configuration.archive
    prompts = library.mutations
    crossoverPrompt = "crossover"
    self.isRewriterAlone = isRewriterAlone
    inheritsWeights = configuration.training.inheritance != .none
    stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed))).stream("llmatic")
    networks = try configuration.makeArchive()
    thresholdArchive = try configuration.makeThresholdArchive()
    if !settings.networkArchive { networkPopulation = NetworkPopulation(capacity: settings.population) }
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
      if settings.operatorChoice == .bandit {
        operatorBandit = try Bandit(
          arms: [.mutation, .crossover], rule: .upperConfidenceBound(exploration: settings.exploration))
      }
      if settings.askForNiche > 0, !isRewriterAlone {
        niches = try NicheChooser(configuration.descriptors, exploration: settings.exploration)
      }
    } catch {
      throw SearchError("The prompt archive cannot be made: \(error).")
    }
    if !settings.promptArchive { promptPopulation = randomIndividuals() }
  }

  /// Random prompts with random temperatures, as many as the population has.
  private func randomIndividuals() -> [PromptIndividual] {
    (0..<settings.population).compactMap { number in
      var draw = stream.stream("individual", number)
      guard let prompt = draw.element(of: prompts) else { return nil }
      return PromptIndividual(prompt: prompt.id, temperature: draw.uniform())
    }
  }

  // MARK: Asking

  /// A proposal, and the prompt individual that it comes of where those are a population.
  struct Plan {
    var proposal: Proposal
    var individual: Int?
  }

  /// The candidates of the next generation.
  public func ask() throws(SearchError) -> [Proposal] { try plans().map(\.proposal) }

  func plans() throws(SearchError) -> [Plan] {
    let step = nextStep
    var plans: [Plan] = []
    var (parents, promptBandit, niches) = (parents, promptBandit, niches)
    let firsts = step == .crossover ? crossoverNetworks(chosenBy: &parents) : []
    for index in 0..<settings.batch {
      var draw = stream.stream("generation", generation).stream("proposal", index)
      var proposal = Proposal(
        id: 1 + (generation - 1) * settings.batch + index, generation: generation, index: index, step: step,
        parents: [0], prompt: crossoverPrompt, temperature: settings.crossoverTemperature,
        goesToRewriter: draw.bernoulli(settings.rewriterShare))
      var cell: Int?
      var chosen: Int?
      switch step {
      case .crossover:
        let first =
          firsts.isEmpty ? parent(chosenBy: &parents, using: &draw) : firsts[index % firsts.count]
        if let first { proposal.parents = group(around: first, using: &draw) }
        cell = first?.cell
      default:
        if !isInitialising, let parent = parent(chosenBy: &parents, using: &draw) {
          proposal.parents = [parent.solution]
          cell = parent.cell
        }
        let individual = try promptIndividual(chosenBy: &promptBandit, chosen: &chosen, using: &draw)
        proposal.prompt = individual.prompt
        proposal.evolved = evolved[individual.prompt]
        proposal.temperature = individual.temperature
        if index >= (settings.batch + 1) / 2 {
          let noise = draw.uniform(-settings.temperatureNoise, settings.temperatureNoise)
          proposal.temperature = Self.clamped(proposal.temperature + noise)
        }
      }
      addRequests(to: &proposal, from: cell, &niches, using: &draw)
      plans.append(Plan(proposal: proposal, individual: chosen))
    }
    return plans
  }

  /// What a model is shown and asked for beyond the paper; the rewriter has no use for it.
  private func addRequests(
    to proposal: inout Proposal, from cell: Int?, _ niches: inout NicheChooser?,
    using draw: inout RandomStream
  ) {
    guard !isRewriterAlone, !proposal.goesToRewriter, !isInitialising else { return }
    if settings.promptEvolution > 0, proposal.step == .mutation {
      proposal.evolvesPrompt = draw.bernoulli(settings.promptEvolution)
    }
    guard let cell else { return }
    if settings.inspirations > 0 {
      let near = networks.nearestElites(to: cell, count: settings.inspirations + proposal.parents.count)
      proposal.inspirations = Array(
        near.map(\.solution).filter { !proposal.parents.contains($0) }.prefix(settings.inspirations))
    }
    if settings.askForNiche > 0, draw.bernoulli(settings.askForNiche) {
      proposal.niche = niches?.request(from: cell, in: networks, using: &draw)
    }
  }

  /// The step that the whole next generation takes (paper, section 3), or that a bandit takes for the better one.
  var nextStep: CandidateOrigin.Step {
    guard !isInitialising, networkPopulation?.members.count ?? networks.count >= 2 else { return .mutation }
    var draw = stream.stream("generation", generation).stream("step")
    if let operatorBandit { return operatorBandit.choose(using: &draw) }
    return draw.bernoulli(settings.mutationProbability) ? .mutation : .crossover
  }

  /// What parents are chosen from.
  var parentArchive: any Archive<Int> { thresholdArchive ?? networks }

  /// A network to work from.
  private func parent(
    chosenBy parents: inout ParentChooser, using draw: inout RandomStream
  ) -> Elite<Int>? {
    if let networkPopulation { return draw.element(of: networkPopulation.members) }
    return parents.parent(in: parentArchive, using: &draw)
  }

  /// The networks that all crossovers of the generation begin with (ten in the paper); none where each draws its own.
  private func crossoverNetworks(chosenBy parents: inout ParentChooser) -> [Elite<Int>] {
    var firsts: [Elite<Int>] = []
    for number in 0..<min(settings.crossoverNetworks, settings.batch) {
      var draw = stream.stream("generation", generation).stream("crossover network", number)
      if let first = parent(chosenBy: &parents, using: &draw) { firsts.append(first) }
    }
    return firsts
  }

  /// A network and one of its two or three nearest neighbours by niche distance; of more parents all but one or none
  /// of those nearest.
  private func group(around first: Elite<Int>, using draw: inout RandomStream) -> [Int] {
    let wanted = settings.crossoverParents - 1
    if let networkPopulation {
      return [first.solution] + networkPopulation.mostSimilar(to: first, count: wanted, axes: networks.axes)
    }
    var mates = parentArchive.nearestElites(to: first.cell, count: max(2, wanted) + draw.integer(below: 2))
    var chosen: [Int] = []
    while chosen.count < wanted, !mates.isEmpty {
      let mate = mates.remove(at: draw.integer(below: mates.count))
      chosen.append(ParentChooser.member(of: mate, in: parentArchive, using: &draw).solution)
    }
    return [first.solution] + chosen
  }

  /// A random prompt during the initialisation and for exploration, otherwise the most curious individual, or the
  /// best individual of the prompt that a bandit chose.
  private func promptIndividual(
    chosenBy bandit: inout Bandit<String>?, chosen: inout Int?, using draw: inout RandomStream
  ) throws(SearchError) -> PromptIndividual {
    if let promptPopulation, !isInitialising {
      let place =
        draw.bernoulli(settings.randomPromptProbability)
        ? draw.integer(below: promptPopulation.count) : Self.mostCurious(promptPopulation, using: &draw)
      chosen = place
      return promptPopulation[place]
    }
    if !isInitialising, let prompt = bandit?.choose(using: &draw) {
      // Until more is known it counts as a failure, so that a generation does not put all on one.
      bandit?.reward(prompt, by: 0)
      let known = individuals.elites.filter { root(of: $0.solution.prompt) == prompt }
      return known.max { $0.objective < $1.objective }?.solution
        ?? PromptIndividual(prompt: prompt, temperature: settings.initialTemperature)
    }
    let explores = draw.bernoulli(settings.randomPromptProbability)
    if !isInitialising, !explores {
      let count = settings.promptChoice == .top ? settings.topCount : 1
      let elites = individuals.mostCurious(count, by: curiosity, using: &draw)
      if let elite = elites.count > 1 ? draw.element(of: elites) : elites.first { return elite.solution }
    }
    guard let prompt = draw.element(of: prompts) else { throw SearchError("There are no mutation prompts.") }
    return PromptIndividual(prompt: prompt.id, temperature: settings.initialTemperature)
  }

  /// The file's prompt that a prompt goes back to.
  func root(of prompt: String) -> String { evolved[prompt]?.root ?? prompt }

  private static func mostCurious(_ population: [PromptIndividual], using draw: inout RandomStream) -> Int {
    let highest = population.map(\.curiosity).max() ?? 0
    return draw.element(of: population.indices.filter { population[$0].curiosity == highest }) ?? 0
  }

  static func clamped(_ temperature: Double) -> Double { min(1, max(0, temperature)) }
}
