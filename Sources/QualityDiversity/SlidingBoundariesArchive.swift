public import RandomStreams

/// A grid archive whose borders slide to the quantiles of what was found lately, so that cells fill evenly.
///
/// Fontaine, Lee, Soros, De Mesentier Silva, Togelius & Hoover 2019, "Mapping Hearthstone deck spaces through
/// MAP-Elites with sliding boundaries", in the form of pyribs: the archive remembers its most recent additions.
/// Each time another `remapFrequency` of them were tried it puts the borders at their quantiles, empties itself, and
/// adds its elites in the order of their cells, then what it remembers, oldest first. An elite may lose its cell then.
///
/// What was refused is not remembered. Each addition is O(log cells); a remapping, O(elites + remembered) of that,
/// and the quantiles are merged and not sorted anew. pyribs clamps onto the borders of before while it remaps,
/// which differs where measures drift so fast that the last quantile leaves the former range at once.
public struct SlidingBoundariesArchive<Solution: Sendable>: CellularArchive {
  /// The division of the measure space as of now.
  public var tessellation: SlidingTessellation { archive.tessellation }
  /// How many additions are tried between two remappings.
  public let remapFrequency: Int
  /// How many of the most recent additions are remembered at most.
  public let capacity: Int

  private var archive: TessellatedArchive<SlidingTessellation, Solution>
  /// What is remembered: a ring that begins at `oldest` once it is full.
  private var recent: EliteColumns<Solution>
  private var oldest = 0
  private var quantiles: SlidingQuantiles
  private var rankedAdditions = 0

  /// An empty archive of that many cells along each axis.
  ///
  /// - Throws: `ArchiveError` if the cells cannot be made, or the remapping frequency or the capacity is not in
  ///   `1…ArchiveLimits.capacity`.
  public init(
    axes: [MeasureAxis], dimensions: [Int], remapFrequency: Int = 100, capacity: Int = 1000
  ) throws(ArchiveError) {
    try self.init(
      SlidingTessellation(axes: axes, dimensions: dimensions), remapFrequency: remapFrequency,
      capacity: capacity)
  }

  private init(
    _ tessellation: SlidingTessellation, remapFrequency: Int, capacity: Int
  ) throws(ArchiveError) {
    for (name, value) in [("remapping frequency", remapFrequency), ("capacity", capacity)]
    where !(1...ArchiveLimits.capacity).contains(value) {
      throw .outOfRange(
        parameter: name, value: Double(value), minimum: 1, maximum: Double(ArchiveLimits.capacity))
    }
    archive = TessellatedArchive(tessellation)
    self.remapFrequency = remapFrequency
    self.capacity = capacity
    let width = tessellation.axes.count
    recent = EliteColumns(axisCount: width)
    quantiles = SlidingQuantiles(axisCount: width)
  }

  /// The recent additions, elites among them, which compete anew whenever the borders move.
  public var remembered: [Solution] { recent.solutions }
  /// How many additions were tried so far, whatever came of them.
  public var additionCount: Int { archive.additionCount }
  /// How many of the ranked additions lay beyond the range of each axis, which the borders may leave too.
  public var clampCounts: [Int] { archive.clampCounts }
  /// How many cells hold an elite.
  public var count: Int { archive.count }
  /// The elites in the order of their cells.
  public var elites: [Elite<Solution>] { archive.elites }
  /// The elites' objectives in the order of their cells.
  public var objectives: [Double] { archive.objectives }
  /// The elites in the order of their cells, as columns.
  public var columns: EliteColumns<Solution> { archive.columns }
  /// The elite with the highest objective, of equals that of the lowest cell; nil where there is none.
  public var best: Elite<Solution>? { archive.best }
  /// The elite of a cell, or nil where it is empty or there is no such cell.
  public func elite(at cell: Int) -> Elite<Solution>? { archive.elite(at: cell) }

  /// Offers a solution, before which the borders may move.
  ///
  /// Where they do, the outcome is that of the addition to the remapped archive.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objective: Double, measures: [Double]
  ) -> AddOutcome<Solution> {
    guard objective.isFinite, (try? tessellation.validate(measures)) != nil else {
      return archive.add(solution, objective: objective, measures: measures)
    }
    remember(
      Elite(
        solution: solution, objective: objective, measures: measures, cell: -1, ordinal: additionCount))
    rankedAdditions += 1
    if rankedAdditions % remapFrequency == 0 { remap() }
    return archive.add(solution, objective: objective, measures: measures)
  }

  private mutating func remember(_ elite: Elite<Solution>) {
    let width = axes.count
    guard recent.count == capacity else {
      recent.append(elite)
      quantiles.replace(nil, with: elite.measures)
      return
    }
    quantiles.replace(
      Array(recent.measures[oldest * width..<(oldest + 1) * width]), with: elite.measures)
    recent.solutions[oldest] = elite.solution
    recent.objectives[oldest] = elite.objective
    recent.ordinals[oldest] = elite.ordinal
    for axis in 0..<width { recent.measures[oldest * width + axis] = elite.measures[axis] }
    oldest = oldest + 1 == capacity ? 0 : oldest + 1
  }

  /// Puts the borders at the quantiles of what is remembered, and adds again all but the newest of it.
  private mutating func remap() {
    var cells = tessellation
    for axis in axes.indices {
      cells.move(axis, to: quantiles.borders(of: axis, cells: cells.dimensions[axis]))
    }
    let kept = archive.columns
    archive.reset(to: cells)
    for row in 0..<kept.count { archive.replay(kept, row: row) }
    for step in 0..<recent.count - 1 {
      archive.replay(recent, row: oldest + step < recent.count ? oldest + step : oldest + step - recent.count)
    }
  }

  /// An elite drawn with equal probability from all, or nil where there is none.
  public func sample(using stream: inout RandomStream) -> Elite<Solution>? { archive.sample(using: &stream) }

  /// Elites drawn with equal probability from all, each anew; none where the archive is empty.
  public func sample(_ count: Int, using stream: inout RandomStream) -> EliteColumns<Solution> {
    archive.sample(count, using: &stream)
  }

  /// Checks that every elite sits in the cell of its measures and that all counts agree.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  public func checkInvariants() throws(ArchiveInvariantViolation) {
    try archive.checkInvariants()
    guard recent.count <= capacity, oldest < capacity, recent.count == capacity || oldest == 0,
      recent.count <= rankedAdditions, rankedAdditions <= additionCount, quantiles.count == recent.count,
      recent.objectives.allSatisfy(\.isFinite), recent.measures.allSatisfy(\.isFinite)
    else { throw ArchiveInvariantViolation("what the archive remembers is not what it was offered lately") }
  }
}

extension SlidingBoundariesArchive: Encodable where Solution: Encodable {
  /// Writes the archive with what it remembers, oldest first.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ArchiveCodingKeys.self)
    try container.encode(archive, forKey: .archive)
    try container.encode(remapFrequency, forKey: .remapFrequency)
    try container.encode(capacity, forKey: .capacity)
    try container.encode(rankedAdditions, forKey: .rankedAdditions)
    try container.encode(
      (0..<recent.count).map { recent[(oldest + $0) % recent.count] }, forKey: .recent)
  }
}

extension SlidingBoundariesArchive: Decodable where Solution: Decodable {
  /// Reads an archive and refuses one that cannot be.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ArchiveCodingKeys.self)
    let archive = try container.decode(
      TessellatedArchive<SlidingTessellation, Solution>.self, forKey: .archive)
    let frequency = try container.decode(Int.self, forKey: .remapFrequency)
    let capacity = try container.decode(Int.self, forKey: .capacity)
    self = try decoder.checked { () throws(ArchiveError) in
      try SlidingBoundariesArchive(archive.tessellation, remapFrequency: frequency, capacity: capacity)
    }
    self.archive = archive
    rankedAdditions = try container.decode(Int.self, forKey: .rankedAdditions)
    let recent = try container.decode([Elite<Solution>].self, forKey: .recent)
    guard recent.count <= capacity, recent.allSatisfy({ $0.measures.count == axes.count }) else {
      throw container.corrupted(.recent, "what the archive remembers has other axes or is too much")
    }
    for elite in recent { remember(elite) }
    try container.check(self, .recent)
  }
}
