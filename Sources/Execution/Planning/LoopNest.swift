/// A loop over the elements of tensors that are read and written with strides.
///
/// Axes of extent 1 are dropped and neighbours that behave as one are merged, so that the innermost loop is as long
/// as can be. As no tensor has more than 2³¹ elements, at most 31 axes are left.
final class LoopNest {
  /// The number of axes left.
  let rank: Int
  /// The extents, then the strides of each operand, `rank` numbers each.
  private let numbers: UnsafeMutablePointer<Int>
  private let operandCount: Int

  /// A loop over `extents`; `strides` are one list per operand, in elements.
  init(extents: [Int], strides: [[Int]]) {
    var kept: [Int] = []
    var keptStrides = [[Int]](repeating: [], count: strides.count)
    for axis in extents.indices where extents[axis] != 1 {
      if let last = kept.indices.last,
        strides.indices.allSatisfy({ keptStrides[$0][last] == strides[$0][axis] * extents[axis] })
      {
        kept[last] *= extents[axis]
        for operand in strides.indices { keptStrides[operand][last] = strides[operand][axis] }
      } else {
        kept.append(extents[axis])
        for operand in strides.indices { keptStrides[operand].append(strides[operand][axis]) }
      }
    }
    rank = kept.count
    operandCount = strides.count
    let all = kept + keptStrides.joined()
    numbers = .allocate(capacity: max(1, all.count))
    numbers.initialize(from: all, count: all.count)
  }

  deinit { numbers.deallocate() }

  /// The extents of the axes left.
  var extents: UnsafePointer<Int> { UnsafePointer(numbers) }

  /// The strides of an operand along the axes left.
  func strides(_ operand: Int) -> UnsafePointer<Int> { UnsafePointer(numbers + rank * (operand + 1)) }

  /// Whether all operands are read and written one element after the other.
  var isDense: Bool {
    rank == 0 || (rank == 1 && (0..<operandCount).allSatisfy { strides($0)[0] == 1 })
  }

  /// The offset of an operand at the place that is `index`th in order.
  func offset(_ index: Int, of operand: Int) -> Int {
    let strides = strides(operand)
    var (rest, offset) = (index, 0)
    for axis in stride(from: rank - 1, through: 0, by: -1) {
      let (quotient, place) = rest.quotientAndRemainder(dividingBy: extents[axis])
      offset += place * strides[axis]
      rest = quotient
    }
    return offset
  }

  /// The row-major strides of a dense tensor.
  static func denseStrides(_ shape: [Int]) -> [Int] {
    var strides = shape
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= shape[axis]
    }
    return strides
  }

  /// The strides with which a dense tensor is read as if broadcast to another shape: 0 where it repeats.
  static func broadcastStrides(_ shape: [Int], to result: [Int]) -> [Int] {
    let missing = result.count - shape.count
    let dense = denseStrides(shape)
    return result.indices.map { axis in
      axis < missing || shape[axis - missing] == 1 ? 0 : dense[axis - missing]
    }
  }
}
