/// Why a configuration cannot be used: one sentence that names the place and what would do.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence.
  public var description: String

  /// An error.
  public init(_ description: String) { self.description = description }
}

/// Finds the word somebody probably meant.
public enum Spelling {
  /// The known word with the fewest edits to the one given, where it is near enough to be meant.
  public static func closest(to word: String, among known: [String]) -> String? {
    let best = known.map { (word: $0, distance: distance(word, $0)) }
      .min { ($0.distance, $0.word) < ($1.distance, $1.word) }
    guard let best, best.distance <= max(2, word.count / 2) else { return nil }
    return best.word
  }

  /// The number of insertions, deletions and replacements between two words (Levenshtein 1966).
  static func distance(_ left: String, _ right: String) -> Int {
    let first = Array(left.lowercased().prefix(64))
    let second = Array(right.lowercased().prefix(64))
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (place, other) in second.enumerated() {
        let above = row[place + 1]
        row[place + 1] = min(above + 1, row[place] + 1, diagonal + (letter == other ? 0 : 1))
        diagonal = above
      }
    }
    return row[second.count]
  }
}
