import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

@Suite struct PlanDescriptionTests {
  /// What a step reads in the arena was written there before it as a whole, or by nobody: then it is an input or a
  /// constant.
  @Test(arguments: 0..<60 as Range<UInt64>)
  func whatIsReadIsThere(seed: UInt64) throws {
    let graph = try RandomGraphs.graph(seed: seed)
    let plan = try PlanDescription(graph)
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: seed))
    let executor = try Executor(graph: graph, variables: variables)
    #expect(plan.arenaByteCount == executor.arenaByteCount)
    #expect(plan.separateByteCount >= plan.arenaByteCount)
    var written: [Range<Int>] = []
    func range(_ value: PlanDescription.Value) -> Range<Int>? {
      guard case .arena(let offset) = value.place else { return nil }
      return offset..<offset + value.byteCount
    }
    for step in plan.steps {
      for range in step.inputs.compactMap(range) {
        #expect(range.upperBound <= plan.arenaByteCount)
        let last = written.last { $0.overlaps(range) }
        #expect(last == nil || last == range, "\(step.operation)")
      }
      if !step.isView { written += step.outputs.compactMap(range) }
      for range in step.outputs.compactMap(range) { #expect(range.upperBound <= plan.arenaByteCount) }
    }
  }

  /// Chains are shown, and values of which one section is there at a time with what that takes.
  @Test func chainsAreDescribed() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [128, 8, 32, 32]))
    let weight = builder.parameter(
      "w", TensorType(.float32, [8, 8, 3, 3]), initializer: .normal(mean: 0, standardDeviation: 1))
    let y = try builder.apply(
      .convolution(Convolution(padding: Size2D(1, 1), hasBias: false)), [x, weight])[0]
    builder.setOutputs([try builder.apply(.reduce(Reduction(.sum, axes: [0])), [y])[0]])
    let plan = try PlanDescription(builder.graph)
    let chained = plan.steps.filter { $0.chain != nil }
    #expect(chained.map(\.operation) == ["toBlocks", "convolution", "reduceSum"])
    let chain = try #require(chained.first?.chain)
    #expect(chain.number == 1 && chain.axis == .images && chain.sectionCount > 1)
    let whole = 128 * 8 * 32 * 32 * 4
    for step in chained.dropLast() { #expect(step.outputs[0].byteCount == whole / chain.sectionCount) }
    #expect(chained[0].inputs[0].byteCount == whole)
    #expect(plan.arenaByteCount < 2 * whole)
  }

  @Test func placesAreThoseOfThePlan() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [4, 8]))
    let y = try builder.apply(.unary(.tanh), [x])[0]
    let z = try builder.apply(.unary(.exponential), [y])[0]
    let flat = try builder.apply(.reshape([32]), [z])[0]
    builder.setOutputs([try builder.apply(.binary(.multiply), [flat, flat])[0]])
    let plan = try PlanDescription(builder.graph)
    #expect(plan.steps.filter(\.isView).map(\.operation) == ["reshape"])
    let found = plan.steps.first { $0.isView }
    let view = try #require(found)
    #expect(view.inputs[0].place == view.outputs[0].place)
    #expect(view.inputs[0].shape == [4, 8] && view.outputs[0].shape == [32])
    // tanh may not overwrite the input; all after it works in the place of its result.
    #expect(plan.arenaByteCount == 256)
    let last = try #require(plan.steps.last)
    #expect(last.isInPlace(last.outputs[0]) && !view.isInPlace(view.outputs[0]))
  }

  @Test(arguments: [(16, PlanDescription.Layout.blocks), (9, .blocks), (7, .rows)])
  func layoutsAndVariablesAreShown(batch: Int, layout: PlanDescription.Layout) throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [batch, 3, 8, 8]))
    let weight = builder.parameter(
      "conv.weight", TensorType(.float32, [4, 3, 3, 3]), initializer: .constant(0))
    let convolution = Convolution(hasBias: false)
    builder.setOutputs([try builder.apply(.convolution(convolution), [x, weight])[0]])
    let plan = try PlanDescription(builder.graph)
    let found = plan.steps.first { $0.operation == "convolution" }
    let step = try #require(found)
    #expect(step.inputs.map(\.layout) == [layout, .rows])
    #expect(step.outputs.map(\.layout) == [layout])
    #expect(step.inputs[1].place == .variable("conv.weight"))
    #expect(step.outputs[0].shape == [batch, 4, 6, 6])
    // Blocks are of sixteen images, full or not.
    let images = layout == .blocks ? 16 : batch
    #expect(step.outputs[0].byteCount == images * 4 * 36 * 4)
  }

  /// Three rounds of x ← x/2 + 1 from 0 … 11: each ends at x/8 + 7/4.
  @Test(arguments: InstructionSet.supported) func multiplyAddsAreDone(on set: InstructionSet) throws {
    let (sum, operations) = ExecutionEnvironment.multiplyAdds(rounds: 3, try set.kernels())
    #expect(sum == 66.0 / 8 + 12 * 1.75)
    #expect(operations > 0 && operations % (2 * 3 * 12) == 0)
    let rate = try ExecutionEnvironment.multiplyAddRate(of: set, seconds: 0.002)
    #expect((1e8...1e12).contains(rate))
  }
}
