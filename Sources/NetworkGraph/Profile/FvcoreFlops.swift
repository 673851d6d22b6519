extension Graph {
  /// What fvcore's `FlopCountAnalysis(model, inputs).total()` gives for the network.
  ///
  /// Beside the products that `macs` counts, fvcore estimates: batch normalisation in evaluation with 2 per element
  /// (1 without weights), in training and all other normalisation with 5 (4 without weights); adaptive average
  /// pooling with 1 per element of its input; nearest-neighbour upsampling with 1 per element of its result.
  /// Layer, group and instance normalisation and upsampling are recognised by what the compiler makes of them.
  /// fvcore counts nothing for `scaled_dot_product_attention` and recurrent layers, whose products do count here.
  var fvcoreFlops: Int {
    var total = costs.macs
    for node in nodes {
      guard let first = node.inputs.first else { continue }
      let elements = type(of: first).elementCount
      switch node.operation {
      case .batchNormalization(let normalization):
        let factor =
          normalization.isTraining
          ? (normalization.isAffine ? 5 : 4) : (normalization.isAffine ? 2 : 1)
        total = total.addingClamped(elements * factor)
      case .adaptiveAveragePooling where !isSequence(first): total = total.addingClamped(elements)
      default: continue
      }
    }
    for standardization in standardizations() {
      total = total.addingClamped(
        type(of: standardization.input).elementCount * (standardization.isAffine ? 5 : 4))
    }
    return total.addingClamped(upsampledElements)
  }

  /// Whether a value is `[N, C, L]` given a height of 1, as the compiler does for `AdaptiveAvgPool1d`, which fvcore
  /// does not count.
  private func isSequence(_ value: ValueID) -> Bool {
    let node = producer(of: value)
    guard case .reshape(let shape) = node.operation, shape.count == 4, shape[2] == 1 else { return false }
    return type(of: node.inputs[0]).rank == 3
  }

  /// Elements of what nearest-neighbour upsampling of images yields: a reshape of an expansion of new axes
  /// behind height and width.
  private var upsampledElements: Int {
    var total = 0
    for node in nodes {
      guard case .reshape(let shape) = node.operation, shape.count == 4 else { continue }
      let expansion = producer(of: node.inputs[0])
      guard case .expand(let wide) = expansion.operation, wide.count == 6,
        type(of: expansion.inputs[0]).shape == [wide[0], wide[1], wide[2], 1, wide[4], 1],
        shape == [wide[0], wide[1], wide[2] * wide[3], wide[4] * wide[5]]
      else { continue }
      total = total.addingClamped(shape.reduce(1, *))
    }
    return total
  }
}

/// `(x − mean) / √(variance + ε)` as the compiler writes it out for layer, group and instance normalisation.
public struct Standardization: Sendable, Hashable {
  /// What is standardised.
  public var input: ValueID
  /// The axes that mean and variance are taken over.
  public var axes: [Int]
  /// What is added to the variance.
  public var epsilon: Double
  /// The node of the division, as an index into `Graph.nodes`.
  public var node: Int
  /// Whether a weight is applied to the result.
  public var isAffine: Bool
}

extension Graph {
  /// All places where values are standardised over axes.
  func standardizations() -> [Standardization] {
    let isWeight = weightValues()
    var readers = [[Int]](repeating: [], count: values.count)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { readers[input.index].append(index) }
    }
    var found: [Standardization] = []
    for (index, node) in nodes.enumerated() {
      guard case .binary(.divide) = node.operation, var result = standardization(node, index) else {
        continue
      }
      // The weight may come behind a reshape, as in group normalisation.
      var value = node.outputs[0]
      if readers[value.index].count == 1, case .reshape = nodes[readers[value.index][0]].operation {
        value = nodes[readers[value.index][0]].outputs[0]
      }
      result.isAffine = readers[value.index].contains { reader in
        guard case .binary(.multiply) = nodes[reader].operation else { return false }
        return nodes[reader].inputs.contains { isWeight[$0.index] }
      }
      found.append(result)
    }
    return found
  }

  /// What a division of the graph standardises, if that is what it does.
  public func standardization(_ node: Node, _ index: Int) -> Standardization? {
    guard case .binary(.divide) = node.operation else { return nil }
    let centring = producer(of: node.inputs[0])
    let root = producer(of: node.inputs[1])
    guard case .binary(.subtract) = centring.operation, case .unary(.squareRoot) = root.operation else {
      return nil
    }
    let sum = producer(of: root.inputs[0])
    guard case .binary(.add) = sum.operation, let epsilon = scalar(sum.inputs[1]) else { return nil }
    let variance = producer(of: sum.inputs[0])
    guard case .reduce(let reduction) = variance.operation, reduction.kind == .mean,
      reduction.keepsDimensions
    else { return nil }
    let square = producer(of: variance.inputs[0])
    guard case .unary(.square) = square.operation, square.inputs == [node.inputs[0]] else { return nil }
    let mean = producer(of: centring.inputs[1])
    guard mean.operation == .reduce(reduction), mean.inputs == [centring.inputs[0]] else { return nil }
    return Standardization(
      input: centring.inputs[0], axes: reduction.axes, epsilon: epsilon, node: index, isAffine: false)
  }

  /// The number that a value is everywhere, where it is a constant of one.
  func scalar(_ value: ValueID) -> Double? {
    guard case .constant(.fill(let number, _)) = producer(of: value).operation else { return nil }
    return number
  }
}
