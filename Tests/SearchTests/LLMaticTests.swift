import QualityDiversity
import RandomStreams
import Testing
import Training

@testable import Search

@Suite("LLMatic as a strategy")
struct LLMaticTests {
  /// A configuration with a small grid, so that niches can be worked out by hand.
  private static func configuration(seed: Int = 5, batch: Int = 8) -> RunConfiguration {
    var run = RunConfiguration()
    run.seed = seed
    run.archive.kind = .grid
    run.archive.dimensions = [4, 4]
    run.descriptors = [
      DescriptorSettings(name: "width", lower: 0, upper: 4),
      DescriptorSettings(name: "depth", lower: 0, upper: 4),
    ]
    run.search.batch = batch
    run.search.initialNetworks = 4
    run.search.promptCells = 16
    return run
  }

  private static let base: Result<LLMatic, any Error> = Result {
    try LLMatic(configuration: configuration(), prompts: Toy.prompts(), isRewriterAlone: false)
  }

  private let strategy: LLMatic

  init() throws { strategy = try Self.base.get() }

  /// What could have come of a proposal.
  private func record(
    _ proposal: Proposal, fitness: Double?, measures: [Double] = [0, 0],
    author: CandidateOrigin.Author = .languageModel
  ) -> CandidateRecord {
    CandidateRecord(
      id: proposal.id, generation: proposal.generation, index: proposal.index,
      origin: CandidateOrigin(
        step: proposal.step, author: author, form: .wholeProgram, parents: proposal.parents,
        prompt: proposal.prompt, temperature: proposal.temperature),
      source: nil, verdict: Verdict(fitness == nil ? .refused : .valid), measures: measures, fitness: fitness)
  }

  /// Records with random fitness, measures and failures, as of a stream of that name.
  private func outcomes(_ proposals: [Proposal], _ stream: RandomStream) -> [CandidateRecord] {
    proposals.map { proposal in
      var draw = stream.stream("outcome", proposal.id)
      let fitness = draw.bernoulli(0.7) ? draw.uniform() : nil
      let measures = [draw.uniform(0, 4), draw.uniform(0, 4)]
      return record(
        proposal, fitness: fitness, measures: measures,
        author: draw.bernoulli(0.8) ? .languageModel : .rewriter)
    }
  }

  @Test("Asking changes nothing, numbers are consecutive, parents are known", arguments: 0..<4)
  func asking(seed: UInt64) throws {
    var strategy = strategy
    let stream = RandomStream(seed: seed)
    var next = 1
    var inArchive: Set<Int> = [0]
    for generation in 1...12 {
      let proposals = try strategy.ask()
      #expect(try strategy.ask() == proposals)
      #expect(proposals.map(\.id) == Array(next..<next + 8))
      #expect(proposals.map(\.index) == Array(0..<8))
      #expect(proposals.allSatisfy { $0.generation == generation })
      #expect(Set(proposals.map(\.step)).count == 1, "the step is drawn once per generation")
      #expect(proposals.allSatisfy { (0...1).contains($0.temperature) })
      #expect(proposals.allSatisfy { inArchive.isSuperset(of: $0.parents) && !$0.parents.isEmpty })
      next += 8
      let told = try strategy.tell(outcomes(proposals, stream))
      #expect(told.number == generation && told.step == proposals[0].step)
      inArchive = Set(told.networks.map(\.candidate)).union([0])
    }
  }

  @Test("Telling a log again gives the very same records and proposals", arguments: 0..<4)
  func retelling(seed: UInt64) throws {
    let stream = RandomStream(seed: seed)
    var first = strategy
    var log: [(records: [CandidateRecord], generation: GenerationRecord)] = []
    for _ in 1...10 {
      let records = outcomes(try first.ask(), stream)
      log.append((records, try first.tell(records)))
    }
    var second = strategy
    for entry in log {
      #expect(try second.ask().map(\.id) == entry.records.map(\.id))
      #expect(try second.tell(entry.records) == entry.generation)
    }
    #expect(try second.ask() == first.ask())
    try first.networks.checkInvariants()
    try first.individuals.checkInvariants()
  }

  @Test("The network archive is what every evaluated candidate gives, by brute force", arguments: 0..<4)
  func archive(seed: UInt64) throws {
    var strategy = strategy
    let stream = RandomStream(seed: seed)
    var best: [Int: (id: Int, fitness: Double)] = [:]
    for _ in 1...8 {
      let records = outcomes(try strategy.ask(), stream)
      var bestOfGeneration: Double?
      for record in records {
        guard let fitness = record.fitness, let measures = record.measures else { continue }
        let cell = min(3, Int(measures[0])) * 4 + min(3, Int(measures[1]))
        if best[cell].map({ fitness > $0.fitness }) ?? true { best[cell] = (record.id, fitness) }
        bestOfGeneration = max(bestOfGeneration ?? 0, fitness)
      }
      let told = try strategy.tell(records)
      let expected = best.sorted { $0.key < $1.key }
        .map { ArchiveCell(cell: $0.key, candidate: $0.value.id, fitness: $0.value.fitness) }
      #expect(told.networks == expected)
      #expect(told.bestOfGeneration == bestOfGeneration)
      #expect(told.statistics.elites == expected.count && told.statistics.cells == 16)
      #expect(abs(told.statistics.qdScore - expected.reduce(0) { $0 + $1.fitness }) < 1e-12)
    }
  }

  @Test("The initialisation mutates the initial network by random prompts until a threshold is met")
  func initialisation() throws {
    var strategy = strategy
    // Three networks are not four.
    var proposals = try strategy.ask()
    #expect(proposals.allSatisfy { $0.step == .mutation && $0.parents == [0] })
    #expect(
      proposals[0..<4].allSatisfy { $0.temperature == 0.6 }, "half of them ask with the temperature as it is")
    #expect(proposals[4...].allSatisfy { $0.temperature != 0.6 && abs($0.temperature - 0.6) <= 0.1 })
    #expect(Set(proposals.map(\.prompt)).count > 3)
    var told = try strategy.tell(
      proposals.map { record($0, fitness: $0.index < 3 ? 0.5 : nil, measures: [Double($0.index), 0]) })
    #expect(told.isInitialisation && told.networks.count == 3)

    proposals = try strategy.ask()
    #expect(proposals.allSatisfy { $0.parents == [0] })
    told = try strategy.tell(
      proposals.map { record($0, fitness: $0.index == 0 ? 0.5 : nil, measures: [3.5, 0]) })
    #expect(
      told.isInitialisation && told.networks.count == 4, "the generation that ends it still belongs to it")

    proposals = try strategy.ask()
    #expect(proposals.allSatisfy { !$0.parents.contains(0) })
    told = try strategy.tell(proposals.map { record($0, fitness: nil) })
    #expect(!told.isInitialisation)
  }

  @Test("The prompt archive's size ends the initialisation as well, though no network came of it")
  func initialisationByPrompts() throws {
    var configuration = Self.configuration()
    configuration.search.initialPrompts = 3
    var strategy = try LLMatic(configuration: configuration, prompts: Toy.prompts(), isRewriterAlone: false)
    let told = try strategy.tell(try strategy.ask().map { record($0, fitness: nil) })
    #expect(told.prompts.count >= 3 && told.networks.isEmpty && told.isInitialisation)
    let proposals = try strategy.ask()
    #expect(
      proposals.allSatisfy { $0.step == .mutation && $0.parents == [0] },
      "there is nothing else to start from")
    #expect(try !strategy.tell(proposals.map { record($0, fitness: nil) }).isInitialisation)
  }

  /// A strategy whose archive holds a network in each of the 16 niches.
  private func filled(
    _ configuration: RunConfiguration = configuration(batch: 16), prompts: PromptLibrary? = nil
  ) throws -> LLMatic {
    let prompts = try prompts ?? Toy.prompts()
    var strategy = try LLMatic(configuration: configuration, prompts: prompts, isRewriterAlone: false)
    let told = try strategy.tell(
      try strategy.ask().map {
        record($0, fitness: 0.5, measures: [Double($0.index / 4) + 0.5, Double($0.index % 4) + 0.5])
      })
    #expect(told.networks.map(\.candidate) == Array(1...16))
    return strategy
  }

  @Test("Seven generations of ten mutate, three cross over")
  func operatorFrequency() throws {
    var strategy = try filled()
    var mutations = 0
    let generations = 400
    for _ in 0..<generations {
      let proposals = try strategy.ask()
      if proposals[0].step == .mutation { mutations += 1 }
      _ = try strategy.tell(proposals.map { record($0, fitness: nil) })
    }
    // Binomial: three standard deviations are 0.069.
    #expect(abs(Double(mutations) / Double(generations) - 0.7) < 0.069)
  }

  @Test("A crossover's mate is one of the three nearest by niche distance; all of them come up")
  func mates() throws {
    var configuration = Self.configuration(batch: 16)
    configuration.search.mutationProbability = 0
    var strategy = try filled(configuration)
    var ranks: [Int: Int] = [:]
    for _ in 0..<30 {
      let proposals = try strategy.ask()
      for proposal in proposals {
        #expect(proposal.step == .crossover && proposal.prompt == "crossover" && proposal.temperature == 0.7)
        guard proposal.parents.count == 2 else {
          Issue.record("a crossover of \(proposal.parents)")
          continue
        }
        // Candidate n sits in cell n − 1 of the 4×4 grid.
        let (first, mate) = (proposal.parents[0] - 1, proposal.parents[1] - 1)
        func distance(_ cell: Int) -> Int {
          let (rows, columns) = (cell / 4 - first / 4, cell % 4 - first % 4)
          return rows * rows + columns * columns
        }
        let nearest = (0..<16).filter { $0 != first }.sorted { (distance($0), $0) < (distance($1), $1) }
          .prefix(3)
        let rank = try #require(nearest.firstIndex(of: mate), "\(mate) is not near \(first)")
        ranks[rank, default: 0] += 1
      }
      _ = try strategy.tell(proposals.map { record($0, fitness: nil) })
    }
    // Of two nearest half the time and of three the other half: 5/12, 5/12, 1/6 of 480.
    #expect(abs(ranks[0, default: 0] - 200) < 45 && abs(ranks[1, default: 0] - 200) < 45)
    #expect(abs(ranks[2, default: 0] - 80) < 30)
    #expect(
      strategy.individuals.count > 0
        && strategy.individuals.elites.allSatisfy { $0.solution.prompt != "crossover" })
  }

  @Test("A quarter of the mutations take a random prompt, the others the most curious individual")
  func promptChoice() throws {
    var configuration = Self.configuration(batch: 16)
    configuration.search.mutationProbability = 1
    // As many as there are cells: two in one cell would share its curiosity.
    let mutations = try Toy.prompts().mutations.prefix(16).map(\.id)
    var strategy = try filled(configuration, prompts: Toy.prompts().keeping(mutations: mutations))
    var explored = 0
    var total = 0
    for _ in 0..<40 {
      let proposals = try strategy.ask()
      let told = try strategy.tell(
        proposals.map { proposal in
          // One prompt always pays, so that it alone stays most curious.
          record(
            proposal, fitness: proposal.prompt == "widen" ? 0.5 + 0.001 * Double(proposal.generation) : nil,
            measures: [Double(proposal.index / 4) + 0.5, Double(proposal.index % 4) + 0.5])
        })
      let highest = try #require(told.prompts.map(\.individual.curiosity).max())
      if told.number > 10 {
        #expect(
          told.prompts.filter { $0.individual.curiosity == highest }.allSatisfy {
            $0.individual.prompt == "widen"
          })
        explored += proposals.count { $0.prompt != "widen" }
        total += proposals.count
      }
    }
    // A random prompt is "widen" in one case of 16: 0.25 · 15/16.
    #expect(abs(Double(explored) / Double(total) - 0.234) < 0.06)
  }

  @Test(
    "A bandit over operators settles on the one whose candidates enter, and forgets nothing",
    arguments: [true, false])
  func operatorChoice(crossoverPays: Bool) throws {
    var configuration = Self.configuration()
    (configuration.search.operatorChoice, configuration.search.exploration) = (.bandit, 0.5)
    // Of what a draw would do nothing is left.
    configuration.search.mutationProbability = crossoverPays ? 1 : 0
    var strategy = try LLMatic(configuration: configuration, prompts: Toy.prompts(), isRewriterAlone: false)
    var steps: [CandidateOrigin.Step] = []
    var entered: [CandidateOrigin.Step: [Bool]] = [:]
    for _ in 0..<60 {
      let proposals = try strategy.ask()
      let known = Set(strategy.networks.elites.map(\.solution))
      let wasInitialising = strategy.isInitialising
      _ = try strategy.tell(
        proposals.map { proposal in
          let pays = (proposal.step == .crossover) == crossoverPays && proposal.index < 4
          let fitness = wasInitialising ? 0.1 : pays ? 0.2 + 0.001 * Double(proposal.id) : 0.01
          return record(
            proposal, fitness: fitness,
            measures: [Double(proposal.index % 4) + 0.5, wasInitialising ? 0.5 : 1.5])
        })
      guard !wasInitialising, let step = proposals.first?.step else { continue }
      steps.append(step)
      let now = Set(strategy.networks.elites.map(\.solution)).subtracting(known)
      entered[step, default: []] += proposals.map { now.contains($0.id) }
    }
    #expect(Set(steps.prefix(2)) == [.mutation, .crossover], "what was never tried comes first")
    let better: CandidateOrigin.Step = crossoverPays ? .crossover : .mutation
    #expect(steps.count { $0 == better } > 2 * steps.count / 3, "\(steps)")
    let bandit = try #require(strategy.operatorBandit)
    for (step, outcomes) in entered {
      #expect(bandit.mean(of: step) == Double(outcomes.count { $0 }) / Double(outcomes.count))
    }
    #expect(bandit.pulls.reduce(0, +) == Double(8 * steps.count))
  }

  @Test("Score, curiosity and temperature of prompts, worked out by hand")
  func credits() throws {
    // Sixteen prompts along one axis and one cell per prompt would hide moves between cells; here each individual's
    // cell is looked up in an archive made alike.
    let prompts = try Toy.prompts().mutations
    var strategy = strategy
    let cells = strategy.individuals
    func cell(_ order: Int, _ temperature: Double) throws -> Int {
      try cells.cell(of: [Double(order), temperature])
    }
    func individual(_ told: GenerationRecord, _ cell: Int) -> PromptIndividual? {
      told.prompts.first { $0.cell == cell }?.individual
    }
    func asked(_ proposals: [Proposal], _ temperature: Double) -> [Proposal] {
      proposals.prefix(1).map { proposal in
        var proposal = proposal
        (proposal.prompt, proposal.temperature) = (prompts[3].id, temperature)
        return proposal
      }
    }
    // Generation 1: nothing came before, so 0.4 beats it: score 1, temperature 0.6 + 0.05; the network entered.
    var told = try strategy.tell(
      asked(try strategy.ask(), 0.6).map { record($0, fitness: 0.4, measures: [0.5, 0.5]) })
    let first = try cell(3, 0.65)
    #expect(told.prompts.count == 1)
    #expect(
      individual(told, first)
        == PromptIndividual(prompt: prompts[3].id, temperature: 0.65, score: 1, curiosity: 1))

    // Generation 2, same niche, same fitness: it keeps up (temperature rises) without beating (score stays 1), and
    // the network does not enter (−0.5).
    told = try strategy.tell(
      asked(try strategy.ask(), 0.65).map { record($0, fitness: 0.4, measures: [0.5, 0.5]) })
    let second = try cell(3, 0.7)
    var curiosity = [first: 1.0]
    for niche in Set([first, second]) { curiosity[niche, default: 0] -= 0.5 }
    if second == first {
      // Of equals the incumbent stays.
      #expect(individual(told, first)?.temperature == 0.65)
    } else {
      #expect(abs((individual(told, second)?.temperature ?? 0) - 0.7) < 1e-12)
    }
    #expect(individual(told, second)?.score == 1)
    #expect(individual(told, second)?.curiosity == curiosity[second])

    // Generation 3: untrainable (−1), so the temperature falls.
    told = try strategy.tell(asked(try strategy.ask(), 0.65).map { record($0, fitness: nil) })
    let third = try cell(3, 0.6)
    for niche in Set([first, third]) { curiosity[niche, default: 0] -= 1 }
    #expect(individual(told, third)?.curiosity == curiosity[third])
    #expect(individual(told, first)?.curiosity == curiosity[first])

    // Generation 4: the mark is still 0.4 of generation 2, since generation 3 trained nothing; 0.41 in a new network
    // niche beats it and enters (+1): score 2.
    told = try strategy.tell(
      asked(try strategy.ask(), 0.65).map { record($0, fitness: 0.41, measures: [3.5, 3.5]) })
    for niche in Set([first, second]) { curiosity[niche, default: 0] += 1 }
    #expect(individual(told, second)?.score == 2)
    #expect(individual(told, second)?.curiosity == curiosity[second])
    #expect(abs((individual(told, second)?.temperature ?? 0) - 0.7) < 1e-12)

    // Generation 5: worse than generation 4, and not the best of its niche: −0.05, −0.5, no score.
    told = try strategy.tell(
      asked(try strategy.ask(), 0.7).map { record($0, fitness: 0.1, measures: [3.5, 3.5]) })
    let fifth = try cell(3, 0.65)
    for niche in Set([second, fifth]) { curiosity[niche, default: 0] -= 0.5 }
    #expect(individual(told, fifth)?.curiosity == curiosity[fifth])
    #expect(individual(told, second)?.score == 2)

    // Generation 6: the rewriter's and crossovers' networks are nobody's credit.
    let before = told.prompts
    var records = asked(try strategy.ask(), 0.7).map {
      record($0, fitness: 0.9, measures: [1.5, 1.5], author: .rewriter)
    }
    told = try strategy.tell(records)
    #expect(told.prompts == before)
    records = asked(try strategy.ask(), 0.7).map { record($0, fitness: 0.95, measures: [2.5, 1.5]) }
    records[0].origin.step = .crossover
    #expect(try strategy.tell(records).prompts == before)
  }

  @Test(
    "A candidate that was stopped as hopeless is no elite, but its prompt is not blamed as for an untrainable one"
  )
  func stopped() throws {
    func curiosity(_ change: (inout CandidateRecord) -> Void) throws -> Double? {
      var strategy = strategy
      var outcome = record(try strategy.ask()[0], fitness: nil, measures: [0.5, 0.5])
      change(&outcome)
      let told = try strategy.tell([outcome])
      #expect(told.networks.isEmpty && told.bestOfGeneration == nil)
      return told.prompts.first?.individual.curiosity
    }
    #expect(try curiosity { $0.verdict.status = .untrainable } == -1)
    let hopeless: (inout CandidateRecord) -> Void = { record in
      record.verdict.status = .stopped
      record.evaluation = TrainingOutcome(epochs: [], imagesSeen: 1, seconds: 1)
      record.evaluation?.stopReason = .outclassed(epoch: 1, step: 9)
    }
    #expect(try curiosity(hopeless) == -0.5)
    #expect(
      try curiosity {
        hopeless(&$0)
        $0.verdict.status = .duplicate
      } == -0.5)
  }

  @Test("Temperatures stay within 0 and 1, however long they rise or fall", arguments: [true, false])
  func temperatures(rising: Bool) throws {
    var strategy = strategy
    for generation in 1...30 {
      var proposals = try strategy.ask()
      #expect(proposals.allSatisfy { (0...1).contains($0.temperature) })
      proposals[0].temperature = rising ? 0.98 : 0.02
      let fitness = rising ? Double(generation) / 100 : nil
      let told = try strategy.tell(
        proposals.map { record($0, fitness: fitness, measures: [0.5, Double($0.index % 4)]) })
      let temperatures = told.prompts.map(\.individual.temperature)
      #expect(temperatures.allSatisfy { (0...1).contains($0) })
      if generation == 1 { #expect(temperatures.contains(rising ? 1 : 0)) }
    }
  }

  @Test("Figures that no archive can place are nobody's elite")
  func oddFigures() throws {
    var strategy = strategy
    let proposals = try strategy.ask()
    let odd: [(Double?, [Double])] = [
      (.nan, [0, 0]), (.infinity, [0, 0]), (0.5, [.nan, 0]), (0.5, [0]), (0.5, []), (0.5, [-.infinity, 0]),
      (nil, [0, 0]),
      (0.5, [1e300, -1e300]),
    ]
    let told = try strategy.tell(zip(proposals, odd).map { record($0.0, fitness: $0.1.0, measures: $0.1.1) })
    #expect(told.networks.map(\.candidate) == [8], "what lies beyond the axes counts as their end")
    try strategy.networks.checkInvariants()
    try strategy.individuals.checkInvariants()
  }

  @Test("Grids without dimensions have the cells' root along each axis")
  func gridByCells() throws {
    var configuration = Self.configuration()
    configuration.archive.dimensions = []
    for (cells, axes, expected) in [
      (100, 2, 100), (100, 1, 100), (64, 3, 64), (10, 2, 9), (1, 2, 1), (1000, 3, 1000),
    ] {
      configuration.archive.cells = cells
      configuration.descriptors = ["width", "depth", "macs"].prefix(axes).map {
        DescriptorSettings(name: $0, lower: 0, upper: 1)
      }
      #expect(try configuration.makeArchive().cellCount == expected)
    }
  }
}
