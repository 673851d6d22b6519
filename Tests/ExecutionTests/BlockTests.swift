import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

/// Images in blocks of sixteen, against plain loops in double precision and against the same graph without blocks.
@Suite struct BlockTests {
  struct Shape: CustomTestStringConvertible {
    var images: [Int]
    var channels: Int
    var kernel: Size2D
    var stride = Size2D(1, 1)
    var padding = Size2D(0, 0)
    var paddingAfter: Size2D?
    var dilation = Size2D(1, 1)
    var groups = 1
    var hasBias = false

    var convolution: Convolution {
      Convolution(
        stride: stride, padding: padding, paddingAfter: paddingAfter ?? padding, dilation: dilation,
        groups: groups, hasBias: hasBias)
    }

    var testDescription: String { "\(images) to \(channels) by \(kernel), \(convolution)" }
  }

  static let shapes: [Shape] = [
    Shape(images: [16, 1, 1, 1], channels: 1, kernel: Size2D(1, 1), hasBias: true),
    Shape(images: [16, 1, 5, 7], channels: 1, kernel: Size2D(3, 3), padding: Size2D(1, 1)),
    Shape(images: [32, 3, 9, 8], channels: 5, kernel: Size2D(3, 3), padding: Size2D(1, 1), hasBias: true),
    Shape(images: [16, 8, 8, 8], channels: 17, kernel: Size2D(3, 3), padding: Size2D(1, 1)),
    Shape(images: [16, 7, 6, 9], channels: 23, kernel: Size2D(1, 1), hasBias: true),
    Shape(images: [16, 5, 9, 10], channels: 4, kernel: Size2D(1, 1), stride: Size2D(2, 2)),
    Shape(
      images: [16, 3, 11, 10], channels: 9, kernel: Size2D(3, 3), stride: Size2D(2, 2),
      padding: Size2D(1, 1)),
    Shape(
      images: [16, 2, 13, 12], channels: 3, kernel: Size2D(7, 5), stride: Size2D(2, 3),
      padding: Size2D(3, 2), hasBias: true),
    Shape(
      images: [16, 2, 9, 9], channels: 3, kernel: Size2D(3, 3), padding: Size2D(0, 2),
      paddingAfter: Size2D(1, 0)),
    Shape(
      images: [16, 2, 10, 11], channels: 3, kernel: Size2D(3, 2), padding: Size2D(4, 2),
      dilation: Size2D(2, 3)),
    Shape(
      images: [16, 2, 12, 12], channels: 2, kernel: Size2D(3, 3), stride: Size2D(2, 2),
      padding: Size2D(2, 2), dilation: Size2D(2, 2)),
    Shape(
      images: [16, 2, 10, 9], channels: 2, kernel: Size2D(2, 3), stride: Size2D(3, 2), padding: Size2D(1, 5),
      dilation: Size2D(4, 3)),
    Shape(images: [16, 2, 7, 7], channels: 2, kernel: Size2D(2, 2), stride: Size2D(4, 4)),
    Shape(images: [16, 2, 3, 3], channels: 2, kernel: Size2D(1, 1), padding: Size2D(3, 3)),
    Shape(images: [16, 6, 6, 6], channels: 6, kernel: Size2D(3, 3), padding: Size2D(1, 1), groups: 6),
    Shape(
      images: [16, 6, 7, 6], channels: 12, kernel: Size2D(5, 5), stride: Size2D(2, 2), padding: Size2D(2, 2),
      groups: 6, hasBias: true),
    Shape(images: [16, 8, 6, 6], channels: 4, kernel: Size2D(3, 3), padding: Size2D(1, 1), groups: 2),
    // Depthwise, by a kernel of their own.
    Shape(
      images: [16, 3, 9, 8], channels: 3, kernel: Size2D(3, 3), stride: Size2D(2, 2), padding: Size2D(1, 1),
      groups: 3, hasBias: true),
    Shape(
      images: [32, 2, 13, 11], channels: 2, kernel: Size2D(5, 5), padding: Size2D(2, 2), groups: 2,
      hasBias: true),
    Shape(images: [16, 2, 9, 14], channels: 2, kernel: Size2D(3, 3), groups: 2),
    Shape(images: [16, 2, 1, 2], channels: 2, kernel: Size2D(3, 3), padding: Size2D(1, 1), groups: 2),
    Shape(
      images: [16, 2, 4, 3], channels: 2, kernel: Size2D(3, 3), padding: Size2D(4, 3),
      paddingAfter: Size2D(0, 5),
      groups: 2),
    Shape(
      images: [16, 2, 6, 5], channels: 2, kernel: Size2D(5, 5), stride: Size2D(2, 2), padding: Size2D(0, 3),
      paddingAfter: Size2D(3, 1), groups: 2),
    Shape(
      images: [32, 2, 8, 17], channels: 2, kernel: Size2D(3, 3), stride: Size2D(2, 2), padding: Size2D(2, 1),
      groups: 2),
    Shape(
      images: [16, 3, 11, 16], channels: 3, kernel: Size2D(5, 5), stride: Size2D(2, 2), padding: Size2D(2, 2),
      groups: 3, hasBias: true),
    Shape(images: [16, 1, 7, 5], channels: 1, kernel: Size2D(5, 5), padding: Size2D(1, 4), hasBias: true),
    // Blocks that are not full.
    Shape(images: [9, 3, 6, 7], channels: 5, kernel: Size2D(3, 3), padding: Size2D(1, 1), hasBias: true),
    Shape(images: [20, 6, 5, 5], channels: 6, kernel: Size2D(3, 3), padding: Size2D(1, 1), groups: 6),
    Shape(images: [45, 10, 4, 3], channels: 7, kernel: Size2D(1, 1), hasBias: true),
    Shape(images: [33, 9, 8, 8], channels: 10, kernel: Size2D(3, 3), padding: Size2D(1, 1), hasBias: true),
    // Pixel by pixel, more pixels than are done at a time, and of more channels than are copied together.
    Shape(images: [32, 50, 9, 8], channels: 7, kernel: Size2D(1, 1)),
    Shape(images: [16, 50, 3, 23], channels: 67, kernel: Size2D(1, 1)),
    Shape(images: [16, 67, 3, 23], channels: 50, kernel: Size2D(1, 1)),
    Shape(images: [16, 20, 5, 3], channels: 12, kernel: Size2D(1, 1), groups: 2, hasBias: true),
    // Strides that leave pixels without a tap, line by line and lines as one.
    Shape(images: [16, 5, 6, 6], channels: 8, kernel: Size2D(1, 1), stride: Size2D(2, 2)),
    Shape(images: [16, 8, 9, 1], channels: 9, kernel: Size2D(1, 1), stride: Size2D(2, 2)),
    // Lines as one, of several taps, and of so many channels that few pixels are copied together.
    Shape(images: [16, 4, 6, 5], channels: 9, kernel: Size2D(3, 1), hasBias: true),
    Shape(images: [16, 1600, 1, 2], channels: 7, kernel: Size2D(1, 1)),
    // By Winograd's algorithm.
    Shape(images: [48, 9, 8, 8], channels: 10, kernel: Size2D(3, 3), padding: Size2D(1, 1), hasBias: true),
    Shape(images: [32, 8, 10, 8], channels: 17, kernel: Size2D(3, 3)),
    Shape(
      images: [16, 11, 7, 12], channels: 8, kernel: Size2D(3, 3), padding: Size2D(0, 2),
      paddingAfter: Size2D(2, 1), hasBias: true),
    Shape(images: [16, 16, 8, 4], channels: 32, kernel: Size2D(3, 3), padding: Size2D(1, 1), groups: 2),
    Shape(images: [16, 70, 20, 8], channels: 8, kernel: Size2D(3, 3), padding: Size2D(1, 1)),
    Shape(images: [32, 9, 8, 8], channels: 8, kernel: Size2D(5, 5), padding: Size2D(2, 2), hasBias: true),
    Shape(
      images: [16, 8, 9, 10], channels: 11, kernel: Size2D(5, 5), padding: Size2D(0, 3),
      paddingAfter: Size2D(1, 4)),
    Shape(images: [16, 2, 60, 70], channels: 2, kernel: Size2D(5, 3), padding: Size2D(2, 1)),
    Shape(images: [16, 40, 16, 16], channels: 2, kernel: Size2D(3, 3), padding: Size2D(1, 1)),
  ]

  /// A convolution with its gradients, and what to feed it with.
  static func convolutionGraph(_ shape: Shape) throws -> (graph: Graph, feeds: [String: [Float]]) {
    var builder = GraphBuilder()
    let images = builder.input("x", TensorType(.float32, shape.images))
    let weightShape = [
      shape.channels, shape.images[1] / shape.groups, shape.kernel.height, shape.kernel.width,
    ]
    let weight = builder.input("w", TensorType(.float32, weightShape))
    var operands = [images, weight]
    if shape.hasBias { operands.append(builder.input("b", TensorType(.float32, [shape.channels]))) }
    let result = try builder.apply(.convolution(shape.convolution), operands)[0]
    let type = builder.type(of: result)
    let gradient = builder.input("g", type)
    let imageGradient = try builder.apply(
      .convolutionInputGradient(shape.convolution, inputShape: shape.images), [weight, gradient])[0]
    let weightGradient = try builder.apply(
      .convolutionWeightGradient(shape.convolution, weightShape: weightShape), [images, gradient])[0]
    builder.setOutputs([result, imageGradient, weightGradient])
    return (builder.graph, feeds(builder.graph, seed: 7))
  }

  @Test(arguments: InstructionSet.supported, shapes)
  func convolutionsAgreeWithReference(on set: InstructionSet, shape: Shape) throws {
    let (graph, feeds) = try Self.convolutionGraph(shape)
    let layouts = LayoutAssignment(graph, graph.nodes)
    try #require(layouts.values.contains { $0.layout == .blocks })
    let expected = ReferenceEvaluator.run(graph, feeds.mapValues { $0.map(Double.init) })
    let actual = try run(graph, feeds, on: set)
    for (index, (ours, theirs)) in zip(actual, expected).enumerated() {
      let scale = theirs.elements.reduce(1) { max($0, abs($1)) }
      #expect(
        difference(ours.map { $0 / scale }, theirs.elements.map { $0 / scale }) < 1e-5, "result \(index)")
    }
  }

  /// Residuals, bounds and gates of every kernel, also with a residual in the result's place.
  @Test(arguments: InstructionSet.supported, shapes)
  func finishedConvolutionsAgreeWithReference(on set: InstructionSet, shape: Shape) throws {
    let (plain, _) = try Self.convolutionGraph(shape)
    var builder = GraphBuilder(continuing: plain)
    func input(_ name: String, as value: ValueID) -> ValueID { builder.input(name, builder.type(of: value)) }
    let (y, imageGradient) = (plain.outputs[0], plain.outputs[1])
    let (residual, other, gate) = (
      input("r", as: y), input("o", as: imageGradient), input("z", as: imageGradient)
    )
    // Computed, so that they lie in the arena and may be overwritten.
    let first = try builder.apply(.unary(.square), [residual])[0]
    let second = try builder.apply(.unary(.square), [other])[0]
    let sum = try builder.apply(.binary(.add), [first, y])[0]
    let gradients = try builder.apply(.binary(.add), [imageGradient, second])[0]
    builder.setOutputs([
      try builder.apply(.unary(.relu6), [sum])[0],
      try builder.apply(.unaryGradient(.hardTanh(lower: -0.5, upper: 1)), [gate, gradients])[0],
    ])
    let graph = builder.graph
    let plan = try ExecutionPlan(graph, kernels: try set.kernels())
    let names = plan.steps.map(\.label.name)
    #expect(names.contains("convolution+add+relu6"))
    #expect(names.contains("convolutionInputGradient+add+hardTanhGradient"))
    let feeds = Self.feeds(graph, seed: 8)
    let reference = feeds.mapValues { $0.map(Double.init) }
    let expected = ReferenceEvaluator.run(graph, reference)
    // What is left between bounds is as inexact as the sums were.
    let sums = ReferenceEvaluator.run(plain, reference)
    let actual = try run(graph, feeds, on: set)
    for (index, (ours, theirs)) in zip(actual, expected).enumerated() {
      let scale = sums[index].elements.reduce(1) { max($0, abs($1)) }
      #expect(
        difference(ours.map { $0 / scale }, theirs.elements.map { $0 / scale }) < 1e-5, "result \(index)")
    }
  }

  /// The shapes above that are meant for Winograd's algorithm are done by it, and only they.
  @Test func algorithmsAreChosenByShape() throws {
    let chosen = Self.shapes.filter { shape in
      let convolution = shape.convolution
      let height =
        shape.images[2] + shape.padding.height + convolution.paddingAfter.height - shape.kernel.height + 1
      let width =
        shape.images[3] + shape.padding.width + convolution.paddingAfter.width - shape.kernel.width + 1
      let lowering = ConvolutionLowering(
        convolution, images: shape.images,
        weight: [
          shape.channels, shape.images[1] / shape.groups, shape.kernel.height, shape.kernel.width,
        ],
        output: [shape.images[0], shape.channels, height, width])
      return lowering.blockKernel?.isWinograd == true
    }
    #expect(chosen.count == 9)
    #expect(chosen.allSatisfy { $0.kernel.height >= 3 && $0.images[1] >= 8 })
  }

  private static func feeds(_ graph: Graph, seed: UInt64) -> [String: [Float]] {
    var stream = RandomStream(seed: seed)
    return Dictionary(
      uniqueKeysWithValues: graph.inputs.map { input in
        (input.name, (0..<graph.type(of: input.value).elementCount).map { _ in Float(stream.normal()) })
      })
  }

  /// What follows a convolution, so that it finds its operand in blocks.
  typealias Tail = @Sendable (inout GraphBuilder, ValueID) throws -> ValueID

  static let tails: [(name: String, tail: Tail)] = [
    ("relu", { try $0.apply(.unary(.relu), [$1])[0] }),
    ("gelu", { try $0.apply(.unary(.gelu), [$1])[0] }),
    ("square of itself", { try $0.apply(.binary(.multiply), [$1, $1])[0] }),
    (
      "scalar",
      { try $0.apply(.binary(.multiply), [$0.constant(.fill(3, TensorType(.float32, []))), $1])[0] }
    ),
    (
      "channels",
      {
        let bias = $0.constant(.values([1, 2, 3, 4, 5, 6], shape: [6, 1, 1]))
        return try $0.apply(.binary(.add), [$1, bias])[0]
      }
    ),
    (
      "columns",
      {
        let bias = $0.constant(.values([1, 2, 3, 4, 5, 6, 7], shape: [7]))
        return try $0.apply(.binary(.subtract), [bias, $1])[0]
      }
    ),
    (
      "squeeze and excite",
      {
        let mean = try $0.apply(.adaptiveAveragePooling(height: 1, width: 1), [$1])[0]
        return try $0.apply(.binary(.multiply), [$1, try $0.apply(.unary(.sigmoid), [mean])[0]])[0]
      }
    ),
    (
      "select",
      {
        let condition = try $0.apply(.binary(.less), [$1, try $0.apply(.unary(.sine), [$1])[0]])[0]
        return try $0.apply(
          .select, [condition, $1, $0.constant(.fill(0.5, TensorType(.float32, [])))])[0]
      }
    ),
    (
      "batch normalization",
      {
        let normalization = BatchNormalization(
          isAffine: false, tracksRunningStatistics: false, isTraining: true)
        return try $0.apply(.batchNormalization(normalization), [$1])[0]
      }
    ),
    (
      "maximum pooling",
      {
        let pooling = Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2))
        return try $0.apply(.maximumPooling(pooling), [$1])[0]
      }
    ),
    (
      "overlapping maxima",
      {
        let pooling = Pooling(kernel: Size2D(3, 3), stride: Size2D(1, 2), padding: Size2D(1, 1))
        return try $0.apply(.maximumPooling(pooling), [$1])[0]
      }
    ),
    (
      "average pooling",
      {
        let window = Pooling(kernel: Size2D(3, 2), stride: Size2D(2, 1), padding: Size2D(1, 1))
        return try $0.apply(.averagePooling(AveragePooling(window: window, countsPadding: false)), [$1])[0]
      }
    ),
    (
      // More columns than are summed at a time.
      "averages of a wide image",
      {
        let wide = try $0.apply(.pad(before: [0, 0, 0, 0], after: [0, 0, 0, 104], value: 1), [$1])[0]
        let window = Pooling(kernel: Size2D(2, 3), stride: Size2D(1, 1), padding: Size2D(1, 1))
        return try $0.apply(.averagePooling(AveragePooling(window: window, countsPadding: true)), [wide])[0]
      }
    ),
    (
      "averages of as many",
      {
        let window = Pooling(kernel: Size2D(3, 3), stride: Size2D(1, 1), padding: Size2D(1, 1))
        return try $0.apply(.averagePooling(AveragePooling(window: window, countsPadding: false)), [$1])[0]
      }
    ),
    (
      "averages by a number of their own",
      {
        let window = Pooling(kernel: Size2D(5, 3), stride: Size2D(1, 1), padding: Size2D(2, 0))
        let pooling = AveragePooling(window: window, countsPadding: true, divisor: 7)
        return try $0.apply(.averagePooling(pooling), [$1])[0]
      }
    ),
    (
      // More columns than sums are kept for.
      "averages of a wide window",
      {
        let wide = try $0.apply(.pad(before: [0, 0, 0, 0], after: [0, 0, 0, 40], value: 1), [$1])[0]
        let window = Pooling(kernel: Size2D(2, 40), stride: Size2D(1, 2))
        return try $0.apply(.averagePooling(AveragePooling(window: window, countsPadding: true)), [wide])[0]
      }
    ),
    ("adaptive averages", { try $0.apply(.adaptiveAveragePooling(height: 3, width: 2), [$1])[0] }),
    ("adaptive maxima", { try $0.apply(.adaptiveMaximumPooling(height: 2, width: 3), [$1])[0] }),
    ("flatten", { try $0.apply(.reshape([$0.type(of: $1).shape[0], 6 * 5 * 7]), [$1])[0] }),
    (
      "reshape across images",
      { try $0.apply(.reshape([2 * $0.type(of: $1).shape[0], 3, 5, 7]), [$1])[0] }
    ),
    (
      "concatenation",
      { try $0.apply(.concatenate(axis: 1), [$1, try $0.apply(.unary(.tanh), [$1])[0], $1])[0] }
    ),
    (
      "concatenation of images",
      { try $0.apply(.concatenate(axis: 0), [$1, try $0.apply(.unary(.tanh), [$1])[0]])[0] }
    ),
    ("slice of channels", { try $0.apply(.slice(Slice(axis: 1, start: 1, end: 5, step: 2)), [$1])[0] }),
    ("slice of images", { try $0.apply(.slice(Slice(axis: 0, start: 1, end: 7, step: 2)), [$1])[0] }),
    ("border", { try $0.apply(.pad(before: [0, 1, 2, 0], after: [0, 0, 1, 3], value: 2), [$1])[0] }),
    (
      "border of images",
      { try $0.apply(.pad(before: [1, 0, 0, 0], after: [0, 0, 0, 0], value: 2), [$1])[0] }
    ),
    ("mean of planes", { try $0.apply(.reduce(Reduction(.mean, axes: [2, 3])), [$1])[0] }),
    ("mean of channels", { try $0.apply(.reduce(Reduction(.mean, axes: [0, 2, 3])), [$1])[0] }),
    ("maximum of columns", { try $0.apply(.reduce(Reduction(.maximum, axes: [3])), [$1])[0] }),
    ("softmax", { try $0.apply(.softmax(axis: 1), [$1])[0] }),
    ("transpose", { try $0.apply(.transpose([0, 2, 3, 1]), [$1])[0] }),
    (
      "a second convolution",
      {
        let weight = $0.constant(
          .values((0..<54).map { Float($0) / 50 - 0.5 }, shape: [1, 6, 3, 3]))
        let convolution = Convolution(padding: Size2D(1, 1), hasBias: false)
        return try $0.apply(.convolution(convolution), [$1, weight])[0]
      }
    ),
  ]

  /// The tail behind a convolution of so many images, with its gradients, and what to feed it with.
  static func tailGraph(_ tail: Tail, images count: Int) throws -> (graph: Graph, feeds: [String: [Float]]) {
    var builder = GraphBuilder()
    let images = builder.input("x", TensorType(.float32, [count, 2, 5, 7]))
    let weight = builder.input("w", TensorType(.float32, [6, 2, 3, 3]))
    let convolved = try builder.apply(
      .convolution(Convolution(padding: Size2D(1, 1), hasBias: false)), [images, weight])[0]
    let result = try tail(&builder, convolved)
    let type = builder.type(of: result)
    let weights = builder.input("weights", type)
    let product = try builder.apply(.binary(.multiply), [result, weights])[0]
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: Array(type.shape.indices))), [product])[0]
    builder.setOutputs([loss, result])
    let graph = try builder.graph.gradients(of: loss, withRespectTo: [images, weight])
    return (graph, feeds(graph, seed: 3))
  }

  /// Every kind of operation behind a convolution, with its gradient, in blocks, full or not, and row-major.
  @Test(arguments: InstructionSet.supported, tails.indices)
  func blocksChangeNoResult(on set: InstructionSet, index: Int) throws {
    for images in [16, 21, 8] { try expectBlocksChangeNoResult(on: set, index: index, images: images) }
  }

  private func expectBlocksChangeNoResult(on set: InstructionSet, index: Int, images: Int) throws {
    let (graph, feeds) = try Self.tailGraph(Self.tails[index].tail, images: images)
    var results: [[[Double]]] = []
    for usesBlocks in [false, true] {
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
      let executor = try Executor(
        graph: graph, variables: variables, memoryLimit: nil, instructionSet: set, reusesMemory: true,
        usesBlocks: usesBlocks)
      results.append(try executor.results(of: graph, feeds: feeds))
    }
    let weights = try #require(feeds["weights"])
    for (place, (rows, blocks)) in zip(results[0], results[1]).enumerated() {
      // The loss is as exact as what it is the sum of, whatever cancels.
      let terms = place == 0 ? zip(results[0][1], weights).map { $0 * Double($1) } : rows
      let scale = place == 0 ? terms.reduce(1) { $0 + abs($1) } : terms.reduce(1) { max($0, abs($1)) }
      #expect(
        difference(blocks.map { $0 / scale }, rows.map { $0 / scale }) < 1e-5,
        "result \(place) of \(Self.tails[index].name) for \(images) images")
    }
  }
}
