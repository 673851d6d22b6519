import Execution
import NetworkGraph
import RandomStreams

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What AZ-NAS looks at in the outputs of a network's blocks.
struct BlockFeatures {
  /// By block output: the covariance of its channels.
  let covariances: [SymmetricMatrix]
  /// By block behind the first output: the greatest singular value of what the block makes of random signs behind it.
  let greatestStretches: [Double]

  /// Σ over outputs of the entropy of the principal components' shares of variance.
  func expressivity() -> Double { entropies().reduce(0, +) }

  /// The least growth of that entropy from one output to the next.
  func progressivity() -> Double {
    let entropies = entropies()
    return zip(entropies.dropFirst(), entropies).map { $0 - $1 }.min() ?? 0
  }

  /// The mean over blocks of 2 − σ − 1/σ, which is 0 where gradients keep their size.
  func trainability() -> Double {
    greatestStretches.reduce(0) { $0 + (2 - $1 - 1 / ($1 + 1e-6)) } / Double(greatestStretches.count)
  }

  private func entropies() -> [Double] {
    covariances.map { covariance in
      let values = covariance.eigenvalues()
      let total = values.reduce(0, +)
      return -values.reduce(0) { sum, value in
        let share = value / total
        // Rounding may take an eigenvalue that is 0 below it.
        return sum + (share > 0 ? share * log(share + 1e-8) : 0)
      }
    }
  }
}

extension ProxySession {
  /// Runs the network on standard normal noise with weights by He et al.'s initialisation (normal, fan in) and takes
  /// block outputs and their gradients.
  func computeBlockFeatures() throws(ProxyFailure) -> BlockFeatures {
    let source = network.batch
    let ends = source.blockOutputs()
    guard ends.count >= 3 else { throw .tooFewBlocks }
    var probes: [String] = []
    let graph = try Self.built { () throws(GraphError) in
      let (forward, features) = source.yielding(ends)
      var builder = GraphBuilder(continuing: forward)
      var results: [ValueID] = []
      for feature in features { results.append(try builder.covariance(of: feature)) }
      for index in 1..<features.count {
        probes.append("az.signs.\(index)")
        let signs = builder.input(probes[index - 1], builder.type(of: features[index]))
        let product = try builder.total(try builder.one(.binary(.multiply), features[index], signs))
        let gradient = try builder.gradients(of: product, withRespectTo: [features[index - 1]])[0]
        results.append(try builder.stretch(of: gradient, by: signs))
      }
      builder.setOutputs(results)
      return builder.graph.eliminatingDeadCode()
    }
    let variables = try neutralStore()
    for layer in layers {
      guard let shape = variables.shape(of: layer.name), let rows = shape.first else { continue }
      let deviation = Float((2 / Double(layer.count / rows)).squareRoot())
      let values = try normal("az.\(layer.name)", count: layer.count).map { $0 * deviation }
      do { try variables.setValues(values, of: layer.name) } catch { throw .cannotRun("\(error)") }
    }
    let executor = try executor(graph, variables)
    feed(try normal("az.input", count: network.exampleShape.reduce(network.batchSize, *)), to: executor)
    for name in probes where executor.inputNames.contains(name) {
      let drawn = stream.stream(name)
      let given = given[name]
      executor.withInput(name) { values in
        var random = drawn
        for index in values.indices { values[index] = given?[index] ?? (random.bernoulli(0.5) ? 1 : -1) }
      }
    }
    try run(executor)
    let covariances = ends.indices.map { index in
      let elements = executor.output(index).map(Double.init)
      return SymmetricMatrix(order: Int(Double(elements.count).squareRoot().rounded()), elements: elements)
    }
    let stretches = try (1..<ends.count).map { index throws(ProxyFailure) in
      let channels = source.type(of: ends[index]).shape[1]
      return Self.greatestSingularValue(executor.output(ends.count + index - 1), columns: channels)
    }
    return BlockFeatures(covariances: covariances, greatestStretches: stretches)
  }

  /// Of a row-major matrix.
  private static func greatestSingularValue(_ elements: [Float], columns: Int) -> Double {
    let rows = elements.count / columns
    let isTall = rows > columns
    let lines = (0..<min(rows, columns)).map { line in
      (0..<max(rows, columns)).map { isTall ? elements[$0 * columns + line] : elements[line * columns + $0] }
    }
    let greatest = SymmetricMatrix(productsOf: lines, isCentred: false).eigenvalues().last ?? 0
    return max(0, greatest).squareRoot()
  }
}

extension GraphBuilder {
  /// The covariance `[C, C]` of the channels of feature maps `[N, C, H, W]`.
  fileprivate mutating func covariance(of features: ValueID) throws(GraphError) -> ValueID {
    let mean = try one(.reduce(Reduction(.mean, axes: [0, 2, 3], keepsDimensions: true)), features)
    let centred = try one(.binary(.subtract), features, mean)
    return try channelProducts(centred, centred)
  }

  /// The mean over places of the products `[C of the gradient, C of the signs]`; a gradient of more places has its
  /// places folded into channels.
  fileprivate mutating func stretch(of gradient: ValueID, by signs: ValueID) throws(GraphError) -> ValueID {
    let (large, small) = (type(of: gradient).shape, type(of: signs).shape)
    guard large[2...] != small[2...] else { return try channelProducts(gradient, signs) }
    let strides = [large[2] / small[2], large[3] / small[3]]
    guard large[2] == small[2] * strides[0], large[3] == small[3] * strides[1] else {
      throw GraphError(
        "proxy.stride", "a block makes \(small[2])×\(small[3]) places of \(large[2])×\(large[3])")
    }
    let split = try one(
      .reshape([large[0], large[1], small[2], strides[0], small[3], strides[1]]), gradient)
    let folded = try one(.transpose([0, 1, 3, 5, 2, 4]), split)
    let channels = large[1] * strides[0] * strides[1]
    return try channelProducts(
      try one(.reshape([large[0], channels, small[2], small[3]]), folded), signs)
  }

  private mutating func channelProducts(_ left: ValueID, _ right: ValueID) throws(GraphError) -> ValueID {
    let (a, b) = (type(of: left).shape, type(of: right).shape)
    let places = a[2] * a[3]
    let products = try one(
      .matrixMultiply(transposeLeft: false, transposeRight: true),
      try one(.reshape([a[0], a[1], places]), left), try one(.reshape([b[0], b[1], places]), right))
    return try one(.binary(.multiply), try total(products, over: [0]), number(1 / Double(a[0] * places)))
  }
}

extension Graph {
  /// The feature maps `[N, C, H, W]` between blocks: values that all paths from the input to the first output lead
  /// through, of those between two layers with weights the last one, and behind all layers the last one before pooling.
  ///
  /// A residual block, or a cell of several branches, is one block then, and so is each layer of a plain network.
  func blockOutputs() -> [ValueID] {
    guard let output = outputs.first, let input = inputs.first else { return [] }
    let last = values[output.index].producer
    // Nodes on a path from the input to the output.
    var isReached = [Bool](repeating: false, count: nodes.count)
    isReached[values[input.value.index].producer] = true
    for (index, node) in nodes.enumerated() where !isReached[index] {
      isReached[index] = node.inputs.contains { isReached[values[$0.index].producer] }
    }
    var isOnPath = [Bool](repeating: false, count: nodes.count)
    var lastUse = [Int](repeating: 0, count: nodes.count)
    isOnPath[last] = isReached[last]
    for index in (0...last).reversed() where isOnPath[index] {
      for value in nodes[index].inputs {
        let producer = values[value.index].producer
        guard isReached[producer] else { continue }
        isOnPath[producer] = true
        lastUse[producer] = max(lastUse[producer], index)
      }
    }
    var ends: [ValueID] = []
    var previous: ValueID?
    /// What the last layers with weights led to.
    var latest: ValueID?
    var hasWeights = false
    var reach = 0
    for index in 0...last where isOnPath[index] {
      hasWeights = hasWeights || nodes[index].operation.isWeightLayer
      let isCut = reach <= index
      reach = max(reach, lastUse[index])
      guard isCut else { continue }
      let value = nodes[index].outputs[0]
      let end = type(of: value).rank == 4 && value != input.value ? value : nil
      if hasWeights {
        if let previous { ends.append(previous) }
        latest = end ?? latest
        hasWeights = false
      } else if let end, let last = latest, type(of: end) == type(of: last) {
        // Behind the last weights come normalisation and activation, and then pooling.
        latest = end
      }
      previous = end
    }
    if let latest, ends.last.map({ $0 < latest }) ?? true { ends.append(latest) }
    return ends
  }
}
