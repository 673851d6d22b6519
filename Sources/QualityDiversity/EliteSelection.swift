public import RandomStreams

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A rule by which elites are chosen as parents.
public enum EliteSelection: Sendable, Hashable, Codable {
  /// Every elite with the same probability, as in MAP-Elites.
  case uniform
  /// The elite with the highest objective, of equals that of the lowest cell.
  case best
  /// The best of `size` elites drawn uniformly with replacement, of equals the one drawn first.
  case tournament(size: Int)
  /// Every elite with probability proportional to its cell's curiosity (Cully & Demiris 2018); scores below
  /// `floor` count as `floor`, so that every elite keeps a chance.
  case curiosityProportional(floor: Double)
  /// Every elite with probability proportional to a power of its rank: the worst of `n` has 1, the best `n`.
  ///
  /// Ranks do not depend on the objectives' scale (Baker 1985, "Adaptive selection methods for genetic
  /// algorithms"); elites of equal objective share the mean of their ranks. At 0 it is uniform.
  case rank(exponent: Double)
  /// Every elite with probability proportional to its novelty, the mean distance to the nearest elites in
  /// normalised measure space (Lehman & Stanley 2011); uniform where all coincide.
  case noveltyProportional(neighbours: Int)
  /// The elite of the cell with the highest curiosity, of equals any with the same probability.
  case mostCurious

  /// Chooses an elite, or returns nil where the archive is empty.
  ///
  /// - Parameter curiosity: the scores of the archive's cells; only the rules on curiosity look at them.
  /// - Throws: `SelectionError` if the rule's parameter is out of range.
  public func select<Solution>(
    from archive: some Archive<Solution>, curiosity: CuriosityTable = CuriosityTable(),
    using stream: inout RandomStream
  ) throws(SelectionError) -> Elite<Solution>? {
    try validate()
    switch self {
    case .uniform:
      return archive.sample(using: &stream)
    case .best:
      return archive.best
    case .tournament(let size):
      var winner = archive.sample(using: &stream)
      for _ in 1..<size {
        guard let entrant = archive.sample(using: &stream), let leader = winner else { return nil }
        if entrant.objective > leader.objective { winner = entrant }
      }
      return winner
    case .curiosityProportional(let floor):
      let elites = archive.elites
      let weights = elites.map { max(floor, curiosity[$0.cell]) }
      // Shares of the largest, so that the sum is finite.
      let largest = weights.max() ?? 1
      return stream.weightedIndex(weights.map { $0 / largest }).map { elites[$0] }
    case .rank(let exponent):
      let columns = archive.columns
      return stream.weightedIndex(Self.rankWeights(columns.objectives, exponent)).map { columns[$0] }
    case .noveltyProportional(let neighbours):
      let columns = archive.columns
      let novelty = Self.novelty(columns, archive.axes, neighbours)
      let isFlat = !novelty.contains { $0 > 0 }
      return stream.weightedIndex(isFlat ? novelty.map { _ in 1 } : novelty).map { columns[$0] }
    case .mostCurious:
      let elites = archive.elites
      guard let highest = elites.map({ curiosity[$0.cell] }).max() else { return nil }
      return stream.element(of: elites.filter { curiosity[$0.cell] == highest })
    }
  }

  /// Checks the rule's parameter.
  ///
  /// - Throws: `SelectionError` if it is out of range.
  public func validate() throws(SelectionError) {
    switch self {
    case .tournament(let size):
      guard (1...ArchiveLimits.tournamentSize).contains(size) else { throw .tournamentSize(size) }
    case .curiosityProportional(let floor):
      guard floor > 0, floor.isFinite else { throw .curiosityFloor(floor) }
    case .rank(let exponent):
      guard exponent >= 0, exponent.isFinite else { throw .rankExponent(exponent) }
    case .noveltyProportional(let neighbours):
      guard (1...ArchiveLimits.neighbours).contains(neighbours) else { throw .noveltyNeighbours(neighbours) }
    case .uniform, .best, .mostCurious:
      break
    }
  }

  /// The weight of each elite by its rank, as shares of the best's.
  private static func rankWeights(_ objectives: [Double], _ exponent: Double) -> [Double] {
    let order = objectives.indices.sorted { objectives[$0] < objectives[$1] }
    var ranks = [Double](repeating: 0, count: objectives.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, objectives[order[end]] == objectives[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    let highest = ranks.max() ?? 1
    return ranks.map { pow($0 / highest, exponent) }
  }

  /// The mean distance of each elite to the nearest others.
  private static func novelty<Solution>(
    _ columns: EliteColumns<Solution>, _ axes: [MeasureAxis], _ neighbours: Int
  ) -> [Double] {
    var tree = DynamicKDTree(dimensions: axes.count)
    for row in 0..<columns.count {
      _ = tree.insert(axes.indices.map { axes[$0].normalized(columns.measures[row * axes.count + $0]) })
    }
    var found: [DynamicKDTree.Neighbour] = []
    return (0..<columns.count).map { row in
      tree.nearest(neighbours + 1, to: tree.coordinates, row: row, into: &found)
      let others = found.filter { $0.index != row }.prefix(neighbours)
      guard !others.isEmpty else { return 0 }
      return others.reduce(0) { $0 + $1.squaredDistance.squareRoot() } / Double(others.count)
    }
  }
}

extension Archive {
  /// Up to `count` elites whose cells have the highest curiosity, the most curious first.
  ///
  /// Elites of equal curiosity are in random order.
  public func mostCurious(
    _ count: Int, by curiosity: CuriosityTable, using stream: inout RandomStream
  ) -> [Elite<Solution>] {
    let elites = self.elites
    let lots = stream.permutation(elites.count)
    let ranked = elites.indices.sorted {
      let (first, second) = (curiosity[elites[$0].cell], curiosity[elites[$1].cell])
      return first > second || (first == second && lots[$0] < lots[$1])
    }
    return ranked.prefix(max(0, count)).map { elites[$0] }
  }
}
