public import RandomStreams
public import SearchSpaces

/// A genetic algorithm: the fitter part of a generation and of its parents has children by crossover and mutation.
///
/// As the evolutionary search of once-for-all networks (Cai et al. 2020) and CoLLM-NAS' row of it with populations of
/// ten and half of them parents. A repetition is no child; after a hundred of them in a row one is drawn at random.
public struct GeneticSearch<Space: SearchSpace>: SpaceStrategy {
  /// What may be chosen.
  public struct Settings: Sendable, Hashable {
    /// How many children a generation has.
    public var population = 10
    /// The parents' share of it.
    public var eliteShare = 0.5
    /// The share of the children that are mutations of one parent; the others cross two.
    public var mutationShare = 0.5

    /// CoLLM-NAS' defaults.
    public init(population: Int = 10, eliteShare: Double = 0.5, mutationShare: Double = 0.5) {
      self.population = max(1, population)
      self.eliteShare = min(1, max(0, eliteShare))
      self.mutationShare = min(1, max(0, mutationShare))
    }

    var eliteCount: Int { max(1, Int((Double(population) * eliteShare).rounded())) }
  }

  private typealias Member = Breeding<Space>.Member

  private let settings: Settings
  private var breeding: Breeding<Space>
  private var parents: [Member] = []
  private var children: [Member] = []
  /// The children of this generation that were paid for, failed ones among them.
  private var born = 0

  /// A search of a space by a stream of its own.
  public init(space: Space, settings: Settings = Settings(), stream: RandomStream) {
    self.settings = settings
    breeding = Breeding(space: space, stream: stream)
  }

  /// The next children of this generation.
  public func ask(_ count: Int) -> [SpaceProposal<Space.Genotype>] {
    (0..<min(max(1, count), settings.population - born)).map { place in
      var stream = breeding.stream(place)
      guard breeding.isAllowed, let mother = stream.element(of: parents) else {
        return breeding.random(&stream)
      }
      if stream.bernoulli(settings.mutationShare) {
        return breeding.mutation(of: mother, &stream)
      }
      let father = stream.element(of: parents) ?? mother
      return SpaceProposal(
        breeding.space.crossover(of: mother.genotype, and: father.genotype, using: &stream), step: .crossover,
        parents: [mother.number, father.number])
    }
  }

  /// Takes in children, and chooses parents when a generation is complete.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) {
    for result in results {
      let (isPaid, child) = breeding.take(result)
      guard isPaid else { continue }
      born += 1
      if let child { children.append(child) }
      guard born == settings.population else { continue }
      // Of equals the older one stays.
      parents = Array(
        (parents + children).sorted { ($1.fitness, $0.number) < ($0.fitness, $1.number) }
          .prefix(settings.eliteCount))
      (children, born) = ([], 0)
    }
  }
}
