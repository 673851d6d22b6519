/// The best alignment of two sequences by dynamic programming (Needleman & Wunsch 1970).
enum SequenceAlignment {
  /// Places of both sequences that stand for each other; nil where one has nothing there.
  typealias Pair = (first: Int?, second: Int?)

  /// The most pairs of places that are held against each other.
  static let limit = 4_000_000

  /// The alignment with the highest sum of scores, which keeps the order of both sequences.
  ///
  /// Equal ends are taken off first. What is left, if it is too long for `limit`, is aligned with nothing. Of equally
  /// good alignments the one that takes from the first sequence first.
  ///
  /// - Parameter score: how well two places go together; 0 where not at all. The highest is that of equal ones.
  static func align(
    _ firstCount: Int, _ secondCount: Int, isEqual: (Int, Int) -> Bool, score: (Int, Int) -> Int
  ) -> [Pair] {
    var start = 0
    while start < min(firstCount, secondCount), isEqual(start, start) { start += 1 }
    var tail = 0
    while tail < min(firstCount, secondCount) - start, isEqual(firstCount - 1 - tail, secondCount - 1 - tail)
    {
      tail += 1
    }
    let (rows, columns) = (firstCount - start - tail, secondCount - start - tail)
    var pairs: [Pair] = (0..<start).map { ($0, $0) }
    let isShort = rows == 0 || columns == 0 || rows <= limit / columns
    pairs +=
      isShort
      ? middle(rows, columns, start, score)
      : (0..<rows).map { (start + $0, nil) } + (0..<columns).map { (nil, start + $0) }
    pairs += (0..<tail).map { (firstCount - tail + $0, secondCount - tail + $0) }
    return pairs
  }

  private static func middle(_ rows: Int, _ columns: Int, _ start: Int, _ score: (Int, Int) -> Int) -> [Pair]
  {
    // best[r][c]: the highest sum for what stands from row r and column c on.
    let width = columns + 1
    var best = [Int32](repeating: 0, count: (rows + 1) * width)
    var scores = [Int32](repeating: 0, count: rows * columns)
    for row in stride(from: rows - 1, through: 0, by: -1) {
      for column in stride(from: columns - 1, through: 0, by: -1) {
        let together = Int32(clamping: score(start + row, start + column))
        scores[row * columns + column] = together
        var value = max(best[(row + 1) * width + column], best[row * width + column + 1])
        if together > 0 { value = max(value, together + best[(row + 1) * width + column + 1]) }
        best[row * width + column] = value
      }
    }
    var pairs: [Pair] = []
    var (row, column) = (0, 0)
    while row < rows || column < columns {
      let here = best[row * width + column]
      if row < rows, column < columns, scores[row * columns + column] > 0,
        here == scores[row * columns + column] + best[(row + 1) * width + column + 1]
      {
        pairs.append((start + row, start + column))
        (row, column) = (row + 1, column + 1)
      } else if row < rows, here == best[(row + 1) * width + column] {
        pairs.append((start + row, nil))
        row += 1
      } else {
        pairs.append((nil, start + column))
        column += 1
      }
    }
    return pairs
  }
}
