import RandomStreams
import Testing

@testable import NetworkGraph

/// Passes keep what a graph computes, and do what they are for.
@Suite struct PassTests {
  @Test(arguments: 0..<100)
  func passesKeepTheFunction(seed: Int) throws {
    let graph = try RandomGraphs.graph(seed: UInt64(seed))
    let mangled = try Mangler.mangled(graph, seed: UInt64(seed))
    let feeds = SampleNetworks.feeds(mangled)
    let expected = ReferenceEvaluator.run(mangled, feeds)
    let passes: [(Graph) -> Graph] = [
      { $0.eliminatingDeadCode() }, { $0.simplified() }, { $0.eliminatingCommonSubexpressions() },
      { $0.simplified().eliminatingCommonSubexpressions().eliminatingDeadCode() },
    ]
    for pass in passes {
      let result = pass(mangled)
      try result.verify()
      #expect(ReferenceEvaluator.run(result, feeds) == expected)
      #expect(result.nodes.count <= mangled.nodes.count)
      #expect(result.parameters.map(\.name) == mangled.parameters.map(\.name))
    }
    // What mangling added is gone: no more nodes than the original needs, but for its unused variables.
    let count = { (graph: Graph) in
      graph.simplified().eliminatingCommonSubexpressions().eliminatingDeadCode().nodes.count {
        !$0.inputs.isEmpty
      }
    }
    #expect(count(mangled) == count(graph))
  }

  @Test func whatChangesNothingIsDropped() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [2, 3]))
    let identities: [Operation] = [
      .reshape([2, 3]), .expand([2, 3]), .transpose([0, 1]), .slice(Slice(axis: 1, start: 0, end: 3)),
      .pad(before: [0, 0], after: [0, 0], value: 1), .concatenate(axis: 0),
      .reduce(Reduction(.sum, axes: [])),
      .dropout(Dropout(probability: 0, isPerChannel: false)), .cast(.float32),
    ]
    var y = x
    for operation in identities { y = try builder.apply(operation, [y])[0] }
    y = try builder.apply(.transpose([1, 0]), [try builder.apply(.transpose([1, 0]), [y])[0]])[0]
    y = try builder.apply(.reshape([2, 3]), [try builder.apply(.reshape([6]), [y])[0]])[0]
    builder.setOutputs([y])
    let result = builder.graph.simplified().eliminatingDeadCode()
    #expect(result.nodes.count == 1)
    #expect(result.outputs == [result.inputs[0].value])
  }

  @Test func neutralOperandsAreDropped() throws {
    var builder = GraphBuilder()
    let type = TensorType(.float32, [2, 3])
    let x = builder.input("x", type)
    let (zero, one) = (builder.constant(.fill(0, TensorType(.float32, []))), builder.constant(.fill(1, type)))
    var y = try builder.apply(.binary(.add), [zero, x])[0]
    y = try builder.apply(.binary(.subtract), [y, zero])[0]
    y = try builder.apply(.binary(.multiply), [y, one])[0]
    y = try builder.apply(.binary(.divide), [y, one])[0]
    // These are no identities: of another shape, or the other way round.
    let row = builder.constant(.fill(0, TensorType(.float32, [4, 1, 1])))
    let expanded = try builder.apply(.binary(.add), [y, row])[0]
    let negated = try builder.apply(.binary(.subtract), [zero, y])[0]
    let inverse = try builder.apply(.binary(.divide), [one, y])[0]
    builder.setOutputs([y, expanded, negated, inverse])
    let result = builder.graph.removingNeutralOperands().eliminatingDeadCode()
    try result.verify()
    #expect(result.outputs[0] == result.inputs[0].value)
    #expect(result.nodes.count { !$0.inputs.isEmpty } == 3)
    let feeds = SampleNetworks.feeds(builder.graph)
    #expect(ReferenceEvaluator.run(result, feeds) == ReferenceEvaluator.run(builder.graph, feeds))
  }

  /// Constants are one where all their bits are.
  @Test func equalConstantsAreOne() throws {
    func count(_ constants: [Constant]) -> Int {
      var builder = GraphBuilder()
      builder.setOutputs(constants.map { builder.constant($0) })
      return builder.graph.eliminatingCommonSubexpressions().nodes.count
    }
    #expect(count([.values([1, .nan], shape: [2]), .values([1, .nan], shape: [2])]) == 1)
    #expect(count([.integers([1, 2], shape: [2]), .integers([1, 2], shape: [2])]) == 1)
    #expect(count([.values([0], shape: [1]), .values([-0.0], shape: [1])]) == 2)
    #expect(count([.values([1, 2], shape: [2]), .values([1, 2], shape: [2, 1])]) == 2)
    #expect(count([.values([0], shape: [1]), .integers([0], shape: [1])]) == 2)
  }

  @Test func whatDoesSomethingStays() throws {
    let operations: [Operation] = [
      .reshape([3, 2]), .transpose([1, 0]), .slice(Slice(axis: 1, start: 0, end: 2)),
      .slice(Slice(axis: 1, start: 0, end: 3, step: 2)), .pad(before: [0, 1], after: [0, 0], value: 0),
      .reduce(Reduction(.sum, axes: [0], keepsDimensions: true)),
      .dropout(Dropout(probability: 0.5, isPerChannel: false)), .expand([4, 2, 3]), .unary(.negate),
      .cast(.int32), .detach,
    ]
    for operation in operations {
      var builder = GraphBuilder()
      let x = builder.input("x", TensorType(.float32, [2, 3]))
      builder.setOutputs([try builder.apply(operation, [x])[0]])
      #expect(builder.graph.simplified().eliminatingDeadCode().nodes.count == 2, "\(operation)")
    }
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [2, 3]))
    builder.setOutputs(try builder.apply(.dropout(Dropout(probability: 0, isPerChannel: false)), [x]))
    #expect(builder.graph.simplified().nodes.count == 2)
  }

  @Test func equalOperationsAreDoneOnceButDropoutIsNot() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [2, 3]))
    let y = builder.input("y", TensorType(.float32, [2, 3]))
    let dropout = Operation.dropout(Dropout(probability: 0.5, isPerChannel: false))
    let results = try [
      builder.apply(.binary(.add), [x, y])[0], builder.apply(.binary(.add), [y, x])[0],
      builder.apply(.binary(.subtract), [x, y])[0], builder.apply(.binary(.subtract), [y, x])[0],
      builder.apply(dropout, [x])[0], builder.apply(dropout, [x])[0],
    ]
    builder.setOutputs(results)
    let graph = builder.graph.eliminatingCommonSubexpressions()
    #expect(graph.nodes.count == 7)
    #expect(graph.outputs[0] == graph.outputs[1])
    #expect(Set(graph.outputs).count == 5)
  }

  @Test func unusedVariablesAndInputsStay() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [2]))
    _ = builder.input("y", TensorType(.float32, [2]))
    let unused = builder.parameter("unused", TensorType(.float32, [5]), initializer: .constant(0))
    _ = try builder.apply(.unary(.relu), [unused])
    let buffer = builder.buffer("buffer", TensorType(.float32, [2]), initializer: .constant(0))
    builder.update(buffer: buffer, to: try builder.apply(.binary(.add), [buffer, x])[0])
    builder.setOutputs([x])
    let graph = builder.graph.eliminatingDeadCode()
    #expect(graph.nodes.map(\.operation.name) == ["input", "input", "parameter", "buffer", "add"])
    #expect(graph.costs.parameters == 5)
    try graph.verify()
  }
}

/// The verifier finds every way in which a graph can be broken.
@Suite struct VerifierTests {
  struct Damage: Sendable, CustomTestStringConvertible {
    let identifier: String
    let apply: @Sendable (inout Graph) -> Void
    var testDescription: String { identifier }

    init(_ identifier: String, _ apply: @escaping @Sendable (inout Graph) -> Void) {
      (self.identifier, self.apply) = (identifier, apply)
    }
  }

  private static func index(_ graph: Graph, _ name: String) -> Int {
    graph.nodes.firstIndex { $0.operation.name == name } ?? -1
  }

  static let damages: [Damage] = [
    Damage("graph.order") { $0.nodes.swapAt(index($0, "silu"), index($0, "reduceMean")) },
    Damage("graph.order") { $0.nodes[index($0, "silu")].inputs = [ValueID(10_000)] },
    Damage("graph.order") { $0.nodes[index($0, "silu")].inputs = [ValueID(-1)] },
    Damage("graph.producer") { $0.values[3].producer = 0 },
    Damage("graph.producer") { $0.nodes[index($0, "silu")].outputs = [ValueID(10_000)] },
    Damage("graph.redefinition") { $0.nodes[0].outputs += $0.nodes[0].outputs },
    Damage("graph.undefined") { $0.values.append(Value(type: TensorType(.float32, [1]), producer: 0)) },
    Damage("graph.type") { $0.values[$0.nodes[index($0, "silu")].outputs[0].index].type.shape[0] = 7 },
    Damage("shape.silu.operands") { graph in
      let node = index(graph, "silu")
      graph.nodes[node].inputs.append(graph.nodes[node].inputs[0])
    },
    Damage("shape.extent") { $0.values[$0.inputs[0].value.index].type.shape[0] = 0 },
    Damage("shape.size") { $0.values[$0.inputs[0].value.index].type.shape = [1 << 40, 1 << 40] },
    Damage("graph.leaf") { $0.nodes[index($0, "parameter")].inputs = [$0.inputs[0].value] },
    Damage("graph.input") { $0.inputs[0].value = $0.parameters[0].value },
    Damage("graph.input") { $0.inputs.removeAll() },
    Damage("graph.name") { $0.inputs.append($0.inputs[0]) },
    Damage("graph.input") { $0.inputs.append(GraphInput(name: "again", value: $0.inputs[0].value)) },
    Damage("graph.value") { $0.inputs[0].value = ValueID(10_000) },
    Damage("graph.variable") { $0.parameters[0].value = $0.parameters[1].value },
    Damage("graph.variable") { $0.parameters[0].name = "other" },
    Damage("graph.variable") { $0.parameters.removeLast() },
    Damage("graph.name") { $0.parameters.append($0.parameters[0]) },
    Damage("graph.initializer") { $0.parameters[0].initializer = .values([1]) },
    Damage("graph.trainable") { $0.buffers[0].isTrainable = true },
    Damage("graph.value") { $0.outputs = [ValueID(10_000)] },
    Damage("graph.update") { $0.bufferUpdates[0].buffer = $0.parameters[0].value },
    Damage("graph.update") { $0.bufferUpdates.append($0.bufferUpdates[0]) },
    Damage("graph.update") { $0.bufferUpdates[0].value = $0.outputs[0] },
    Damage("graph.value") { $0.bufferUpdates[0].value = ValueID(-5) },
  ]

  @Test(arguments: damages)
  func findsDamage(_ damage: Damage) throws {
    var graph = try SampleNetworks.small()
    try graph.verify()
    damage.apply(&graph)
    do {
      try graph.verify()
      Issue.record("the damage was not found")
    } catch {
      #expect(error.identifier == damage.identifier, "\(error.description)")
    }
  }

  @Test func constantsMustHaveAllTheirValues() throws {
    for constant in [Constant.values([1, 2, 3], shape: [2, 2]), .integers([1, 2, 3], shape: [2, 2])] {
      var builder = GraphBuilder()
      builder.setOutputs([builder.constant(constant)])
      let graph = builder.graph
      #expect(throws: GraphError.self) { try graph.verify() }
    }
  }
}
