import QualityDiversity

/// Where the cells of an archive lie in a picture.
struct CellLayout: Sendable {
  /// The area of a cell, in normalised measure space.
  enum Area: Sendable {
    /// A stretch of each axis.
    case box([ClosedRange<Double>])
    /// The corners, of the first two axes, and the place on all.
    case polygon([Point], at: [Double])
    /// A place without an area, since the archive has no cells, or none that can be drawn: the elite's, or the
    /// middle of an empty cell.
    case place([Double])
  }

  /// A cell.
  struct Cell: Sendable {
    var number: Int
    var area: Area
  }

  /// The archive's axes; where cells are those of a Voronoi tessellation in each combination of categories, the
  /// continuous axes come first.
  let axes: [MeasureAxis]
  /// How many cells there are, drawn or not.
  let cellCount: Int
  /// The cells: of one or two axes all, and those that are polygons in each category; of others the occupied ones.
  let cells: [Cell]
  /// Where each axis is cut, in normalised measure space, where all cells are boxes; else nil.
  let borders: [[Double]]?
  /// Where planes cut the cells of a Voronoi tessellation of three or more continuous axes; else nil.
  let cuts: CellCuts?
  /// How many categories the axes behind the continuous ones have.
  private let listSizes: [Int]

  /// Of grids of more cells only the occupied ones are asked where their borders are.
  private static let mostCells = 200_000

  /// The layout of an archive.
  init<Solution: Sendable>(_ archive: any Archive<Solution>) {
    let mixed = (archive as? any CellularArchive)?.tessellation as? MixedTessellation
    let tessellation = (archive as? any CellularArchive)?.tessellation as? VoronoiTessellation
    // Continuous axes are drawn, and categories have a map each.
    let order =
      archive.axes.indices.filter { mixed == nil || !archive.axes[$0].isCategorical }
      + archive.axes.indices.filter { mixed != nil && archive.axes[$0].isCategorical }
    let axes = order.map { archive.axes[$0] }
    self.axes = axes
    cellCount = archive.cellCount
    listSizes = mixed == nil ? [] : axes.compactMap(\.categories?.count)
    cuts = (mixed?.continuous ?? tessellation).flatMap { CellCuts($0) }
    // A cell may have several elites.
    let occupied = Set(archive.elites.map(\.cell)).sorted()
    let isFlat = axes.count <= 2 || mixed?.continuous.axes.count == 2
    let numbers = isFlat && archive.cellCount <= Self.mostCells ? Array(0..<archive.cellCount) : occupied
    let measures = Dictionary(archive.elites.map { ($0.cell, $0.measures) }) { first, _ in first }
    cells = numbers.compactMap { number in
      archive.region(of: number).map { region in
        let place =
          (measures[number].map { zip(archive.axes, $0).map { $0.normalized($1) } }) ?? region.centroid
        let area =
          mixed.map { Self.area(number, of: $0, place, order) } ?? Self.area(region, archive.axes, place)
        return Cell(number: number, area: area)
      }
    }
    if mixed != nil {
      borders = nil
    } else if archive.cellCount <= Self.mostCells {
      borders = Self.borders(
        (0..<archive.cellCount).lazy.compactMap { archive.region(of: $0) }.map {
          Self.area($0, archive.axes, $0.centroid)
        }, axisCount: axes.count)
    } else {
      borders = Self.borders(cells.map(\.area), axisCount: axes.count)
    }
  }

  /// A cell of a Voronoi tessellation within a combination of categories: as what it is among the continuous axes.
  private static func area(
    _ cell: Int, of mixed: MixedTessellation, _ place: [Double], _ order: [Int]
  ) -> Area {
    let place = order.map { place[$0] }
    let region = mixed.continuous.region(of: cell % mixed.continuous.cellCount)
    if let polygon = region.polygon { return .polygon(polygon.map { Point($0[0], $0[1]) }, at: place) }
    guard let bounds = region.bounds?.first else { return .place(place) }
    let axis = mixed.axes[order[0]]
    let stretches = order.dropFirst().enumerated().map { index, list in
      let count = Double(mixed.axes[list].categories?.count ?? 1)
      let number = min(count - 1, (place[index + 1] * count).rounded(.down))
      return number / count...(number + 1) / count
    }
    return .box([axis.normalized(bounds.lower)...axis.normalized(bounds.upper)] + stretches)
  }

  private static func area(_ region: CellRegion, _ axes: [MeasureAxis], _ place: [Double]) -> Area {
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
    if let polygon = region.polygon { return .polygon(polygon.map { Point($0[0], $0[1]) }, at: place) }
    return .place(place)
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

  /// What the plane of the first two axes cuts where the others have those places; nothing where there are no cuts.
  func cuts(at places: [Double]) -> [CellCuts.Cut] {
    guard let cuts, places.count == axes.count - 2 else { return [] }
    let continuous = places.count - listSizes.count
    var combination = 0
    for (size, place) in zip(listSizes, places[continuous...]) {
      combination = combination * size + min(size - 1, Int(place * Double(size)))
    }
    let count = cellCount / listSizes.reduce(1, *)
    return cuts.cuts(at: Array(places[..<continuous])).map {
      CellCuts.Cut(cell: combination * count + $0.cell, corners: $0.corners)
    }
  }

  /// Whether cells have areas in a picture of two axes.
  var hasAreas: Bool {
    !cells.contains { if case .place = $0.area { true } else { false } }
  }
}
