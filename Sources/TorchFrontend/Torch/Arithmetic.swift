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
          hint: "the shapes are \(left.shape) and \(right.shape)", identifier: "torch.shape")
      }
    }
    var type = promotedType(left, right)
    if function == .divide || function == .power, !type.isFloating { type = tracer.defaultType }
    let a = try cast(left, type == .bool ? .float32 : type)
    let b = try cast(right, type == .bool ? .float32 : type)
    let isComparison = [.equal, .less, .lessOrEqual].contains(function)
    return try apply(.binary(function), [a, b], dataType: isComparison ? .bool : type)
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
    let (a, b) = try operands(left, right)
    switch operation {
    case .add: return .tensor(try elementwise(.add, a, b))
    case .subtract: return .tensor(try elementwise(.subtract, a, b))
    case .multiply: return .tensor(try elementwise(.multiply, a, b))
    case .divide: return .tensor(try elementwise(.divide, a, b))
    case .matrixMultiply: return .tensor(try matrixMultiply(a, b))
    case .power: return .tensor(try power(a, b))
    case .floorDivide, .modulo: return .tensor(try divided(operation, a, b))
    case .bitAnd, .bitOr, .bitXor:
      guard a.dataType == .bool, b.dataType == .bool else {
        throw unsupported("bit operations on integer tensors are not supported")
      }
      switch operation {
      case .bitAnd: return .tensor(try elementwise(.minimum, a, b))
      case .bitOr: return .tensor(try elementwise(.maximum, a, b))
      default: return .tensor(try logicalNot(try elementwise(.equal, a, b)))
      }
    case .leftShift, .rightShift: throw unsupported("shifts of tensors are not supported")
    }
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

  private func divided(
    _ operation: BinaryOperator, _ left: TracedTensor, _ right: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let type = promotedType(left, right)
    let shape = try elementwise(.divide, left, right).shape
    guard let a = try knownValues(try expand(left, shape)), let b = try knownValues(try expand(right, shape))
    else {
      throw unsupported("\(operation.rawValue) on tensors of the network is not supported yet")
    }
    let values = zip(a, b).map { (x: Double, y: Double) -> Double in
      let quotient = (x / y).rounded(.down)
      return operation == .floorDivide ? quotient : x - quotient * y
    }
    return try tensor(.values(values), shape, type)
  }

  /// A quotient rounded towards zero.
  func truncatedQuotient(_ left: PythonValue, _ right: PythonValue) throws(Interruption) -> TracedTensor {
    let (a, b) = try operands(left, right)
    let type = promotedType(a, b)
    let quotient = try elementwise(.divide, a, b)
    guard let values = try knownValues(quotient) else {
      throw unsupported("a quotient of tensors of the network rounded towards zero is not supported yet")
    }
    return try tensor(.values(values.map { $0.rounded(.towardZero) }), quotient.shape, type)
  }

  /// A comparison where at least one is a tensor: 1 or 0 for each element.
  func tensorComparison(
    _ operation: ComparisonOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue {
    let (a, b) = try operands(left, right)
    switch operation {
    case .less: return .tensor(try elementwise(.less, a, b))
    case .lessOrEqual: return .tensor(try elementwise(.lessOrEqual, a, b))
    case .greater: return .tensor(try elementwise(.less, b, a))
    case .greaterOrEqual: return .tensor(try elementwise(.lessOrEqual, b, a))
    case .notEqual: return .tensor(try logicalNot(try elementwise(.equal, a, b)))
    default: return .tensor(try elementwise(.equal, a, b))
    }
  }

  /// The negation of a boolean tensor.
  func logicalNot(_ input: TracedTensor) throws(Interruption) -> TracedTensor {
    guard input.dataType == .bool else { throw unsupported("~ on integer tensors is not supported") }
    let one = try scalar(1, .bool)
    return try apply(.binary(.subtract), [one, input], dataType: .bool)
  }
}
