import Execution
import NetworkGraph
import RandomStreams
import Training

/// The scoring of one network: its weights, and what several proxies share, computed when first asked for.
final class ProxySession {
  let network: ProxyNetwork
  let batches: [ProxyBatch]
  let stream: RandomStream
  let weights: WeightSet?
  let memoryLimit: Int?
  /// Noise and weights in place of drawn ones, by what they are for; for tests.
  let given: [String: [Float]]
  /// The weights of convolutions and linear layers, in the graph's order.
  let layers: [WeightLayer]
  let variables: VariableStore
  private let gradientBatches: Int
  private var gradients: Result<[[[Float]]], ProxyFailure>?
  private var jacobian: Result<Jacobian, ProxyFailure>?
  private var blocks: Result<BlockFeatures, ProxyFailure>?

  init(
    _ network: ProxyNetwork, batches: [ProxyBatch], stream: RandomStream, weights: WeightSet?,
    gradientBatches: Int, memoryLimit: Int?, given: [String: [Float]] = [:]
  ) throws(ProxyFailure) {
    try network.check()
    let elements = network.exampleShape.reduce(network.batchSize, *)
    for batch in batches where batch.images.count != elements || batch.labels.count != network.batchSize {
      throw .unsupported(
        "a batch has \(batch.labels.count) examples of \(batch.images.count) numbers in all, and the network takes "
          + "\(network.batchSize) of \(elements)")
    }
    self.network = network
    self.batches = batches
    self.stream = stream
    self.weights = weights
    self.gradientBatches = gradientBatches
    self.memoryLimit = memoryLimit
    self.given = given
    layers = network.batch.weightLayers()
    variables = try Self.store(network.batch, stream, weights)
  }

  /// The variables of a trace with their first values, or those that were given.
  static func store(
    _ graph: Graph, _ stream: RandomStream, _ weights: WeightSet?
  ) throws(ProxyFailure) -> VariableStore {
    do {
      let variables = try VariableStore(graph: graph, stream: stream.stream("initialization"))
      try weights?.apply(to: variables)
      return variables
    } catch {
      throw .cannotRun("\(error)")
    }
  }

  func score(_ proxy: Proxy) throws(ProxyFailure) -> Double {
    switch proxy {
    case .parameters: Double(network.batch.costs.parameters)
    case .macs: Double(network.batch.costs.macsPerExample)
    case .weightNorm: try weightNorm()
    case .gradientNorm: try gradientNorm()
    case .plain: try plain()
    case .snip: try snip()
    case .grasp: try grasp()
    case .fisher: try fisher()
    case .synapticFlow: try synapticFlow()
    case .jacobianCovariance: try firstJacobian().covarianceScore()
    case .classJacobian: try firstJacobian().classScore(labels: firstBatch().labels)
    case .activationOverlap: try activationOverlap()
    case .activationPatterns: try activationPatterns()
    case .zen: try zen()
    case .gradientVariation: try gradientVariation()
    case .channelCorrelation: try channelCorrelation()
    case .expressivity: try blockFeatures().expressivity()
    case .progressivity: try blockFeatures().progressivity()
    case .trainability: try blockFeatures().trainability()
    }
  }

  // MARK: What several proxies share

  /// The examples of the first batch.
  func firstBatch() throws(ProxyFailure) -> ProxyBatch {
    guard let batch = batches.first else { throw .tooFewBatches(needed: 1) }
    return batch
  }

  /// By batch and layer: the gradient of the mean cross-entropy for the layer's weights.
  func weightGradients() throws(ProxyFailure) -> [[[Float]]] {
    let result = gradients ?? Result { () throws(ProxyFailure) in try computeWeightGradients() }
    gradients = result
    return try result.get()
  }

  private func firstJacobian() throws(ProxyFailure) -> Jacobian {
    let result = jacobian ?? Result { () throws(ProxyFailure) in try computeJacobian() }
    jacobian = result
    return try result.get()
  }

  private func blockFeatures() throws(ProxyFailure) -> BlockFeatures {
    let result = blocks ?? Result { () throws(ProxyFailure) in try computeBlockFeatures() }
    blocks = result
    return try result.get()
  }

  private func computeWeightGradients() throws(ProxyFailure) -> [[[Float]]] {
    guard !layers.isEmpty else { throw .noWeights }
    _ = try firstBatch()
    let (graph, outputs) = try Self.built { () throws(GraphError) in
      let graph = try network.batch.addingCrossEntropy()
      let differentiated = try graph.differentiated(loss: graph.outputs[0])
      let outputs = Dictionary(
        differentiated.gradients.map { ($0.parameter, $0.output) }, uniquingKeysWith: { first, _ in first })
      return (differentiated.graph, outputs)
    }
    let executor = try executor(graph, variables)
    var result: [[[Float]]] = []
    for (number, batch) in batches.prefix(gradientBatches).enumerated() {
      try feed(batch, to: executor)
      try run(executor, pass: number)
      // A weight that is not trained has no gradient.
      result.append(layers.map { layer in outputs[layer.name].map(executor.output) ?? [] })
    }
    return result
  }

  // MARK: Runs

  /// What a body makes of graphs, its errors told as a proxy's.
  static func built<Value>(_ body: () throws(GraphError) -> Value) throws(ProxyFailure) -> Value {
    do { return try body() } catch { throw .unsupported(error.description) }
  }

  func executor(_ graph: Graph, _ variables: VariableStore) throws(ProxyFailure) -> Executor {
    do {
      return try Executor(graph: graph, variables: variables, memoryLimit: memoryLimit)
    } catch {
      throw .cannotRun("\(error)")
    }
  }

  /// The gradients need labels, forward passes do not.
  func feed(_ batch: ProxyBatch, to executor: Executor) throws(ProxyFailure) {
    feed(batch.images, to: executor)
    guard executor.inputNames.contains(Self.labels) else { return }
    executor.withIntegerInput(Self.labels) { _ = $0.update(fromContentsOf: batch.labels) }
  }

  func feed(_ images: [Float], to executor: Executor) {
    guard let name = network.batch.inputs.first?.name, executor.inputNames.contains(name) else { return }
    executor.withInput(name) { _ = $0.update(fromContentsOf: images) }
  }

  func run(_ executor: Executor, pass: Int = 0) throws(ProxyFailure) {
    do {
      try executor.run(dropout: stream.stream("dropout", pass))
    } catch {
      throw .cannotRun("\(error)")
    }
  }

  /// Standard normal numbers for a purpose.
  func normal(_ purpose: String, count: Int) throws(ProxyFailure) -> [Float] {
    if let numbers = given[purpose] {
      guard numbers.count == count else {
        throw .cannotRun("\(purpose) has \(numbers.count) numbers, not \(count)")
      }
      return numbers
    }
    var random = stream.stream(purpose)
    return (0..<count).map { _ in Float(random.normal()) }
  }

  private static let labels = "labels"
}
