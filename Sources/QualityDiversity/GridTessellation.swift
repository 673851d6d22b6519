#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular grid over the measure space, with its own number of cells along each axis.
///
/// Cells are numbered in row-major order, the last axis fastest. A border belongs to the cell above it and the
/// upper bound to the last cell. As in pyribs, 10⁻⁶ of a cell is forgiven below a border, so that rounding in
/// a measure that should lie on it does not decide; pyribs divides this by the axis's range, here it does not
/// depend on the unit.
public struct GridTessellation: Tessellation, Hashable {
  /// How much of a cell's width below a border still counts as on it.
  static let borderTolerance = 1e-6

  /// The dimensions of the measure space.
  public let axes: [MeasureAxis]
  /// How many cells there are along each axis.
  public let dimensions: [Int]
  /// How many cells there are.
  public let cellCount: Int
  private let scales: [AxisScale]

  /// A grid with that many cells along each axis.
  ///
  /// - Throws: `ArchiveError` if axes and dimensions do not match or there are no or too many cells.
  public init(axes: [MeasureAxis], dimensions: [Int]) throws(ArchiveError) {
    try Self.validate(axes)
    guard dimensions.count == axes.count else {
      throw .dimensionCount(expected: axes.count, got: dimensions.count)
    }
    var cells = 1
    for (axis, dimension) in zip(axes, dimensions) {
      guard dimension > 0 else { throw .emptyDimension(axis: axis.name, cells: dimension) }
      if let categories = axis.categories, categories.count != dimension {
        throw .categoryDimension(axis: axis.name, categories: categories.count, got: dimension)
      }
      let (product, overflow) = cells.multipliedReportingOverflow(by: dimension)
      guard !overflow, product <= ArchiveLimits.gridCells else {
        throw .cellCount(overflow ? nil : product, limit: ArchiveLimits.gridCells)
      }
      cells = product
    }
    self.axes = axes
    self.dimensions = dimensions
    self.cellCount = cells
    scales = axes.map(\.arithmetic)
  }

  /// The cell that the measures fall in, given in the axes' own units.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  public func cell(of measures: [Double]) throws(MeasureError) -> Int {
    try validate(measures)
    var cell = 0
    for index in measures.indices {
      let count = dimensions[index]
      let position = Double(count) * axes[index].normalized(measures[index]) + Self.borderTolerance
      cell = cell * count + min(count - 1, Int(position))
    }
    return cell
  }

  /// The cells of measures given row by row, and -1 for a row of which a measure has no place.
  ///
  /// - Precondition: `measures` holds whole rows of one measure per axis.
  public func cells(of measures: [Double]) -> [Int32] {
    precondition(measures.count % scales.count == 0, "measures come in whole rows")
    var cells = Array.filled(measures.count / scales.count, with: Int32(0))
    var axis = 0
    while axis < scales.count {
      if axis + 1 < scales.count, scales[axis].kind == .linear, scales[axis + 1].kind == .linear {
        placePair(&cells, measures, axis)
        axis += 2
        continue
      }
      switch scales[axis].kind {
      case .linear: place(&cells, measures, axis) { $0 }
      case .logarithmic: place(&cells, measures, axis) { $0 > 0 ? log($0) : -.infinity }
      case .categorical: placeCategories(&cells, measures, axis)
      }
      axis += 1
    }
    return cells
  }

  /// Takes the rows' places along a continuous axis into their cells, as `cell(of:)` does.
  @inline(__always) private func place(
    _ cells: inout [Int32], _ measures: [Double], _ axis: Int, scaled: (Double) -> Double
  ) {
    let (origin, extent, size) = (scales[axis].origin, scales[axis].extent, Double(dimensions[axis]))
    let (dimension, last) = (Int32(dimensions[axis]), Int32(dimensions[axis] - 1))
    let (measures, width) = (measures.span, scales.count)
    var cells = cells.mutableSpan
    var place = axis
    for row in 0..<cells.count {
      let value = measures[place]
      place &+= width
      // What is beyond the bounds comes out beyond 0 or 1; what is not a number compares false, and becomes 0.
      var position = (scaled(value) - origin) / extent
      position = position > 0 ? position : 0
      position = position < 1 ? position : 1
      // No more than the grid's cells, of which there are not too many for 32 bits.
      let cell = cells[row] &* dimension &+ min(last, Int32(size * position + Self.borderTolerance))
      cells[row] = value.isFinite && cells[row] >= 0 ? cell : -1
    }
  }

  /// Does so for two linear axes at once, since two divisions take as long as one.
  private func placePair(_ cells: inout [Int32], _ measures: [Double], _ axis: Int) {
    let (first, second) = (scales[axis], scales[axis + 1])
    let origin = SIMD2(first.origin, second.origin)
    let extent = SIMD2(first.extent, second.extent)
    let inverse = 1 / extent
    // To divide by a power of two is to multiply by another, to the last bit, and faster.
    if extent[0] == extent[0].binade, extent[1] == extent[1].binade, inverse[0].isNormal, inverse[1].isNormal
    {
      placePair(&cells, measures, axis) { ($0 - origin) * inverse }
    } else {
      placePair(&cells, measures, axis) { ($0 - origin) / extent }
    }
  }

  @inline(__always) private func placePair(
    _ cells: inout [Int32], _ measures: [Double], _ axis: Int, scaled: (SIMD2<Double>) -> SIMD2<Double>
  ) {
    let size = SIMD2(Double(dimensions[axis]), Double(dimensions[axis + 1]))
    let last = size - 1
    let (rows, columns) = (Int32(dimensions[axis]), Int32(dimensions[axis + 1]))
    let (measures, width) = (measures.span, scales.count)
    var cells = cells.mutableSpan
    var place = axis
    for row in 0..<cells.count {
      let values = SIMD2(measures[place], measures[place &+ 1])
      place &+= width
      let raw = scaled(values)
      let above = SIMD2<Double>.zero.replacing(with: raw, where: raw .> 0)
      let raised =
        size * SIMD2<Double>.one.replacing(with: above, where: above .< 1) + Self.borderTolerance
      let position = last.replacing(with: raised, where: raised .< last)
      // 2⁵² and a number leave no room for less than ones: its bits end with the nearest whole number.
      let shifted = position + 0x1p52
      let isUp = SIMD2<Int64>.zero.replacing(with: -1, where: shifted - 0x1p52 .> position)
      let first = Int32(truncatingIfNeeded: Int64(bitPattern: shifted[0].bitPattern) &+ isUp[0])
      let second = Int32(truncatingIfNeeded: Int64(bitPattern: shifted[1].bitPattern) &+ isUp[1])
      let cell = (cells[row] &* rows &+ first) &* columns &+ second
      cells[row] = all(values - values .== 0) && cells[row] >= 0 ? cell : -1
    }
  }

  private func placeCategories(_ cells: inout [Int32], _ measures: [Double], _ axis: Int) {
    let dimension = Int32(dimensions[axis])
    let (measures, width) = (measures.span, scales.count)
    var cells = cells.mutableSpan
    var place = axis
    for row in 0..<cells.count {
      let value = measures[place]
      place &+= width
      let isInside = value >= 0 && value < Double(dimension)
      let number = Int32(isInside ? value : 0)
      let cell = cells[row] &* dimension &+ number
      cells[row] = isInside && Double(number) == value && cells[row] >= 0 ? cell : -1
    }
  }

  /// The place of a cell along each axis, from 0.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func coordinates(of cell: Int) -> [Int] {
    precondition(cell >= 0 && cell < cellCount, "no such cell")
    var rest = cell
    var coordinates = [Int](repeating: 0, count: dimensions.count)
    for index in dimensions.indices.reversed() {
      coordinates[index] = rest % dimensions[index]
      rest /= dimensions[index]
    }
    return coordinates
  }

  /// The cell at that place along each axis, or nil where that is outside the grid.
  public func cell(at coordinates: [Int]) -> Int? {
    guard coordinates.count == dimensions.count else { return nil }
    var cell = 0
    for (coordinate, count) in zip(coordinates, dimensions) {
      guard coordinate >= 0, coordinate < count else { return nil }
      cell = cell * count + coordinate
    }
    return cell
  }

  /// The middle of a cell in normalised measure space.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func centroid(of cell: Int) -> [Double] {
    zip(coordinates(of: cell), dimensions).map { (Double($0) + 0.5) / Double($1) }
  }

  /// The squared Euclidean distance of two cells' centroids in normalised measure space.
  ///
  /// Taken from whole steps, so that cells equally far to either side are exactly equally distant. Different
  /// categories are at distance 1, the length of an axis.
  ///
  /// - Precondition: both cells are in `0 ..< cellCount`.
  public func squaredDistance(_ first: Int, _ second: Int) -> Double {
    precondition(min(first, second) >= 0 && max(first, second) < cellCount, "no such cell")
    var (restOfFirst, restOfSecond) = (first, second)
    var sum = 0.0
    for (count, scale) in zip(dimensions, scales).reversed() {
      let steps = restOfFirst % count - restOfSecond % count
      let step = scale.kind == .categorical ? (steps == 0 ? 0 : 1) : Double(steps) / Double(count)
      sum += step * step
      restOfFirst /= count
      restOfSecond /= count
    }
    return sum
  }

  /// The cells one step away along one axis, in ascending order; to any other category it is one step.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func neighbours(of cell: Int) -> [Int] {
    let place = coordinates(of: cell)
    var neighbours: [Int] = []
    var stride = 1
    for index in dimensions.indices.reversed() {
      if axes[index].isCategorical {
        for other in 0..<dimensions[index] where other != place[index] {
          neighbours.append(cell + (other - place[index]) * stride)
        }
      } else {
        if place[index] > 0 { neighbours.append(cell - stride) }
        if place[index] + 1 < dimensions[index] { neighbours.append(cell + stride) }
      }
      stride *= dimensions[index]
    }
    return neighbours.sorted()
  }

  /// Where a cell lies: its bounds, and its corners where there are two axes.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  public func region(of cell: Int) -> CellRegion {
    let place = coordinates(of: cell)
    let lower = zip(place, dimensions).map { Double($0) / Double($1) }
    let upper = zip(place, dimensions).map { Double($0 + 1) / Double($1) }
    let centroid = centroid(of: cell)
    let polygon: [[Double]]? =
      axes.count == 2
      ? [[lower[0], lower[1]], [upper[0], lower[1]], [upper[0], upper[1]], [lower[0], upper[1]]] : nil
    return CellRegion(
      cell: cell, centroid: centroid, measures: denormalized(centroid),
      bounds: zip(denormalized(lower), denormalized(upper)).map { MeasureInterval(lower: $0, upper: $1) },
      polygon: polygon)
  }
}

extension GridTessellation: Codable {
  private enum CodingKeys: String, CodingKey {
    case axes, dimensions
  }

  /// Reads axes and dimensions and checks them as `init(axes:dimensions:)` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let axes = try container.decode([MeasureAxis].self, forKey: .axes)
    let dimensions = try container.decode([Int].self, forKey: .dimensions)
    self = try decoder.checked { () throws(ArchiveError) in
      try GridTessellation(axes: axes, dimensions: dimensions)
    }
  }

  /// Writes axes and dimensions.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(axes, forKey: .axes)
    try container.encode(dimensions, forKey: .dimensions)
  }
}
