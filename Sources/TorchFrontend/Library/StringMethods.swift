extension Library {
  /// Methods of strings.
  static let stringMethods: Family = { library in
    func add(
      _ name: String, _ signature: String,
      _ body: @escaping @Sendable (NativeCall, String) throws(Interruption) -> PythonValue
    ) {
      library.add(
        NativeFunction("str.\(name)", signature) { (call) throws(Interruption) in
          let text = try call.string("self")
          try call.interpreter.spend(text.utf8.count >> 4)
          return try body(call, text)
        }, as: ["str.\(name)"])
    }
    add("upper", "(self)") { (call, text) throws(Interruption) in
      try call.interpreter.string(text.uppercased())
    }
    for name in ["lower", "casefold"] {
      add(name, "(self)") { (call, text) throws(Interruption) in
        try call.interpreter.string(text.lowercased())
      }
    }
    add("capitalize", "(self)") { (call, text) throws(Interruption) in
      try call.interpreter.string(text.prefix(1).uppercased() + text.dropFirst().lowercased())
    }
    add("title", "(self)") { (call, text) throws(Interruption) in
      var result = ""
      var isInside = false
      for character in text {
        result += isInside ? character.lowercased() : character.uppercased()
        isInside = character.isLetter
      }
      return try call.interpreter.string(result)
    }
    let tests: [(String, @Sendable (Unicode.Scalar) -> Bool)] = [
      ("isdigit", { [.decimal, .digit].contains($0.properties.numericType) }),
      ("isnumeric", { $0.properties.numericType != nil }),
      ("isalpha", { $0.properties.isAlphabetic }),
      ("isalnum", { $0.properties.isAlphabetic || $0.properties.numericType != nil }),
      ("isspace", { $0.properties.isWhitespace }),
    ]
    for (name, test) in tests {
      add(name, "(self)") { (_, text) throws(Interruption) in
        .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(test))
      }
    }
    add("isupper", "(self)") { (_, text) throws(Interruption) in
      .bool(text.contains { $0.isUppercase } && !text.contains { $0.isLowercase })
    }
    add("islower", "(self)") { (_, text) throws(Interruption) in
      .bool(text.contains { $0.isLowercase } && !text.contains { $0.isUppercase })
    }
    add("isidentifier", "(self)") { (_, text) throws(Interruption) in
      .bool(
        !(text.first?.isNumber ?? true) && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" })
    }
    for (name, front, back) in [("strip", true, true), ("lstrip", true, false), ("rstrip", false, true)] {
      add(name, "(self, chars=None)") { (call, text) throws(Interruption) in
        let chars: Set<Unicode.Scalar>? =
          try call.interpreter.isNone(call["chars"]) ? nil : Set(call.string("chars").unicodeScalars)
        func isDropped(_ scalar: Unicode.Scalar) -> Bool {
          chars?.contains(scalar) ?? scalar.properties.isWhitespace
        }
        var scalars = Array(text.unicodeScalars)[...]
        if front { scalars = scalars.drop(while: isDropped) }
        if back { while let last = scalars.last, isDropped(last) { scalars.removeLast() } }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return try call.interpreter.string(String(view))
      }
    }
    for (name, isPrefix) in [("startswith", true), ("endswith", false)] {
      add(name, "(self, prefix)") { (call, text) throws(Interruption) in
        let candidates: [PythonValue] =
          if case .tuple(let tuple) = call["prefix"] { tuple.elements } else { [call["prefix"]] }
        for case .string(let candidate) in candidates
        where isPrefix
          ? text.utf8.starts(with: candidate.utf8)
          : text.utf8.reversed().starts(with: candidate.utf8.reversed())
        {
          return .bool(true)
        }
        return .bool(false)
      }
    }
    for (name, isPrefix) in [("removeprefix", true), ("removesuffix", false)] {
      add(name, "(self, prefix)") { (call, text) throws(Interruption) in
        let part = try call.string("prefix")
        if isPrefix {
          return try call.interpreter.string(text.hasPrefix(part) ? String(text.dropFirst(part.count)) : text)
        }
        return try call.interpreter.string(text.hasSuffix(part) ? String(text.dropLast(part.count)) : text)
      }
    }
    add("join", "(self, iterable)") { (call, text) throws(Interruption) in
      var parts: [String] = []
      var size = 0
      for (index, element) in try call.interpreter.elements(of: call["iterable"]).enumerated() {
        guard case .string(let part) = element else {
          throw call.interpreter.raise(
            .typeError,
            "sequence item \(index): expected str instance, \(call.interpreter.typeName(element)) found")
        }
        size += part.utf8.count + text.utf8.count
        guard size <= call.interpreter.limits.collectionSize else {
          throw call.interpreter.exhausted("the joined string is too large", "limit.collection")
        }
        parts.append(part)
      }
      try call.interpreter.reserve(size >> 3)
      return try call.interpreter.string(parts.joined(separator: text))
    }
    for name in ["split", "rsplit"] {
      add(name, "(self, sep=None, maxsplit=-1)") { (call, text) throws(Interruption) in
        try call.interpreter.split(text, call, fromBack: name == "rsplit")
      }
    }
    add("splitlines", "(self)") { (call, text) throws(Interruption) in
      var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
      if lines.last?.isEmpty ?? false { lines.removeLast() }
      return try call.interpreter.list(lines.map { .string(String($0)) })
    }
    add("replace", "(self, old, new, count=-1)") { (call, text) throws(Interruption) in
      let old = try call.string("old")
      let new = try call.string("new")
      guard !old.isEmpty else {
        throw call.interpreter.unsupported("replacing the empty string is not supported")
      }
      var limit = try call.int("count")
      let bytes = Array(text.utf8)
      var result: [UInt8] = []
      var position = 0
      while limit != 0, let place = try call.interpreter.offset(of: old, in: text, from: position) {
        result += bytes[position..<place]
        result += new.utf8
        position = place + old.utf8.count
        limit -= 1
        guard result.count <= call.interpreter.limits.collectionSize else {
          throw call.interpreter.exhausted("the replaced string is too large", "limit.collection")
        }
      }
      result += bytes[position...]
      return try call.interpreter.string(String(decoding: result, as: UTF8.self))
    }
    for name in ["find", "index"] {
      add(name, "(self, sub)") { (call, text) throws(Interruption) in
        guard let offset = try call.interpreter.offset(of: try call.string("sub"), in: text) else {
          if name == "find" { return .int(-1) }
          throw call.interpreter.raise(.valueError, "substring not found")
        }
        return .int(String(decoding: Array(text.utf8)[..<offset], as: UTF8.self).unicodeScalars.count)
      }
    }
    add("count", "(self, sub)") { (call, text) throws(Interruption) in
      let part = try call.string("sub")
      guard !part.isEmpty else { return .int(text.unicodeScalars.count + 1) }
      var (count, position) = (0, 0)
      while let place = try call.interpreter.offset(of: part, in: text, from: position) {
        count += 1
        position = place + part.utf8.count
      }
      return .int(count)
    }
    for (name, alignment) in [("ljust", "<"), ("rjust", ">"), ("center", "^")] {
      add(name, "(self, width, fillchar=' ')") { (call, text) throws(Interruption) in
        let fill = try call.string("fillchar")
        return try call.interpreter.string(
          try call.interpreter.format(.string(text), "\(fill)\(alignment)\(max(0, try call.int("width")))"))
      }
    }
    add("zfill", "(self, width)") { (call, text) throws(Interruption) in
      let isSigned = text.hasPrefix("-") || text.hasPrefix("+")
      let width = max(0, try call.int("width"))
      guard width <= 10_000 else {
        throw call.interpreter.exhausted("the padded string is too long", "limit.collection")
      }
      let missing = max(0, width - text.unicodeScalars.count)
      return try call.interpreter.string(
        (isSigned ? String(text.prefix(1)) : "") + String(repeating: "0", count: missing)
          + (isSigned ? String(text.dropFirst()) : text))
    }
    add("format", "(self, *args, **kwargs)") { (call, text) throws(Interruption) in
      try call.interpreter.string(try call.interpreter.formatted(text, call))
    }
    add("encode", "(self, encoding='utf-8')") { (_, text) throws(Interruption) in .string(text) }
    add("partition", "(self, sep)") { (call, text) throws(Interruption) in
      let separator = try call.string("sep")
      guard !separator.isEmpty, let place = try call.interpreter.offset(of: separator, in: text) else {
        return try call.interpreter.tuple([.string(text), .string(""), .string("")])
      }
      let bytes = Array(text.utf8)
      return try call.interpreter.tuple([
        .string(String(decoding: bytes[..<place], as: UTF8.self)), .string(separator),
        .string(String(decoding: bytes[(place + separator.utf8.count)...], as: UTF8.self)),
      ])
    }
  }
}

extension Interpreter {
  fileprivate func split(
    _ text: String, _ call: NativeCall, fromBack: Bool
  ) throws(Interruption) -> PythonValue {
    let limit = try call.int("maxsplit")
    try reserve(text.utf8.count >> 2)
    var parts: [String] = []
    if isNone(call["sep"]) {
      let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
      guard limit < 0 || words.count <= limit + 1 else {
        throw unsupported("split with maxsplit but without a separator is not supported")
      }
      return try list(words.map { .string($0) })
    }
    let separator = try call.string("sep")
    guard !separator.isEmpty else { throw raise(.valueError, "empty separator") }
    let bytes = Array(text.utf8)
    var position = 0
    while let place = try offset(of: separator, in: text, from: position) {
      parts.append(String(decoding: bytes[position..<place], as: UTF8.self))
      position = place + separator.utf8.count
    }
    parts.append(String(decoding: bytes[position...], as: UTF8.self))
    if limit >= 0, parts.count > limit + 1 {
      if fromBack {
        let head = parts.dropLast(limit).joined(separator: separator)
        parts = [head] + parts.suffix(limit)
      } else {
        let tail = parts.dropFirst(limit).joined(separator: separator)
        parts = parts.prefix(limit) + [tail]
      }
    }
    return try list(parts.map { .string($0) })
  }

  /// Python's `text.format(…)`.
  fileprivate func formatted(_ text: String, _ call: NativeCall) throws(Interruption) -> String {
    var result = ""
    var rest = text[...]
    var automatic = 0
    while let character = rest.popFirst() {
      if character == "{" || character == "}", rest.first == character {
        rest.removeFirst()
        result.append(character)
        continue
      }
      guard character == "{" else {
        result.append(character)
        continue
      }
      guard let end = rest.firstIndex(of: "}") else {
        throw raise(.valueError, "Single '{' encountered in format string")
      }
      let field = rest[..<end]
      rest = rest[rest.index(after: end)...]
      let pieces = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let path = (pieces.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
      let name = String(path.first ?? "")
      var value: PythonValue
      if name.isEmpty || name.allSatisfy(\.isNumber) {
        let place = name.isEmpty ? automatic : Int(name) ?? -1
        if name.isEmpty { automatic += 1 }
        guard call.rest.indices.contains(place) else {
          throw raise(.indexError, "Replacement index \(place) out of range for positional args tuple")
        }
        value = call.rest[place]
      } else {
        guard let keyword = call.restKeywords.first(where: { $0.name == name }) else {
          throw raise(.keyError, "'\(name)'")
        }
        value = keyword.value
      }
      for attribute in path.dropFirst() { value = try self.attribute(String(attribute), of: value) }
      result += try format(value, pieces.count == 2 ? String(pieces[1]) : "")
      try reserve(result.utf8.count >> 4)
      guard result.utf8.count <= limits.collectionSize else {
        throw exhausted("a string is too large", "limit.collection")
      }
    }
    return result
  }
}
