import PythonSyntax

extension Interpreter {
  /// Python's `str`.
  func text(of value: PythonValue) throws(Interruption) -> String {
    switch value {
    case .string(let text): return text
    case .instance(let instance):
      if let method = classMember("__str__", of: instance.type) {
        guard case .string(let text) = try call(method, Arguments([value])) else {
          throw raise(.typeError, "__str__ returned non-string")
        }
        return text
      }
      if instance.exceptionArguments != nil { return exceptionText(instance) }
      return try representation(of: value)
    default: return try representation(of: value)
    }
  }

  /// Python's `repr`.
  func representation(of value: PythonValue) throws(Interruption) -> String {
    try spend(1)
    switch value {
    case .none: return "None"
    case .ellipsis: return "Ellipsis"
    case .notImplemented: return "NotImplemented"
    case .bool(let value): return value ? "True" : "False"
    case .int(let value): return String(value)
    case .float(let value): return Self.representation(of: value)
    case .string(let value):
      try reserve(value.utf8.count >> 3)
      return Self.quoted(value)
    case .list(let list): return "[" + (try representations(of: list.elements)) + "]"
    case .tuple(let tuple):
      let inner = try representations(of: tuple.elements)
      switch tuple.kind {
      case .size: return "torch.Size([\(inner)])"
      case .named(let type):
        var parts: [String] = []
        for (field, element) in zip(type.fields, tuple.elements) {
          parts.append("\(field)=\(try representation(of: element))")
        }
        return "\(type.name)(\(parts.joined(separator: ", ")))"
      case .plain: return "(" + inner + (tuple.elements.count == 1 ? ",)" : ")")
      }
    case .set(let set): return set.count == 0 ? "set()" : "{" + (try representations(of: set.elements)) + "}"
    case .dict(let dictionary):
      try enter()
      defer { leave() }
      var parts: [String] = []
      for item in dictionary.items {
        parts.append("\(try representation(of: item.key)): \(try representation(of: item.value))")
        try reserve((parts.last?.utf8.count ?? 0) >> 3)
      }
      return "{" + parts.joined(separator: ", ") + "}"
    case .range(let range):
      return "range(\(range.start), \(range.stop)" + (range.step == 1 ? ")" : ", \(range.step))")
    case .slice(let slice):
      return "slice(" + (try representations(of: [slice.start, slice.stop, slice.step])) + ")"
    case .type(let type): return "<class '\(type.native?.qualifiedName ?? "__main__." + type.name)'>"
    case .dataType(let type): return "torch.\(type.rawValue)"
    case .device(let name): return "device(type='\(name)')"
    case .tensor(let tensor): return "tensor(..., size=\(tensor.shape))"
    case .opaque(let name): return "<\(name)>"
    case .instance(let instance):
      if let method = classMember("__repr__", of: instance.type) {
        guard case .string(let text) = try call(method, Arguments([value])) else {
          throw raise(.typeError, "__repr__ returned non-string")
        }
        return text
      }
      if let arguments = instance.exceptionArguments {
        return "\(instance.type.name)(" + (try representations(of: arguments)) + ")"
      }
      if case .string(let name)? = instance.attributes["name"],
        instance.type.isSubclass(ofNative: "enum.Enum")
      {
        return "<\(instance.type.name).\(name)>"
      }
      return "<\(instance.type.name) object>"
    default: return "<\(typeName(value))>"
    }
  }

  private func representations(of values: [PythonValue]) throws(Interruption) -> String {
    try enter()
    defer { leave() }
    var parts: [String] = []
    for value in values {
      let part = try representation(of: value)
      try reserve(part.utf8.count >> 3 + 1)
      parts.append(part)
    }
    return parts.joined(separator: ", ")
  }

  static func representation(of value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return value.description
  }

  private static func quoted(_ text: String) -> String {
    let quote: Character = text.contains("'") && !text.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for character in text {
      switch character {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case quote: result += "\\\(quote)"
      default: result.append(character)
      }
    }
    result.append(quote)
    return result
  }

  // MARK: f-strings and format

  func evaluateFormatted(_ parts: [FormattedStringPart], _ scope: Scope) throws(Interruption) -> String {
    try enter()
    defer { leave() }
    var result = ""
    for part in parts {
      switch part {
      case .text(let text): result += text
      case .value(let expression, let conversion, let format):
        let value = try evaluate(expression, scope)
        let specification = try format.isEmpty ? "" : evaluateFormatted(format, scope)
        currentRange = expression.range
        if conversion == "r" || conversion == "a" {
          result += try self.format(.string(try representation(of: value)), specification)
        } else if conversion == "s" {
          result += try self.format(.string(try text(of: value)), specification)
        } else {
          result += try self.format(value, specification)
        }
      }
      try reserve(result.utf8.count >> 3)
      guard result.utf8.count <= limits.collectionSize else {
        throw exhausted("a string is too large", "limit.collection")
      }
    }
    return result
  }

  /// Python's `format(value, specification)`.
  func format(_ value: PythonValue, _ specification: String) throws(Interruption) -> String {
    if specification.isEmpty { return try text(of: value) }
    if case .instance(let instance) = value, let method = classMember("__format__", of: instance.type) {
      return try text(of: try call(method, Arguments([value, .string(specification)])))
    }
    guard let format = FormatSpecification(specification) else {
      throw raise(.valueError, "Invalid format specifier '\(specification)'")
    }
    guard format.width <= 10_000, format.precision ?? 0 <= 1_000 else {
      throw exhausted("the format '\(specification)' makes too long a string", "limit.collection")
    }
    try spend(format.width >> 3 + 4)
    switch value {
    case .int(let number):
      if format.type.map({ "eEfF%gG".contains($0) }) ?? false { return format.apply(to: Double(number)) }
      return format.apply(to: number)
    case .float(let number): return format.apply(to: number)
    case .bool(let flag) where format.type != nil: return format.apply(to: flag ? 1 : 0)
    case .tensor(let tensor) where tensor.shape.isEmpty:
      return format.apply(to: try number(of: tensor, "formatting"))
    default: return format.apply(to: try text(of: value))
    }
  }

  /// Python's older formatting: `format % values`.
  func percentFormat(_ format: String, _ value: PythonValue) throws(Interruption) -> String {
    var values: [PythonValue] = if case .tuple(let tuple) = value { tuple.elements } else { [value] }
    values.reverse()
    var result = ""
    var rest = format[...]
    try spend(format.utf8.count)
    while let character = rest.popFirst() {
      guard character == "%" else {
        result.append(character)
        continue
      }
      var specification = ""
      while let next = rest.first, "0123456789.+- #".contains(next) {
        specification.append(next)
        rest.removeFirst()
      }
      var key: PythonValue?
      if rest.first == "(" {
        let name = String(rest.dropFirst().prefix { $0 != ")" })
        rest = rest.dropFirst(name.count + 2)
        key = try item(value, .string(name))
      }
      guard let conversion = rest.popFirst() else { throw raise(.valueError, "incomplete format") }
      if conversion == "%" {
        result += "%"
        continue
      }
      guard let argument = key ?? values.popLast() else {
        throw raise(.typeError, "not enough arguments for format string")
      }
      if specification.hasPrefix("-") { specification = "<" + specification.dropFirst() }
      switch conversion {
      case "s": result += try self.format(.string(try text(of: argument)), specification)
      case "r": result += try self.format(.string(try representation(of: argument)), specification)
      case "d", "i":
        guard let number = double(argument) else {
          throw raise(.typeError, "%d format: a real number is required, not \(typeName(argument))")
        }
        guard let whole = Int(exactly: number.rounded(.towardZero)) else {
          throw exhausted("an integer beyond 64 bits is not supported", "limit.integer")
        }
        result += try self.format(.int(whole), specification + "d")
      case "f", "F", "e", "E", "g", "G", "x", "X", "o":
        result += try self.format(argument, specification + String(conversion))
      default: throw raise(.valueError, "unsupported format character '\(conversion)'")
      }
      try reserve(result.utf8.count >> 3)
    }
    if !values.isEmpty, case .tuple = value {
      throw raise(.typeError, "not all arguments converted during string formatting")
    }
    return result
  }
}

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
