import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

/// Fused steps against one step for every node, and against plain loops in double precision.
@Suite struct FusionTests {
  static let shapes = [
    [16, 3, 5, 7], [48, 1, 3, 4], [32, 9, 8, 8], [1, 3, 6, 5], [5, 4, 1, 1], [16, 8, 1, 1],
    [21, 3, 5, 7], [9, 9, 8, 8],
  ]

  @Test(arguments: 0..<48 as Range<UInt64>)
  func fusionChangesNoResult(seed: UInt64) throws {
    let shape = Self.shapes[Int(seed) % Self.shapes.count]
    let graph = try RandomNetworks.graph(seed: seed, images: shape, isTraining: seed % 4 != 3)
    let feeds = RandomNetworks.feeds(graph, seed: seed)
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: seed))
    var reference = feeds.mapValues { $0.map(Double.init) }
    for name in variables.names { reference[name] = variables.values(of: name)?.map(Double.init) }
    let expected = ReferenceEvaluator.run(graph, reference)
    for set in InstructionSet.supported {
      try expectAgreement(graph, feeds, expected.map(\.elements), on: set, seed: seed)
    }
  }

  /// Runs fused and unfused, and compares both with the reference: fusion may not cost accuracy.
  private func expectAgreement(
    _ graph: Graph, _ feeds: [String: [Float]], _ expected: [[Double]], on set: InstructionSet, seed: UInt64
  ) throws {
    var results: [[[Double]]] = []
    var buffers: [[[Float]?]] = []
    for fuses in [false, true] {
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: seed))
      let executor = try Executor(
        graph: graph, variables: variables, memoryLimit: nil, instructionSet: set, reusesMemory: true,
        fuses: fuses)
      results.append(try executor.results(of: graph, feeds: feeds))
      buffers.append(variables.names.map { variables.values(of: $0) })
    }
    for (index, expected) in expected.enumerated() {
      let scale = expected.reduce(1) { max($0, abs($1)) }
      let errors = results.map { difference($0[index].map { $0 / scale }, expected.map { $0 / scale }) }
      #expect(errors[1] < max(1e-4, 4 * errors[0]), "result \(index): \(errors)")
    }
    for (plain, fused) in zip(buffers[0], buffers[1]) {
      let (plain, fused) = (try #require(plain), try #require(fused))
      #expect(difference(fused.map(Double.init), plain.map(Double.init)) < 1e-4)
    }
  }

  /// Channels too large for the cache together are normalised some at a time, which changes no bit of any.
  @Test(arguments: [[16, 4, 70, 70], [2, 4, 150, 210]])
  func largeChannelsAreTakenInParts(shape: [Int]) throws {
    let (plane, channels) = (shape[2] * shape[3], shape[1])
    func channel(_ index: Int, of values: [Float]) -> [Float] {
      var result: [Float] = []
      for image in 0..<shape[0] {
        let start = (image * channels + index) * plane
        result += values[start..<start + plane]
      }
      return result
    }
    let graph = try normalization([shape[0], channels, shape[2], shape[3]])
    let single = try normalization([shape[0], 1, shape[2], shape[3]])
    let feeds = RandomNetworks.feeds(graph, seed: 3)
    let values = RandomNetworks.feeds(graph, seed: 4)["factor"] ?? []
    for set in InstructionSet.supported {
      let whole = try gradient(of: graph, at: values, feeds, on: set)
      #expect(whole.contains { $0 != 0 })
      for index in 0..<channels {
        let alone = try gradient(
          of: single, at: channel(index, of: values), feeds.mapValues { channel(index, of: $0) }, on: set)
        #expect(channel(index, of: whole) == alone, "channel \(index) on \(set)")
      }
    }
  }

  /// Σ relu(normalised x) · factor, with the gradient of x.
  private func normalization(_ shape: [Int]) throws -> Graph {
    var builder = GraphBuilder()
    let type = TensorType(.float32, shape)
    let factor = builder.input("factor", type)
    let x = builder.parameter("x", type, initializer: .constant(0))
    let normalization = BatchNormalization(
      isAffine: false, tracksRunningStatistics: false, isTraining: true)
    let y = try builder.apply(.batchNormalization(normalization), [x])[0]
    let product = try builder.apply(
      .binary(.multiply), [try builder.apply(.unary(.relu), [y])[0], factor])[0]
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0, 1, 2, 3])), [product])[0]
    builder.setOutputs([loss])
    return try builder.graph.differentiated(loss: loss).graph
  }

  private func gradient(
    of graph: Graph, at x: [Float], _ feeds: [String: [Float]], on set: InstructionSet
  ) throws -> [Float] {
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 3))
    try variables.setValues(x, of: "x")
    let executor = try Executor(graph: graph, variables: variables, instructionSet: set)
    return try executor.results(of: graph, feeds: feeds)[1].map(Float.init)
  }

  /// The steps of a plan, by name.
  private func steps(
    trains: Bool = true, _ build: (inout GraphBuilder, ValueID) throws -> ValueID
  ) throws -> [String] {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [16, 4, 6, 6]))
    let weight = builder.parameter(
      "weight", TensorType(.float32, [4, 4, 3, 3]), initializer: .normal(mean: 0, standardDeviation: 1))
    let convolution = Convolution(padding: Size2D(1, 1), hasBias: false)
    let y = try build(&builder, try builder.apply(.convolution(convolution), [x, weight])[0])
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0, 1, 2, 3])), [y])[0]
    builder.setOutputs(trains ? [loss] : [y])
    let graph = trains ? try builder.graph.differentiated(loss: loss).graph : builder.graph
    return try ExecutionPlan(graph, kernels: try InstructionSet.preferred().kernels()).steps.map(\.label.name)
  }

  private static func normalized(
    _ builder: inout GraphBuilder, _ x: ValueID, isTraining: Bool = true
  ) throws
    -> ValueID
  {
    let type = TensorType(.float32, [4])
    let statistics = [
      builder.buffer("mean", type, initializer: .uniform(lower: -1, upper: 1)),
      builder.buffer("variance", type, initializer: .uniform(lower: 1, upper: 2)),
    ]
    let normalization = BatchNormalization(isAffine: false, isTraining: isTraining)
    return try builder.apply(.batchNormalization(normalization), [x] + statistics)[0]
  }

  @Test(arguments: [UnaryFunction.relu, .relu6, .silu, .hardSwish, .hardTanh(lower: -1, upper: 1)])
  func normalizationAndActivationAreOneStep(function: UnaryFunction) throws {
    let names = try steps { builder, x in
      try builder.apply(.unary(function), [try Self.normalized(&builder, x)])[0]
    }
    let activation = Operation.unary(function).name
    #expect(names.contains("batchNormalization+\(activation)"))
    #expect(names.contains("\(activation)Gradient+batchNormalizationGradient"))
    #expect(!names.contains(activation))
    #expect(!names.contains("\(activation)Gradient"))
  }

  /// Running statistics scale the weights, and bounds are kept where the sums are.
  @Test(arguments: [UnaryFunction.relu, .relu6, .hardTanh(lower: -1, upper: 1)])
  func convolutionsTakeInWhatFollows(function: UnaryFunction) throws {
    let activation = Operation.unary(function).name
    let inference = try steps(trains: false) { builder, x in
      let y = try Self.normalized(&builder, x, isTraining: false)
      return try builder.apply(.unary(function), [y])[0]
    }
    #expect(inference.contains("convolution+batchNormalization+\(activation)"))
    #expect(!inference.contains("batchNormalization") && !inference.contains(activation))
    for trains in [false, true] {
      let names = try steps(trains: trains) { try $0.apply(.unary(function), [$1])[0] }
      #expect(names.contains("convolution+\(activation)") == (!trains || function.keepsSign))
    }
    let others = try steps(trains: false) { builder, x in
      let y = try Self.normalized(&builder, x, isTraining: false)
      return try builder.apply(.unary(.tanh), [y])[0]
    }
    #expect(others.contains("batchNormalization+tanh"))
  }

  /// Every kernel of convolutions in blocks, with bias, normalisation and bounds, against plain loops; not-a-number
  /// and infinity come through.
  @Test(arguments: InstructionSet.supported, [(1, 1), (3, 1), (3, 8), (3, 4), (5, 8), (5, 4), (2, 1)])
  func fusedConvolutionsAgreeWithReference(on set: InstructionSet, shape: (kernel: Int, groups: Int)) throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [16, 8, 7, 9]))
    let type = TensorType(.float32, [8])
    let weight = builder.parameter(
      "weight", TensorType(.float32, [8, 8 / shape.groups, shape.kernel, shape.kernel]),
      initializer: .normal(mean: 0, standardDeviation: 1))
    let vectors = ["bias", "gamma", "beta", "mean", "variance"].map {
      builder.parameter($0, type, initializer: .uniform(lower: 0.5, upper: 1.5))
    }
    let padding = Size2D(shape.kernel / 2, shape.kernel / 2)
    let y = try builder.apply(
      .convolution(Convolution(padding: padding, groups: shape.groups, hasBias: true)),
      [x, weight, vectors[0]])[0]
    let normalized = try builder.apply(
      .batchNormalization(BatchNormalization(isTraining: false)), [y] + vectors.dropFirst())[0]
    builder.setOutputs([try builder.apply(.unary(.relu6), [normalized])[0]])
    let graph = builder.graph
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 5))
    let executor = try Executor(graph: graph, variables: variables, instructionSet: set)
    var feeds = RandomNetworks.feeds(graph, seed: 2)
    var reference = feeds.mapValues { $0.map(Double.init) }
    for name in variables.names { reference[name] = variables.values(of: name)?.map(Double.init) }
    let expected = ReferenceEvaluator.run(graph, reference)[0].elements
    let plain = try executor.results(of: graph, feeds: feeds)[0]
    #expect(difference(plain, expected) < 1e-4)
    feeds["x"]?[7 * 9 * 8 + 31] = .nan
    feeds["x"]?[7 * 9 * 16 + 31] = .infinity
    let results = try executor.results(of: graph, feeds: feeds)[0]
    let image = 7 * 9 * 8
    let places = results.indices.filter { results[$0].isNaN }
    #expect(places.contains { image <= $0 && $0 < 2 * image })
    #expect(places.allSatisfy { image <= $0 && $0 < 3 * image })
  }

  @Test func residualIsAddedInTheSameStep() throws {
    let names = try steps { builder, x in
      let sum = try builder.apply(.binary(.add), [x, try Self.normalized(&builder, x)])[0]
      return try builder.apply(.unary(.relu), [sum])[0]
    }
    #expect(names.contains("batchNormalization+add+relu"))
    #expect(!names.contains("relu"))
  }

  /// The sums of a cell's edges, and those of their gradients, are taken where convolutions store their results.
  @Test func convolutionsAddWhatTheyMeet() throws {
    func cell(_ builder: inout GraphBuilder, _ x: ValueID) throws -> ValueID {
      let convolution = Convolution(padding: Size2D(1, 1), hasBias: false)
      let y = try builder.apply(.unary(.relu), [x])[0]
      var sum: ValueID?
      for edge in 0..<3 {
        let weight = builder.parameter(
          "edge\(edge)", TensorType(.float32, [4, 4, 3, 3]),
          initializer: .normal(mean: 0, standardDeviation: 1))
        let z = try builder.apply(.convolution(convolution), [y, weight])[0]
        sum = try sum.map { try builder.apply(.binary(.add), [$0, z])[0] } ?? z
      }
      return try builder.apply(.unary(.relu), [try #require(sum)])[0]
    }
    let names = try steps(cell)
    #expect(names.count { $0 == "convolution+add" } == 1)
    #expect(names.count { $0 == "convolution+add+relu" } == 1)
    #expect(names.count { $0 == "convolutionInputGradient+add" } == 1)
    #expect(names.count { $0 == "convolutionInputGradient+add+reluGradient" } == 1)
    #expect(!names.contains("add"))
  }

  /// Nor is a normalised value for that of a depthwise convolution; of others it is.
  @Test(arguments: [4, 1])
  func normalizedValuesAreComputedAnewForDepthwiseConvolutions(groups: Int) throws {
    let names = try steps { builder, x in
      let y = try builder.apply(.unary(.relu6), [try Self.normalized(&builder, x)])[0]
      let weight = builder.parameter(
        "depthwise", TensorType(.float32, [4, 4 / groups, 3, 3]), initializer: .constant(1))
      let convolution = Convolution(padding: Size2D(1, 1), groups: groups, hasBias: false)
      return try builder.apply(.convolution(convolution), [y, weight])[0]
    }
    let count = names.count { $0 == "batchNormalization+relu6+convolutionWeightGradient" }
    #expect(count == (groups == 4 ? 1 : 0))
    #expect(names.count { $0.hasSuffix("convolutionWeightGradient") } == 2)
  }

  /// The results are those of the graph as it is, whole, in sections and by two threads.
  @Test(
    arguments: [UnaryFunction?.none, .relu6, .hardTanh(lower: -0.5, upper: 1)],
    [(3, 1), (5, 2), (3, 2), (7, 1)])
  func depthwiseGradientsOfNormalizedImages(activation: UnaryFunction?, window: (Int, Int)) throws {
    let (channels, kernel, stride) = (6, window.0, window.1)
    for images in [16, 21, 48] {
      var builder = GraphBuilder()
      let x = builder.input("x", TensorType(.float32, [images, channels, 9, 8]))
      func parameter(_ name: String, _ shape: [Int]) -> ValueID {
        builder.parameter(
          name, TensorType(.float32, shape), initializer: .normal(mean: 0, standardDeviation: 1))
      }
      let first = Convolution(padding: Size2D(1, 1), hasBias: false)
      var y = try builder.apply(.convolution(first), [x, parameter("first", [channels, channels, 3, 3])])[0]
      let affine = [parameter("gamma", [channels]), parameter("beta", [channels])]
      let statistics = ["mean", "variance"].map {
        builder.buffer($0, TensorType(.float32, [channels]), initializer: .constant(1))
      }
      y = try builder.apply(
        .batchNormalization(BatchNormalization(isTraining: true)), [y] + affine + statistics)[0]
      if let activation { y = try builder.apply(.unary(activation), [y])[0] }
      let depthwise = Convolution(
        stride: Size2D(stride, stride), padding: Size2D(kernel / 2, kernel / 2), groups: channels,
        hasBias: false)
      y = try builder.apply(
        .convolution(depthwise), [y, parameter("depthwise", [channels, 1, kernel, kernel])])[0]
      let axes = [0, 1, 2, 3]
      let loss = try builder.apply(
        .reduce(Reduction(.mean, axes: axes)), [try builder.apply(.unary(.square), [y])[0]])[0]
      builder.setOutputs([loss])
      let graph = try builder.graph.gradients(
        of: loss, withRespectTo: [x] + builder.graph.parameters.map(\.value))
      let feeds = RandomNetworks.feeds(graph, seed: 7)
      for set in InstructionSet.supported {
        func results(fuses: Bool, sectionByteCount: Int? = nil, team: ThreadTeam? = nil) throws -> [[Double]]
        {
          let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 8))
          return try Executor(
            graph: graph, variables: variables, memoryLimit: nil, instructionSet: set, reusesMemory: true,
            fuses: fuses, team: team, sectionByteCount: sectionByteCount
          ).results(of: graph, feeds: feeds)
        }
        let fused = try results(fuses: true)
        for (result, expected) in zip(fused, try results(fuses: false)) {
          let scale = expected.reduce(1e-3) { max($0, abs($1)) }
          let worst = zip(result, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
          #expect(worst < 1e-5 * scale)
        }
        #expect(try results(fuses: true, sectionByteCount: 1) == fused)
        #expect(try results(fuses: true, team: ThreadTeam(count: 2, leastElements: 1)) == fused)
      }
      let plan = try ExecutionPlan(graph, kernels: try InstructionSet.preferred().kernels())
      #expect(
        plan.steps.count {
          $0.label.name.hasPrefix("batchNormalization")
            && $0.label.name.hasSuffix("convolutionWeightGradient")
        } == 1)
    }
  }

  /// GELU's value is not kept for the weight gradient of what reads it.
  @Test func valuesOfGELUAreComputedAnew() throws {
    let names = try steps { builder, x in
      let weight = builder.parameter(
        "behind", TensorType(.float32, [4, 4, 1, 1]), initializer: .normal(mean: 0, standardDeviation: 1))
      let y = try builder.apply(.unary(.gelu), [x])[0]
      let convolution = Convolution(padding: Size2D(0, 0), hasBias: false)
      return try builder.apply(.convolution(convolution), [y, weight])[0]
    }
    let gradient = try #require(names.firstIndex(of: "geluGradient+gelu"))
    #expect(names.count { $0 == "gelu" } == 1)
    #expect(names[gradient...].count { $0 == "convolutionWeightGradient" } == 2)
  }

  /// Nor where layers read it in another shape; the results are those of the graph as it is.
  @Test(arguments: InstructionSet.supported)
  func valuesOfGELUBetweenLinearLayersAreComputedAnew(on set: InstructionSet) throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [3, 5, 7]))
    var y = x
    for (index, sizes) in [(9, 7), (11, 9), (2, 11)].enumerated() {
      let weight = builder.parameter(
        "weight\(index)", TensorType(.float32, [sizes.0, sizes.1]),
        initializer: .normal(mean: 0, standardDeviation: 1))
      y = try builder.apply(.linear(hasBias: false), [y, weight])[0]
      if index < 2 { y = try builder.apply(.unary(.gelu), [y])[0] }
    }
    let loss = try builder.apply(.reduce(Reduction(.mean, axes: [0, 1, 2])), [y])[0]
    builder.setOutputs([loss])
    let graph = try builder.graph.differentiated(loss: loss).graph
    let names = try ExecutionPlan(graph, kernels: try set.kernels()).steps.map(\.label.name)
    #expect(names.count { $0 == "geluGradient+gelu" } == 2)
    #expect(names.count { $0 == "gelu" } == 2)
    let feeds = RandomNetworks.feeds(graph, seed: 4)
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 5))
    var reference = feeds.mapValues { $0.map(Double.init) }
    for name in variables.names { reference[name] = variables.values(of: name)?.map(Double.init) }
    let expected = ReferenceEvaluator.run(graph, reference)
    let executor = try Executor(graph: graph, variables: variables, instructionSet: set)
    let results = try executor.results(of: graph, feeds: feeds)
    for (ours, theirs) in zip(results, expected) { #expect(difference(ours, theirs.elements) < 1e-5) }
  }

  /// What someone else reads has to be there.
  @Test func sharedValuesAreNotFusedAway() throws {
    let names = try steps { builder, x in
      let y = try Self.normalized(&builder, x)
      return try builder.apply(.binary(.multiply), [try builder.apply(.unary(.relu), [y])[0], y])[0]
    }
    #expect(names.contains("batchNormalization"))
    #expect(names.contains("relu"))
  }

  /// Python's sum() begins at 0, and modules without parameters may be called on the same value many times.
  @Test func nothingIsDoneTwice() throws {
    let names = try steps { builder, x in
      let window = Pooling(kernel: Size2D(3, 3), stride: Size2D(1, 1), padding: Size2D(1, 1))
      var sum = builder.constant(.fill(0, TensorType(.float32, [])))
      for _ in 0..<3 {
        let average = try builder.apply(
          .averagePooling(AveragePooling(window: window, countsPadding: false)), [x])[0]
        sum = try builder.apply(.binary(.add), [sum, average])[0]
      }
      return sum
    }
    #expect(names.count { $0 == "averagePooling" } == 1)
    #expect(names.count { $0 == "averagePoolingGradient" } == 1)
    #expect(names.count { $0 == "add" } == 4)
  }

  /// Not-a-number and infinity come through an activation as in PyTorch: relu(NaN) is NaN.
  @Test(arguments: InstructionSet.supported)
  func notANumberStaysOne(on set: InstructionSet) throws {
    for function in [UnaryFunction.relu, .relu6, .hardTanh(lower: -1, upper: 1)] {
      var builder = GraphBuilder()
      let x = builder.input("x", TensorType(.float32, [1, 4, 3, 3]))
      let y = try builder.apply(
        .unary(function), [try Self.normalized(&builder, x, isTraining: false)])[0]
      builder.setOutputs([y])
      var feed = [Float](repeating: 1, count: 36)
      feed[7] = .nan
      feed[20] = .infinity
      feed[30] = -.infinity
      let result = try run(builder.graph, ["x": feed], on: set)[0]
      #expect(result[7].isNaN)
      #expect(result.count(where: \.isNaN) == 1)
      let bounds: (Double, Double) =
        switch function {
        case .relu: (0, .infinity)
        case .relu6: (0, 6)
        default: (-1, 1)
        }
      #expect(result[20] == bounds.1)
      #expect(result[30] == bounds.0)
    }
  }
}
