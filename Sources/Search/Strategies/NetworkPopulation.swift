import QualityDiversity

/// The best networks so far, wherever they lie: what takes the network archive's place where there is none.
struct NetworkPopulation: Sendable {
  /// The networks, the best first, of equals the one that came first.
  private(set) var members: [Elite<Int>] = []
  private let capacity: Int

  /// A population of at most so many.
  init(capacity: Int) { self.capacity = max(1, capacity) }

  /// Offers a network, and says whether it stays.
  mutating func add(_ network: Elite<Int>) -> Bool {
    let place = members.firstIndex { $0.objective < network.objective } ?? members.endIndex
    guard place < capacity else { return false }
    members.insert(network, at: place)
    if members.count > capacity { members.removeLast() }
    return true
  }

  /// The members whose normalised measures point most nearly in the same direction (cosine similarity, as in LLMatic's
  /// ablation without a network archive).
  func mostSimilar(to network: Elite<Int>, count: Int, axes: [MeasureAxis]) -> [Int] {
    func point(_ elite: Elite<Int>) -> [Double] { zip(axes, elite.measures).map { $0.normalized($1) } }
    let own = point(network)
    let ranked = members.filter { $0.solution != network.solution }
      .map { (id: $0.solution, similarity: Self.cosine(own, point($0))) }
      .sorted { ($1.similarity, $0.id) < ($0.similarity, $1.id) }
    return ranked.prefix(count).map(\.id)
  }

  /// The cosine of the angle between two vectors; 0 where one has no length.
  static func cosine(_ left: [Double], _ right: [Double]) -> Double {
    let product = zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    let lengths = [left, right].map { $0.reduce(0) { $0 + $1 * $1 } }
    let length = (lengths[0] * lengths[1]).squareRoot()
    return length > 0 ? product / length : 0
  }
}
