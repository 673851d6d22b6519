import LanguageModels
import QualityDiversity
import RandomStreams
import Testing

@testable import Search

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
