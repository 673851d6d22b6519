import QualityDiversity

/// The cells of a Voronoi tessellation of three axes or more where a plane cuts them, so that its maps have areas.
///
/// What a plane cuts out of a Voronoi cell is a convex polygon: the part of it that is nearer to the cell's centroid than
/// to any other.
struct CellCuts: Sendable {
  /// The cells' centroids in normalised measure space, one coordinate for each continuous axis.
  private let centroids: [[Double]]

  /// More cells than this would take seconds, and be too small to see.
  private static let mostCells = 1000

  /// The cuts through a tessellation's cells; nil where it has fewer than three axes or too many cells.
  init?(_ tessellation: VoronoiTessellation) {
    guard tessellation.axes.count > 2, tessellation.cellCount <= Self.mostCells else { return nil }
    centroids = (0..<tessellation.cellCount).map(tessellation.centroid(of:))
  }

  /// A cell, and the corners of what is cut out of it.
  struct Cut: Sendable {
    var cell: Int
    var corners: [Point]
  }

  /// What the plane of the first two axes cuts where the others have those places.
  func cuts(at places: [Double]) -> [Cut] {
    centroids.indices.compactMap { cell in
      var corners = [Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1)]
      let own = centroids[cell]
      for other in centroids.indices where other != cell {
        let centroid = centroids[other]
        // What is as near to both: 2 (other − own) · p = |other|² − |own|².
        var limit = 0.0
        for axis in own.indices {
          limit += centroid[axis] * centroid[axis] - own[axis] * own[axis]
          if axis > 1 { limit -= 2 * (centroid[axis] - own[axis]) * places[axis - 2] }
        }
        Self.clip(&corners, 2 * (centroid[0] - own[0]), 2 * (centroid[1] - own[1]), limit)
        if corners.count < 3 { return nil }
      }
      return Cut(cell: cell, corners: corners)
    }
  }

  /// Keeps of a convex polygon where `x · a + y · b` is at most the limit.
  private static func clip(_ corners: inout [Point], _ a: Double, _ b: Double, _ limit: Double) {
    func excess(_ point: Point) -> Double { point.x * a + point.y * b - limit }
    guard corners.contains(where: { excess($0) > 0 }), var previous = corners.last else { return }
    var kept: [Point] = []
    for corner in corners {
      let (before, now) = (excess(previous), excess(corner))
      if (before > 0) != (now > 0) {
        let share = before / (before - now)
        kept.append(
          Point(
            previous.x + share * (corner.x - previous.x), previous.y + share * (corner.y - previous.y)))
      }
      if now <= 0 { kept.append(corner) }
      previous = corner
    }
    corners = kept
  }
}
