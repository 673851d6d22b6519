import NetworkGraph
import RandomStreams

@testable import Training

/// Small networks and data sets that are made in place.
enum Toy {
  /// PyTorch's default initialisation of a weight with that many inputs per output.
  static func initializer(_ fanIn: Int) -> Initializer {
    let bound = 1 / Double(fanIn).squareRoot()
    return .uniform(lower: -bound, upper: bound)
  }

  static func linear(
    _ builder: inout GraphBuilder, _ name: String, _ x: ValueID, _ output: Int
  ) throws(GraphError) -> ValueID {
    let input = builder.type(of: x).shape[1]
    let weight = builder.parameter(
      name + ".weight", TensorType(.float32, [output, input]), initializer: initializer(input))
    let bias = builder.parameter(
      name + ".bias", TensorType(.float32, [output]), initializer: initializer(input))
    return try builder.apply(.linear(hasBias: true), [x, weight, bias], label: name)[0]
  }

  static func convolution(
    _ builder: inout GraphBuilder, _ name: String, _ x: ValueID, _ output: Int
  ) throws(GraphError) -> ValueID {
    let input = builder.type(of: x).shape[1]
    let weight = builder.parameter(
      name + ".weight", TensorType(.float32, [output, input, 3, 3]), initializer: initializer(input * 9))
    let bias = builder.parameter(
      name + ".bias", TensorType(.float32, [output]), initializer: initializer(input * 9))
    return try builder.apply(
      .convolution(Convolution(padding: Size2D(1, 1), hasBias: true)), [x, weight, bias], label: name)[0]
  }

  static func batchNormalization(
    _ builder: inout GraphBuilder, _ name: String, _ x: ValueID, isTraining: Bool
  ) throws(GraphError) -> ValueID {
    let type = TensorType(.float32, [builder.type(of: x).shape[1]])
    let weight = builder.parameter(name + ".weight", type, initializer: .constant(1))
    let bias = builder.parameter(name + ".bias", type, initializer: .constant(0))
    let mean = builder.buffer(name + ".running_mean", type, initializer: .constant(0))
    let variance = builder.buffer(name + ".running_var", type, initializer: .constant(1))
    let results = try builder.apply(
      .batchNormalization(BatchNormalization(isTraining: isTraining)), [x, weight, bias, mean, variance],
      label: name)
    if isTraining {
      builder.update(buffer: mean, to: results[3])
      builder.update(buffer: variance, to: results[4])
    }
    return results[0]
  }

  static func flatten(_ builder: inout GraphBuilder, _ x: ValueID) throws(GraphError) -> ValueID {
    let shape = builder.type(of: x).shape
    return try builder.apply(.reshape([shape[0], shape.dropFirst().reduce(1, *)]), [x])[0]
  }

  /// Two linear layers with a ReLU and, where asked for, dropout between them.
  static func perceptron(
    _ shape: [Int], classes: Int, hidden: Int = 16, dropout: Double = 0, isTraining: Bool
  ) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    var x = builder.input("x", TensorType(.float32, shape))
    x = try flatten(&builder, x)
    x = try linear(&builder, "fc1", x, hidden)
    x = try builder.apply(.unary(.relu), [x])[0]
    if dropout > 0, isTraining {
      x = try builder.apply(.dropout(Dropout(probability: dropout, isPerChannel: false)), [x])[0]
    }
    x = try linear(&builder, "fc2", x, classes)
    builder.setOutputs([x])
    return builder.graph
  }

  /// Convolution, batch normalisation, ReLU, 2×2 maximum pooling, linear.
  static func convolutional(
    _ shape: [Int], classes: Int, width: Int, isTraining: Bool
  ) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    var x = builder.input("images", TensorType(.float32, shape))
    x = try convolution(&builder, "conv", x, width)
    x = try batchNormalization(&builder, "bn", x, isTraining: isTraining)
    x = try builder.apply(.unary(.relu), [x])[0]
    x = try builder.apply(
      .maximumPooling(Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2))), [x])[0]
    x = try flatten(&builder, x)
    x = try linear(&builder, "fc", x, classes)
    builder.setOutputs([x])
    return builder.graph
  }

  static func perceptron(
    _ data: DatasetSplit, _ configuration: TrainingConfiguration, dropout: Double = 0
  ) throws -> TrainableNetwork {
    try network(data, configuration) { shape, classes, isTraining throws(GraphError) in
      try perceptron(shape, classes: classes, dropout: dropout, isTraining: isTraining)
    }
  }

  static func convolutional(
    _ data: DatasetSplit, _ configuration: TrainingConfiguration, width: Int = 4
  ) throws -> TrainableNetwork {
    try network(data, configuration) { shape, classes, isTraining throws(GraphError) in
      try convolutional(shape, classes: classes, width: width, isTraining: isTraining)
    }
  }

  private static func network(
    _ data: DatasetSplit, _ configuration: TrainingConfiguration,
    _ build: ([Int], Int, Bool) throws(GraphError) -> Graph
  ) throws(GraphError) -> TrainableNetwork {
    let dataset = data.training.dataset
    let image = [dataset.channels, dataset.height, dataset.width]
    return TrainableNetwork(
      trainingGraph: try build([configuration.batchSize] + image, dataset.classCount, true),
      evaluationGraph: try build([configuration.evaluationBatchSize] + image, dataset.classCount, false))
  }

  /// Noisy 4×4 images, one bright quadrant for each of four classes.
  static func quadrants(_ count: Int, seed: UInt64, channels: Int = 1) throws(DatasetError) -> ImageDataset {
    var random = RandomStream(seed: seed)
    var images: [UInt8] = []
    var labels: [Int32] = []
    for index in 0..<count {
      let label = index % 4
      labels.append(Int32(label))
      for _ in 0..<channels {
        for place in 0..<16 {
          let quadrant = place / 8 * 2 + place % 4 / 2
          images.append(UInt8(random.integer(below: 120) + (quadrant == label ? 120 : 0)))
        }
      }
    }
    return try ImageDataset(
      name: "quadrants", channels: channels, height: 4, width: 4, classNames: ["a", "b", "c", "d"],
      images: images, labels: labels)
  }

  static func split(
    _ count: Int = 320, seed: UInt64 = 1, channels: Int = 1
  ) throws(DatasetError) -> DatasetSplit {
    let data = try PublishedDataset(
      training: quadrants(count, seed: seed, channels: channels),
      test: quadrants(101, seed: seed + 1000, channels: channels))
    return try DatasetSplit(
      data, configuration: SplitConfiguration(validationFraction: 0.25), stream: RandomStream(seed: seed))
  }
}
