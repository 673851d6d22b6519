public import RandomStreams
public import SearchSpaces

/// Regularised evolution: the fittest of some members of a population is mutated, and the oldest member dies.
///
/// Real, Aggarwal, Huang & Le 2019, "Regularized evolution for image classifier architecture search". A repetition
/// enters no population; after a hundred of them in a row an architecture is drawn at random.
public struct RegularizedEvolution<Space: SearchSpace>: SpaceStrategy {
  /// What may be chosen.
  public struct Settings: Sendable, Hashable {
    /// How many members live.
    public var population = 10
    /// How many of them are drawn for a tournament.
    public var sample = 10
    /// Whether the same member may be drawn twice, as published.
    public var isWithReplacement = true

    /// NAS-Bench-201's defaults.
    public init(population: Int = 10, sample: Int = 10, isWithReplacement: Bool = true) {
      self.population = max(1, population)
      self.sample = max(1, sample)
      self.isWithReplacement = isWithReplacement
    }
  }

  private typealias Member = Breeding<Space>.Member

  private let settings: Settings
  private var breeding: Breeding<Space>
  /// How many members there were; each takes the place of the one that came `population` before it.
  private var births = 0
  private var members: [Member] = []

  /// A search of a space by a stream of its own.
  public init(space: Space, settings: Settings = Settings(), stream: RandomStream) {
    self.settings = settings
    breeding = Breeding(space: space, stream: stream)
  }

  /// Random architectures until the population is full, then mutations.
  public func ask(_ count: Int) -> [SpaceProposal<Space.Genotype>] {
    (0..<max(1, count)).map { place in
      var stream = breeding.stream(place)
      guard births + place >= settings.population, breeding.isAllowed, let parent = winner(&stream) else {
        return breeding.random(&stream)
      }
      return breeding.mutation(of: parent, &stream)
    }
  }

  /// The fittest of some members, of equals the one drawn first.
  private func winner(_ stream: inout RandomStream) -> Member? {
    guard !members.isEmpty else { return nil }
    if settings.isWithReplacement {
      var winner = stream.integer(below: members.count)
      for _ in 1..<max(2, settings.sample) where settings.sample > 1 {
        let entrant = stream.integer(below: members.count)
        if members[entrant].fitness > members[winner].fitness { winner = entrant }
      }
      return members[winner]
    }
    var winner: Member?
    for place in stream.permutation(members.count).prefix(settings.sample)
    where winner.map({ members[place].fitness > $0.fitness }) ?? true { winner = members[place] }
    return winner
  }

  /// Takes the evaluated ones in, each for the oldest.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) {
    for result in results {
      guard let member = breeding.take(result).member else { continue }
      if members.count < settings.population {
        members.append(member)
      } else {
        members[births % settings.population] = member
      }
      births += 1
    }
  }
}
