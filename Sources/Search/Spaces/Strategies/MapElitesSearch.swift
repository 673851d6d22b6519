import QualityDiversity
public import RandomStreams
public import SearchSpaces

/// MAP-Elites by mutation: any elite is mutated, and what came of it stays if it is the best of its niche.
///
/// Mouret & Clune 2015, "Illuminating search spaces by mapping elites". After a hundred repetitions in a row an
/// architecture is drawn at random.
public struct MapElitesSearch<Space: SearchSpace>: SpaceStrategy {
  private let space: Space
  private let initial: Int
  private let draws: NumberedStreams
  private var told = 0
  private var evaluated = 0
  private var repetitions = 0
  private let placing: SpaceArchive
  private var archive: any Archive<Elite>

  private struct Elite: Sendable {
    var number: Int
    var genotype: Space.Genotype
  }

  /// A search of a space by a stream of its own.
  ///
  /// - Parameters:
  ///   - archive: the strategy's own archive, which need not be that of the search.
  ///   - initial: how many architectures are drawn at random first.
  public init(
    space: Space, archive: SpaceArchive, initial: Int = 10, stream: RandomStream
  ) throws(SearchError) {
    self.space = space
    self.initial = max(1, initial)
    placing = archive
    draws = NumberedStreams(stream)
    do {
      self.archive = try archive.geometry.makeArchive(axes: archive.axes, of: Elite.self)
    } catch {
      throw SearchError("The archive cannot be made: \(error).")
    }
  }

  /// Random architectures at first, then mutations of elites.
  public func ask(_ count: Int) -> [SpaceProposal<Space.Genotype>] {
    (0..<max(1, count)).map { place in
      var stream = draws[told + place]
      guard evaluated + place >= initial, repetitions < retryLimit,
        let parent = archive.sample(using: &stream)?.solution
      else {
        return SpaceProposal(space.random(using: &stream), step: .random)
      }
      return SpaceProposal(
        space.mutation(of: parent.genotype, using: &stream), step: .mutation, parents: [parent.number])
    }
  }

  /// Archives the evaluated ones.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) {
    for result in results {
      told += 1
      guard result.isPaid else {
        repetitions += 1
        continue
      }
      (evaluated, repetitions) = (evaluated + 1, 0)
      guard result.isFull, let genotype = result.genotype, let fitness = result.fitness,
        let measures = placing.measures(of: result.figures)
      else { continue }
      archive.add(
        Elite(number: result.number, genotype: genotype), objective: fitness, measures: measures)
    }
  }
}
