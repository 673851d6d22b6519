/// How an archive divides the measure space, as a configuration says it.
public enum ArchiveGeometry: Sendable, Hashable, Codable {
  /// A regular grid with that many cells along each axis.
  case grid(dimensions: [Int])
  /// A grid with that many cells along each axis whose borders slide to the quantiles of recent additions.
  case slidingGrid(dimensions: [Int], remapFrequency: Int, capacity: Int)
  /// A centroidal Voronoi tessellation with centroids found by k-means among uniform samples of a seed.
  ///
  /// Where axes are lists of categories, each combination of them has that many cells.
  case cvt(cells: Int, samples: Int, seed: UInt64)
  /// No cells: what is far enough from its nearest elites enters.
  case proximity(neighbours: Int, threshold: Double, localCompetition: Bool)
  /// No cells: that many elites, each far from what is better.
  case dominatedNovelty(capacity: Int, neighbours: Int)

  /// An empty archive of this kind over those axes.
  ///
  /// - Parameters:
  ///   - depth: how many elites a cell keeps.
  ///   - thresholds: how cells raise the bar; nil: to their elites' objectives.
  /// - Throws: `ArchiveError` if geometry and axes do not go together or ask for too much, or a depth or thresholds
  ///   are asked for, or both, where a kind has no such thing.
  public func makeArchive<Solution: Sendable>(
    axes: [MeasureAxis], of solution: Solution.Type = Solution.self, depth: Int = 1,
    thresholds: ThresholdRule? = nil
  ) throws(ArchiveError) -> any Archive<Solution> {
    let hasCells =
      switch self {
      case .grid, .cvt: true
      case .slidingGrid, .proximity, .dominatedNovelty: false
      }
    guard depth == 1 || (hasCells && thresholds == nil), thresholds == nil || hasCells else {
      throw .noDepthOrThresholds
    }
    return switch self {
    case .grid(let dimensions):
      try Self.cellular(try GridTessellation(axes: axes, dimensions: dimensions), depth, thresholds)
    case .cvt(let cells, let samples, let seed) where axes.contains(where: \.isCategorical):
      try Self.cellular(
        try MixedTessellation(axes: axes, cells: cells, samples: samples, seed: seed), depth, thresholds)
    case .cvt(let cells, let samples, let seed):
      try Self.cellular(
        try VoronoiTessellation(axes: axes, cells: cells, samples: samples, seed: seed), depth, thresholds)
    case .slidingGrid(let dimensions, let remapFrequency, let capacity):
      try SlidingBoundariesArchive<Solution>(
        axes: axes, dimensions: dimensions, remapFrequency: remapFrequency, capacity: capacity)
    case .proximity(let neighbours, let threshold, let localCompetition):
      try ProximityArchive<Solution>(
        axes: axes, neighbourCount: neighbours, noveltyThreshold: threshold,
        localCompetition: localCompetition)
    case .dominatedNovelty(let capacity, let neighbours):
      try DominatedNoveltyArchive<Solution>(axes: axes, capacity: capacity, neighbourCount: neighbours)
    }
  }

  /// An empty archive with a Pareto front in each of the cells.
  ///
  /// - Parameters:
  ///   - reference: the point above which hypervolumes are taken, one coordinate per objective.
  ///   - capacity: how many elites a front has at most.
  /// - Throws: `ArchiveError` if geometry and axes do not go together, ask for too much or have no fixed cells.
  public func makeFrontArchive<Solution: Sendable>(
    axes: [MeasureAxis], of solution: Solution.Type = Solution.self, reference: [Double], capacity: Int
  ) throws(ArchiveError) -> any Archive<Solution> {
    func make(_ tessellation: some Tessellation) throws(ArchiveError) -> any Archive<Solution> {
      try FrontArchive(tessellation, reference: reference, capacity: capacity)
    }
    return try make(tessellation(of: axes))
  }

  /// An empty archive whose elites have several scores each.
  ///
  /// - Throws: `ArchiveError` if geometry and axes do not go together, ask for too much or have no fixed cells.
  public func makeContestedArchive<Solution: Sendable>(
    axes: [MeasureAxis], of solution: Solution.Type = Solution.self, rule: NoiseRule
  ) throws(ArchiveError) -> any Archive<Solution> {
    func make(_ tessellation: some Tessellation) -> any Archive<Solution> {
      ContestedArchive(tessellation, rule: rule)
    }
    return make(try tessellation(of: axes))
  }

  /// The fixed cells.
  private func tessellation(of axes: [MeasureAxis]) throws(ArchiveError) -> any Tessellation {
    switch self {
    case .grid(let dimensions): try GridTessellation(axes: axes, dimensions: dimensions)
    case .cvt(let cells, let samples, let seed) where axes.contains(where: \.isCategorical):
      try MixedTessellation(axes: axes, cells: cells, samples: samples, seed: seed)
    case .cvt(let cells, let samples, let seed):
      try VoronoiTessellation(axes: axes, cells: cells, samples: samples, seed: seed)
    case .slidingGrid, .proximity, .dominatedNovelty: throw .noDepthOrThresholds
    }
  }

  private static func cellular<Solution: Sendable>(
    _ tessellation: some Tessellation, _ depth: Int, _ thresholds: ThresholdRule?
  ) throws(ArchiveError) -> any Archive<Solution> {
    depth == 1
      ? TessellatedArchive(tessellation, thresholds: thresholds) : try DeepArchive(tessellation, depth: depth)
  }
}
