public import RandomStreams

/// An archive that keeps the best few solutions of each cell instead of one.
///
/// The depth spares parents that are nearly as good as the elite, and makes a cell robust against one lucky score
/// (compare Flageat & Cully 2020, "Fast and stable MAP-Elites in noisy domains using deep grids"; their cells draw
/// at random what has to go, these let the worst go, so that content does not depend on chance). With depth 1 it
/// is `TessellatedArchive`. As an `Archive` it shows the best of each cell.
///
/// An addition is `new` where its cell was not full, `improved` where it made the cell's worst go, and `rejected`
/// where the cell is full of solutions as good or better; equals keep those that were there first.
public struct DeepArchive<Cells: Tessellation, Solution: Sendable>: CellularArchive {
  /// The division of the measure space.
  public let tessellation: Cells
  /// How many elites a cell keeps at most.
  public let depth: Int
  /// Best first, of equals those that came first.
  private var populations: CellPopulations<Elite<Solution>>
  private var counts: AdditionCounts

  /// An empty archive over that tessellation.
  ///
  /// - Throws: `ArchiveError.outOfRange` if the depth is not in `1…ArchiveLimits.depth`.
  public init(_ tessellation: Cells, depth: Int) throws(ArchiveError) {
    guard (1...ArchiveLimits.depth).contains(depth) else {
      throw .outOfRange(
        parameter: "depth", value: Double(depth), minimum: 1, maximum: Double(ArchiveLimits.depth))
    }
    self.tessellation = tessellation
    self.depth = depth
    populations = CellPopulations(cellCount: tessellation.cellCount)
    counts = AdditionCounts(axisCount: tessellation.axes.count)
  }

  /// How many additions were tried so far, whatever came of them.
  public var additionCount: Int { counts.additions }
  /// How many of the ranked additions lay beyond the range of each axis and were clamped onto it.
  public var clampCounts: [Int] { counts.clamps }
  /// How many cells hold an elite.
  public var count: Int { populations.count }
  /// The best elite of each cell in the order of the cells.
  public var elites: [Elite<Solution>] { populations.inOrder.compactMap(\.first) }
  /// The best objective of each cell in the order of the cells.
  public var objectives: [Double] { populations.inOrder.compactMap(\.first?.objective) }
  /// All elites in the order of their cells, those of a cell best first.
  public var allElites: [Elite<Solution>] { populations.inOrder.flatMap { $0 } }

  /// The elite with the highest objective, of equals that of the lowest cell; nil where there is none.
  public var best: Elite<Solution>? {
    elites.max { ($0.objective, $1.cell) < ($1.objective, $0.cell) }
  }

  /// The best elite of a cell, or nil where it is empty or there is no such cell.
  public func elite(at cell: Int) -> Elite<Solution>? { populations[cell].first }

  /// The elites of a cell, best first; none where it is empty or there is no such cell.
  public func elites(at cell: Int) -> [Elite<Solution>] { populations[cell] }

  /// Offers a solution, which stays if its cell is not full or holds a worse one.
  ///
  /// What is displaced is the worst of a full cell; the improvement is that on it, and on an unfull cell the
  /// objective itself.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objective: Double, measures: [Double]
  ) -> AddOutcome<Solution> {
    let ordinal = counts.add()
    guard objective.isFinite else { return .refused(.objectiveNotFinite) }
    let cell: Int
    do {
      cell = try tessellation.cell(of: measures)
    } catch {
      return .refused(.measures(error))
    }
    counts.countClamps(measures, axes)
    let present = populations[cell]
    let displaced = present.count == depth ? present.last : nil
    let improvement = objective - (displaced?.objective ?? 0)
    if let displaced, displaced.objective >= objective {
      return AddOutcome(
        status: .rejected, cell: cell, improvement: improvement, displaced: nil, rejection: .notBetter)
    }
    let elite = Elite(
      solution: solution, objective: objective, measures: measures, cell: cell, ordinal: ordinal)
    populations.update(cell) { members in
      if displaced != nil { members.removeLast() }
      members.insert(elite, at: members.firstIndex { $0.objective < objective } ?? members.count)
    }
    return AddOutcome(
      status: displaced == nil ? .new : .improved, cell: cell, improvement: improvement, displaced: displaced,
      rejection: nil)
  }

  /// An elite of a cell drawn with equal probability from the occupied ones, any of its elites alike.
  public func sample(using stream: inout RandomStream) -> Elite<Solution>? {
    populations.sampleCell(using: &stream).flatMap { cell in
      // A single elite takes no draw, so that depth 1 draws as other archives do.
      depth == 1 ? populations[cell].first : stream.element(of: populations[cell])
    }
  }

  /// Checks that every elite sits in the cell of its measures, in order, and that all counts agree.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  public func checkInvariants() throws(ArchiveInvariantViolation) {
    try populations.checkInvariants()
    let all = allElites
    try counts.checkInvariants(axisCount: axes.count, ordinals: all.map(\.ordinal))
    for cell in populations.occupied {
      let members = populations[cell]
      for elite in members where elite.cell != cell || (try? tessellation.cell(of: elite.measures)) != cell {
        throw ArchiveInvariantViolation("an elite of cell \(cell) has the measures of another cell")
      }
      guard members.count <= depth, members.allSatisfy({ $0.objective.isFinite }),
        zip(members, members.dropFirst()).allSatisfy({
          $0.objective > $1.objective || ($0.objective == $1.objective && $0.ordinal < $1.ordinal)
        })
      else { throw ArchiveInvariantViolation("the elites of cell \(cell) are out of order or too many") }
    }
  }
}

extension DeepArchive: Encodable where Cells: Encodable, Solution: Encodable {
  /// Writes the tessellation, the depth, the counts and all elites in the order of their cells.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ArchiveCodingKeys.self)
    try container.encode(tessellation, forKey: .tessellation)
    try container.encode(depth, forKey: .depth)
    try container.encode(counts, forKey: .counts)
    try container.encode(allElites, forKey: .elites)
  }
}

extension DeepArchive: Decodable where Cells: Decodable, Solution: Decodable {
  /// Reads an archive and refuses one that cannot be.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ArchiveCodingKeys.self)
    let tessellation = try container.decode(Cells.self, forKey: .tessellation)
    let depth = try container.decode(Int.self, forKey: .depth)
    self = try decoder.checked { () throws(ArchiveError) in try DeepArchive(tessellation, depth: depth) }
    counts = try container.decode(AdditionCounts.self, forKey: .counts)
    for elite in try container.decode([Elite<Solution>].self, forKey: .elites) {
      guard (0..<cellCount).contains(elite.cell) else { throw container.corrupted(.elites, "no such cell") }
      populations.update(elite.cell) { $0.append(elite) }
    }
    try container.check(self, .elites)
  }
}
