import RandomStreams
import SearchSpaces

/// What evolutionary searches of a space share: streams by the numbers of results, and repetitions, after a hundred of
/// which in a row an architecture is drawn at random.
struct Breeding<Space: SearchSpace>: Sendable {
  /// An architecture that may be a parent.
  struct Member: Sendable {
    var number: Int
    var genotype: Space.Genotype
    var fitness: Double
  }

  let space: Space
  private let draws: NumberedStreams
  private var told = 0
  private var repetitions = 0

  init(space: Space, stream: RandomStream) {
    self.space = space
    draws = NumberedStreams(stream)
  }

  /// Whether children may be bred, and not drawn at random.
  var isAllowed: Bool { repetitions < retryLimit }

  /// The stream of a proposal by its place among those that are asked for at once.
  func stream(_ place: Int) -> RandomStream { draws[told + place] }

  /// An architecture drawn at random.
  func random(_ stream: inout RandomStream) -> SpaceProposal<Space.Genotype> {
    SpaceProposal(space.random(using: &stream), step: .random)
  }

  /// A mutation of a member.
  func mutation(of parent: Member, _ stream: inout RandomStream) -> SpaceProposal<Space.Genotype> {
    SpaceProposal(
      space.mutation(of: parent.genotype, using: &stream), step: .mutation, parents: [parent.number])
  }

  /// Counts a result; whether it was paid for, and the member that it is, if it has a fitness.
  mutating func take(_ result: SpaceResult<Space.Genotype>) -> (isPaid: Bool, member: Member?) {
    told += 1
    guard result.isPaid else {
      repetitions += 1
      return (false, nil)
    }
    repetitions = 0
    guard let genotype = result.genotype, let fitness = result.fitness else { return (true, nil) }
    return (true, Member(number: result.number, genotype: genotype, fitness: fitness))
  }
}
