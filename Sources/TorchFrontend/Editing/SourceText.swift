import PythonSyntax

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A source text with access by offsets.
struct SourceText {
  let string: String
  private let bytes: [UInt8]
  private let lines: LineTable

  init(_ string: String) {
    self.string = string
    bytes = Array(string.utf8)
    lines = LineTable(string)
  }

  var count: Int { bytes.count }

  /// The text of a range, clamped to what there is.
  subscript(range: SourceRange) -> String {
    let lower = max(0, min(range.lower, bytes.count))
    let upper = max(lower, min(range.upper, bytes.count))
    return String(decoding: bytes[lower..<upper], as: UTF8.self)
  }

  /// The whole lines that a range touches.
  func wholeLines(_ range: SourceRange) -> SourceRange { lines.wholeLines(of: range) }

  /// The line and column of an offset.
  func location(at offset: Int) -> SourceLocation { lines.location(at: offset) }

  /// Whether nothing but blanks stands before an offset in its line; then those blanks.
  func indentationIfFirst(at offset: Int) -> String? {
    let start = lines.wholeLines(of: SourceRange(offset, offset)).lower
    guard start <= offset, offset <= bytes.count else { return nil }
    let blanks = bytes[start..<offset]
    return blanks.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? String(decoding: blanks, as: UTF8.self) : nil
  }

  /// The whole lines of an element of a list, if it shares them with nothing but its comma and a comment.
  func ownLines(of range: SourceRange) -> SourceRange? {
    guard indentationIfFirst(at: range.lower) != nil else { return nil }
    let whole = lines.wholeLines(of: range)
    let rest = bytes[min(range.upper, whole.upper)..<whole.upper]
    for (index, byte) in zip(rest.indices, rest) {
      if byte == 0x23 { break }
      let isComma = byte == 0x2C && !bytes[range.upper..<index].contains(0x2C)
      guard isComma || byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else { return nil }
    }
    return rest.contains(0x2C) ? whole : nil
  }

  /// The offset behind closing parentheses that belong to an argument in parentheses, which its range leaves out.
  func skippingClosers(from offset: Int, before end: Int) -> Int {
    var place = offset
    var last = offset
    // The last closing parenthesis is the call's own.
    while place < min(end - 1, bytes.count), [0x20, 0x09, 0x0A, 0x0D, 0x29].contains(bytes[place]) {
      place += 1
      if bytes[place - 1] == 0x29 { last = place }
    }
    return last
  }
}

/// Numbers as a person writes them.
enum NumberText {
  /// Without a fraction where there is none; four significant digits otherwise.
  static func of(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
    let magnitude = pow(10, 3 - log10(abs(value)).rounded(.down))
    let rounded = (value * magnitude).rounded() / magnitude
    return rounded.isFinite && magnitude > 0 ? "\(rounded)" : "\(value)"
  }
}

/// Shapes as a person writes them.
enum ShapeText {
  /// `[16, 28, 28]`, without the batch.
  static func withoutBatch(_ shape: [Int]) -> String {
    "[" + shape.dropFirst().map(String.init).joined(separator: ", ") + "]"
  }
}
