import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

/// Sums of pointwise convolutions as one product, against plain loops in double precision.
@Suite struct PointwiseSumTests {
  struct Shape: CustomTestStringConvertible {
    var images: [Int]
    /// Of each term's images.
    var channels: [Int]
    var results: Int
    var isNormalized = false
    var hasBias = false
    var addsResidual = false

    var testDescription: String { "\(images) of \(channels) to \(results)" }
  }

  static let shapes = [
    Shape(images: [16, 4, 5], channels: [3, 3], results: 2),
    Shape(images: [20, 5, 7], channels: [16, 16, 16], results: 16, isNormalized: true),
    Shape(images: [48, 8, 8], channels: [5, 17, 1], results: 13, hasBias: true, addsResidual: true),
    Shape(images: [9, 1, 1], channels: [70, 30, 2, 9], results: 25, isNormalized: true, hasBias: true),
    Shape(images: [33, 6, 3], channels: [8, 8], results: 40, isNormalized: true, addsResidual: true),
    // As many channels as are summed together, and one more.
    Shape(images: [16, 3, 3], channels: [256, 256], results: 7, hasBias: true),
    Shape(images: [16, 3, 3], channels: [256, 256, 1], results: 7, hasBias: true),
  ]

  /// The sum, bounded, and the gradient of a value that several convolutions read, behind a gate.
  private func graph(_ shape: Shape, fixed: Bool) throws -> Graph {
    var builder = GraphBuilder()
    func images(_ channels: Int) -> [Int] { [shape.images[0], channels] + shape.images[1...] }
    func vector(_ name: String, _ lower: Double, _ builder: inout GraphBuilder) -> ValueID {
      let type = TensorType(.float32, [shape.results])
      guard fixed else { return builder.input(name, type) }
      return builder.buffer(name, type, initializer: .uniform(lower: lower, upper: 2))
    }
    func convolution(hasBias: Bool) -> Convolution { Convolution(hasBias: hasBias) }
    var sum: ValueID?
    if shape.addsResidual {
      let residual = builder.input("residual", TensorType(.float32, images(shape.results)))
      sum = try builder.apply(.unary(.tanh), [residual])[0]
    }
    var gradients: ValueID?
    for (index, channels) in shape.channels.enumerated() {
      let x = builder.input("x\(index)", TensorType(.float32, images(channels)))
      let weight = builder.input("w\(index)", TensorType(.float32, [shape.results, channels, 1, 1]))
      // With a bias at every second one, and without normalisation at the last.
      var operands = [x, weight]
      let hasBias = shape.hasBias && index % 2 == 0
      if hasBias { operands.append(vector("b\(index)", -1, &builder)) }
      var y = try builder.apply(.convolution(convolution(hasBias: hasBias)), operands)[0]
      if shape.isNormalized, index < shape.channels.count - 1 {
        let normalization = BatchNormalization(isAffine: index == 0, isTraining: false)
        let affine = index == 0 ? [vector("g", 0, &builder), vector("h", -1, &builder)] : []
        let statistics = [vector("m\(index)", -1, &builder), vector("v\(index)", 0.5, &builder)]
        y = try builder.apply(.batchNormalization(normalization), [y] + affine + statistics)[0]
      }
      sum = try sum.map { try builder.apply(.binary(.add), [$0, y])[0] } ?? y

      let turned = builder.input("t\(index)", TensorType(.float32, [channels, shape.results, 1, 1]))
      let gradient = Operation.convolutionInputGradient(
        convolution(hasBias: false), inputShape: images(shape.results))
      let part = try builder.apply(gradient, [turned, x])[0]
      gradients = try gradients.map { try builder.apply(.binary(.add), [part, $0])[0] } ?? part
    }
    let gate = builder.input("gate", TensorType(.float32, images(shape.results)))
    let (result, gradient) = (try #require(sum), try #require(gradients))
    builder.setOutputs([
      try builder.apply(.unary(.relu6), [result])[0],
      try builder.apply(.unaryGradient(.hardTanh(lower: -0.5, upper: 1)), [gate, gradient])[0],
    ])
    return builder.graph
  }

  @Test(arguments: InstructionSet.supported, shapes)
  func sumsAgreeWithReference(on set: InstructionSet, shape: Shape) throws {
    for fixed in [true, false] {
      let graph = try graph(shape, fixed: fixed)
      var feeds = RandomNetworks.feeds(graph, seed: 5)
      for name in feeds.keys where name.hasPrefix("v") { feeds[name] = feeds[name]?.map { abs($0) + 0.5 } }
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 5))
      var reference = feeds.mapValues { $0.map(Double.init) }
      for name in variables.names { reference[name] = variables.values(of: name)?.map(Double.init) }
      let expected = ReferenceEvaluator.run(graph, reference)
      var results: [[[Double]]] = []
      for team in [nil, ThreadTeam(count: 3, leastElements: 1)] {
        let executor = try Executor(
          graph: graph, variables: variables, instructionSet: set, keepsVariables: fixed, team: team)
        results.append(try executor.results(of: graph, feeds: feeds))
      }
      #expect(results[0] == results[1])
      let scale = Double(shape.channels.reduce(1, +)).squareRoot()
      for (ours, theirs) in zip(results[0], expected) {
        #expect(difference(ours.map { $0 / scale }, theirs.elements.map { $0 / scale }) < 1e-5)
      }
    }
  }

  @Test func sumsAreOneStep() throws {
    func names(_ index: Int) throws -> [String] {
      let graph = try graph(Self.shapes[index], fixed: false)
      let plan = try ExecutionPlan(graph, kernels: try InstructionSet.preferred().kernels())
      return plan.steps.map(\.label.name)
    }
    let two = try names(0)
    #expect(two.contains("convolution+convolution+relu6"))
    #expect(two.contains("convolutionInputGradient+convolutionInputGradient+hardTanhGradient"))
    #expect(try names(2).contains("convolution+convolution+convolution+add+relu6"))
    // Too many channels for one.
    let many = try names(6)
    #expect(many.contains("convolution+convolution"))
    #expect(many.contains("convolution+add+relu6"))
  }
}
