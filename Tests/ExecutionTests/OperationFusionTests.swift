import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

/// Networks as front ends write them, run with fused operations, against the reference of what is written.
@Suite struct OperationFusionTests {
  /// Layer normalisation over the last axes, element by element.
  static func normalized(
    _ x: ValueID, axes: [Int], weight: ValueID?, bias: ValueID?, in builder: inout GraphBuilder
  ) throws -> ValueID {
    func apply(_ operation: Operation, _ inputs: ValueID...) throws -> ValueID {
      try builder.apply(operation, inputs)[0]
    }
    let mean = Operation.reduce(Reduction(.mean, axes: axes, keepsDimensions: true))
    let centred = try apply(.binary(.subtract), x, try apply(mean, x))
    let variance = try apply(mean, try apply(.unary(.square), centred))
    let epsilon = builder.constant(.fill(1e-3, TensorType(.float32, [])))
    let deviation = try apply(.unary(.squareRoot), try apply(.binary(.add), variance, epsilon))
    var result = try apply(.binary(.divide), centred, deviation)
    if let weight { result = try apply(.binary(.multiply), result, weight) }
    if let bias { result = try apply(.binary(.add), result, bias) }
    return result
  }

  @Test(arguments: [
    ([4, 6], [1], true, true), ([4, 6], [1], false, true), ([2, 3, 5], [1, 2], true, false),
    ([2, 3, 5], [2], false, false),
  ])
  func writtenNormalizationsAreFused(
    shape: [Int], axes: [Int], hasWeight: Bool, hasBias: Bool
  ) throws {
    let row = TensorType(.float32, axes.map { shape[$0] })
    var builder = GraphBuilder()
    let x = builder.parameter("x", TensorType(.float32, shape), initializer: .uniform(lower: -1, upper: 1))
    let weight = builder.parameter("weight", row, initializer: .uniform(lower: -1, upper: 1))
    let bias = builder.parameter("bias", row, initializer: .uniform(lower: -1, upper: 1))
    let normal = try Self.normalized(
      x, axes: axes, weight: hasWeight ? weight : nil, bias: hasBias ? bias : nil, in: &builder)
    try check(
      &builder, normal,
      fusesInto: .layerNormalization(
        LayerNormalization(
          epsilon: 1e-3, axisCount: axes.count, hasWeight: hasWeight, hasBias: hasBias)))
  }

  /// What is read elsewhere too stays as it is written, and so does what is no layer normalisation.
  @Test func othersAreLeftAlone() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [4, 6]))
    let normal = try Self.normalized(x, axes: [0], weight: nil, bias: nil, in: &builder)
    builder.setOutputs([normal])
    #expect(builder.graph.fusingOperations().nodes == builder.graph.nodes)
    let last = try Self.normalized(x, axes: [1], weight: nil, bias: nil, in: &builder)
    let centred = builder.graph.producer(of: last).inputs[0]
    builder.setOutputs([last, centred])
    #expect(!builder.graph.fusingOperations().nodes.contains { $0.operation.name == "layerNormalization" })
  }

  @Test func productsReadTransposedOperandsInPlace() throws {
    var builder = GraphBuilder()
    let a = builder.parameter(
      "a", TensorType(.float32, [2, 5, 3]), initializer: .uniform(lower: -1, upper: 1))
    let b = builder.parameter(
      "b", TensorType(.float32, [2, 4, 5]), initializer: .uniform(lower: -1, upper: 1))
    let left = try builder.apply(.transpose([0, 2, 1]), [a])[0]
    let right = try builder.apply(.transpose([0, 2, 1]), [b])[0]
    let product = try builder.apply(
      .matrixMultiply(transposeLeft: false, transposeRight: false), [left, right])
    try check(
      &builder, product[0], fusesInto: .matrixMultiply(transposeLeft: true, transposeRight: true))
    #expect(!builder.graph.fusingOperations().nodes.contains { $0.operation.name == "transpose" })
  }

  /// As `F.scaled_dot_product_attention` is written, with the factor before the product, and as by hand, behind it.
  @Test(arguments: [false, true], [false, true])
  func writtenAttentionIsFused(hasMask: Bool, scalesScores: Bool) throws {
    var builder = GraphBuilder()
    func apply(_ operation: Operation, _ inputs: ValueID...) throws -> ValueID {
      try builder.apply(operation, inputs)[0]
    }
    func parameter(_ name: String, _ shape: Int...) -> ValueID {
      builder.parameter(name, TensorType(.float32, shape), initializer: .uniform(lower: -1, upper: 1))
    }
    let q = parameter("q", 2, 3, 5, 4)
    let k = parameter("k", 2, 3, 5, 4)
    let v = parameter("v", 2, 3, 5, 6)
    let (product, times) = (
      Operation.matrixMultiply(transposeLeft: false, transposeRight: false),
      Operation.binary(.multiply)
    )
    let factor = builder.constant(.fill(0.5, TensorType(.float32, [])))
    let keys = try apply(.transpose([0, 1, 3, 2]), k)
    var scores =
      scalesScores
      ? try apply(times, try apply(product, q, keys), factor)
      : try apply(product, try apply(times, q, factor), keys)
    if hasMask {
      let hidden = (0..<25).map { $0 % 5 > $0 / 5 ? -Float.infinity : 0 }
      scores = try apply(.binary(.add), scores, builder.constant(.values(hidden, shape: [5, 5])))
    }
    let result = try apply(product, try apply(.softmax(axis: 3), scores), v)
    try check(&builder, result, fusesInto: .attention(Attention(scale: 0.5, hasMask: hasMask)))
  }

  /// A learned mask wants a gradient, and so stays an operation of its own.
  @Test func learnedMasksAreAddedApart() throws {
    var builder = GraphBuilder()
    let q = builder.input("q", TensorType(.float32, [2, 5, 4]))
    let mask = builder.parameter("mask", TensorType(.float32, [5, 5]), initializer: .constant(0))
    let scores = try builder.apply(.matrixMultiply(transposeLeft: false, transposeRight: true), [q, q])[0]
    let masked = try builder.apply(.binary(.add), [scores, mask])[0]
    let weights = try builder.apply(.softmax(axis: 2), [masked])[0]
    builder.setOutputs(
      try builder.apply(.matrixMultiply(transposeLeft: false, transposeRight: false), [weights, q]))
    #expect(builder.graph.fusingOperations().nodes == builder.graph.nodes)
  }

  /// A head that reads one token: no other row of the last block is computed, nor is its gradient.
  @Test(arguments: [0, 3])
  func onlyWhatIsReadIsComputed(token: Int) throws {
    var builder = GraphBuilder()
    func apply(_ operation: Operation, _ inputs: ValueID...) throws -> ValueID {
      try builder.apply(operation, inputs)[0]
    }
    func parameter(_ name: String, _ shape: Int...) -> ValueID {
      builder.parameter(name, TensorType(.float32, shape), initializer: .uniform(lower: -1, upper: 1))
    }
    let x = try apply(.unary(.tanh), parameter("x", 2, 5, 6))
    let normal = try builder.apply(
      .layerNormalization(LayerNormalization()), [x, parameter("weight", 6), parameter("bias", 6)])[0]
    let raised = try apply(
      .unary(.gelu), try apply(.linear(hasBias: true), normal, parameter("up", 8, 6), parameter("b", 8)))
    let y = try apply(.binary(.add), x, try apply(.linear(hasBias: false), raised, parameter("down", 6, 8)))
    let read = try apply(.slice(Slice(axis: 1, start: token, end: token + 1)), y)
    let value = try apply(
      .linear(hasBias: false), try apply(.reshape([2, 6]), read), parameter("head", 3, 6))
    builder.setOutputs([value])
    let narrowed = builder.graph.fusingOperations()
    let products = narrowed.nodes.filter { $0.operation.name == "linear" }
    #expect(products.count == 3)
    #expect(products.allSatisfy { narrowed.type(of: $0.outputs[0]).elementCount <= 2 * 8 })
    try check(
      &builder, value, fusesInto: .slice(Slice(axis: 1, start: token, end: token + 1)), isWritten: true)
  }

  /// Checks that the fused graph has the operation, and that a weighted sum of the value and its gradients are those
  /// of the graph as it is written.
  private func check(
    _ builder: inout GraphBuilder, _ value: ValueID, fusesInto operation: Operation, isWritten: Bool = false
  ) throws {
    let weights = builder.input("weights", builder.type(of: value))
    let weighted = try builder.apply(.binary(.multiply), [value, weights])[0]
    let axes = Array(builder.type(of: value).shape.indices)
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: axes)), [weighted])[0]
    builder.setOutputs([loss, value])
    let graph = builder.graph
    #expect(graph.fusingOperations().nodes.contains { $0.operation == operation })
    let fused = try graph.differentiated(loss: loss).graph
    let written = try graph.gradients(of: loss, withRespectTo: graph.parameters.map(\.value))
    #expect(written.nodes.contains { $0.operation == operation } == isWritten)
    var stream = RandomStream(seed: 4)
    let feeds = ["weights": (0..<graph.type(of: weights).elementCount).map { _ in Float(stream.normal()) }]
    for set in InstructionSet.supported {
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
      let executor = try Executor(graph: fused, variables: variables, instructionSet: set)
      let ours = try executor.results(of: fused, feeds: feeds)
      var all = feeds
      for name in variables.names { all[name] = variables.values(of: name) }
      let expected = ReferenceEvaluator.run(written, all.mapValues { $0.map(Double.init) }).map(\.elements)
      #expect(ours.count == expected.count)
      for (a, b) in zip(ours, expected) { #expect(difference(a, b) < 1e-5) }
    }
  }
}
