import NetworkGraph
import RandomStreams

/// Runs a graph in double precision by the plainest loops that say what each operation means.
///
/// Independent of the engine and of the rules under test; it shares nothing with them but the operations.
struct ReferenceEvaluator {
  /// The outputs of the graph, for inputs and variables by name.
  static func run(_ graph: Graph, _ feeds: [String: [Double]]) -> [ReferenceTensor] {
    let values = evaluate(graph, feeds)
    return graph.outputs.map { values[$0.index] }
  }

  /// All values of the graph, for inputs and variables by name.
  static func evaluate(_ graph: Graph, _ feeds: [String: [Double]]) -> [ReferenceTensor] {
    var values = [ReferenceTensor](repeating: ReferenceTensor([]), count: graph.values.count)
    let names = Dictionary(
      uniqueKeysWithValues: graph.inputs.map { ($0.value, $0.name) }
        + (graph.parameters + graph.buffers).map { ($0.value, $0.name) })
    for (index, node) in graph.nodes.enumerated() {
      let inputs = node.inputs.map { values[$0.index] }
      let shapes = node.outputs.map { graph.type(of: $0).shape }
      let results: [ReferenceTensor]
      if let name = node.outputs.first.flatMap({ names[$0] }) {
        results = [ReferenceTensor(shapes[0], feeds[name]!)]
      } else {
        results = apply(node.operation, inputs, shapes, node: index)
      }
      for (output, result) in zip(node.outputs, results) {
        precondition(
          result.shape == graph.type(of: output).shape && result.elements.count == result.shape.reduce(1, *),
          "\(node.operation) gave \(result.shape) instead of \(graph.type(of: output))")
        values[output.index] = result
      }
    }
    return values
  }

  private static func apply(
    _ operation: Operation, _ x: [ReferenceTensor], _ shapes: [[Int]], node: Int
  ) -> [ReferenceTensor] {
    switch operation {
    case .input, .parameter, .buffer: preconditionFailure("leaves are fed")
    case .constant(.fill(let number, let type)): return [ReferenceTensor(type.shape, filledWith: number)]
    case .constant(.values(let values, let shape)): return [ReferenceTensor(shape, values.map(Double.init))]
    case .constant(.integers(let values, let shape)): return [ReferenceTensor(shape, values.map(Double.init))]
    case .convolution(let convolution): return [ReferenceConvolution(convolution).forward(x, shapes[0])]
    case .convolutionInputGradient(let convolution, _):
      return [ReferenceConvolution(convolution).inputGradient(weight: x[0], gradient: x[1], shapes[0])]
    case .convolutionWeightGradient(let convolution, _):
      return [ReferenceConvolution(convolution).weightGradient(images: x[0], gradient: x[1], shapes[0])]
    case .linear(let hasBias):
      return [
        ReferenceTensor(shapes[0]) { place in
          let row = Array(place.dropLast())
          let sum = (0..<x[1].shape[1]).reduce(0) { $0 + x[0][row + [$1]] * x[1][[place.last!, $1]] }
          return sum + (hasBias ? x[2][[place.last!]] : 0)
        }
      ]
    case .matrixMultiply(let left, let right): return [matrixProduct(x, left, right, shapes[0])]
    case .batchNormalization(let normalization): return batchNormalization(normalization, x)
    case .batchNormalizationGradient(let normalization): return batchNormalizationGradient(normalization, x)
    case .attention(let attention): return ReferenceAttention(attention, x).forward()
    case .attentionGradient(let attention): return ReferenceAttention(attention, x).gradients()
    case .layerNormalization(let normalization): return layerNormalization(normalization, x)
    case .layerNormalizationGradient(let normalization): return layerNormalizationGradient(normalization, x)
    case .unary(let function):
      return [ReferenceTensor(x[0].shape, x[0].elements.map(function.reference))]
    case .unaryGradient(let function):
      return [
        ReferenceTensor(
          x[0].shape, zip(x[0].elements, x[1].elements).map { function.referenceSlope($0) * $1 })
      ]
    case .binary(let function):
      return [
        ReferenceTensor(shapes[0]) { function.reference(x[0].broadcast(at: $0), x[1].broadcast(at: $0)) }
      ]
    case .select:
      return [
        ReferenceTensor(shapes[0]) { x[x[0].broadcast(at: $0) != 0 ? 1 : 2].broadcast(at: $0) }
      ]
    case .cast(.int32): return [ReferenceTensor(shapes[0], x[0].elements.map { $0.rounded(.towardZero) })]
    case .cast(.float32), .detach: return [x[0]]
    case .dropout(let dropout): return self.dropout(dropout, x[0], node)
    case .random(let random): return [self.random(random, node)]
    case .maximumPooling(let pooling): return ReferencePooling.maximum(pooling, x[0], shapes[0])
    case .maximumPoolingGradient: return [ReferencePooling.maximumGradient(x[0], x[1], shapes[0])]
    case .averagePooling(let pooling): return [ReferencePooling.average(pooling, x[0], shapes[0])]
    case .averagePoolingGradient(let pooling, _):
      return [ReferencePooling.averageGradient(pooling, x[0], shapes[0])]
    case .adaptiveAveragePooling: return [ReferencePooling.adaptiveAverage(x[0], shapes[0])]
    case .adaptiveAveragePoolingGradient: return [ReferencePooling.adaptiveAverageGradient(x[0], shapes[0])]
    case .adaptiveMaximumPooling: return ReferencePooling.adaptiveMaximum(x[0], shapes[0])
    case .reshape: return [ReferenceTensor(shapes[0], x[0].elements)]
    case .transpose(let permutation):
      return [
        ReferenceTensor(shapes[0]) { place in
          var source = place
          for (to, from) in permutation.enumerated() { source[from] = place[to] }
          return x[0][source]
        }
      ]
    case .expand: return [ReferenceTensor(shapes[0]) { x[0].broadcast(at: $0) }]
    case .concatenate(let axis):
      return [
        ReferenceTensor(shapes[0]) { place in
          var place = place
          for operand in x {
            if place[axis] < operand.shape[axis] { return operand[place] }
            place[axis] -= operand.shape[axis]
          }
          return .nan
        }
      ]
    case .slice(let slice):
      return [
        ReferenceTensor(shapes[0]) { place in
          var place = place
          place[slice.axis] = slice.start + place[slice.axis] * slice.step
          return x[0][place]
        }
      ]
    case .sliceGradient(let slice, _):
      var result = ReferenceTensor(shapes[0])
      for place in ReferenceTensor.places(x[0].shape) {
        var target = place
        target[slice.axis] = slice.start + place[slice.axis] * slice.step
        result[target] = x[0][place]
      }
      return [result]
    case .pad(let before, _, let value):
      var result = ReferenceTensor(shapes[0], filledWith: Double(value))
      for place in ReferenceTensor.places(x[0].shape) {
        result[zip(place, before).map { $0 + $1 }] = x[0][place]
      }
      return [result]
    case .gather(let axis): return [ReferenceIndexing.gather(x[0], x[1], axis)]
    case .gatherGradient(let axis, _): return [ReferenceIndexing.gatherGradient(x[0], x[1], axis, shapes[0])]
    case .take(let axis): return [ReferenceIndexing.take(x[0], x[1], axis, shapes[0])]
    case .takeGradient(let axis, _): return [ReferenceIndexing.takeGradient(x[0], x[1], axis, shapes[0])]
    case .argumentOfMaximum(let axis): return [ReferenceOrder.first(x[0], axis, shapes[0]) { $0 > $1 }]
    case .argumentOfMinimum(let axis): return [ReferenceOrder.first(x[0], axis, shapes[0]) { $0 < $1 }]
    case .sort(let axis, let isDescending): return ReferenceOrder.sort(x[0], axis, isDescending)
    case .cumulativeSum(let axis, let isReversed):
      return [ReferenceOrder.cumulativeSum(x[0], axis, isReversed)]
    case .reduce(let reduction): return [reduce(reduction, x[0], shapes[0])]
    case .softmax(let axis): return [softmax(x[0], axis)]
    case .logSoftmax(let axis):
      let probabilities = softmax(x[0], axis)
      return [ReferenceTensor(shapes[0], probabilities.elements.map(UnaryFunction.logarithm.reference))]
    case .crossEntropy(let smoothing):
      let logarithms = softmax(x[0], 1).elements.map(UnaryFunction.logarithm.reference)
      let targets = smoothedTargets(x[0].shape, x[1], smoothing)
      return [ReferenceTensor([], [-zip(logarithms, targets.elements).reduce(0) { $0 + $1.0 * $1.1 }])]
    case .crossEntropyGradient(let smoothing):
      let targets = smoothedTargets(x[0].shape, x[1], smoothing)
      let count = Double(x[0].shape[0])
      return [
        ReferenceTensor(
          shapes[0],
          zip(softmax(x[0], 1).elements, targets.elements).map { ($0 / count - $1) * x[2].elements[0] })
      ]
    }
  }

  private static func matrixProduct(
    _ x: [ReferenceTensor], _ left: Bool, _ right: Bool, _ shape: [Int]
  ) -> ReferenceTensor {
    func element(_ tensor: ReferenceTensor, _ leading: [Int], _ row: Int, _ column: Int) -> Double {
      let missing = leading.count - (tensor.shape.count - 2)
      let own = tensor.shape.dropLast(2).enumerated().map { $1 == 1 ? 0 : leading[missing + $0] }
      return tensor[own + [row, column]]
    }
    let count = x[0].shape[x[0].shape.count - (left ? 2 : 1)]
    return ReferenceTensor(shape) { place in
      let (leading, row, column) = (Array(place.dropLast(2)), place[place.count - 2], place[place.count - 1])
      return (0..<count).reduce(0) { sum, k in
        sum + (left ? element(x[0], leading, k, row) : element(x[0], leading, row, k))
          * (right ? element(x[1], leading, column, k) : element(x[1], leading, k, column))
      }
    }
  }

  private static func batchNormalization(
    _ normalization: BatchNormalization, _ x: [ReferenceTensor]
  ) -> [ReferenceTensor] {
    let channels = x[0].shape[1]
    let places = ReferenceTensor.places(x[0].shape)
    let count = Double(places.count / channels)
    var mean = ReferenceTensor([channels])
    var variance = ReferenceTensor([channels])
    if normalization.isTraining {
      for place in places { mean[[place[1]]] += x[0][place] / count }
      for place in places {
        let centred = x[0][place] - mean[[place[1]]]
        variance[[place[1]]] += centred * centred / count
      }
    } else {
      (mean, variance) = (x[x.count - 2], x[x.count - 1])
    }
    let inverse = ReferenceTensor(
      [channels], variance.elements.map { 1 / ($0 + normalization.epsilon).squareRoot() })
    let y = ReferenceTensor(x[0].shape) { place in
      let channel = [place[1]]
      let normal = (x[0][place] - mean[channel]) * inverse[channel]
      return normalization.isAffine ? normal * x[1][channel] + x[2][channel] : normal
    }
    guard normalization.isTraining else { return [y] }
    guard normalization.tracksRunningStatistics else { return [y, mean, inverse] }
    let share = normalization.momentum
    let runningMean = ReferenceTensor([channels]) { (1 - share) * x[x.count - 2][$0] + share * mean[$0] }
    let runningVariance = ReferenceTensor([channels]) {
      (1 - share) * x[x.count - 1][$0] + share * variance[$0] * count / (count - 1)
    }
    return [y, mean, inverse, runningMean, runningVariance]
  }

  private static func batchNormalizationGradient(
    _ normalization: BatchNormalization, _ x: [ReferenceTensor]
  ) -> [ReferenceTensor] {
    let (images, mean, inverse, gradient) = (x[0], x[1], x[2], x[x.count - 1])
    let channels = images.shape[1]
    let places = ReferenceTensor.places(images.shape)
    let count = Double(places.count / channels)
    func normal(_ place: [Int]) -> Double { (images[place] - mean[[place[1]]]) * inverse[[place[1]]] }
    var sum = ReferenceTensor([channels])
    var product = ReferenceTensor([channels])
    for place in places {
      sum[[place[1]]] += gradient[place]
      product[[place[1]]] += gradient[place] * normal(place)
    }
    let result = ReferenceTensor(images.shape) { place in
      let channel = [place[1]]
      let centred = gradient[place] - sum[channel] / count - normal(place) * product[channel] / count
      return centred * inverse[channel] * (normalization.isAffine ? x[3][channel] : 1)
    }
    return normalization.isAffine ? [result, product, sum] : [result]
  }

  private static func layerNormalization(
    _ normalization: LayerNormalization, _ x: [ReferenceTensor]
  ) -> [ReferenceTensor] {
    let rows = ReferenceTensor(Array(x[0].shape.dropLast(normalization.axisCount)))
    let length = x[0].elements.count / rows.elements.count
    var (y, mean, inverse) = (x[0], rows, rows)
    for row in rows.elements.indices {
      let values = x[0].elements[(row * length)..<((row + 1) * length)]
      let average = values.reduce(0, +) / Double(length)
      let variance = values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(length)
      mean.elements[row] = average
      inverse.elements[row] = 1 / (variance + normalization.epsilon).squareRoot()
      for i in 0..<length {
        var value = (x[0].elements[row * length + i] - average) * inverse.elements[row]
        if normalization.hasWeight { value *= x[1].elements[i] }
        if normalization.hasBias { value += x[x.count - 1].elements[i] }
        y.elements[row * length + i] = value
      }
    }
    return [y, mean, inverse]
  }

  private static func layerNormalizationGradient(
    _ normalization: LayerNormalization, _ x: [ReferenceTensor]
  ) -> [ReferenceTensor] {
    let (input, mean, inverse, gradient) = (x[0], x[1], x[2], x[x.count - 1])
    let length = input.elements.count / mean.elements.count
    var result = input
    let empty = ReferenceTensor(Array(input.shape.suffix(normalization.axisCount)))
    var (weight, bias) = (empty, empty)
    for row in mean.elements.indices {
      func normal(_ i: Int) -> Double {
        (input.elements[row * length + i] - mean.elements[row]) * inverse.elements[row]
      }
      func scaled(_ i: Int) -> Double {
        gradient.elements[row * length + i] * (normalization.hasWeight ? x[3].elements[i] : 1)
      }
      let sum = (0..<length).reduce(0) { $0 + scaled($1) } / Double(length)
      let product = (0..<length).reduce(0) { $0 + scaled($1) * normal($1) } / Double(length)
      for i in 0..<length {
        result.elements[row * length + i] =
          (scaled(i) - sum - normal(i) * product) * inverse.elements[row]
        weight.elements[i] += gradient.elements[row * length + i] * normal(i)
        bias.elements[i] += gradient.elements[row * length + i]
      }
    }
    return [result] + (normalization.hasWeight ? [weight] : []) + (normalization.hasBias ? [bias] : [])
  }

  private static func dropout(_ dropout: Dropout, _ x: ReferenceTensor, _ node: Int) -> [ReferenceTensor] {
    let root = RandomStream(seed: 1).stream("dropout", node)
    let mask = ReferenceTensor(x.shape) { place in
      let key = dropout.isPerChannel ? Array(place.prefix(2)) : place
      var stream = root.stream("\(key)")
      return stream.bernoulli(dropout.probability) ? 0 : 1 / (1 - dropout.probability)
    }
    return [ReferenceTensor(x.shape, zip(x.elements, mask.elements).map(*)), mask]
  }

  private static func random(_ random: RandomTensor, _ node: Int) -> ReferenceTensor {
    var stream = RandomStream(seed: 1).stream("random", node)
    return ReferenceTensor(random.shape) { _ in
      switch random.distribution {
      case .uniform: stream.uniform(0, 1)
      case .normal: stream.normal()
      case .bernoulli(let probability): stream.bernoulli(probability) ? 1 : 0
      }
    }
  }

  private static func reduce(
    _ reduction: Reduction, _ x: ReferenceTensor, _ shape: [Int]
  ) -> ReferenceTensor {
    var groups: [[Int]: [Double]] = [:]
    for place in ReferenceTensor.places(x.shape) {
      let kept = place.indices.filter { !reduction.axes.contains($0) }.map { place[$0] }
      groups[kept, default: []].append(x[place])
    }
    return ReferenceTensor(shape) { place in
      let kept =
        reduction.keepsDimensions
        ? place.indices.filter { !reduction.axes.contains($0) }.map { place[$0] } : place
      let members = groups[kept]!
      return switch reduction.kind {
      case .sum: members.reduce(0, +)
      case .mean: members.reduce(0, +) / Double(members.count)
      case .maximum: members.max()!
      case .minimum: members.min()!
      case .product: members.reduce(1, *)
      }
    }
  }

  private static func softmax(_ x: ReferenceTensor, _ axis: Int) -> ReferenceTensor {
    ReferenceTensor(x.shape) { place in
      let row = (0..<x.shape[axis]).map { index in
        var other = place
        other[axis] = index
        return x[other]
      }
      let maximum = row.reduce(-.infinity) { max($0, $1) }
      let share = UnaryFunction.exponential.reference
      return share(x[place] - maximum) / row.reduce(0) { $0 + share($1 - maximum) }
    }
  }

  /// The share of every logit in the mean loss: (1 − s) on the label and s/C everywhere, over N.
  private static func smoothedTargets(
    _ shape: [Int], _ labels: ReferenceTensor, _ smoothing: Double
  ) -> ReferenceTensor {
    ReferenceTensor(shape) { place in
      let isLabel = Int(labels[[place[0]]]) == place[1]
      return ((isLabel ? 1 - smoothing : 0) + smoothing / Double(shape[1])) / Double(shape[0])
    }
  }
}
