/// Short forms for what gradient rules write often.
extension GraphBuilder {
  /// Applies an operation that defines one value.
  mutating func value(_ operation: Operation, _ inputs: ValueID...) throws(GraphError) -> ValueID {
    try apply(operation, inputs)[0]
  }

  /// x → f(x).
  mutating func unary(_ function: UnaryFunction, _ x: ValueID) throws(GraphError) -> ValueID {
    try value(.unary(function), x)
  }

  /// The sum, with broadcasting.
  mutating func add(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID {
    try value(.binary(.add), a, b)
  }

  /// The difference, with broadcasting.
  mutating func subtract(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID {
    try value(.binary(.subtract), a, b)
  }

  /// The product, with broadcasting.
  mutating func multiply(_ a: ValueID, _ b: ValueID) throws(GraphError) -> ValueID {
    try value(.binary(.multiply), a, b)
  }

  /// A scalar that broadcasts against anything.
  mutating func scalar(_ number: Double) -> ValueID {
    constant(.fill(number, TensorType(.float32, [])))
  }

  /// The value in that shape; itself where it has it.
  mutating func reshape(_ x: ValueID, _ shape: [Int]) throws(GraphError) -> ValueID {
    type(of: x).shape == shape ? x : try value(.reshape(shape), x)
  }

  /// The value broadcast to that shape; itself where it has it.
  mutating func expand(_ x: ValueID, _ shape: [Int]) throws(GraphError) -> ValueID {
    type(of: x).shape == shape ? x : try value(.expand(shape), x)
  }

  /// The sum over axes.
  mutating func sum(
    _ x: ValueID, over axes: [Int], keepsDimensions: Bool = false
  ) throws(GraphError) -> ValueID {
    axes.isEmpty ? x : try value(.reduce(Reduction(.sum, axes: axes, keepsDimensions: keepsDimensions)), x)
  }

  /// Undoes broadcasting: the sum over every axis along which `shape` was repeated.
  mutating func sum(_ x: ValueID, to shape: [Int]) throws(GraphError) -> ValueID {
    let full = type(of: x).shape
    if full == shape { return x }
    let missing = full.count - shape.count
    let axes = full.indices.filter { $0 < missing || (shape[$0 - missing] == 1 && full[$0] != 1) }
    return try reshape(try sum(x, over: axes), shape)
  }

  /// The value as a matrix whose columns are the last dimension.
  mutating func flattenedToRows(_ x: ValueID) throws(GraphError) -> ValueID {
    let shape = type(of: x).shape
    return try reshape(x, [shape.dropLast().reduce(1, *), shape.last ?? 1])
  }
}
