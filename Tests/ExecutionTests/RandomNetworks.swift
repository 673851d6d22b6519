import NetworkGraph
import RandomStreams

/// Random trainable networks of convolutions, batch normalisations, activations, sums and averages, for tests of
/// fusion.
struct RandomNetworks {
  static let activations: [UnaryFunction] = [
    .relu, .relu6, .hardTanh(lower: -0.5, upper: 1), .silu, .hardSwish, .leakyReLU(slope: 0.1), .gelu, .tanh,
  ]

  /// A network over the images `x`, differentiated: the outputs are the loss, some values, and the gradients of the
  /// images and all parameters.
  static func graph(
    seed: UInt64, images shape: [Int], isTraining: Bool = true, length: Int = 9
  ) throws -> Graph {
    var stream = RandomStream(seed: seed)
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, shape))
    var network = RandomNetworks(isTraining: isTraining)
    var values = [try network.convolution(&builder, x, 3, &stream)]
    for _ in 0..<length {
      guard let y = values.last, let z = stream.element(of: values) else { continue }
      values.append(try network.step(&builder, stream.bernoulli(0.7) ? y : z, z, &stream))
    }
    guard let last = values.last else { return builder.graph }
    let weights = builder.constant(
      .values(
        (0..<builder.type(of: last).elementCount).map { _ in Float(stream.normal()) },
        shape: builder.type(of: last).shape))
    let product = try builder.apply(.binary(.multiply), [last, weights])[0]
    let loss = try builder.apply(
      .reduce(Reduction(.sum, axes: Array(builder.type(of: last).shape.indices))), [product])[0]
    builder.setOutputs(
      [loss, last] + (stream.bernoulli(0.5) ? [values[stream.integer(below: values.count)]] : []))
    let targets = [x] + builder.graph.parameters.map(\.value)
    return try builder.graph.gradients(of: loss, withRespectTo: targets)
  }

  static func feeds(_ graph: Graph, seed: UInt64) -> [String: [Float]] {
    var stream = RandomStream(seed: seed).stream("feeds")
    return Dictionary(
      uniqueKeysWithValues: graph.inputs.map { input in
        (input.name, (0..<graph.type(of: input.value).elementCount).map { _ in Float(stream.normal()) })
      })
  }

  let isTraining: Bool
  private var count = 0

  private init(isTraining: Bool) { self.isTraining = isTraining }

  private mutating func name(_ kind: String) -> String {
    count += 1
    return "\(count).\(kind)"
  }

  /// A value of the same shape.
  private mutating func step(
    _ builder: inout GraphBuilder, _ x: ValueID, _ y: ValueID, _ stream: inout RandomStream
  ) throws -> ValueID {
    switch stream.integer(below: 10) {
    case 0: try convolution(&builder, x, 1, &stream)
    case 1: try convolution(&builder, x, 3, &stream)
    case 2: try convolution(&builder, x, 3, isDepthwise: true, &stream)
    case 3, 4, 5: try normalization(&builder, x)
    case 6, 7:
      try builder.apply(.unary(Self.activations[stream.integer(below: Self.activations.count)]), [x])[0]
    case 8: try builder.apply(.binary(.add), stream.bernoulli(0.5) ? [x, y] : [y, x])[0]
    default: try zeroOrAverage(&builder, x, &stream)
    }
  }

  private func zeroOrAverage(
    _ builder: inout GraphBuilder, _ x: ValueID, _ stream: inout RandomStream
  ) throws -> ValueID {
    if stream.bernoulli(0.5) {
      return try builder.apply(.binary(.add), [builder.constant(.fill(0, TensorType(.float32, []))), x])[0]
    }
    let window = Pooling(kernel: Size2D(3, 3), stride: Size2D(1, 1), padding: Size2D(1, 1))
    return try builder.apply(.averagePooling(AveragePooling(window: window, countsPadding: false)), [x])[0]
  }

  private mutating func convolution(
    _ builder: inout GraphBuilder, _ x: ValueID, _ kernel: Int, isDepthwise: Bool = false,
    _ stream: inout RandomStream
  ) throws -> ValueID {
    let channels = builder.type(of: x).shape[1]
    let hasBias = stream.bernoulli(0.4)
    let inner = isDepthwise ? 1 : channels
    let deviation = 1 / Double(inner * kernel * kernel).squareRoot()
    let weight = builder.parameter(
      name("weight"), TensorType(.float32, [channels, inner, kernel, kernel]),
      initializer: .normal(mean: 0, standardDeviation: deviation))
    var operands = [x, weight]
    if hasBias {
      operands.append(
        builder.parameter(
          name("bias"), TensorType(.float32, [channels]), initializer: .uniform(lower: -1, upper: 1)))
    }
    let padding = Size2D(kernel / 2, kernel / 2)
    let convolution = Convolution(padding: padding, groups: isDepthwise ? channels : 1, hasBias: hasBias)
    return try builder.apply(.convolution(convolution), operands)[0]
  }

  private mutating func normalization(_ builder: inout GraphBuilder, _ x: ValueID) throws -> ValueID {
    let type = TensorType(.float32, [builder.type(of: x).shape[1]])
    let weight = builder.parameter(name("gamma"), type, initializer: .uniform(lower: 0.5, upper: 1.5))
    let bias = builder.parameter(name("beta"), type, initializer: .uniform(lower: -1, upper: 1))
    let mean = builder.buffer(name("mean"), type, initializer: .uniform(lower: -1, upper: 1))
    let variance = builder.buffer(name("variance"), type, initializer: .uniform(lower: 0.5, upper: 2))
    let outputs = try builder.apply(
      .batchNormalization(BatchNormalization(isTraining: isTraining)), [x, weight, bias, mean, variance])
    if isTraining {
      builder.update(buffer: mean, to: outputs[3])
      builder.update(buffer: variance, to: outputs[4])
    }
    return outputs[0]
  }
}
