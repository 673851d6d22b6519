public import RandomStreams

/// How an archive judges solutions whose score is another each time it is taken.
///
/// The mean of `n` scores is trusted to within `confidence · s / √n`, where `s² = (σ² + Σ(xᵢ − x̄)²) / n` and σ is the
/// deviation that is assumed before any was seen, as if it had been seen once.
public struct NoiseRule: Sendable, Hashable, Codable {
  /// How many standard errors wide the bounds are to either side.
  public let confidence: Double
  /// The standard deviation of scores that is assumed beforehand.
  public let assumedDeviation: Double
  /// How many scores of one solution are asked for at most.
  public let maximumScores: Int

  /// A rule with those numbers.
  ///
  /// - Throws: `ArchiveError.outOfRange` if confidence or deviation is negative or not finite, or the maximum of
  ///   scores is not in `1…ArchiveLimits.scores`.
  public init(confidence: Double, assumedDeviation: Double, maximumScores: Int) throws(ArchiveError) {
    for (name, value) in [("confidence", confidence), ("assumed deviation", assumedDeviation)]
    where !(value >= 0 && value.isFinite) {
      throw .outOfRange(parameter: name, value: value, minimum: 0, maximum: .greatestFiniteMagnitude)
    }
    guard (1...ArchiveLimits.scores).contains(maximumScores) else {
      throw .outOfRange(
        parameter: "scores", value: Double(maximumScores), minimum: 1, maximum: Double(ArchiveLimits.scores))
    }
    self.confidence = confidence
    self.assumedDeviation = assumedDeviation
    self.maximumScores = maximumScores
  }

  /// The mean of scores, of which there must be one.
  public func mean(_ scores: [Double]) -> Double {
    scores.reduce(0, +) / Double(scores.count)
  }

  /// What the mean is trusted to lie above and below.
  public func bounds(_ scores: [Double]) -> MeasureInterval {
    let mean = mean(scores)
    let squares = scores.reduce(assumedDeviation * assumedDeviation) { $0 + ($1 - mean) * ($1 - mean) }
    // √(s²/n) with s² = squares/n.
    let margin = confidence * squares.squareRoot() / Double(scores.count)
    return MeasureInterval(lower: mean - margin, upper: mean + margin)
  }
}

/// The elite of a cell of a noisy archive.
public struct NoisyElite<Solution: Sendable>: Sendable {
  /// What was found.
  public let solution: Solution
  /// All its scores in the order in which they were taken.
  public internal(set) var scores: [Double]
  /// Its measures as they were given.
  public let measures: [Double]
  /// The cell it sits in.
  public let cell: Int
  /// How many challenges the archive had seen before the one that brought it in; it tells elites apart.
  public let ordinal: Int
}

extension NoisyElite: Equatable where Solution: Equatable {}
extension NoisyElite: Encodable where Solution: Encodable {}
extension NoisyElite: Decodable where Solution: Decodable {}

/// What came of a challenge to a cell.
public enum ChallengeOutcome<Solution: Sendable>: Sendable {
  /// The cell was empty and now holds the challenger.
  case new(cell: Int)
  /// The challenger is better and took the elite's place.
  case improved(cell: Int, displaced: NoisyElite<Solution>)
  /// The elite stays.
  case rejected(cell: Int)
  /// Nothing happened yet: so many more scores of either are needed to tell.
  case undecided(cell: Int, elite: NoisyElite<Solution>, scoresOfElite: Int, scoresOfChallenger: Int)
  /// The scores or measures cannot be ranked.
  case refused(Rejection)
}

extension ChallengeOutcome: Equatable where Solution: Equatable {}

/// An archive for scores with noise, in which a lucky score does not make an elite for good.
///
/// An elite keeps all its scores. A challenger is held against it by confidence bounds: where they lie apart the
/// better one has the cell. Where they overlap the archive asks for another score of the one with fewer, or of both,
/// and changes nothing; the search takes the scores, hands the elite's to `record` and challenges again with all of
/// the challenger's. Once neither may be asked for more, the higher lower bound wins, and of equals the elite. So
/// no cell changes hands on the strength of one good draw, and scores are spent where niches are contested
/// (compare Justesen, Risi & Mouret 2019, "MAP-Elites for noisy domains by adaptive sampling").
///
/// Since an elite's mean may fall when it is scored again, the QD score may fall too.
public struct NoisyArchive<Cells: Tessellation, Solution: Sendable>: Sendable {
  /// The division of the measure space.
  public let tessellation: Cells
  /// How scores are judged.
  public let rule: NoiseRule
  private var populations: CellPopulations<NoisyElite<Solution>>
  private var counts: AdditionCounts

  /// An empty archive over that tessellation.
  public init(_ tessellation: Cells, rule: NoiseRule) {
    self.tessellation = tessellation
    self.rule = rule
    populations = CellPopulations(cellCount: tessellation.cellCount)
    counts = AdditionCounts(axisCount: tessellation.axes.count)
  }

  /// The dimensions of the measure space.
  public var axes: [MeasureAxis] { tessellation.axes }
  /// How many cells there are, occupied or not.
  public var cellCount: Int { tessellation.cellCount }
  /// How many cells hold an elite.
  public var count: Int { populations.count }
  /// How many challenges there were so far, each time one was made counted.
  public var challengeCount: Int { counts.additions }
  /// The elites in the order of their cells.
  public var elites: [NoisyElite<Solution>] { populations.inOrder.compactMap(\.first) }

  /// The elite of a cell, or nil where it is empty or there is no such cell.
  public func elite(at cell: Int) -> NoisyElite<Solution>? { populations[cell].first }

  /// Statistics of the elites' mean scores, or of the lower bounds of what they are trusted to be.
  public func statistics(offset: Double = 0, ofLowerBounds: Bool = false) -> ArchiveStatistics {
    ArchiveStatistics(
      objectives: elites.map { ofLowerBounds ? rule.bounds($0.scores).lower : rule.mean($0.scores) },
      cells: cellCount, offset: offset)
  }

  /// Holds a solution with all the scores it has so far against the elite of its cell.
  public mutating func challenge(
    _ solution: Solution, scores: [Double], measures: [Double]
  ) -> ChallengeOutcome<Solution> {
    let ordinal = counts.add()
    // Sums of squares must be finite too.
    guard !scores.isEmpty, rule.bounds(scores).lower.isFinite else { return .refused(.objectiveNotFinite) }
    let cell: Int
    do {
      cell = try tessellation.cell(of: measures)
    } catch {
      return .refused(.measures(error))
    }
    counts.countClamps(measures, axes)
    let challenger = NoisyElite(
      solution: solution, scores: scores, measures: measures, cell: cell, ordinal: ordinal)
    guard let elite = elite(at: cell) else {
      populations.update(cell) { $0 = [challenger] }
      return .new(cell: cell)
    }
    let (ours, theirs) = (rule.bounds(scores), rule.bounds(elite.scores))
    if ours.upper <= theirs.lower { return .rejected(cell: cell) }
    if ours.lower <= theirs.upper {
      let fewest = min(scores.count, elite.scores.count)
      if fewest < rule.maximumScores {
        return .undecided(
          cell: cell, elite: elite, scoresOfElite: elite.scores.count == fewest ? 1 : 0,
          scoresOfChallenger: scores.count == fewest ? 1 : 0)
      }
      if ours.lower <= theirs.lower { return .rejected(cell: cell) }
    }
    populations.update(cell) { $0 = [challenger] }
    return .improved(cell: cell, displaced: elite)
  }

  /// Adds scores to the elite of that cell and ordinal; whether it is still there and the scores can be ranked.
  @discardableResult
  public mutating func record(_ scores: [Double], of ordinal: Int, at cell: Int) -> Bool {
    guard let elite = elite(at: cell), elite.ordinal == ordinal,
      rule.bounds(elite.scores + scores).lower.isFinite
    else { return false }
    populations.update(cell) { $0[0].scores += scores }
    return true
  }

  /// Gives an elite's cell to a challenger, as its cell's last challenge.
  mutating func replace(
    _ elite: NoisyElite<Solution>, by solution: Solution, scores: [Double], measures: [Double]
  ) {
    populations.update(elite.cell) {
      $0 = [
        NoisyElite(
          solution: solution, scores: scores, measures: measures, cell: elite.cell,
          ordinal: counts.additions - 1)
      ]
    }
  }

  /// An elite drawn with equal probability from all, or nil where there is none.
  public func sample(using stream: inout RandomStream) -> NoisyElite<Solution>? {
    populations.sampleCell(using: &stream).flatMap(elite(at:))
  }

  /// Checks that every elite sits in the cell of its measures with scores that can be ranked.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  public func checkInvariants() throws(ArchiveInvariantViolation) {
    try populations.checkInvariants()
    try counts.checkInvariants(axisCount: axes.count, ordinals: elites.map(\.ordinal))
    for cell in populations.occupied {
      guard populations[cell].count == 1, let elite = elite(at: cell), elite.cell == cell,
        (try? tessellation.cell(of: elite.measures)) == cell, !elite.scores.isEmpty,
        rule.bounds(elite.scores).lower.isFinite
      else { throw ArchiveInvariantViolation("the elite of cell \(cell) is impossible or not in its cell") }
    }
  }
}

extension NoisyArchive: Encodable where Cells: Encodable, Solution: Encodable {
  /// Writes the tessellation, the rule, the counts and the elites in the order of their cells.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ArchiveCodingKeys.self)
    try container.encode(tessellation, forKey: .tessellation)
    try container.encode(rule, forKey: .rule)
    try container.encode(counts, forKey: .counts)
    try container.encode(elites, forKey: .elites)
  }
}

extension NoisyArchive: Decodable where Cells: Decodable, Solution: Decodable {
  /// Reads an archive and refuses one that cannot be.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ArchiveCodingKeys.self)
    self.init(
      try container.decode(Cells.self, forKey: .tessellation),
      rule: try container.decode(NoiseRule.self, forKey: .rule))
    counts = try container.decode(AdditionCounts.self, forKey: .counts)
    for elite in try container.decode([NoisyElite<Solution>].self, forKey: .elites) {
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
