/// The best solution found so far for a cell of an archive.
public struct Elite<Solution: Sendable>: Sendable {
  /// What was found.
  public let solution: Solution
  /// How good it is; larger is better.
  public let objective: Double
  /// Its measures as they were given, in the axes' own units and order, before any clamping.
  public let measures: [Double]
  /// The cell it sits in.
  public let cell: Int
  /// How many additions the archive had seen before the one that brought it in.
  public let ordinal: Int

  /// An elite of that cell.
  public init(solution: Solution, objective: Double, measures: [Double], cell: Int, ordinal: Int) {
    self.solution = solution
    self.objective = objective
    self.measures = measures
    self.cell = cell
    self.ordinal = ordinal
  }
}

extension Elite: Equatable where Solution: Equatable {}
extension Elite: Hashable where Solution: Hashable {}
extension Elite: Encodable where Solution: Encodable {}
extension Elite: Decodable where Solution: Decodable {}

/// What is offered to an archive: a solution with its objective and measures.
public struct ArchiveEntry<Solution: Sendable>: Sendable {
  /// What was found.
  public var solution: Solution
  /// How good it is; larger is better.
  public var objective: Double
  /// Its measures in the axes' own units and order.
  public var measures: [Double]

  /// An entry with that objective and those measures.
  public init(_ solution: Solution, objective: Double, measures: [Double]) {
    self.solution = solution
    self.objective = objective
    self.measures = measures
  }
}

/// What an addition did to the archive.
public enum AddStatus: String, Sendable, Hashable, Codable, CaseIterable {
  /// The cell was empty and now holds the solution.
  case new
  /// The solution replaced a worse elite.
  case improved
  /// The archive is as it was.
  case rejected
}

/// Why an addition was rejected.
public enum Rejection: Error, Sendable, Hashable {
  /// The cell's elite is as good or better; of equals the incumbent stays.
  case notBetter
  /// The objective is not above the cell's threshold.
  case belowThreshold
  /// The measures are too near to those of elites.
  case notNovel
  /// Of all solutions it is the nearest to better ones, and there is no room.
  case dominated
  /// An elite has the same objectives, or is as good in all and better in one.
  case paretoDominated
  /// The cell's front is full, and the solution lies in its densest part.
  case crowded
  /// The objective is infinite or not a number, which cannot be ranked.
  case objectiveNotFinite
  /// The measures have no cell.
  case measures(MeasureError)
}

extension Rejection: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .notBetter: "the niche holds a solution that is as good or better"
    case .belowThreshold: "the objective is not above the niche's threshold"
    case .notNovel: "the measures are too near to those of elites"
    case .dominated: "the archive is full and its elites are farther from better ones"
    case .paretoDominated: "an elite of the niche is as good in every objective"
    case .crowded: "the niche's front is full and dense at that place"
    case .objectiveNotFinite: "the objective is not a finite number"
    case .measures(let error): error.description
    }
  }
}

/// The result of one addition.
public struct AddOutcome<Solution: Sendable>: Sendable {
  /// What happened.
  public let status: AddStatus
  /// The cell of the measures; nil where they have none or the objective cannot be ranked.
  public let cell: Int?
  /// By how much the objective exceeds that of the cell's elite before; zero or below where rejected.
  ///
  /// It is the objective itself in an empty cell, as in pyribs, and nil where there is no cell. Where cells have
  /// thresholds it is the objective less the threshold before.
  public let improvement: Double?
  /// The elite that had to go, where one had.
  public let displaced: Elite<Solution>?
  /// Why the solution was rejected, where it was.
  public let rejection: Rejection?

  static func refused(_ rejection: Rejection) -> AddOutcome {
    AddOutcome(status: .rejected, cell: nil, improvement: nil, displaced: nil, rejection: rejection)
  }
}

extension AddOutcome: Equatable where Solution: Equatable {}
