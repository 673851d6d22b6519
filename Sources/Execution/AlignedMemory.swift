#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory of fixed size on a 64-byte boundary (a cache line, and the widest vector), freed with its owner.
///
/// A megabyte or more is made huge pages, if the system has them: kernels walk through tensors with long strides. Of the
/// last one at least half is used.
final class AlignedMemory {
  static let alignment = 64
  private static let hugePage = 1 << 21

  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// Uninitialised memory, at least one byte.
  ///
  /// - Throws: `ExecutionError.allocation` where the system has none.
  init(byteCount: Int) throws(ExecutionError) {
    var memory: UnsafeMutableRawPointer?
    let isLarge = byteCount >= Self.hugePage / 2
    let unit = isLarge ? Self.hugePage : 1
    let (whole, overflows) = max(byteCount, 1).addingReportingOverflow(unit - 1)
    let allocated = whole & ~(unit - 1)
    guard !overflows, posix_memalign(&memory, max(unit, Self.alignment), allocated) == 0, let memory
    else {
      throw .allocation(byteCount: byteCount)
    }
    #if os(Linux)
      // Advice: where it is not taken, pages are small.
      let huge = (allocated - byteCount) * 2 > Self.hugePage ? allocated - Self.hugePage : allocated
      if isLarge { _ = madvise(memory, huge, Int32(MADV_HUGEPAGE)) }
    #endif
    base = memory
    self.byteCount = byteCount
  }

  deinit { free(base) }

  /// A byte count rounded up to the alignment; `Int.max` stays.
  static func rounded(_ byteCount: Int) -> Int {
    let (sum, overflows) = byteCount.addingReportingOverflow(alignment - 1)
    return overflows ? Int.max : sum & ~(alignment - 1)
  }
}

extension Int {
  /// The product, or `Int.max` where it overflows; for sizes, which are never negative.
  func multipliedSaturating(by other: Int) -> Int {
    let (product, overflows) = multipliedReportingOverflow(by: other)
    return overflows ? Int.max : product
  }
}
