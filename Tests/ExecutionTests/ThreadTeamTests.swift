import NetworkGraph
import RandomStreams
import Synchronization
import Testing

@testable import Execution

/// Threads that share a step: every part is done once, and results are the same to the bit.
@Suite struct ThreadTeamTests {
  @Test(arguments: [1, 2, 3, 7])
  func everyMemberWorksOnceOnEachStep(count: Int) {
    let team = ThreadTeam(count: count)
    let calls = UnsafeMutablePointer<Int>.allocate(capacity: count)
    defer { calls.deallocate() }
    calls.initialize(repeating: 0, count: count)
    for step in 1...500 {
      // Long enough pauses that members fall asleep now and then.
      if step.isMultiple(of: 100) { pause() }
      team.perform { calls[$0] += 1 }
      for member in 0..<count { #expect(calls[member] == step) }
    }
  }

  private func pause() {
    let clock = ContinuousClock()
    let end = clock.now + .milliseconds(3)
    while clock.now < end {}
  }

  @Test func teamsComeAndGo() {
    for count in 1...20 {
      let sum = Atomic(0)
      ThreadTeam(count: count % 4 + 1).perform { sum.add($0 + 1, ordering: .relaxed) }
      let members = count % 4 + 1
      #expect(sum.load(ordering: .relaxed) == members * (members + 1) / 2)
    }
  }

  /// Convolutions of every kind and their gradients, in blocks.
  @Test(arguments: InstructionSet.supported, BlockTests.shapes)
  func convolutionsAreTheSameToTheBit(on set: InstructionSet, shape: BlockTests.Shape) throws {
    var shape = shape
    shape.images[0] = 80
    let (graph, feeds) = try BlockTests.convolutionGraph(shape)
    let plan = try ExecutionPlan(graph, kernels: set.kernels(), team: ThreadTeam(count: 2, leastElements: 1))
    let divided = plan.steps.filter { $0.partCount == 2 }
    // All but the weight gradient of a single channel.
    #expect(divided.count >= (shape.channels == 1 ? 2 : 3))
    try compare(graph, feeds, on: set)
  }

  /// Every kind of operation behind a convolution, with its gradient.
  @Test(arguments: InstructionSet.supported)
  func whateverFollowsIsTheSameToTheBit(on set: InstructionSet) throws {
    for tail in BlockTests.tails {
      let (graph, feeds) = try BlockTests.tailGraph(tail.tail, images: 80)
      try compare(graph, feeds, on: set)
    }
  }

  /// A linear layer, and products of one matrix and of a batch of them, in all transpositions.
  @Test(arguments: InstructionSet.supported)
  func productsAreTheSameToTheBit(on set: InstructionSet) throws {
    var builder = GraphBuilder()
    let features = builder.input("features", TensorType(.float32, [100, 33]))
    let across = builder.input("across", TensorType(.float32, [33, 100]))
    let weight = builder.input("weight", TensorType(.float32, [37, 33]))
    let bias = builder.input("bias", TensorType(.float32, [37]))
    let one = builder.input("one", TensorType(.float32, [33, 37]))
    let batch = builder.input("batch", TensorType(.float32, [5, 9, 9]))
    var outputs = try builder.apply(.linear(hasBias: true), [features, weight, bias])
    for (left, right) in [(false, false), (false, true), (true, false), (true, true)] {
      let product = Operation.matrixMultiply(transposeLeft: left, transposeRight: right)
      outputs += try builder.apply(product, [left ? across : features, right ? weight : one])
      outputs += try builder.apply(product, [batch, batch])
    }
    builder.setOutputs(outputs)
    let plan = try ExecutionPlan(
      builder.graph, kernels: set.kernels(), team: ThreadTeam(count: 2, leastElements: 1))
    #expect(plan.steps.filter { $0.partCount == 2 }.count == outputs.count)
    try compare(builder.graph, Networks.feeds(builder.graph, seed: 3), on: set)
  }

  private func compare(_ graph: Graph, _ feeds: [String: [Float]], on set: InstructionSet) throws {
    var results: [[[Double]]] = []
    for team in [nil, ThreadTeam(count: 2, leastElements: 1), ThreadTeam(count: 3, leastElements: 1)] {
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
      let executor = try Executor(graph: graph, variables: variables, instructionSet: set, team: team)
      results.append(try executor.results(of: graph, feeds: feeds))
    }
    for other in results.dropFirst() {
      #expect(results[0].elementsEqual(other) { $0.elementsEqual($1) { $0 == $1 || $0.isNaN && $1.isNaN } })
    }
  }
}
