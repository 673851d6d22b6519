public import RandomStreams

/// An archive that keeps one elite per cell of a tessellation.
public struct TessellatedArchive<Cells: Tessellation, Solution: Sendable>: Archive {
  /// The division of the measure space.
  public let tessellation: Cells
  /// How many additions were tried so far, whatever came of them.
  public private(set) var additionCount = 0
  /// How many of the ranked additions lay beyond the range of each axis and were clamped onto it.
  public private(set) var clampCounts: [Int]

  /// The elites in the order in which their cells were first filled.
  private var store: [Elite<Solution>] = []
  /// Where in the store a cell's elite is, or -1.
  private var places: [Int32]
  private var occupancy: OccupancyTree

  /// An empty archive over that tessellation.
  public init(_ tessellation: Cells) {
    self.tessellation = tessellation
    clampCounts = [Int](repeating: 0, count: tessellation.axes.count)
    places = [Int32](repeating: -1, count: tessellation.cellCount)
    occupancy = OccupancyTree(cellCount: tessellation.cellCount)
  }

  /// The dimensions of the measure space.
  public var axes: [MeasureAxis] { tessellation.axes }
  /// How many cells there are, occupied or not.
  public var cellCount: Int { tessellation.cellCount }
  /// How many cells hold an elite.
  public var count: Int { store.count }

  /// The elites in the order of their cells.
  public var elites: [Elite<Solution>] {
    places.compactMap { $0 < 0 ? nil : store[Int($0)] }
  }

  /// The elites' objectives in the order of their cells.
  public var objectives: [Double] {
    places.compactMap { $0 < 0 ? nil : store[Int($0)].objective }
  }

  /// The elite with the highest objective, of equals that of the lowest cell; nil where there is none.
  ///
  /// - Complexity: O(elites).
  public var best: Elite<Solution>? {
    let place = store.indices.max {
      (store[$0].objective, store[$1].cell) < (store[$1].objective, store[$0].cell)
    }
    return place.map { store[$0] }
  }

  /// The elite of a cell, or nil where it is empty or there is no such cell.
  public func elite(at cell: Int) -> Elite<Solution>? {
    guard places.indices.contains(cell), places[cell] >= 0 else { return nil }
    return store[Int(places[cell])]
  }

  /// The cell that the measures fall in, given in the axes' own units.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  public func cell(of measures: [Double]) throws(MeasureError) -> Int {
    try tessellation.cell(of: measures)
  }

  /// Offers a solution, which stays if its cell is empty or holds a worse one.
  ///
  /// - Complexity: that of the tessellation's look-up, and O(log cells) where the cell was empty.
  @discardableResult
  public mutating func add(
    _ solution: Solution, objective: Double, measures: [Double]
  ) -> AddOutcome<Solution> {
    let ordinal = additionCount
    additionCount += 1
    guard objective.isFinite else { return .refused(.objectiveNotFinite) }
    let cell: Int
    do {
      cell = try tessellation.cell(of: measures)
    } catch {
      return .refused(.measures(error))
    }
    for index in measures.indices where !tessellation.axes[index].contains(measures[index]) {
      clampCounts[index] += 1
    }
    let place = Int(places[cell])
    if place >= 0, store[place].objective >= objective {
      return .notBetter(than: store[place], objective: objective)
    }
    let elite = Elite(
      solution: solution, objective: objective, measures: measures, cell: cell, ordinal: ordinal)
    guard place >= 0 else {
      places[cell] = Int32(store.count)
      store.append(elite)
      occupancy.occupy(cell)
      return .new(in: cell, objective: objective)
    }
    let displaced = store[place]
    store[place] = elite
    return .improved(on: displaced, objective: objective)
  }

  /// An elite drawn with equal probability from all, or nil where there is none.
  ///
  /// - Complexity: O(log cells).
  public func sample(using stream: inout RandomStream) -> Elite<Solution>? {
    guard !store.isEmpty else { return nil }
    return elite(at: occupancy.cell(withRank: stream.integer(below: store.count)))
  }

  /// The elites of the occupied cells closest to a cell, itself excluded, the closest first.
  ///
  /// - Complexity: O(elites × log elites).
  public func nearestElites(to cell: Int, count: Int) -> [Elite<Solution>] {
    guard places.indices.contains(cell), count > 0 else { return [] }
    let ranked = store.indices.filter { store[$0].cell != cell }
      .map { (place: $0, distance: tessellation.squaredDistance(cell, store[$0].cell)) }
      .sorted { ($0.distance, store[$0.place].cell) < ($1.distance, store[$1.place].cell) }
    return ranked.prefix(count).map { store[$0.place] }
  }

  /// The cells that border on a cell, in ascending order.
  ///
  /// Empty where there is no such cell.
  public func neighbours(of cell: Int) -> [Int] {
    places.indices.contains(cell) ? tessellation.neighbours(of: cell) : []
  }

  /// Where a cell lies, for plots and tables, or nil where there is no such cell.
  public func region(of cell: Int) -> CellRegion? {
    places.indices.contains(cell) ? tessellation.region(of: cell) : nil
  }

  /// Checks that every elite sits in the cell of its measures and that all counts agree.
  ///
  /// - Throws: `ArchiveInvariantViolation` naming the first thing that is wrong.
  /// - Complexity: O(cells).
  public func checkInvariants() throws(ArchiveInvariantViolation) {
    guard places.count == cellCount, clampCounts.count == axes.count, store.count <= additionCount else {
      throw ArchiveInvariantViolation("the archive's tables do not have the size of its tessellation")
    }
    for (place, elite) in store.enumerated() {
      guard elite.objective.isFinite, (0..<additionCount).contains(elite.ordinal) else {
        throw ArchiveInvariantViolation(
          "the elite of cell \(elite.cell) has an impossible objective or ordinal")
      }
      guard places.indices.contains(elite.cell), Int(places[elite.cell]) == place else {
        throw ArchiveInvariantViolation("cell \(elite.cell) does not lead to its elite")
      }
      guard let cell = try? tessellation.cell(of: elite.measures), cell == elite.cell else {
        throw ArchiveInvariantViolation("the elite of cell \(elite.cell) has the measures of another cell")
      }
    }
    let occupied = places.indices.filter { places[$0] >= 0 }
    guard occupied.count == store.count else {
      throw ArchiveInvariantViolation("\(occupied.count) cells are occupied by \(store.count) elites")
    }
    for (rank, cell) in occupied.enumerated() where occupancy.cell(withRank: rank) != cell {
      throw ArchiveInvariantViolation("cell \(cell) cannot be sampled")
    }
  }
}

/// An archive over a regular grid: MAP-Elites as published by Mouret & Clune 2015.
public typealias GridArchive<Solution: Sendable> = TessellatedArchive<GridTessellation, Solution>

/// An archive over a centroidal Voronoi tessellation: CVT-MAP-Elites.
///
/// Vassiliades, Chatzilygeroudis & Mouret 2018.
public typealias CVTArchive<Solution: Sendable> = TessellatedArchive<VoronoiTessellation, Solution>

extension TessellatedArchive where Cells == GridTessellation {
  /// An empty archive over a grid with that many cells along each axis.
  ///
  /// - Throws: `ArchiveError` if axes and dimensions do not match or there are no or too many cells.
  public init(axes: [MeasureAxis], dimensions: [Int]) throws(ArchiveError) {
    self.init(try GridTessellation(axes: axes, dimensions: dimensions))
  }
}

extension TessellatedArchive where Cells == VoronoiTessellation {
  /// An empty archive over a centroidal Voronoi tessellation.
  ///
  /// - Throws: `ArchiveError` if there are no or too many axes, cells or samples, or fewer samples than cells.
  public init(axes: [MeasureAxis], cells: Int, samples: Int, seed: UInt64) throws(ArchiveError) {
    self.init(try VoronoiTessellation(axes: axes, cells: cells, samples: samples, seed: seed))
  }
}
