import RandomStreams
import Testing

@testable import NetworkGraph

/// What is only read in a slice is computed for that slice.
@Suite struct NarrowingTests {
  /// Operations row by row in some order, of which slices are read, and of some all.
  private func graph(seed: UInt64) throws -> Graph {
    var stream = RandomStream(seed: seed)
    var builder = GraphBuilder()
    func apply(_ operation: Operation, _ operands: ValueID...) throws -> ValueID {
      try builder.apply(operation, operands)[0]
    }
    var count = 0
    func parameter(_ shape: [Int]) -> ValueID {
      count += 1
      return builder.parameter(
        "p\(count)", TensorType(.float32, shape), initializer: .uniform(lower: -1, upper: 1))
    }
    let shape = [3, 5, 4]
    var values = [builder.input("x", TensorType(.float32, shape))]
    for _ in 0..<stream.integer(below: 9) + 2 {
      // Mostly of what came last, so that there is a way from the slices to products.
      let x = values[stream.bernoulli(0.7) ? values.count - 1 : stream.integer(below: values.count)]
      let y = values[stream.integer(below: values.count)]
      let next: ValueID
      switch stream.integer(below: 11) {
      case 0: next = try apply(.unary(.tanh), x)
      case 1: next = try apply(.binary(.add), x, y)
      case 2:
        next = try apply(
          .binary(.multiply), x, parameter([[4], [5, 1], [1, 5, 4], [3, 1, 4]][stream.integer(below: 4)]))
      case 3: next = try apply(.linear(hasBias: true), x, parameter([4, 4]), parameter([4]))
      case 4: next = try apply(.layerNormalization(LayerNormalization()), x, parameter([4]), parameter([4]))
      case 5: next = try apply(.softmax(axis: stream.integer(below: 3)), x)
      case 6:
        let turned = try apply(.transpose([2, 0, 1]), x)
        next = try apply(.transpose([1, 2, 0]), try apply(.unary(.sigmoid), turned))
      case 7:
        let cut = try apply(.unary(.square), try apply(.reshape([3, 5, 2, 2]), x))
        next = try apply(.reshape(shape), cut)
      case 8:
        next = try apply(.matrixMultiply(transposeLeft: false, transposeRight: true), x, parameter([4, 4]))
      case 9:
        let mixing = parameter([5, 5])
        next = try apply(
          .matrixMultiply(transposeLeft: stream.bernoulli(0.5), transposeRight: false), mixing, x)
      default:
        let joined = try apply(.concatenate(axis: 2), x, y)
        next = try apply(.linear(hasBias: false), joined, parameter([4, 8]))
      }
      values.append(next)
    }
    var outputs: [ValueID] = []
    for _ in 0..<stream.integer(below: 3) + 1 {
      let axis = stream.bernoulli(0.7) ? 1 : stream.integer(below: 3)
      let start = stream.integer(below: shape[axis] - 1)
      let slice = Slice(
        axis: axis, start: start, end: shape[axis] - stream.integer(below: 2),
        step: stream.integer(below: 2) + 1)
      let read = stream.bernoulli(0.8) ? values.count - 1 : stream.integer(below: values.count)
      outputs.append(try apply(.slice(slice), values[read]))
    }
    if stream.bernoulli(0.2) { outputs.append(values[stream.integer(below: values.count)]) }
    builder.setOutputs(outputs)
    return builder.graph
  }

  @Test func resultsStayTheSame() throws {
    var narrowed = 0
    for seed in 0..<400 as Range<UInt64> {
      let graph = try graph(seed: seed).eliminatingDeadCode()
      let result = graph.narrowingProducts()
      try result.verify()
      let feeds = SampleNetworks.feeds(graph)
      #expect(ReferenceEvaluator.run(result, feeds) == ReferenceEvaluator.run(graph, feeds), "seed \(seed)")
      #expect(result.outputs.map(result.type(of:)) == graph.outputs.map(graph.type(of:)))
      #expect(result.narrowingProducts().nodes == result.nodes, "seed \(seed)")
      let elements = { (graph: Graph) in graph.values.reduce(0) { $0 + $1.type.elementCount } }
      if result.nodes != graph.nodes {
        narrowed += 1
        #expect(elements(result) < elements(graph), "seed \(seed)")
      }
    }
    #expect(narrowed > 100)
  }

  /// What has another reader, and what holds no product, is left as it is.
  @Test func othersAreLeftAlone() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [2, 5, 4]))
    let weight = builder.parameter("w", TensorType(.float32, [4, 4]), initializer: .constant(1))
    let y = try builder.apply(.linear(hasBias: false), [x, weight])[0]
    let first = try builder.apply(.slice(Slice(axis: 1, start: 0, end: 1)), [y])[0]
    let second = try builder.apply(.slice(Slice(axis: 1, start: 1, end: 2)), [y])[0]
    let square = try builder.apply(.unary(.square), [x])[0]
    builder.setOutputs([
      first, second, try builder.apply(.slice(Slice(axis: 1, start: 0, end: 1)), [square])[0],
    ])
    #expect(builder.graph.narrowingProducts().nodes == builder.graph.nodes)
    builder.setOutputs([first])
    let narrowed = builder.graph.eliminatingDeadCode().narrowingProducts()
    #expect(narrowed.nodes.map(\.operation.name) == ["input", "parameter", "slice", "linear"])
  }
}
