import RandomStreams

/// Which of a range of cells are occupied, with the k-th occupied one found in logarithmic time.
///
/// A bit for each cell, and a Fenwick tree (Fenwick 1994) of the words' counts. It makes drawing from the elites
/// independent of the order in which the cells were filled.
struct OccupancyTree: Sendable {
  private let cellCount: Int
  /// The cells' bits, 64 to a word.
  private var words: [UInt64]
  /// At place `i`, counted from 1, the number of occupied cells in the last `i & -i` words before and at it; as many
  /// places as a power of two, so that a search needs no bounds.
  private var counts: [Int32]

  init(cellCount: Int) {
    self.cellCount = cellCount
    let wordCount = max(1, (cellCount + 63) / 64)
    words = [UInt64](repeating: 0, count: wordCount)
    let places = 1 << (Int.bitWidth - (wordCount - 1).leadingZeroBitCount)
    counts = [Int32](repeating: 0, count: places + 1)
  }

  /// Marks a cell as occupied, which it must not be yet.
  mutating func occupy(_ cell: Int) {
    words[cell >> 6] |= 1 << UInt64(cell & 63)
    var place = cell >> 6 + 1
    while place < counts.count {
      counts[place] += 1
      place += place & -place
    }
  }

  /// The occupied cell with `rank` occupied ones before it; the number of cells where there is none.
  func cell(withRank rank: Int) -> Int {
    var word = 0
    var rest = Int32(truncatingIfNeeded: rank)
    var step = (counts.count - 1) / 2
    guard rest < counts[counts.count - 1] else { return cellCount }
    while step > 0 {
      // All bits where the place lies beyond the step; a branch would be guessed wrongly half of the time.
      let count = counts[word + step]
      let mask = (count &- rest &- 1) >> 31
      rest &-= count & mask
      word &+= step & Int(mask)
      step >>= 1
    }
    return word << 6 + Self.place(ofBit: rest, in: words[word])
  }

  /// The place of the set bit with `rank` set bits below it.
  ///
  /// Vigna 2008, "Broadword implementation of rank/select queries": the counts of the eight bytes are summed from the
  /// low end within one word, which does without an instruction that not every processor has.
  private static func place(ofBit rank: Int32, in word: UInt64) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var sums = word &- (word >> 1 & 0x5555_5555_5555_5555)
    sums = (sums & 0x3333_3333_3333_3333) &+ (sums >> 2 & 0x3333_3333_3333_3333)
    sums = ((sums &+ (sums >> 4)) & 0x0F0F_0F0F_0F0F_0F0F) &* ones
    let rank = UInt64(truncatingIfNeeded: rank)
    // A high bit stays for each byte up to which there are not more bits than the rank.
    let low = (((rank &* ones) | highs) &- sums) & highs
    let byte = (((low >> 7) &* ones) >> 56) &* 8
    let rest = rank &- (((sums << 8) >> byte) & 0xFF)
    // The byte's bits, each in a byte of its own, are summed and compared likewise.
    let spread = (((word >> byte) & 0xFF) &* ones) & 0x8040_2010_0804_0201
    let bits = ((spread &+ (highs &- ones)) | spread) >> 7 & ones
    let before = (((rest &* ones) | highs) &- (bits &* ones)) & highs
    return Int(truncatingIfNeeded: byte &+ (((before >> 7) &* ones) >> 56))
  }

  /// Occupied cells drawn with equal probability from all `total`, each anew.
  func draw(_ count: Int, of total: Int, using stream: inout RandomStream) -> [Int] {
    var cells = [Int](repeating: 0, count: count)
    for index in cells.indices { cells[index] = cell(withRank: stream.integer(below: total)) }
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
