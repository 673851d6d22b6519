import NetworkGraph

/// Where PyTorch would put the elements of results, as far as a network can tell.
extension Interpreter {
  static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.reversed().dropFirst() {
      strides[axis] = strides[axis + 1] * max(1, shape[axis + 1])
    }
    return strides
  }

  /// A layout from strides; those of single places do not matter.
  static func layout(_ shape: [Int], _ strides: [Int], isCertain: Bool) -> MemoryLayout {
    let regular = rowMajorStrides(shape)
    for axis in shape.indices where shape[axis] > 1 && strides[axis] != regular[axis] {
      return .strided(strides, isCertain: isCertain)
    }
    return .rowMajor
  }

  /// The strides of the same memory in another shape; nil where there are none, and PyTorch has to copy.
  ///
  /// As `computeStride` of PyTorch's `TensorUtils.cpp`.
  static func strides(_ shape: [Int], _ strides: [Int], viewedAs target: [Int]) -> [Int]? {
    guard !shape.isEmpty else { return [Int](repeating: 1, count: target.count) }
    var result = [Int](repeating: 0, count: target.count)
    var place = target.count - 1
    var base = strides[shape.count - 1]
    var (count, viewed) = (1, 1)
    for axis in shape.indices.reversed() {
      count *= shape[axis]
      guard axis == 0 || (shape[axis - 1] != 1 && strides[axis - 1] != count * base) else { continue }
      while place >= 0, viewed < count || target[place] == 1 {
        result[place] = viewed * base
        viewed *= target[place]
        place -= 1
      }
      guard viewed == count else { return nil }
      if axis > 0 {
        base = strides[axis - 1]
        (count, viewed) = (1, 1)
      }
    }
    return place == -1 ? result : nil
  }

  /// Whether an operation's result lies row by row, however its operands lie.
  static func alwaysRowMajor(_ operation: Operation) -> Bool {
    switch operation {
    case .linear, .matrixMultiply, .softmax, .logSoftmax, .concatenate: true
    default: false
    }
  }

  func resultLayout(
    _ operation: Operation, _ inputs: [TracedTensor], _ shape: [Int]
  ) throws(Interruption) -> MemoryLayout {
    if inputs.allSatisfy({ $0.cell.layout == .rowMajor }) || Self.alwaysRowMajor(operation) {
      return .rowMajor
    }
    switch operation {
    case .unary, .binary: return try elementwiseLayout(inputs, shape)
    default: return .unknown
    }
  }

  /// The layout of what an elementwise operation makes: dense, its dimensions ordered as those of the operands.
  ///
  /// As `TensorIterator` of PyTorch orders them.
  func elementwiseLayout(
    _ inputs: [TracedTensor], _ shape: [Int]
  ) throws(Interruption) -> MemoryLayout {
    if inputs.allSatisfy({ $0.cell.layout == .rowMajor && $0.rank == shape.count }) { return .rowMajor }
    var operands: [[Int]] = []
    for input in inputs where input.rank > 0 {
      guard let strides = input.cell.strides else { return .unknown }
      let missing = shape.count - input.rank
      operands.append(
        shape.indices.map { axis in
          axis < missing || input.shape[axis - missing] == 1 && shape[axis] != 1 ? 0 : strides[axis - missing]
        })
    }
    /// Whether the first axis lies within the second: positive, negative, or 0 where it cannot be told.
    func order(_ first: Int, _ second: Int) -> Int {
      for strides in operands where strides[first] != 0 && strides[second] != 0 {
        if strides[first] != strides[second] { return strides[first] < strides[second] ? -1 : 1 }
        if shape[first] > shape[second] { return 1 }
      }
      return 0
    }
    // From the innermost dimension to the outermost.
    var axes = Array(shape.indices.reversed())
    for start in axes.indices.dropFirst() {
      var place = start
      for other in (0..<start).reversed() {
        let comparison = order(axes[other], axes[place])
        if comparison > 0 {
          axes.swapAt(other, place)
          place = other
        } else if comparison < 0 {
          break
        }
      }
    }
    var strides = [Int](repeating: 1, count: shape.count)
    var distance = 1
    for axis in axes {
      strides[axis] = distance
      distance *= max(1, shape[axis])
    }
    return Self.layout(shape, strides, isCertain: inputs.allSatisfy(\.cell.isLayoutCertain))
  }

  // MARK: Moving elements

  /// Calls back with the offset of every element of a shape in row-major order.
  static func forEachOffset(_ shape: [Int], _ strides: [Int], _ start: Int, _ body: (Int) -> Void) {
    guard !shape.contains(0) else { return }
    guard let extent = shape.last, let stride = strides.last else { return body(start) }
    var index = [Int](repeating: 0, count: shape.count - 1)
    var base = start
    while true {
      for place in 0..<extent { body(base + place * stride) }
      var axis = index.count - 1
      while axis >= 0 {
        index[axis] += 1
        base += strides[axis]
        if index[axis] < shape[axis] { break }
        base -= shape[axis] * strides[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Row-major elements after an operation that only moves them.
  static func moved(_ values: [Double], _ step: Operation, _ shape: [Int], _ target: [Int]) -> [Double] {
    var strides = rowMajorStrides(shape)
    var start = 0
    switch step {
    case .transpose(let permutation): strides = permutation.map { strides[$0] }
    case .expand: strides = broadcastStrides(shape, to: target)
    case .slice(let slice):
      start = slice.start * strides[slice.axis]
      strides[slice.axis] *= slice.step
    default: return values
    }
    var result: [Double] = []
    result.reserveCapacity(target.reduce(1, *))
    forEachOffset(target, strides, start) { result.append(values[$0]) }
    return result
  }

  /// The strides of row-major elements of one shape broadcast to another.
  static func broadcastStrides(_ shape: [Int], to target: [Int]) -> [Int] {
    let missing = target.count - shape.count
    let strides = rowMajorStrides(shape)
    return target.indices.map { axis in
      axis < missing || shape[axis - missing] == 1 ? 0 : strides[axis - missing]
    }
  }
}
