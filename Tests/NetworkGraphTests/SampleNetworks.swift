import NetworkGraph
import RandomStreams

/// Networks that several suites build.
enum SampleNetworks {
  /// A layer's variables begin as PyTorch's default for that fan-in.
  static func uniform(_ fanIn: Int) -> Initializer {
    let bound = 1 / Double(fanIn).squareRoot()
    return .uniform(lower: -bound, upper: bound)
  }

  /// Appends a convolution with weight and maybe bias.
  static func convolution(
    _ builder: inout GraphBuilder, _ x: ValueID, _ name: String, channels: Int, kernel: Int, stride: Int = 1,
    padding: Int = 0, groups: Int = 1, hasBias: Bool = false
  ) throws -> ValueID {
    let given = builder.type(of: x).shape[1] / groups
    let fanIn = given * kernel * kernel
    let weight = builder.parameter(
      "\(name).weight", TensorType(.float32, [channels, given, kernel, kernel]), initializer: uniform(fanIn))
    var operands = [x, weight]
    if hasBias {
      operands.append(
        builder.parameter("\(name).bias", TensorType(.float32, [channels]), initializer: uniform(fanIn)))
    }
    let convolution = Convolution(
      stride: Size2D(stride, stride), padding: Size2D(padding, padding), groups: groups, hasBias: hasBias)
    return try builder.apply(.convolution(convolution), operands, label: name)[0]
  }

  /// Appends batch normalisation with all its variables and, in training, its updates.
  static func normalization(
    _ builder: inout GraphBuilder, _ x: ValueID, _ name: String, isTraining: Bool
  ) throws -> ValueID {
    let type = TensorType(.float32, [builder.type(of: x).shape[1]])
    let weight = builder.parameter("\(name).weight", type, initializer: .constant(1))
    let bias = builder.parameter("\(name).bias", type, initializer: .constant(0))
    let mean = builder.buffer("\(name).running_mean", type, initializer: .constant(0))
    let variance = builder.buffer("\(name).running_var", type, initializer: .constant(1))
    let results = try builder.apply(
      .batchNormalization(BatchNormalization(isTraining: isTraining)), [x, weight, bias, mean, variance],
      label: name)
    if isTraining {
      builder.update(buffer: mean, to: results[3])
      builder.update(buffer: variance, to: results[4])
    }
    return results[0]
  }

  /// Appends a linear layer.
  static func linear(
    _ builder: inout GraphBuilder, _ x: ValueID, _ name: String, features: Int
  ) throws -> ValueID {
    let given = builder.type(of: x).shape.last ?? 0
    let weight = builder.parameter(
      "\(name).weight", TensorType(.float32, [features, given]), initializer: uniform(given))
    let bias = builder.parameter(
      "\(name).bias", TensorType(.float32, [features]), initializer: uniform(given))
    return try builder.apply(.linear(hasBias: true), [x, weight, bias], label: name)[0]
  }

  /// torchvision's ResNet-18.
  static func resNet18(batch: Int, size: Int = 224, classes: Int = 1000) throws -> Graph {
    var builder = GraphBuilder()
    var x = builder.input("images", TensorType(.float32, [batch, 3, size, size]))
    x = try convolution(&builder, x, "conv1", channels: 64, kernel: 7, stride: 2, padding: 3)
    x = try normalization(&builder, x, "bn1", isTraining: false)
    x = try builder.apply(.unary(.relu), [x])[0]
    let window = Pooling(kernel: Size2D(3, 3), stride: Size2D(2, 2), padding: Size2D(1, 1))
    x = try builder.apply(.maximumPooling(window), [x])[0]
    for (stage, channels) in [64, 128, 256, 512].enumerated() {
      for block in 0..<2 {
        let stride = stage > 0 && block == 0 ? 2 : 1
        x = try residualBlock(&builder, x, "layer\(stage + 1).\(block)", channels, stride)
      }
    }
    x = try builder.apply(.adaptiveAveragePooling(height: 1, width: 1), [x])[0]
    x = try builder.apply(.reshape([batch, 512]), [x])[0]
    x = try linear(&builder, x, "fc", features: classes)
    builder.setOutputs([x])
    return builder.graph
  }

  private static func residualBlock(
    _ builder: inout GraphBuilder, _ x: ValueID, _ name: String, _ channels: Int, _ stride: Int
  ) throws -> ValueID {
    var y = try convolution(
      &builder, x, "\(name).conv1", channels: channels, kernel: 3, stride: stride, padding: 1)
    y = try normalization(&builder, y, "\(name).bn1", isTraining: false)
    y = try builder.apply(.unary(.relu), [y])[0]
    y = try convolution(&builder, y, "\(name).conv2", channels: channels, kernel: 3, padding: 1)
    y = try normalization(&builder, y, "\(name).bn2", isTraining: false)
    var shortcut = x
    if stride > 1 {
      shortcut = try convolution(
        &builder, x, "\(name).downsample.0", channels: channels, kernel: 1, stride: stride)
      shortcut = try normalization(&builder, shortcut, "\(name).downsample.1", isTraining: false)
    }
    return try builder.apply(.unary(.relu), [try builder.apply(.binary(.add), [y, shortcut])[0]])[0]
  }

  /// A small training network with normalisation, a residual, a gate, pooling and softmax attention.
  static func small(batch: Int = 3) throws -> Graph {
    var builder = GraphBuilder()
    let images = builder.input("images", TensorType(.float32, [batch, 2, 6, 6]))
    var x = try convolution(&builder, images, "stem", channels: 4, kernel: 3, padding: 1, hasBias: true)
    x = try normalization(&builder, x, "norm", isTraining: true)
    x = try builder.apply(.unary(.silu), [x])[0]
    var gate = try builder.apply(.reduce(Reduction(.mean, axes: [2, 3], keepsDimensions: true)), [x])[0]
    gate = try convolution(&builder, gate, "gate", channels: 4, kernel: 1, hasBias: true)
    gate = try builder.apply(.unary(.sigmoid), [gate])[0]
    let y = try builder.apply(.binary(.multiply), [x, gate])[0]
    x = try builder.apply(.binary(.add), [x, y])[0]
    x = try builder.apply(
      .averagePooling(AveragePooling(window: Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2)))), [x])[0]
    x = try builder.apply(.transpose([0, 2, 3, 1]), [x])[0]
    x = try builder.apply(.reshape([batch, 9, 4]), [x])[0]
    let queries = try linear(&builder, x, "queries", features: 4)
    let keys = try linear(&builder, x, "keys", features: 4)
    var weights = try builder.apply(
      .matrixMultiply(transposeLeft: false, transposeRight: true), [queries, keys])[0]
    weights = try builder.apply(.softmax(axis: 2), [weights])[0]
    x = try builder.apply(.matrixMultiply(transposeLeft: false, transposeRight: false), [weights, x])[0]
    x = try builder.apply(.reduce(Reduction(.mean, axes: [1])), [x])[0]
    x = try linear(&builder, x, "head", features: 3)
    builder.setOutputs([x])
    return builder.graph
  }

  /// Random numbers for everything a graph is fed; labels are classes below the bound.
  static func feeds(_ graph: Graph, classes: Int = 2, seed: UInt64 = 1) -> [String: [Double]] {
    let named =
      graph.inputs.map { ($0.name, $0.value) }
      + (graph.parameters + graph.buffers).map { ($0.name, $0.value) }
    var feeds: [String: [Double]] = [:]
    for (name, value) in named {
      var stream = RandomStream(seed: seed).stream(name)
      let type = graph.type(of: value)
      feeds[name] = (0..<type.elementCount).map { _ in
        if type.elementType == .int32 { return Double(stream.integer(below: classes)) }
        return name.hasSuffix("running_var") ? stream.uniform(0.5, 2) : 0.5 * stream.normal()
      }
    }
    return feeds
  }
}
