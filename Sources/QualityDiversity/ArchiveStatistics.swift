/// How much of the measure space an archive covers, and how well.
///
/// The names and definitions are those of pyribs. Sums run in the order of the cells, so equal archives have
/// equal statistics to the last bit, however they came about.
public struct ArchiveStatistics: Sendable, Hashable, Codable {
  /// How many cells hold an elite.
  public let elites: Int
  /// How many cells there are.
  public let cells: Int
  /// The share of the cells that hold an elite, in `0…1`.
  public let coverage: Double
  /// What is subtracted from each objective in the QD score: the least objective that can occur.
  public let offset: Double
  /// The sum over the elites of objective less offset.
  public let qdScore: Double
  /// The QD score per cell, occupied or not.
  public let normalizedQDScore: Double
  /// The highest objective; nil for an empty archive.
  public let best: Double?
  /// The mean objective; nil for an empty archive.
  public let mean: Double?

  /// The statistics of elites with those objectives.
  ///
  /// - Precondition: `cells` is positive and not below the number of objectives.
  public init(objectives: some Collection<Double>, cells: Int, offset: Double = 0) {
    precondition(cells > 0 && objectives.count <= cells, "elites need cells")
    let sum = objectives.reduce(0, +)
    elites = objectives.count
    self.cells = cells
    self.offset = offset
    coverage = Double(objectives.count) / Double(cells)
    qdScore = sum - Double(objectives.count) * offset
    normalizedQDScore = qdScore / Double(cells)
    best = objectives.max()
    mean = objectives.isEmpty ? nil : sum / Double(objectives.count)
  }
}

extension Archive {
  /// Coverage, QD score, best and mean as of now.
  ///
  /// - Parameter offset: what is subtracted from each objective in the QD score, so that filling a cell with a
  ///   negative objective is not punished.
  /// - Complexity: O(cells).
  public func statistics(offset: Double = 0) -> ArchiveStatistics {
    ArchiveStatistics(objectives: self.objectives, cells: cellCount, offset: offset)
  }
}
