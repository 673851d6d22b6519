import QualityDiversity

extension Archive {
  /// The middle of each cell in normalised measure space.
  ///
  /// `region(of:)` also finds a cell's corners, which takes as long as there are cells in a Voronoi tessellation.
  func centroids() -> (Int) -> [Double]? {
    if let grid = self as? GridArchive<Int> { return grid.tessellation.centroid(_:) }
    if let voronoi = self as? CVTArchive<Int> { return voronoi.tessellation.centroid(_:) }
    if let mixed = self as? MixedArchive<Int> { return mixed.tessellation.centroid(_:) }
    return { region(of: $0)?.centroid }
  }

  /// The middle of each cell in the axes' own units; empty where there is no such cell.
  func middles() -> (Int) -> [Double] {
    let (centroids, axes) = (centroids(), axes)
    return { cell in
      centroids(cell).map { zip(axes, $0).map { $0.denormalized($1) } } ?? []
    }
  }
}

extension Tessellation {
  /// The middle of a cell, or nil where there is no such cell.
  fileprivate func centroid(_ cell: Int) -> [Double]? {
    (0..<cellCount).contains(cell) ? centroid(of: cell) : nil
  }
}
