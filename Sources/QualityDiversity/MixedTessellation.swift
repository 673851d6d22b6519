/// A Voronoi tessellation over the continuous axes within each combination of categories.
///
/// Categories are told apart exactly, and each combination has cells of its own with the same centroids. Cells are
/// numbered combination by combination, the last axis of categories fastest.
public struct MixedTessellation: Tessellation, Hashable {
  /// The dimensions of the measure space, continuous ones and lists of categories in any order.
  public let axes: [MeasureAxis]
  /// How many cells there are.
  public let cellCount: Int
  /// The cells of one combination of categories, over the continuous axes.
  public let continuous: VoronoiTessellation
  /// The places of continuous axes and of lists of categories among the axes.
  private let ranges: [Int]
  private let lists: [Int]

  /// A tessellation with so many cells in each combination of categories.
  ///
  /// - Throws: `ArchiveError` if there are no continuous axes, the cells of a combination cannot be made or there
  ///   are more than `ArchiveLimits.gridCells` cells in all.
  public init(axes: [MeasureAxis], cells: Int, samples: Int, seed: UInt64) throws(ArchiveError) {
    try self.init(
      axes: axes,
      continuous: VoronoiTessellation(
        axes: axes.filter { !$0.isCategorical }, cells: cells, samples: samples, seed: seed))
  }

  /// A tessellation with given centroids over the continuous axes.
  ///
  /// - Throws: `ArchiveError` as for `VoronoiTessellation`, or if there are more than `ArchiveLimits.gridCells`
  ///   cells in all.
  public init(axes: [MeasureAxis], centroids: [[Double]]) throws(ArchiveError) {
    try self.init(
      axes: axes,
      continuous: VoronoiTessellation(axes: axes.filter { !$0.isCategorical }, centroids: centroids))
  }

  private init(axes: [MeasureAxis], continuous: VoronoiTessellation) throws(ArchiveError) {
    try Self.validate(axes)
    var count = continuous.cellCount
    for axis in axes {
      count *= axis.categories?.count ?? 1
      guard count <= ArchiveLimits.gridCells else { throw .cellCount(nil, limit: ArchiveLimits.gridCells) }
    }
    self.axes = axes
    self.continuous = continuous
    cellCount = count
    ranges = axes.indices.filter { !axes[$0].isCategorical }
    lists = axes.indices.filter { axes[$0].isCategorical }
  }

  /// The cell that the measures fall in, given in the axes' own units.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes, one is not finite or not a category's.
  public func cell(of measures: [Double]) throws(MeasureError) -> Int {
    try validate(measures)
    let combination = lists.reduce(0) { $0 * categoryCount($1) + Int(measures[$1]) }
    return combination * continuous.cellCount + (try continuous.cell(of: ranges.map { measures[$0] }))
  }

  private func categoryCount(_ axis: Int) -> Int { axes[axis].categories?.count ?? 1 }

  /// The numbers of a combination's categories, in the order of their axes.
  private func categories(of cell: Int) -> [Int] {
    var rest = cell / continuous.cellCount
    var numbers = [Int](repeating: 0, count: lists.count)
    for place in lists.indices.reversed() {
      let count = categoryCount(lists[place])
      numbers[place] = rest % count
      rest /= count
    }
    return numbers
  }

  /// The middle of a cell in normalised measure space.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func centroid(of cell: Int) -> [Double] {
    precondition(cell >= 0 && cell < cellCount, "no such cell")
    var centroid = [Double](repeating: 0, count: axes.count)
    for (axis, place) in zip(ranges, continuous.centroid(of: cell % continuous.cellCount)) {
      centroid[axis] = place
    }
    for (axis, number) in zip(lists, categories(of: cell)) {
      centroid[axis] = (Double(number) + 0.5) / Double(categoryCount(axis))
    }
    return centroid
  }

  /// The squared Euclidean distance of two cells' centroids; different categories are at distance 1.
  ///
  /// - Precondition: both cells are in `0 ..< cellCount`.
  public func squaredDistance(_ first: Int, _ second: Int) -> Double {
    let size = continuous.cellCount
    let different = zip(categories(of: first), categories(of: second)).count { $0 != $1 }
    return continuous.squaredDistance(first % size, second % size) + Double(different)
  }

  /// The neighbours among the combination's cells, and the same cell where one category is another.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func neighbours(of cell: Int) -> [Int] {
    let size = continuous.cellCount
    var neighbours = continuous.neighbours(of: cell % size).map { cell - cell % size + $0 }
    var stride = size
    for (axis, number) in zip(lists, categories(of: cell)).reversed() {
      for other in 0..<categoryCount(axis) where other != number {
        neighbours.append(cell + (other - number) * stride)
      }
      stride *= categoryCount(axis)
    }
    return neighbours.sorted()
  }

  /// Where a cell lies.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func region(of cell: Int) -> CellRegion {
    let centroid = centroid(of: cell)
    return CellRegion(
      cell: cell, centroid: centroid, measures: denormalized(centroid), bounds: nil, polygon: nil)
  }
}

extension MixedTessellation: Codable {
  private enum CodingKeys: String, CodingKey {
    case axes, centroids
  }

  /// Reads axes and centroids and checks them as `init(axes:centroids:)` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let axes = try container.decode([MeasureAxis].self, forKey: .axes)
    let centroids = try container.decode([[Double]].self, forKey: .centroids)
    self = try decoder.checked { () throws(ArchiveError) in
      try MixedTessellation(axes: axes, centroids: centroids)
    }
  }

  /// Writes axes and centroids.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(axes, forKey: .axes)
    try container.encode(continuous.centroids, forKey: .centroids)
  }
}
