/// Finds where the lines of a SEARCH part stand in a source.
///
/// Tried in this order, each only where the one before found nothing: the very lines; one line's part; the lines
/// without regard to white space within them and to blank lines; those all indented by some more or less; the most
/// similar lines. What is found twice is refused, since either could be meant.
struct BlockMatcher: Sendable {
  /// How alike lines must be to count, of 1.
  static let threshold = 0.8
  /// How much less alike the second most similar lines must be.
  static let margin = 0.05

  /// Where a SEARCH part stands.
  struct Match: Sendable, Hashable {
    /// The lines of the source, from 0.
    var lines: Range<Int>
    /// By how many columns the replacement is to be moved.
    var shift = 0
    /// How it was found, in words; empty where the very lines are there.
    var remark = ""
    /// The part of the one line that is meant; nil where it is whole lines.
    var part: String?
  }

  /// Why there is no match.
  struct Failure: Error, Sendable, Hashable {
    /// The end of a sentence about the block.
    var words: String
  }

  /// A line as it is compared.
  private struct Line {
    var number: Int
    var indentation: Int
    var letters: [UInt8]
    /// Pairs of neighbouring letters, sorted.
    var pairs: [UInt16]

    init(_ number: Int, _ text: String) {
      self.number = number
      var columns = 0
      for letter in text {
        if letter == " " { columns += 1 } else if letter == "\t" { columns += 4 } else { break }
      }
      indentation = columns
      letters = text.utf8.filter { $0 != 0x20 && $0 != 0x09 }
      pairs = zip(letters, letters.dropFirst()).map { UInt16($0) << 8 | UInt16($1) }.sorted()
    }

    /// Dice's coefficient of the pairs of letters: 1 for equal lines, 0 for such that have none in common.
    func similarity(to other: Line) -> Double {
      if letters == other.letters { return 1 }
      guard !pairs.isEmpty, !other.pairs.isEmpty else { return 0 }
      var (left, right, common) = (0, 0, 0)
      while left < pairs.count, right < other.pairs.count {
        if pairs[left] == other.pairs[right] {
          (left, right, common) = (left + 1, right + 1, common + 1)
        } else if pairs[left] < other.pairs[right] {
          left += 1
        } else {
          right += 1
        }
      }
      return 2 * Double(common) / Double(pairs.count + other.pairs.count)
    }
  }

  private let text: [String]
  private let lines: [Line]

  /// A matcher for the lines of a source.
  init(_ text: [String]) {
    self.text = text
    lines = text.enumerated().map { Line($0, $1) }.filter { !$0.letters.isEmpty }
  }

  /// Where the lines stand.
  ///
  /// - Parameter search: at least one line, the first and the last not blank.
  func match(_ search: [String]) throws(Failure) -> Match {
    guard text.count <= 20_000_000 / max(1, search.count) else {
      throw Failure(words: "searches for too much text")
    }
    let places = text.indices.filter { text[$0...].starts(with: search) }
    if let match = try only(places, { Match(lines: $0..<$0 + search.count) }) { return match }
    if search.count == 1, let match = try part(search[0]) { return match }
    let wanted = search.enumerated().map { Line($0, $1) }.filter { !$0.letters.isEmpty }
    guard !wanted.isEmpty else { throw Failure(words: "searches for nothing") }
    func equal(at place: Int, shift: (Int) -> Bool) -> Bool {
      wanted.indices.allSatisfy {
        let line = lines[place + $0]
        return line.letters == wanted[$0].letters && shift(line.indentation - wanted[$0].indentation)
      }
    }
    let windows = lines.indices.prefix(max(0, lines.count - wanted.count + 1))
    let spaced = windows.filter { place in equal(at: place) { $0 == 0 } }
    if let match = try only(spaced, { whole($0, wanted, "without regard to white space") }) { return match }
    let shifted = windows.filter { place in
      let first = lines[place].indentation - wanted[0].indentation
      return equal(at: place) { $0 == first }
    }
    if let match = try only(shifted, { whole($0, wanted, "indented otherwise") }) { return match }
    return try mostSimilar(to: wanted)
  }

  /// The match of one place; nil where there is none.
  private func only(_ places: [Int], _ match: (Int) -> Match) throws(Failure) -> Match? {
    guard let first = places.first else { return nil }
    guard places.count == 1 else {
      let numbers = places.prefix(3).map { "\(match($0).lines.lowerBound + 1)" }.joined(separator: ", ")
      throw Failure(
        words: "searches for what stands more than once, at the lines \(numbers)"
          + (places.count > 3 ? " and others" : "") + "; it needs more lines around it")
    }
    return match(first)
  }

  private func whole(_ place: Int, _ wanted: [Line], _ remark: String) -> Match {
    let last = lines[place + wanted.count - 1].number
    return Match(
      lines: lines[place].number..<last + 1, shift: lines[place].indentation - wanted[0].indentation,
      remark: remark)
  }

  /// The one line that has the text within it.
  private func part(_ search: String) throws(Failure) -> Match? {
    let wanted = search.trimmingSpace()
    guard wanted.utf8.count > 2 else { return nil }
    let places = text.indices.filter { text[$0].trimmingSpace() != wanted && text[$0].contains(wanted) }
    guard places.allSatisfy({ Self.occurrences(of: wanted, in: text[$0]) == 1 }) else { return nil }
    return try only(places) { Match(lines: $0..<$0 + 1, remark: "within its line", part: wanted) }
  }

  /// How often a text stands in a line as a word or expression of its own.
  private static func occurrences(of part: String, in line: String) -> Int {
    func isWord(_ letter: Character?) -> Bool {
      letter.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
    }
    return line.ranges(of: part).count { range in
      let before = range.lowerBound > line.startIndex ? line[line.index(before: range.lowerBound)] : nil
      let after = range.upperBound < line.endIndex ? line[range.upperBound] : nil
      // A part of a longer name or number is not what was meant.
      return !(isWord(before) && isWord(part.first)) && !(isWord(after) && isWord(part.last))
    }
  }

  // MARK: Similar lines

  private struct Window {
    var lines: Range<Int>
    var score: Double
  }

  private func mostSimilar(to wanted: [Line]) throws(Failure) -> Match {
    let count = wanted.count
    guard count * count * lines.count <= 4_000_000, count <= lines.count + 1 else {
      throw Failure(
        words: "searches for what is not in the network, and is too long for similar lines to be found")
    }
    let table = wanted.map { line in lines.map { line.similarity(to: $0) } }
    var windows: [Window] = []
    for length in Set([max(1, count - 1), count, count > 1 ? count + 1 : count]).sorted() {
      for start in 0..<max(0, lines.count - length + 1) {
        let range = start..<start + length
        windows.append(Window(lines: range, score: score(wanted, range, table)))
      }
    }
    guard let best = windows.max(by: { $0.score < $1.score }) else {
      throw Failure(words: "searches for what is not in the network")
    }
    let (first, last) = (lines[best.lines.lowerBound].number, lines[best.lines.upperBound - 1].number)
    let place = first == last ? "line \(first + 1)" : "lines \(first + 1)–\(last + 1)"
    let percent = Int((100 * best.score).rounded(.down))
    guard best.score >= Self.threshold else {
      throw Failure(
        words: "searches for what is not in the network; closest is \(place), \(percent) % alike where "
          + "\(Int(100 * Self.threshold)) % are needed")
    }
    let second = windows.filter { !$0.lines.overlaps(best.lines) }.max { $0.score < $1.score }
    if let second, best.score - second.score < Self.margin {
      throw Failure(
        words: "searches for what is not in the network; \(place) and line "
          + "\(lines[second.lines.lowerBound].number + 1) are about as similar to it")
    }
    return Match(
      lines: first..<last + 1, shift: lines[best.lines.lowerBound].indentation - wanted[0].indentation,
      remark: "\(percent) % alike")
  }

  /// How alike a stretch of lines is: twice what corresponds, in order and weighted by length, over all there is.
  private func score(_ wanted: [Line], _ range: Range<Int>, _ table: [[Double]]) -> Double {
    var row = [Double](repeating: 0, count: range.count + 1)
    for (index, line) in wanted.enumerated() {
      var diagonal = 0.0
      for (column, place) in range.enumerated() {
        let weight = Double(line.letters.count + lines[place].letters.count)
        let both = diagonal + table[index][place] * weight
        diagonal = row[column + 1]
        row[column + 1] = max(both, diagonal, row[column])
      }
    }
    let total = wanted.reduce(0) { $0 + $1.letters.count } + range.reduce(0) { $0 + lines[$1].letters.count }
    return total > 0 ? (row.last ?? 0) / Double(total) : 0
  }
}

extension StringProtocol {
  /// The text without white space at its ends.
  func trimmingSpace() -> String {
    var part = self[...]
    while part.first?.isWhitespace == true { part = part.dropFirst() }
    while part.last?.isWhitespace == true { part = part.dropLast() }
    return String(part)
  }
}
