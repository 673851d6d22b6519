public import RandomStreams

/// A score that an archive needs before it can decide who has a cell.
public struct ScoreRequest<Solution: Sendable>: Sendable {
  /// Whose.
  public let solution: Solution
  /// Which, from 0 in the order in which they are taken.
  public let number: Int
}

extension ScoreRequest: Equatable where Solution: Equatable {}
extension ScoreRequest: Hashable where Solution: Hashable {}

/// What came of offering a solution with the scores that there are.
public enum ScoredOffer<Solution: Sendable>: Sendable {
  /// It was placed or rejected.
  case decided(AddOutcome<Solution>)
  /// The archive is as it was; it can tell once it has these scores.
  case open([ScoreRequest<Solution>])
}

/// An archive of one elite per cell for scores with noise that can be used like any other.
///
/// `NoisyArchive` decides who has a cell. The objective of an elite is the mean of the scores that the archive has asked
/// for, so it may fall when the elite is scored again, and with it the QD score.
public struct ContestedArchive<Cells: Tessellation, Solution: Sendable>: CellularArchive {
  /// The elites with all their scores.
  public private(set) var contests: NoisyArchive<Cells, Solution>
  /// How many solutions were offered and decided on.
  public private(set) var additionCount = 0
  /// How many of the ranked additions lay beyond the range of each axis and were clamped onto it.
  public private(set) var clampCounts: [Int]

  /// An empty archive over that tessellation.
  public init(_ tessellation: Cells, rule: NoiseRule) {
    contests = NoisyArchive(tessellation, rule: rule)
    clampCounts = [Int](repeating: 0, count: tessellation.axes.count)
  }

  /// The division of the measure space.
  public var tessellation: Cells { contests.tessellation }
  /// How many cells hold an elite.
  public var count: Int { contests.count }
  /// The elites in the order of their cells, with the means of their scores.
  public var elites: [Elite<Solution>] { contests.elites.map(elite) }
  /// The means of the elites' scores in the order of their cells.
  public var objectives: [Double] { contests.elites.map { contests.rule.mean($0.scores) } }

  /// The elite with the highest mean, of equals that of the lowest cell; nil where there is none.
  public var best: Elite<Solution>? {
    elites.max { ($0.objective, $1.cell) < ($1.objective, $0.cell) }
  }

  /// The elite of a cell, or nil where it is empty or there is no such cell.
  public func elite(at cell: Int) -> Elite<Solution>? { contests.elite(at: cell).map(elite) }

  private func elite(_ noisy: NoisyElite<Solution>) -> Elite<Solution> {
    Elite(
      solution: noisy.solution, objective: contests.rule.mean(noisy.scores), measures: noisy.measures,
      cell: noisy.cell, ordinal: noisy.ordinal)
  }

  /// Offers a solution of which no further score can be had, nor of the elite that it meets.
  ///
  /// Where more would be needed to tell, the higher lower bound decides.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objective: Double, measures: [Double]
  ) -> AddOutcome<Solution> {
    let settled = offer(solution, measures: measures, settling: true) { _, number in
      number == 0 ? objective : nil
    }
    if case .decided(let outcome) = settled { return outcome }
    return .refused(.objectiveNotFinite)
  }

  /// Offers a solution with the scores that `score` gives, by their numbers; nil for one that was not taken yet.
  ///
  /// Where the archive needs others to tell, it stays as it was and says which.
  public mutating func offer(
    _ solution: Solution, measures: [Double], score: (Solution, Int) -> Double?
  ) -> ScoredOffer<Solution> {
    offer(solution, measures: measures, settling: false, score: score)
  }

  private mutating func offer(
    _ solution: Solution, measures: [Double], settling: Bool, score: (Solution, Int) -> Double?
  ) -> ScoredOffer<Solution> {
    guard let first = score(solution, 0) else {
      return .open([ScoreRequest(solution: solution, number: 0)])
    }
    var trial = contests
    var scores = [first]
    let rule = contests.rule
    while true {
      let before = (try? trial.tessellation.cell(of: measures)).flatMap { trial.elite(at: $0) }
      let own = rule.mean(scores)
      let improvement = own - (before.map { rule.mean($0.scores) } ?? 0)
      let outcome: AddOutcome<Solution>
      switch trial.challenge(solution, scores: scores, measures: measures) {
      case .refused(let reason): outcome = .refused(reason)
      case .new(let cell):
        outcome = AddOutcome(
          status: .new, cell: cell, improvement: own, displaced: nil, rejection: nil)
      case .improved(let cell, let displaced):
        outcome = AddOutcome(
          status: .improved, cell: cell, improvement: improvement, displaced: elite(displaced),
          rejection: nil)
      case .rejected(let cell):
        outcome = AddOutcome(
          status: .rejected, cell: cell, improvement: improvement, displaced: nil, rejection: .notBetter)
      case .undecided(let cell, let elite, let ofElite, let ofChallenger):
        var missing: [ScoreRequest<Solution>] = []
        var more: (elite: [Double], challenger: [Double]) = ([], [])
        if ofElite > 0 {
          let number = elite.scores.count
          if let found = score(elite.solution, number) {
            more.elite.append(found)
          } else {
            missing.append(ScoreRequest(solution: elite.solution, number: number))
          }
        }
        if ofChallenger > 0 {
          if let found = score(solution, scores.count) {
            more.challenger.append(found)
          } else {
            missing.append(ScoreRequest(solution: solution, number: scores.count))
          }
        }
        guard missing.isEmpty else {
          guard settling else { return .open(missing) }
          let wins = rule.bounds(scores).lower > rule.bounds(elite.scores).lower
          if wins { trial.replace(elite, by: solution, scores: scores, measures: measures) }
          outcome = AddOutcome(
            status: wins ? .improved : .rejected, cell: cell, improvement: improvement,
            displaced: wins ? self.elite(elite) : nil, rejection: wins ? nil : .notBetter)
          break
        }
        if !more.elite.isEmpty, !trial.record(more.elite, of: elite.ordinal, at: cell) {
          return .decided(.refused(.objectiveNotFinite))
        }
        scores += more.challenger
        continue
      }
      contests = trial
      additionCount += 1
      if outcome.cell != nil {
        for index in measures.indices where !axes[index].contains(measures[index]) { clampCounts[index] += 1 }
      }
      return .decided(outcome)
    }
  }

  /// An elite drawn with equal probability from all, or nil where there is none.
  public func sample(using stream: inout RandomStream) -> Elite<Solution>? {
    contests.sample(using: &stream).map(elite)
  }

  /// Checks that every elite sits in the cell of its measures with scores that can be ranked.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  public func checkInvariants() throws(ArchiveInvariantViolation) {
    try contests.checkInvariants()
    guard clampCounts.count == axes.count, additionCount <= contests.challengeCount else {
      throw ArchiveInvariantViolation("the archive has impossible counts of additions or clampings")
    }
  }
}
