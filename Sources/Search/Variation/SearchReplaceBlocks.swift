/// Reads SEARCH/REPLACE blocks out of a model's reply.
///
///     <<<<<<< SEARCH
///     what stands there
///     =======
///     what shall stand there
///     >>>>>>> REPLACE
///
/// Five signs or more make a marker, whatever follows them; text between blocks is passed over, as are fences within
/// them. A block whose end is missing was cut off, so it is refused and not applied in part.
struct SearchReplaceBlocks: Sendable, Hashable {
  /// One block.
  struct Block: Sendable, Hashable {
    /// Its place in the reply, from 1.
    var number: Int
    /// The lines to search for, without blank ones at the ends.
    var search: [String]
    /// The lines to put there, without blank ones at the ends.
    var replacement: [String]
  }

  /// The blocks, in order.
  private(set) var blocks: [Block] = []
  /// What could not be read, a sentence each.
  private(set) var problems: [String] = []

  /// The longest reply that is read, in bytes.
  static let maximumBytes = 1 << 18
  /// The most blocks that are read.
  static let maximumBlocks = 64

  private enum Marker { case opening, divider, closing }

  /// A block that is being read.
  private struct Draft {
    var number: Int
    var indentation: Int
    var search: [String] = []
    var replacement: [String] = []
    var dividers = 0
  }

  /// Whether there is a marker that begins a block.
  static func begins(in reply: String) -> Bool {
    lines(of: reply).contains { marker($0) == .opening }
  }

  /// The blocks of a reply.
  init(_ reply: String) {
    guard reply.utf8.count <= Self.maximumBytes else {
      problems = ["The reply has \(reply.utf8.count) bytes, more than the \(Self.maximumBytes) that are read"]
      return
    }
    var count = 0
    var draft: Draft?
    for line in Self.lines(of: reply) {
      switch Self.marker(line) {
      case .opening?:
        end(draft)
        count += 1
        guard count <= Self.maximumBlocks else {
          problems.append("Of more than \(Self.maximumBlocks) blocks the others were left out")
          return
        }
        draft = Draft(number: count, indentation: line.prefix { $0 == " " }.count)
      case .divider?: draft?.dividers += 1
      case .closing?:
        if let draft { finish(draft) }
        draft = nil
      case nil:
        guard let indentation = draft?.indentation else { continue }
        let text = String(line.dropFirst(min(indentation, line.prefix { $0 == " " }.count)))
        if draft?.dividers == 0 { draft?.search.append(text) } else { draft?.replacement.append(text) }
      }
    }
    end(draft)
  }

  /// Names a block that the reply, or the next block, left open.
  private mutating func end(_ draft: Draft?) {
    guard let draft else { return }
    problems.append(
      draft.dividers == 0
        ? "Block \(draft.number) ends before its line of '=' signs"
        : "Block \(draft.number) has no line '>>>>>>> REPLACE', so it may be cut off")
  }

  private mutating func finish(_ draft: Draft) {
    let (search, replacement) = (Self.trimmed(draft.search), Self.trimmed(draft.replacement))
    if draft.dividers != 1 {
      problems.append(
        draft.dividers == 0
          ? "Block \(draft.number) has no line of '=' signs between its two parts"
          : "Block \(draft.number) has \(draft.dividers) lines of '=' signs")
    } else if search.isEmpty {
      problems.append("Block \(draft.number) searches for nothing")
    } else if search == replacement {
      problems.append("Block \(draft.number) changes nothing")
    } else {
      blocks.append(Block(number: draft.number, search: search, replacement: replacement))
    }
  }

  private static func marker(_ line: Substring) -> Marker? {
    let text = line.drop { $0 == " " || $0 == "\t" }
    for (sign, marker): (Character, Marker) in [("<", .opening), ("=", .divider), (">", .closing)] {
      guard text.prefix(5).count == 5, text.prefix(5).allSatisfy({ $0 == sign }) else { continue }
      let rest = text.drop { $0 == sign }
      // A divider stands alone, since a comment may be underlined within a line.
      return marker == .divider && !rest.allSatisfy(\.isWhitespace) ? nil : marker
    }
    return nil
  }

  static func lines(of text: String) -> [Substring] {
    // "\r\n" is one character of its own.
    text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
  }

  /// The lines without blank ones, and fences, at their ends.
  private static func trimmed(_ lines: [String]) -> [String] {
    func isNothing(_ line: String) -> Bool {
      line.allSatisfy(\.isWhitespace) || line.drop { $0 == " " }.hasPrefix("```")
    }
    var part = lines[...]
    while let first = part.first, isNothing(first) { part = part.dropFirst() }
    while let last = part.last, isNothing(last) { part = part.dropLast() }
    return Array(part)
  }
}
