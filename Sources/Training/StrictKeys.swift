/// Refuses keys that a configuration does not have, so that a misspelt setting is never passed over.
enum StrictKeys {
  private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Throws a `DecodingError` that names the first unknown key and the closest known one.
  static func check<Key: CodingKey & CaseIterable>(
    _ decoder: any Decoder, against keys: Key.Type, and others: [String] = []
  ) throws {
    let known = keys.allCases.map(\.stringValue) + others
    let container = try decoder.container(keyedBy: AnyKey.self)
    for key in container.allKeys.map(\.stringValue).sorted() where !known.contains(key) {
      let closest = known.min { distance($0, key) < distance($1, key) }
      let hint =
        if let closest, distance(closest, key) <= max(2, key.count / 2) {
          "did you mean “\(closest)”?"
        } else {
          "the known ones are \(known.joined(separator: ", "))"
        }
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "unknown key “\(key)”; \(hint)"))
    }
  }

  /// The Levenshtein distance of two words, of which at most 64 letters count; 1 where one is part of the
  /// other.
  private static func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (String(left.lowercased().prefix(64)), String(right.lowercased().prefix(64)))
    if left.count > 2, right.count > 2, left != right, left.contains(right) || right.contains(left) {
      return 1
    }
    return levenshtein(Array(left.unicodeScalars), Array(right.unicodeScalars))
  }

  private static func levenshtein(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var row = Array(0...right.count)
    for (i, letter) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in right.enumerated() {
        let substitution = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}
