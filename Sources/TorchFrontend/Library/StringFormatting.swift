extension Interpreter {
  /// Python's `text.format(…)`.
  func formatted(
    _ text: String, _ positional: [PythonValue], _ keywords: [(name: String, value: PythonValue)]
  ) throws(Interruption) -> String {
    var automatic = 0
    return try formatted(text, positional, keywords, &automatic, depth: 0)
  }

  private func formatted(
    _ text: String, _ positional: [PythonValue], _ keywords: [(name: String, value: PythonValue)],
    _ automatic: inout Int, depth: Int
  ) throws(Interruption) -> String {
    guard depth < 3 else { throw raise(.valueError, "Max string recursion exceeded") }
    var result = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "{" || character == "}", rest.first == character {
        rest.removeFirst()
        result.append(character)
        continue
      }
      guard character == "{" else {
        if character == "}" { throw raise(.valueError, "Single '}' encountered in format string") }
        result.append(character)
        continue
      }
      var field = ""
      var nesting = 1
      while let next = rest.popFirst() {
        if next == "{" { nesting += 1 }
        if next == "}" {
          nesting -= 1
          if nesting == 0 { break }
        }
        field.append(next)
      }
      guard nesting == 0 else { throw raise(.valueError, "expected '}' before end of string") }
      try spend(field.utf8.count)
      let colon = field.firstIndex(of: ":") ?? field.endIndex
      var name = field[..<colon]
      var conversion: Character?
      if let mark = name.lastIndex(of: "!") {
        conversion = name[name.index(after: mark)...].first
        name = name[..<mark]
      }
      var value = try replacement(name, positional, keywords, &automatic)
      switch conversion {
      case nil: break
      case "r", "a": value = .string(try representation(of: value))
      case "s": value = .string(try self.text(of: value))
      case let other?: throw raise(.valueError, "Unknown conversion specifier '\(other)'")
      }
      var specification = colon == field.endIndex ? "" : String(field[field.index(after: colon)...])
      if specification.contains("{") {
        specification = try formatted(specification, positional, keywords, &automatic, depth: depth + 1)
      }
      result += try format(value, specification)
      try reserve(result.utf8.count >> 4)
      guard result.utf8.count <= limits.collectionSize else {
        throw exhausted("a string is too large", "limit.collection")
      }
    }
    return result
  }

  /// The value that `0.name[key]` of a replacement field stands for.
  private func replacement(
    _ field: Substring, _ positional: [PythonValue], _ keywords: [(name: String, value: PythonValue)],
    _ automatic: inout Int
  ) throws(Interruption) -> PythonValue {
    let name = String(field.prefix { $0 != "." && $0 != "[" })
    var rest = field.dropFirst(name.count)
    var value: PythonValue
    if name.isEmpty || name.allSatisfy(\.isNumber) {
      let place = name.isEmpty ? automatic : Int(name) ?? -1
      if name.isEmpty { automatic += 1 }
      guard positional.indices.contains(place) else {
        throw raise(.indexError, "Replacement index \(place) out of range for positional args tuple")
      }
      value = positional[place]
    } else {
      guard let keyword = keywords.first(where: { $0.name == name }) else { throw missingKey(.string(name)) }
      value = keyword.value
    }
    while let mark = rest.popFirst() {
      if mark == "[" {
        let key = String(rest.prefix { $0 != "]" })
        rest = rest.dropFirst(key.count + 1)
        value = try item(value, Int(key).map { .int($0) } ?? .string(key))
      } else {
        let attribute = String(rest.prefix { $0 != "." && $0 != "[" })
        rest = rest.dropFirst(attribute.count)
        value = try self.attribute(attribute, of: value)
      }
    }
    return value
  }
}
