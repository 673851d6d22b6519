/// Inputs, parameters and buffers: their types are given to the builder.
struct LeafRules: OperationRules {
  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    throw GraphError("shape.leaf", "inputs and variables are declared with their type, not applied")
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] { [] }
}

extension Constant: OperationRules {
  /// The type of the tensor.
  public var type: TensorType {
    switch self {
    case .fill(_, let type): type
    case .values(_, let shape): TensorType(.float32, shape)
    case .integers(_, let shape): TensorType(.int32, shape)
    }
  }

  func outputTypes(for inputs: [TensorType]) throws(GraphError) -> [TensorType] {
    try Operation.checkCount("constant", inputs, 0)
    try type.check()
    let count: Int? =
      switch self {
      case .fill: nil
      case .values(let values, _): values.count
      case .integers(let values, _): values.count
      }
    if let count, count != type.elementCount {
      throw GraphError("shape.constant.count", "a constant of shape \(type.shape) has \(count) values")
    }
    return [type]
  }

  func gradients(
    for node: Node, given gradients: OutputGradients, in builder: inout GraphBuilder
  ) throws(GraphError) -> [ValueID?] { [] }
}
