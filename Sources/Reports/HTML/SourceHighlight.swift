/// Python source with its words, strings, numbers and comments marked, whether it is right or not.
enum SourceHighlight {
  private static let keywords: Set<String> = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal",
    "not", "or", "pass", "raise", "return", "self", "try", "while", "with", "yield",
  ]

  /// The source as HTML; classes are `k` for keywords, `s` for strings, `n` for numbers, `c` for comments.
  static func html(_ source: String) -> HTML {
    let scalars = Array(source.unicodeScalars)
    var result: HTML = ""
    var plain = String.UnicodeScalarView()
    func flush() {
      if !plain.isEmpty { result += HTML(escaping: String(plain)) }
      plain = String.UnicodeScalarView()
    }
    var place = 0
    while place < scalars.count {
      let (end, kind) = token(scalars, at: place)
      guard let kind else {
        plain.append(contentsOf: scalars[place..<end])
        place = end
        continue
      }
      flush()
      let text = String(String.UnicodeScalarView(scalars[place..<end]))
      result += "<span class=\"\(kind)\">\(text)</span>"
      place = end
    }
    flush()
    return result
  }

  /// Where the token at a place ends, and its class; nil for what is not marked.
  private static func token(_ scalars: [Unicode.Scalar], at start: Int) -> (end: Int, kind: String?) {
    let first = scalars[start]
    if first == "#" {
      var end = start
      while end < scalars.count, scalars[end] != "\n" { end += 1 }
      return (end, "c")
    }
    if first == "\"" || first == "'" { return (string(scalars, from: start), "s") }
    if isDigit(first) {
      var end = start
      while end < scalars.count, isLetter(scalars[end]) || isDigit(scalars[end]) || scalars[end] == "." {
        end += 1
      }
      return (end, "n")
    }
    guard isLetter(first) else { return (start + 1, nil) }
    var end = start
    while end < scalars.count, isLetter(scalars[end]) || isDigit(scalars[end]) { end += 1 }
    let word = String(String.UnicodeScalarView(scalars[start..<end]))
    if end < scalars.count, word.utf8.count <= 2, scalars[end] == "\"" || scalars[end] == "'",
      word.lowercased().allSatisfy({ "rbfu".contains($0) })
    {
      return (string(scalars, from: end), "s")
    }
    return (end, keywords.contains(word) ? "k" : nil)
  }

  /// Where the string that begins with a quote ends: behind the same quote, or at the end of the line or text.
  private static func string(_ scalars: [Unicode.Scalar], from start: Int) -> Int {
    let quote = scalars[start]
    let isLong = start + 2 < scalars.count && scalars[start + 1] == quote && scalars[start + 2] == quote
    var place = start + (isLong ? 3 : 1)
    while place < scalars.count {
      if scalars[place] == "\\" {
        place += 2
        continue
      }
      if isLong {
        if place + 2 < scalars.count, (place...place + 2).allSatisfy({ scalars[$0] == quote }) {
          return place + 3
        }
      } else if scalars[place] == quote {
        return place + 1
      } else if scalars[place] == "\n" {
        return place
      }
      place += 1
    }
    return scalars.count
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}

extension HTML {
  /// What changed between two sources; a sentence where nothing did.
  static func difference(_ difference: SourceDiff) -> HTML {
    guard !difference.lines.isEmpty else { return "<p>The sources are the same.</p>" }
    let lines = difference.lines.map { line -> HTML in
      switch line.kind {
      case .heading: "<span class=\"hunk\">\(line.text)</span>"
      case .removed: "<span class=\"del\">\(line.text)</span>"
      case .added: "<span class=\"add\">\(line.text)</span>"
      case .same: "\(line.text)"
      }
    }
    return "<pre>\(HTML(lines))</pre>"
  }

  /// Text that may be very long, cut with a notice.
  static func cut(_ text: String, bytes most: Int = 40_000) -> (text: String, note: HTML) {
    guard text.utf8.count > most else { return (text, "") }
    return (
      String(decoding: text.utf8.prefix(most), as: UTF8.self),
      "<p class=\"note\">Cut: the first \(most) of \(text.utf8.count) bytes.</p>"
    )
  }
}
