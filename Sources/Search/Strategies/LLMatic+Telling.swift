import QualityDiversity

extension LLMatic {
  /// Takes in what became of a generation, in the order asked.
  public mutating func tell(
    _ records: [CandidateRecord], scores: ScoreTable
  ) throws(SearchError) -> GenerationRecord {
    let step = nextStep
    let wasInitialising = isInitialising
    let asked = try needsPlans ? Dictionary(uniqueKeysWithValues: plans().map { ($0.proposal.id, $0) }) : [:]
    var best: Double?
    // Of the niches before the generation: its parents came from them.
    let cells = Dictionary(parentArchive.allElites.map { ($0.solution, $0.cell) }) { first, _ in first }
    for record in records {
      var entered = false
      if let fitness = record.fitness, let measures = record.measures {
        if record.isOffered {
          let outcome = try archiveSettings.add(
            record.id, fitness: fitness, objectives: record.objectives, measures: measures, scores: scores,
            to: &networks)
          thresholdArchive?.add(record.id, objective: fitness, measures: measures)
          entered = outcome.status != .rejected
          if networkPopulation != nil, let cell = outcome.cell {
            entered =
              networkPopulation?.add(
                Elite(
                  solution: record.id, objective: fitness, measures: measures, cell: cell, ordinal: record.id)
              )
              ?? false
          }
        }
        best = max(best ?? fitness, fitness)
      }
      if let niche = record.origin.parents.first.flatMap({ cells[$0] }) {
        parents.learn(from: niche, entered: entered)
      }
      if let request = asked[record.id]?.proposal.niche {
        niches?.learn(request, from: record, cell: record.measures.flatMap { try? networks.cell(of: $0) })
      }
      // The initialisation has no choice and begins with nothing, so that it says little of mutation.
      if !wasInitialising { operatorBandit?.reward(record.origin.step, by: entered ? 1 : 0) }
      guard record.origin.step == .mutation else { continue }
      if let individual = asked[record.id]?.individual {
        credit(record, individual: individual, entered: entered)
      } else if promptPopulation == nil {
        credit(record, entered: entered)
      }
    }
    let known = networkPopulation?.members.count ?? networks.count
    if known >= settings.initialNetworks || individuals.count >= settings.initialPrompts {
      isInitialising = false
    }
    let finished = GenerationRecord(
      number: generation, isInitialisation: wasInitialising, step: step,
      networks: networks.allElites.map {
        ArchiveCell(cell: $0.cell, candidate: $0.solution, fitness: $0.objective)
      },
      prompts: promptCells, statistics: networks.statistics(), bestOfGeneration: best, remembered: remembered,
      fronts: networks.frontStatistics)
    // A generation without one trained network leaves the mark where it was.
    previousBest = best ?? previousBest
    generation += 1
    return finished
  }

  /// Whether telling must know what was asked, beyond what records say of it.
  private var needsPlans: Bool { niches != nil || promptPopulation != nil }

  /// What may become an elite, or be a parent, again, in ascending order; nil where there is nothing of the kind.
  private var remembered: [Int]? {
    var all = Set(networks.remembered)
    if inheritsWeights, let networkPopulation { all.formUnion(networkPopulation.members.map(\.solution)) }
    let others = all.subtracting(networks.allElites.map(\.solution))
    return others.isEmpty ? nil : others.sorted()
  }

  /// The prompt archive as it is stored; of a population the individuals by their numbers.
  private var promptCells: [PromptCell] {
    if let promptPopulation {
      return promptPopulation.enumerated().map { PromptCell(cell: $0, individual: $1) }
    }
    return individuals.elites.map { elite in
      var individual = elite.solution
      individual.curiosity = curiosity[elite.cell]
      return PromptCell(cell: elite.cell, individual: individual)
    }
  }

  /// Credits the prompt that asked for a network, and puts it into the archive with its new temperature.
  ///
  /// A prompt that the model wrote for the candidate begins with the score of the one that it was written out of, whose
  /// niche learns as well.
  private mutating func credit(_ record: CandidateRecord, entered: Bool) {
    guard isRewriterAlone || record.origin.author == .languageModel, let old = record.origin.prompt
    else { return }
    let child = record.origin.request?.prompt
    let id = child?.id ?? old
    let root = child?.root ?? root(of: old)
    guard let order = prompts.firstIndex(where: { $0.id == root }) else { return }
    if let child { evolved[child.id] = child }
    let asked = record.origin.temperature ?? settings.initialTemperature
    let (beats, keepsUp) = standing(of: record)
    let temperature = Self.clamped(asked + (keepsUp ? settings.temperatureStep : -settings.temperatureStep))
    promptBandit?.reward(root, by: entered ? 1 : 0)

    let parent = try? individuals.elite(of: [Double(order), asked])
    var individual = PromptIndividual(prompt: id, temperature: temperature)
    individual.score = (parent?.solution.prompt == old ? parent?.objective ?? 0 : 0) + (beats ? 1 : 0)
    let outcome = individuals.add(
      individual, objective: individual.score, measures: [Double(order), temperature])
    // Curiosity belongs to the niche: the one that asked, and the one the individual moves to.
    let niches = Set([parent?.cell, outcome.cell].compactMap { $0 })
    for niche in niches.sorted() { curiosity.reward(niche, by: Self.reward(record, entered: entered)) }
  }

  /// Credits an individual of the population that takes the prompt archive's place: its score, and a temperature that
  /// moves by the noise's range.
  private mutating func credit(_ record: CandidateRecord, individual place: Int, entered: Bool) {
    guard isRewriterAlone || record.origin.author == .languageModel, var individual = promptPopulation?[place]
    else { return }
    let (beats, keepsUp) = standing(of: record)
    individual.score += beats ? 1 : 0
    individual.curiosity += Self.reward(record, entered: entered)
    individual.temperature = Self.clamped(
      individual.temperature + (keepsUp ? settings.temperatureNoise : -settings.temperatureNoise))
    promptPopulation?[place] = individual
  }

  private static func reward(_ record: CandidateRecord, entered: Bool) -> Double {
    !record.isTrainable ? -1 : entered ? 1 : -0.5
  }

  /// Whether a network beats the previous generation's best, and whether it is as good at least.
  private func standing(of record: CandidateRecord) -> (beats: Bool, keepsUp: Bool) {
    guard let fitness = record.fitness else { return (false, false) }
    return (fitness > previousBest ?? 0, fitness >= previousBest ?? 0)
  }
}
