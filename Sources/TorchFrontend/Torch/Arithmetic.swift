import NetworkGraph
import PythonSyntax

extension Interpreter {
  /// Two tensors elementwise with broadcasting and PyTorch's complaint where that is not possible.
  func elementwise(
    _ function: BinaryFunction, _ left: TracedTensor, _ right: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let rank = max(left.rank, right.rank)
    for place in 0..<rank {
      let a = place < left.rank ? left.shape[left.rank - 1 - place] : 1
      let b = place < right.rank ? right.shape[right.rank - 1 - place] : 1
      guard a == b || a == 1 || b == 1 else {
        throw raise(
          .runtimeError,
          "The size of tensor a (\(a)) must match the size of tensor b (\(b)) at non-singleton dimension "
            + "\(rank - 1 - place)",
          hint: "the shapes are \(described(left)) and \(described(right))", identifier: "torch.shape")
      }
    }
    var type = promotedType(left, right)
    var function = function
    switch (function, type.category) {
    case (.divide, .boolean), (.divide, .integer), (.arcTangent2, .boolean), (.arcTangent2, .integer):
      type = tracer.defaultType
    case (.add, .boolean): function = .maximum
    case (.multiply, .boolean): function = .minimum
    case (.subtract, .boolean):
      throw raise(
        .runtimeError,
        "Subtraction, the `-` operator, with two bool tensors is not supported. If you are trying to invert a mask, "
          + "use the `~` or `logical_not()` operator instead.", identifier: "torch.dtype")
    case (.power, .boolean), (.floorDivide, .boolean), (.remainder, .boolean),
      (.truncatedRemainder, .boolean):
      throw raise(
        .notImplementedError, "\"\(function.rawValue)\" not implemented for 'Bool'", identifier: "torch.dtype"
      )
    case (.power, .integer): return try integerPower(try cast(left, type), try cast(right, type), type)
    case (.floorDivide, .integer), (.remainder, .integer), (.truncatedRemainder, .integer):
      if try knownValues(right)?.contains(0) ?? false { throw raise(.runtimeError, "ZeroDivisionError") }
    default: break
    }
    let a = try cast(left, type)
    let b = try cast(right, type)
    let isComparison = [.equal, .notEqual, .less, .lessOrEqual].contains(function)
    guard isComparison, type.elementType == .int32 else {
      return try apply(.binary(function), [a, b], dataType: isComparison ? .bool : type)
    }
    // In graphs, truth is float32 and a comparison of integers gives integers.
    let result = try apply(.binary(function), [a, b], dataType: type)
    guard case .graph(let value) = try content(result) else { return try cast(result, .bool) }
    guard tracer.type(of: value).elementType == .int32 else {
      return try tensor(.graph(value), result.shape, .bool)
    }
    return try apply(.cast(.float32), [result], dataType: .bool)
  }

  private func integerPower(
    _ base: TracedTensor, _ exponent: TracedTensor, _ type: DataType
  ) throws(Interruption) -> TracedTensor {
    guard let exponents = try knownValues(exponent) else {
      throw unsupported("whole numbers to powers that are only known when the network runs are not supported")
    }
    guard exponents.allSatisfy({ $0 >= 0 }) else {
      throw raise(.runtimeError, "Integers to negative integer powers are not allowed.")
    }
    if try content(base).isKnown {
      return try apply(.binary(.power), [base, exponent], dataType: type)
    }
    guard exponent.count == 1, let count = exponents.first, count <= 16 else {
      throw unsupported("whole numbers of the network to this power are not supported")
    }
    let shape = try broadcast([base.shape, exponent.shape], "power")
    var result = try expand(try scalar(1, type), shape)
    for _ in 0..<Int(count) { result = try elementwise(.multiply, result, base) }
    return result
  }

  private func operands(
    _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> (TracedTensor, TracedTensor) {
    if case .tensor(let a) = left { return (a, try tensorOperand(right, like: a)) }
    guard case .tensor(let b) = right else {
      throw raise(.typeError, "expected a Tensor, not \(typeName(left)) and \(typeName(right))")
    }
    return (try tensorOperand(left, like: b), b)
  }

  /// `left op right` where at least one is a tensor.
  func tensorBinary(
    _ operation: BinaryOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue {
    for value in [left, right] {
      if case .instance = value {
        throw raise(
          .typeError,
          "unsupported operand type(s) for \(operation.rawValue): "
            + "'\(typeName(left))' and '\(typeName(right))'")
      }
    }
    if let result = try arrayBinary(operation, left, right) { return result }
    let (a, b) = try operands(left, right)
    switch operation {
    case .add: return .tensor(try elementwise(.add, a, b))
    case .subtract: return .tensor(try elementwise(.subtract, a, b))
    case .multiply: return .tensor(try elementwise(.multiply, a, b))
    case .divide: return .tensor(try elementwise(.divide, a, b))
    case .matrixMultiply: return .tensor(try matrixMultiply(a, b))
    case .power: return .tensor(try power(a, b))
    case .floorDivide: return .tensor(try elementwise(.floorDivide, a, b))
    case .modulo: return .tensor(try elementwise(.remainder, a, b))
    case .bitAnd, .bitOr, .bitXor, .leftShift, .rightShift: return .tensor(try bitwise(operation, a, b))
    }
  }

  private func bitwise(
    _ operation: BinaryOperator, _ left: TracedTensor, _ right: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let type = promotedType(left, right)
    guard !type.isFloating else {
      throw raise(
        .notImplementedError, "\"\(operation.rawValue)\" not implemented for '\(type.scalarName)'",
        identifier: "torch.dtype")
    }
    if type == .bool {
      switch operation {
      case .bitAnd: return try elementwise(.minimum, left, right)
      case .bitOr: return try elementwise(.maximum, left, right)
      case .bitXor: return try elementwise(.notEqual, left, right)
      default: break
      }
    }
    let shape = try broadcast([left.shape, right.shape], operation.rawValue)
    guard let a = try knownValues(try expand(try cast(left, type), shape)),
      let b = try knownValues(try expand(try cast(right, type), shape))
    else { throw unsupported("\(operation.rawValue) on whole numbers of the network is not supported") }
    var values: [Double] = []
    for (x, y) in zip(a, b) {
      let (x, y) = (Int(x), Int(y))
      switch operation {
      case .bitAnd: values.append(Double(x & y))
      case .bitOr: values.append(Double(x | y))
      case .bitXor: values.append(Double(x ^ y))
      case .leftShift: values.append(Double(x << y))
      default: values.append(Double(x >> y))
      }
    }
    return try tensor(.values(try rounded(values, type)), shape, type)
  }

  private func power(_ base: TracedTensor, _ exponent: TracedTensor) throws(Interruption) -> TracedTensor {
    if exponent.rank == 0, base.dataType.isFloating, let number = try knownValues(exponent)?.first {
      switch number {
      case 1: return try apply(.reshape(base.shape), base)
      case 2: return try apply(.unary(.square), base)
      case 0.5: return try apply(.unary(.squareRoot), base)
      case -1: return try apply(.unary(.reciprocal), base)
      default: break
      }
    }
    return try elementwise(.power, base, exponent)
  }

  /// A quotient rounded towards zero.
  func truncatedQuotient(_ left: PythonValue, _ right: PythonValue) throws(Interruption) -> TracedTensor {
    let (a, b) = try operands(left, right)
    guard promotedType(a, b).category == .integer else {
      return try apply(.unary(.truncate), try elementwise(.divide, a, b))
    }
    // Without its remainder the dividend is a multiple of the divisor.
    let remainder = try elementwise(.truncatedRemainder, a, b)
    return try elementwise(.floorDivide, try elementwise(.subtract, a, remainder), b)
  }

  /// A comparison where at least one is a tensor: 1 or 0 for each element.
  func tensorComparison(
    _ operation: ComparisonOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue {
    if let result = try arrayComparison(operation, left, right) { return result }
    let (a, b) = try operands(left, right)
    switch operation {
    case .less: return .tensor(try elementwise(.less, a, b))
    case .lessOrEqual: return .tensor(try elementwise(.lessOrEqual, a, b))
    case .greater: return .tensor(try elementwise(.less, b, a))
    case .greaterOrEqual: return .tensor(try elementwise(.lessOrEqual, b, a))
    case .notEqual: return .tensor(try elementwise(.notEqual, a, b))
    default: return .tensor(try elementwise(.equal, a, b))
    }
  }

  /// `~`: the negation of a boolean tensor, or the bits of whole numbers inverted.
  func logicalNot(_ input: TracedTensor) throws(Interruption) -> TracedTensor {
    guard !input.dataType.isFloating else {
      throw raise(
        .typeError, "~ (operator.invert) is only implemented on integer and Boolean-type tensors",
        identifier: "torch.dtype")
    }
    guard input.dataType == .bool else {
      return try elementwise(.subtract, try scalar(-1, input.dataType), input)
    }
    return try apply(.binary(.subtract), [try scalar(1, .bool), input], dataType: .bool)
  }
}
