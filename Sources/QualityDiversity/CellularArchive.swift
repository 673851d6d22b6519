/// An archive whose cells are those of a tessellation.
public protocol CellularArchive<Solution>: Archive {
  /// The kind of tessellation.
  associatedtype Cells: Tessellation
  /// The division of the measure space.
  var tessellation: Cells { get }
}

extension CellularArchive {
  /// The dimensions of the measure space.
  public var axes: [MeasureAxis] { tessellation.axes }
  /// How many cells there are, occupied or not.
  public var cellCount: Int { tessellation.cellCount }

  /// The cell that the measures fall in, given in the axes' own units.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  public func cell(of measures: [Double]) throws(MeasureError) -> Int {
    try tessellation.cell(of: measures)
  }

  /// The elites of the occupied cells closest to a cell, itself excluded, the closest first.
  ///
  /// - Complexity: O(cells + elites × log elites).
  public func nearestElites(to cell: Int, count: Int) -> [Elite<Solution>] {
    guard (0..<cellCount).contains(cell), count > 0 else { return [] }
    let elites = self.elites
    let ranked = elites.indices.filter { elites[$0].cell != cell }
      .map { (row: $0, distance: tessellation.squaredDistance(cell, elites[$0].cell)) }
      .sorted { ($0.distance, $0.row) < ($1.distance, $1.row) }
    return ranked.prefix(count).map { elites[$0.row] }
  }

  /// The cells that border on a cell, in ascending order.
  ///
  /// Empty where there is no such cell.
  public func neighbours(of cell: Int) -> [Int] {
    (0..<cellCount).contains(cell) ? tessellation.neighbours(of: cell) : []
  }

  /// Where a cell lies, for plots and tables, or nil where there is no such cell.
  public func region(of cell: Int) -> CellRegion? {
    (0..<cellCount).contains(cell) ? tessellation.region(of: cell) : nil
  }
}

/// The keys of stored archives.
enum ArchiveCodingKeys: String, CodingKey {
  case archive, tessellation, thresholdRule, additionCount, clampCounts, elites, thresholds
  case remapFrequency, capacity, rankedAdditions, recent, depth, counts, axes
  case neighbourCount, noveltyThreshold, localCompetition, reference, rule
}

extension KeyedDecodingContainer {
  /// The error of content that can be read and not be right.
  func corrupted(_ key: Key, _ reason: String) -> DecodingError {
    DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: reason)
  }

  /// Checks the invariants of an archive that was read.
  func check(_ archive: some Archive, _ key: Key) throws {
    do {
      try archive.checkInvariants()
    } catch {
      throw corrupted(key, error.description)
    }
  }
}
