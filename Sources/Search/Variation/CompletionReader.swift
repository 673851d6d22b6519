/// Makes a program of the text with which a model continues a network and a docstring.
///
/// LLMatic's own code cuts such a text behind its first line with a `return`, so that a network whose first method
/// returns early, or that has a helper class, is lost. Here it goes on to the end of its classes.
enum CompletionReader {
  /// The program in a continuation; nil where it defines no class.
  ///
  /// What follows the classes (another docstring, a main program, a class of a name that was there before) is left
  /// out. What the continuation names but the networks before it define, such as a block's class, is put before it,
  /// since it continues their text.
  static func program(in reply: String, after networks: [String]) -> String? {
    let text = ReplyReader.answer(in: reply)
    let continuation =
      ReplyReader.program(in: text).map { SearchReplaceBlocks.lines(of: $0) }
      ?? SearchReplaceBlocks.lines(of: text)
    guard let body = classes(in: continuation) else { return nil }
    let own = statements(of: body)
    var known = Set(own.compactMap(\.name))
    var words = own.reduce(into: Set<Substring>()) { $0.formUnion(Self.words(in: $1.lines)) }
    var imports = own.filter(\.isImport).map(\.text)
    var helpers: [Statement] = []
    let others = networks.flatMap { statements(of: SearchReplaceBlocks.lines(of: $0)) }
    for statement in others where statement.isImport && !imports.contains(statement.text) {
      imports.append(statement.text)
    }
    // From the last on, since what stands there may name what stands before it.
    for statement in others.reversed() {
      guard let name = statement.name, words.contains(name[...]), known.insert(name).inserted else {
        continue
      }
      helpers.insert(statement, at: 0)
      words.formUnion(Self.words(in: statement.lines))
    }
    let parts = helpers.map(\.text) + own.filter { !$0.isImport }.map(\.text)
    return imports.joined(separator: "\n") + (imports.isEmpty ? "" : "\n\n\n")
      + parts.joined(separator: "\n\n\n") + "\n"
  }

  /// The lines from the program's first to the end of its classes.
  private static func classes(in lines: [Substring]) -> [Substring]? {
    guard let start = lines.firstIndex(where: isStatement) else { return nil }
    var names: Set<Substring> = []
    var end = lines.endIndex
    for index in lines.indices[start...] {
      let line = lines[index]
      guard let first = line.first, !first.isWhitespace else { continue }
      if line.hasPrefix("class "), !names.insert(className(line)).inserted {
        end = index
        break
      }
      guard !names.isEmpty, !isStatement(line), !line.hasPrefix("#"), !line.hasPrefix(")") else { continue }
      end = index
      break
    }
    return names.isEmpty ? nil : Array(lines[start..<end])
  }

  private static func isStatement(_ line: Substring) -> Bool {
    ["import ", "from ", "class ", "def ", "@"].contains { line.hasPrefix($0) }
  }

  private static func className(_ line: Substring) -> Substring {
    line.dropFirst(6).prefix { $0.isLetter || $0.isNumber || $0 == "_" }
  }

  /// A statement that stands at the margin, with what belongs to it.
  private struct Statement {
    var lines: [Substring]

    var text: String {
      var part = lines[...]
      while part.last?.allSatisfy(\.isWhitespace) == true { part = part.dropLast() }
      return part.joined(separator: "\n")
    }

    var isImport: Bool { lines.first.map { $0.hasPrefix("import ") || $0.hasPrefix("from ") } ?? false }

    /// What it defines.
    var name: String? {
      for line in lines {
        for word in ["class ", "def "] where line.hasPrefix(word) {
          return String(line.dropFirst(word.count).prefix { $0.isLetter || $0.isNumber || $0 == "_" })
        }
      }
      return nil
    }
  }

  private static func statements(of lines: [Substring]) -> [Statement] {
    var result: [Statement] = []
    var isDecorated = false
    for line in lines {
      let isAtMargin = line.first.map { !$0.isWhitespace && $0 != "#" && $0 != ")" } ?? false
      if isAtMargin, !isDecorated {
        result.append(Statement(lines: [line]))
      } else if !result.isEmpty {
        result[result.count - 1].lines.append(line)
      } else if line.contains(where: { !$0.isWhitespace }) {
        result.append(Statement(lines: [line]))
      }
      if isAtMargin { isDecorated = line.hasPrefix("@") }
    }
    return result
  }

  private static func words(in lines: [Substring]) -> Set<Substring> {
    var words: Set<Substring> = []
    for line in lines {
      words.formUnion(line.split { !($0.isLetter || $0.isNumber || $0 == "_") })
    }
    return words
  }
}
