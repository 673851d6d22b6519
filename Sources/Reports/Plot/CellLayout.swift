import QualityDiversity

/// Where the cells of an archive lie in a picture.
struct CellLayout: Sendable {
  /// The area of a cell, in normalised measure space.
  enum Area: Sendable {
    /// A stretch of each axis.
    case box([ClosedRange<Double>])
    /// The corners, of two axes.
    case polygon([Point])
    /// A place without an area, since the archive has no cells, or none that can be drawn: the elite's, or the
    /// middle of an empty cell.
    case place([Double])
  }

  /// A cell.
  struct Cell: Sendable {
    var number: Int
    var area: Area
  }

  /// The archive's axes.
  let axes: [MeasureAxis]
  /// How many cells there are, drawn or not.
  let cellCount: Int
  /// The cells: of one or two axes all, of more the occupied ones.
  let cells: [Cell]
  /// Where each axis is cut, in normalised measure space, where all cells are boxes; else nil.
  let borders: [[Double]]?

  /// Of grids of more cells only the occupied ones are asked where their borders are.
  private static let mostCells = 200_000

  /// The layout of an archive.
  init<Solution: Sendable>(_ archive: any Archive<Solution>) {
    axes = archive.axes
    cellCount = archive.cellCount
    // A cell may have several elites.
    let occupied = Set(archive.elites.map(\.cell)).sorted()
    let numbers = archive.axes.count <= 2 ? Array(0..<archive.cellCount) : occupied
    cells = numbers.compactMap { number in
      archive.region(of: number).map { region in
        Cell(number: number, area: Self.area(region, archive.axes, archive.elite(at: number)?.measures))
      }
    }
    if archive.cellCount <= Self.mostCells {
      borders = Self.borders(
        (0..<archive.cellCount).lazy.compactMap { archive.region(of: $0) }.map {
          Self.area($0, archive.axes, nil)
        }, axisCount: axes.count)
    } else {
      borders = Self.borders(cells.map(\.area), axisCount: axes.count)
    }
  }

  private static func area(_ region: CellRegion, _ axes: [MeasureAxis], _ measures: [Double]?) -> Area {
    if let bounds = region.bounds {
      return .box(
        zip(axes, bounds).enumerated().map { index, pair in
          let (axis, stretch) = pair
          // A category's stretch is around it.
          if let count = axis.categories?.count {
            let number = (region.centroid[index] * Double(count)).rounded(.down)
            return number / Double(count)...(number + 1) / Double(count)
          }
          let (lower, upper) = (axis.normalized(stretch.lower), axis.normalized(stretch.upper))
          return min(lower, upper)...max(lower, upper)
        })
    }
    if let polygon = region.polygon { return .polygon(polygon.map { Point($0[0], $0[1]) }) }
    return .place(measures.map { zip(axes, $0).map { $0.normalized($1) } } ?? region.centroid)
  }

  /// The borders of boxes along each axis; the same border reckoned from two sides may differ by rounding.
  private static func borders(_ areas: some Sequence<Area>, axisCount: Int) -> [[Double]]? {
    var found = [Set<Double>](repeating: [0, 1], count: axisCount)
    var isEmpty = true
    for area in areas {
      guard case .box(let box) = area else { return nil }
      isEmpty = false
      for (axis, stretch) in box.enumerated() {
        found[axis].insert((stretch.lowerBound * 1e9).rounded() / 1e9)
        found[axis].insert((stretch.upperBound * 1e9).rounded() / 1e9)
      }
    }
    return isEmpty ? nil : found.map { $0.sorted() }
  }

  /// Whether cells have areas in a picture of two axes.
  var hasAreas: Bool {
    !cells.contains { if case .place = $0.area { true } else { false } }
  }
}
