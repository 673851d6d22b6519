import Execution
import NetworkGraph
import RandomStreams
import Testing

@testable import Training

/// A network as a list of layers, so that a child is its parent with some of them changed.
struct Chain: Sendable {
  enum Layer: Sendable, Equatable {
    case convolution(String, Int)
    case depthwise(String)
    case normalization(String)
    case activation(UnaryFunction)
    case maximumPooling
    case globalPooling
    case flatten
    case linear(String, Int)
    /// Adds what the layer so many places before gave.
    case residual(Int)
    /// Multiplies by a number that is no trained parameter.
    case scaled(Initializer)
    /// A depthwise convolution by a given kernel.
    case filtered(String)
    /// Joins the value with itself.
    case doubled
  }

  var layers: [Layer]
  var classes = 4

  func graph(batch: Int, isTraining: Bool) throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    var x = builder.input("images", TensorType(.float32, [batch, 2, 4, 4]))
    var values = [x]
    for layer in layers + [.linear("head", classes)] {
      switch layer {
      case .convolution(let name, let width): x = try Toy.convolution(&builder, name, x, width)
      case .depthwise(let name):
        let channels = builder.type(of: x).shape[1]
        let weight = builder.parameter(
          name + ".weight", TensorType(.float32, [channels, 1, 3, 3]), initializer: Toy.initializer(9))
        x = try builder.apply(
          .convolution(Convolution(padding: Size2D(1, 1), groups: channels, hasBias: false)), [x, weight])[0]
      case .normalization(let name):
        x = try Toy.batchNormalization(&builder, name, x, isTraining: isTraining)
      case .activation(let function): x = try builder.apply(.unary(function), [x])[0]
      case .maximumPooling:
        x = try builder.apply(
          .maximumPooling(Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2))), [x])[0]
      case .globalPooling: x = try builder.apply(.adaptiveAveragePooling(height: 1, width: 1), [x])[0]
      case .flatten: x = try Toy.flatten(&builder, x)
      case .linear(let name, let width): x = try Toy.linear(&builder, name, x, width)
      case .residual(let distance):
        x = try builder.apply(.binary(.add), [x, values[values.count - distance]])[0]
      case .scaled(let initializer):
        let scale = builder.buffer("scale", TensorType(.float32, [1]), initializer: initializer)
        x = try builder.apply(.binary(.multiply), [x, scale])[0]
      case .filtered(let name):
        let channels = builder.type(of: x).shape[1]
        let kernel = builder.buffer(
          name, TensorType(.float32, [channels, 1, 3, 3]), initializer: .constant(1.0 / 9))
        x = try builder.apply(
          .convolution(Convolution(padding: Size2D(1, 1), groups: channels, hasBias: false)), [x, kernel])[0]
      case .doubled: x = try builder.apply(.concatenate(axis: 1), [x, x])[0]
      }
      values.append(x)
    }
    builder.setOutputs([x])
    return builder.graph
  }

  func network(_ configuration: TrainingConfiguration) throws(GraphError) -> TrainableNetwork {
    TrainableNetwork(
      trainingGraph: try graph(batch: configuration.batchSize, isTraining: true),
      evaluationGraph: try graph(batch: configuration.evaluationBatchSize, isTraining: false))
  }

  /// Weights as training might leave them, running statistics and counters included.
  func weights(seed: UInt64) throws -> WeightSet {
    let stream = RandomStream(seed: seed)
    let variables = try VariableStore(graph: graph(batch: 2, isTraining: true), stream: stream)
    for name in variables.names where name.contains("running") || name.contains("norm") {
      var draws = stream.stream("other").stream(name)
      let count = try #require(variables.shape(of: name)).reduce(1, *)
      let isPositive = name.hasSuffix("running_var") || name.hasSuffix("weight")
      try variables.setValues(
        (0..<count).map { _ in Float(isPositive ? draws.uniform(0.3, 2) : draws.normal() * 0.5) }, of: name)
    }
    return WeightSet(variables, batchesTracked: 7)
  }

  /// What the network gives in evaluation mode for random images.
  func outputs(_ weights: WeightSet, seed: UInt64) throws -> [Float] {
    let graph = try graph(batch: 5, isTraining: false)
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 0))
    try weights.apply(to: variables)
    let executor = try Executor(graph: graph, variables: variables)
    var draws = RandomStream(seed: seed)
    executor.withInput("images") { images in
      for place in images.indices { images[place] = Float(draws.normal()) }
    }
    try executor.run()
    return executor.output(0)
  }

  /// A random network of convolutions and linear layers, each with a ReLU and perhaps more.
  static func random(_ draws: inout RandomStream) -> Chain {
    var layers: [Layer] = []
    for number in 0..<draws.integer(below: 3) {
      layers.append(.convolution("conv\(number)", 1 + draws.integer(below: 6)))
      if draws.bernoulli(0.5) { layers.append(.normalization("norm\(number)")) }
      layers.append(.activation(.relu))
      if draws.bernoulli(0.3) { layers += [.depthwise("depthwise\(number)"), .activation(.relu)] }
      if number == 0, draws.bernoulli(0.5) { layers.append(.maximumPooling) }
    }
    if draws.bernoulli(0.3) { layers.append(.globalPooling) }
    layers.append(.flatten)
    for number in 0..<draws.integer(below: 3) {
      layers += [.linear("fc\(number)", 2 + draws.integer(below: 8)), .activation(.relu)]
    }
    return Chain(layers: layers)
  }

  /// A random network and what the change makes of it, which is not nothing.
  static func pair(
    seed: UInt64, _ change: (Chain, inout RandomStream) -> Chain?
  ) -> (parent: Chain, child: Chain) {
    var draws = RandomStream(seed: seed)
    while true {
      let parent = random(&draws)
      if let child = change(parent, &draws) { return (parent, child) }
    }
  }

  /// The network with some layers wider; nil where it has none to widen.
  func widened(_ draws: inout RandomStream) -> Chain? {
    var result = self
    for (place, layer) in layers.enumerated() where draws.bernoulli(0.6) {
      switch layer {
      case .convolution(let name, let width):
        result.layers[place] = .convolution(name, width + 1 + draws.integer(below: 2 * width + 2))
      case .linear(let name, let width):
        result.layers[place] = .linear(name, width + 1 + draws.integer(below: 2 * width + 2))
      default: break
      }
    }
    return result.layers == layers ? nil : result
  }

  /// The network with further layers and ReLUs behind some of its ReLUs; nil where it has none.
  func deepened(_ draws: inout RandomStream) -> Chain? {
    var result: [Layer] = []
    var width = 0
    var isFlat = false
    for layer in layers {
      result.append(layer)
      switch layer {
      case .convolution(_, let count), .linear(_, let count): width = count
      case .flatten: isFlat = true
      case .activation(.relu) where draws.bernoulli(0.6):
        let name = "new\(result.count)"
        result.append(isFlat ? .linear(name, width) : .convolution(name, width))
        if !isFlat, draws.bernoulli(0.5) { result.append(.normalization(name + "norm")) }
        result.append(.activation(.relu))
      default: break
      }
    }
    return result.count == layers.count ? nil : Chain(layers: result)
  }
}
