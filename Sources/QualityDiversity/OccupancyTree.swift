import RandomStreams

/// Which of a range of cells are occupied, with the k-th occupied one found in logarithmic time.
///
/// The occupied cells of each block of 256 in ascending order, and a Fenwick tree (Fenwick 1994) of the blocks' counts.
/// It makes drawing from the elites independent of the order in which the cells were filled.
struct OccupancyTree: Sendable {
  /// How many cells a block has; no more than a byte tells apart, and so few that one is soon put between others.
  private static let blockSize = 256

  private let cellCount: Int
  /// From the beginning of each block, the occupied cells' places in it in ascending order.
  private var offsets: [UInt8]
  /// How many cells of each block are occupied.
  private var sizes: [Int32]
  /// At place `i`, counted from 1, the number of occupied cells in the last `i & -i` blocks before and at it; as many
  /// places as a power of two, so that a search needs no bounds.
  private var counts: [Int32]

  init(cellCount: Int) {
    self.cellCount = cellCount
    let blockCount = max(1, (cellCount + Self.blockSize - 1) / Self.blockSize)
    offsets = [UInt8](repeating: 0, count: blockCount * Self.blockSize)
    sizes = [Int32](repeating: 0, count: blockCount)
    let places = 1 << (Int.bitWidth - (blockCount - 1).leadingZeroBitCount)
    counts = [Int32](repeating: 0, count: places + 1)
  }

  /// Marks a cell as occupied, which it must not be yet.
  mutating func occupy(_ cell: Int) {
    let block = cell / Self.blockSize
    Self.insert(UInt8(cell % Self.blockSize), block, Int(sizes[block]), &offsets)
    sizes[block] += 1
    var place = block + 1
    while place < counts.count {
      counts[place] += 1
      place += place & -place
    }
  }

  /// Puts an offset among those of its block.
  private static func insert(_ offset: UInt8, _ block: Int, _ size: Int, _ offsets: inout [UInt8]) {
    var offsets = offsets.mutableSpan
    let start = block &* blockSize
    var end = start &+ size
    while end > start, offsets[end &- 1] > offset {
      offsets[end] = offsets[end &- 1]
      end &-= 1
    }
    offsets[end] = offset
  }

  /// Marks cells as occupied, which must not be yet; `places` is not negative where a cell is occupied with them.
  mutating func occupy(_ cells: ArraySlice<Int32>, places: [Int32]) {
    // To look at a cell takes a thirtieth of what it takes to put one between others.
    guard cells.count > cellCount / 32 else {
      for cell in cells { occupy(Int(cell)) }
      return
    }
    for block in sizes.indices { sizes[block] = Self.fill(block, of: &offsets, from: places) }
    for place in 1..<counts.count { counts[place] = place <= sizes.count ? sizes[place - 1] : 0 }
    for place in 1..<counts.count {
      let next = place + place & -place
      if next < counts.count { counts[next] += counts[place] }
    }
  }

  /// Lists the occupied cells of a block, and counts them.
  private static func fill(_ block: Int, of offsets: inout [UInt8], from places: [Int32]) -> Int32 {
    let places = places.span
    var offsets = offsets.mutableSpan
    let start = block * blockSize
    var size = 0
    for cell in start..<min(start + blockSize, places.count) {
      // Without a branch, which would be guessed wrongly: the next occupied cell overwrites an empty one.
      offsets[start &+ size] = UInt8(truncatingIfNeeded: cell &- start)
      size &+= places[cell] >= 0 ? 1 : 0
    }
    return Int32(size)
  }

  /// The occupied cell with `rank` occupied ones before it; the number of cells where there is none.
  func cell(withRank rank: Int) -> Int {
    let rank = Int32(truncatingIfNeeded: rank)
    guard rank >= 0, rank < counts[counts.count - 1] else { return cellCount }
    return Self.cell(rank, offsets.span, counts.span)
  }

  private static func cell(_ rank: Int32, _ offsets: Span<UInt8>, _ counts: Span<Int32>) -> Int {
    var block = 0
    var rest = rank
    var step = (counts.count - 1) / 2
    while step > 0 {
      // All bits where the cell lies beyond the step; a branch would be guessed wrongly half of the time.
      let count = counts[block &+ step]
      let mask = (count &- rest &- 1) >> 31
      rest &-= count & mask
      block &+= step & Int(mask)
      step >>= 1
    }
    let start = block &* blockSize
    return start &+ Int(offsets[start &+ Int(rest)])
  }

  /// What stands in `places` for occupied cells drawn with equal probability from all `total`, each anew.
  func draw(_ count: Int, of total: Int, from places: [Int32], using stream: inout RandomStream) -> [Int] {
    let (offsets, counts, places) = (offsets.span, counts.span, places.span)
    return Array.filled(count) { drawn in
      for _ in 0..<count {
        let rank = Int32(truncatingIfNeeded: stream.integer(below: total))
        drawn.append(Int(places[Self.cell(rank, offsets, counts)]))
      }
    }
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
