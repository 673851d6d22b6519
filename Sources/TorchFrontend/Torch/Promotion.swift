import NetworkGraph

extension Interpreter {
  /// The type in which two tensors are computed with.
  func promotedType(_ left: TracedTensor, _ right: TracedTensor) -> DataType {
    DataType.result(left.dataType, rank: left.rank, right.dataType, rank: right.rank)
  }

  /// A number as a tensor without dimensions, of the type that PyTorch computes in beside another tensor: a
  /// number only counts where it is of a higher kind, and is then of that kind's default type.
  func tensorOperand(_ value: PythonValue, like other: TracedTensor) throws(Interruption) -> TracedTensor {
    switch value {
    case .tensor(let tensor): return tensor
    case .bool(let flag): return try scalar(flag ? 1 : 0, other.dataType)
    case .int(let number):
      guard number.magnitude <= 1 << 53 else {
        throw unsupported("integers beyond 2^53 beside tensors are not supported")
      }
      return try scalar(Double(number), other.dataType == .bool ? .int64 : other.dataType)
    case .float(let number):
      return try scalar(number, other.dataType.isFloating ? other.dataType : tracer.defaultType)
    case .opaque(let name): throw unsupported("\(name) is not supported", hint: opaqueHint(name))
    default:
      throw raise(.typeError, "unsupported operand type(s): 'Tensor' and '\(typeName(value))'")
    }
  }

  /// A function of whole numbers of the graph that are whole numbers again; nil for others.
  func applyToIntegers(
    _ function: UnaryFunction, _ input: TracedTensor
  ) throws(Interruption) -> TracedTensor? {
    let zero = try scalar(0, input.dataType)
    switch function {
    case .negate: return try elementwise(.subtract, zero, input)
    case .absolute: return try elementwise(.maximum, input, try elementwise(.subtract, zero, input))
    case .square: return try elementwise(.multiply, input, input)
    case .relu: return try elementwise(.maximum, input, zero)
    case .floor, .ceiling, .round, .truncate: return try duplicate(input)
    case .sign:
      let one = try scalar(1, input.dataType)
      let low = try elementwise(.maximum, input, try elementwise(.subtract, zero, one))
      return try elementwise(.minimum, low, one)
    default: return nil
    }
  }

  /// A tensor of floating type; where that is kept, integers stay as they are.
  func floating(_ input: TracedTensor, keeping: Bool = false) throws(Interruption) -> TracedTensor {
    input.dataType.isFloating || keeping ? input : try cast(input, tracer.defaultType)
  }

  /// The tensor with elements of another type, as `Tensor.to` gives it: itself where it has that type.
  func cast(_ input: TracedTensor, _ type: DataType) throws(Interruption) -> TracedTensor {
    if input.dataType == type { return input }
    switch try content(input) {
    case .fill(let number): return try tensor(.fill(type.rounded(number)), input.shape, type)
    case .values(let values):
      try spend(values.count >> 6)
      return try tensor(.values(values.map(type.rounded)), input.shape, type)
    case .random(let distribution):
      guard type.isFloating, input.dataType.isFloating else {
        let values = try settledValues(input) ?? []
        return try tensor(.values(values.map(type.rounded)), input.shape, type)
      }
      return try tensor(.random(distribution), input.shape, type)
    case .joined, .graph:
      let content = input.cell.content
      guard content.isTraced else {
        guard let values = try settledValues(input) else { throw unsupported("casting a random tensor") }
        return try tensor(.values(values.map(type.rounded)), input.shape, type)
      }
      return try castValue(input, type)
    }
  }

  /// A value of the graph in another type, of which floating types and booleans are float32 and integers int32.
  private func castValue(_ input: TracedTensor, _ type: DataType) throws(Interruption) -> TracedTensor {
    let layout = try elementwiseLayout([input], input.shape)
    let value = try operand(input)
    if type == .bool {
      let zero = try scalar(0, input.dataType)
      let truth = try apply(.binary(.notEqual), [input, zero], dataType: input.dataType)
      return try tensor(
        .graph(try node(.cast(.float32), [try operand(truth)])), input.shape, .bool, layout: layout)
    }
    if type.byteCount < 4 { note("torch.precision", "\(type.rawValue) is computed with in 32 bits") }
    if type.elementType == input.dataType.elementType {
      return try tensor(.graph(value), input.shape, type, layout: layout)
    }
    return try tensor(
      .graph(try node(.cast(type.elementType), [value])), input.shape, type, layout: layout)
  }
}
