/// Where the lines of a text begin, to tell lines and columns from offsets.
public struct LineTable: Sendable {
  private let bytes: [UInt8]
  private let starts: [Int]

  /// The table of that text.
  ///
  /// Lines end with `\n`, `\r\n` or `\r`, as Python reads them.
  public init(_ text: String) {
    self.init(bytes: Array(text.utf8))
  }

  init(bytes: [UInt8]) {
    var starts = [0]
    for (index, byte) in bytes.enumerated() {
      let next = index + 1
      if byte == 0x0A || (byte == 0x0D && !(next < bytes.count && bytes[next] == 0x0A)) {
        starts.append(next)
      }
    }
    self.bytes = bytes
    self.starts = starts
  }

  /// How many lines the text has; an empty line behind the last line end counts.
  public var lineCount: Int { starts.count }

  /// The line of an offset, from 1; offsets outside the text count as its nearest end.
  public func line(at offset: Int) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    return low + 1
  }

  /// The line and column of an offset, both from 1, the column in characters.
  public func location(at offset: Int) -> SourceLocation {
    let line = line(at: offset)
    let start = starts[line - 1]
    let end = max(start, min(offset, bytes.count))
    return SourceLocation(line: line, column: String(decoding: bytes[start..<end], as: UTF8.self).count + 1)
  }

  /// The bytes of a line, from 1, without its line end; nil where there is no such line.
  public func range(ofLine line: Int) -> SourceRange? {
    guard line >= 1, line <= starts.count else { return nil }
    let lower = starts[line - 1]
    var upper = line < starts.count ? starts[line] : bytes.count
    while upper > lower, bytes[upper - 1] == 0x0A || bytes[upper - 1] == 0x0D { upper -= 1 }
    return SourceRange(lower, upper)
  }

  /// The text of a line, from 1, without its line end; nil where there is no such line.
  public func text(ofLine line: Int) -> String? {
    range(ofLine: line).map { String(decoding: bytes[$0.lower..<$0.upper], as: UTF8.self) }
  }

  /// The range of the whole lines that a range touches, the last line's end included.
  public func wholeLines(of range: SourceRange) -> SourceRange {
    let first = line(at: range.lower)
    let last = line(at: max(range.lower, range.upper - 1))
    return SourceRange(starts[first - 1], last < starts.count ? starts[last] : bytes.count)
  }
}
