extension Graph {
  /// By value: whether it is made of parameters, buffers and constants alone, and of at least one parameter.
  public func weightValues() -> [Bool] {
    var isFixed = [Bool](repeating: false, count: values.count)
    var isWeight = isFixed
    for node in nodes {
      let (fixed, weight): (Bool, Bool) =
        switch node.operation {
        case .input: (false, false)
        case .parameter: (true, true)
        case .buffer, .constant: (true, false)
        default:
          (
            node.inputs.allSatisfy { isFixed[$0.index] },
            node.inputs.allSatisfy { isFixed[$0.index] } && node.inputs.contains { isWeight[$0.index] }
          )
        }
      for output in node.outputs { (isFixed[output.index], isWeight[output.index]) = (fixed, weight) }
    }
    return isWeight
  }

  /// The most operations with weights on a path from an input to an output.
  ///
  /// An operation has weights if it is a convolution, linear layer or matrix product that reads a parameter, or
  /// something made of parameters alone, beside something else. Normalisation, biases and scales do not count, so
  /// that ResNet-18 has depth 18.
  var weightedDepth: Int {
    let isWeight = weightValues()
    var depths = [Int](repeating: 0, count: values.count)
    for node in nodes {
      let above = node.inputs.map { depths[$0.index] }.max() ?? 0
      let depth = above + (isWeighted(node, isWeight) ? 1 : 0)
      for output in node.outputs { depths[output.index] = depth }
    }
    return outputs.map { depths[$0.index] }.max() ?? 0
  }

  /// The most output channels or features of an operation with weights.
  var weightedWidth: Int {
    let isWeight = weightValues()
    var width = 0
    for node in nodes where isWeighted(node, isWeight) {
      guard let output = node.outputs.first else { continue }
      let shape = type(of: output).shape
      switch node.operation {
      case .convolution, .convolutionInputGradient: width = max(width, shape.count > 1 ? shape[1] : 0)
      default: width = max(width, shape.last ?? 0)
      }
    }
    return width
  }

  private func isWeighted(_ node: Node, _ isWeight: [Bool]) -> Bool {
    switch node.operation {
    case .convolution, .convolutionInputGradient, .linear, .matrixMultiply:
      let weights = node.inputs.count { isWeight[$0.index] }
      return weights > 0 && node.outputs.allSatisfy { !isWeight[$0.index] }
    default: return false
    }
  }

  /// The most bytes of inputs and activations that are needed at one time in the graph's order.
  ///
  /// A value is needed from where it is defined to where it or a reshape of it is read last; outputs to the end.
  /// Variables and constants do not count. What a plan really takes is less where results are written in place,
  /// and more where kernels need room to work (`Executor.arenaByteCount`).
  var peakActivationBytes: Int {
    // Reshapes share their operand's memory, so they stand for the value at the root.
    var roots = values.indices.map { $0 }
    var isCounted = [Bool](repeating: false, count: values.count)
    for node in nodes {
      switch node.operation {
      case .parameter, .buffer, .constant: continue
      case .reshape:
        roots[node.outputs[0].index] = roots[node.inputs[0].index]
      default:
        for output in node.outputs { isCounted[output.index] = true }
      }
    }
    var lastUse = values.map(\.producer)
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { lastUse[roots[input.index]] = index }
    }
    for output in outputs + bufferUpdates.map(\.value) { lastUse[roots[output.index]] = nodes.count }
    var freed = [Int](repeating: 0, count: nodes.count + 1)
    var (live, peak) = (0, 0)
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where isCounted[output.index] {
        let type = type(of: output)
        let size = type.elementCount * type.elementType.byteCount
        live = live.addingClamped(size)
        freed[lastUse[output.index]] = freed[lastUse[output.index]].addingClamped(size)
      }
      peak = max(peak, live)
      live -= min(live, freed[index])
    }
    return peak
  }
}
