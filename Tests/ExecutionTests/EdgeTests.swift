import Execution
import NetworkGraph
import RandomStreams
import Testing

/// Halves, quotients by 0, not-a-number: where functions have to decide.
@Suite struct EdgeTests {
  /// Halves go to the even number, and predicates see what is no number; the expected numbers are PyTorch's.
  @Test(arguments: InstructionSet.supported)
  func roundingAndPredicatesAtTheirEdges(on set: InstructionSet) throws {
    let x: [Float] = [0.5, 1.5, 2.5, -0.5, -1.5, 8_388_609, 1e20, .nan, .infinity, -.infinity]
    let expected: [(UnaryFunction, [Double])] = [
      (.round, [0, 2, 2, 0, -2, 8_388_609, Double(Float(1e20)), .nan, .infinity, -.infinity]),
      (.isNaN, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]), (.isInfinite, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1]),
      (.isFinite, [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]), (.sign, [1, 1, 1, -1, -1, 1, 1, 0, 1, -1]),
      (.clamp(lower: 0, upper: 2), [0.5, 1.5, 2, 0, 0, 2, 2, .nan, 2, 0]),
    ]
    for (function, values) in expected {
      var builder = GraphBuilder()
      let input = builder.input("x", TensorType(.float32, [x.count]))
      builder.setOutputs(try builder.apply(.unary(function), [input]))
      #expect(difference(try run(builder.graph, ["x": x], on: set)[0], values) == 0, "\(function)")
    }
  }

  /// Quotients of floating point by 0 and infinity; the expected numbers are PyTorch's.
  @Test(arguments: InstructionSet.supported)
  func quotientsAtTheirEdges(on set: InstructionSet) throws {
    let a: [Float] = [1, -1, 0, 5, -5, 5, 7, -7, 7, -7]
    let b: [Float] = [0, 0, 0, .infinity, .infinity, -.infinity, 2, 2, -2, -2]
    let expected: [(BinaryFunction, [Double])] = [
      (.floorDivide, [.infinity, -.infinity, .nan, 0, -1, -1, 3, -4, -4, 3]),
      (.remainder, [.nan, .nan, .nan, 5, .infinity, -.infinity, 1, 1, -1, -1]),
      (.truncatedRemainder, [.nan, .nan, .nan, 5, -5, 5, 1, -1, 1, -1]),
    ]
    for (function, values) in expected {
      var builder = GraphBuilder()
      let inputs = ["a", "b"].map { builder.input($0, TensorType(.float32, [a.count])) }
      builder.setOutputs(try builder.apply(.binary(function), inputs))
      #expect(difference(try run(builder.graph, ["a": a, "b": b], on: set)[0], values) == 0, "\(function)")
    }
  }

  /// The least number divided by −1 does not fit, and wraps; a division by 0 ends the run.
  @Test(arguments: InstructionSet.supported, [BinaryFunction.floorDivide, .remainder, .truncatedRemainder])
  func wholeQuotientsNeverTrap(on set: InstructionSet, function: BinaryFunction) throws {
    var builder = GraphBuilder()
    let (a, b) = (builder.input("a", TensorType(.int32, [2])), builder.input("b", TensorType(.int32, [2])))
    builder.setOutputs(try builder.apply(.binary(function), [a, b]))
    let variables = try VariableStore(graph: builder.graph, stream: RandomStream(seed: 1))
    let executor = try Executor(graph: builder.graph, variables: variables, instructionSet: set)
    executor.withIntegerInput("a") { _ = $0.update(fromContentsOf: [.min, 5]) }
    executor.withIntegerInput("b") { _ = $0.update(fromContentsOf: [-1, -1]) }
    try executor.run()
    #expect(executor.integerOutput(0) == (function == .floorDivide ? [.min, -5] : [0, 0]))
    executor.withIntegerInput("b") { $0[1] = 0 }
    #expect(throws: ExecutionError.divisionByZero(operation: function.rawValue)) { try executor.run() }
  }

  /// NaN is greatest in every order and first of all extrema; the expected numbers are PyTorch's.
  @Test(arguments: InstructionSet.supported)
  func orderOfNotANumber(on set: InstructionSet) throws {
    let expected: [(Operation, [[Double]])] = [
      (.sort(axis: 0, isDescending: false), [[1, 2, 3, .nan, .nan], [2, 3, 0, 1, 4]]),
      (.sort(axis: 0, isDescending: true), [[.nan, .nan, 3, 2, 1], [1, 4, 0, 3, 2]]),
      (.argumentOfMaximum(axis: 0), [[1]]), (.argumentOfMinimum(axis: 0), [[1]]),
    ]
    for (operation, values) in expected {
      var builder = GraphBuilder()
      let x = builder.input("x", TensorType(.float32, [5]))
      builder.setOutputs(try builder.apply(operation, [x]))
      let results = try run(builder.graph, ["x": [3, .nan, 1, 2, .nan]], on: set)
      #expect(zip(results, values).allSatisfy { difference($0, $1) == 0 }, "\(operation)")
    }
  }
}
