public import RandomStreams
public import SearchSpaces

/// Draws architectures uniformly.
///
/// Where repetitions are told as such, that is drawing without replacement.
public struct RandomSearch<Space: SearchSpace>: SpaceStrategy {
  private let space: Space
  private let draws: NumberedStreams
  private var told = 0

  /// A search of a space by a stream of its own.
  public init(space: Space, stream: RandomStream) {
    self.space = space
    draws = NumberedStreams(stream)
  }

  /// The next draws.
  public func ask(_ count: Int) -> [SpaceProposal<Space.Genotype>] {
    (0..<max(1, count)).map { place in
      var stream = draws[told + place]
      return SpaceProposal(space.random(using: &stream), step: .random)
    }
  }

  /// Counts.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) { told += results.count }
}

/// The random streams of a strategy's proposals, by their numbers.
struct NumberedStreams: Sendable {
  private let root: RandomStream

  init(_ root: RandomStream) { self.root = root }

  subscript(number: Int) -> RandomStream { root.stream("proposal", number) }
}

/// After so many repetitions in a row a strategy that varies what it has draws at random once: all that it could
/// reach by one more step may be known.
let retryLimit = 100
