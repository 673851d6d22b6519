/// A half-open range of UTF-8 offsets in a source text.
public struct SourceRange: Sendable, Hashable, Codable {
  /// The offset of the first byte.
  public var lower: Int
  /// The offset behind the last byte.
  public var upper: Int

  /// The range `lower ..< upper`.
  public init(_ lower: Int, _ upper: Int) {
    self.lower = lower
    self.upper = upper
  }

  /// The smallest range that covers both.
  public func union(_ other: SourceRange) -> SourceRange {
    SourceRange(min(lower, other.lower), max(upper, other.upper))
  }
}

/// A place in a source text as people count: line and column from 1, columns in characters of the line.
public struct SourceLocation: Sendable, Hashable, Codable {
  /// The line, from 1.
  public var line: Int
  /// The column, from 1.
  public var column: Int

  /// The place in that line and column.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// What is wrong, where, and what to do about it.
public struct Diagnostic: Sendable, Hashable, Codable, Error {
  /// How bad it is: an error stops the compilation, a warning or note does not.
  public enum Severity: String, Sendable, Codable {
    case error, warning, note
  }

  /// A text that is not the source but goes with it.
  public enum Origin: String, Sendable, Codable {
    /// The expression that builds the network.
    case call
    /// The JSON of the constructor's arguments.
    case arguments
  }

  /// How bad it is.
  public var severity: Severity
  /// A stable identifier for programs, such as `syntax.expected-expression` or `torch.shape`.
  public var identifier: String
  /// One sentence that says what is wrong.
  public var message: String
  /// What to do about it, where that is known.
  public var hint: String?
  /// Where, as offsets; nil where it concerns the whole text.
  public var range: SourceRange?
  /// Where, as line and column of the range's beginning; filled in by whoever holds the text.
  public var location: SourceLocation?
  /// Which text range and location refer to; nil is the source.
  public var origin: Origin?
  /// The line that the location is in, filled in with it; nil where nobody would read a line that long.
  public var excerpt: String?

  /// A diagnostic of that severity.
  public init(
    _ severity: Severity = .error, _ identifier: String, _ message: String, hint: String? = nil,
    range: SourceRange? = nil, location: SourceLocation? = nil
  ) {
    self.severity = severity
    self.identifier = identifier
    self.message = message
    self.hint = hint
    self.range = range
    self.location = location
  }
}

extension Diagnostic {
  /// Fills in location and excerpt from the lines of the text that the range refers to.
  public mutating func locate(in lines: LineTable) {
    guard let range else { return }
    let location = lines.location(at: range.lower)
    self.location = location
    guard let line = lines.range(ofLine: location.line), line.upper - line.lower <= 400 else { return }
    excerpt = lines.text(ofLine: location.line)
  }

  /// What a person or language model is shown: the description without its hint, the identifier, the excerpt with
  /// a mark under its place, and the hint, one a line.
  public var rendered: String {
    var bare = self
    bare.hint = nil
    var lines = ["\(bare.description) [\(identifier)]"]
    if let excerpt, let location {
      // Tabs stay tabs, so that the mark stands below its place however wide they are shown.
      let blanks = excerpt.prefix(location.column - 1).map { $0 == "\t" ? "\t" : " " }.joined()
      var width = 1
      if let range { width = min(range.upper - range.lower, excerpt.count - location.column + 1) }
      lines.append("    \(excerpt)")
      lines.append("    \(blanks)^\(String(repeating: "~", count: max(0, width - 1)))")
    }
    if let hint { lines.append("  hint: \(hint)") }
    return lines.joined(separator: "\n")
  }
}

extension Diagnostic: CustomStringConvertible {
  /// `line:column: error: message (hint)`, as compilers print it; a text other than the source is named first.
  public var description: String {
    let place =
      (origin.map { "in the \($0.rawValue), " } ?? "")
      + (location.map { "\($0.line):\($0.column): " } ?? "")
    return "\(place)\(severity.rawValue): \(message)" + (hint.map { " (\($0))" } ?? "")
  }
}
