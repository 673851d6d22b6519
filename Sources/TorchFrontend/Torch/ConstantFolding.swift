import NetworkGraph

extension Interpreter {
  /// Applies an operation to tensors whose elements are known, so that what does not depend on the input is computed
  /// once and can be used as sizes and indices.
  ///
  /// - Returns: nil where an operand is a value of the graph, or the result is better computed by it.
  func fold(
    _ operation: Operation, _ inputs: [TracedTensor], _ dataType: DataType
  ) throws(Interruption) -> TracedTensor? {
    var contents: [TensorContent] = []
    var isRandom = false
    for input in inputs {
      let content = try content(input)
      if content.isTraced { return nil }
      isRandom = isRandom || content.isRandom
      contents.append(content)
    }
    let resultType: TensorType
    do throws(GraphError) {
      // Which element type the operands have in a graph does not matter to their shapes.
      var types = inputs.map { TensorType(.float32, $0.shape) }
      switch operation {
      case .take, .gather, .takeGradient, .gatherGradient: types[1].elementType = .int32
      default: break
      }
      let outputs = try operation.outputTypes(for: types)
      guard let first = outputs.first else { return nil }
      resultType = first
    } catch {
      throw failure(error)
    }
    let shape = resultType.shape
    if isRandom {
      if case .concatenate(let axis) = operation {
        let parts = zip(contents, inputs).map { TensorPart($0, extent: $1.shape[axis]) }
        return try tensor(joined(parts, along: axis), shape, dataType)
      }
      if let drawn = Self.drawn(operation, contents) { return try tensor(.random(drawn), shape, dataType) }
      if tracer.isTracing || operation.belongsToLayers { return nil }
    } else if let filled = Self.filled(operation, contents, inputs[0].shape, shape) {
      return try tensor(.fill(dataType.rounded(filled)), shape, dataType)
    }
    let count = resultType.elementCount
    if tracer.isTracing, count > Self.foldingLimit, inputs.allSatisfy({ $0.count < count }) { return nil }
    try reserve(count >> 2 + 1)
    var operands: [[Double]] = []
    for input in inputs { operands.append(try settledValues(input) ?? []) }
    var work = operands.reduce(count) { $0 + $1.count }
    if case .matrixMultiply = operation, let columns = inputs[0].shape.last {
      work = max(work, count.multipliedReportingOverflow(by: columns).partialValue / 4)
    }
    try spend(work >> 5)
    guard let values = Self.compute(operation, operands, inputs.map(\.shape), shape) else { return nil }
    return try tensor(.values(try rounded(values, dataType)), shape, dataType)
  }

  /// What numbers become as elements of a type.
  func rounded(_ values: [Double], _ dataType: DataType) throws(Interruption) -> [Double] {
    if dataType == .float64 { return values }
    if dataType == .float32 { return values.map { Double(Float($0)) } }
    guard dataType != .int64 || !values.contains(where: { abs($0) > 0x1p53 }) else {
      throw unsupported("integers beyond 2^53 in tensors are not supported")
    }
    return values.map(dataType.rounded)
  }

  /// The result of an operation on tensors that each hold one number everywhere.
  private static func filled(
    _ operation: Operation, _ contents: [TensorContent], _ shape: [Int], _ target: [Int]
  ) -> Double? {
    var numbers: [Double] = []
    for content in contents {
      guard case .fill(let number) = content else { return nil }
      numbers.append(number)
    }
    guard let first = numbers.first else { return nil }
    switch operation {
    case .unary(let function): return function.applied(to: first)
    case .binary(let function): return numbers.count == 2 ? function.applied(to: first, numbers[1]) : nil
    case .reshape, .transpose, .expand, .slice: return first
    case .concatenate: return numbers.allSatisfy { $0 == first } ? first : nil
    case .reduce(let reduction):
      let count = Double(shape.reduce(1, *) / max(1, target.reduce(1, *)))
      switch reduction.kind {
      case .sum: return first * count
      case .product: return Numerics.power(first, count)
      case .mean, .maximum, .minimum: return first
      }
    default: return nil
    }
  }

  /// The distribution of what an operation makes of random elements, where it is known.
  private static func drawn(_ operation: Operation, _ contents: [TensorContent]) -> Initializer? {
    guard case .random(let source)? = contents.first ?? nil else {
      guard contents.count == 2, case .fill(let number) = contents[0], case .random(let source) = contents[1]
      else { return nil }
      switch operation {
      case .binary(.add): return source.scaled(by: 1, plus: number)
      case .binary(.multiply): return source.scaled(by: number, plus: 0)
      case .binary(.subtract): return source.scaled(by: -1, plus: number)
      default: return nil
      }
    }
    if contents.count == 1 {
      switch operation {
      case .reshape, .transpose, .slice: return source
      case .unary(.negate): return source.scaled(by: -1, plus: 0)
      default: return nil
      }
    }
    guard contents.count == 2, case .fill(let number) = contents[1] else { return nil }
    switch operation {
    case .binary(.add): return source.scaled(by: 1, plus: number)
    case .binary(.subtract): return source.scaled(by: 1, plus: -number)
    case .binary(.multiply): return source.scaled(by: number, plus: 0)
    case .binary(.divide): return number == 0 ? nil : source.scaled(by: 1 / number, plus: 0)
    default: return nil
    }
  }

  private static func compute(
    _ operation: Operation, _ inputs: [[Double]], _ shapes: [[Int]], _ shape: [Int]
  ) -> [Double]? {
    guard let first = inputs.first, let firstShape = shapes.first else { return nil }
    switch operation {
    case .unary(let function): return first.map(function.applied(to:))
    case .binary(let function):
      guard inputs.count == 2 else { return nil }
      let left = broadcastOffsets(shapes[0], to: shape)
      let right = broadcastOffsets(shapes[1], to: shape)
      return zip(left, right).map { function.applied(to: inputs[0][$0], inputs[1][$1]) }
    case .reshape: return first
    case .expand, .transpose, .slice: return moved(first, operation, firstShape, shape)
    case .concatenate(let axis):
      let inner = shape[(axis + 1)...].reduce(1, *)
      let outer = shape[..<axis].reduce(1, *)
      var result: [Double] = []
      result.reserveCapacity(shape.reduce(1, *))
      for block in 0..<outer {
        for (values, shape) in zip(inputs, shapes) {
          let length = shape[axis] * inner
          result += values[(block * length)..<((block + 1) * length)]
        }
      }
      return result
    case .reduce(let reduction): return reduce(reduction, first, firstShape)
    case .softmax(let axis), .logSoftmax(let axis):
      var isLogarithmic = false
      if case .logSoftmax = operation { isLogarithmic = true }
      return softmax(first, firstShape, axis, isLogarithmic: isLogarithmic)
    case .select:
      let offsets = shapes.map { broadcastOffsets($0, to: shape) }
      return offsets[0].indices.map { place in
        inputs[0][offsets[0][place]] != 0 ? inputs[1][offsets[1][place]] : inputs[2][offsets[2][place]]
      }
    case .detach, .cast(.float32): return first
    case .cast(.int32): return first.map { $0.rounded(.towardZero) }
    case .cumulativeSum(let axis, let isReversed):
      var result = first
      forEachLine(firstShape, axis) { places in
        var sum = 0.0
        for place in isReversed ? places.reversed() : places {
          sum += first[place]
          result[place] = sum
        }
      }
      return result
    case .argumentOfMaximum(let axis), .argumentOfMinimum(let axis):
      var isMaximum = false
      if case .argumentOfMaximum = operation { isMaximum = true }
      var result: [Double] = []
      forEachLine(firstShape, axis) { places in
        var best = 0
        for (index, place) in places.enumerated() {
          let (value, leader) = (first[place], first[places[best]])
          if leader.isNaN { break }
          if value.isNaN || (isMaximum ? value > leader : value < leader) { best = index }
        }
        result.append(Double(best))
      }
      return result
    case .take(let axis): return taken(first, firstShape, axis, inputs[1])
    case .gather(let axis): return gathered(first, firstShape, axis, inputs[1], shape)
    case .matrixMultiply(let transposeLeft, let transposeRight):
      guard inputs.count == 2, shapes[0].count == 2, shapes[1].count == 2, shape.count == 2 else {
        return nil
      }
      let depth = transposeLeft ? shapes[0][0] : shapes[0][1]
      var result: [Double] = []
      for row in 0..<shape[0] {
        for column in 0..<shape[1] {
          var sum = 0.0
          for k in 0..<depth {
            sum +=
              inputs[0][transposeLeft ? k * shapes[0][1] + row : row * shapes[0][1] + k]
              * inputs[1][transposeRight ? column * shapes[1][1] + k : k * shapes[1][1] + column]
          }
          result.append(sum)
        }
      }
      return result
    default: return nil
    }
  }

  /// Calls back with the places of every line along an axis, in row-major order of the other axes.
  private static func forEachLine(_ shape: [Int], _ axis: Int, _ body: ([Int]) -> Void) {
    let strides = rowMajorStrides(shape)
    var (others, distances) = (shape, strides)
    others.remove(at: axis)
    distances.remove(at: axis)
    forEachOffset(others, distances, 0) { start in
      body((0..<shape[axis]).map { start + $0 * strides[axis] })
    }
  }

  /// Whole slices of an axis at indices; nil where one is outside.
  private static func taken(
    _ values: [Double], _ shape: [Int], _ axis: Int, _ indices: [Double]
  ) -> [Double]? {
    let extent = shape[axis]
    guard indices.allSatisfy({ $0 >= 0 && $0 < Double(extent) }) else { return nil }
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var result: [Double] = []
    result.reserveCapacity(outer * indices.count * inner)
    for block in 0..<outer {
      for index in indices {
        let start = (block * extent + Int(index)) * inner
        result += values[start..<(start + inner)]
      }
    }
    return result
  }

  /// Elements whose coordinate along an axis is the index; nil where one is outside.
  private static func gathered(
    _ values: [Double], _ shape: [Int], _ axis: Int, _ indices: [Double], _ target: [Int]
  ) -> [Double]? {
    guard indices.allSatisfy({ $0 >= 0 && $0 < Double(shape[axis]) }) else { return nil }
    let stride = rowMajorStrides(shape)[axis]
    var strides = rowMajorStrides(shape)
    strides[axis] = 0
    var result: [Double] = []
    result.reserveCapacity(indices.count)
    var place = 0
    forEachOffset(target, strides, 0) { offset in
      result.append(values[offset + Int(indices[place]) * stride])
      place += 1
    }
    return result
  }

  private static func reduce(_ reduction: Reduction, _ values: [Double], _ shape: [Int]) -> [Double] {
    var kept = shape
    for axis in reduction.axes { kept[axis] = 1 }
    let target = kept.reduce(1, *)
    let count = Double(values.count / max(1, target))
    let initial: Double =
      switch reduction.kind {
      case .sum, .mean: 0
      case .maximum: -.infinity
      case .minimum: .infinity
      case .product: 1
      }
    var result = [Double](repeating: initial, count: target)
    for (value, place) in zip(values, broadcastOffsets(kept, to: shape)) {
      switch reduction.kind {
      case .sum, .mean: result[place] += value
      case .maximum: result[place] = value.isNaN || value > result[place] ? value : result[place]
      case .minimum: result[place] = value.isNaN || value < result[place] ? value : result[place]
      case .product: result[place] *= value
      }
    }
    return reduction.kind == .mean ? result.map { $0 / count } : result
  }

  private static func softmax(
    _ values: [Double], _ shape: [Int], _ axis: Int, isLogarithmic: Bool
  ) -> [Double] {
    let stride = rowMajorStrides(shape)[axis]
    let extent = shape[axis]
    var result = values
    for start in values.indices where (start / stride).isMultiple(of: extent) {
      let places = (0..<extent).map { start + $0 * stride }
      let highest = places.map { values[$0] }.max() ?? 0
      let sum = places.reduce(0) { $0 + Numerics.exponential(values[$1] - highest) }
      for place in places {
        let shifted = values[place] - highest
        result[place] =
          isLogarithmic ? shifted - Numerics.logarithm(sum) : Numerics.exponential(shifted) / sum
      }
    }
    return result
  }

  /// The offsets in row-major elements of one shape for all places of another that it is broadcast to.
  private static func broadcastOffsets(_ shape: [Int], to target: [Int]) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(target.reduce(1, *))
    forEachOffset(target, broadcastStrides(shape, to: target), 0) { result.append($0) }
    return result
  }
}

extension UnaryFunction {
  /// The function of one number.
  func applied(to x: Double) -> Double {
    switch self {
    case .relu: max(x, 0)
    case .relu6: min(max(x, 0), 6)
    case .leakyReLU(let slope): x >= 0 ? x : slope * x
    case .elu(let alpha): x > 0 ? x : alpha * Numerics.exponentialMinus1(x)
    case .gelu: x * 0.5 * (1 + Numerics.errorFunction(x / 2.0.squareRoot()))
    case .geluTanh:
      0.5 * x * (1 + Numerics.hyperbolicTangent((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .silu: x / (1 + Numerics.exponential(-x))
    case .sigmoid: 1 / (1 + Numerics.exponential(-x))
    case .tanh: Numerics.hyperbolicTangent(x)
    case .hardSigmoid: min(max(x + 3, 0), 6) / 6
    case .hardSwish: x * min(max(x + 3, 0), 6) / 6
    case .softplus: x > 20 ? x : Numerics.logarithmPlus1(Numerics.exponential(x))
    case .mish:
      x * Numerics.hyperbolicTangent(x > 20 ? x : Numerics.logarithmPlus1(Numerics.exponential(x)))
    case .exponential: Numerics.exponential(x)
    case .logarithm: Numerics.logarithm(x)
    case .squareRoot: x.squareRoot()
    case .reciprocal: 1 / x
    case .negate: -x
    case .absolute: abs(x)
    case .square: x * x
    case .sine: Numerics.sine(x)
    case .cosine: Numerics.cosine(x)
    case .errorFunction: Numerics.errorFunction(x)
    case .tangent: Numerics.tangent(x)
    case .arcSine: Numerics.arcSine(x)
    case .arcCosine: Numerics.arcCosine(x)
    case .arcTangent: Numerics.arcTangent(x)
    case .hyperbolicSine: Numerics.hyperbolicSine(x)
    case .hyperbolicCosine: Numerics.hyperbolicCosine(x)
    case .inverseHyperbolicSine: Numerics.inverseHyperbolicSine(x)
    case .inverseHyperbolicCosine: Numerics.inverseHyperbolicCosine(x)
    case .inverseHyperbolicTangent: Numerics.inverseHyperbolicTangent(x)
    case .complementaryErrorFunction: Numerics.complementaryErrorFunction(x)
    case .logarithmPlus1: Numerics.logarithmPlus1(x)
    case .exponentialMinus1: Numerics.exponentialMinus1(x)
    case .logarithm2: Numerics.logarithm2(x)
    case .logarithm10: Numerics.logarithm10(x)
    case .reciprocalSquareRoot: 1 / x.squareRoot()
    case .logSigmoid: min(x, 0) - Numerics.logarithmPlus1(Numerics.exponential(-abs(x)))
    case .softsign: x / (1 + abs(x))
    case .clamp(let lower, let upper), .hardTanh(let lower, let upper):
      x.isNaN ? x : min(max(x, lower), upper)
    case .floor: x.rounded(.down)
    case .ceiling: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .truncate: x.rounded(.towardZero)
    case .sign: x > 0 ? 1 : x < 0 ? -1 : 0
    case .isNaN: x.isNaN ? 1 : 0
    case .isInfinite: x.isInfinite ? 1 : 0
    case .isFinite: x.isFinite ? 1 : 0
    }
  }
}

extension BinaryFunction {
  /// The function of two numbers.
  func applied(to a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: Numerics.power(a, b)
    case .maximum: a.isNaN || a > b ? a : b
    case .minimum: a.isNaN || a < b ? a : b
    case .equal: a == b ? 1 : 0
    case .less: a < b ? 1 : 0
    case .lessOrEqual: a <= b ? 1 : 0
    case .notEqual: a != b ? 1 : 0
    case .remainder: Numerics.remainder(a, b)
    case .truncatedRemainder: a.truncatingRemainder(dividingBy: b)
    case .floorDivide: Numerics.floorDivide(a, b)
    case .arcTangent2: Numerics.arcTangent2(a, b)
    }
  }
}

extension Operation {
  /// Whether it is what layers with many weights do, whose values no constructor needs.
  fileprivate var belongsToLayers: Bool {
    switch self {
    case .convolution, .convolutionInputGradient, .linear, .batchNormalization: true
    default: false
    }
  }
}
