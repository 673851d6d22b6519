import Execution
import NetworkGraph
import RandomStreams
import Testing

/// Indices that no type can promise: they are checked at the run.
@Suite struct IndexingTests {
  struct Indexing: Sendable, CustomTestStringConvertible {
    let operation: Operation
    let operand: [Int]
    let indices: [Int]
    var testDescription: String { operation.description }
  }

  static let indexings = [
    Indexing(operation: .gather(axis: 1), operand: [3, 4], indices: [3, 2]),
    Indexing(operation: .gatherGradient(axis: 1, inputShape: [3, 4]), operand: [3, 2], indices: [3, 2]),
    Indexing(operation: .take(axis: 1), operand: [3, 4], indices: [6]),
    Indexing(operation: .takeGradient(axis: 1, inputShape: [3, 4]), operand: [3, 6], indices: [6]),
  ]

  @Test(arguments: indexings, [-1, 4, .max, .min] as [Int32])
  func indicesOutsideTheAxisEndTheRun(_ indexing: Indexing, index: Int32) throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, indexing.operand))
    let indices = builder.input("i", TensorType(.int32, indexing.indices))
    let result = try builder.apply(indexing.operation, [x, indices])[0]
    let type = builder.type(of: result)
    let buffer = builder.buffer("last", type, initializer: .constant(7))
    builder.update(buffer: buffer, to: result)
    builder.setOutputs([result])
    let variables = try VariableStore(graph: builder.graph, stream: RandomStream(seed: 1))
    let executor = try Executor(graph: builder.graph, variables: variables)
    executor.withIntegerInput("i") { indices in
      for place in indices.indices { indices[place] = Int32(place % 4) }
      indices[indices.count - 2] = index
    }
    let error = ExecutionError.indexOutOfRange(
      operation: indexing.operation.name, index: Int(index), extent: 4)
    #expect(throws: error) { try executor.run() }
    #expect(variables.values(of: "last") == [Float](repeating: 7, count: type.elementCount))
    executor.withIntegerInput("i") { $0[$0.count - 2] = 3 }
    try executor.run()
    #expect(variables.values(of: "last") == [Float](repeating: 0, count: type.elementCount))
  }

  @Test func constantsOfWholeNumbersAreExact() throws {
    let values: [Int32] = [0, -1, .max, .min, 16_777_217]
    var builder = GraphBuilder()
    builder.setOutputs([
      builder.constant(.integers(values, shape: [5])),
      builder.constant(.fill(16_777_217, TensorType(.int32, [2]))),
    ])
    let variables = try VariableStore(graph: builder.graph, stream: RandomStream(seed: 1))
    let executor = try Executor(graph: builder.graph, variables: variables)
    try executor.run()
    #expect(executor.integerOutput(0) == values)
    #expect(executor.integerOutput(1) == [16_777_217, 16_777_217])
  }

  /// What does not fit 32 bits is clamped; there is no number for NaN.
  @Test(arguments: InstructionSet.supported)
  func castsOfWhatDoesNotFitAreDefined(on set: InstructionSet) throws {
    var builder = GraphBuilder()
    let values: [Float] = [
      .nan, .infinity, -.infinity, 3e9, -3e9, 2_147_483_520, -2_147_483_648, 1.9, -1.9, -0.0,
    ]
    let x = builder.input("x", TensorType(.float32, [values.count]))
    builder.setOutputs(try builder.apply(.cast(.int32), [x]))
    let result = try run(builder.graph, ["x": values], on: set)[0]
    let (least, greatest) = (Double(Int32.min), Double(Int32.max))
    #expect(result == [0, greatest, least, greatest, least, 2_147_483_520, least, 1, -1, 0])
  }

  /// What is not chosen does no harm, neither forward nor backward: the use of `masked_fill`.
  @Test func whatIsNotSelectedIsNotTouched() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [4]))
    let mask = builder.constant(.values([1, 0, 1, 0], shape: [4]))
    let lowest = builder.constant(.fill(-.infinity, TensorType(.float32, [])))
    let filled = try builder.apply(.select, [mask, lowest, x])[0]
    let probabilities = try builder.apply(.softmax(axis: 0), [filled])[0]
    let square = try builder.apply(.unary(.square), [probabilities])[0]
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0])), [square])[0]
    builder.setOutputs([probabilities] + (try builder.gradients(of: loss, withRespectTo: [x])))
    let results = try run(builder.graph, ["x": [.infinity, 1, .nan, 1]])
    #expect(results[0] == [0, 0.5, 0, 0.5])
    #expect(results[1].allSatisfy { $0 == 0 })
  }
}
