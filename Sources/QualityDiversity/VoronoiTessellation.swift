import RandomStreams

/// A centroidal Voronoi tessellation: each point of the measure space belongs to the centroid nearest to it.
///
/// Vassiliades, Chatzilygeroudis & Mouret 2018, "Using centroidal Voronoi tessellations to scale up the
/// multidimensional archive of phenotypic elites algorithm". Centroids and distances are those of normalised
/// measure space. The number of cells does not depend on the number of axes.
public struct VoronoiTessellation: Tessellation, Hashable {
  /// The dimensions of the measure space.
  public let axes: [MeasureAxis]
  /// How many cells there are.
  public let cellCount: Int
  /// The centroids' coordinates in `0…1`, row by row.
  private let coordinates: [Double]
  private let tree: KDTree
  private let scales: [AxisScale]
  /// A faster way to the nearest centroid where there are two axes.
  private let lookup: PlanarLookup?

  /// A tessellation whose centroids k-means finds among points spread uniformly by a seed.
  ///
  /// The same arguments give the same centroids, bit by bit.
  ///
  /// - Throws: `ArchiveError` if there are no or too many axes, cells or samples, or fewer samples than cells.
  /// - Complexity: O(samples × cells) to seed, then at most 100 rounds of O(samples × log cells).
  public init(axes: [MeasureAxis], cells: Int, samples: Int, seed: UInt64) throws(ArchiveError) {
    try Self.validate(continuous: axes)
    try Self.validate(cellCount: cells)
    let limit = min(ArchiveLimits.sampleCoordinates / axes.count, ArchiveLimits.sampleDistances / cells)
    guard samples >= cells, samples <= limit else {
      throw .sampleCount(samples, minimum: cells, limit: limit)
    }
    self.init(
      axes: axes,
      coordinates: KMeans.centroids(
        cells, dimensions: axes.count, samples: samples,
        using: RandomStream(seed: seed).stream("centroidal Voronoi tessellation")))
  }

  /// A tessellation with given centroids in normalised measure space.
  ///
  /// - Throws: `ArchiveError` if there are no or too many axes or centroids, or a centroid does not have one
  ///   coordinate in `0…1` per axis.
  public init(axes: [MeasureAxis], centroids: [[Double]]) throws(ArchiveError) {
    try Self.validate(continuous: axes)
    try Self.validate(cellCount: centroids.count)
    for (index, centroid) in centroids.enumerated() {
      guard centroid.count == axes.count, centroid.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
        throw .malformedCentroid(index: index)
      }
    }
    self.init(axes: axes, coordinates: centroids.flatMap { $0 })
  }

  private init(axes: [MeasureAxis], coordinates: [Double]) {
    self.axes = axes
    self.coordinates = coordinates
    cellCount = coordinates.count / axes.count
    tree = KDTree(points: coordinates, dimensions: axes.count)
    scales = axes.map(\.arithmetic)
    lookup = axes.count == 2 ? PlanarLookup(points: coordinates, tree: tree) : nil
  }

  static func validate(cellCount: Int) throws(ArchiveError) {
    guard (1...ArchiveLimits.voronoiCells).contains(cellCount) else {
      throw .cellCount(cellCount, limit: ArchiveLimits.voronoiCells)
    }
  }

  /// All centroids in normalised measure space, in the order of the cells.
  public var centroids: [[Double]] { (0..<cellCount).map(centroid(of:)) }

  /// The cell whose centroid is nearest to the measures, which are given in the axes' own units.
  ///
  /// Of equally near cells it is the one with the lowest number.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  public func cell(of measures: [Double]) throws(MeasureError) -> Int {
    try validate(measures)
    var point = measures
    for index in point.indices { point[index] = axes[index].normalized(point[index]) }
    return tree.nearest(to: point).index
  }

  /// The cells of measures given row by row, and -1 for a row of which a measure has no place.
  ///
  /// - Precondition: `measures` holds whole rows of one measure per axis.
  public func cells(of measures: [Double]) -> [Int32] {
    precondition(measures.count % scales.count == 0, "measures come in whole rows")
    var cells = [Int32](repeating: -1, count: measures.count / scales.count)
    if let lookup {
      let (first, second) = (scales[0], scales[1])
      for row in cells.indices where measures[2 * row].isFinite && measures[2 * row + 1].isFinite {
        cells[row] = lookup.nearest(
          first.normalized(measures[2 * row]), second.normalized(measures[2 * row + 1]))
      }
      return cells
    }
    var point = [Double](repeating: 0, count: scales.count)
    rows: for row in cells.indices {
      for index in scales.indices {
        let value = measures[row * scales.count + index]
        guard value.isFinite else { continue rows }
        point[index] = scales[index].normalized(value)
      }
      cells[row] = Int32(tree.nearest(to: point).index)
    }
    return cells
  }

  /// The centroid of a cell in normalised measure space.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func centroid(of cell: Int) -> [Double] {
    Array(coordinates[cell * axes.count..<(cell + 1) * axes.count])
  }

  /// The squared Euclidean distance of two cells' centroids in normalised measure space.
  ///
  /// - Precondition: both cells are in `0 ..< cellCount`.
  public func squaredDistance(_ first: Int, _ second: Int) -> Double {
    var sum = 0.0
    for axis in axes.indices {
      let difference = coordinates[first * axes.count + axis] - coordinates[second * axes.count + axis]
      sum += difference * difference
    }
    return sum
  }

  /// The cells with no third centroid in the ball that has the two centroids as poles, in ascending order.
  ///
  /// These are the neighbours in the Gabriel graph (Gabriel & Sokal 1969): cells that border on each other
  /// where the line between their centroids crosses. On a grid they are the cells one step away. It is
  /// exact in any number of dimensions. Coinciding centroids are taken as one.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  /// - Complexity: O(cells²) at worst, close to O(cells) for centroids spread evenly.
  public func neighbours(of cell: Int) -> [Int] {
    let distances = (0..<cellCount).map { squaredDistance(cell, $0) }
    // Near cells rule out most of the others, so they are asked first.
    let nearFirst = (0..<cellCount).filter { distances[$0] > 0 }.sorted { distances[$0] < distances[$1] }
    return nearFirst.filter { other in
      for third in nearFirst {
        if distances[third] >= distances[other] { return true }
        if distances[third] + squaredDistance(third, other) <= distances[other] { return false }
      }
      return true
    }.sorted()
  }

  /// Where a cell lies: its bounds where there is one axis, its corners where there are two.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func region(of cell: Int) -> CellRegion {
    let centroid = centroid(of: cell)
    return CellRegion(
      cell: cell, centroid: centroid, measures: denormalized(centroid),
      bounds: axes.count == 1 ? [interval(of: cell)] : nil,
      polygon: axes.count == 2 ? polygon(of: cell) : nil)
  }

  private func interval(of cell: Int) -> MeasureInterval {
    let own = coordinates[cell]
    var (lower, upper) = (0.0, 1.0)
    for other in coordinates where other != own {
      if other < own { lower = max(lower, (own + other) / 2) } else { upper = min(upper, (own + other) / 2) }
    }
    return MeasureInterval(lower: axes[0].denormalized(lower), upper: axes[0].denormalized(upper))
  }

  /// The unit square cut back to what is nearer to the cell's centroid than to any other.
  private func polygon(of cell: Int) -> [[Double]] {
    let own = centroid(of: cell)
    var corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    var reach = Self.reach(corners, own)
    // Near centroids first: then hardly any of the others is near enough to cut anything off.
    let near = 36 / Double(cellCount)
    for isNear in [true, false] {
      for other in 0..<cellCount {
        let (x, y) = (coordinates[2 * other] - own[0], coordinates[2 * other + 1] - own[1])
        let distance = x * x + y * y
        // The line between two cells is half as far away as the other's centroid.
        guard distance > 0, (distance < near) == isNear, distance < 4 * reach else { continue }
        corners = Self.clip(corners, to: [x, y], [own[0] + x / 2, own[1] + y / 2])
        reach = Self.reach(corners, own)
      }
    }
    return corners
  }

  /// The squared distance of the farthest corner, and a little more.
  private static func reach(_ corners: [[Double]], _ centre: [Double]) -> Double {
    var farthest = 0.0
    for corner in corners {
      let (x, y) = (corner[0] - centre[0], corner[1] - centre[1])
      farthest = max(farthest, x * x + y * y)
    }
    return farthest * (1 + 1e-9)
  }

  /// The part of a convex polygon behind the line through `middle` that `normal` points away from.
  private static func clip(_ corners: [[Double]], to normal: [Double], _ middle: [Double]) -> [[Double]] {
    let sides = corners.map { normal[0] * ($0[0] - middle[0]) + normal[1] * ($0[1] - middle[1]) }
    var kept: [[Double]] = []
    for index in corners.indices {
      let next = (index + 1) % corners.count
      if sides[index] <= 0 { kept.append(corners[index]) }
      if (sides[index] < 0 && sides[next] > 0) || (sides[index] > 0 && sides[next] < 0) {
        let share = sides[index] / (sides[index] - sides[next])
        kept.append(zip(corners[index], corners[next]).map { $0 + share * ($1 - $0) })
      }
    }
    return kept
  }
}

extension VoronoiTessellation: Codable {
  private enum CodingKeys: String, CodingKey {
    case axes, centroids
  }

  /// Reads axes and centroids and checks them as `init(axes:centroids:)` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let axes = try container.decode([MeasureAxis].self, forKey: .axes)
    let centroids = try container.decode([[Double]].self, forKey: .centroids)
    self = try decoder.checked { () throws(ArchiveError) in
      try VoronoiTessellation(axes: axes, centroids: centroids)
    }
  }

  /// Writes axes and centroids, which say more than the seed they came from.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(axes, forKey: .axes)
    try container.encode(centroids, forKey: .centroids)
  }
}
