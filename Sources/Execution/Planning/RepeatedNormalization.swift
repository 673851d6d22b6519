import NetworkGraph

extension Fusion {
  /// A depthwise convolution's weight gradient whose images are normalised anew from what batch normalisation read, so
  /// that the normalised images need not be kept since the forward pass.
  ///
  /// What batch normalisation read is kept anyway, for its own gradient, and a channel of it lies in the cache for both
  /// where they are done channel by channel.
  mutating func repeatNormalization(at index: Int) {
    guard let node = nodes[index],
      case .operation(.convolutionWeightGradient(let convolution, let weight)) = node.work,
      convolution.groups > 1, weight[0] == convolution.groups, weight[1] == 1,
      values[node.inputs[0]].layout == .blocks, values[node.inputs[1]].layout == .blocks,
      let (forwardIndex, forward) = producer(of: node.inputs[0]), forward.outputs[0] == node.inputs[0],
      let fused = forward.normalization, fused.normalization.isTraining, !fused.addsResidual,
      fused.activation?.bounds != nil || fused.activation == nil,
      readers[node.inputs[0]].allSatisfy({ $0 == index || isDepthwiseConvolution(at: $0) }),
      readers[forward.inputs[0]].contains(where: { $0 > index })
    else { return }
    let vectors = yieldScale(at: forwardIndex, fused)
    let inputs = [forward.inputs[0]] + vectors + [node.inputs[1]]
    removeReader(index, of: node.inputs[0])
    for input in inputs.dropLast() { readers[input].append(index) }
    nodes[index] = PlannedNode(
      work: .fused(
        .normalizedWeightGradient(
          NormalizedWeightGradient(convolution: convolution, weight: weight, activation: fused.activation))),
      inputs: inputs, outputs: node.outputs)
  }

  private func isDepthwiseConvolution(at index: Int) -> Bool {
    guard index < nodes.count, case .convolution(let fused) = nodes[index]?.convolution else { return false }
    return fused.convolution.groups > 1
  }
}
