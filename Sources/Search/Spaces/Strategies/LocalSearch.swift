public import RandomStreams
public import SearchSpaces

/// Goes to the best neighbour as long as there is a better one, and begins anew elsewhere when there is none.
///
/// White, Nolen & Savani 2021, "Exploring the loss landscape in neural architecture search". A repetition is worth
/// what its twin is, so that where repetitions are told, known neighbours cost nothing.
public struct LocalSearch<Space: SearchSpace>: SpaceStrategy {
  /// When a neighbour is gone to.
  public enum Move: String, Sendable, Hashable, Codable, CaseIterable {
    /// When all neighbours are known, to the best.
    case best
    /// As soon as one is better.
    case first
  }

  private struct Place {
    var number: Int
    var genotype: Space.Genotype
    var fitness: Double
  }

  private let space: Space
  private let move: Move
  private let stream: RandomStream
  private let draws: NumberedStreams
  private var told = 0
  private var centre: Place?
  /// The centre's neighbours in random order, and how many of them are known.
  private var neighbours: [Space.Genotype] = []
  private var known = 0
  private var bestNeighbour: Place?

  /// A search of a space by a stream of its own.
  public init(space: Space, move: Move = .best, stream: RandomStream) {
    self.space = space
    self.move = move
    self.stream = stream
    draws = NumberedStreams(stream)
  }

  /// The next neighbours, or a place to begin at.
  public func ask(_ count: Int) -> [SpaceProposal<Space.Genotype>] {
    guard let centre else {
      var stream = draws[told]
      return [SpaceProposal(space.random(using: &stream), step: .random)]
    }
    return neighbours[known...].prefix(max(1, count)).map {
      SpaceProposal($0, step: .neighbour, parents: [centre.number])
    }
  }

  /// Moves.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) {
    for result in results {
      told += 1
      let place = result.genotype.flatMap { genotype in
        result.fitness.map { Place(number: result.number, genotype: genotype, fitness: $0) }
      }
      guard let centre else {
        settle(at: place)
        continue
      }
      // With a batch some results may belong to a neighbourhood that was left; they are as good as any.
      if result.proposal.parents == [centre.number] { known += 1 }
      if let place, place.fitness > bestNeighbour?.fitness ?? centre.fitness { bestNeighbour = place }
      if known == neighbours.count || (move == .first && bestNeighbour != nil) { settle(at: bestNeighbour) }
    }
  }

  private mutating func settle(at place: Place?) {
    centre = place
    bestNeighbour = nil
    known = 0
    neighbours = []
    guard let place else { return }
    var stream = stream.stream("neighbours", place.number)
    let all = space.neighbours(of: place.genotype)
    neighbours = stream.permutation(all.count).map { all[$0] }
    // An architecture without neighbours is left at once.
    if neighbours.isEmpty { centre = nil }
  }
}
