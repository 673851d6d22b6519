import RandomStreams

/// Changes the text of programs: bytes, words, lines, and their nesting.
struct ProgramMutator {
  var generator: ProgramGenerator
  var stream: RandomStream

  private static let nestings = [
    ("(", ")"), ("[", "]"), ("{1: ", "}"), ("f(", ")"), ("-", ""), ("not ", ""), ("lambda: ", ""),
    ("x[", "]"),
    ("(a := ", ")"), ("[a for a in ", "]"), ("nn.Sequential(", ")"), ("1 if a else ", ""), ("a ** ", ""),
    ("", "()"),
    ("", ".a"), ("", "[0]"), ("", " + 1"), ("torch.relu(", ")"), ("f'{", "}'"),
  ]
  private static let noise = [
    "\0", "\u{FEFF}", "\u{301}", "é", "🎉", "\t", "\r", "\u{2028}", "\\", "'''", "\"\"\"", "#", ";", "\\\n",
    "```",
    "\u{0}", "ａ", "²", "ª", "\\N{DASH}", "0x", "1e", "1_0", "0b", "1__0", "@", "$", "?", "!", "\u{200B}",
    "\u{A0}",
  ]
  private static let openings = [
    "Here is the network:\n```python\n", "```\n", "<code>\n", "Sure!\n\n", "\t", "  ", "\u{FEFF}",
    "{\"edits\": [{\"a\": \"b\"}]}\n",
  ]

  /// A mutant of a program, with some of another's lines perhaps.
  mutating func mutant(of source: String, with other: String) -> String {
    var lines = source.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let foreign = other.split(separator: "\n").map(String.init)
    for _ in 0..<stream.pick([1, 1, 1, 1, 2, 2, 3, 5]) {
      if lines.isEmpty { lines = [""] }
      change(&lines, foreign)
    }
    var text = lines.joined(separator: "\n")
    if stream.bernoulli(0.02) { text = String(text.prefix(stream.integer(below: max(1, text.count)))) }
    if stream.bernoulli(0.02) {
      text = stream.pick(Self.openings) + text + "\n```\nThis network has 3 layers."
    }
    if stream.bernoulli(0.01) { text = text.replacing("    ", with: "\t") }
    if stream.bernoulli(0.005) { text = text.replacing("\n", with: "\r\n") }
    return text
  }

  private mutating func change(_ lines: inout [String], _ foreign: [String]) {
    let place = stream.integer(below: lines.count)
    let indent = String(lines[place].prefix { $0 == " " })
    switch stream.integer(below: 24) {
    case 0: lines.remove(at: place)
    case 1: lines.insert(lines[stream.integer(below: lines.count)], at: place)
    case 2: lines.swapAt(place, stream.integer(below: lines.count))
    case 3:
      let start = stream.integer(below: max(1, foreign.count))
      lines.insert(contentsOf: foreign.dropFirst(start).prefix(1 + stream.integer(below: 12)), at: place)
    case 4: lines[place] = withByte(lines[place])
    case 5: lines[place] = withNoise(lines[place])
    case 6..<10: lines[place] = withWord(lines[place], replacedBy: generator.leaf())
    case 10..<12: lines[place] = withWord(lines[place], replacedBy: generator.expression(2))
    case 12..<15: lines[place] = withNumber(lines[place])
    case 15: lines[place] = nested(lines[place])
    case 16..<18: lines.insert(contentsOf: generator.statement(2, indent: indent), at: place)
    case 18: lines.insert(contentsOf: generator.statement(3, indent: indent), at: place)
    case 19: lines[place] = stream.bernoulli(0.5) ? " " + lines[place] : String(lines[place].dropFirst())
    case 20:
      let copies = stream.pick([2, 5, 20, 200, 2000])
      lines.insert(
        contentsOf: Array(repeating: lines[place], count: min(copies, 100_000 / lines.count)), at: place)
    case 21:
      lines.insert(
        indent + stream.pick(["for i in range(10**9):", "while x is not None:", "if a:", "try:"]), at: place)
    case 22: lines.removeSubrange(place..<min(lines.count, place + 1 + stream.integer(below: 6)))
    default: lines[place] = withWord(lines[place], replacedBy: word(of: foreign))
    }
  }

  // MARK: Within a line

  private mutating func withByte(_ line: String) -> String {
    var bytes = Array(line.utf8)
    let byte =
      stream.bernoulli(0.9) ? UInt8(32 + stream.integer(below: 95)) : UInt8(stream.integer(below: 256))
    if bytes.isEmpty || stream.bernoulli(0.4) {
      bytes.insert(byte, at: stream.integer(below: bytes.count + 1))
    } else {
      bytes[stream.integer(below: bytes.count)] = byte
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func withNoise(_ line: String) -> String {
    var characters = Array(line)
    characters.insert(contentsOf: stream.pick(Self.noise), at: stream.integer(below: characters.count + 1))
    return String(characters)
  }

  private mutating func withWord(_ line: String, replacedBy piece: String) -> String {
    let words = Self.words(line)
    guard !words.isEmpty else { return line }
    return line.replacingCharacters(in: stream.pick(words), with: piece)
  }

  /// The line with a number replaced by an extreme one, or a word where it has none.
  private mutating func withNumber(_ line: String) -> String {
    let numbers = Self.words(line).filter { line[$0.lowerBound].isNumber }
    guard !numbers.isEmpty else { return withWord(line, replacedBy: generator.leaf()) }
    let piece =
      stream.bernoulli(0.5) ? stream.pick(ProgramGenerator.integers) : String(stream.integer(below: 40))
    return line.replacingCharacters(in: stream.pick(numbers), with: piece)
  }

  /// The line with a word within many brackets or operators.
  private mutating func nested(_ line: String) -> String {
    let words = Self.words(line)
    guard !words.isEmpty else { return line }
    let range = stream.pick(words)
    let (open, close) = stream.pick(Self.nestings)
    let count = stream.pick([2, 10, 40, 80, 84, 90, 200, 1000])
    let text = String(repeating: open, count: count) + line[range] + String(repeating: close, count: count)
    return line.replacingCharacters(in: range, with: text)
  }

  private mutating func word(of lines: [String]) -> String {
    guard !lines.isEmpty else { return "x" }
    let line = stream.pick(lines)
    let words = Self.words(line)
    return words.isEmpty ? "x" : String(line[stream.pick(words)])
  }

  private static func words(_ line: String) -> [Range<String.Index>] {
    var words: [Range<String.Index>] = []
    var start: String.Index?
    for index in line.indices {
      let isWord = line[index].isLetter || line[index].isNumber || line[index] == "_"
      if isWord, start == nil { start = index }
      if !isWord, let begin = start {
        words.append(begin..<index)
        start = nil
      }
    }
    if let begin = start { words.append(begin..<line.endIndex) }
    return words
  }
}

extension String {
  /// The text with a part replaced.
  fileprivate func replacingCharacters(in range: Range<String.Index>, with piece: String) -> String {
    self[..<range.lowerBound] + piece + self[range.upperBound...]
  }
}
