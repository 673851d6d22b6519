/// An amount of US dollars, exact to a millionth of a millionth, so that sums of many small prices are exact.
public struct Money: Sendable, Hashable, Comparable {
  /// The amount in units of 10⁻¹² dollars.
  public private(set) var picodollars: Int

  /// Nothing.
  public static let zero = Money(picodollars: 0)

  /// That many units of 10⁻¹² dollars.
  public init(picodollars: Int) {
    self.picodollars = picodollars
  }

  /// That many dollars, rounded to the unit; nil where the number is none, or beyond nine million.
  public init?(dollars: Double) {
    let units = (dollars * 1e12).rounded()
    guard units.isFinite, abs(units) < 9e18 else { return nil }
    picodollars = Int(units)
  }

  /// The amount in dollars, as near as a `Double` comes.
  public var dollars: Double { Double(picodollars) / 1e12 }

  /// The sum; the largest amount where it is larger.
  public static func + (left: Money, right: Money) -> Money {
    let (sum, overflow) = left.picodollars.addingReportingOverflow(right.picodollars)
    return Money(picodollars: overflow ? .max : sum)
  }

  /// Adds to an amount.
  public static func += (left: inout Money, right: Money) { left = left + right }

  /// The difference.
  public static func - (left: Money, right: Money) -> Money {
    let (difference, overflow) = left.picodollars.subtractingReportingOverflow(right.picodollars)
    return Money(picodollars: overflow ? .min : difference)
  }

  /// The amount so many times; the largest amount where it is larger.
  public static func * (left: Money, right: Int) -> Money {
    let (product, overflow) = left.picodollars.multipliedReportingOverflow(by: right)
    return Money(picodollars: overflow ? .max : product)
  }

  /// Which is less.
  public static func < (left: Money, right: Money) -> Bool { left.picodollars < right.picodollars }
}

extension Money: CustomStringConvertible {
  /// The amount such as `$12.34`, with as many digits below a cent as show three that matter.
  public var description: String {
    let sign = picodollars < 0 ? "-" : ""
    let magnitude = picodollars.magnitude
    var decimals = 2
    var unit: UInt = 1_000_000_000_000 / 100
    // Small amounts get further digits until three are shown.
    while unit > 1, magnitude > 0, magnitude / unit < 100, decimals < 12 {
      decimals += 1
      unit /= 10
    }
    if magnitude >= 1_000_000_000_000 { (decimals, unit) = (2, 10_000_000_000) }
    let rounded = (magnitude + unit / 2) / unit
    let scale = 1_000_000_000_000 / unit
    let fraction = String(rounded % scale)
    return "\(sign)$\(rounded / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }
}

extension Money: Codable {
  /// The amount that was stored as a number of dollars.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let money = Money(dollars: try container.decode(Double.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "an amount of money is too large")
    }
    self = money
  }

  /// Stores the number of dollars, exact below nine thousand.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(dollars)
  }
}
