import NetworkGraph
import RandomStreams

/// Graphs of many operations with shared, viewed, dropped and repeated values, for tests of the planner.
enum RandomGraphs {
  static let shape = [2, 4, 4, 4]

  /// A graph over inputs `a` and `b`, a parameter and a buffer that is updated; differentiated by some seeds.
  static func graph(seed: UInt64) throws -> Graph {
    var stream = RandomStream(seed: seed)
    var builder = GraphBuilder()
    let type = TensorType(.float32, shape)
    var values = [builder.input("a", type), builder.input("b", type)]
    let weight = builder.parameter("weight", type, initializer: .normal(mean: 0, standardDeviation: 1))
    values.append(weight)
    values.append(builder.constant(.fill(0.5, type)))
    let buffer = builder.buffer("buffer", type, initializer: .uniform(lower: -1, upper: 1))
    values.append(buffer)
    for _ in 0..<stream.integer(below: 25) + 5 {
      guard let x = stream.element(of: values), let y = stream.element(of: values) else { continue }
      values.append(try step(&builder, x, y, &stream))
    }
    builder.update(buffer: buffer, to: values[stream.integer(below: values.count)])
    var outputs = (0..<3).map { _ in values[stream.integer(below: values.count)] }
    if stream.bernoulli(0.7), let x = values.last {
      let axes = Array(shape.indices)
      let loss = try builder.apply(.reduce(Reduction(.mean, axes: axes)), [x])[0]
      outputs.append(loss)
      outputs += try builder.gradients(of: loss, withRespectTo: [values[0], weight])
    }
    builder.setOutputs(outputs)
    return builder.graph
  }

  /// A value of the shape made of one or two of it.
  private static func step(
    _ builder: inout GraphBuilder, _ x: ValueID, _ y: ValueID, _ stream: inout RandomStream
  ) throws -> ValueID {
    func apply(_ operation: Operation, _ inputs: ValueID...) throws -> ValueID {
      try builder.apply(operation, inputs)[0]
    }
    switch stream.integer(below: 19) {
    case 0: return try apply(.unary(.relu), x)
    case 1: return try apply(.unary(.tanh), x)
    case 2: return try apply(.unary(.leakyReLU(slope: 0.1)), x)
    case 3: return try apply(.binary(.add), x, y)
    case 4: return try apply(.binary(.multiply), x, y)
    case 5: return try apply(.binary(.subtract), x, x)
    case 6: return try apply(.reshape(shape), try apply(.unary(.silu), try apply(.reshape([8, 16]), x)))
    case 7: return try apply(.reshape(shape), try apply(.reshape([2, 64]), x))
    case 8: return try apply(.transpose([0, 1, 3, 2]), x)
    case 9:
      let joined = try apply(.concatenate(axis: 1), x, y)
      let start = stream.integer(below: 5)
      return try apply(.slice(Slice(axis: 1, start: start, end: start + 4)), joined)
    case 10:
      let weight = builder.constant(
        .values((0..<144).map { _ in Float(stream.normal()) / 6 }, shape: [4, 4, 3, 3]))
      return try apply(.convolution(Convolution(padding: Size2D(1, 1), hasBias: false)), x, weight)
    case 11:
      let normalization = BatchNormalization(
        isAffine: false, tracksRunningStatistics: false, isTraining: true)
      return try apply(.batchNormalization(normalization), x)
    case 12:
      let pooling = Pooling(kernel: Size2D(3, 3), stride: Size2D(1, 1), padding: Size2D(1, 1))
      return try apply(.maximumPooling(pooling), x)
    case 13: return try apply(.select, try apply(.binary(.less), x, y), y, try apply(.detach, x))
    case 14:
      // Two results, either of which may go unread.
      let sorted = try builder.apply(.sort(axis: 1, isDescending: stream.bernoulli(0.5)), [x])
      return stream.bernoulli(0.5) ? sorted[0] : try apply(.gather(axis: 1), y, sorted[1])
    case 15:
      let order = try apply(.argumentOfMaximum(axis: 1), try apply(.reshape([2, 4, 16]), x))
      return try apply(.reshape(shape), try apply(.take(axis: 0), try apply(.reshape([32, 4]), y), order))
    case 16: return try apply(.cumulativeSum(axis: 2, isReversed: stream.bernoulli(0.5)), x)
    case 17: return try apply(.cast(.float32), try apply(.cast(.int32), x))
    default: return try apply(.softmax(axis: 1 + stream.integer(below: 3)), x)
    }
  }

  static func feeds(seed: UInt64) -> [String: [Float]] {
    var stream = RandomStream(seed: seed).stream("feeds")
    let count = shape.reduce(1, *)
    return [
      "a": (0..<count).map { _ in Float(stream.normal()) },
      "b": (0..<count).map { _ in Float(stream.normal()) },
    ]
  }
}
