/// Applies SEARCH/REPLACE blocks to a source.
enum BlockEditor {
  /// What came of the blocks.
  struct Outcome: Sendable, Hashable {
    /// The source with the blocks that could be applied.
    var source: String
    /// What was done, a sentence each.
    var applied: [String] = []
    /// What was not done, a sentence each with its reason.
    var refused: [String] = []
  }

  /// Applies the blocks of a reply one after another, each to what those before it left.
  static func apply(_ reply: String, to source: String) -> Outcome {
    let reading = SearchReplaceBlocks(reply)
    var outcome = Outcome(source: source, refused: reading.problems)
    var lines = SearchReplaceBlocks.lines(of: source).map(String.init)
    for block in reading.blocks {
      do throws(BlockMatcher.Failure) {
        let match = try BlockMatcher(lines).match(block.search)
        let range = match.lines
        let remark = match.remark.isEmpty ? "" : " (\(match.remark))"
        if let part = match.part {
          guard block.replacement.count <= 1 else {
            throw BlockMatcher.Failure(words: "puts several lines in the place of a part of one")
          }
          let new = block.replacement.first?.trimmingSpace() ?? ""
          lines[range.lowerBound] = lines[range.lowerBound].replacing(part, with: new)
        } else {
          lines.replaceSubrange(range, with: block.replacement.map { shifted($0, by: match.shift) })
        }
        let place =
          range.count == 1
          ? "line \(range.lowerBound + 1)" : "lines \(range.lowerBound + 1)–\(range.upperBound)"
        outcome.applied.append(
          "block \(block.number) \(block.replacement.isEmpty ? "deleted" : "replaced") \(place)\(remark)")
      } catch {
        outcome.refused.append("Block \(block.number) \(error.words)")
      }
    }
    if !outcome.applied.isEmpty { outcome.source = lines.joined(separator: "\n") }
    return outcome
  }

  private static func shifted(_ line: String, by columns: Int) -> String {
    guard columns != 0, line.contains(where: { !$0.isWhitespace }) else { return line }
    if columns > 0 { return String(repeating: " ", count: columns) + line }
    var rest = line[...]
    var left = -columns
    while left > 0, let first = rest.first, first == " " || first == "\t" {
      rest = rest.dropFirst()
      left -= first == " " ? 1 : 4
    }
    return String(rest)
  }
}
