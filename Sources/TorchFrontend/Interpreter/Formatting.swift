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
      if let text = try memberText(instance) { return text }
      if let payload = instance.payload, classMember("__repr__", of: instance.type) == nil {
        return try text(of: payload)
      }
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
    case .list(let list):
      let inner = "[" + (try representations(of: list.elements)) + "]"
      switch list.kind {
      case .list: return inner
      case .deque:
        return "deque(\(inner)" + (list.maximumLength.map { ", maxlen=\($0)" } ?? "") + ")"
      default: return "\(list.kind.rawValue)(\(inner))"
      }
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
    case .set(let set):
      if set.count == 0 { return set.isFrozen ? "frozenset()" : "set()" }
      let inner = "{" + (try representations(of: set.elements)) + "}"
      return set.isFrozen ? "frozenset(\(inner))" : inner
    case .dict(let dictionary):
      try enter()
      defer { leave() }
      var parts: [String] = []
      for item in dictionary.items {
        parts.append("\(try representation(of: item.key)): \(try representation(of: item.value))")
        try reserve((parts.last?.utf8.count ?? 0) >> 3)
      }
      let inner = "{" + parts.joined(separator: ", ") + "}"
      switch dictionary.kind {
      case .plain: return inner
      // As Python 3.12 writes it.
      case .ordered: return parts.isEmpty ? "OrderedDict()" : "OrderedDict(\(inner))"
      case .counter: return parts.isEmpty ? "Counter()" : "Counter(\(inner))"
      case .defaulting(let factory): return "defaultdict(\(try representation(of: factory)), \(inner))"
      }
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
      return try plainRepresentation(of: instance)
    default: return "<\(typeName(value))>"
    }
  }

  /// What `object.__repr__` and its kin make of an instance.
  func plainRepresentation(of instance: PythonInstance) throws(Interruption) -> String {
    if let text = try memberRepresentation(instance) { return text }
    if let text = try dataclassRepresentation(instance) { return text }
    if let payload = instance.payload {
      let text = try representation(of: payload)
      switch payload {
      case .set: return "\(instance.type.name)(\(text))"
      default: return text
      }
    }
    return "<\(instance.type.name) object>"
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
    let scalars = text.unicodeScalars
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in scalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case quote: result += "\\\(quote)"
      default:
        if isPrintable(scalar) {
          result.unicodeScalars.append(scalar)
        } else {
          let digits = String(scalar.value, radix: 16)
          let (mark, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
          result += "\\\(mark)" + String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
      }
    }
    result.unicodeScalars.append(quote)
    return result
  }

  /// Whether Python shows a character as it is.
  static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
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
    if specification.isEmpty {
      guard case .instance(let instance) = value, let method = classMember("__format__", of: instance.type)
      else {
        return try text(of: value)
      }
      return try text(of: try call(method, Arguments([value, .string("")])))
    }
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
    case .instance(let instance):
      if let payload = instance.payload, !instance.type.isEnumeration {
        return try self.format(payload, specification)
      }
      return format.apply(to: try text(of: value))
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
      var key: PythonValue?
      if rest.first == "(" {
        let name = String(rest.dropFirst().prefix { $0 != ")" })
        rest = rest.dropFirst(name.count + 2)
        key = try item(value, .string(name))
      }
      while let next = rest.first, "0123456789.+- #*".contains(next) {
        rest.removeFirst()
        guard next == "*" else {
          specification.append(next)
          continue
        }
        guard let argument = values.popLast(), let number = integer(argument) else {
          throw raise(.typeError, "* wants int")
        }
        specification += String(number)
      }
      guard let conversion = rest.popFirst() else { throw raise(.valueError, "incomplete format") }
      if conversion == "%" {
        result += "%"
        continue
      }
      guard let argument = key ?? values.popLast() else {
        throw raise(.typeError, "not enough arguments for format string")
      }
      // Flags come in any order there, and `-` means what `<` means here.
      let flags = specification.prefix { "+- #0".contains($0) }
      let sizes = specification.dropFirst(flags.count)
      let isLeft = flags.contains("-")
      let isText = "src".contains(conversion)
      specification = isLeft ? "<" : isText ? ">" : ""
      if !isText {
        specification += flags.contains("+") ? "+" : flags.contains(" ") ? " " : ""
        if flags.contains("#") { specification += "#" }
        if flags.contains("0"), !isLeft { specification += "0" }
      }
      specification += sizes
      switch conversion {
      case "c":
        if let code = integer(argument), let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) {
          result += try self.format(.string(String(scalar)), specification)
        } else {
          result += try self.format(.string(try text(of: argument)), specification)
        }
      case "s": result += try self.format(.string(try text(of: argument)), specification)
      case "r": result += try self.format(.string(try representation(of: argument)), specification)
      case "d", "i", "u":
        if let whole = integer(argument) {
          result += try self.format(.int(whole), String(specification.prefix { $0 != "." }) + "d")
          break
        }
        guard let number = double(argument) else {
          throw raise(.typeError, "%d format: a real number is required, not \(typeName(argument))")
        }
        guard let whole = Int(exactly: number.rounded(.towardZero)) else {
          throw exhausted("an integer beyond 64 bits is not supported", "limit.integer")
        }
        result += try self.format(.int(whole), specification + "d")
      case "f", "F", "e", "E", "g", "G", "x", "X", "o":
        if double(argument) == nil {
          if case .opaque(let name) = argument { throw unknown(name) }
          guard case .tensor = argument else {
            throw raise(.typeError, "must be real number, not \(typeName(argument))")
          }
        }
        result += try self.format(plain(argument), specification + String(conversion))
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
