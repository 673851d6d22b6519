/// A stretch of memory that is needed from one step to another, both included.
struct MemoryBlock: Hashable {
  var byteCount: Int
  var first: Int
  var last: Int

  /// Whether both are needed at some step.
  func overlapsInTime(_ other: MemoryBlock) -> Bool { first <= other.last && other.first <= last }
}

/// A block with its place, from `offset` up to `end`.
private struct PlacedBlock {
  var first: Int
  var last: Int
  var offset: Int
  var end: Int
}

/// Gives blocks their places in one arena, so that none overlap in both time and space.
///
/// Greedy by size (Pisarchyk & Lee 2020, "Efficient Memory Management for Deep Neural Net Inference"): the largest
/// block first, each into the smallest gap that fits between those already placed that live at the same time.
enum MemoryPlanner {
  /// The offsets of the blocks, multiples of the alignment, and the bytes of the arena; `Int.max` where the sum
  /// overflows.
  static func offsets(for blocks: [MemoryBlock]) -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var total = 0
    let order = blocks.indices.sorted { left, right in
      let (a, b) = (blocks[left], blocks[right])
      return (b.byteCount, a.first, left) < (a.byteCount, b.first, right)
    }
    // Side by side, so that the walk over them reads memory in order.
    var placed: [PlacedBlock] = []
    placed.reserveCapacity(blocks.count)
    for index in order {
      let block = blocks[index]
      let size = AlignedMemory.rounded(block.byteCount)
      var (end, best, bestGap) = (0, Int?.none, Int.max)
      for other in placed where block.first <= other.last && other.first <= block.last {
        let gap = other.offset - end
        if gap >= size, gap < bestGap { (best, bestGap) = (end, gap) }
        end = max(end, other.end)
      }
      let offset = best ?? end
      offsets[index] = offset
      let after = offset.addingSaturating(size)
      total = max(total, after)
      let place = placed.partitioningIndex { $0.offset > offset }
      placed.insert(PlacedBlock(first: block.first, last: block.last, offset: offset, end: after), at: place)
    }
    return (offsets, total)
  }

  /// A place of its own for every block; the simplest plan, to test others against.
  static func separateOffsets(for blocks: [MemoryBlock]) -> (offsets: [Int], byteCount: Int) {
    var total = 0
    let offsets = blocks.map { block in
      defer { total = total.addingSaturating(AlignedMemory.rounded(block.byteCount)) }
      return total
    }
    return (offsets, total)
  }
}

extension Int {
  /// The sum, or `Int.max` where it overflows; for sizes, which are never negative.
  fileprivate func addingSaturating(_ other: Int) -> Int {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? Int.max : sum
  }
}

extension Array {
  /// The first index whose element satisfies the predicate, if those that do come last; else the end.
  fileprivate func partitioningIndex(where isSecond: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
