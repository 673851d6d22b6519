import NetworkGraph

/// A sum of convolutions without neighbours over the same pixels, or of such ones' image gradients, with what follows
/// it.
///
/// The terms' operands come one behind the other, then the residual and then the gate's operand or value.
struct PointwiseSum {
  /// One convolution; images, weight, bias if there is one and the normalisation's vectors are its operands, or weight
  /// and result gradient where it is an image gradient.
  struct Term {
    var convolution: Convolution
    /// By running statistics.
    var normalization: BatchNormalization?
    var isGradient: Bool

    var inputCount: Int {
      guard !isGradient else { return 2 }
      let vectors = normalization.map { $0.isAffine ? 4 : 2 } ?? 0
      return 2 + (convolution.hasBias ? 1 : 0) + vectors
    }

    /// The places of the weight and of the images or gradients among the term's operands.
    var weight: Int { isGradient ? 0 : 1 }
    var images: Int { isGradient ? 1 : 0 }

    fileprivate var name: String {
      if isGradient { return "convolutionInputGradient" }
      return normalization == nil ? "convolution" : "convolution+batchNormalization"
    }
  }

  var terms: [Term]
  /// Whether another tensor of the result's shape is added.
  var addsResidual = false
  /// What is applied last: one that has `bounds`.
  var activation: UnaryFunction?
  /// The activation through whose gradient the sum goes in place of that: one that has `bounds`.
  var gate: UnaryFunction?

  /// The most channels that sums go over; with more each convolution alone reaches as much.
  fileprivate static let mostChannels = 512

  /// The names of the operations, joined by `+`.
  var name: String {
    (terms.map(\.name) + (addsResidual ? ["add"] : []) + (activation.map { [Operation.unary($0).name] } ?? [])
      + (gate.map { [Operation.unaryGradient($0).name] } ?? [])).joined(separator: "+")
  }

  /// Where each term's operands begin, and where those behind them do.
  var starts: [Int] { terms.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.inputCount) } }

  /// Whether nothing follows the sum but a residual.
  fileprivate var isLinear: Bool { activation == nil && gate == nil }
}

extension Fusion {
  /// Pointwise convolutions whose results are added, the one as the other's residual, as one product over the channels
  /// of both.
  mutating func sumConvolutions(at index: Int) {
    guard let node = nodes[index], var sum = pointwiseSum(node), sum.addsResidual else { return }
    let place = sum.starts[sum.terms.count]
    let value = node.inputs[place]
    guard readers[value].count == 1, values[value] == values[node.outputs[0]],
      let (sourceIndex, source) = producer(of: value), let other = pointwiseSum(source), other.isLinear,
      channels(of: sum, node) + channels(of: other, source) <= PointwiseSum.mostChannels
    else { return }
    nodes[sourceIndex] = nil
    for input in source.inputs {
      removeReader(sourceIndex, of: input)
      readers[input].append(index)
    }
    readers[value] = []
    sum.terms = other.terms + sum.terms
    sum.addsResidual = other.addsResidual
    let first = other.starts[other.terms.count]
    let inputs = source.inputs[..<first] + node.inputs[..<place] + source.inputs[first...]
    nodes[index] = PlannedNode(
      work: .fused(.pointwiseSum(sum)), inputs: Array(inputs + node.inputs[(place + 1)...]),
      outputs: node.outputs)
  }

  /// What the node does as a sum of one or more terms; nil for anything else.
  private func pointwiseSum(_ node: PlannedNode) -> PointwiseSum? {
    let sum: PointwiseSum
    switch node.convolution {
    case .pointwiseSum(let known): return known
    case .convolution(let fused):
      let term = PointwiseSum.Term(
        convolution: fused.convolution, normalization: fused.normalization, isGradient: false)
      sum = PointwiseSum(terms: [term], addsResidual: fused.addsResidual, activation: fused.activation)
    case .convolutionInputGradient(let fused):
      let term = PointwiseSum.Term(convolution: fused.convolution, isGradient: true)
      sum = PointwiseSum(terms: [term], addsResidual: fused.addsResidual, gate: fused.gate)
    default: return nil
    }
    let (convolution, none) = (sum.terms[0].convolution, Size2D(0, 0))
    let weight = values[node.inputs[sum.terms[0].weight]].type.shape
    let images = values[node.inputs[sum.terms[0].images]]
    guard weight.suffix(2) == [1, 1], convolution.stride == Size2D(1, 1), convolution.padding == none,
      convolution.paddingAfter == none, convolution.groups == 1, images.layout == .blocks,
      values[node.outputs[0]].layout == .blocks
    else { return nil }
    return sum
  }

  /// The channels of all of a sum's images or gradients.
  private func channels(of sum: PointwiseSum, _ node: PlannedNode) -> Int {
    zip(sum.terms, sum.starts).map { values[node.inputs[$1 + $0.images]].type.shape[1] }.reduce(0, +)
  }
}
