extension Archive {
  /// The log of additions that this archive's elites alone would have been, in the order in which they came in.
  public var entries: [ArchiveEntry<Solution>] {
    elites.sorted { ($0.ordinal, $0.cell) < ($1.ordinal, $1.cell) }
      .map { ArchiveEntry($0.solution, objective: $0.objective, measures: $0.measures) }
  }

  /// Takes in the elites of other archives, which may have other cells, and gives what became of each.
  ///
  /// Every elite is offered as an addition, archive by archive in the order of their own additions, so the result
  /// is that of adding them all; where an archive keeps one elite per cell it is also that of adding everything
  /// the others were ever offered, but for what tied. The axes must mean the same, which only their count tells.
  @discardableResult
  public mutating func merge(_ others: [any Archive<Solution>]) -> [AddOutcome<Solution>] {
    others.flatMap { add(contentsOf: $0.entries) }
  }

  /// Fills an archive with other cells or axes from this one's elites, whose measures `transform` may replace.
  ///
  /// Only what is an elite here can be one there: to lose nothing, add everything from the log instead.
  public func rebuilt<Other: Archive<Solution>>(
    as empty: Other, measures transform: (Elite<Solution>) -> [Double] = \.measures
  ) -> Other {
    var other = empty
    for elite in elites.sorted(by: { ($0.ordinal, $0.cell) < ($1.ordinal, $1.cell) }) {
      other.add(elite.solution, objective: elite.objective, measures: transform(elite))
    }
    return other
  }
}
