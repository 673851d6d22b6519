public import RandomStreams

/// An archive with a Pareto front in each cell that can be used like any other: MOME behind the common protocol.
///
/// The first objective is the one that other archives know: by it the members of a front are ranked, and the elite of
/// a cell is the front's best. `allElites` has the whole fronts. What enters, and what has to go, is decided by
/// `ParetoArchive`.
public struct FrontArchive<Cells: Tessellation, Solution: Sendable>: CellularArchive {
  /// The fronts with all objectives.
  public private(set) var fronts: ParetoArchive<Cells, Solution>

  /// An empty archive with as many objectives as the reference point has coordinates.
  ///
  /// - Throws: `ArchiveError.outOfRange` as `ParetoArchive` does.
  public init(_ tessellation: Cells, reference: [Double], capacity: Int) throws(ArchiveError) {
    fronts = try ParetoArchive(tessellation, reference: reference, capacity: capacity)
  }

  /// The division of the measure space.
  public var tessellation: Cells { fronts.tessellation }
  /// How many cells have a front.
  public var count: Int { fronts.count }
  /// How many additions were tried so far, whatever came of them.
  public var additionCount: Int { fronts.additionCount }
  /// How many of the ranked additions lay beyond the range of each axis and were clamped onto it.
  public var clampCounts: [Int] { fronts.clampCounts }
  /// How many fronts there are, how long, and the volumes above the reference point.
  public var frontStatistics: ParetoStatistics? { fronts.statistics }

  /// The best of each front by the first objective, in the order of the cells.
  public var elites: [Elite<Solution>] {
    var best: [Elite<Solution>] = []
    for elite in allElites where best.last?.cell != elite.cell { best.append(elite) }
    return best
  }

  /// The first objectives of the best of each front, in the order of the cells.
  public var objectives: [Double] { elites.map(\.objective) }

  /// All fronts in the order of their cells, the members of a front best first by the first objective.
  public var allElites: [Elite<Solution>] {
    fronts.elites.map(Self.elite).sorted {
      ($0.cell, $1.objective, $0.ordinal) < ($1.cell, $0.objective, $1.ordinal)
    }
  }

  /// The elite with the highest first objective, of equals that of the lowest cell; nil where there is none.
  public var best: Elite<Solution>? {
    elites.max { ($0.objective, $1.cell) < ($1.objective, $0.cell) }
  }

  /// The best of a cell's front by the first objective; nil where it has none or there is no such cell.
  public func elite(at cell: Int) -> Elite<Solution>? {
    front(of: cell).first
  }

  /// A cell's front, best first by the first objective; nothing where it has none or there is no such cell.
  public func front(of cell: Int) -> [Elite<Solution>] {
    fronts.front(of: cell).map(Self.elite).sorted { ($1.objective, $0.ordinal) < ($0.objective, $1.ordinal) }
  }

  /// Offers a solution with its first objective alone, which is refused where there are more.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objective: Double, measures: [Double]
  ) -> AddOutcome<Solution> {
    add(solution, objectives: [objective], measures: measures)
  }

  /// Offers a solution, which joins its cell's front if no elite there is as good in every objective.
  ///
  /// The improvement is that of the front's hypervolume; of several elites that had to go, the outcome has the first.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objectives: [Double], measures: [Double]
  ) -> AddOutcome<Solution> {
    let outcome = fronts.add(solution, objectives: objectives, measures: measures)
    return AddOutcome(
      status: outcome.status, cell: outcome.cell,
      improvement: outcome.cell == nil ? nil : outcome.improvement,
      displaced: outcome.displaced.first.map(Self.elite), rejection: outcome.rejection)
  }

  /// An elite of a cell drawn with equal probability from the occupied ones, any of its front alike.
  public func sample(using stream: inout RandomStream) -> Elite<Solution>? {
    fronts.sample(using: &stream).map(Self.elite)
  }

  /// Checks that every elite sits in the cell of its measures, none dominates another, and all counts agree.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  public func checkInvariants() throws(ArchiveInvariantViolation) { try fronts.checkInvariants() }

  private static func elite(_ member: ParetoElite<Solution>) -> Elite<Solution> {
    Elite(
      solution: member.solution, objective: member.objectives[0], measures: member.measures,
      cell: member.cell, ordinal: member.ordinal)
  }
}

extension FrontArchive: Encodable where Cells: Encodable, Solution: Encodable {
  /// Writes the fronts.
  public func encode(to encoder: any Encoder) throws { try fronts.encode(to: encoder) }
}

extension FrontArchive: Decodable where Cells: Decodable, Solution: Decodable {
  /// Reads an archive and refuses one that cannot be.
  public init(from decoder: any Decoder) throws { fronts = try ParetoArchive(from: decoder) }
}
