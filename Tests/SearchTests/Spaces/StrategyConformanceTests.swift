import QualityDiversity
import RandomStreams
import Search
import SearchSpaces
import Testing

/// What every strategy keeps to, whatever it is.
@Suite struct StrategyConformanceTests {
  typealias Search = SpaceSearch<TabularEvaluator<ToySpace>>

  struct Arm: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var usesFidelities = false
    var make: @Sendable (RandomStream) throws -> any SpaceStrategy<ToySpace>
  }

  static let arms: [Arm] = [
    Arm(testDescription: "random") { RandomSearch(space: ToySpace(), stream: $0) },
    Arm(testDescription: "regularised evolution") { RegularizedEvolution(space: ToySpace(), stream: $0) },
    Arm(testDescription: "regularised evolution without replacement") {
      RegularizedEvolution(
        space: ToySpace(), settings: .init(population: 20, isWithReplacement: false), stream: $0)
    },
    Arm(testDescription: "local search") { LocalSearch(space: ToySpace(), stream: $0) },
    Arm(testDescription: "local search, first") { LocalSearch(space: ToySpace(), move: .first, stream: $0) },
    Arm(testDescription: "reinforce") { Reinforce(space: ToySpace(), stream: $0) },
    Arm(testDescription: "successive halving", usesFidelities: true) {
      Hyperband(
        space: ToySpace(), fidelities: try ToySpace.table().fidelities,
        settings: .init(hasAllBrackets: false),
        stream: $0)
    },
    Arm(testDescription: "hyperband", usesFidelities: true) {
      Hyperband(space: ToySpace(), fidelities: try ToySpace.table().fidelities, stream: $0)
    },
    Arm(testDescription: "bohb", usesFidelities: true) {
      Hyperband(
        space: ToySpace(), fidelities: try ToySpace.table().fidelities, settings: .init(model: .init()),
        stream: $0)
    },
    Arm(testDescription: "map-elites") {
      try MapElitesSearch(space: ToySpace(), archive: ToySpace.archive(), stream: $0)
    },
    Arm(testDescription: "genetic") { GeneticSearch(space: ToySpace(), stream: $0) },
  ]

  private func run(
    _ arm: Arm, evaluations: Int = 120, seed: UInt64 = 1, batch: Int = 1,
    _ deduplicate: SpaceSearchSettings.Deduplication = .off, constraint: String = ""
  ) throws -> Search {
    var search = try Search(
      ToySpace.table(),
      settings: SpaceSearchSettings(
        evaluations: evaluations, deduplicate: deduplicate, constraint: constraint, batch: batch),
      archive: ToySpace.archive())
    try run(&search, arm.make(RandomStream(seed: seed)))
    return search
  }

  private func run(_ search: inout Search, _ strategy: some SpaceStrategy<ToySpace>) {
    var strategy = strategy
    search.run(&strategy)
  }

  @Test(arguments: arms, [1, 7]) func budgetsAreExact(_ arm: Arm, _ batch: Int) throws {
    for evaluations in [1, 2, 13, 120] {
      let search = try run(arm, evaluations: evaluations, batch: batch)
      #expect(search.end == .outOfBudget)
      let paid = search.results.filter(\.isPaid)
      let costs = search.evaluator.fidelities.map(\.cost)
      #expect(search.spent == paid.reduce(0) { $0 + costs[$1.fidelity] })
      #expect(search.counts.evaluated == paid.count)
      #expect(search.counts.full == paid.count { $0.isFull })
      if arm.usesFidelities {
        #expect(search.spent <= 200 * evaluations && search.spent > 200 * (evaluations - 1))
      } else {
        #expect(paid.count == evaluations)
      }
    }
  }

  @Test(arguments: arms, [1, 7]) func resultsAreWhatTheTableSays(_ arm: Arm, _ batch: Int) throws {
    let search = try run(arm, batch: batch)
    let table = try ToySpace.table()
    #expect(search.counts.illegal == 0 && search.counts.failed == 0)
    for (number, result) in search.results.enumerated() {
      #expect(result.number == number)
      #expect(result.proposal.parents.allSatisfy { $0 < number })
      let genotype = try #require(result.genotype)
      #expect(table.place(of: genotype) != nil)
      #expect(result.fitness == table.score(of: genotype, fidelity: result.fidelity).fitness)
      #expect(result.isFull == (result.fidelity == 1))
    }
    let full = search.results.filter(\.isFull)
    #expect(search.bestResult?.fitness == full.compactMap(\.fitness).max())
    #expect(search.best == full.first { $0.fitness == search.bestResult?.fitness }?.number)
  }

  @Test(arguments: arms, [SpaceSearchSettings.Deduplication.genotype, .network])
  func nothingIsPaidForTwice(_ arm: Arm, _ deduplicate: SpaceSearchSettings.Deduplication) throws {
    let search = try run(arm, evaluations: 150, deduplicate)
    var seen: Set<String> = []
    let space = ToySpace()
    for result in search.results {
      let genotype = try #require(result.genotype)
      let text = deduplicate == .genotype ? space.text(of: genotype) : space.canonicalText(of: genotype)
      let isNew = seen.insert("\(text) \(result.fidelity)").inserted
      #expect(isNew == result.isPaid)
      guard case .repeated(let twin) = result.verdict else { continue }
      let first = search.results[twin]
      #expect(first.isPaid && first.fidelity == result.fidelity && first.fitness == result.fitness)
    }
    #expect(search.counts.repeated == search.results.count { !$0.isPaid })
  }

  /// But for those that leave most behind at a low fidelity or have a policy.
  @Test(arguments: arms.filter { !$0.usesFidelities && $0.testDescription != "reinforce" })
  func wholeSpacesAreExhaustedAndNotMore(_ arm: Arm) throws {
    let search = try run(arm, evaluations: 5000, .genotype)
    #expect(search.end == .stalled)
    #expect(search.counts.evaluated == ToySpace().count)
  }

  @Test(arguments: arms) func seedsDecide(_ arm: Arm) throws {
    let first = try run(arm, seed: 3).results
    #expect(try run(arm, seed: 3).results == first)
    #expect(try run(arm, seed: 4).results != first)
  }

  @Test(arguments: arms, [SpaceSearchSettings.Deduplication.off, .genotype])
  func retellingGoesOnAsBefore(_ arm: Arm, _ deduplicate: SpaceSearchSettings.Deduplication) throws {
    let whole = try run(arm, evaluations: 200, deduplicate)
    for told in [1, 10, 57, 150] {
      let half = Array(whole.results.prefix(told))
      // In portions other than those that the search told.
      var strategy = try arm.make(RandomStream(seed: 1))
      for start in stride(from: 0, to: half.count, by: 9) {
        strategy.tell(Array(half[start..<min(half.count, start + 9)]))
      }
      let next = try #require(strategy.ask(1).first)
      #expect(next == whole.results[told].proposal)
      // Asking changes nothing.
      #expect(strategy.ask(1).first == next)
    }
  }

  @Test(arguments: arms) func archivesHoldTheBestOfEachNiche(_ arm: Arm) throws {
    let search = try run(arm, evaluations: 150, .genotype)
    let archive = try #require(search.archive)
    try archive.checkInvariants()
    var best: [Int: Double] = [:]
    for result in search.results where result.isFull && result.isPaid {
      let (fitness, measures) = (try #require(result.fitness), try #require(result.measures))
      let cell = try archive.cell(of: measures)
      best[cell] = max(best[cell] ?? -.infinity, fitness)
    }
    #expect(Dictionary(uniqueKeysWithValues: archive.elites.map { ($0.cell, $0.objective) }) == best)
  }

  @Test(arguments: arms) func constraintsGateTheBestAlone(_ arm: Arm) throws {
    let free = try run(arm)
    let bound = try run(arm, constraint: "cost <= 5")
    #expect(bound.results.map(\.genotype) == free.results.map(\.genotype))
    #expect(bound.archive?.elites == free.archive?.elites)
    let allowed = bound.results.filter { $0.isFull && ($0.figures["cost"] ?? 9) <= 5 }
    #expect(bound.results.allSatisfy { $0.isFeasible == (($0.figures["cost"] ?? 9) <= 5) })
    #expect(bound.bestResult?.fitness == allowed.compactMap(\.fitness).max())
  }

  @Test(arguments: arms) func targetsEnd(_ arm: Arm) throws {
    let whole = try run(arm)
    let target = try #require(whole.bestResult?.fitness)
    var search = try Search(
      ToySpace.table(), settings: SpaceSearchSettings(evaluations: 120, target: target))
    try run(&search, arm.make(RandomStream(seed: 1)))
    #expect(search.end == .reachedTarget)
    #expect(search.results.count == (whole.best ?? 0) + 1)
  }
}
