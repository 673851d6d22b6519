public import RandomStreams

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
    case .uniform, .best, .mostCurious:
      break
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
