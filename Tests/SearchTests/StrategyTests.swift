import LanguageModels
import QualityDiversity
import RandomStreams
import Testing

@testable import Search

/// What could have come of proposals, and configurations small enough to be worked out by hand.
private enum Imagined {
  static func configuration(batch: Int = 16) -> RunConfiguration {
    var run = RunConfiguration()
    run.seed = 5
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

  static func record(
    _ proposal: Proposal, fitness: Double?, measures: [Double] = [0.5, 0.5],
    author: CandidateOrigin.Author = .languageModel
  ) -> CandidateRecord {
    var request = CandidateRequest()
    request.inspirations = proposal.inspirations
    request.niche = proposal.niche
    return CandidateRecord(
      id: proposal.id, generation: proposal.generation, index: proposal.index,
      origin: CandidateOrigin(
        step: proposal.step, author: author, form: .wholeProgram, parents: proposal.parents,
        prompt: proposal.prompt, temperature: proposal.temperature, request: request.isEmpty ? nil : request),
      source: nil, verdict: Verdict(fitness == nil ? .refused : .valid), measures: measures, fitness: fitness)
  }

  /// Random outcomes, as of a stream of that name.
  static func outcomes(_ proposals: [Proposal], _ stream: RandomStream) -> [CandidateRecord] {
    proposals.map { proposal in
      var draw = stream.stream("outcome", proposal.id)
      let fitness = draw.bernoulli(0.7) ? draw.uniform() : nil
      return record(proposal, fitness: fitness, measures: [draw.uniform(0, 4), draw.uniform(0, 4)])
    }
  }

  static func strategy(
    _ configuration: RunConfiguration, isRewriterAlone: Bool = false
  ) throws -> any Strategy {
    try configuration.makeStrategy(prompts: Toy.prompts(), isRewriterAlone: isRewriterAlone)
  }

  static func llmatic(_ change: (inout SearchSettings) -> Void) throws -> LLMatic {
    var run = configuration()
    change(&run.search)
    return try LLMatic(configuration: run, prompts: Toy.prompts(), isRewriterAlone: false)
  }

  /// With a network in each niche but those, as candidates 1 to 16 in the order of the cells.
  static func filled(
    _ strategy: LLMatic, without empty: Set<Int> = [], weak: Set<Int> = []
  ) throws -> LLMatic {
    var strategy = strategy
    _ = try strategy.tell(
      try strategy.ask().map { proposal in
        let cell = proposal.index
        return record(
          proposal, fitness: empty.contains(cell) ? nil : weak.contains(cell) ? 0.2 : 0.5,
          measures: [Double(cell / 4) + 0.5, Double(cell % 4) + 0.5])
      })
    return strategy
  }
}

@Suite("All strategies")
struct StrategyTests {
  private static func configurations() -> [(String, RunConfiguration)] {
    func made(_ change: (inout SearchSettings) -> Void) -> RunConfiguration {
      var run = Imagined.configuration(batch: 8)
      change(&run.search)
      return run
    }
    return [
      ("random", made { $0.strategy = .random }),
      (
        "regularized",
        made {
          $0.strategy = .regularized
          $0.population = 12
        }
      ),
      (
        "no network archive",
        made {
          $0.networkArchive = false; $0.population = 6
        }
      ),
      (
        "no prompt archive",
        made {
          $0.promptArchive = false; $0.population = 9
        }
      ),
      (
        "top",
        made {
          $0.parents = .top; $0.promptChoice = .top; $0.randomPromptProbability = 0
        }
      ),
      (
        "three parents",
        made {
          $0.crossoverParents = 3; $0.mutationProbability = 0.2
        }
      ),
      (
        "everything",
        made {
          $0.inspirations = 2; $0.askForNiche = 0.7; $0.promptEvolution = 0.5; $0.rewriterShare = 0.2
        }
      ),
    ]
  }

  @Test("Asking changes nothing, and telling a log again gives the same", arguments: 0..<7)
  func retelling(kind: Int) throws {
    let (name, configuration) = Self.configurations()[kind]
    let stream = RandomStream(seed: UInt64(kind))
    var first = try Imagined.strategy(configuration)
    var log: [(records: [CandidateRecord], generation: GenerationRecord)] = []
    for generation in 1...10 {
      let proposals = try first.ask()
      #expect(try first.ask() == proposals, "\(name)")
      #expect(proposals.map(\.id) == (0..<8).map { 1 + (generation - 1) * 8 + $0 })
      #expect(proposals.allSatisfy { $0.generation == generation && !$0.parents.isEmpty })
      #expect(proposals.allSatisfy { $0.parents.allSatisfy { $0 < 1 + (generation - 1) * 8 } })
      #expect(proposals.allSatisfy { Set($0.parents).count == $0.parents.count })
      #expect(proposals.allSatisfy { (0...1).contains($0.temperature) })
      let records = Imagined.outcomes(proposals, stream)
      log.append((records, try first.tell(records)))
    }
    var second = try Imagined.strategy(configuration)
    for entry in log { #expect(try second.tell(entry.records) == entry.generation) }
    #expect(try second.ask() == first.ask())
    // The archive is the best of each cell, whatever the strategy chooses from.
    var best: [Int: (id: Int, fitness: Double)] = [:]
    for record in log.flatMap(\.records) {
      guard let fitness = record.fitness, let measures = record.measures else { continue }
      let cell = min(3, Int(measures[0])) * 4 + min(3, Int(measures[1]))
      if best[cell].map({ fitness > $0.fitness }) ?? true { best[cell] = (record.id, fitness) }
    }
    #expect(
      log.last?.generation.networks
        == best.sorted { $0.key < $1.key }
        .map { ArchiveCell(cell: $0.key, candidate: $0.value.id, fitness: $0.value.fitness) })
  }

  @Test("Random networks are all made of the initial one, by one prompt")
  func random() throws {
    var run = Imagined.configuration()
    run.search.strategy = .random
    var strategy = try Imagined.strategy(run)
    for _ in 0..<3 {
      let proposals = try strategy.ask()
      #expect(proposals.allSatisfy { $0.parents == [0] && $0.prompt == "random-network" })
      let told = try strategy.tell(proposals.map { Imagined.record($0, fitness: 0.5) })
      #expect(told.prompts.isEmpty && told.step == .mutation)
    }
  }

  @Test("Regularised evolution: the oldest dies, and the best of a few random members is the parent")
  func regularized() throws {
    var run = Imagined.configuration()
    run.search.strategy = .regularized
    run.search.population = 16
    run.search.tournamentSize = 4
    run.search.batch = 8
    var strategy = try RegularizedSourceEvolution(configuration: run, prompts: Toy.prompts())
    // The best come first, so that they die first.
    for generation in 0..<2 {
      let proposals = try strategy.ask()
      #expect(proposals.allSatisfy { $0.parents == [0] && $0.prompt == "random-network" })
      let told = try strategy.tell(
        proposals.map { Imagined.record($0, fitness: 1 - Double($0.id) / 100) })
      #expect(told.isInitialisation && strategy.population.count == 8 * (generation + 1))
    }
    #expect(strategy.population.map(\.id) == Array(1...16))
    var counts: [Int: Int] = [:]
    for _ in 0..<200 {
      let proposals = try strategy.ask()
      for proposal in proposals {
        counts[proposal.parents[0] - (strategy.population[0].id - 1), default: 0] += 1
      }
      _ = try strategy.tell(proposals.map { Imagined.record($0, fitness: 1 - Double($0.id) / 10_000) })
      #expect(strategy.population.count == 16)
      #expect(strategy.population.map(\.id) == strategy.population.map(\.id).sorted())
    }
    // Fitness falls with the number, so the best of four random ones of 16 is the k-th oldest with probability
    // ((17 − k)⁴ − (16 − k)⁴) / 16⁴.
    for place in 1...16 {
      let (more, less) = (Double(17 - place) / 16, Double(16 - place) / 16)
      let share = more * more * more * more - less * less * less * less
      let deviation = (share * (1 - share) / 1600).squareRoot()
      #expect(abs(Double(counts[place, default: 0]) / 1600 - share) < 4 * deviation + 1e-3, "\(place)")
    }
    // What cannot be trained is no member.
    let before = strategy.population.map(\.id)
    _ = try strategy.tell(try strategy.ask().map { Imagined.record($0, fitness: nil) })
    #expect(strategy.population.map(\.id) == before)
  }

  @Test("A generation's crossovers begin with ten networks; each draws its own where that is 0")
  func crossoverNetworks() throws {
    for count in [0, 3, 10] {
      let strategy = try Imagined.filled(
        Imagined.llmatic {
          $0.mutationProbability = 0
          $0.crossoverNetworks = count
        })
      let firsts = try strategy.ask().map { $0.parents[0] }
      if count > 0 {
        #expect(Set(firsts).count <= count)
        #expect((0..<16).allSatisfy { firsts[$0] == firsts[$0 % count] })
      } else {
        #expect(Set(firsts).count > 3)
      }
    }
  }

  @Test("A crossover of n networks takes the parent and n − 1 of its nearest", arguments: [2, 3, 4])
  func severalParents(count: Int) throws {
    let strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.mutationProbability = 0
        $0.crossoverParents = count
      })
    for proposal in try strategy.ask() {
      #expect(proposal.parents.count == count && Set(proposal.parents).count == count)
      let cells = proposal.parents.map { $0 - 1 }
      func distance(_ cell: Int) -> Int {
        let (rows, columns) = (cell / 4 - cells[0] / 4, cell % 4 - cells[0] % 4)
        return rows * rows + columns * columns
      }
      let nearest = (0..<16).filter { $0 != cells[0] }.sorted { (distance($0), $0) < (distance($1), $1) }
      #expect(Set(nearest.prefix(max(2, count - 1) + 1)).isSuperset(of: cells.dropFirst()))
    }
  }

  @Test("Without a network archive parents are the best anywhere, mates those of the most similar direction")
  func withoutNetworkArchive() throws {
    var strategy = try Imagined.llmatic {
      $0.networkArchive = false
      $0.population = 4
      $0.mutationProbability = 0
    }
    // All in one niche: the archive keeps one, the population four.
    let measures = [[0.9, 0.1], [0.1, 0.9], [0.8, 0.2], [0.2, 0.9]]
    let told = try strategy.tell(
      try strategy.ask().map {
        Imagined.record(
          $0, fitness: $0.index < 4 ? 0.9 - Double($0.index) / 100 : 0.1,
          measures: $0.index < 4 ? measures[$0.index] : [0.5, 0.5])
      })
    #expect(told.networks.map(\.candidate) == [1])
    #expect(strategy.networkPopulation?.members.map(\.solution) == [1, 2, 3, 4])
    let mates = [1: 3, 3: 1, 2: 4, 4: 2]
    for proposal in try strategy.ask() {
      #expect(proposal.step == .crossover)
      #expect(proposal.parents.count == 2 && proposal.parents[1] == mates[proposal.parents[0]])
    }
    #expect(NetworkPopulation.cosine([1, 0], [0, 2]) == 0)
    #expect(abs(NetworkPopulation.cosine([1, 1], [2, 2]) - 1) < 1e-12)
    #expect(NetworkPopulation.cosine([0, 0], [1, 1]) == 0)
  }

  @Test("Without a prompt archive a fixed population of random prompts is used; what pays is used again")
  func withoutPromptArchive() throws {
    var strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.promptArchive = false
        $0.population = 10
        $0.mutationProbability = 1
        $0.randomPromptProbability = 0
      })
    let population = try #require(strategy.promptPopulation)
    #expect(population.count == 10 && Set(population.map(\.temperature)).count == 10)
    #expect(strategy.individuals.isEmpty)
    var told: GenerationRecord?
    var winner: PromptIndividual?
    for generation in 1...12 {
      let proposals = try strategy.ask()
      #expect(
        proposals.allSatisfy { proposal in population.contains { $0.prompt == proposal.prompt } },
        "no other prompts come up")
      if let winner, generation > 2 { #expect(proposals.allSatisfy { $0.prompt == winner.prompt }) }
      // The first that is asked pays from then on.
      told = try strategy.tell(
        proposals.map { proposal in
          let pays = winner.map { proposal.prompt == $0.prompt } ?? true
          return Imagined.record(
            proposal, fitness: pays ? 0.5 + Double(generation) / 100 + Double(proposal.index) / 10_000 : nil,
            measures: [Double(proposal.index / 4) + 0.5, Double(proposal.index % 4) + 0.5])
        })
      winner = told?.prompts.map(\.individual).max { $0.curiosity < $1.curiosity }
    }
    #expect(told?.prompts.map(\.cell) == Array(0..<10))
    #expect((winner?.curiosity ?? 0) > 50 && (winner?.score ?? 0) > 50)
    #expect(winner?.temperature == 1, "it rose by 0.1 each time")
    #expect(told?.prompts.map(\.individual.prompt) == population.map(\.prompt), "prompts stay as they are")
  }

  @Test("Any of the three best is a parent where the choice is 'top'")
  func top() throws {
    var strategy = try Imagined.llmatic {
      $0.parents = .top
      $0.mutationProbability = 1
    }
    _ = try strategy.tell(
      try strategy.ask().map {
        Imagined.record(
          $0, fitness: Double($0.id) / 100,
          measures: [Double($0.index / 4) + 0.5, Double($0.index % 4) + 0.5])
      })
    #expect(try Set(strategy.ask().map { $0.parents[0] }) == [14, 15, 16])
  }
}

@Suite("Asking for niches, showing elites, evolving prompts")
struct RequestingStrategyTests {
  @Test("The nearest elites are shown, never the parents; the rewriter is shown none")
  func inspirations() throws {
    let strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.inspirations = 3
        $0.mutationProbability = 1
        $0.rewriterShare = 0.3
      })
    for proposal in try strategy.ask() {
      guard !proposal.goesToRewriter else {
        #expect(proposal.inspirations.isEmpty)
        continue
      }
      let home = proposal.parents[0] - 1
      let nearest = (0..<16).filter { $0 != home }.sorted {
        func distance(_ cell: Int) -> Int {
          let (rows, columns) = (cell / 4 - home / 4, cell % 4 - home % 4)
          return rows * rows + columns * columns
        }
        return (distance($0), $0) < (distance($1), $1)
      }
      #expect(proposal.inspirations == nearest.prefix(3).map { $0 + 1 })
    }
    let alone = try LLMatic(
      configuration: {
        var run = Imagined.configuration(); run.search.inspirations = 3; return run
      }(),
      prompts: Toy.prompts(), isRewriterAlone: true)
    #expect(try Imagined.filled(alone).ask().allSatisfy(\.inspirations.isEmpty))
  }

  @Test("Empty and weak niches near the parent's are asked for, in words")
  func niches() throws {
    let strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.askForNiche = 1
        $0.mutationProbability = 1
      }, without: [5], weak: [10])
    var asked: Set<Int> = []
    for proposal in try strategy.ask() {
      // Within two steps of each cell of the grid lies one of the two.
      guard let niche = proposal.niche else { continue }
      asked.insert(niche.cell)
      #expect([5, 10].contains(niche.cell) && niche.isEmpty == (niche.cell == 5))
      let home = proposal.parents[0] - 1
      let rows = niche.cell / 4 - home / 4
      let columns = niche.cell % 4 - home % 4
      let expected =
        abs(rows) >= abs(columns)
        ? "width \(rows > 0 ? "higher" : "lower")" : "depth \(columns > 0 ? "higher" : "lower")"
      #expect(niche.direction == expected, "from \(home) to \(niche.cell)")
      #expect(
        niche.wish
          == (niche.cell == 5
            ? "1 to 2 channels or features in its widest layer and 1 to 2 layers"
            : "2 to 3 channels or features in its widest layer and 2 to 3 layers"))
    }
    #expect(asked == [5, 10])
    // With all niches alike and full there is nothing to ask for.
    let full = try Imagined.filled(Imagined.llmatic { $0.askForNiche = 1 })
    #expect(try full.ask().allSatisfy { $0.niche == nil })
  }

  @Test("Words for axes as they are usual, and at the ends of their ranges")
  func words() throws {
    var run = RunConfiguration()
    run.archive.kind = .grid
    run.archive.dimensions = [4, 4, 2]
    run.descriptors = [
      DescriptorSettings(name: "width_depth_ratio", lower: 1, upper: 256, scale: .log),
      DescriptorSettings(name: "macs", lower: 0, upper: 160e6),
      DescriptorSettings(name: "size", formula: "log10(parameters)", lower: 4, upper: 8),
    ]
    var archive = try run.makeArchive()
    archive.add(1, objective: 1, measures: [8, 60e6, 5])
    var chooser = try NicheChooser(run.descriptors, exploration: 1)
    var wishes: Set<String> = []
    for seed in 0..<200 {
      var draw = RandomStream(seed: UInt64(seed))
      if let niche = chooser.request(from: try archive.cell(of: [8, 60e6, 5]), in: archive, using: &draw) {
        wishes.insert("\(niche.direction): \(niche.wish)")
      }
    }
    #expect(
      wishes.contains(
        "macs lower: 4 to 16 times as many channels in its widest layer as it has layers (wider than deep), under 40 M "
          + "multiply-accumulates per image and 4 to 6 for 'size'"), "\(wishes.sorted())")
    #expect(wishes.contains { $0.hasPrefix("size higher: ") && $0.hasSuffix("and over 6 for 'size'") })
    for (value, text) in [
      (0.0, "0"), (950, "950"), (1234, "1234"), (12_345, "12.3 k"), (600_000, "600 k"), (1.25e6, "1.25 M"),
      (40e6, "40 M"), (2.5e9, "2.5 G"), (-3.14159, "-3.14"), (0.5, "0.5"), (999_999, "1 M"),
    ] {
      #expect(NicheWords.count(value) == text)
    }
    #expect(NicheWords.decimal(81.25, digits: 1) == "81.3" && NicheWords.decimal(-0.04, digits: 1) == "0")
  }

  @Test(
    "Directions that succeed are asked for more often; repetitions and the rewriter's networks are no success"
  )
  func learning() throws {
    var strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.askForNiche = 1
        $0.mutationProbability = 1
        $0.exploration = 0.3
      }, weak: Set(0..<16))
    // All are equally weak but one strong one outside, so that each niche is below the mean.
    _ = try strategy.tell(
      try strategy.ask().map {
        Imagined.record($0, fitness: $0.index == 0 ? 0.9 : nil, measures: [0.5, 0.5])
      })
    var counts: [[String: Int]] = []
    for _ in 0..<30 {
      let proposals = try strategy.ask()
      counts.append(
        Dictionary(proposals.compactMap(\.niche?.direction).map { ($0, 1) }, uniquingKeysWith: +))
      _ = try strategy.tell(
        proposals.map { proposal in
          // Only wider networks come as they were asked for; they are weak again, so nothing else changes.
          guard let niche = proposal.niche else { return Imagined.record(proposal, fitness: nil) }
          let cell = niche.direction == "width higher" ? niche.cell : 0
          return Imagined.record(
            proposal, fitness: 0.1, measures: [Double(cell / 4) + 0.5, Double(cell % 4) + 0.5])
        })
    }
    func share(_ counts: ArraySlice<[String: Int]>) -> Double {
      let all = counts.reduce(0) { $0 + $1.values.reduce(0, +) }
      return Double(counts.reduce(0) { $0 + $1["width higher", default: 0] }) / Double(max(1, all))
    }
    #expect(share(counts[10...]) > 0.5, "\(counts)")
    let bandit = try #require(strategy.niches?.bandit)
    #expect(try #require(bandit.mean(of: "width higher")) > 0.9)
    #expect(try #require(bandit.mean(of: "depth lower")) < 0.1)

    var chooser = try NicheChooser(Imagined.configuration().descriptors, exploration: 1)
    let niche = NicheRequest(cell: 3, direction: "width higher", wish: "", isEmpty: true)
    let proposal = try strategy.ask()[0]
    chooser.learn(niche, from: Imagined.record(proposal, fitness: 1, author: .rewriter), cell: 3)
    #expect(chooser.bandit.mean(of: "width higher") == nil)
    var repetition = Imagined.record(proposal, fitness: 1)
    repetition.verdict.status = .duplicate
    chooser.learn(niche, from: repetition, cell: 3)
    #expect(chooser.bandit.mean(of: "width higher") == 0)
    chooser.learn(niche, from: Imagined.record(proposal, fitness: 1), cell: 3)
    #expect(chooser.bandit.mean(of: "width higher") == 0.5)
  }

  @Test("A prompt that the model wrote enters the archive at its root's place, and is asked with later")
  func promptEvolution() throws {
    var strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.promptEvolution = 1
        $0.mutationProbability = 1
        $0.randomPromptProbability = 0
      })
    let proposals = try strategy.ask()
    #expect(proposals.allSatisfy { $0.evolvesPrompt && $0.evolved == nil })
    let child = EvolvedPrompt(
      id: "\(proposals[0].prompt).\(proposals[0].id)", parent: proposals[0].prompt, root: proposals[0].prompt,
      text: "Add what helps.", exchange: "x")
    var winner = Imagined.record(proposals[0], fitness: 0.99)
    winner.origin.request = CandidateRequest()
    winner.origin.request?.prompt = child
    let told = try strategy.tell([winner])
    let entry = try #require(told.prompts.first { $0.individual.prompt == child.id })
    #expect(entry.individual.score == 2, "its parent's, and one for the network that is the best")
    let order = try #require(Toy.prompts().mutations.firstIndex { $0.id == child.root })
    let temperature = entry.individual.temperature
    #expect(try strategy.individuals.cell(of: [Double(order), temperature]) == entry.cell)
    #expect(abs(temperature - min(1, proposals[0].temperature + 0.05)) < 1e-12)
    // Its niche is among the most curious, since a network of it entered; a child of its own would have its root.
    let next = try strategy.ask().filter { $0.prompt == child.id }
    #expect(!next.isEmpty && next.allSatisfy { $0.evolved == child && $0.rootPrompt == child.root })
  }

  @Test(
    "With everything on, a run killed at any write goes on to the same, and the record tells what was asked")
  func everything() async throws {
    var run = Toy.configuration(generations: 4, batch: 5)
    run.search.mutationProbability = 0.8
    run.search.inspirations = 2
    run.search.askForNiche = 0.8
    run.search.promptEvolution = 0.5
    run.search.repairRounds = 1
    run.search.crossoverParents = 3
    let model: @Sendable () -> ScriptedModel = {
      ScriptedModel { (request, key) throws(ChatFailure) in
        if request.messages.count == 1 { return "Try the idea number \(ScriptedModel.number(key) % 1000)." }
        return try ScriptedModel.mixture(key)
      }
    }
    let strategy = try ToyRun.strategy(run)
    let log = MemoryLog()
    _ = try await ToyRun(configuration: run).run(strategy, model: model(), log: log)
    let records = log.now.candidates.values.filter { $0.generation > 0 }
    let requests = records.compactMap(\.origin.request)
    #expect(requests.contains { !$0.inspirations.isEmpty } && requests.contains { !$0.repairs.isEmpty })
    let evolved = requests.compactMap(\.prompt)
    #expect(!evolved.isEmpty)
    for prompt in evolved {
      let exchange = try #require(log.now.exchanges[prompt.exchange])
      guard case .reply(let reply) = exchange.outcome else { continue }
      #expect(reply.content == prompt.text && prompt.id.hasPrefix(prompt.parent + "."))
    }
    let archive = try run.makeArchive()
    var asked = 0
    for record in records {
      guard let niche = record.origin.request?.niche else { continue }
      asked += 1
      let cell = try record.measures.map { try archive.cell(of: $0) }
      #expect(niche.isHit == (record.verdict.isNetwork ? cell == niche.cell : nil))
      let exchange = try #require(log.now.exchanges[record.origin.exchange ?? ""])
      #expect(exchange.request.messages[1].content.contains(niche.wish))
    }
    #expect(asked > 2)

    for survived in stride(from: 2, to: log.now.writes, by: 7) {
      let broken = MemoryLog().copy(breakingAfter: survived)
      await #expect(throws: SearchError.self) {
        _ = try await ToyRun(configuration: run).run(strategy, model: model(), log: broken)
      }
      let resumed = broken.copy()
      let second = model()
      let stored = resumed.now.exchanges.count
      _ = try await ToyRun(configuration: run).run(strategy, model: second, log: resumed)
      #expect(resumed.now.generations == log.now.generations, "after \(survived) writes")
      #expect(resumed.now.repeatable == log.now.repeatable)
      #expect(second.keys.count == log.now.exchanges.count - stored)
    }
  }

  @Test("The rewriter makes random networks by several changes, and combines more than two")
  func rewriter() async throws {
    let rewriter = RewriterWriter(task: Toy.task, prompts: try Toy.prompts(), stream: .init(seed: 1))
    let source = try Toy.prompts().prompt("initial-network").rendered(Toy.task.variables) + "\n"
    var proposal = Proposal(
      id: 1, generation: 1, index: 0, step: .mutation, parents: [0], prompt: "random-network",
      temperature: 0.5, goesToRewriter: true)
    var counts: Set<Int> = []
    for id in 1...20 {
      proposal.id = id
      let draft = try await rewriter.draft(for: proposal, sources: [source])
      counts.insert(draft.applied.count)
      let text = try #require(draft.source)
      _ = try NetworkDescription(of: text, task: Toy.task)
    }
    #expect(counts.count > 3 && counts.max() ?? 0 <= 8 && counts.min() ?? 0 >= 1)
    proposal.prompt = "crossover"
    let draft = try await rewriter.draft(
      for: proposal, sources: [Toy.program([5]), Toy.program([6]), Toy.program([7])])
    #expect(draft.applied.count == 2 || draft.reason != nil)
  }
}
