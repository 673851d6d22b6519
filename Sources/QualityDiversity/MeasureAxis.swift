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

/// One dimension of the measure space: a named quantity, the range that is told apart, and its scale.
///
/// An archive never compares raw measures: each is first mapped onto `0…1` by its axis, so that a range of
/// billions (MACs) and one of units (width/depth) weigh the same. Values beyond the range are clamped onto it.
public struct MeasureAxis: Sendable, Hashable {
  /// What is measured, such as `macs`.
  public let name: String
  /// The smallest value told apart, in the measure's own unit.
  public let lower: Double
  /// The largest value told apart, in the measure's own unit.
  public let upper: Double
  /// How the range is spread over `0…1`.
  public let scale: MeasureScale

  /// The lower bound and the extent on the scale (logarithms on a logarithmic one), kept for speed.
  private let origin: Double
  private let extent: Double

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
  }

  /// Whether the value lies in `lower…upper`, that is, whether it is placed without clamping.
  public func contains(_ value: Double) -> Bool {
    value >= lower && value <= upper
  }

  /// The value's place in `0…1`; a value beyond the range is clamped onto it.
  ///
  /// Not-a-number stays what it is.
  public func normalized(_ value: Double) -> Double {
    if value <= lower { return 0 }
    if value >= upper { return 1 }
    if value.isNaN { return value }
    let scaled = scale == .linear ? value : log(value)
    return min(1, max(0, (scaled - origin) / extent))
  }

  /// The value at a place in `0…1`, in the measure's own unit; places beyond give the bounds.
  public func denormalized(_ position: Double) -> Double {
    if position <= 0 { return lower }
    if position >= 1 { return upper }
    let scaled = origin + position * extent
    return min(upper, max(lower, scale == .linear ? scaled : exp(scaled)))
  }
}

extension MeasureAxis: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, lower, upper, scale
  }

  /// Reads an axis and checks it as `init(name:lower:upper:scale:)` does; the scale is linear where not given.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .name)
    let lower = try container.decode(Double.self, forKey: .lower)
    let upper = try container.decode(Double.self, forKey: .upper)
    let scale = try container.decodeIfPresent(MeasureScale.self, forKey: .scale) ?? .linear
    do {
      try self.init(name: name, lower: lower, upper: upper, scale: scale)
    } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: error.description, underlyingError: error))
    }
  }

  /// Writes name, bounds and scale.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(lower, forKey: .lower)
    try container.encode(upper, forKey: .upper)
    try container.encode(scale, forKey: .scale)
  }
}
