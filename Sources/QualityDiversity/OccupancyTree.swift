/// Which of a range of cells are occupied, with the k-th occupied one found in logarithmic time.
///
/// A Fenwick tree (Fenwick 1994) of counts. It makes drawing from the elites independent of the order in which
/// the cells were filled.
struct OccupancyTree: Sendable {
  /// At place `i`, counted from 1, the number of occupied cells among the last `i & -i` before and at it.
  private var counts: [Int32]
  private let highestBit: Int

  init(cellCount: Int) {
    counts = [Int32](repeating: 0, count: cellCount + 1)
    highestBit = 1 << (Int.bitWidth - 1 - max(1, cellCount).leadingZeroBitCount)
  }

  /// Marks a cell as occupied, which it must not be yet.
  mutating func occupy(_ cell: Int) {
    var place = cell + 1
    while place < counts.count {
      counts[place] += 1
      place += place & -place
    }
  }

  /// The occupied cell with `rank` occupied ones before it; the number of cells where there is none.
  func cell(withRank rank: Int) -> Int {
    var place = 0
    var rest = rank
    var step = highestBit
    while step > 0 {
      let next = place + step
      if next < counts.count, Int(counts[next]) <= rest {
        place = next
        rest -= Int(counts[next])
      }
      step >>= 1
    }
    return place
  }
}
