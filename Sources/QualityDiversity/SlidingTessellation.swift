/// A grid whose borders lie where they were last put, such as at the quantiles of what was found.
///
/// A border belongs to the cell above it, and 10⁻⁶ of the axis's range below it is forgiven, as in pyribs. What lies
/// beyond the outer borders falls in the outer cells; nothing is clamped onto the axes' ranges.
public struct SlidingTessellation: Tessellation, Hashable {
  /// The dimensions of the measure space; their ranges are where the borders start.
  public let axes: [MeasureAxis]
  /// How many cells there are along each axis.
  public let dimensions: [Int]
  /// The borders on each axis in its own unit, ascending, one more than cells.
  public private(set) var borders: [[Double]]

  private let grid: GridTessellation

  /// A grid whose borders divide the axes' ranges evenly on their scales.
  ///
  /// - Throws: `ArchiveError` if an axis is a list of categories, axes and dimensions do not match or there are
  ///   no or too many cells.
  public init(axes: [MeasureAxis], dimensions: [Int]) throws(ArchiveError) {
    try Self.validate(continuous: axes)
    grid = try GridTessellation(axes: axes, dimensions: dimensions)
    self.axes = axes
    self.dimensions = dimensions
    borders = zip(axes, dimensions).map { axis, count in
      (0...count).map { axis.denormalized(Double($0) / Double(count)) }
    }
  }

  /// A grid with given borders.
  ///
  /// - Throws: `ArchiveError` as for `init(axes:dimensions:)`, or `outOfRange` if there is not one more border
  ///   than cells on each axis or they are not finite or not ascending.
  public init(axes: [MeasureAxis], borders: [[Double]]) throws(ArchiveError) {
    try self.init(axes: axes, dimensions: borders.map { $0.count - 1 })
    for border in borders {
      for (lower, upper) in zip(border, border.dropFirst())
      where !(lower <= upper && (upper - lower).isFinite) {
        throw .outOfRange(
          parameter: "border", value: upper, minimum: lower, maximum: .greatestFiniteMagnitude)
      }
    }
    self.borders = borders
  }

  /// How many cells there are.
  public var cellCount: Int { grid.cellCount }

  /// Puts the borders of an axis elsewhere: ascending, one more than cells.
  mutating func move(_ axis: Int, to borders: [Double]) {
    self.borders[axis] = borders
  }

  /// How many of an axis's lower borders, but for the first, the value reaches.
  private func coordinate(_ axis: Int, _ value: Double) -> Int {
    let scale = axes[axis].arithmetic
    let reach = value + 1e-6 * (scale.upper - scale.lower)
    // The borders below the value, among the lower ones of all cells.
    var (lower, upper) = (0, dimensions[axis])
    while lower < upper {
      let middle = (lower + upper) / 2
      if borders[axis][middle] < reach { lower = middle + 1 } else { upper = middle }
    }
    return max(0, lower - 1)
  }

  /// The cell that the measures fall in, given in the axes' own units.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  public func cell(of measures: [Double]) throws(MeasureError) -> Int {
    try validate(measures)
    return cell(of: measures, row: 0)
  }

  /// The cell of a row of finite measures.
  func cell(of measures: [Double], row: Int) -> Int {
    var cell = 0
    for axis in dimensions.indices {
      cell = cell * dimensions[axis] + coordinate(axis, measures[row * dimensions.count + axis])
    }
    return cell
  }

  /// The borders of a cell on each axis.
  private func bounds(of cell: Int) -> [MeasureInterval] {
    zip(grid.coordinates(of: cell), borders).map { MeasureInterval(lower: $1[$0], upper: $1[$0 + 1]) }
  }

  /// The middle of a cell in normalised measure space, onto which borders beyond the axes' ranges are clamped.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func centroid(of cell: Int) -> [Double] {
    zip(axes, bounds(of: cell)).map { ($0.normalized($1.lower) + $0.normalized($1.upper)) / 2 }
  }

  /// The squared Euclidean distance of two cells in steps, each the share of an axis that it is of its cells.
  ///
  /// - Precondition: both cells are in `0 ..< cellCount`.
  public func squaredDistance(_ first: Int, _ second: Int) -> Double { grid.squaredDistance(first, second) }

  /// The cells one step away along one axis, in ascending order.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func neighbours(of cell: Int) -> [Int] { grid.neighbours(of: cell) }

  /// Where a cell lies: its bounds, and its corners where there are two axes.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func region(of cell: Int) -> CellRegion {
    let bounds = bounds(of: cell)
    let lower = zip(axes, bounds).map { $0.normalized($1.lower) }
    let upper = zip(axes, bounds).map { $0.normalized($1.upper) }
    let centroid = centroid(of: cell)
    let polygon: [[Double]]? =
      axes.count == 2
      ? [[lower[0], lower[1]], [upper[0], lower[1]], [upper[0], upper[1]], [lower[0], upper[1]]] : nil
    return CellRegion(
      cell: cell, centroid: centroid, measures: denormalized(centroid), bounds: bounds, polygon: polygon)
  }
}

extension SlidingTessellation: Codable {
  private enum CodingKeys: String, CodingKey {
    case axes, borders
  }

  /// Reads axes and borders and checks them as `init(axes:borders:)` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let axes = try container.decode([MeasureAxis].self, forKey: .axes)
    let borders = try container.decode([[Double]].self, forKey: .borders)
    self = try decoder.checked { () throws(ArchiveError) in
      try SlidingTessellation(axes: axes, borders: borders)
    }
  }

  /// Writes axes and borders.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(axes, forKey: .axes)
    try container.encode(borders, forKey: .borders)
  }
}
