import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

@Suite struct AttentionTests {
  /// More queries and keys than a block of scores has, with and without a mask of which a whole block is hidden.
  @Test(arguments: InstructionSet.supported, [false, true])
  func blocksAreJoined(on set: InstructionSet, hidesBlock: Bool) throws {
    let (queries, keys) = (130, 259)
    var builder = GraphBuilder()
    let q = builder.parameter("q", TensorType(.float32, [queries, 2]), initializer: .constant(0))
    let k = builder.parameter("k", TensorType(.float32, [keys, 2]), initializer: .constant(0))
    let v = builder.parameter("v", TensorType(.float32, [keys, 3]), initializer: .constant(0))
    var operands = [q, k, v]
    if hidesBlock {
      let hidden = (0..<keys).map { $0 < 257 ? -Float.infinity : Float($0) }
      operands.append(builder.constant(.values(hidden, shape: [1, keys])))
    }
    let operation = Operation.attention(Attention(scale: 1.5, hasMask: hidesBlock))
    let result = try builder.apply(operation, operands)[0]
    let squares = try builder.apply(.unary(.square), [result])
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0, 1])), squares)[0]
    builder.setOutputs([result])
    let graph = try builder.graph.differentiated(loss: loss).graph
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
    var stream = RandomStream(seed: 6)
    var feeds: [String: [Double]] = [:]
    for name in variables.names {
      let count = try #require(variables.range(of: name)).count
      let values = (0..<count).map { _ in Float(stream.normal()) }
      try variables.setValues(values, of: name)
      feeds[name] = values.map(Double.init)
    }
    let executor = try Executor(graph: graph, variables: variables, instructionSet: set)
    let ours = try executor.results(of: graph, feeds: [:])
    let expected = ReferenceEvaluator.run(graph, feeds)
    #expect(ours.count == 4)
    for (a, b) in zip(ours, expected) { #expect(difference(a, b.elements) < 2e-5) }
  }

  /// A query that may see nothing has no probabilities, as in the softmax that attention is written with.
  @Test(arguments: InstructionSet.supported)
  func hiddenRowsAreNotNumbers(on set: InstructionSet) throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [2, 3]))
    let mask = builder.constant(.values([-.infinity, -.infinity, 0, -.infinity], shape: [2, 2]))
    builder.setOutputs([
      try builder.apply(.attention(Attention(scale: 1, hasMask: true)), [x, x, x, mask])[0]
    ])
    let result = try run(builder.graph, ["x": [1, 2, 3, 4, 5, 6]], on: set)[0]
    #expect(result.prefix(3).map(\.isNaN) == [true, true, true])
    #expect(Array(result.suffix(3)) == [1, 2, 3])
  }
}
