#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a measure's range is spread over the unit interval.
public enum MeasureScale: String, Sendable, Hashable, Codable, CaseIterable {
  /// Equal differences are equally far apart.
  case linear
  /// Equal ratios are equally far apart, as suits counts and costs that span orders of magnitude.
  case logarithmic
}

/// The arithmetic of an axis, without its name, so that batches of measures pass over plain numbers.
struct AxisScale: Sendable, Hashable {
  enum Kind: Sendable, Hashable { case linear, logarithmic, categorical }

  let kind: Kind
  /// What is clamped to, in the measure's own unit; half a category beyond the first and last of a list.
  let lower: Double
  let upper: Double
  /// The lower bound and the extent on the scale (logarithms on a logarithmic one).
  let origin: Double
  let extent: Double

  /// The value's place in `0…1`; a value beyond the range is clamped onto it.
  func normalized(_ value: Double) -> Double {
    if value <= lower { return 0 }
    if value >= upper { return 1 }
    if value.isNaN { return value }
    let scaled = kind == .logarithmic ? log(value) : value
    return min(1, max(0, (scaled - origin) / extent))
  }

  /// The value at a place in `0…1`; places beyond give the bounds, and a category has a whole stretch.
  func denormalized(_ position: Double) -> Double {
    if kind == .categorical { return min(extent - 1, max(0, (position * extent).rounded(.down))) }
    if position <= 0 { return lower }
    if position >= 1 { return upper }
    let scaled = origin + position * extent
    return min(upper, max(lower, kind == .logarithmic ? exp(scaled) : scaled))
  }

  /// Whether the value has a place at all: it is finite, and the number of a category where there are such.
  func places(_ value: Double) -> Bool {
    guard kind == .categorical else { return value.isFinite }
    return value >= 0 && value < extent && value == value.rounded(.down)
  }

  /// Whether the value lies in the range, that is, whether it is placed without clamping.
  func contains(_ value: Double) -> Bool {
    kind == .categorical ? places(value) : value >= lower && value <= upper
  }
}

/// One dimension of the measure space: a named quantity, the range that is told apart, and its scale.
///
/// An archive never compares raw measures: each is first mapped onto `0…1` by its axis, so that a range of
/// billions (MACs) and one of units (width/depth) weigh the same. Values beyond the range are clamped onto it.
///
/// An axis may also be a list of categories. Its measures are the categories' numbers from 0, each of which takes
/// an equal stretch of `0…1`; no two categories are nearer to each other than others, and a number that is not
/// a category's is refused rather than clamped.
public struct MeasureAxis: Sendable, Hashable {
  /// What is measured, such as `macs`.
  public let name: String
  /// The smallest value told apart, in the measure's own unit.
  public let lower: Double
  /// The largest value told apart, in the measure's own unit.
  public let upper: Double
  /// How the range is spread over `0…1`.
  public let scale: MeasureScale
  /// The names of the categories in the order of their numbers; nil where the axis is continuous.
  public let categories: [String]?

  /// The arithmetic, kept for speed.
  let arithmetic: AxisScale

  /// An axis over the range `lower…upper`.
  ///
  /// - Throws: `MeasureAxisError` if the name is empty, a bound is not finite, the range is empty or so wide
  ///   that its extent is not finite, or the scale is logarithmic and the lower bound is not positive.
  public init(
    name: String, lower: Double, upper: Double, scale: MeasureScale = .linear
  ) throws(MeasureAxisError) {
    guard !name.isEmpty else { throw .emptyName }
    guard lower.isFinite, upper.isFinite else { throw .boundNotFinite(axis: name) }
    guard lower < upper else { throw .emptyRange(axis: name, lower: lower, upper: upper) }
    let origin: Double
    let extent: Double
    switch scale {
    case .linear:
      origin = lower
      extent = upper - lower
    case .logarithmic:
      guard lower > 0 else { throw .logarithmNeedsPositiveLowerBound(axis: name, lower: lower) }
      origin = log(lower)
      extent = log(upper) - origin
    }
    // The bounds may differ and their logarithms not.
    guard extent > 0 else { throw .emptyRange(axis: name, lower: lower, upper: upper) }
    guard extent.isFinite else { throw .rangeTooWide(axis: name, lower: lower, upper: upper) }
    self.name = name
    self.lower = lower
    self.upper = upper
    self.scale = scale
    categories = nil
    arithmetic = AxisScale(
      kind: scale == .linear ? .linear : .logarithmic, lower: lower, upper: upper, origin: origin,
      extent: extent)
  }

  /// An axis over a list of categories, numbered from 0 in the order given.
  ///
  /// - Throws: `MeasureAxisError` if the name is empty, or there are no categories, more than
  ///   `ArchiveLimits.categories`, or two of the same name.
  public init(name: String, categories: [String]) throws(MeasureAxisError) {
    guard !name.isEmpty else { throw .emptyName }
    guard (1...ArchiveLimits.categories).contains(categories.count) else {
      throw .categoryCount(axis: name, categories.count)
    }
    var seen: Set<String> = []
    for category in categories where !seen.insert(category).inserted {
      throw .repeatedCategory(axis: name, category)
    }
    self.name = name
    self.categories = categories
    lower = 0
    upper = Double(categories.count - 1)
    scale = .linear
    arithmetic = AxisScale(
      kind: .categorical, lower: -0.5, upper: upper + 0.5, origin: -0.5, extent: Double(categories.count))
  }

  /// Whether the axis is a list of categories.
  public var isCategorical: Bool { categories != nil }

  /// The measure that stands for a category, or nil where the axis has none of that name.
  public func measure(of category: String) -> Double? {
    categories?.firstIndex(of: category).map(Double.init)
  }

  /// The category that a measure stands for, or nil where there is none.
  public func category(of measure: Double) -> String? {
    guard let categories, arithmetic.places(measure) else { return nil }
    return categories[Int(measure)]
  }

  /// Whether the value lies in `lower…upper`, that is, whether it is placed without clamping.
  public func contains(_ value: Double) -> Bool { arithmetic.contains(value) }

  /// The value's place in `0…1`; a value beyond the range is clamped onto it.
  ///
  /// Not-a-number stays what it is. A category is in the middle of its stretch.
  public func normalized(_ value: Double) -> Double { arithmetic.normalized(value) }

  /// The value at a place in `0…1`, in the measure's own unit; places beyond give the bounds.
  public func denormalized(_ position: Double) -> Double { arithmetic.denormalized(position) }
}

extension MeasureAxis: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, lower, upper, scale, categories
  }

  /// Reads an axis and checks it as the initializers do; the scale is linear where not given.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .name)
    do {
      if let categories = try container.decodeIfPresent([String].self, forKey: .categories) {
        try self.init(name: name, categories: categories)
        return
      }
      let lower = try container.decode(Double.self, forKey: .lower)
      let upper = try container.decode(Double.self, forKey: .upper)
      let scale = try container.decodeIfPresent(MeasureScale.self, forKey: .scale) ?? .linear
      try self.init(name: name, lower: lower, upper: upper, scale: scale)
    } catch let error as MeasureAxisError {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: error.description, underlyingError: error))
    }
  }

  /// Writes the name with bounds and scale, or with the categories.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    if let categories {
      try container.encode(categories, forKey: .categories)
      return
    }
    try container.encode(lower, forKey: .lower)
    try container.encode(upper, forKey: .upper)
    try container.encode(scale, forKey: .scale)
  }
}
