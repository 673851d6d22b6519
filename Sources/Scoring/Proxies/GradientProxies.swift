import Execution
import NetworkGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Proxies of the gradient of the mean cross-entropy for the weights of convolutions and linear layers.
extension ProxySession {
  /// Σ over layers of ‖W‖₂.
  func weightNorm() throws(ProxyFailure) -> Double {
    guard !layers.isEmpty else { throw .noWeights }
    return layers.reduce(0) { $0 + (variables.values(of: $1.name) ?? []).sumOfSquares.squareRoot() }
  }

  /// Σ over layers of ‖∂L/∂W‖₂, a sum of norms and not the norm of all.
  func gradientNorm() throws(ProxyFailure) -> Double {
    try weightGradients()[0].reduce(0) { $0 + $1.sumOfSquares.squareRoot() }
  }

  /// Σ W·∂L/∂W.
  func plain() throws(ProxyFailure) -> Double { try sumOfProducts(try weightGradients()[0]) { $0 } }

  /// Σ |W·∂L/∂W|, which is the gradient of masks of ones before the weights.
  func snip() throws(ProxyFailure) -> Double { try sumOfProducts(try weightGradients()[0], abs) }

  /// Σ over layers and weights of what is made of the product of weight and factor.
  private func sumOfProducts(
    _ factors: [[Float]], _ body: (Double) -> Double
  ) throws(ProxyFailure) -> Double {
    guard !layers.isEmpty else { throw .noWeights }
    var sum = 0.0
    for (layer, factors) in zip(layers, factors) {
      for (weight, factor) in zip(variables.values(of: layer.name) ?? [], factors) {
        sum += body(Double(weight) * Double(factor))
      }
    }
    return sum
  }

  /// Σ over layers of log Σ mean|g| / std(g), both over the batches, of weights whose gradients differ.
  func gradientVariation() throws(ProxyFailure) -> Double {
    guard batches.count >= 2 else { throw .tooFewBatches(needed: 2) }
    let gradients = try weightGradients()
    let count = Double(gradients.count)
    var score = 0.0
    for layer in layers.indices {
      var sum = 0.0
      for place in gradients[0][layer].indices {
        var (mean, absolute) = (0.0, 0.0)
        for batch in gradients {
          let value = Double(batch[layer][place])
          mean += value
          absolute += abs(value)
        }
        mean /= count
        var variance = 0.0
        for batch in gradients {
          let difference = Double(batch[layer][place]) - mean
          variance += difference * difference
        }
        guard variance > 0 else { continue }
        sum += absolute / count / (variance / count).squareRoot()
      }
      if sum > 0 { score += log(sum) }
    }
    return score
  }

  /// Σ −W·(H·g), where g is the gradient for the weights of the layers and H·g the gradient of ⟨g, ∂L/∂W⟩ with the
  /// first factor held fast: one run of a graph that was differentiated twice.
  func grasp() throws(ProxyFailure) -> Double {
    guard !layers.isEmpty else { throw .noWeights }
    let graph = try Self.built { () throws(GraphError) in
      let loss = try network.batch.addingCrossEntropy()
      let (forward, outputs) = loss.yielding([loss.outputs[0]], fuses: false)
      let weights = forward.values(of: layers.map(\.name))
      var builder = GraphBuilder(continuing: forward)
      var product: ValueID?
      for gradient in try builder.gradients(of: outputs[0], withRespectTo: weights) {
        let fixed = try builder.one(.detach, gradient)
        let term = try builder.total(try builder.one(.binary(.multiply), fixed, gradient))
        if let sum = product { product = try builder.one(.binary(.add), sum, term) } else { product = term }
      }
      builder.setOutputs(
        try builder.gradients(of: product ?? outputs[0], withRespectTo: weights))
      return builder.graph.eliminatingCommonSubexpressions().eliminatingDeadCode()
    }
    let executor = try executor(graph, variables)
    try feed(try firstBatch(), to: executor)
    try run(executor)
    return try sumOfProducts(layers.indices.map(executor.output)) { -$0 }
  }

  /// Σ over channels of ½·mean over examples of (Σ activation · gradient)², each channel counted once for each of its
  /// weights.
  func fisher() throws(ProxyFailure) -> Double {
    guard !layers.isEmpty else { throw .noWeights }
    let layerCounts = layers.flatMap { layer in layer.nodes.map { _ in layer.count } }
    let graph = try Self.built { () throws(GraphError) in
      let loss = try network.batch.addingCrossEntropy()
      let nodes = layers.flatMap(\.nodes).map { network.batch.nodes[$0] }
      let (forward, outputs) = loss.yielding([loss.outputs[0]] + nodes.map { $0.outputs[0] })
      let activations = Array(outputs.dropFirst())
      var builder = GraphBuilder(continuing: forward)
      let gradients = try builder.gradients(of: outputs[0], withRespectTo: activations)
      var results: [ValueID] = []
      for (node, (activation, gradient)) in zip(nodes, zip(activations, gradients)) {
        let product = try builder.one(.binary(.multiply), activation, gradient)
        // A convolution's channels are the second axis, a linear layer's the last.
        var axes = Array(1..<max(1, builder.type(of: product).rank - 1))
        if case .convolution = node.operation { axes = [2, 3] }
        results.append(try builder.total(product, over: axes))
      }
      builder.setOutputs(results)
      return builder.graph.eliminatingDeadCode()
    }
    let executor = try executor(graph, variables)
    try feed(try firstBatch(), to: executor)
    try run(executor)
    var score = 0.0
    for (index, count) in layerCounts.enumerated() {
      let products = executor.output(index)
      let channels = products.count / network.batchSize
      let squares = products.sumOfSquares / Double(network.batchSize) / 2
      score += squares * Double(count / max(1, channels))
    }
    return score
  }
}

extension [Float] {
  /// In double precision.
  var sumOfSquares: Double {
    var sum = 0.0
    for value in self { sum += Double(value) * Double(value) }
    return sum
  }
}
