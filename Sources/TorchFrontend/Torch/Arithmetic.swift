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
    if function == .divide, !type.isFloating { type = .float32 }
    if function == .power, !type.isFloating { type = .float32 }
    let a = try cast(left, type == .bool ? .float32 : type)
    let b = try cast(right, type == .bool ? .float32 : type)
    let isComparison = [.equal, .less, .lessOrEqual].contains(function)
    return try apply(.binary(function), [a, b], dataType: isComparison ? .bool : type)
  }

  /// PyTorch's promotion: a scalar only counts where it is of a higher kind.
  func promotedType(_ left: TracedTensor, _ right: TracedTensor) -> DataType {
    let full = DataType.promoted(left.dataType, right.dataType)
    if left.rank > 0, right.rank == 0, left.dataType.isFloating || !right.dataType.isFloating {
      return left.dataType == .bool ? full : left.dataType
    }
    if right.rank > 0, left.rank == 0, right.dataType.isFloating || !left.dataType.isFloating {
      return right.dataType == .bool ? full : right.dataType
    }
    return full
  }

  /// The tensor with elements of another type.
  func cast(_ input: TracedTensor, _ type: DataType) throws(Interruption) -> TracedTensor {
    if input.dataType == type { return input }
    switch try content(input) {
    case .fill(let number): return try tensor(.fill(Self.rounded(number, type)), input.shape, type)
    case .values(let values):
      return try tensor(.values(values.map { Self.rounded($0, type) }), input.shape, type)
    case .random(let distribution):
      guard type.isFloating, input.dataType.isFloating else {
        throw unsupported("random integers are not supported")
      }
      return try tensor(.random(distribution), input.shape, type)
    case .graph(let value):
      let isFloat = tracer.builder.type(of: value).elementType == .float32
      guard type.isFloating, isFloat else {
        throw unsupported(
          "converting a tensor of the network from \(input.dataType.rawValue) to \(type.rawValue) is not supported yet"
        )
      }
      return try tensor(.graph(value), input.shape, type, storage: input.cell.storage)
    }
  }

  /// A tensor of floating type; where that is kept, integers stay as they are.
  func floating(_ input: TracedTensor, keeping: Bool = false) throws(Interruption) -> TracedTensor {
    input.dataType.isFloating || keeping ? input : try cast(input, .float32)
  }

  /// A number as a tensor of one element, as fits beside another.
  func tensorOperand(_ value: PythonValue, like other: TracedTensor) throws(Interruption) -> TracedTensor {
    switch value {
    case .tensor(let tensor): return tensor
    case .bool(let flag): return try scalar(flag ? 1 : 0, .bool)
    case .int(let number):
      return try scalar(Double(number), other.dataType.isFloating ? other.dataType : .int64)
    case .float(let number): return try scalar(number, other.dataType.isFloating ? other.dataType : .float32)
    case .opaque(let name): throw unsupported("\(name) is not supported", hint: opaqueHint(name))
    default:
      throw raise(.typeError, "unsupported operand type(s): 'Tensor' and '\(typeName(value))'")
    }
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
