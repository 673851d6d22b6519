/// Reads a pattern as CPython's `re` does, with its complaints.
struct RegularExpressionParser {
  typealias Node = RegularExpressionNode
  typealias Flags = RegularExpressionFlags

  let text: [UInt32]
  var position = 0
  /// Those of the whole pattern.
  private(set) var flags: Flags
  private(set) var groupCount = 0
  private(set) var names: [(name: String, index: Int)] = []
  var openGroups: Set<Int> = []
  private var widths: [Int: ClosedRange<Int>] = [:]
  /// The first group of the lookbehind that is being read.
  var lookbehindStart: Int?
  /// Conditions on groups that were not there yet.
  private var conditions: [(group: Int, position: Int)] = []
  private var depth = 0

  /// How deep parentheses may be nested.
  static let maximumDepth = 100

  init(_ text: [UInt32], _ flags: Flags) {
    self.text = text
    self.flags = flags
  }

  /// The pattern as a tree.
  mutating func parse() throws(RegularExpressionFailure) -> Node {
    let given = flags
    if flags.contains(.locale) { throw .invalid("cannot use LOCALE flag with a str pattern", position: nil) }
    let node = try parseAlternatives(flags, isOutermost: true)
    // A pattern that calls itself verbose is read anew as such.
    if flags.contains(.verbose), !given.contains(.verbose) {
      let found = flags
      self = RegularExpressionParser(text, found)
      return try parse()
    }
    if position < text.count { throw .invalid("unbalanced parenthesis", position: position) }
    for (group, place) in conditions where group > groupCount {
      throw .invalid("invalid group reference \(group)", position: place)
    }
    if !flags.contains(.ascii) { flags.insert(.unicode) }
    return node
  }

  // MARK: Characters

  func peek(_ character: Character) -> Bool {
    position < text.count && text[position] == character.unicodeScalars.first?.value
  }

  mutating func take(_ character: Character) -> Bool {
    guard peek(character) else { return false }
    position += 1
    return true
  }

  mutating func takeText(_ characters: String) -> Bool {
    let wanted = characters.unicodeScalars.map(\.value)
    guard text[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  mutating func next() -> UInt32? {
    guard position < text.count else { return nil }
    position += 1
    return text[position - 1]
  }

  /// Characters up to a terminator, which is left behind.
  private mutating func takeUntil(
    _ terminator: Character, _ what: String
  ) throws(RegularExpressionFailure) -> String {
    let start = position
    var result = String.UnicodeScalarView()
    while !take(terminator) {
      guard let value = next(), let scalar = Unicode.Scalar(value) else {
        if position == start { throw .invalid("missing \(what)", position: start) }
        throw .invalid("missing \(terminator), unterminated name", position: start)
      }
      result.append(scalar)
    }
    if result.isEmpty { throw .invalid("missing \(what)", position: start) }
    return String(result)
  }

  // MARK: Grammar

  private mutating func parseAlternatives(
    _ flags: Flags, isOutermost: Bool = false
  ) throws(RegularExpressionFailure) -> Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw .unsupported("a pattern nested so deeply") }
    let isFirst = isOutermost && position == 0
    var branches = [try parseSequence(flags, isFirst: isFirst)]
    while take("|") { branches.append(try parseSequence(flags, isFirst: false)) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func parseSequence(_ given: Flags, isFirst: Bool) throws(RegularExpressionFailure) -> Node
  {
    var flags = given
    var nodes: [Node] = []
    while position < text.count, !peek("|"), !peek(")") {
      let start = position
      guard let value = next() else { break }
      let character = Unicode.Scalar(value).map(Character.init)
      if flags.contains(.verbose) {
        if [9, 10, 11, 12, 13, 32].contains(value) { continue }
        if character == "#" {
          while let skipped = next(), skipped != 10 {}
          continue
        }
      }
      switch character {
      case "\\": nodes.append(try parseEscape(start, flags))
      case "[": nodes.append(.character(try parseSet(start, flags)))
      case ".":
        nodes.append(
          .character(CharacterTest(items: flags.contains(.dotAll) ? [] : [.range(10...10)], isNegated: true)))
      case "^": nodes.append(.boundary(flags.contains(.multiline) ? .lineStart : .start))
      case "$": nodes.append(.boundary(flags.contains(.multiline) ? .lineEnd : .lastLineEnd))
      case "*", "+", "?", "{":
        guard let counts = try parseCounts(start, character ?? "*") else {
          nodes.append(.character(.scalar(value, flags)))
          continue
        }
        try repeatLast(&nodes, counts, start)
      case "(":
        if let node = try parseGroup(start, &flags, isFirst: isFirst && nodes.isEmpty) { nodes.append(node) }
      default: nodes.append(.character(.scalar(value, flags)))
      }
    }
    return nodes.count == 1 ? nodes[0] : .sequence(nodes)
  }

  /// How often something is repeated; nil where the brace is just a brace.
  private mutating func parseCounts(
    _ start: Int, _ character: Character
  ) throws(RegularExpressionFailure) -> ClosedRange<Int>? {
    switch character {
    case "*": return 0...Node.unbounded
    case "+": return 1...Node.unbounded
    case "?": return 0...1
    default: break
    }
    if peek("}") { return nil }
    let low = try takeNumber()
    let high = take(",") ? try takeNumber() : low
    guard take("}") else {
      position = start + 1
      return nil
    }
    let (least, most) = (low ?? 0, high ?? Node.unbounded)
    guard least <= most else {
      throw .invalid("min repeat greater than max repeat", position: start + 1)
    }
    return least...most
  }

  private mutating func takeNumber() throws(RegularExpressionFailure) -> Int? {
    var result: Int?
    while position < text.count, (48...57).contains(text[position]) {
      result = (result ?? 0) * 10 + Int(text[position] - 48)
      // Python takes up to 2³², which nothing here could run.
      guard let result, result < Node.unbounded else { throw .unsupported("so many repetitions") }
      position += 1
    }
    return result
  }

  private mutating func repeatLast(
    _ nodes: inout [Node], _ counts: ClosedRange<Int>, _ start: Int
  ) throws(RegularExpressionFailure) {
    guard let last = nodes.last else { throw .invalid("nothing to repeat", position: start) }
    switch last {
    case .boundary: throw .invalid("nothing to repeat", position: start)
    case .repetition: throw .invalid("multiple repeat", position: start)
    default: break
    }
    let greed: Node.Greed = take("?") ? .lazy : take("+") ? .possessive : .greedy
    nodes[nodes.count - 1] = .repetition(last, counts, greed)
  }

  // MARK: Groups

  /// What an open parenthesis begins; nil where that matches nothing by itself.
  private mutating func parseGroup(
    _ start: Int, _ flags: inout Flags, isFirst: Bool
  ) throws(RegularExpressionFailure) -> Node? {
    guard take("?") else { return try parseCapture(nil, start, flags) }
    if take("P") {
      if take("<") {
        let place = position
        let name = try takeUntil(">", "group name")
        try checkName(name, place)
        return try parseCapture((name, place), start, flags)
      }
      if take("=") {
        let place = position
        let name = try takeUntil(")", "group name")
        try checkName(name, place)
        guard let index = group(named: name) else {
          throw .invalid("unknown group name '\(name)'", position: place)
        }
        try checkReference(index, place, position)
        return .backreference(index, ignoresCase: flags.contains(.ignoreCase))
      }
      guard let value = next() else { throw .invalid("unexpected end of pattern", position: position) }
      throw .invalid("unknown extension ?P\(Self.string(value))", position: start + 1)
    }
    if take(":") { return .plain(try parseBody(start, flags)) }
    if take(">") { return .atomic(try parseBody(start, flags)) }
    if take("#") {
      while !take(")") {
        guard next() != nil else { throw .invalid("missing ), unterminated comment", position: start) }
      }
      return nil
    }
    if take("=") { return .look(try parseBody(start, flags), back: 0, isNegative: false) }
    if take("!") { return .look(try parseBody(start, flags), back: 0, isNegative: true) }
    if take("<") { return try parseLookbehind(start, flags) }
    if take("(") { return try parseConditional(start, flags) }
    return try parseFlags(start, &flags, isFirst: isFirst)
  }

  private mutating func parseBody(_ start: Int, _ flags: Flags) throws(RegularExpressionFailure) -> Node {
    let node = try parseAlternatives(flags)
    guard take(")") else { throw .invalid("missing ), unterminated subpattern", position: start) }
    return node
  }

  private mutating func parseCapture(
    _ name: (text: String, place: Int)?, _ start: Int, _ flags: Flags
  ) throws(RegularExpressionFailure) -> Node {
    groupCount += 1
    let index = groupCount
    if let name {
      if let other = group(named: name.text) {
        throw .invalid(
          "redefinition of group name '\(name.text)' as group \(index); was group \(other)",
          position: name.place)
      }
      names.append((name.text, index))
    }
    openGroups.insert(index)
    let node = try parseBody(start, flags)
    openGroups.remove(index)
    widths[index] = node.width(widths)
    return .group(node, index)
  }

  private mutating func parseLookbehind(
    _ start: Int, _ flags: Flags
  ) throws(RegularExpressionFailure) -> Node {
    guard let kind = next() else { throw .invalid("unexpected end of pattern", position: position) }
    guard kind == 61 || kind == 33 else {
      throw .invalid("unknown extension ?<\(Self.string(kind))", position: start + 1)
    }
    let outer = lookbehindStart
    lookbehindStart = outer ?? groupCount + 1
    let node = try parseBody(start, flags)
    lookbehindStart = outer
    let width = node.width(widths)
    guard width.lowerBound == width.upperBound, width.upperBound < Node.unbounded else {
      throw .invalid("look-behind requires fixed-width pattern", position: nil)
    }
    return .look(node, back: width.lowerBound, isNegative: kind == 33)
  }

  private mutating func parseConditional(
    _ start: Int, _ flags: Flags
  ) throws(RegularExpressionFailure) -> Node {
    let place = position
    let name = try takeUntil(")", "group name")
    var index: Int
    if name.unicodeScalars.allSatisfy({ ("0"..."9").contains($0) }) {
      guard let number = Int(name), number < 1 << 31 else {
        throw .invalid("invalid group reference \(name)", position: place)
      }
      guard number > 0 else { throw .invalid("bad group number", position: place) }
      index = number
      conditions.append((number, place))
    } else {
      try checkName(name, place)
      guard let known = group(named: name) else {
        throw .invalid("unknown group name '\(name)'", position: place)
      }
      index = known
    }
    if let lookbehindStart, index >= lookbehindStart {
      throw .invalid(
        "cannot refer to group defined in the same lookbehind subpattern", position: position)
    }
    let yes = try parseSequence(flags, isFirst: false)
    let no = take("|") ? try parseSequence(flags, isFirst: false) : .sequence([])
    if peek("|") { throw .invalid("conditional backref with more than two branches", position: position) }
    guard take(")") else { throw .invalid("missing ), unterminated subpattern", position: start) }
    return .conditional(index, yes, no)
  }

  private mutating func parseFlags(
    _ start: Int, _ flags: inout Flags, isFirst: Bool
  ) throws(RegularExpressionFailure) -> Node? {
    let letters: [UInt32: Flags] = [
      97: .ascii, 105: .ignoreCase, 76: .locale, 109: .multiline, 115: .dotAll, 117: .unicode, 120: .verbose,
    ]
    guard position < text.count, letters[text[position]] != nil || peek("-") else {
      guard let value = next() else { throw .invalid("unexpected end of pattern", position: position) }
      throw .invalid("unknown extension ?\(Self.string(value))", position: start + 1)
    }
    var (added, removed): (Flags, Flags) = ([], [])
    var isRemoving = false
    while true {
      guard let value = next() else { throw .invalid("missing -, : or )", position: position) }
      if let flag = letters[value] {
        if flag == .locale {
          throw .invalid("bad inline flags: cannot use 'L' flag with a str pattern", position: position)
        }
        if isRemoving {
          guard flag.isDisjoint(with: [.ascii, .unicode]) else {
            throw .invalid(
              "bad inline flags: cannot turn off flags 'a', 'u' and 'L'", position: position)
          }
          removed.insert(flag)
        } else {
          added.insert(flag)
          guard !added.isSuperset(of: [.ascii, .unicode]) else {
            throw .invalid("bad inline flags: flags 'a', 'u' and 'L' are incompatible", position: position)
          }
        }
      } else if value == 45, !isRemoving {
        isRemoving = true
        guard position < text.count else { throw .invalid("missing flag", position: position) }
        guard letters[text[position]] != nil else {
          throw .invalid(
            Self.isLetter(text[position]) ? "unknown flag" : "missing flag", position: position)
        }
      } else if value == 41, !isRemoving {
        guard isFirst else {
          throw .invalid("global flags not at the start of the expression", position: start)
        }
        self.flags.formUnion(added)
        flags.formUnion(added)
        return nil
      } else if value == 58 {
        guard added.isDisjoint(with: removed) else {
          throw .invalid("bad inline flags: flag turned on and off", position: position - 1)
        }
        var inner = flags.union(added).subtracting(removed)
        if added.contains(.unicode) { inner.remove(.ascii) }
        return .plain(try parseBody(start, inner))
      } else {
        let isUnknown = Self.isLetter(value)
        throw .invalid(
          isUnknown ? "unknown flag" : isRemoving ? "missing :" : "missing -, : or )", position: position - 1)
      }
    }
  }

  // MARK: Names

  private func checkName(_ name: String, _ place: Int) throws(RegularExpressionFailure) {
    let isName =
      name.unicodeScalars.first.map { $0.properties.isXIDStart || $0 == "_" } == true
      && name.unicodeScalars.allSatisfy { $0.properties.isXIDContinue }
    guard isName else { throw .invalid("bad character in group name '\(name)'", position: place) }
  }

  private func group(named name: String) -> Int? { names.first { $0.name == name }?.index }

  func checkReference(_ index: Int, _ place: Int, _ end: Int) throws(RegularExpressionFailure) {
    guard !openGroups.contains(index) else {
      throw .invalid("cannot refer to an open group", position: place)
    }
    if let lookbehindStart, index >= lookbehindStart {
      throw .invalid("cannot refer to group defined in the same lookbehind subpattern", position: end)
    }
  }

  static func string(_ value: UInt32) -> String { Unicode.Scalar(value).map { String($0) } ?? "" }

  static func isLetter(_ value: UInt32) -> Bool { (65...90).contains(value) || (97...122).contains(value) }
}
