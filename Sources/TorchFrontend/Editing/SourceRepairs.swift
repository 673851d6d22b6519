import PythonSyntax

/// The repairs of a text that cannot be parsed.
enum SourceRepairs {
  /// The longest text that is repaired; each attempt parses it anew.
  private static let maximumBytes = 128 << 10

  /// A text that parses and what was done to it, the mildest repair first; nil where none helps.
  static func repaired(_ text: String) -> (text: String, description: String)? {
    guard text.utf8.count <= maximumBytes else { return nil }
    let candidates: [(text: String?, description: String)] = [
      (program(in: text), "the text around the program is now left out"),
      (indented(text), "the indentation is now four spaces a level"),
      (truncated(text), "the incomplete end is now left out"),
      (
        program(in: text).flatMap(truncated),
        "the text around the program and its incomplete end are now left out"
      ),
      (
        indented(text).flatMap(truncated),
        "the indentation is now four spaces a level, and the incomplete end is left out"
      ),
    ]
    for candidate in candidates {
      if let repaired = candidate.text, repaired != text, isProgram(repaired) {
        return (repaired, candidate.description)
      }
    }
    return nil
  }

  private static func isProgram(_ text: String) -> Bool {
    let parsed = Parser.parse(text)
    return !parsed.hasErrors && !parsed.module.body.isEmpty
  }

  /// Lines without their ends; "\r\n" is one character of its own.
  private static func lines(_ text: String) -> [Substring] {
    text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
  }

  private static func joined(_ lines: [Substring]) -> String { lines.joined(separator: "\n") + "\n" }

  private static func beginsDefinition(_ line: Substring) -> Bool {
    ["class ", "def ", "import ", "from ", "@"].contains { line.hasPrefix($0) }
  }

  // MARK: Text around the program

  /// What stands between fences (or within `<code>`): all blocks together where they complete each other, else the
  /// first that defines a class; without fences, what follows the first import or class.
  static func program(in text: String) -> String? {
    let text = answer(in: text)
    var blocks: [[Substring]] = []
    var block: [Substring]?
    var fence: Substring?
    var indentation = 0
    for line in lines(text) {
      let bare = line.drop { $0 == " " || $0 == "\t" }
      if let open = fence, var inner = block {
        if bare.hasPrefix(open) || bare.hasPrefix("</code>") {
          blocks.append(inner)
          (block, fence) = (nil, nil)
        } else {
          // A block within a list is indented as its fence is, as CommonMark has it.
          inner.append(line.dropFirst(min(indentation, line.utf8.count - bare.utf8.count)))
          block = inner
        }
      } else if bare.hasPrefix("```") || bare.hasPrefix("~~~") {
        (block, fence) = ([], bare.prefix(3))
        indentation = line.utf8.count - bare.utf8.count
      } else if let tag = ["<pre><code>", "<code>"].first(where: { bare.hasPrefix($0) }) {
        (block, fence) = ([bare.dropFirst(tag.count)], "</code>")
        indentation = 0
      }
    }
    // A reply that was cut off ends within its block.
    if let block { blocks.append(block) }
    // A lone fence behind a program that began without one.
    if blocks.allSatisfy({ block in !block.contains(where: beginsDefinition) }) {
      let all = lines(text)
      guard let start = all.firstIndex(where: beginsDefinition) else { return nil }
      return joined(Array(all[start...].prefix { !$0.hasPrefix("```") && !$0.hasPrefix("~~~") }))
    }
    let code = blocks.filter { $0.contains(where: beginsDefinition) }
    let names = code.map { $0.filter { $0.hasPrefix("class ") }.map { $0.prefix { $0 != "(" && $0 != ":" } } }
    let all = names.flatMap(\.self)
    if code.count > 1, Set(all).count == all.count, isProgram(joined(Array(code.joined()))) {
      return joined(Array(code.joined()))
    }
    guard let first = zip(code, names).first(where: { !$0.1.isEmpty })?.0 ?? code.first else { return nil }
    return joined(first)
  }

  /// What follows a model's reasoning, where the reply begins with it in tags.
  private static func answer(in text: String) -> String {
    let start = text.drop { $0.isWhitespace }
    for name in ["think", "thinking", "reasoning"] where start.hasPrefix("<\(name)>") {
      if let end = start.firstRange(of: "</\(name)>") { return String(start[end.upperBound...]) }
    }
    return text
  }

  // MARK: Indentation

  /// Tabs as spaces, no margin, and each line on the nearest level of four spaces.
  private static func indented(_ text: String) -> String? {
    for tab in [4, 8] {
      if let repaired = indented(text, tab: tab) { return repaired }
    }
    return nil
  }

  private static func indented(_ text: String, tab: Int) -> String? {
    let indented = lines(text).map { line -> (column: Int, rest: Substring) in
      var column = 0
      let rest = line.drop { character in
        guard character == " " || character == "\t" else { return false }
        column = character == "\t" ? (column / tab + 1) * tab : column + 1
        return true
      }
      return (column, rest)
    }
    let margin = indented.filter { !$0.rest.isEmpty }.map(\.column).min() ?? 0
    func layout(_ rounding: Bool) -> String {
      joined(
        indented.map { line in
          guard !line.rest.isEmpty else { return "" }
          let column = line.column - margin
          return String(repeating: " ", count: rounding ? (column + 1) / 4 * 4 : column) + line.rest
        })
    }
    return [layout(false), layout(true)].first(where: isProgram)
  }

  // MARK: A truncated tail

  /// The text up to its last complete statement, where nothing but its last definition is broken.
  private static func truncated(_ text: String) -> String? {
    guard let error = Parser.parse(text).diagnostics.first(where: { $0.severity == .error }),
      let line = error.location?.line
    else { return nil }
    var lines = lines(text)
    while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
    // A bracket that is never closed is reported where it was opened.
    guard !lines.dropFirst(line).contains(where: beginsDefinition) else { return nil }
    var kept = Array(lines.prefix(max(line - 1, 0)))
    for _ in 0..<24 {
      if kept.isEmpty { return nil }
      let candidate = joined(kept)
      if isProgram(candidate) { return candidate }
      kept.removeLast()
    }
    return nil
  }
}
