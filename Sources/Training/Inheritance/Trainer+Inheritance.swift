internal import Execution
internal import NetworkGraph
public import RandomStreams

extension Trainer {
  /// How far outputs may be apart, over the parent's largest one, where a network is said to compute the same.
  public static let inheritanceTolerance = 1e-4

  /// The weights that a network begins with if it takes over what it can from the one it was made from.
  ///
  /// By `InheritanceRule.net2net`, widened and added layers are kept only where the network, in evaluation mode and on
  /// a batch of training images, gives what its parent gives. Whatever is fresh has the values that `train` would draw with the same stream.
  ///
  /// - Parameters:
  ///   - parent: the trained network; its batch size is `evaluationBatchSize`.
  ///   - network: the network that is to be trained.
  ///   - stream: the stream that `train` is given, too.
  /// - Throws: `TrainingError` where a network, the data and the configuration do not go together.
  public func inherit(
    from parent: TrainedParent, by rule: InheritanceRule, for network: TrainableNetwork, data: DatasetSplit,
    stream: RandomStream
  ) throws(TrainingError) -> InheritedWeights {
    var heir = try Heir(parent.weights, network, stream, memoryLimit: configuration.memoryLimit)
    if rule != .none { heir.takeMatching() }
    if rule == .net2net {
      try heir.takeNet2Net { () throws(TrainingError) in
        try Judge(parent, network, data, stream, memoryLimit: configuration.memoryLimit)
      }
    }
    return try heir.result()
  }
}

/// A network's first values while they are put together.
private struct Heir {
  private let parent: [String: WeightTensor]
  private let parentWeights: WeightSet
  private let variables: VariableStore
  private let graph: Graph
  private let stream: RandomStream
  private var matching: [String: [Float]] = [:]
  private var widened: [String: [Float]] = [:]
  private var added: [String: [Float]] = [:]
  private var account = InheritanceAccount()

  init(
    _ parent: WeightSet, _ network: TrainableNetwork, _ stream: RandomStream, memoryLimit: Int?
  ) throws(TrainingError) {
    self.stream = stream.stream("inheritance")
    parentWeights = parent
    var tensors: [String: WeightTensor] = [:]
    for tensor in parent.tensors { if case .float32 = tensor.values { tensors[tensor.name] = tensor } }
    graph = network.evaluationGraph.eliminatingDeadCode()
    do {
      variables = try VariableStore(
        graph: network.trainingGraph, stream: stream.stream("initialization"), memoryLimit: memoryLimit)
      for name in try Self.settled(network.trainingGraph, variables) { tensors[name] = nil }
    } catch {
      throw .execution(error)
    }
    self.parent = tensors
  }

  /// The variables that neither training nor chance changes, such as the kernel of a blur: they are part of what the
  /// source says, and a child may say otherwise than its parent.
  private static func settled(_ graph: Graph, _ variables: VariableStore) throws(ExecutionError) -> [String] {
    let updated = Set(graph.bufferUpdates.map(\.buffer))
    let fixed = (graph.parameters + graph.buffers).filter { !$0.isTrainable && !updated.contains($0.value) }
    guard !fixed.isEmpty else { return [] }
    let others = try VariableStore(graph: graph, stream: RandomStream(seed: 0).stream("settled"))
    return fixed.map(\.name).filter { others.values(of: $0) == variables.values(of: $0) }
  }

  mutating func takeMatching() {
    for name in variables.names {
      guard let theirs = parent[name], theirs.shape == variables.shape(of: name),
        case .float32(let values) = theirs.values
      else { continue }
      matching[name] = values
    }
  }

  /// Widens and adds layers if the judge finds the outputs unchanged.
  mutating func takeNet2Net(judgedBy makeJudge: () throws(TrainingError) -> Judge) throws(TrainingError) {
    let additions = AddedLayers(graph, parent: parent)
    let growth = WidenedLayers(graph, parent: parent, added: additions.outputs, stream: stream)
    guard !additions.outputs.isEmpty || !growth.mappings.isEmpty else { return }
    do {
      let judge = try makeJudge()
      widened = made(growth)
      try add(additions, judge)
      account.difference = try judge.difference(first())
      if let difference = account.difference, difference <= Trainer.inheritanceTolerance { return }
      account.refusal = "With widened or added layers the network would not compute what its parent does."
    } catch .execution(let error) {
      // Such as too little memory to keep what added normalisations read; training itself may need less.
      account.refusal = "Widened and added layers could not be judged: \(error.description)."
    }
    (widened, added) = ([:], [:])
  }

  private func made(_ growth: WidenedLayers) -> [String: [Float]] {
    var result: [String: [Float]] = [:]
    for (name, mapping) in growth.mappings {
      guard let theirs = parent[name], case .float32(let values) = theirs.values,
        let shape = variables.shape(of: name)
      else { continue }
      result[name] = mapping.values(
        of: theirs, values, shape: shape, stream: stream.stream(name).stream("shares"))
    }
    return result
  }

  /// Gives added layers the values with which they are the identity.
  private mutating func add(_ layers: AddedLayers, _ judge: Judge) throws(TrainingError) {
    added = layers.values
    guard !layers.normalizations.isEmpty else { return }
    // With a mean of 0 and a variance of 1 they are the identity already, so that all can be measured in one run.
    for normalization in layers.normalizations {
      let count = variables.shape(of: normalization.names[0])?.first ?? 0
      let gain = Float((1 + normalization.epsilon).squareRoot())
      for (name, value) in zip(normalization.names, [gain, 0, 0, 1]) {
        added[name] = [Float](repeating: value, count: count)
      }
    }
    let measured = try judge.values(of: layers.normalizations.map(\.input), first(), graph)
    for (normalization, values) in zip(layers.normalizations, measured) {
      AddedLayers.undo(
        normalization, values: values, shape: graph.type(of: normalization.input).shape, into: &added)
    }
  }

  private func first() -> [String: [Float]] {
    var values: [String: [Float]] = [:]
    for name in variables.names {
      values[name] = added[name] ?? widened[name] ?? matching[name] ?? variables.values(of: name)
    }
    return values
  }

  /// All weights, with the batch counters of the batch normalisations that were taken over.
  func result() throws(TrainingError) -> InheritedWeights {
    var account = account
    for name in variables.names {
      if added[name] != nil {
        account.deepened.append(name)
      } else if widened[name] != nil {
        account.widened.append(name)
      } else if matching[name] != nil {
        account.matching.append(name)
      } else {
        account.fresh.append(name)
      }
    }
    for (name, values) in first() {
      do { try variables.setValues(values, of: name) } catch { throw .execution(error) }
    }
    let fresh = Set(account.fresh + account.deepened)
    return InheritedWeights(
      weights: WeightSet(variables, continuing: parentWeights, except: fresh), account: account)
  }
}

/// Runs a network and its parent on the same images.
private final class Judge {
  private let graph: Graph
  private let images: [Float]
  private let input: String
  private let expected: [Float]
  private let memoryLimit: Int?

  init(
    _ parent: TrainedParent, _ network: TrainableNetwork, _ data: DatasetSplit, _ stream: RandomStream,
    memoryLimit: Int?
  ) throws(TrainingError) {
    let signature = try NetworkSignature(network.evaluationGraph, name: "evaluation")
    try signature.check(data.training, data.normalization)
    graph = network.evaluationGraph
    input = signature.input
    self.memoryLimit = memoryLimit
    var draws = stream.stream("inheritance").stream("images")
    let positions = (0..<signature.batchSize).map { _ in draws.integer(below: max(1, data.training.count)) }
    do {
      images = try data.training.batch(at: positions, normalization: data.normalization).images
    } catch {
      throw .unsuitableData("\(error)")
    }
    let theirs = try NetworkSignature(parent.evaluationGraph, name: "parent's evaluation")
    guard theirs.shape == signature.shape else {
      throw .unsuitableNetwork("its parent takes images \(theirs.shape), and it takes \(signature.shape)")
    }
    let variables = try Self.store(parent.evaluationGraph, memoryLimit)
    do { try parent.weights.apply(to: variables) } catch { throw .weights(error) }
    expected = try Self.run(
      parent.evaluationGraph, variables, feeding: images, to: theirs.input, memoryLimit)[0]
  }

  /// The largest difference of the logits over the parent's largest one; nil where one is no finite number.
  func difference(_ values: [String: [Float]]) throws(TrainingError) -> Double? {
    guard let found = try run(graph, values).first, found.count == expected.count else { return nil }
    var (scale, difference) = (Float.leastNormalMagnitude, Float(0))
    for (theirs, ours) in zip(expected, found) {
      guard theirs.isFinite, ours.isFinite else { return nil }
      scale = max(scale, abs(theirs))
      difference = max(difference, abs(theirs - ours))
    }
    let result = Double(difference / scale)
    return result.isFinite ? result : nil
  }

  /// Values within the network.
  func values(
    of values: [ValueID], _ weights: [String: [Float]], _ graph: Graph
  ) throws(TrainingError) -> [[Float]] {
    var builder = GraphBuilder(continuing: graph)
    builder.setOutputs(values)
    return try run(builder.graph, weights)
  }

  private func run(_ graph: Graph, _ values: [String: [Float]]) throws(TrainingError) -> [[Float]] {
    let variables = try Self.store(graph, memoryLimit)
    for name in variables.names {
      guard let values = values[name] else { continue }
      do { try variables.setValues(values, of: name) } catch { throw .execution(error) }
    }
    return try Self.run(graph, variables, feeding: images, to: input, memoryLimit)
  }

  private static func store(_ graph: Graph, _ memoryLimit: Int?) throws(TrainingError) -> VariableStore {
    do {
      return try VariableStore(graph: graph, stream: RandomStream(seed: 0), memoryLimit: memoryLimit)
    } catch {
      throw .execution(error)
    }
  }

  private static func run(
    _ graph: Graph, _ variables: VariableStore, feeding images: [Float], to input: String, _ memoryLimit: Int?
  ) throws(TrainingError) -> [[Float]] {
    do {
      let executor = try Executor(graph: graph, variables: variables, memoryLimit: memoryLimit)
      if executor.inputNames.contains(input) {
        executor.withInput(input) { place in _ = place.update(fromContentsOf: images) }
      }
      try executor.run(dropout: RandomStream(seed: 0))
      return graph.outputs.indices.map { executor.output($0) }
    } catch {
      throw .execution(error)
    }
  }
}
