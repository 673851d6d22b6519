import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

@Suite struct PlannerTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func blocksThatLiveAtOnceDoNotOverlap(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let blocks = (0..<stream.integer(below: 60) + 1).map { _ in
      let first = stream.integer(below: 40)
      return MemoryBlock(
        byteCount: stream.integer(below: 5000) + 1, first: first, last: first + stream.integer(below: 10))
    }
    let (offsets, byteCount) = MemoryPlanner.offsets(for: blocks)
    expectDisjoint(blocks, offsets, byteCount)
    // No plan can do with less than is live at once, nor should it need more than everything side by side.
    let floor =
      (0..<50).map { time in
        blocks.reduce(0) {
          $0 + ($1.first <= time && time <= $1.last ? AlignedMemory.rounded($1.byteCount) : 0)
        }
      }.max() ?? 0
    #expect(byteCount >= floor)
    #expect(byteCount <= MemoryPlanner.separateOffsets(for: blocks).byteCount)
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func plansOfGraphsDoNotOverlap(seed: UInt64) throws {
    let graph = try RandomGraphs.graph(seed: seed)
    let plan = try ExecutionPlan(graph, kernels: try InstructionSet.preferred().kernels())
    expectDisjoint(plan.blocks, plan.offsets, plan.byteCount)
  }

  /// Reuse of memory, views and work in place must not be seen in any result, down to the bit.
  @Test(arguments: 0..<150 as Range<UInt64>)
  func reuseChangesNoBit(seed: UInt64) throws {
    let graph = try RandomGraphs.graph(seed: seed)
    let feeds = RandomGraphs.feeds(seed: seed)
    var all: [[[Double]]] = []
    var buffers: [[Float]?] = []
    for reusesMemory in [false, true] {
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: seed))
      let executor = try Executor(
        graph: graph, variables: variables, memoryLimit: nil, instructionSet: nil, reusesMemory: reusesMemory)
      all.append(try executor.results(of: graph, feeds: feeds))
      buffers.append(variables.values(of: "buffer"))
    }
    let isEqual = zip(all[0], all[1]).allSatisfy { $0.map(\.bitPattern) == $1.map(\.bitPattern) }
    #expect(isEqual)
    #expect(buffers[0] == buffers[1] || buffers[0]?.contains(where: \.isNaN) == true)
    // And the plain loops, which are slow, agree with both.
    guard seed < 50 else { return }
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: seed))
    var reference = feeds.mapValues { $0.map(Double.init) }
    for name in variables.names { reference[name] = variables.values(of: name)?.map(Double.init) }
    let expected = ReferenceEvaluator.run(graph, reference)
    for (actual, expected) in zip(all[1], expected) {
      // Chains of products may grow beyond what one rounding error allows.
      let scale = expected.elements.reduce(1) { max($0, abs($1)) }
      let worst = zip(actual, expected.elements).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
      #expect(worst < 2e-3)
    }
  }

  @Test func memoryIsReused() throws {
    var builder = GraphBuilder()
    let type = TensorType(.float32, [1000])
    var x = builder.input("x", type)
    for _ in 0..<50 {
      let y = try builder.apply(.unary(.tanh), [x])[0]
      x = try builder.apply(.binary(.add), [try builder.apply(.transpose([0]), [y])[0], y])[0]
    }
    builder.setOutputs([x])
    let variables = try VariableStore(graph: builder.graph, stream: RandomStream(seed: 1))
    let executor = try Executor(graph: builder.graph, variables: variables)
    // The input, and one value on which all steps work in place.
    #expect(executor.arenaByteCount == 2 * 4032)
  }

  @Test func deadNodesAreNotRun() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [4]))
    let y = try builder.apply(.unary(.square), [x])[0]
    _ = try builder.apply(.expand([1 << 20, 4]), [x])
    builder.setOutputs([y])
    let variables = try VariableStore(graph: builder.graph, stream: RandomStream(seed: 1))
    let executor = try Executor(graph: builder.graph, variables: variables)
    #expect(executor.arenaByteCount < 1000)
  }

  private func expectDisjoint(_ blocks: [MemoryBlock], _ offsets: [Int], _ byteCount: Int) {
    #expect(offsets.count == blocks.count)
    for (index, block) in blocks.enumerated() {
      #expect(offsets[index] % AlignedMemory.alignment == 0)
      #expect(offsets[index] + block.byteCount <= byteCount)
      for other in 0..<index where block.overlapsInTime(blocks[other]) {
        let isApart =
          offsets[index] + block.byteCount <= offsets[other]
          || offsets[other] + blocks[other].byteCount <= offsets[index]
        #expect(isApart, "blocks \(index) and \(other)")
      }
    }
  }
}
