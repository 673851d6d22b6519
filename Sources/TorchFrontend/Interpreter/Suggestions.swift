/// The name among candidates that is nearest by edit distance, where that is near enough to suggest it.
func closest(to name: String, in candidates: [String]) -> String? {
  guard name.utf8.count <= 64 else { return nil }
  var best: (name: String, distance: Int)?
  for candidate in candidates.sorted() where candidate != name && candidate.utf8.count <= 64 {
    let distance = editDistance(Array(name.lowercased().utf8), Array(candidate.lowercased().utf8))
    if distance <= max(1, name.utf8.count / 3), distance < best?.distance ?? .max {
      best = (candidate, distance)
    }
  }
  return best?.name
}

private func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
  var row = Array(0...second.count)
  for (i, a) in first.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, b) in second.enumerated() {
      let substitution = diagonal + (a == b ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, diagonal + 1)
    }
  }
  return row[second.count]
}
