extension BinaryFunction: OperationRules {
  /// Whether the operands may change places.
  public var isCommutative: Bool {
    switch self {
    case .add, .multiply, .maximum, .minimum, .equal, .notEqual: true
    case .subtract, .divide, .power, .less, .lessOrEqual, .remainder, .truncatedRemainder, .floorDivide,
      .arcTangent2:
      false
    }
  }

  /// Whether it is 1 or 0 by how the operands compare.
  public var isComparison: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessOrEqual: true
    default: false
    }
  }

  /// Whether it is for floating point alone.
  public var needsFloat: Bool { self == .divide || self == .power || self == .arcTangent2 }

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount(rawValue, inputs, 2)
    guard inputs[0].elementType == inputs[1].elementType else {
      throw GraphError(
        "shape.\(rawValue).type",
        "\(rawValue) expected one element type but got \(inputs[0].elementType.rawValue) and "
          + inputs[1].elementType.rawValue)
    }
    if needsFloat { try Operation.checkFloat(rawValue, inputs) }
    let shape = try Operation.broadcast(inputs[0].shape, inputs[1].shape, rawValue)
    return [TensorType(inputs[0].elementType, shape)]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] {
    let gradient = try gradients.main(of: node)
    let (a, b) = (node.inputs[0], node.inputs[1])
    var results: [ValueID?] = [nil, nil]
    for side in 0..<2 where gradients.isWanted[side] {
      let full = try self.gradient(side, a, b, node.outputs[0], gradient, in: &builder)
      guard let full else { continue }
      results[side] = try builder.sum(full, to: builder.type(of: node.inputs[side]).shape)
    }
    return results
  }

  /// The gradient of one operand before broadcasting is undone; nil for comparisons and whole quotients.
  private func gradient(
    _ side: Int, _ a: ValueID, _ b: ValueID, _ result: ValueID, _ gradient: ValueID,
    in builder: inout GraphBuilder
  ) throws(GraphError) -> ValueID? {
    switch self {
    case .add: return gradient
    case .subtract: return side == 0 ? gradient : try builder.unary(.negate, gradient)
    case .multiply: return try builder.multiply(gradient, side == 0 ? b : a)
    case .divide:
      let quotient = try builder.value(.binary(.divide), gradient, b)
      return side == 0
        ? quotient : try builder.unary(.negate, try builder.multiply(quotient, result))
    case .power:
      let factor =
        side == 0
        ? try Self.baseSlope(a, b, in: &builder) : try Self.exponentSlope(a, b, result, in: &builder)
      return try builder.multiply(gradient, factor)
    case .maximum, .minimum:
      // PyTorch gives each of two equal operands half.
      let (own, other) = side == 0 ? (a, b) : (b, a)
      let (low, high) = self == .maximum ? (other, own) : (own, other)
      let half = try builder.multiply(try builder.value(.binary(.equal), own, other), builder.scalar(0.5))
      let share = try builder.add(try builder.value(.binary(.less), low, high), half)
      return try builder.multiply(gradient, share)
    case .remainder, .truncatedRemainder:
      if side == 0 { return gradient }
      let quotient =
        self == .remainder
        ? try builder.value(.binary(.floorDivide), a, b)
        : try builder.unary(.truncate, try builder.value(.binary(.divide), a, b))
      return try builder.unary(.negate, try builder.multiply(gradient, quotient))
    case .arcTangent2:
      let square = try builder.add(try builder.unary(.square, a), try builder.unary(.square, b))
      let slope = try builder.value(.binary(.divide), side == 0 ? b : a, square)
      let result = try builder.multiply(gradient, slope)
      return side == 0 ? result : try builder.unary(.negate, result)
    case .equal, .notEqual, .less, .lessOrEqual, .floorDivide: return nil
    }
  }

  /// b·a^(b−1), and 0 where b = 0 (also at a = 0).
  private static func baseSlope(
    _ a: ValueID, _ b: ValueID, in builder: inout GraphBuilder
  ) throws(GraphError) -> ValueID {
    let isZero = try builder.value(.binary(.equal), b, builder.scalar(0))
    // Where b = 0 the exponent becomes 0 rather than −1, so that 0 · 0^−1 does not make a NaN.
    let exponent = try builder.add(try builder.subtract(b, builder.scalar(1)), isZero)
    return try builder.multiply(b, try builder.value(.binary(.power), a, exponent))
  }

  /// a^b·log a, and 0 where a = 0 and b ≥ 0.
  private static func exponentSlope(
    _ a: ValueID, _ b: ValueID, _ result: ValueID, in builder: inout GraphBuilder
  ) throws(GraphError) -> ValueID {
    let zero = builder.scalar(0)
    let isFlat = try builder.multiply(
      try builder.value(.binary(.equal), a, zero), try builder.value(.binary(.lessOrEqual), zero, b))
    return try builder.multiply(result, try builder.unary(.logarithm, try builder.add(a, isFlat)))
  }
}
