import NetworkGraph

/// How a tensor lies within a dense row-major one: element [i, j, …] at `offset` + Σ index · stride.
struct StridedTensor: Hashable {
  private(set) var offset = 0
  private(set) var shape: [Int]
  private(set) var strides: [Int]

  /// A dense tensor.
  init(dense shape: [Int]) {
    self.shape = shape
    strides = LoopNest.denseStrides(shape)
  }

  /// Whether it is a tensor of matrices whose rows' elements lie one behind the other.
  var hasDenseRows: Bool {
    shape.count >= 2 && (strides[shape.count - 1] == 1 || shape[shape.count - 1] == 1)
  }

  /// The tensor whose dimension `i` is this one's dimension `permutation[i]`.
  func transposed(_ permutation: [Int]) -> StridedTensor {
    var result = self
    result.shape = permutation.map { shape[$0] }
    result.strides = permutation.map { strides[$0] }
    return result
  }

  /// Part of one axis.
  func sliced(_ slice: Slice) -> StridedTensor {
    var result = self
    result.offset += slice.start * strides[slice.axis]
    result.strides[slice.axis] *= slice.step
    result.shape[slice.axis] = (slice.end - slice.start + slice.step - 1) / slice.step
    return result
  }

  /// The same elements in the same order with another shape; nil where strides cannot say that.
  func reshaped(to new: [Int]) -> StridedTensor? {
    guard !shape.isEmpty, !shape.contains(0), new.reduce(1, *) == shape.reduce(1, *) else { return nil }
    var result = self
    result.shape = new
    result.strides = [Int](repeating: 0, count: new.count)
    // Axes that lie like one are taken together, from the last on, and divided anew.
    var (axis, step) = (new.count - 1, strides[shape.count - 1])
    var (old, taken) = (1, 1)
    for place in shape.indices.reversed() {
      old *= shape[place]
      let endsHere = place == 0 || (shape[place - 1] != 1 && strides[place - 1] != old * step)
      guard endsHere else { continue }
      while axis >= 0, taken < old || new[axis] == 1 {
        result.strides[axis] = taken * step
        taken *= new[axis]
        axis -= 1
      }
      guard taken == old else { return nil }
      if place > 0 { (step, old, taken) = (strides[place - 1], 1, 1) }
    }
    return axis < 0 ? result : nil
  }

  /// Where the result of an operation that only looks at its operand otherwise lies, if this is the operand; nil for
  /// other operations and where a copy would be needed.
  func viewed(by operation: Operation, shape: [Int]) -> StridedTensor? {
    switch operation {
    case .reshape: reshaped(to: shape)
    case .transpose(let permutation): transposed(permutation)
    case .slice(let slice): sliced(slice)
    default: nil
    }
  }

  /// Where the operand of a reshape or transpose lies, if this is its result; nil for other operations and where a
  /// copy would be needed.
  func before(_ operation: Operation, shape: [Int]) -> StridedTensor? {
    switch operation {
    case .reshape: return reshaped(to: shape)
    case .transpose(let permutation):
      var inverse = permutation
      for (place, axis) in permutation.enumerated() { inverse[axis] = place }
      return transposed(inverse)
    default: return nil
    }
  }
}
