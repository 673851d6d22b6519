import RandomStreams

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

  /// Occupied cells drawn with equal probability from all `total`, each anew.
  func draw(_ count: Int, of total: Int, using stream: inout RandomStream) -> [Int] {
    var cells = [Int](repeating: 0, count: count)
    for index in cells.indices {
      let rank = stream.integer(below: total)
      cells[index] = total == counts.count - 1 ? rank : cell(withRank: rank)
    }
    return cells
  }

  /// Checks that the ranks are those of the occupied cells, and that there are as many as elites.
  func checkInvariants(_ occupied: [Int], elites: Int) throws(ArchiveInvariantViolation) {
    guard occupied.count == elites else {
      throw ArchiveInvariantViolation("\(occupied.count) cells are occupied by \(elites) elites")
    }
    for (rank, cell) in occupied.enumerated() where self.cell(withRank: rank) != cell {
      throw ArchiveInvariantViolation("cell \(cell) cannot be sampled")
    }
  }
}
