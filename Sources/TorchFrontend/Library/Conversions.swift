import PythonSyntax

extension Interpreter {
  func makeInt(_ call: NativeCall) throws(Interruption) -> PythonValue {
    switch plain(call["x"]) {
    case .string(let text):
      try spend(text.utf8.count)
      return .int(try integer(of: text, base: try call.int("base")))
    case .opaque(let name): throw unknown(name)
    case .tensor(let tensor):
      let number = try number(of: tensor, "a Python number").rounded(.towardZero)
      guard let value = Int(exactly: number) else {
        throw raise(.valueError, "cannot convert float NaN to integer")
      }
      return .int(value)
    case .instance(let instance):
      for name in ["__int__", "__index__", "__trunc__"] {
        if let method = classMember(name, of: instance.type) {
          return try self.call(method, Arguments([call["x"]]))
        }
      }
      throw raise(
        .typeError,
        "int() argument must be a string, a bytes-like object or a real number, not '\(instance.type.name)'")
    default:
      guard let number = double(call["x"]) else {
        throw raise(
          .typeError,
          "int() argument must be a string, a bytes-like object or a real number, not '\(typeName(call["x"]))'"
        )
      }
      if let exact = integer(call["x"]) { return .int(exact) }
      guard number.isFinite else {
        throw raise(
          number.isNaN ? .valueError : .overflowError,
          "cannot convert float \(number.isNaN ? "NaN" : "infinity") to integer")
      }
      guard let value = Int(exactly: number.rounded(.towardZero)) else {
        throw exhausted("an integer beyond 64 bits is not supported", "limit.integer")
      }
      return .int(value)
    }
  }

  /// The integer that a text spells, as `int` reads it.
  private func integer(of text: String, base: Int) throws(Interruption) -> Int {
    var digits = text.trimmed.lowercased()[...]
    let isNegative = digits.hasPrefix("-")
    if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
    var base = base
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)]
    where digits.hasPrefix(prefix) && (base == radix || base == 0) {
      digits = digits.dropFirst(2)
      base = radix
    }
    if base == 0 { base = 10 }
    let isWellFormed =
      base >= 2 && base <= 36 && !digits.isEmpty && !digits.hasPrefix("_") && !digits.hasSuffix("_")
      && !digits.contains("__")
      && digits.allSatisfy { $0 == "_" || ($0.isASCII && Int(String($0), radix: base) != nil) }
    guard isWellFormed else {
      throw raise(
        .valueError, "invalid literal for int() with base \(base): \(try representation(of: .string(text)))")
    }
    guard let value = Int((isNegative ? "-" : "") + digits.filter { $0 != "_" }, radix: base) else {
      throw exhausted("an integer beyond 64 bits is not supported", "limit.integer")
    }
    return value
  }

  /// The float that a text spells, as `float` reads it; nil where it spells none.
  static func float(of text: String) -> Double? {
    let cleaned = text.trimmed.lowercased()
    var body = cleaned[...]
    if body.hasPrefix("-") || body.hasPrefix("+") { body.removeFirst() }
    let isNegative = cleaned.hasPrefix("-")
    switch body {
    case "inf", "infinity": return isNegative ? -.infinity : .infinity
    case "nan": return .nan
    default:
      guard body.first.map({ $0.isASCII && ($0.isNumber || $0 == ".") }) ?? false,
        body.allSatisfy({ $0.isASCII && ($0.isNumber || "._e+-".contains($0)) })
      else { return nil }
      // An underscore stands between two digits.
      let characters = Array(body)
      for (index, character) in characters.enumerated() where character == "_" {
        guard index > 0, index + 1 < characters.count, characters[index - 1].isNumber,
          characters[index + 1].isNumber
        else { return nil }
      }
      let digits = body.filter { $0 != "_" }
      return Double((isNegative ? "-" : "") + (digits.hasPrefix(".") ? "0" : "") + digits)
    }
  }

  /// What `type(name, bases, members)` makes.
  func makeClass(
    _ name: String, _ bases: PythonValue, _ members: PythonValue
  ) throws(Interruption) -> PythonValue {
    var types: [PythonClass] = []
    for base in try elements(of: bases) {
      guard case .type(let type) = base else { throw raise(.typeError, "bases must be types") }
      types.append(type)
    }
    let type = try makeClass(name, types, currentRange)
    for case (.string(let name), let value) in try mappingItems(members) {
      if case .function(let function) = value, function.owner == nil { function.owner = type }
      type.members[name] = value
      type.assigned.append(name)
    }
    return .type(type)
  }

  /// A dict of a mapping or pairs, and keywords.
  func makeDictionary(
    _ kind: PythonDictionary.Kind, _ source: PythonValue?,
    _ keywords: [(name: String, value: PythonValue)]
  ) throws(Interruption) -> PythonDictionary {
    let result = try dictionary(kind)
    if let source { try update(result, from: source) }
    for (name, value) in keywords { try set(.string(name), value, in: result) }
    return result
  }

  /// Adds the items of a mapping or of pairs.
  func update(_ target: PythonDictionary, from source: PythonValue) throws(Interruption) {
    switch source {
    case .dict: for (key, value) in try mappingItems(source) { try set(key, value, in: target) }
    case .instance(let instance)
    where classMember("keys", of: instance.type) != nil || instance.payload != nil:
      for (key, value) in try mappingItems(source) { try set(key, value, in: target) }
    case .opaque(let name): throw unknown(name)
    default:
      for pair in try elements(of: source) {
        let parts = try elements(of: pair)
        guard parts.count == 2 else {
          throw raise(
            .valueError, "dictionary update sequence element has length \(parts.count); 2 is required")
        }
        try set(parts[0], parts[1], in: target)
      }
    }
  }

  /// What `__init__` of a built-in container does.
  func fill(
    _ value: PythonValue, _ arguments: [PythonValue], _ keywords: [(name: String, value: PythonValue)]
  ) throws(Interruption) {
    switch plain(value) {
    case .list(let list):
      guard let source = arguments.first else { return }
      let elements = try elements(of: source)
      try reserve(elements.count)
      list.elements = elements
    case .set(let set):
      guard let source = arguments.first else { return }
      for element in try elements(of: source) {
        try reserveKeys(1)
        set.insert(element, try hashKey(element))
      }
    case .dict(let dictionary):
      var arguments = arguments[...]
      if case .instance(let instance) = value, instance.type.isSubclass(ofNative: "collections.defaultdict"),
        let factory = arguments.popFirst(), !isNone(factory)
      {
        dictionary.kind = .defaulting(factory)
      }
      if case .counter = dictionary.kind {
        try count(arguments.first, in: dictionary)
      } else if let source = arguments.first {
        try update(dictionary, from: source)
      }
      for (name, value) in keywords { try set(.string(name), value, in: dictionary) }
    default: break
    }
  }

  /// Adds to the counts of a `Counter`.
  func count(
    _ source: PythonValue?, in dictionary: PythonDictionary, isSubtracted: Bool = false
  ) throws(Interruption) {
    guard let source else { return }
    var items: [(PythonValue, PythonValue)] = []
    if case .dict = plain(source) {
      items = try mappingItems(source)
    } else {
      items = try elements(of: source).map { ($0, .int(1)) }
    }
    for (key, value) in items {
      let old = dictionary[try hashKey(key)] ?? .int(0)
      try set(key, try binary(isSubtracted ? .subtract : .add, old, value), in: dictionary)
    }
  }
}

extension String {
  /// The text without white space around it.
  fileprivate var trimmed: String {
    var scalars = unicodeScalars[...]
    while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
    return String(scalars)
  }
}
