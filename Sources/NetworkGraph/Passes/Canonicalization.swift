extension Graph {
  /// The graph in which what can be said in several ways is said in one, simplified and without dead code.
  ///
  /// For the canonical hash. Numbers may differ by rounding, and gradients where a function has none, but the
  /// function is the same: `x * 1`, `x / 1`, `x + 0`, `x - 0`, `x ** 1` and `-(-x)` are x; `clamp(min=0)`, `maximum(x, 0)`,
  /// `leaky_relu` of slope 0 and a second `relu` are `relu`, and `clamp(0, 6)` is `relu6`; `hardtanh` is `clamp`; `x * x` and
  /// `x ** 2` are `square`, powers of ½ and −1 `sqrt` and `reciprocal`, as is `1 / x`; `x * -1` is `-x`; a pooling that averages
  /// the whole image is a mean over height and width; reductions that keep dimensions are reshaped ones; transposed
  /// operands are part of a matrix product; a constant whose elements are equal is filled with their number.
  public func canonicalized() -> Graph {
    var graph = self
    // Each pass can uncover work for the next; chains get shorter, so few passes do. A pass that finds nothing
    // gives the very graph back, which makes the comparison quick.
    for _ in 0..<8 {
      let next = graph.respelled().simplified().eliminatingCommonSubexpressions().eliminatingDeadCode()
      let isDone = next.nodes == graph.nodes
      graph = next
      if isDone { break }
    }
    return graph
  }

  private func respelled() -> Graph {
    let isSaidSo = nodes.allSatisfy { node in
      guard let output = node.outputs.first, node.outputs.count == 1 else { return true }
      if case .same = Respelling(node, node.inputs, type(of: output), in: self).result { return true }
      return false
    }
    if isSaidSo { return self }
    var rewriter = GraphRewriter(self)
    for node in nodes {
      let inputs = rewriter.mapped(node.inputs)
      guard let output = node.outputs.first, node.outputs.count == 1 else {
        rewriter.copy(node, inputs: inputs)
        continue
      }
      switch Respelling(node, inputs, type(of: output), in: rewriter.result).result {
      case .same: rewriter.copy(node, inputs: inputs)
      case .operand(let value): rewriter.replace([output], with: [value])
      case .operation(let operation, let operands):
        rewriter.copy(node, operation: operation, inputs: operands)
      case .reshaped(let operation, let operand, let shape):
        let type = type(of: output)
        let value = rewriter.append(
          operation, inputs: [operand], type: TensorType(type.elementType, shape), label: node.label)
        rewriter.copy(node, operation: .reshape(type.shape), inputs: [value])
      }
    }
    return rewriter.finished()
  }
}

/// Another way to say what a node does.
private struct Respelling {
  enum Result {
    case same
    /// It is what it is given.
    case operand(ValueID)
    case operation(Operation, [ValueID])
    /// It is an operation whose result has that shape, reshaped.
    case reshaped(Operation, ValueID, [Int])
  }

  private let inputs: [ValueID]
  private let type: TensorType
  private let graph: Graph
  private(set) var result = Result.same

  init(_ node: Node, _ inputs: [ValueID], _ type: TensorType, in graph: Graph) {
    self.inputs = inputs
    self.type = type
    self.graph = graph
    switch node.operation {
    case .constant(let constant): result = Self.constant(constant)
    case .unary(let function): result = unary(function)
    case .binary(let function): result = binary(function)
    case .matrixMultiply(let left, let right): result = product(left, right)
    case .reduce(let reduction) where reduction.keepsDimensions:
      result = reduced(reduction.kind, reduction.axes)
    case .adaptiveAveragePooling(1, 1): result = reduced(.mean, [2, 3])
    case .averagePooling(let pooling):
      let shape = graph.type(of: inputs[0]).shape
      if pooling.window.kernel == Size2D(shape[2], shape[3]), pooling.window.padding == Size2D(0, 0),
        pooling.divisor == nil, type.shape[2] == 1, type.shape[3] == 1
      {
        result = reduced(.mean, [2, 3])
      }
    default: break
    }
  }

  /// Equal elements as one number, and a number as 32 bits hold it.
  private static func constant(_ constant: Constant) -> Result {
    func filled(_ number: Double, _ type: TensorType) -> Result {
      .operation(.constant(.fill(number, type)), [])
    }
    switch constant {
    case .fill(let number, let type):
      let rounded = Double(Float(number))
      guard type.elementType == .float32, !number.isNaN, rounded != number else { return .same }
      return filled(rounded, type)
    case .values(let values, let shape):
      guard let first = values.first, values.allSatisfy({ $0.bitPattern == first.bitPattern }) else {
        return .same
      }
      return filled(Double(first), TensorType(.float32, shape))
    case .integers(let values, let shape):
      guard let first = values.first, values.allSatisfy({ $0 == first }) else { return .same }
      return filled(Double(first), TensorType(.int32, shape))
    }
  }

  private func reduced(_ kind: Reduction.Kind, _ axes: [Int]) -> Result {
    let shape = graph.type(of: inputs[0]).shape
    let rest = shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    return .reshaped(.reduce(Reduction(kind, axes: axes)), inputs[0], rest)
  }

  private func unary(_ function: UnaryFunction) -> Result {
    let inner = graph.producer(of: inputs[0])
    switch function {
    case .negate where inner.operation == .unary(.negate): return .operand(inner.inputs[0])
    case .relu where inner.operation == .unary(.relu): return .operand(inputs[0])
    case .leakyReLU(0): return .operation(.unary(.relu), inputs)
    case .clamp(let lower, let upper), .hardTanh(let lower, let upper):
      if lower == 0, upper == .infinity { return .operation(.unary(.relu), inputs) }
      if lower == 0, upper == 6 { return .operation(.unary(.relu6), inputs) }
      if case .hardTanh = function {
        return .operation(.unary(.clamp(lower: lower, upper: upper)), inputs)
      }
      return .same
    default: return .same
    }
  }

  private func binary(_ function: BinaryFunction) -> Result {
    guard type.elementType == .float32 else { return .same }
    let (left, right) = (inputs[0], inputs[1])
    let (a, b) = (graph.scalar(left), graph.scalar(right))
    func kept(_ value: ValueID) -> Result { graph.type(of: value) == type ? .operand(value) : .same }
    func applied(_ function: UnaryFunction, _ value: ValueID) -> Result {
      graph.type(of: value) == type ? .operation(.unary(function), [value]) : .same
    }
    switch function {
    case .add:
      if b == 0 { return kept(right == left ? right : left) }
      return a == 0 ? kept(right) : .same
    case .subtract: return b == 0 ? kept(left) : a == 0 ? applied(.negate, right) : .same
    case .multiply:
      if b == 1 { return kept(left) }
      if a == 1 { return kept(right) }
      if b == -1 { return applied(.negate, left) }
      if a == -1 { return applied(.negate, right) }
      return left == right ? applied(.square, left) : .same
    case .divide: return b == 1 ? kept(left) : a == 1 ? applied(.reciprocal, right) : .same
    case .power:
      switch b {
      case 1: return kept(left)
      case 2: return applied(.square, left)
      case 0.5: return applied(.squareRoot, left)
      case -1: return applied(.reciprocal, left)
      default: return .same
      }
    case .maximum: return b == 0 ? applied(.relu, left) : a == 0 ? applied(.relu, right) : .same
    default: return .same
    }
  }

  /// Swapped dimensions of an operand as part of the product.
  private func product(_ transposesLeft: Bool, _ transposesRight: Bool) -> Result {
    var operands = inputs
    var flags = [transposesLeft, transposesRight]
    for side in 0..<2 {
      let inner = graph.producer(of: operands[side])
      guard case .transpose(let permutation) = inner.operation, permutation.count >= 2 else { continue }
      var swapped = Array(permutation.indices)
      swapped.swapAt(permutation.count - 1, permutation.count - 2)
      guard permutation == swapped else { continue }
      operands[side] = inner.inputs[0]
      flags[side].toggle()
    }
    if operands == inputs { return .same }
    return .operation(.matrixMultiply(transposeLeft: flags[0], transposeRight: flags[1]), operands)
  }
}
