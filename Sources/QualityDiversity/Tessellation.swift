/// A division of the measure space into numbered cells that stays as it is.
public protocol Tessellation: Sendable {
  /// The dimensions of the measure space.
  var axes: [MeasureAxis] { get }
  /// How many cells there are; at least one.
  var cellCount: Int { get }

  /// The cell that the measures fall in, given in the axes' own units.
  ///
  /// - Throws: `MeasureError` if their count is not that of the axes or one is not finite.
  func cell(of measures: [Double]) throws(MeasureError) -> Int

  /// The cells of measures given row by row, and -1 for a row of which a measure has no place.
  ///
  /// - Precondition: `measures` holds whole rows of one measure per axis.
  func cells(of measures: [Double]) -> [Int32]

  /// The middle of a cell in normalised measure space.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  func centroid(of cell: Int) -> [Double]

  /// The squared Euclidean distance of two cells' centroids in normalised measure space.
  ///
  /// - Precondition: both cells are in `0 ..< cellCount`.
  func squaredDistance(_ first: Int, _ second: Int) -> Double

  /// The cells that border on a cell, in ascending order.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  func neighbours(of cell: Int) -> [Int]

  /// Where a cell lies.
  ///
  /// - Precondition: the cell is in `0 ..< cellCount`.
  func region(of cell: Int) -> CellRegion
}

/// A stretch of an axis in the measure's own unit.
public struct MeasureInterval: Sendable, Hashable, Codable {
  /// Where it begins.
  public let lower: Double
  /// Where it ends.
  public let upper: Double

  /// The stretch from `lower` to `upper`.
  public init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }
}

/// Where a cell lies, for plots and tables.
public struct CellRegion: Sendable, Hashable, Codable {
  /// The cell's number.
  public let cell: Int
  /// The middle in normalised measure space, one coordinate in `0…1` per axis.
  public let centroid: [Double]
  /// The middle in the axes' own units.
  public let measures: [Double]
  /// The stretch of each axis in its own unit, where the cell is a box (grids, and any archive of one axis).
  public let bounds: [MeasureInterval]?
  /// The corners in normalised measure space, counter-clockwise, where there are two axes.
  public let polygon: [[Double]]?

  /// A cell that lies there.
  public init(
    cell: Int, centroid: [Double], measures: [Double], bounds: [MeasureInterval]?, polygon: [[Double]]?
  ) {
    self.cell = cell
    self.centroid = centroid
    self.measures = measures
    self.bounds = bounds
    self.polygon = polygon
  }
}

extension Tessellation {
  /// Checks that the axes are not too few or too many and have names of their own.
  static func validate(_ axes: [MeasureAxis]) throws(ArchiveError) {
    guard (1...ArchiveLimits.axes).contains(axes.count) else { throw .axisCount(axes.count) }
    var names: Set<String> = []
    for axis in axes where !names.insert(axis.name).inserted { throw .repeatedAxis(axis.name) }
  }

  /// Checks that the axes are as they must be, and none of them a list of categories.
  static func validate(continuous axes: [MeasureAxis]) throws(ArchiveError) {
    try validate(axes)
    for axis in axes where axis.isCategorical { throw .categoricalAxis(axis.name) }
  }

  /// Checks that there is one measure per axis that has a place there.
  func validate(_ measures: [Double]) throws(MeasureError) {
    try axes.validate(measures)
  }

  /// The cells of measures given row by row, found one after the other.
  public func cells(of measures: [Double]) -> [Int32] {
    stride(from: 0, to: measures.count, by: axes.count).map { row in
      (try? cell(of: Array(measures[row..<row + axes.count]))).map(Int32.init) ?? -1
    }
  }

  /// The point of normalised measure space in the axes' own units.
  func denormalized(_ point: [Double]) -> [Double] {
    zip(axes, point).map { $0.denormalized($1) }
  }
}

extension Decoder {
  /// What `make` gives, with its error told as one of decoding.
  func checked<Value>(_ make: () throws(ArchiveError) -> Value) throws -> Value {
    do {
      return try make()
    } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath, debugDescription: error.description, underlyingError: error))
    }
  }
}

extension [MeasureAxis] {
  /// Checks that there is one measure per axis that has a place there.
  func validate(_ measures: [Double]) throws(MeasureError) {
    guard measures.count == count else { throw .wrongCount(expected: count, got: measures.count) }
    for index in measures.indices where !self[index].arithmetic.places(measures[index]) {
      let name = self[index].name
      throw self[index].isCategorical && measures[index].isFinite
        ? .notACategory(axis: name) : .notFinite(axis: name)
    }
  }
}
