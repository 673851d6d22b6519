import NetworkGraph
import RandomStreams
import Testing

/// Gradients of every case of the registry against finite differences in double precision.
@Suite struct GradientTests {
  static let differentiable = OperationCase.all.filter { test in
    test.operands.contains(where: \.isDifferentiable) && test.hasGradient && !test.hasIntegerResult
  }

  @Test(arguments: differentiable)
  func agreeWithFiniteDifferences(of test: OperationCase) throws {
    let problem = try ScalarProblem(test)
    let feeds = problem.feeds
    let gradients = ReferenceEvaluator.run(problem.differentiated, feeds).dropFirst()
    try #require(gradients.count == problem.targets.count)
    var stream = RandomStream(seed: 7).stream(test.name)
    for (name, gradient) in zip(problem.targets, gradients) {
      let point = try #require(feeds[name])
      // Directions that touch everything, then single elements.
      var directions = (0..<2).map { _ in point.map { _ in stream.normal() } }
      for _ in 0..<min(2, point.count) {
        let index = stream.integer(below: point.count)
        directions.append(point.indices.map { $0 == index ? 1 : 0 })
      }
      for direction in directions {
        let step = 1e-5
        let loss = [step, -step].map { step in
          var moved = feeds
          moved[name] = zip(point, direction).map { $0 + step * $1 }
          return ReferenceEvaluator.run(problem.forward, moved)[0].elements[0]
        }
        let expected = (loss[0] - loss[1]) / (2 * step)
        let actual = zip(gradient.elements, direction).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(
          abs(actual - expected) <= 1e-6 * max(1, abs(expected)), "\(name): \(actual) instead of \(expected)")
      }
    }
  }

  struct Parts: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let ranges: [Range<Int>]
    /// How many gradients are still spread over zeros.
    let spread: Int
  }

  static let parts = [
    Parts(testDescription: "split", ranges: [0..<2, 2..<5, 5..<7], spread: 0),
    Parts(
      testDescription: "steps in any order", ranges: [3..<4, 0..<1, 6..<7, 1..<2, 5..<6, 2..<3, 4..<5],
      spread: 0),
    Parts(testDescription: "gaps", ranges: [4..<5, 1..<3], spread: 0),
    Parts(testDescription: "overlaps", ranges: [0..<4, 2..<6, 4..<7], spread: 1),
    Parts(testDescription: "the same twice", ranges: [2..<5, 2..<5], spread: 2),
    Parts(testDescription: "one", ranges: [2..<5], spread: 1),
  ]

  /// Gradients of parts are joined, and the sums are those of plain loops.
  @Test(arguments: parts)
  func partsAreJoined(_ parts: Parts) throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [2, 7, 3]))
    var loss = try builder.apply(
      .reduce(Reduction(.sum, axes: [0, 1, 2])), [try builder.apply(.unary(.sine), [x])[0]])[0]
    for (index, range) in parts.ranges.enumerated() {
      let slice = Slice(axis: 1, start: range.lowerBound, end: range.upperBound)
      let power = builder.constant(.fill(Double(index + 2), TensorType(.float32, [])))
      let part = try builder.apply(.binary(.power), [try builder.apply(.slice(slice), [x])[0], power])[0]
      let sum = try builder.apply(.reduce(Reduction(.sum, axes: [0, 1, 2])), [part])[0]
      loss = try builder.apply(.binary(.add), [loss, sum])[0]
    }
    builder.setOutputs([loss])
    let graph = try builder.graph.gradients(of: loss, withRespectTo: [x])
    try graph.verify()
    let spread = graph.nodes.count { if case .sliceGradient = $0.operation { true } else { false } }
    #expect(spread == parts.spread)
    let values = (0..<42).map { 0.5 + Double($0) / 42 }
    let gradient = ReferenceEvaluator.run(graph, ["x": values])[1]
    for place in ReferenceTensor.places([2, 7, 3]) {
      let value = values[(place[0] * 7 + place[1]) * 3 + place[2]]
      var expected = UnaryFunction.cosine.reference(value)
      for (index, range) in parts.ranges.enumerated() where range.contains(place[1]) {
        let power = Double(index + 2)
        expected += power * BinaryFunction.power.reference(value, power - 1)
      }
      #expect(abs(gradient[place] - expected) < 1e-12)
    }
  }

  /// d/dx of x · detach(x) is detach(x).
  @Test func nothingFlowsThroughDetach() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [3]))
    let product = try builder.apply(.binary(.multiply), [x, try builder.apply(.detach, [x])[0]])[0]
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0])), [product])[0]
    builder.setOutputs(try builder.gradients(of: loss, withRespectTo: [x]))
    #expect(ReferenceEvaluator.run(builder.graph, ["x": [2, -3, 5]])[0].elements == [2, -3, 5])
  }

  @Test func gradientOperationsWithoutOneOfTheirOwnSaySo() throws {
    for test in OperationCase.all where !test.hasGradient {
      // Its gradient takes two of its operands for functions of the first; see below.
      if case .batchNormalizationGradient = test.operation { continue }
      do {
        _ = try ScalarProblem(test)
        Issue.record("\(test) has a gradient after all")
      } catch let error as GraphError {
        #expect(error.identifier == "gradient.undefined")
      }
    }
  }

  /// The gradients of a batch normalisation, differentiated once more, mean and variance included.
  @Test(arguments: [true, false]) func batchNormalizationHasSecondGradients(isAffine: Bool) throws {
    var builder = GraphBuilder()
    let (shape, channels) = (TensorType(.float32, [3, 2, 2]), TensorType(.float32, [2]))
    let x = builder.input("x", shape)
    let weights = isAffine ? [builder.input("weight", channels), builder.input("bias", channels)] : []
    let normalization = BatchNormalization(
      isAffine: isAffine, tracksRunningStatistics: false, isTraining: true)
    let y = try builder.apply(.batchNormalization(normalization), [x] + weights)[0]
    // The square makes what comes back to the normalisation depend on its operands, too.
    let square = try builder.apply(
      .binary(.multiply), [try builder.apply(.unary(.square), [y])[0], builder.input("slope", shape)])
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0, 1, 2])), square)[0]
    var sum: ValueID?
    for (number, gradient) in try builder.gradients(of: loss, withRespectTo: [x] + weights).enumerated() {
      let factor = builder.input("factor\(number)", builder.type(of: gradient))
      let product = try builder.apply(.binary(.multiply), [gradient, factor])
      let axes = Array(builder.type(of: gradient).shape.indices)
      let term = try builder.apply(.reduce(Reduction(.sum, axes: axes)), product)[0]
      sum = try sum.map { try builder.apply(.binary(.add), [$0, term])[0] } ?? term
    }
    let total = try #require(sum)
    let targets = [x] + weights.prefix(1)
    builder.setOutputs([total] + (try builder.gradients(of: total, withRespectTo: targets)))
    let graph = builder.graph
    var stream = RandomStream(seed: 3)
    var feeds: [String: [Double]] = [:]
    for input in graph.inputs {
      feeds[input.name] = (0..<graph.type(of: input.value).elementCount).map { _ in stream.normal() }
    }
    let results = ReferenceEvaluator.run(graph, feeds)
    for (place, name) in ["x", "weight"].prefix(targets.count).enumerated() {
      for index in results[place + 1].elements.indices {
        let totals = [1e-5, -1e-5].map { step in
          var moved = feeds
          moved[name]?[index] += step
          return ReferenceEvaluator.run(graph, moved)[0].elements[0]
        }
        let expected = (totals[0] - totals[1]) / 2e-5
        let actual = results[place + 1].elements[index]
        #expect(abs(actual - expected) <= 1e-6 * max(1, abs(expected)), "\(name) \(index)")
      }
    }
  }
}

extension OperationCase {
  /// Only some gradient operations can be differentiated once more.
  var hasGradient: Bool {
    switch operation {
    case .attentionGradient, .batchNormalizationGradient, .layerNormalizationGradient: false
    case .unaryGradient(let function): function.hasSecondDerivative
    default: true
    }
  }

  /// Whether the first result consists of whole numbers, of which there is no gradient.
  var hasIntegerResult: Bool {
    guard let graph = try? graph(), let first = graph.outputs.first else { return false }
    return graph.type(of: first).elementType == .int32
  }
}

/// A case made a scalar: Σ first result · random weights, as a graph with and without gradients.
struct ScalarProblem {
  let forward: Graph
  let differentiated: Graph
  /// The operands with gradients, in the order of the outputs behind the loss.
  let targets: [String]
  let feeds: [String: [Double]]

  init(_ test: OperationCase, where isTarget: (OperationCase.Operand) -> Bool = \.isDifferentiable) throws {
    var builder = GraphBuilder()
    let inputs = test.operands.enumerated().map { builder.input("x\($0)", $1.type) }
    let result = try builder.apply(test.operation, inputs)[0]
    let type = builder.type(of: result)
    let weights = builder.input("weights", type)
    var loss = try builder.apply(.binary(.multiply), [result, weights])[0]
    loss = try builder.apply(.reduce(Reduction(.sum, axes: Array(type.shape.indices))), [loss])[0]
    builder.setOutputs([loss])
    forward = builder.graph
    let wanted = test.operands.indices.filter { isTarget(test.operands[$0]) }
    targets = wanted.map { "x\($0)" }
    differentiated = try forward.gradients(of: loss, withRespectTo: wanted.map { inputs[$0] })
    try differentiated.verify()
    var stream = RandomStream(seed: 3).stream(test.name)
    var feeds = ["weights": (0..<type.elementCount).map { _ in Double(Float(stream.normal())) }]
    for (index, values) in test.values(seed: 5).enumerated() { feeds["x\(index)"] = values.map(Double.init) }
    self.feeds = feeds
  }
}

extension UnaryFunction {
  /// Whether its gradient can be differentiated once more.
  fileprivate var hasSecondDerivative: Bool {
    switch self {
    case .relu, .relu6, .leakyReLU, .hardSigmoid, .absolute, .clamp, .hardTanh, .negate, .square,
      .exponential,
      .logarithm, .squareRoot, .reciprocalSquareRoot, .reciprocal, .tanh, .sigmoid, .silu, .gelu,
      .elu, .softplus, .hardSwish:
      true
    default: false
    }
  }
}
