/// A replacement of a range of a text.
public struct TextEdit: Sendable, Hashable, Codable {
  /// What is replaced; an empty range is an insertion.
  public var range: SourceRange
  /// What takes its place; empty is a deletion.
  public var replacement: String

  /// The replacement of that range by that text.
  public init(_ range: SourceRange, _ replacement: String) {
    self.range = range
    self.replacement = replacement
  }

  /// Why edits cannot be applied.
  public enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The range does not lie within the text.
    case outOfBounds(TextEdit)
    /// The range begins or ends within a character's bytes.
    case splitsCharacter(TextEdit)
    /// Both edits change the same bytes, or one inserts within what the other replaces.
    case overlapping(TextEdit, TextEdit)

    /// One sentence that says what is wrong.
    public var description: String {
      switch self {
      case .outOfBounds(let edit):
        "the edit of bytes \(edit.range.lower)..<\(edit.range.upper) lies outside the text"
      case .splitsCharacter(let edit):
        "the edit of bytes \(edit.range.lower)..<\(edit.range.upper) cuts through a character"
      case .overlapping(let first, let second):
        "the edits of bytes \(first.range.lower)..<\(first.range.upper) and "
          + "\(second.range.lower)..<\(second.range.upper) overlap"
      }
    }
  }
}

extension String {
  /// The text with those edits, whose ranges all mean this text.
  ///
  /// Insertions at the same place, and at the edges of a
  /// replaced range, keep the order of the list.
  ///
  /// - Throws: `TextEdit.Failure` where an edit does not fit the text or two overlap.
  public func applying(_ edits: [TextEdit]) throws(TextEdit.Failure) -> String {
    let bytes = Array(utf8)
    let ordered = edits.enumerated().sorted { first, second in
      let (left, right) = (first.element.range, second.element.range)
      if left.lower != right.lower { return left.lower < right.lower }
      // An insertion comes before what is replaced behind it.
      let (leftEmpty, rightEmpty) = (left.upper == left.lower, right.upper == right.lower)
      return leftEmpty == rightEmpty ? first.offset < second.offset : leftEmpty
    }.map(\.element)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var offset = 0
    var previous: TextEdit?
    for edit in ordered {
      let range = edit.range
      guard range.lower >= 0, range.lower <= range.upper, range.upper <= bytes.count else {
        throw .outOfBounds(edit)
      }
      for edge in [range.lower, range.upper] where edge < bytes.count && bytes[edge] & 0xC0 == 0x80 {
        throw .splitsCharacter(edit)
      }
      if let previous, range.lower < offset { throw .overlapping(previous, edit) }
      result.append(contentsOf: bytes[offset..<range.lower])
      result.append(contentsOf: edit.replacement.utf8)
      offset = range.upper
      previous = edit
    }
    result.append(contentsOf: bytes[offset...])
    return String(decoding: result, as: UTF8.self)
  }
}

/// Collects edits of a source text in terms of statements and lines, and applies them at once.
///
/// All offsets mean the text as it was given, however many edits are waiting. What is not edited keeps its layout
/// and comments.
public struct SourceEditor: Sendable {
  /// The text as it was given.
  public let text: String
  /// The edits so far.
  public private(set) var edits: [TextEdit] = []
  private let bytes: [UInt8]
  private let table: LineTable

  /// An editor of that text.
  public init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
    table = LineTable(bytes: bytes)
  }

  /// The text with all edits.
  ///
  /// - Throws: `TextEdit.Failure` where an edit does not fit the text or two overlap.
  public func result() throws(TextEdit.Failure) -> String { try text.applying(edits) }

  // MARK: Ranges

  /// Replaces a range.
  public mutating func replace(_ range: SourceRange, with replacement: String) {
    edits.append(TextEdit(range, replacement))
  }

  /// Inserts text before the byte at that offset.
  public mutating func insert(_ inserted: String, at offset: Int) {
    edits.append(TextEdit(SourceRange(offset, offset), inserted))
  }

  /// Deletes a range.
  public mutating func delete(_ range: SourceRange) { edits.append(TextEdit(range, "")) }

  // MARK: Lines

  /// The whole lines that a range touches, the last line's end included.
  public func lines(of range: SourceRange) -> SourceRange { table.wholeLines(of: range) }

  /// The blanks at the beginning of the line of an offset.
  public func indentation(at offset: Int) -> String {
    let start = table.wholeLines(of: SourceRange(offset, offset)).lower
    let blanks = bytes[start...].prefix { $0 == 0x20 || $0 == 0x09 }
    return String(decoding: blanks, as: UTF8.self)
  }

  /// Whether nothing but blanks and a comment shares the lines of a statement; if not, as in `if a: b` or `a; b`,
  /// lines can be neither inserted around it nor deleted with it.
  public func standsAlone(_ statement: Statement) -> Bool {
    let range = statement.range
    guard range.lower >= 0, range.lower <= range.upper, range.upper <= bytes.count else { return false }
    let lines = lines(of: range)
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0C || $0 == 0x0A || $0 == 0x0D }
    guard bytes[lines.lower..<range.lower].allSatisfy(isBlank) else { return false }
    let rest = bytes[range.upper..<lines.upper].first { !isBlank($0) }
    return rest == nil || rest == 0x23
  }

  /// Deletes the lines of a statement.
  ///
  /// - Returns: Whether it could: not where something else shares them.
  public mutating func deleteLines(of statement: Statement) -> Bool {
    guard standsAlone(statement) else { return false }
    delete(lines(of: statement.range))
    return true
  }

  /// Inserts lines before those of a statement, indented as it is.
  ///
  /// The lines may be indented among each other.
  ///
  /// - Returns: Whether it could: not where something else shares the statement's lines.
  public mutating func insertLines(_ inserted: String, before statement: Statement) -> Bool {
    guard standsAlone(statement) else { return false }
    let lower = lines(of: statement.range).lower
    insert(indented(inserted, like: statement) + lineEnd, at: lower)
    return true
  }

  /// Inserts lines behind those of a statement, indented as it is.
  ///
  /// The lines may be indented among each other.
  ///
  /// - Returns: Whether it could: not where something else shares the statement's lines.
  public mutating func insertLines(_ inserted: String, after statement: Statement) -> Bool {
    guard standsAlone(statement) else { return false }
    let upper = lines(of: statement.range).upper
    let text = indented(inserted, like: statement)
    let endsLine = upper > 0 && (bytes[upper - 1] == 0x0A || bytes[upper - 1] == 0x0D)
    insert(endsLine ? text + lineEnd : lineEnd + text, at: upper)
    return true
  }

  /// Replaces the lines of a statement by others, indented as it is.
  ///
  /// - Returns: Whether it could: not where something else shares them.
  public mutating func replaceLines(of statement: Statement, with replacement: String) -> Bool {
    guard standsAlone(statement) else { return false }
    let lines = lines(of: statement.range)
    let endsLine =
      lines.upper > lines.lower && (bytes[lines.upper - 1] == 0x0A || bytes[lines.upper - 1] == 0x0D)
    replace(lines, with: indented(replacement, like: statement) + (endsLine ? lineEnd : ""))
    return true
  }

  /// The line end that the text uses first.
  private var lineEnd: String {
    guard let index = bytes.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else { return "\n" }
    if bytes[index] == 0x0A { return "\n" }
    return index + 1 < bytes.count && bytes[index + 1] == 0x0A ? "\r\n" : "\r"
  }

  /// The lines with a statement's indentation before each that is not empty (also before those within a string of
  /// several lines); no line end behind the last.
  private func indented(_ inserted: String, like statement: Statement) -> String {
    let indentation = indentation(at: statement.range.lower)
    var lines = inserted.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { $0.isEmpty ? "" : indentation + $0 }.joined(separator: lineEnd)
  }
}
