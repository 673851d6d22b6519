import Foundation
import QualityDiversity

/// How the values of an axis or a colour bar are spread over its length.
struct Scale: Sendable, Hashable {
  /// The kinds of scale.
  enum Kind: Sendable, Hashable {
    case linear, logarithmic
    /// Categories, numbered from 0, each with an equal stretch.
    case categories([String])
  }

  /// How values are written.
  enum Unit: Sendable, Hashable {
    /// As they are, long ones with k, M, G or T.
    case number
    /// Shares as per cent.
    case share
    /// As numbers, with whole ones marked only.
    case count
  }

  /// A value that is marked.
  struct Tick: Sendable, Hashable {
    var value: Double
    /// Its place, 0…1.
    var position: Double
    /// Empty for a mark between two that have one.
    var label: String
  }

  let kind: Kind
  let lower: Double
  let upper: Double
  let unit: Unit

  /// A scale over `lower…upper`; where that is no range, or has no logarithms, it is made one.
  init(_ lower: Double, _ upper: Double, kind: Kind = .linear, unit: Unit = .number) {
    self.unit = unit
    if case .categories(let names) = kind {
      (self.kind, self.lower, self.upper) = (kind, -0.5, max(1, Double(names.count)) - 0.5)
      return
    }
    let isPlain = lower.isFinite && upper.isFinite && lower < upper && (upper - lower).isFinite
    let hasLogarithms = kind == .logarithmic && isPlain && lower > 0 && log(upper) > log(lower)
    self.kind = hasLogarithms ? .logarithmic : .linear
    (self.lower, self.upper) = isPlain ? (lower, upper) : (0, 1)
  }

  /// The scale of an archive's axis.
  init(_ axis: MeasureAxis) {
    self.init(
      axis.lower, axis.upper,
      kind: axis.categories.map(Kind.categories) ?? (axis.scale == .logarithmic ? .logarithmic : .linear))
  }

  /// A scale that holds all values and begins and ends at round ones.
  ///
  /// - Parameter includesZero: whether it reaches to zero, as lengths of bars need it.
  init(
    covering values: some Sequence<Double>, kind: Kind = .linear, unit: Unit = .number,
    includesZero: Bool = false
  ) {
    var (least, most) = (Double.infinity, -Double.infinity)
    for value in values where value.isFinite && (kind != .logarithmic || value > 0) {
      (least, most) = (min(least, value), max(most, value))
    }
    guard least <= most else {
      self.init(kind == .logarithmic ? 1 : 0, kind == .logarithmic ? 10 : 1, kind: kind, unit: unit)
      return
    }
    if kind == .logarithmic {
      let (first, last) = (log10(least).rounded(.down), log10(most).rounded(.up))
      self.init(Self.power(first), Self.power(last > first ? last : first + 1), kind: kind, unit: unit)
      return
    }
    if includesZero { (least, most) = (min(0, least), max(0, most)) }
    if least == most {
      // A single value has a round neighbourhood.
      let room = unit == .share ? 0.025 : max(abs(least) * 0.05, 1e-12)
      (least, most) = least == 0 && unit == .number ? (0, 1) : (least - room, most + room)
      if unit == .share, least < 0 || most > 1 { (least, most) = (max(0, least), min(1, most)) }
    }
    let raw = Self.step(most - least, atMost: 6)
    let step = unit == .count ? max(1, raw) : raw
    let (first, last) = ((least / step + 1e-9).rounded(.down), (most / step - 1e-9).rounded(.up))
    self.init(min(least, first * step), max(most, last * step), unit: unit)
  }

  /// The value's place, 0…1; values beyond are clamped.
  func position(_ value: Double) -> Double {
    guard value.isFinite else { return value > 0 ? 1 : 0 }
    let share =
      kind == .logarithmic
      ? value > 0 ? (log(value) - log(lower)) / (log(upper) - log(lower)) : 0
      : (value - lower) / (upper - lower)
    return min(1, max(0, share))
  }

  // MARK: Ticks

  /// Round values along the scale: 1, 2 or 5 times a power of ten, or the categories.
  func ticks(atMost limit: Int) -> [Tick] {
    let limit = max(2, limit)
    switch kind {
    case .linear: return linearTicks(limit)
    case .logarithmic: return logarithmicTicks(limit)
    case .categories(let names):
      let every = (names.count + limit - 1) / limit
      return names.enumerated().filter { $0.offset % every == 0 }.map { number, name in
        Tick(value: Double(number), position: (Double(number) + 0.5) / Double(names.count), label: name)
      }
    }
  }

  private func linearTicks(_ limit: Int) -> [Tick] {
    let raw = Self.step(upper - lower, atMost: limit)
    let step = unit == .count ? max(1, raw) : raw
    let largest = max(abs(lower), abs(upper))
    let first = (lower / step - 1e-9).rounded(.up)
    return (0...limit + 2).compactMap { index -> Tick? in
      let multiple = first + Double(index)
      let value = multiple * step
      guard value <= upper + step * 1e-9 else { return nil }
      let label = Self.label(multiple == 0 ? 0 : value, step: step, largest: largest, unit: unit)
      return Tick(value: value, position: position(value), label: label)
    }
  }

  private func logarithmicTicks(_ limit: Int) -> [Tick] {
    let (first, last) = (Int(log10(lower).rounded(.down)), Int(log10(upper).rounded(.up)))
    let decades = max(1, last - first)
    let (floor, ceiling) = (lower * (1 - 1e-9), upper * (1 + 1e-9))
    func values(_ factors: [Double], every: Int = 1) -> [Double] {
      var result: [Double] = []
      for power in stride(from: first, through: last, by: every) {
        for factor in factors {
          let value = factor * Self.power(Double(power))
          if value >= floor, value <= ceiling, value.isFinite { result.append(value) }
        }
      }
      return result
    }
    let choices: [[Double]] = [
      values([1, 2, 5]), values([1]), values([1], every: (decades + limit - 1) / limit),
    ]
    let labelled = choices.first { $0.count <= limit } ?? choices[2]
    guard labelled.count > 1 else { return linearTicks(limit) }
    let small = decades <= 2 * limit ? values(Array(1...9).map(Double.init)) : []
    let marks = Set(labelled).union(small).sorted()
    let named = Set(labelled)
    return marks.map { value in
      Tick(
        value: value, position: position(value),
        label: named.contains(value) ? Self.label(value, unit: unit) : "")
    }
  }

  /// The least of 1, 2 and 5 times a power of ten that divides the extent into no more than so many parts.
  private static func step(_ extent: Double, atMost parts: Int) -> Double {
    let raw = extent / Double(max(1, parts))
    guard raw > 0, raw.isFinite else { return 1 }
    let exponent = log10(raw).rounded(.down)
    for factor in ["1", "2", "5", "10"] {
      // Read as text, a step is the number nearest to what it says.
      let step = Double("\(factor)e\(Int(exponent))") ?? raw
      if step >= raw * (1 - 1e-9) { return step }
    }
    return raw
  }

  private static func power(_ exponent: Double) -> Double { Double("1e\(Int(exponent))") ?? 1 }

  // MARK: Labels

  private static let suffixes: [(size: Double, name: String)] = [
    (1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"),
  ]

  /// A value with as many decimals as its neighbours at that step need.
  private static func label(_ value: Double, step: Double, largest: Double, unit: Unit) -> String {
    func decimals(_ step: Double) -> Int { min(12, max(0, Int((-log10(step) - 1e-9).rounded(.up)))) }
    if unit == .share { return Figures.percent(value, decimals: decimals(step * 100)) }
    if largest >= 1e15 || largest < 1e-3 {
      guard value != 0 else { return "0" }
      let exponent = log10(step).rounded(.down)
      return "\(Figures.fixed(value / power(exponent), 0))e\(Int(exponent))"
    }
    guard largest >= 1e4, let suffix = suffixes.first(where: { largest >= $0.size }) else {
      return Figures.fixed(value, decimals(step))
    }
    return value == 0 ? "0" : Figures.fixed(value / suffix.size, decimals(step / suffix.size)) + suffix.name
  }

  /// A value in short: three digits without trailing zeros.
  static func label(_ value: Double, unit: Unit = .number) -> String {
    if unit == .share { return trimmed(value * 100, places: 2) + " %" }
    let size = abs(value)
    if size != 0, size >= 1e15 || size < 1e-3 {
      let exponent = log10(size).rounded(.down)
      return "\(trimmed(value / power(exponent), places: 2))e\(Int(exponent))"
    }
    guard size >= 1e3, let suffix = suffixes.first(where: { size >= $0.size }) else {
      return trimmed(value, places: size >= 100 ? 1 : size >= 1 ? 2 : 4)
    }
    let scaled = value / suffix.size
    return trimmed(scaled, places: abs(scaled) >= 100 ? 0 : abs(scaled) >= 10 ? 1 : 2) + suffix.name
  }

  private static func trimmed(_ value: Double, places: Int) -> String {
    var text = Figures.fixed(value, places)
    guard text.contains(".") else { return text }
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text == "-0" ? "0" : text
  }
}

extension MeasureAxis {
  /// What is written beside the axis.
  var label: String {
    Self.words(name) + (scale == .logarithmic && !isCategorical ? " (log scale)" : "")
  }

  /// A name in snake case as words, with the field's abbreviations as they are written.
  static func words(_ name: String) -> String {
    if name == "width_depth_ratio" { return "width/depth" }
    let abbreviations = ["macs": "MACs", "flops": "FLOPs"]
    return name.split(separator: "_").map { abbreviations[String($0)] ?? String($0) }.joined(separator: " ")
  }
}
