import Execution
import NetworkGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Proxies of which rectifiers are active for which images, and of how channels resemble each other.
extension ProxySession {
  /// log |det K|, where K counts for each pair of images the rectifiers that are in the same state for both.
  ///
  /// Every call of a rectifier counts, as a module or as a function, also where several read one value.
  func activationOverlap() throws(ProxyFailure) -> Double {
    let rectified = try rectifiedValues()
    let size = network.batchSize
    let graph = try Self.built { () throws(GraphError) in
      let (forward, values) = network.batch.yielding(rectified.map(\.value))
      var builder = GraphBuilder(continuing: forward)
      var results: [ValueID] = []
      for value in values {
        let active = try builder.activity(value, examples: size)
        results.append(
          try builder.one(.matrixMultiply(transposeLeft: false, transposeRight: true), active, active))
      }
      builder.setOutputs(results)
      return builder.graph
    }
    let executor = try executor(graph, variables)
    try feed(try firstBatch(), to: executor)
    try run(executor)
    var kernel = SymmetricMatrix(order: size, elements: [Double](repeating: 0, count: size * size))
    for (index, rectified) in rectified.enumerated() {
      let both = executor.output(index)
      for row in 0..<size {
        for column in 0..<size {
          // Those active for both, and those active for neither; both are whole numbers below 2²⁴.
          let shared = Double(both[row * size + column])
          let one = Double(both[row * size + row]) + Double(both[column * size + column])
          kernel.elements[row * size + column] +=
            Double(rectified.count) * (2 * shared + Double(rectified.neurons) - one)
        }
      }
    }
    let score = kernel.logDeterminant { log($0) }
    guard score != -.infinity else { throw .indistinct }
    return score
  }

  /// The number of different patterns over the images among all rectified neurons.
  func activationPatterns() throws(ProxyFailure) -> Double {
    let rectified = try rectifiedValues()
    let size = network.batchSize
    let words = (size + Self.wordBits - 1) / Self.wordBits
    // Row w of this times the states, 0 or 1, gives the states of images 16·w … 16·w + 15 as one whole number.
    var powers = [Float](repeating: 0, count: words * size)
    for image in 0..<size {
      powers[image / Self.wordBits * size + image] = Float(1 << (image % Self.wordBits))
    }
    let graph = try Self.built { () throws(GraphError) in
      let (forward, values) = network.batch.yielding(rectified.map(\.value))
      var builder = GraphBuilder(continuing: forward)
      let weights = builder.constant(.values(powers, shape: [words, size]))
      var results: [ValueID] = []
      for value in values {
        let active = try builder.activity(value, examples: size)
        results.append(
          try builder.one(.matrixMultiply(transposeLeft: false, transposeRight: false), weights, active))
      }
      builder.setOutputs(results)
      return builder.graph
    }
    let executor = try executor(graph, variables)
    try feed(try firstBatch(), to: executor)
    try run(executor)
    var patterns = PatternCounter(wordCount: words)
    for (index, rectified) in rectified.enumerated() {
      patterns.add(executor.output(index), neurons: rectified.neurons)
    }
    return Double(patterns.count)
  }

  /// Σ over feature maps of one noise image of the least eigenvalue of the correlation of their channels.
  ///
  /// Feature maps are those of convolutions, normalisations, activations and pooling.
  func channelCorrelation() throws(ProxyFailure) -> Double {
    guard let source = network.singleTraining else {
      throw .unsupported("batch normalisation has no statistics of a single image with one place")
    }
    let values = source.nodes.filter { node in
      node.operation.yieldsFeatureMaps && source.type(of: node.outputs[0]).rank == 4
    }.map { $0.outputs[0] }
    guard !values.isEmpty else { throw .noFeatureMaps }
    let (graph, outputs) = source.yielding(values)
    let executor = try executor(graph, variables)
    let count = network.exampleShape.reduce(1, *)
    feed(try normal("meco", count: count), to: executor)
    try run(executor)
    var known: [ValueID: Double] = [:]
    var score = 0.0
    for (index, output) in outputs.enumerated() {
      if let value = known[output] {
        score += value
        continue
      }
      let shape = graph.type(of: output).shape
      let least = Self.leastEigenvalue(executor.output(index), channels: shape[1])
      known[output] = least
      score += least
    }
    return score
  }

  /// Of the correlation matrix, in which constant channels have zeros.
  private static func leastEigenvalue(_ features: [Float], channels: Int) -> Double {
    let size = features.count / channels
    var products = SymmetricMatrix(
      productsOf: (0..<channels).map { Array(features[$0 * size..<($0 + 1) * size]) }, isCentred: true)
    let lengths = (0..<channels).map { products.elements[$0 * channels + $0].squareRoot() }
    for row in 0..<channels {
      for column in 0..<channels {
        let scale = lengths[row] * lengths[column]
        let value = products.elements[row * channels + column]
        products.elements[row * channels + column] = scale > 0 ? min(1, max(-1, value / scale)) : 0
      }
    }
    return products.eigenvalues().first ?? 0
  }

  /// What rectifiers read, each value with how many read it.
  private func rectifiedValues() throws(ProxyFailure) -> [(value: ValueID, count: Int, neurons: Int)] {
    var values: [(value: ValueID, count: Int, neurons: Int)] = []
    var places: [ValueID: Int] = [:]
    for node in network.batch.nodes where node.operation.isRectifier {
      let type = network.batch.type(of: node.inputs[0])
      guard type.shape.first == network.batchSize else { continue }
      if let place = places[node.inputs[0]] {
        values[place].count += 1
      } else {
        places[node.inputs[0]] = values.count
        values.append((node.inputs[0], 1, type.elementCount / network.batchSize))
      }
    }
    guard !values.isEmpty else { throw .noRectifiers }
    return values
  }

  /// As many bits as float32 holds exactly, and a few to spare.
  private static let wordBits = 16
}

/// Counts different patterns of several words.
private struct PatternCounter {
  private struct Prefix: Hashable {
    let number: Int
    let words: UInt64
  }

  let wordCount: Int
  /// By four words: the number of each prefix of a pattern that was seen.
  private var numbers: [[Prefix: Int]]

  init(wordCount: Int) {
    self.wordCount = wordCount
    numbers = [[Prefix: Int]](repeating: [:], count: (wordCount + 3) / 4)
  }

  var count: Int { numbers.last?.count ?? 0 }

  /// Takes in the words of so many neurons: all first words, then all second ones, and so on.
  mutating func add(_ words: [Float], neurons: Int) {
    for neuron in 0..<neurons {
      var number = 0
      for group in numbers.indices {
        var bits: UInt64 = 0
        for word in group * 4..<min(wordCount, group * 4 + 4) {
          bits = bits << 16 | UInt64(words[word * neurons + neuron])
        }
        let prefix = Prefix(number: number, words: bits)
        if let known = numbers[group][prefix] {
          number = known
        } else {
          number = numbers[group].count
          numbers[group][prefix] = number
        }
      }
    }
  }
}

extension GraphBuilder {
  /// 1 where a value is above 0, else 0, one row for each example.
  fileprivate mutating func activity(_ value: ValueID, examples: Int) throws(GraphError) -> ValueID {
    let active = try one(.binary(.less), number(0), value)
    return try one(.reshape([examples, type(of: value).elementCount / examples]), active)
  }
}

extension Operation {
  /// Whether it is what PyTorch has leaf modules with feature maps for.
  fileprivate var yieldsFeatureMaps: Bool {
    switch self {
    case .convolution, .batchNormalization, .maximumPooling, .averagePooling, .adaptiveAveragePooling,
      .adaptiveMaximumPooling, .dropout:
      true
    case .unary(let function): function.isActivation
    default: false
    }
  }
}

extension UnaryFunction {
  /// Whether it is an activation rather than arithmetic.
  fileprivate var isActivation: Bool {
    switch self {
    case .relu, .relu6, .leakyReLU, .elu, .gelu, .geluTanh, .silu, .sigmoid, .tanh, .hardSigmoid, .hardSwish,
      .softplus, .mish, .softsign, .logSigmoid, .hardTanh:
      true
    default: false
    }
  }
}
