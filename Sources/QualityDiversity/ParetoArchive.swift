public import RandomStreams

/// A solution on the Pareto front of a cell.
public struct ParetoElite<Solution: Sendable>: Sendable {
  /// What was found.
  public let solution: Solution
  /// How good it is in each objective; larger is better.
  public let objectives: [Double]
  /// Its measures as they were given.
  public let measures: [Double]
  /// The cell it sits in.
  public let cell: Int
  /// How many additions the archive had seen before the one that brought it in.
  public let ordinal: Int
}

extension ParetoElite: Equatable where Solution: Equatable {}
extension ParetoElite: Encodable where Solution: Encodable {}
extension ParetoElite: Decodable where Solution: Decodable {}

/// The result of one addition to an archive of Pareto fronts.
public struct ParetoOutcome<Solution: Sendable>: Sendable {
  /// What happened: `new` in an empty cell, `improved` where the solution joined a front, or `rejected`.
  public let status: AddStatus
  /// The cell of the measures; nil where they have none or an objective cannot be ranked.
  public let cell: Int?
  /// By how much the hypervolume of the cell's front grew; below 0 where a fuller part of a front had to go.
  public let improvement: Double
  /// The elites that had to go: those the solution dominates, and one where the front was full.
  public let displaced: [ParetoElite<Solution>]
  /// Why the solution was rejected, where it was.
  public let rejection: Rejection?
}

extension ParetoOutcome: Equatable where Solution: Equatable {}

/// How much of the measure space an archive of Pareto fronts covers, and how well.
public struct ParetoStatistics: Sendable, Hashable, Codable {
  /// How many elites there are on all fronts.
  public let elites: Int
  /// How many cells have a front.
  public let occupied: Int
  /// How many cells there are.
  public let cells: Int
  /// The share of the cells that have a front.
  public let coverage: Double
  /// The MOQD score: the sum of the fronts' hypervolumes.
  public let moqdScore: Double
  /// The hypervolume of the front over all cells.
  public let globalHypervolume: Double
}

/// An archive that keeps a Pareto front of several objectives in each cell: MOME.
///
/// Pierrot, Richard, Beguir & Cully 2022, "Multi-objective quality diversity optimization". A solution joins its
/// cell's front where no elite is as good in every objective, and what it dominates goes. From a front over its
/// capacity goes the elite with the least crowding distance (their fronts replace at random), of equals the newest.
/// Equal objectives keep those that were there first. Hypervolumes are taken above a reference point.
public struct ParetoArchive<Cells: Tessellation, Solution: Sendable>: Sendable {
  /// The division of the measure space.
  public let tessellation: Cells
  /// The point above which hypervolumes are taken, one coordinate per objective.
  public let reference: [Double]
  /// How many elites a front has at most.
  public let capacity: Int
  private var populations: CellPopulations<ParetoElite<Solution>>
  private var counts: AdditionCounts

  /// An empty archive for as many objectives as the reference point has coordinates.
  ///
  /// - Throws: `ArchiveError.outOfRange` if there are no objectives or more than `ArchiveLimits.objectives`, a
  ///   coordinate is not finite, or the capacity is not in `1…ArchiveLimits.front`.
  public init(_ tessellation: Cells, reference: [Double], capacity: Int) throws(ArchiveError) {
    for (name, value, limit) in [
      ("objective count", reference.count, ArchiveLimits.objectives),
      ("front capacity", capacity, ArchiveLimits.front),
    ] where !(1...limit).contains(value) {
      throw .outOfRange(parameter: name, value: Double(value), minimum: 1, maximum: Double(limit))
    }
    for coordinate in reference where !coordinate.isFinite {
      throw .outOfRange(
        parameter: "reference", value: coordinate, minimum: -.greatestFiniteMagnitude,
        maximum: .greatestFiniteMagnitude)
    }
    self.tessellation = tessellation
    self.reference = reference
    self.capacity = capacity
    populations = CellPopulations(cellCount: tessellation.cellCount)
    counts = AdditionCounts(axisCount: tessellation.axes.count)
  }

  /// The dimensions of the measure space.
  public var axes: [MeasureAxis] { tessellation.axes }
  /// How many cells there are, occupied or not.
  public var cellCount: Int { tessellation.cellCount }
  /// How many cells have a front.
  public var count: Int { populations.count }
  /// Whether no cell has a front.
  public var isEmpty: Bool { count == 0 }
  /// How many additions were tried so far, whatever came of them.
  public var additionCount: Int { counts.additions }
  /// How many of the ranked additions lay beyond the range of each axis and were clamped onto it.
  public var clampCounts: [Int] { counts.clamps }
  /// All elites in the order of their cells, those of a front in the order in which they came.
  public var elites: [ParetoElite<Solution>] { populations.inOrder.flatMap { $0 } }

  /// The front of a cell in the order in which its elites came; none where there is no such cell.
  public func front(of cell: Int) -> [ParetoElite<Solution>] { populations[cell] }

  /// The hypervolume of a cell's front above the reference point.
  public func hypervolume(of cell: Int) -> Double {
    Pareto.hypervolume(populations[cell].map(\.objectives), above: reference)
  }

  /// The elites that no elite of any cell dominates, in the order of their cells.
  ///
  /// - Complexity: O(elites × the front's size).
  public var globalFront: [ParetoElite<Solution>] {
    let elites = self.elites
    // What dominates another stands before it where objectives descend one after the other.
    let order = elites.indices.sorted {
      elites[$1].objectives.lexicographicallyPrecedes(elites[$0].objectives)
    }
    var front: [Int] = []
    for place in order
    where !front.contains(where: { Pareto.dominates(elites[$0].objectives, elites[place].objectives) }) {
      front.append(place)
    }
    return front.sorted().map { elites[$0] }
  }

  /// Coverage, MOQD score and the hypervolume of the global front as of now.
  ///
  /// - Complexity: that of the global front, and for the global hypervolume a power of its front's size, which is one less than
  ///   the number of objectives.
  public var statistics: ParetoStatistics {
    ParetoStatistics(
      elites: populations.members.reduce(0) { $0 + $1.count }, occupied: count, cells: cellCount,
      coverage: Double(count) / Double(cellCount),
      moqdScore: populations.occupied.reduce(0) { $0 + hypervolume(of: $1) },
      globalHypervolume: Pareto.hypervolume(globalFront.map(\.objectives), above: reference))
  }

  /// Offers a solution, which joins its cell's front if no elite there is as good in every objective.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objectives: [Double], measures: [Double]
  ) -> ParetoOutcome<Solution> {
    let ordinal = counts.add()
    func rejected(_ reason: Rejection, _ cell: Int?) -> ParetoOutcome<Solution> {
      ParetoOutcome(status: .rejected, cell: cell, improvement: 0, displaced: [], rejection: reason)
    }
    guard objectives.count == reference.count, objectives.allSatisfy(\.isFinite) else {
      return rejected(.objectiveNotFinite, nil)
    }
    let cell: Int
    do {
      cell = try tessellation.cell(of: measures)
    } catch {
      return rejected(.measures(error), nil)
    }
    counts.countClamps(measures, axes)
    let present = populations[cell]
    for elite in present
    where elite.objectives == objectives || Pareto.dominates(elite.objectives, objectives) {
      return rejected(.paretoDominated, cell)
    }
    var front = present.filter { !Pareto.dominates(objectives, $0.objectives) }
    var displaced = present.filter { Pareto.dominates(objectives, $0.objectives) }
    front.append(
      ParetoElite(
        solution: solution, objectives: objectives, measures: measures, cell: cell, ordinal: ordinal))
    if front.count > capacity {
      let distances = Pareto.crowding(front.map(\.objectives))
      let densest = front.indices.min { (distances[$0], $1) < (distances[$1], $0) } ?? front.count - 1
      if densest == front.count - 1 { return rejected(.crowded, cell) }
      displaced.append(front.remove(at: densest))
    }
    let before = hypervolume(of: cell)
    populations.update(cell) { $0 = front }
    return ParetoOutcome(
      status: present.isEmpty ? .new : .improved, cell: cell, improvement: hypervolume(of: cell) - before,
      displaced: displaced, rejection: nil)
  }

  /// An elite of a cell drawn with equal probability from the occupied ones, any of its front alike.
  public func sample(using stream: inout RandomStream) -> ParetoElite<Solution>? {
    populations.sampleCell(using: &stream).flatMap { stream.element(of: populations[$0]) }
  }

  /// Takes in the elites of another archive in the order of their additions, and gives what became of each.
  @discardableResult
  public mutating func merge(_ other: ParetoArchive) -> [ParetoOutcome<Solution>] {
    other.elites.sorted { $0.ordinal < $1.ordinal }.map {
      add($0.solution, objectives: $0.objectives, measures: $0.measures)
    }
  }

  /// Checks that every elite sits in the cell of its measures, none dominates another, and all counts agree.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  public func checkInvariants() throws(ArchiveInvariantViolation) {
    try populations.checkInvariants()
    try counts.checkInvariants(axisCount: axes.count, ordinals: elites.map(\.ordinal))
    for cell in populations.occupied {
      let front = populations[cell]
      for (place, elite) in front.enumerated() {
        guard elite.cell == cell, (try? tessellation.cell(of: elite.measures)) == cell else {
          throw ArchiveInvariantViolation("an elite of cell \(cell) has the measures of another cell")
        }
        guard elite.objectives.count == reference.count, elite.objectives.allSatisfy(\.isFinite) else {
          throw ArchiveInvariantViolation("an elite of cell \(cell) has impossible objectives")
        }
        for other in front[..<place]
        where other.objectives == elite.objectives || Pareto.dominates(other.objectives, elite.objectives)
          || Pareto.dominates(elite.objectives, other.objectives)
        {
          throw ArchiveInvariantViolation("the front of cell \(cell) holds a dominated elite")
        }
      }
      guard front.count <= capacity, zip(front, front.dropFirst()).allSatisfy({ $0.ordinal < $1.ordinal })
      else {
        throw ArchiveInvariantViolation("the front of cell \(cell) is too large or out of order")
      }
    }
  }
}

extension ParetoArchive: Encodable where Cells: Encodable, Solution: Encodable {
  /// Writes the tessellation, the rules, the counts and the elites in the order of their cells.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ArchiveCodingKeys.self)
    try container.encode(tessellation, forKey: .tessellation)
    try container.encode(reference, forKey: .reference)
    try container.encode(capacity, forKey: .capacity)
    try container.encode(counts, forKey: .counts)
    try container.encode(elites, forKey: .elites)
  }
}

extension ParetoArchive: Decodable where Cells: Decodable, Solution: Decodable {
  /// Reads an archive and refuses one that cannot be.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ArchiveCodingKeys.self)
    let tessellation = try container.decode(Cells.self, forKey: .tessellation)
    let reference = try container.decode([Double].self, forKey: .reference)
    let capacity = try container.decode(Int.self, forKey: .capacity)
    self = try decoder.checked { () throws(ArchiveError) in
      try ParetoArchive(tessellation, reference: reference, capacity: capacity)
    }
    counts = try container.decode(AdditionCounts.self, forKey: .counts)
    for elite in try container.decode([ParetoElite<Solution>].self, forKey: .elites) {
      guard (0..<cellCount).contains(elite.cell) else { throw container.corrupted(.elites, "no such cell") }
      populations.update(elite.cell) { $0.append(elite) }
    }
    do {
      try checkInvariants()
    } catch {
      throw container.corrupted(.elites, error.description)
    }
  }
}
