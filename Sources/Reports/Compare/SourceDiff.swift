/// What changed between two texts, line by line, as `diff -u` writes it.
struct SourceDiff: Sendable {
  /// A line of the result.
  struct Line: Sendable, Hashable {
    enum Kind: Sendable { case heading, same, removed, added }
    var kind: Kind
    /// The line, with its sign in front.
    var text: String
  }

  /// Where each part begins, and the lines that were removed, added or stand around; empty for equal texts.
  let lines: [Line]

  /// What changed from the first text to the second, with so many lines around each change.
  init(_ first: String, _ second: String, context: Int = 3) {
    let old = Self.lines(first)
    let new = Self.lines(second)
    let pairs = SequenceAlignment.align(old.count, new.count) {
      old[$0] == new[$1]
    } score: {
      old[$0] == new[$1] ? 1 : 0
    }
    let changes = pairs.indices.filter { pairs[$0].first == nil || pairs[$0].second == nil }
    var result: [Line] = []
    var next = 0
    while next < changes.count {
      let begin = max(0, changes[next] - context)
      var end = changes[next]
      while next < changes.count, changes[next] <= end + 2 * context + 1 {
        end = changes[next]
        next += 1
      }
      end = min(pairs.count - 1, end + context)
      result += Self.part(pairs, begin...end, old, new)
    }
    lines = result
  }

  private static func part(
    _ pairs: [SequenceAlignment.Pair], _ range: ClosedRange<Int>, _ old: [Substring], _ new: [Substring]
  ) -> [Line] {
    func start(_ place: (SequenceAlignment.Pair) -> Int?, _ count: Int) -> String {
      // An empty part is named after the line before it, as diff does.
      let before = pairs[..<range.lowerBound].count { place($0) != nil }
      return count == 0 ? "\(before),0" : count == 1 ? "\(before + 1)" : "\(before + 1),\(count)"
    }
    let counts = (pairs[range].count { $0.first != nil }, pairs[range].count { $0.second != nil })
    var lines = [
      Line(kind: .heading, text: "@@ -\(start({ $0.first }, counts.0)) +\(start({ $0.second }, counts.1)) @@")
    ]
    for pair in pairs[range] {
      switch (pair.first, pair.second) {
      case (let one?, _?): lines.append(Line(kind: .same, text: " \(old[one])"))
      case (let one?, nil): lines.append(Line(kind: .removed, text: "-\(old[one])"))
      case (nil, let two?): lines.append(Line(kind: .added, text: "+\(new[two])"))
      case (nil, nil): continue
      }
    }
    return lines
  }

  private static func lines(_ text: String) -> [Substring] {
    var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// The lines as one text.
  var text: String { lines.map(\.text).joined(separator: "\n") }
}
