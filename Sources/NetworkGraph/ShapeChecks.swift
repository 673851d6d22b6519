/// Checks that several families of operations share.
extension Operation {
  /// The greatest stride, padding, kernel extent, …; keeps sums and products of two within `Int`.
  static let numberLimit = TensorType.elementLimit

  /// Makes sure of the number of operands.
  static func checkCount(_ name: String, _ inputs: [TensorType], _ expected: Int) throws(GraphError) {
    guard inputs.count == expected else {
      throw GraphError(
        "shape.\(name).operands", "\(name) takes \(expected) operands but was given \(inputs.count)")
    }
  }

  /// Makes sure that operands are of floating point.
  static func checkFloat(_ name: String, _ inputs: [TensorType]) throws(GraphError) {
    for input in inputs where input.elementType != .float32 {
      throw GraphError("shape.\(name).type", "\(name) expected float32 but got \(input.elementType.rawValue)")
    }
  }

  /// Makes sure that indices are whole numbers.
  static func checkIndices(_ name: String, _ type: TensorType) throws(GraphError) {
    guard type.elementType == .int32 else {
      throw GraphError("shape.\(name).indices", "\(name) expected indices of int32 but got \(type)")
    }
  }

  /// Makes sure of one operand's exact type.
  static func check(
    _ name: String, _ role: String, _ type: TensorType, is expected: TensorType
  ) throws(GraphError) {
    guard type == expected else {
      throw GraphError(
        "shape.\(name).\(role)", "\(name) expected \(role) to be \(expected) but it is \(type)")
    }
  }

  /// Makes sure that images are `[N, C, H, W]`.
  static func checkImages(_ name: String, _ type: TensorType) throws(GraphError) {
    guard type.rank == 4 else {
      throw GraphError(
        "shape.\(name).rank", "\(name) expected 4D input (got \(type.rank)D input of size \(type.shape))")
    }
    try checkFloat(name, [type])
  }

  /// Makes sure that a hyperparameter lies within bounds that cannot overflow.
  static func check(
    _ name: String, _ role: String, _ number: Int, atLeast minimum: Int
  ) throws(GraphError) {
    guard number >= minimum, number <= numberLimit else {
      throw GraphError(
        "shape.\(name).\(role)",
        "\(name) expected \(role) of at least \(minimum) and at most \(numberLimit) but got \(number)")
    }
  }

  /// Makes sure that an axis exists.
  static func checkAxis(_ name: String, _ axis: Int, rank: Int) throws(GraphError) {
    guard axis >= 0, axis < rank else {
      throw GraphError(
        "shape.\(name).axis", "\(name): dimension \(axis) is out of range for a tensor of \(rank) dimensions")
    }
  }

  /// The shape to which two broadcast by NumPy's rules.
  static func broadcast(_ left: [Int], _ right: [Int], _ name: String) throws(GraphError) -> [Int] {
    let rank = max(left.count, right.count)
    var shape: [Int] = []
    shape.reserveCapacity(rank)
    for axis in 0..<rank {
      let a = axis + left.count >= rank ? left[axis + left.count - rank] : 1
      let b = axis + right.count >= rank ? right[axis + right.count - rank] : 1
      guard a == b || a == 1 || b == 1 else {
        throw GraphError(
          "shape.\(name).broadcast",
          "\(name): the size of tensor a (\(a)) must match the size of tensor b (\(b)) at non-singleton "
            + "dimension \(axis) (shapes \(left) and \(right))")
      }
      shape.append(a == 1 ? b : a)
    }
    return shape
  }
}
