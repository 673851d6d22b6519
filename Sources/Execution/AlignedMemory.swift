#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory of fixed size on a 64-byte boundary (a cache line, and the widest vector), freed with its owner.
///
/// Where there is much of it, the system is asked for huge pages: kernels walk through tensors with long strides.
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
    let isLarge = byteCount >= 2 * Self.hugePage
    let status = posix_memalign(&memory, isLarge ? Self.hugePage : Self.alignment, max(byteCount, 1))
    guard status == 0, let memory else { throw .allocation(byteCount: byteCount) }
    #if os(Linux)
      // Advice: where it is not taken, pages are small.
      if isLarge { _ = madvise(memory, byteCount, Int32(MADV_HUGEPAGE)) }
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
