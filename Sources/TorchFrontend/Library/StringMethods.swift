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
      ("isdecimal", { $0.properties.numericType == .decimal }),
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
    add("isascii", "(self)") { (_, text) throws(Interruption) in .bool(text.utf8.allSatisfy { $0 < 128 }) }
    add("isprintable", "(self)") { (_, text) throws(Interruption) in
      .bool(text.unicodeScalars.allSatisfy(Interpreter.isPrintable))
    }
    add("istitle", "(self)") { (_, text) throws(Interruption) in
      var (isInside, hasLetter) = (false, false)
      for character in text {
        if character.isUppercase, isInside { return .bool(false) }
        if character.isLowercase, !isInside { return .bool(false) }
        isInside = character.isUppercase || character.isLowercase
        hasLetter = hasLetter || isInside
      }
      return .bool(hasLetter)
    }
    add("swapcase", "(self)") { (call, text) throws(Interruption) in
      try call.interpreter.string(text.map { $0.isUppercase ? $0.lowercased() : $0.uppercased() }.joined())
    }
    for name in ["expandtabs"] {
      add(name, "(self, tabsize=8)") { (call, text) throws(Interruption) in
        let size = try call.int("tabsize")
        guard size <= 1_000 else {
          throw call.interpreter.exhausted("the expanded string is too long", "limit.collection")
        }
        var (result, column) = ("", 0)
        for scalar in text.unicodeScalars {
          switch scalar {
          case "\t":
            let gap = size > 0 ? size - column % size : 0
            result += String(repeating: " ", count: gap)
            column += gap
            try call.interpreter.reserve(gap >> 3 + 1)
          case "\n", "\r":
            result.unicodeScalars.append(scalar)
            column = 0
          default:
            result.unicodeScalars.append(scalar)
            column += 1
          }
        }
        return try call.interpreter.string(result)
      }
    }
    add("splitlines", "(self, keepends=False)") { (call, text) throws(Interruption) in
      let keepsEnds = try call.bool("keepends")
      var lines: [String] = []
      var line = ""
      for character in text {
        // Swift sees "\r\n" as one character, as Python sees one line end in it.
        guard character.isNewline else {
          line.append(character)
          continue
        }
        lines.append(keepsEnds ? line + String(character) : line)
        line = ""
      }
      if !line.isEmpty { lines.append(line) }
      return try call.interpreter.list(lines.map { .string($0) })
    }
    add("rpartition", "(self, sep)") { (call, text) throws(Interruption) in
      let separator = try call.string("sep")
      guard !separator.isEmpty else { throw call.interpreter.raise(.valueError, "empty separator") }
      guard let place = try call.interpreter.places(of: separator, in: text, all: true).last else {
        return try call.interpreter.tuple([.string(""), .string(""), .string(text)])
      }
      let bytes = Array(text.utf8)
      return try call.interpreter.tuple([
        .string(String(decoding: bytes[..<place], as: UTF8.self)), .string(separator),
        .string(String(decoding: bytes[(place + separator.utf8.count)...], as: UTF8.self)),
      ])
    }
    library.function("str.maketrans", signature: "(x, y=None, z=None)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let result = try interpreter.dictionary()
      guard call.isGiven("y") else {
        for (key, value) in try interpreter.mappingItems(call["x"]) {
          if case .string(let text) = key, let scalar = text.unicodeScalars.first {
            try interpreter.set(.int(Int(scalar.value)), value, in: result)
          } else {
            try interpreter.set(key, value, in: result)
          }
        }
        return .dict(result)
      }
      let (from, to) = (try call.string("x").unicodeScalars, try call.string("y").unicodeScalars)
      guard from.count == to.count else {
        throw interpreter.raise(.valueError, "the first two maketrans arguments must have equal length")
      }
      for (old, new) in zip(from, to) {
        try interpreter.set(.int(Int(old.value)), .int(Int(new.value)), in: result)
      }
      if call.isGiven("z") {
        for scalar in try call.string("z").unicodeScalars {
          try interpreter.set(.int(Int(scalar.value)), .none, in: result)
        }
      }
      return .dict(result)
    }
    add("translate", "(self, table)") { (call, text) throws(Interruption) in
      var result = ""
      guard case .dict(let table) = call.interpreter.plain(call["table"]) else {
        throw call.interpreter.unsupported("translate by other than a dict is not supported")
      }
      for scalar in text.unicodeScalars {
        switch table[.int(Int(scalar.value))] {
        case nil: result.unicodeScalars.append(scalar)
        case .none?: break
        case .int(let code)?:
          if let replaced = UInt32(exactly: code).flatMap(Unicode.Scalar.init) {
            result.unicodeScalars.append(replaced)
          }
        case .string(let replaced)?:
          try call.interpreter.reserve(replaced.utf8.count >> 3)
          result += replaced
        default:
          throw call.interpreter.raise(.typeError, "character mapping must return integer, None or str")
        }
      }
      return try call.interpreter.string(result)
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
      add(name, "(self, sub, start=None, end=None)") { (call, text) throws(Interruption) in
        let (part, _) = try call.window(of: text)
        let value = call.interpreter.plain(call["sub"])
        let candidates: [PythonValue] = if case .tuple(let tuple) = value { tuple.elements } else { [value] }
        for candidate in candidates {
          guard case .string(let candidate) = call.interpreter.plain(candidate) else {
            throw call.interpreter.raise(
              .typeError,
              "\(name) first arg must be str or a tuple of str, not \(call.interpreter.typeName(candidate))")
          }
          if isPrefix
            ? part.utf8.starts(with: candidate.utf8)
            : part.utf8.reversed().starts(with: candidate.utf8.reversed())
          {
            return .bool(true)
          }
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
      let elements = try call.interpreter.elements(of: call["iterable"])
      try call.interpreter.spend(elements.count)
      for (index, element) in elements.enumerated() {
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
      var limit = max(-1, try call.int("count"))
      guard !old.isEmpty else {
        // Between any two characters, and at both ends.
        try call.interpreter.reserve(new.utf8.count * min(text.utf8.count + 1, 1 << 20) >> 3)
        var result = ""
        for scalar in text.unicodeScalars {
          if limit != 0 {
            result += new
            limit -= 1
          }
          result.unicodeScalars.append(scalar)
        }
        return try call.interpreter.string(limit != 0 ? result + new : result)
      }
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
    for (name, fromBack, isStrict) in [
      ("find", false, false), ("index", false, true), ("rfind", true, false), ("rindex", true, true),
    ] {
      add(name, "(self, sub, start=None, end=None)") { (call, text) throws(Interruption) in
        let (part, offset) = try call.window(of: text)
        let places = try call.interpreter.places(of: try call.string("sub"), in: part, all: fromBack)
        guard let place = fromBack ? places.last : places.first else {
          if !isStrict { return .int(-1) }
          throw call.interpreter.raise(.valueError, "substring not found")
        }
        let prefix = String(decoding: Array(part.utf8)[..<place], as: UTF8.self)
        return .int(offset + prefix.unicodeScalars.count)
      }
    }
    add("count", "(self, sub, start=None, end=None)") { (call, text) throws(Interruption) in
      let (part, _) = try call.window(of: text)
      let wanted = try call.string("sub")
      guard !wanted.isEmpty else { return .int(part.unicodeScalars.count + 1) }
      return .int(try call.interpreter.places(of: wanted, in: part, all: true, isOverlapping: false).count)
    }
    add("center", "(self, width, fillchar=' ')") { (call, text) throws(Interruption) in
      let (width, fill) = (try call.int("width"), try call.string("fillchar"))
      let count = text.unicodeScalars.count
      guard width <= 10_000 else {
        throw call.interpreter.exhausted("the padded string is too long", "limit.collection")
      }
      guard width > count else { return .string(text) }
      // CPython puts the odd one to the left where the width is odd.
      let padding = width - count
      let left = padding / 2 + (padding & width & 1)
      return try call.interpreter.string(
        String(repeating: fill, count: left) + text + String(repeating: fill, count: padding - left))
    }
    for (name, alignment) in [("ljust", "<"), ("rjust", ">")] {
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
      try call.interpreter.string(try call.interpreter.formatted(text, call.rest, call.restKeywords))
    }
    for name in ["encode", "decode"] {
      add(name, "(self, encoding='utf-8', errors='strict')") { (_, text) throws(Interruption) in .string(text)
      }
    }
    add("format_map", "(self, mapping)") { (call, text) throws(Interruption) in
      let keywords = try call.interpreter.mappingItems(call["mapping"])
        .compactMap { item -> (name: String, value: PythonValue)? in
          if case .string(let name) = item.key { (name, item.value) } else { nil }
        }
      return try call.interpreter.string(try call.interpreter.formatted(text, [], keywords))
    }
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
