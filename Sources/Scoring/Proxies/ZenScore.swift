import Execution
import NetworkGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension ProxySession {
  /// log of the mean over examples of Σ |f(x) − f(x + 0.01·ε)|, f the feature maps before the last pooling over all
  /// places, plus Σ over batch normalisations of log √(mean of the running variance).
  ///
  /// Weights of convolutions and linear layers, x and ε are standard normal; all biases are 0 and the weights of
  /// normalisations 1. Running variances are those after the two passes in training mode.
  func zen() throws(ProxyFailure) -> Double {
    guard !layers.isEmpty else { throw .noWeights }
    guard let features = network.batch.lastFeatureMaps() else { throw .noFeatureMaps }
    let (graph, _) = network.batch.yielding([features])
    let variables = try neutralStore()
    for layer in layers {
      try set(try normal("zen.\(layer.name)", count: layer.count), layer.name, in: variables)
    }
    let executor = try executor(graph, variables)
    let elements = network.exampleShape.reduce(network.batchSize, *)
    let noise = try normal("zen.input", count: elements)
    let change = try normal("zen.change", count: elements)
    feed(noise, to: executor)
    try run(executor, pass: 0)
    let before = executor.output(0)
    feed(zip(noise, change).map { $0 + 0.01 * $1 }, to: executor)
    try run(executor, pass: 0)
    var distance = 0.0
    for (one, other) in zip(before, executor.output(0)) { distance += abs(Double(one) - Double(other)) }
    guard distance != 0 else { throw .disconnected }
    var score = log(distance / Double(network.batchSize))
    for node in network.batch.nodes {
      guard case .batchNormalization(let normalization) = node.operation,
        normalization.tracksRunningStatistics, let variance = node.inputs.last,
        case .buffer(let name) = network.batch.producer(of: variance).operation,
        let values = variables.values(of: name)
      else { continue }
      score += log((values.reduce(0) { $0 + Double($1) } / Double(values.count)).squareRoot())
    }
    return score
  }

  /// The variables of the batch's trace with biases of layers 0 and normalisations as if they were not there: weight 1,
  /// bias 0, running mean 0 and variance 1.
  func neutralStore() throws(ProxyFailure) -> VariableStore {
    let variables = try Self.store(network.batch, stream, weights)
    for node in network.batch.nodes {
      var roles: [Float] = []
      switch node.operation {
      case .batchNormalization(let normalization):
        roles =
          (normalization.isAffine ? [1, 0] : []) + (normalization.tracksRunningStatistics ? [0, 1] : [])
      case .convolution, .linear: roles = [0]
      default: continue
      }
      let operands = node.operation.isWeightLayer ? node.inputs.dropFirst(2) : node.inputs.dropFirst()
      for (input, value) in zip(operands, roles) {
        switch network.batch.producer(of: input).operation {
        case .parameter(let name), .buffer(let name):
          let count = network.batch.type(of: input).elementCount
          try set([Float](repeating: value, count: count), name, in: variables)
        default: break
        }
      }
    }
    return variables
  }

  private func set(
    _ values: [Float], _ name: String, in variables: VariableStore
  ) throws(ProxyFailure) {
    do { try variables.setValues(values, of: name) } catch { throw .cannotRun("\(error)") }
  }
}

extension Graph {
  /// The feature maps `[N, C, H, W]` that the first output is computed from last: those before pooling over all places,
  /// or before they are made rows.
  func lastFeatureMaps() -> ValueID? {
    guard var value = outputs.first else { return nil }
    // Backwards along first operands, which carry the data in every layer.
    while let first = producer(of: value).inputs.first {
      let (before, after) = (type(of: first).shape, type(of: value).shape)
      if after.count == 4, producer(of: value).operation.isWeightLayer { return value }
      let isPooled = after.count != 4 || after[2] * after[3] == 1
      if before.count == 4, before[2] * before[3] > 1, isPooled {
        return inputs.contains { $0.value == first } ? nil : first
      }
      value = first
    }
    return nil
  }
}
