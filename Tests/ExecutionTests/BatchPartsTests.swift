import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

/// Batches that are computed some examples at a time.
@Suite struct BatchPartsTests {
  /// Convolutions, a residual sum, pooling and a dense layer on images large enough to be divided.
  private func network(images: Int) throws -> Graph {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [images, 3, 40, 40]))
    func parameter(_ name: String, _ shape: [Int]) -> ValueID {
      builder.parameter(
        name, TensorType(.float32, shape), initializer: .normal(mean: 0, standardDeviation: 0.3))
    }
    let wide = Convolution(padding: Size2D(1, 1), hasBias: false)
    var y = try builder.apply(.convolution(wide), [x, parameter("a", [24, 3, 3, 3])])[0]
    let z = try builder.apply(
      .convolution(Convolution(hasBias: false)), [y, parameter("b", [24, 24, 1, 1])])[0]
    y = try builder.apply(.unary(.relu), [try builder.apply(.binary(.add), [y, z])[0]])[0]
    y = try builder.apply(.adaptiveAveragePooling(height: 1, width: 1), [y])[0]
    y = try builder.apply(.reshape([images, 24]), [y])[0]
    y = try builder.apply(.linear(hasBias: false), [y, parameter("c", [5, 24])])[0]
    builder.setOutputs([y])
    return builder.graph
  }

  @Test(arguments: [128, 125, 192], [1, 2])
  func partsChangeNoResult(images: Int, threads: Int) throws {
    let graph = try network(images: images)
    let parts = try #require(BatchParts(graph, threads: threads))
    #expect(parts.count > 1)
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
    let team = threads > 1 ? ThreadTeam(count: threads) : nil
    let whole = try Executor(
      graph: graph, variables: variables, memoryLimit: nil, instructionSet: nil, reusesMemory: true,
      sectionByteCount: nil)
    let divided = try Executor(graph: graph, variables: variables, keepsVariables: true, team: team)
    #expect(divided.arenaByteCount < whole.arenaByteCount)
    var stream = RandomStream(seed: 2)
    for _ in 0..<2 {
      let numbers = (0..<images * 4800).map { _ in Float(stream.normal()) }
      for executor in [whole, divided] {
        executor.withInput("x") { input in
          for index in input.indices { input[index] = numbers[index] }
        }
        try executor.run()
      }
      #expect(divided.output(0).count == images * 5)
      #expect(divided.output(0) == whole.output(0))
      let times = try divided.timedRun()
      #expect(divided.output(0) == whole.output(0))
      #expect(times.allSatisfy { $0.seconds > 0 })
    }
  }

  @Test func whatIsSmallOrMeetsStaysWhole() throws {
    #expect(BatchParts(try network(images: 32), threads: 1) == nil)
    #expect(BatchParts(try network(images: 127), threads: 1)?.count == 4)
    // Seven blocks cannot be dealt out evenly.
    #expect(BatchParts(try network(images: 112), threads: 1) == nil)
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [128, 24, 40, 40]))
    let weight = builder.parameter("w", TensorType(.float32, [24, 24, 1, 1]), initializer: .constant(1))
    let y = try builder.apply(.convolution(Convolution(hasBias: false)), [x, weight])[0]
    builder.setOutputs([try builder.apply(.reduce(Reduction(.mean, axes: [0])), [y])[0]])
    #expect(BatchParts(builder.graph, threads: 1) == nil)
  }

  @Test func partsAreDescribed() throws {
    let graph = try network(images: 128)
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
    let plan = try PlanDescription(graph, keepsVariables: true)
    #expect(plan.partCount == BatchParts(graph, threads: 1)?.count)
    let executor = try Executor(graph: graph, variables: variables, keepsVariables: true)
    #expect(plan.arenaByteCount == executor.arenaByteCount)
    #expect(plan.separateByteCount > plan.arenaByteCount)
    #expect(plan.steps.allSatisfy { $0.outputs.allSatisfy { $0.shape[0] == 128 / plan.partCount } })
    #expect(try PlanDescription(graph).partCount == 1)
  }

  /// What does not fit is refused, inputs and outputs of the whole batch included.
  @Test func limitsCountTheWholeBatch() throws {
    let graph = try network(images: 128)
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
    let needed = try Executor(graph: graph, variables: variables, keepsVariables: true).arenaByteCount
    #expect(needed > BatchParts.byteCount(of: graph))
    #expect(throws: ExecutionError.memoryLimit(neededBytes: needed, limitBytes: needed - 1)) {
      try Executor(graph: graph, variables: variables, memoryLimit: needed - 1, keepsVariables: true)
    }
    _ = try Executor(graph: graph, variables: variables, memoryLimit: needed, keepsVariables: true)
  }
}
