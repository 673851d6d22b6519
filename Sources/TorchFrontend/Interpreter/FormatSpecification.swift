/// `[[fill]align][sign][#][0][width][grouping][.precision][type]` of Python's format mini-language.
struct FormatSpecification {
  private(set) var fill: Character = " "
  private(set) var alignment: Character?
  private(set) var sign: Character = "-"
  private(set) var isAlternate = false
  private(set) var width = 0
  private(set) var grouping: Character?
  private(set) var precision: Int?
  private(set) var type: Character?

  init?(_ text: String) {
    var rest = Array(text)[...]
    let alignments: Set<Character> = ["<", ">", "^", "="]
    if rest.count >= 2, alignments.contains(rest[rest.startIndex + 1]) {
      fill = rest.removeFirst()
      alignment = rest.removeFirst()
    } else if let first = rest.first, alignments.contains(first) {
      alignment = rest.removeFirst()
    }
    if let first = rest.first, "+- ".contains(first) { sign = rest.removeFirst() }
    if rest.first == "#" {
      isAlternate = true
      rest.removeFirst()
    }
    if rest.first == "0" {
      if alignment == nil { (fill, alignment) = ("0", "=") }
      rest.removeFirst()
    }
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    guard digits.count <= 9 else { return nil }
    width = Int(String(digits)) ?? 0
    rest = rest.dropFirst(digits.count)
    if let first = rest.first, ",_".contains(first) { grouping = rest.removeFirst() }
    if rest.first == "." {
      let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
      guard let number = Int(String(digits)), digits.count <= 9 else { return nil }
      precision = number
      rest = rest.dropFirst(digits.count + 1)
    }
    if let first = rest.popFirst() { type = first }
    guard rest.isEmpty, type.map({ "bcdeEfFgGnosxX%".contains($0) }) ?? true else { return nil }
  }

  func apply(to number: Int) -> String {
    let magnitude = number.magnitude
    var digits: String
    switch type {
    case "x": digits = (isAlternate ? "0x" : "") + String(magnitude, radix: 16)
    case "X": digits = (isAlternate ? "0X" : "") + String(magnitude, radix: 16, uppercase: true)
    case "o": digits = (isAlternate ? "0o" : "") + String(magnitude, radix: 8)
    case "b": digits = (isAlternate ? "0b" : "") + String(magnitude, radix: 2)
    case "c":
      let scalar = UInt32(exactly: magnitude).flatMap(Unicode.Scalar.init) ?? " "
      return padded(String(scalar), isNegative: false, isNumber: false)
    default: digits = grouped(String(magnitude))
    }
    return padded(digits, isNegative: number < 0, isNumber: true)
  }

  func apply(to number: Double) -> String {
    guard number.isFinite else {
      return padded(number.isNaN ? "nan" : "inf", isNegative: number < 0, isNumber: true)
    }
    let magnitude = number.magnitude
    var digits: String
    switch type {
    case "f", "F": digits = Numerics.formatted(magnitude, precision: precision ?? 6, isExponential: false)
    case "e", "E": digits = Numerics.formatted(magnitude, precision: precision ?? 6, isExponential: true)
    case "%":
      digits = Numerics.formatted(magnitude * 100, precision: precision ?? 6, isExponential: false) + "%"
    case "g", "G", "n": digits = general(magnitude, precision ?? 6)
    default: digits = precision.map { general(magnitude, $0) } ?? magnitude.description
    }
    if type == "E" || type == "G" { digits = digits.uppercased() }
    return padded(grouped(digits), isNegative: number < 0 || number.sign == .minus, isNumber: true)
  }

  func apply(to text: String) -> String {
    padded(
      precision.map { String(text.unicodeScalars.prefix($0)) } ?? text, isNegative: false, isNumber: false)
  }

  private func general(_ magnitude: Double, _ precision: Int) -> String {
    let precision = max(1, precision)
    if magnitude == 0 { return "0" }
    let scientific = Numerics.formatted(magnitude, precision: precision - 1, isExponential: true)
    let parts = scientific.split(separator: "e")
    guard let mantissa = parts.first, let exponent = parts.last.flatMap({ Int($0) }) else {
      return scientific
    }
    if exponent < -4 || exponent >= precision {
      return Self.withoutTrailingZeros(String(mantissa)) + "e" + (parts.last ?? "")
    }
    return Self.withoutTrailingZeros(
      Numerics.formatted(magnitude, precision: max(0, precision - 1 - exponent), isExponential: false))
  }

  private static func withoutTrailingZeros(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  private func grouped(_ digits: String) -> String {
    guard let grouping else { return digits }
    let whole = digits.prefix { $0.isNumber }
    var result = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index).isMultiple(of: 3) { result.append(grouping) }
      result.append(digit)
    }
    return result + digits.dropFirst(whole.count)
  }

  private func padded(_ text: String, isNegative: Bool, isNumber: Bool) -> String {
    let mark = isNegative ? "-" : isNumber && sign != "-" ? String(sign) : ""
    let missing = width - text.unicodeScalars.count - mark.count
    guard missing > 0 else { return mark + text }
    let filling = String(repeating: fill, count: missing)
    switch alignment ?? (isNumber ? ">" : "<") {
    case "<": return mark + text + filling
    case "^":
      return String(repeating: fill, count: missing / 2) + mark + text
        + String(repeating: fill, count: missing - missing / 2)
    case "=": return mark + filling + text
    default: return filling + mark + text
    }
  }
}
