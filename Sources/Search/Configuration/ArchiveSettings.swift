/// The network archive.
public struct ArchiveSettings: Codable, Sendable, Hashable {
  /// The kinds of archive; docs/archives.md tells them apart.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case cvt, grid
    /// A grid whose borders follow the data.
    case sliding
    /// No cells: what is far enough from all else enters.
    case proximity
    /// No cells: a given number, far from what is better.
    case dominatedNovelty = "dominated-novelty"
  }

  /// The kind.
  public var kind = Kind.cvt
  /// How many niches a CVT archive has (within each combination of categories), or elites a `dominated-novelty` one.
  public var cells = 100
  /// How many cells a grid has along each axis; empty: what the descriptors' `bins` say, else the `cells`' root along
  /// each.
  public var dimensions: [Int] = []
  /// How many elites a cell of a CVT archive or grid keeps.
  public var depth = 1
  /// What a cell keeps a Pareto front of, beside fitness; empty: a cell keeps its fittest.
  public var objectives: [ObjectiveSettings] = []
  /// How many elites a Pareto front has at most.
  public var front = 16
  /// Whether elites and who challenges them are trained again before a cell changes hands.
  public var noise = NoiseSettings()
  /// How far the threshold of a cell moves to what was accepted (CMA-MAE), for parents in a CVT archive or grid; at 1
  /// there are no thresholds, and parents are the elites.
  public var thresholdRate = 1.0
  /// The threshold of a cell before anything was accepted.
  public var thresholdMinimum = 0.0
  /// After how many additions the borders of a sliding grid are moved.
  public var remapFrequency = 100
  /// How many of the last additions decide where they go.
  public var remapMemory = 1000
  /// How many of the nearest elites count for the novelty of a solution.
  public var neighbours = 15
  /// The novelty from which on a solution enters a `proximity` archive, in shares of an axis.
  public var noveltyThreshold = 0.05
  /// Whether there a solution that is not novel may replace the elite nearest to it by being better.
  public var localCompetition = true

  /// The defaults: LLMatic's CVT of 100 niches.
  public init() {}

  /// Reads settings; what runs of earlier versions did not say keeps its default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decode(Kind.self, forKey: .kind)
    cells = try container.decode(Int.self, forKey: .cells)
    dimensions = try container.decode([Int].self, forKey: .dimensions)
    depth = try container.decodeIfPresent(Int.self, forKey: .depth) ?? depth
    objectives = try container.decodeIfPresent([ObjectiveSettings].self, forKey: .objectives) ?? objectives
    front = try container.decodeIfPresent(Int.self, forKey: .front) ?? front
    noise = try container.decodeIfPresent(NoiseSettings.self, forKey: .noise) ?? noise
    thresholdRate = try container.decodeIfPresent(Double.self, forKey: .thresholdRate) ?? thresholdRate
    thresholdMinimum =
      try container.decodeIfPresent(Double.self, forKey: .thresholdMinimum) ?? thresholdMinimum
    remapFrequency = try container.decodeIfPresent(Int.self, forKey: .remapFrequency) ?? remapFrequency
    remapMemory = try container.decodeIfPresent(Int.self, forKey: .remapMemory) ?? remapMemory
    neighbours = try container.decodeIfPresent(Int.self, forKey: .neighbours) ?? neighbours
    noveltyThreshold =
      try container.decodeIfPresent(Double.self, forKey: .noveltyThreshold) ?? noveltyThreshold
    localCompetition = try container.decodeIfPresent(Bool.self, forKey: .localCompetition) ?? localCompetition
  }
}
