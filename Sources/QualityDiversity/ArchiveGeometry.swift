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

  /// An empty archive of this kind over those axes.
  ///
  /// - Throws: `ArchiveError` if geometry and axes do not go together or ask for too much.
  public func makeArchive<Solution: Sendable>(
    axes: [MeasureAxis], of solution: Solution.Type = Solution.self
  ) throws(ArchiveError) -> any Archive<Solution> {
    switch self {
    case .grid(let dimensions):
      try GridArchive<Solution>(axes: axes, dimensions: dimensions)
    case .slidingGrid(let dimensions, let remapFrequency, let capacity):
      try SlidingBoundariesArchive<Solution>(
        axes: axes, dimensions: dimensions, remapFrequency: remapFrequency, capacity: capacity)
    case .cvt(let cells, let samples, let seed) where axes.contains(where: \.isCategorical):
      MixedArchive<Solution>(try MixedTessellation(axes: axes, cells: cells, samples: samples, seed: seed))
    case .cvt(let cells, let samples, let seed):
      try CVTArchive<Solution>(axes: axes, cells: cells, samples: samples, seed: seed)
    }
  }
}
