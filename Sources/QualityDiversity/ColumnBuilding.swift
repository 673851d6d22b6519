// `Array(capacity:initializingWith:)` and `Array(repeating:count:)` look their storage's type up at run time, which for
// short columns takes longer than all else. What appends to an array knows it when it is compiled.
extension Array {
  /// An array with room for so many elements, which `fill` appends.
  @inlinable @inline(__always) static func filled(
    _ capacity: Int, _ fill: (inout OutputSpan<Element>) -> Void
  ) -> [Element] {
    var array: [Element] = []
    array.append(addingCapacity: capacity, initializingWith: fill)
    return array
  }

  /// An array of one element over and over.
  @inlinable @inline(__always) static func filled(_ count: Int, with element: Element) -> [Element] {
    // Long ones are faster filled by the C library.
    guard count <= 256 else { return Array(repeating: element, count: count) }
    return filled(count) { $0.append(repeating: element, count: count) }
  }
}
