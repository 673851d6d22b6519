import QualityDiversity
import RandomStreams
import Search
import SearchSpaces
import Testing

@Suite struct SpaceSearchTests {
  typealias Search = SpaceSearch<TabularEvaluator<ToySpace>>

  private func best(
    _ make: (RandomStream) throws -> any SpaceStrategy<ToySpace>, evaluations: Int, seeds: Int = 10,
    _ deduplicate: SpaceSearchSettings.Deduplication = .genotype
  ) throws -> Double {
    var sum = 0.0
    for seed in 1...seeds {
      var search = try Search(
        ToySpace.table(), settings: SpaceSearchSettings(evaluations: evaluations, deduplicate: deduplicate))
      func go(_ strategy: some SpaceStrategy<ToySpace>) {
        var strategy = strategy
        search.run(&strategy)
      }
      try go(make(RandomStream(seed: UInt64(seed))))
      sum += search.bestResult?.fitness ?? 0
    }
    return sum / Double(seeds)
  }

  /// Of draws without replacement the best's mean is known: Σ of the k-th best times C(N−k, n−1) / C(N, n).
  @Test func randomSearchIsAsGoodAsCountingSays() throws {
    let values = ToySpace().all.map(ToySpace.value).sorted(by: >)
    let (total, drawn) = (values.count, 20)
    var share = Double(drawn) / Double(total)
    var expected = 0.0
    for (place, value) in values.enumerated() where place <= total - drawn {
      expected += share * value
      share *= Double(total - place - drawn) / Double(total - place - 1)
    }
    let mean = try best({ RandomSearch(space: ToySpace(), stream: $0) }, evaluations: drawn, seeds: 400)
    #expect(abs(mean - expected) < 0.005, "\(mean) against \(expected)")
  }

  @Test func strategiesThatLearnAreBetterThanChance() throws {
    let space = ToySpace()
    let chance = try best({ RandomSearch(space: space, stream: $0) }, evaluations: 50)
    let fidelities = try ToySpace.table().fidelities
    let archive = try ToySpace.archive()
    let arms: [(String, (RandomStream) throws -> any SpaceStrategy<ToySpace>)] = [
      ("evolution", { RegularizedEvolution(space: space, stream: $0) }),
      ("local search", { LocalSearch(space: space, stream: $0) }),
      ("genetic", { GeneticSearch(space: space, stream: $0) }),
      ("map-elites", { try MapElitesSearch(space: space, archive: archive, stream: $0) }),
      ("reinforce", { Reinforce(space: space, settings: .init(learningRate: 0.1), stream: $0) }),
      ("hyperband", { Hyperband(space: space, fidelities: fidelities, stream: $0) }),
      (
        "bohb",
        { Hyperband(space: space, fidelities: fidelities, settings: .init(model: .init()), stream: $0) }
      ),
    ]
    for (name, make) in arms {
      let mean = try best(make, evaluations: 50)
      #expect(mean > chance, "\(name): \(mean) against \(chance)")
    }
  }

  @Test func reinforcementFindsWhatIsAlwaysRewarded() throws {
    var strategy = Reinforce(
      space: ToySpace(), settings: .init(learningRate: 0.05), stream: RandomStream(seed: 5))
    // The first choice's third option is worth 1, all else nothing.
    for _ in 0..<1500 {
      guard let proposal = strategy.ask(1).first, case .genotype(let genotype) = proposal.content else {
        return
      }
      strategy.tell([
        SpaceResult(
          number: 0, proposal: proposal, genotype: genotype, verdict: .evaluated,
          fitness: genotype[0] == 2 ? 1 : 0)
      ])
    }
    #expect(strategy.probabilities[0][2] > 0.9)
    for choice in strategy.probabilities { #expect(abs(choice.reduce(0, +) - 1) < 1e-12) }
  }

  /// Hyperband's table for costs of 1 and 9 by threes: brackets of 9 and 3.
  @Test func bracketsAreHyperbands() throws {
    let fidelities = [SpaceFidelity(name: "low", cost: 12), SpaceFidelity(name: "high", cost: 200)]
    let band = Hyperband(space: ToySpace(), fidelities: fidelities, stream: RandomStream(seed: 1))
    #expect([band.size(ofBracketAt: 0), band.size(ofBracketAt: 1)] == [9, 3])
    let full = [1, 3, 9, 27, 81].map { SpaceFidelity(name: "\($0)", cost: $0) }
    let published = Hyperband(space: ToySpace(), fidelities: full, stream: RandomStream(seed: 1))
    // Li et al. 2018, Algorithm 1, for R = 81 and η = 3.
    #expect((0..<5).map(published.size(ofBracketAt:)) == [81, 34, 15, 8, 5])
  }

  @Test func theBestOfARungGoOn() throws {
    var search = try Search(ToySpace.table(), settings: SpaceSearchSettings(evaluations: 2))
    var band = try Hyperband(
      space: ToySpace(), fidelities: ToySpace.table().fidelities, settings: .init(hasAllBrackets: false),
      stream: RandomStream(seed: 9))
    search.run(&band)
    #expect(
      search.results.map(\.fidelity) == Array(repeating: 0, count: 9) + [1] + Array(repeating: 0, count: 7))
    let first = search.results.prefix(9)
    let promoted = search.results[9]
    #expect(promoted.proposal.parents == [first.max { ($0.fitness ?? 0) < ($1.fitness ?? 0) }?.number])
    #expect(search.spent == 9 * 12 + 200 + 7 * 12)
  }

  @Test func textsAreReadOrRefused() throws {
    var search = try Search(
      ToySpace.table(), settings: SpaceSearchSettings(evaluations: 2, deduplicate: .network))
    let results = search.take(
      ["abcda", "abc", "abcdb", "dbcdd", "abcdb"].map { SpaceProposal(.text($0), step: .model) })
    #expect(search.counts.illegal == 2 && search.counts.repeated == 2 && search.counts.evaluated == 1)
    #expect(results[1].verdict == .illegal("'abc' is not five of a, b, c, d."))
    #expect(results[2].verdict == .repeated(of: 0))
    #expect(results[3].verdict == .illegal("The first and last choice cannot both be d."))
    #expect(search.end == nil)
  }

  @Test func asyncStrategiesAreAskedToo() async throws {
    struct Author: AsyncSpaceStrategy {
      typealias Space = ToySpace
      var told: [SpaceResult<[Int]>] = []
      mutating func ask(_ count: Int) async throws(SearchError) -> [SpaceProposal<[Int]>] {
        guard told.count < 8 else { throw SearchError("The model is gone.") }
        await Task.yield()
        return (0..<4).map { SpaceProposal(.text("aaab" + ["a", "b", "c", "x"][$0]), step: .model) }
      }
      mutating func tell(_ results: [SpaceResult<[Int]>]) { told += results }
    }
    var author = Author()
    var search = try Search(
      ToySpace.table(), settings: SpaceSearchSettings(evaluations: 9, deduplicate: .genotype))
    do {
      try await search.run(awaiting: &author)
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.description == "The model is gone.")
    }
    #expect(author.told == search.results && search.results.count == 8)
    #expect(search.counts.evaluated == 3 && search.counts.illegal == 2 && search.counts.repeated == 3)
  }

  @Test func mistakesAreExplained() throws {
    #expect(throws: SearchError("A search needs a budget of an evaluation or more.")) {
      try Search(ToySpace.table(), settings: SpaceSearchSettings(evaluations: 0))
    }
    let error = #expect(throws: SearchError.self) {
      try Search(ToySpace.table(), settings: SpaceSearchSettings(evaluations: 1, constraint: "macs < 3"))
    }
    #expect(error?.description.contains("macs") == true)
    #expect(throws: SearchError.self) {
      try SpaceArchive(
        descriptors: [DescriptorSettings(name: "width", lower: 0, upper: 1)], dimensions: [3],
        figureNames: ["cost"])
    }
    #expect(throws: SearchError.self) {
      try TabularEvaluator(
        space: ToySpace(), genotypes: ToySpace().all,
        columns: [.init(SpaceFidelity(name: "x", cost: 1), fitness: [1])])
    }
  }

  @Test func missingRowsFail() throws {
    let space = ToySpace()
    let all = Array(space.all.prefix(2))
    let table = try TabularEvaluator(
      space: space, genotypes: all, columns: [.init(SpaceFidelity(name: "x", cost: 1), fitness: [0.5, .nan])])
    var search = try Search(table, settings: SpaceSearchSettings(evaluations: 3))
    let results = search.take((space.all.prefix(3)).map { SpaceProposal($0, step: .random) })
    #expect(results[0].verdict == .evaluated)
    #expect(results[1].verdict == .failed("The table has no x value for it."))
    #expect(results[2].verdict == .failed("The table has no row for caaaa."))
    #expect(search.counts.failed == 2 && search.best == 0)
  }
}
