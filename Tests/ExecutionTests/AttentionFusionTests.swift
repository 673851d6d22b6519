import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

/// Attention that reads and writes heads where they lie.
@Suite struct AttentionFusionTests {
  /// How a network cuts heads out of what it has and puts them together again.
  enum Heads: CaseIterable {
    /// [B, T, 3, H, D], permuted and indexed, as timm has it.
    case permuted
    /// [B, T, 3 · H · D], cut into three, as torch.chunk does it.
    case chunked
    /// Three tensors, each transposed.
    case separate
    /// The first two of one tensor only.
    case partly
    /// No heads, nothing to transpose.
    case single
    /// Transposed to [H, B, T, D].
    case headsFirst
  }

  static let (batch, tokens, heads, width) = (3, 5, 2, 4)

  private func graph(
    _ kind: Heads, trains: Bool, keepsResult: Bool = false, hasMask: Bool = false
  ) throws -> Graph {
    var builder = GraphBuilder()
    let (b, t, h, d) = (Self.batch, Self.tokens, Self.heads, Self.width)
    func parameter(_ name: String, _ shape: [Int]) -> ValueID {
      builder.parameter(
        name, TensorType(.float32, shape), initializer: .normal(mean: 0, standardDeviation: 1))
    }
    func apply(_ operation: Operation, _ operands: ValueID...) throws -> ValueID {
      try builder.apply(operation, operands)[0]
    }
    func square(_ x: ValueID) throws -> ValueID { try apply(.unary(.square), x) }
    func part(_ x: ValueID, axis: Int, _ range: Range<Int>, _ shape: [Int]) throws -> ValueID {
      let slice = Slice(axis: axis, start: range.lowerBound, end: range.upperBound)
      return try apply(.reshape(shape), try apply(.slice(slice), x))
    }
    var operands: [ValueID]
    switch kind {
    case .permuted:
      let all = try square(parameter("x", [b, t, 3 * h * d]))
      let cut = try apply(.transpose([2, 0, 3, 1, 4]), try apply(.reshape([b, t, 3, h, d]), all))
      operands = try (0..<3).map { try part(cut, axis: 0, $0..<$0 + 1, [b, h, t, d]) }
    case .chunked:
      let all = try square(parameter("x", [b, t, 3 * h * d]))
      operands = try (0..<3).map {
        try apply(
          .transpose([0, 2, 1, 3]), try part(all, axis: 2, $0 * h * d..<($0 + 1) * h * d, [b, t, h, d]))
      }
    case .separate, .headsFirst:
      let order = kind == .separate ? [0, 2, 1, 3] : [2, 0, 1, 3]
      operands = try (0..<3).map {
        let x = try square(parameter("x\($0)", [b, t, h * d]))
        return try apply(.transpose(order), try apply(.reshape([b, t, h, d]), x))
      }
    case .partly:
      let all = try square(parameter("x", [b, t, 2 * h * d]))
      operands = try (0..<2).map {
        try apply(
          .transpose([0, 2, 1, 3]), try part(all, axis: 2, $0 * h * d..<($0 + 1) * h * d, [b, t, h, d]))
      }
      operands.append(try apply(.transpose([0, 1, 3, 2]), parameter("v", [b, h, 7, t])))
    case .single:
      operands = (0..<3).map { parameter("x\($0)", [b, t, h * d]) }
    }
    if hasMask {
      let hidden = (0..<t * t).map { $0 % t > $0 / t ? -Float.infinity : 0 }
      operands.append(builder.constant(.values(hidden, shape: [t, t])))
    }
    var result = try builder.apply(.attention(Attention(scale: 0.5, hasMask: hasMask)), operands)[0]
    let kept = result
    if kind == .headsFirst {
      result = try apply(.transpose([1, 2, 0, 3]), result)
    } else if kind != .single {
      result = try apply(.transpose([0, 2, 1, 3]), result)
    }
    let count = builder.graph.type(of: result).elementCount / (b * t)
    result = try square(try apply(.reshape([b, t, count]), result))
    let loss = try apply(.reduce(Reduction(.sum, axes: [0, 1, 2])), result)
    builder.setOutputs(keepsResult ? [result, kept] : [result])
    return trains ? try builder.graph.differentiated(loss: loss).graph : builder.graph
  }

  @Test(arguments: Heads.allCases, [(false, false), (true, false), (false, true), (true, true)])
  func placesChangeNoResult(kind: Heads, how: (keepsResult: Bool, hasMask: Bool)) throws {
    for trains in [false, true] {
      let graph = try graph(kind, trains: trains, keepsResult: how.keepsResult, hasMask: how.hasMask)
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 3))
      var feeds: [String: [Double]] = [:]
      for name in variables.names { feeds[name] = variables.values(of: name)?.map(Double.init) }
      let expected = ReferenceEvaluator.run(graph, feeds)
      for set in InstructionSet.supported {
        let executor = try Executor(graph: graph, variables: variables, instructionSet: set)
        let ours = try executor.results(of: graph, feeds: [:])
        #expect(ours.count == expected.count)
        for (a, b) in zip(ours, expected) {
          let scale = b.elements.reduce(1) { max($0, abs($1)) }
          #expect(difference(a, b.elements) < 2e-5 * scale)
        }
      }
    }
  }

  @Test(arguments: [Heads.permuted, .chunked, .separate, .headsFirst])
  func noHeadIsCopied(kind: Heads) throws {
    for trains in [false, true] {
      let plan = try ExecutionPlan(graph(kind, trains: trains), kernels: InstructionSet.preferred().kernels())
      let names = plan.steps.map(\.label.name)
      #expect(names.contains("transpose+attention"))
      #expect(names.contains("transpose+attentionGradient") == trains)
      for copy in ["transpose", "slice", "concatenate"] { #expect(!names.contains(copy), "\(names)") }
    }
  }

  /// What others read too is there for them.
  @Test func resultsThatAreYieldedAreCopied() throws {
    let graph = try graph(.permuted, trains: true, keepsResult: true)
    let names = try ExecutionPlan(graph, kernels: InstructionSet.preferred().kernels()).steps.map(
      \.label.name)
    #expect(names.filter { $0 == "transpose" }.count == 1)
    #expect(!names.contains("slice"))
  }

  /// Any chain of views of a dense tensor finds the elements that copies would give, or says that it cannot.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func viewsFindTheirElements(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    var shape = (0..<3).map { _ in [1, 2, 3, 4, 6][stream.integer(below: 5)] }
    let count = shape.reduce(1, *)
    var elements = Array(0..<count)
    var view: StridedTensor? = StridedTensor(dense: shape)
    for _ in 0..<5 {
      guard let present = view else { break }
      let operation: Operation
      let before = (shape, elements)
      switch stream.integer(below: 3) {
      case 0:
        let permutation = stream.permutation(shape.count)
        operation = .transpose(permutation)
        shape = permutation.map { before.0[$0] }
      case 1:
        let axis = stream.integer(below: shape.count)
        let start = stream.integer(below: shape[axis])
        let slice = Slice(axis: axis, start: start, end: shape[axis], step: 1 + stream.integer(below: 2))
        operation = .slice(slice)
        shape[axis] = (slice.end - start + slice.step - 1) / slice.step
      default:
        // Two neighbours as one, and one divided.
        let axis = stream.integer(below: shape.count)
        if axis + 1 < shape.count {
          shape.replaceSubrange(axis...axis + 1, with: [shape[axis] * shape[axis + 1]])
        } else {
          let factor = (1...shape[axis]).filter { shape[axis] % $0 == 0 }.randomElement(using: &stream) ?? 1
          shape.replaceSubrange(axis...axis, with: [shape[axis] / factor, factor])
        }
        operation = .reshape(shape)
      }
      elements = Self.elements(before.1, before.0, operation, shape)
      view = present.viewed(by: operation, shape: shape)
      guard let view else { continue }
      #expect(view.shape == shape)
      #expect(Self.read(view) == elements)
      if case .slice = operation { continue }
      #expect(view.before(operation, shape: before.0).map(Self.read) ?? before.1 == before.1)
    }
  }

  /// The numbers of the elements of a dense tensor that a view shows, in its order.
  private static func read(_ view: StridedTensor) -> [Int] {
    let nest = view.shape.reduce([view.offset]) { offsets, _ in offsets }
    return zip(view.shape, view.strides).reduce(nest) { offsets, axis in
      offsets.flatMap { offset in (0..<axis.0).map { offset + $0 * axis.1 } }
    }
  }

  private static func elements(
    _ old: [Int], _ shape: [Int], _ operation: Operation, _ result: [Int]
  ) -> [Int] {
    let strides = LoopNest.denseStrides(shape)
    switch operation {
    case .transpose(let permutation):
      return zip(result, permutation).reduce([0]) { offsets, axis in
        offsets.flatMap { offset in (0..<axis.0).map { offset + $0 * strides[axis.1] } }
      }.map { old[$0] }
    case .slice(let slice):
      return zip(result, shape.indices).reduce([0]) { offsets, axis in
        let (start, step) = axis.1 == slice.axis ? (slice.start, slice.step) : (0, 1)
        return offsets.flatMap { offset in
          (0..<axis.0).map { offset + (start + $0 * step) * strides[axis.1] }
        }
      }.map { old[$0] }
    default: return old
    }
  }
}
