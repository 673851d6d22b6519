import NetworkGraph
import RandomStreams
import Testing

/// Whole networks: gradients of a training graph, costs of a published one, the text form.
@Suite struct NetworkTests {
  @Test func trainingGraphsHaveTheRightGradients() throws {
    let forward = try SampleNetworks.small().addingCrossEntropy(labelSmoothing: 0.1)
    #expect(forward.outputs.count == 2)
    #expect(forward.inputs.map(\.name) == ["images", "labels"])
    let training = try forward.differentiated(loss: forward.outputs[0])
    try training.graph.verify()
    #expect(training.gradients.map(\.parameter) == forward.parameters.map(\.name))
    #expect(training.gradients.map(\.output) == Array(2..<(2 + forward.parameters.count)))
    #expect(training.graph.bufferUpdates.count == 2)
    let feeds = SampleNetworks.feeds(forward, classes: 3)
    let outputs = ReferenceEvaluator.run(training.graph, feeds)
    #expect(outputs[0] == ReferenceEvaluator.run(forward, feeds)[0])
    var stream = RandomStream(seed: 2).stream("directions")
    for gradient in training.gradients {
      let point = try #require(feeds[gradient.parameter])
      let direction = point.map { _ in stream.normal() }
      let losses = [1e-5, -1e-5].map { step in
        var moved = feeds
        moved[gradient.parameter] = zip(point, direction).map { $0 + step * $1 }
        return ReferenceEvaluator.run(forward, moved)[0].elements[0]
      }
      let actual = zip(outputs[gradient.output].elements, direction).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(actual - (losses[0] - losses[1]) / 2e-5) < 1e-7, "\(gradient.parameter)")
      #expect(outputs[gradient.output].elements.contains { $0 != 0 } || gradient.parameter == "keys.bias")
    }
  }

  @Test func gradientsReachInputsAndAreZeroWhereNothingDepends() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [3]))
    let unused = builder.parameter("unused", TensorType(.float32, [2]), initializer: .constant(1))
    let frozen = builder.parameter(
      "frozen", TensorType(.float32, [3]), initializer: .constant(1), isTrainable: false)
    let product = try builder.apply(.binary(.multiply), [x, frozen])[0]
    let twice = try builder.apply(.binary(.multiply), [product, x])[0]
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0])), [twice])[0]
    builder.setOutputs([loss])
    let feeds = ["x": [1.0, 2, 3], "frozen": [2.0, 1, -1], "unused": [5.0, 5]]
    let general = try builder.graph.gradients(of: loss, withRespectTo: [x, unused, frozen])
    let outputs = ReferenceEvaluator.run(general, feeds)
    #expect(outputs.dropFirst().map(\.elements) == [[4, 4, -6], [0, 0], [1, 4, 9]])
    let training = try builder.graph.differentiated(loss: loss)
    #expect(training.gradients.map(\.parameter) == ["unused"])
    #expect(ReferenceEvaluator.run(training.graph, feeds)[1].elements == [0, 0])
  }

  @Test func lossesThatHaveNoGradientAreRefused() throws {
    func expect(_ identifier: String, _ body: () throws(GraphError) -> Void) {
      do {
        try body()
        Issue.record("\(identifier) was not thrown")
      } catch {
        #expect(error.identifier == identifier)
      }
    }
    let graph = try SampleNetworks.small()
    let logits = graph.outputs[0]
    expect("gradient.loss") { () throws(GraphError) in _ = try graph.differentiated(loss: logits) }
    expect("graph.value") { () throws(GraphError) in _ = try graph.differentiated(loss: ValueID(-1)) }
    expect("graph.outputs") { () throws(GraphError) in _ = try GraphBuilder().graph.addingCrossEntropy() }
    expect("graph.name") { () throws(GraphError) in
      _ = try graph.addingCrossEntropy().addingCrossEntropy()
    }
    var builder = GraphBuilder()
    let images = builder.input("images", TensorType(.float32, [2, 3, 4, 4]))
    builder.setOutputs([images])
    let unpooled = builder.graph
    expect("shape.crossEntropy.logits") { () throws(GraphError) in _ = try unpooled.addingCrossEntropy() }
    let normalization = BatchNormalization(isAffine: false, tracksRunningStatistics: false, isTraining: true)
    let mean = try builder.apply(.batchNormalization(normalization), [images])[1]
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0])), [mean])[0]
    let auxiliary = builder.graph
    expect("gradient.auxiliary") { () throws(GraphError) in
      _ = try auxiliary.gradients(of: loss, withRespectTo: [images])
    }
  }

  /// torchvision documents 11,689,512 parameters and 1.81 GFLOPS (multiply-accumulates) for ResNet-18; fvcore
  /// counts 1,814,073,344 for convolutions and the linear layer.
  @Test func resNet18CostsWhatIsPublished() throws {
    let costs = try SampleNetworks.resNet18(batch: 2).costs
    #expect(costs.parameters == 11_689_512)
    #expect(costs.trainableParameters == 11_689_512)
    #expect(costs.bufferElements == 9600)
    #expect(costs.macsPerExample == 1_814_073_344)
    #expect(costs.macs == 2 * 1_814_073_344)
    #expect(costs.batchSize == 2)
    #expect(costs.perNode.reduce(0) { $0 + $1.parameters } == costs.parameters)
    #expect(costs.perNode.reduce(0) { $0 + $1.macs } == costs.macs)
    #expect(costs.perNode.reduce(0) { $0 + $1.activationElements } == costs.activationElements)
  }

  @Test func activationsAreCountedOnce() throws {
    var builder = GraphBuilder()
    let images = builder.input("images", TensorType(.float32, [2, 3, 4, 4]))
    let window = Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2))
    let pooled = try builder.apply(.maximumPooling(window), [images])[0]
    let flat = try builder.apply(.reshape([2, 12]), [pooled])[0]
    let active = try builder.apply(.unary(.relu), [flat])[0]
    builder.setOutputs([active])
    // Maxima, their indices, and what relu gives; the reshape is free.
    #expect(builder.graph.costs.activationElements == 24 + 24 + 24)
    #expect(builder.graph.costs.activationBytes == 4 * 72)
    #expect(builder.graph.costs.macs == 0)
  }

  /// One product per input element and weight of its channel; the figures are fvcore's.
  @Test func transposedConvolutionsCostAsFvcoreCountsThem() throws {
    let layers: [(Convolution, weight: [Int], input: [Int], output: [Int], macs: Int)] = [
      (
        Convolution(stride: Size2D(2, 2), padding: Size2D(1, 1), groups: 2, hasBias: false), [6, 2, 3, 3],
        [2, 6, 5, 7], [2, 4, 10, 14], 7560
      ),
      (Convolution(stride: Size2D(2, 1), hasBias: false), [8, 3, 2, 3], [1, 8, 5, 7], [1, 3, 10, 9], 5040),
    ]
    for layer in layers {
      var builder = GraphBuilder()
      let weight = builder.parameter("w", TensorType(.float32, layer.weight), initializer: .constant(0))
      let input = builder.input("x", TensorType(.float32, layer.input))
      let operation = Operation.convolutionInputGradient(layer.0, inputShape: layer.output)
      builder.setOutputs(try builder.apply(operation, [weight, input]))
      #expect(builder.graph.costs.macs == layer.macs)
    }
  }

  /// The gradients of a product cost what the product costs.
  @Test func trainingCostsThreeTimesTheForwardPass() throws {
    var builder = GraphBuilder()
    let images = builder.parameter(
      "images", TensorType(.float32, [2, 4, 8, 8]), initializer: .constant(0))
    let y = try SampleNetworks.convolution(
      &builder, images, "conv", channels: 6, kernel: 3, stride: 2, padding: 1, groups: 2)
    let loss = try builder.apply(.reduce(Reduction(.sum, axes: [0, 1, 2, 3])), [y])[0]
    builder.setOutputs([loss])
    let forward = builder.graph.costs.macs
    #expect(forward == 2 * 6 * 4 * 4 * 2 * 9)
    #expect(try builder.graph.differentiated(loss: loss).graph.costs.macs == 3 * forward)
  }

  @Test func theTextShowsEverything() throws {
    var builder = GraphBuilder()
    let images = builder.input("images", TensorType(.float32, [2, 1, 4, 4]))
    var x = try SampleNetworks.convolution(
      &builder, images, "conv", channels: 2, kernel: 2, stride: 2, hasBias: true)
    x = try SampleNetworks.normalization(&builder, x, "norm", isTraining: true)
    x = try builder.apply(.unary(.leakyReLU(slope: 0.1)), [x])[0]
    let half = builder.constant(.fill(0.5, TensorType(.float32, [])))
    x = try builder.apply(.binary(.power), [x, half], label: "root")[0]
    builder.setOutputs([x])
    #expect(
      builder.graph.description == """
        %0 = input("images") : float32[2, 1, 4, 4]
        %1 = parameter("conv.weight") : float32[2, 1, 2, 2] // uniform(-0.5, 0.5)
        %2 = parameter("conv.bias") : float32[2] // uniform(-0.5, 0.5)
        %3 = convolution(stride 2x2, padding 0x0, dilation 1x1, groups 1, bias) %0, %1, %2 \
        : float32[2, 2, 2, 2] // conv
        %4 = parameter("norm.weight") : float32[2] // constant(1.0)
        %5 = parameter("norm.bias") : float32[2] // constant(0.0)
        %6 = buffer("norm.running_mean") : float32[2] // constant(0.0), not trained
        %7 = buffer("norm.running_var") : float32[2] // constant(1.0), not trained
        %8, %9, %10, %11, %12 = batchNormalization(epsilon 1e-05, momentum 0.1, affine, tracked, training) \
        %3, %4, %5, %6, %7 : float32[2, 2, 2, 2], float32[2], float32[2], float32[2], float32[2] // norm
        %13 = leakyReLU(slope 0.1) %8 : float32[2, 2, 2, 2]
        %14 = constant(0.5) : float32[]
        %15 = power %13, %14 : float32[2, 2, 2, 2] // root
        return %15
        update %6 to %11
        update %7 to %12
        """)
  }
}
