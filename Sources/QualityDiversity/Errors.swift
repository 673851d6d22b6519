/// Why an axis cannot be made.
public enum MeasureAxisError: Error, Sendable, Hashable {
  /// The axis has no name.
  case emptyName
  /// A bound is infinite or not a number.
  case boundNotFinite(axis: String)
  /// The lower bound is not below the upper one, or not by enough to tell values apart.
  case emptyRange(axis: String, lower: Double, upper: Double)
  /// The distance between the bounds is beyond what a `Double` holds.
  case rangeTooWide(axis: String, lower: Double, upper: Double)
  /// A logarithmic axis begins at zero or below.
  case logarithmNeedsPositiveLowerBound(axis: String, lower: Double)
  /// A list of categories is empty, or longer than `ArchiveLimits.categories`.
  case categoryCount(axis: String, Int)
  /// Two categories of an axis have the same name.
  case repeatedCategory(axis: String, String)
}

/// Why measures have no cell.
public enum MeasureError: Error, Sendable, Hashable {
  /// There are more or fewer measures than axes.
  case wrongCount(expected: Int, got: Int)
  /// The measure on that axis is infinite or not a number.
  case notFinite(axis: String)
  /// The measure on that axis of categories is not the number of one.
  case notACategory(axis: String)
}

/// Why an archive cannot be made.
public enum ArchiveError: Error, Sendable, Hashable {
  /// There are no axes, or more than `ArchiveLimits.axes`.
  case axisCount(Int)
  /// Two axes have the same name.
  case repeatedAxis(String)
  /// A grid's dimensions are not one per axis.
  case dimensionCount(expected: Int, got: Int)
  /// A grid has no cells along an axis.
  case emptyDimension(axis: String, cells: Int)
  /// There would be no cells, or more than `limit`.
  case cellCount(Int?, limit: Int)
  /// A tessellation is sampled with fewer points than cells, or with more than `limit`.
  case sampleCount(Int, minimum: Int, limit: Int)
  /// A given centroid has another count of coordinates than there are axes, or one outside `0…1`.
  case malformedCentroid(index: Int)
  /// The dimension of an axis of categories is not their count.
  case categoryDimension(axis: String, categories: Int, got: Int)
  /// This kind of archive takes continuous axes only.
  case categoricalAxis(String)
  /// The learning rate of thresholds is not in `0…1`, or the least threshold is not finite.
  case threshold(learningRate: Double, minimum: Double)
  /// A number that sizes the archive is below its least or above its greatest value.
  case outOfRange(parameter: String, value: Double, minimum: Double, maximum: Double)
  /// A depth or thresholds are asked of a kind that has no fixed cells, or both at once.
  case noDepthOrThresholds
}

/// What an archive found wrong with itself.
public struct ArchiveInvariantViolation: Error, Sendable, Hashable {
  /// What disagrees, in one sentence.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Why a selection rule cannot be applied.
public enum SelectionError: Error, Sendable, Hashable {
  /// A tournament has fewer than one entrant or more than `ArchiveLimits.tournamentSize`.
  case tournamentSize(Int)
  /// The least weight of curiosity-proportional selection is not a positive finite number.
  case curiosityFloor(Double)
  /// The exponent of rank selection is negative or not finite.
  case rankExponent(Double)
  /// The number of neighbours of novelty selection is not in `1…ArchiveLimits.neighbours`.
  case noveltyNeighbours(Int)
}

/// Bounds on what a configuration may ask for, so that a slip in it costs an error and not the machine's memory.
public enum ArchiveLimits {
  /// The most axes of an archive.
  public static let axes = 32
  /// The most categories of an axis.
  public static let categories = 1 << 16
  /// The most elites that one cell may keep.
  public static let depth = 1 << 12
  /// The most neighbours that novelty is averaged over.
  public static let neighbours = 1 << 12
  /// The most elites of an archive of given capacity, and the most recent additions a sliding archive keeps.
  public static let capacity = 1 << 20
  /// The most objectives of an archive of Pareto fronts.
  public static let objectives = 4
  /// The most elites of one cell's Pareto front, which bounds the time of exact hypervolumes.
  public static let front = 1 << 8
  /// The most scores of one solution in a noisy archive.
  public static let scores = 1 << 16
  /// The most arms of a bandit.
  public static let arms = 1 << 20
  /// The most cells of a grid.
  public static let gridCells = 1 << 24
  /// The most cells of a centroidal Voronoi tessellation.
  public static let voronoiCells = 1 << 16
  /// The most coordinates (samples times axes) a tessellation is sampled with.
  public static let sampleCoordinates = 1 << 24
  /// The most distances (samples times cells) one pass of seeding may take.
  public static let sampleDistances = 1 << 32
  /// The most entrants of a tournament.
  public static let tournamentSize = 1 << 16
}

extension MeasureAxisError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .emptyName: "an axis needs a name"
    case .boundNotFinite(let axis): "the bounds of axis '\(axis)' must be finite numbers"
    case .emptyRange(let axis, let lower, let upper):
      "the range of axis '\(axis)' is empty: \(lower) is not below \(upper)"
    case .rangeTooWide(let axis, let lower, let upper):
      "the range \(lower)…\(upper) of axis '\(axis)' is too wide"
    case .logarithmNeedsPositiveLowerBound(let axis, let lower):
      "axis '\(axis)' is logarithmic, so its lower bound must be positive and not \(lower)"
    case .categoryCount(let axis, let count):
      "axis '\(axis)' needs 1 to \(ArchiveLimits.categories) categories, not \(count)"
    case .repeatedCategory(let axis, let category): "axis '\(axis)' has the category '\(category)' twice"
    }
  }
}

extension MeasureError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .wrongCount(let expected, let got): "expected \(expected) measures, got \(got)"
    case .notFinite(let axis): "the measure '\(axis)' is not a finite number"
    case .notACategory(let axis): "the measure '\(axis)' is not the number of a category"
    }
  }
}

extension ArchiveError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .axisCount(let count): "an archive has 1 to \(ArchiveLimits.axes) axes, not \(count)"
    case .repeatedAxis(let name): "two axes have the name '\(name)'"
    case .dimensionCount(let expected, let got):
      "a grid needs one dimension per axis: expected \(expected), got \(got)"
    case .emptyDimension(let axis, let cells): "the grid needs at least 1 cell along '\(axis)', not \(cells)"
    case .cellCount(let count, let limit):
      "an archive of this kind has 1 to \(limit) cells" + (count.map { ", not \($0)" } ?? "")
    case .sampleCount(let count, let minimum, let limit):
      "this tessellation takes \(minimum) to \(limit) samples, not \(count)"
    case .malformedCentroid(let index):
      "centroid \(index) needs one coordinate from 0 to 1 for each axis"
    case .categoryDimension(let axis, let categories, let got):
      "axis '\(axis)' has \(categories) categories, so the grid has as many cells along it and not \(got)"
    case .categoricalAxis(let axis):
      "axis '\(axis)' is a list of categories, and this kind of archive needs ranges"
    case .threshold(let rate, let minimum):
      "thresholds need a learning rate from 0 to 1 and a finite minimum, not \(rate) and \(minimum)"
    case .noDepthOrThresholds:
      "only grids and Voronoi tessellations keep several elites in a cell or have thresholds, and not both at once"
    case .outOfRange(let parameter, let value, let minimum, let maximum):
      "\(parameter) must be \(minimum) to \(maximum), not \(value)"
    }
  }
}

extension ArchiveInvariantViolation: CustomStringConvertible {}

extension SelectionError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .tournamentSize(let size):
      "a tournament has 1 to \(ArchiveLimits.tournamentSize) entrants, not \(size)"
    case .rankExponent(let exponent): "the exponent of ranks must be finite and not negative, not \(exponent)"
    case .noveltyNeighbours(let count):
      "novelty takes 1 to \(ArchiveLimits.neighbours) neighbours, not \(count)"
    case .curiosityFloor(let floor): "the least weight of curiosity must be positive and finite, not \(floor)"
    }
  }
}
