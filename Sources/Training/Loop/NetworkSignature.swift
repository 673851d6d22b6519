internal import NetworkGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the loop needs to know of an image classifier's graph.
struct NetworkSignature {
  /// The name of the input that images are fed to.
  let input: String
  /// The extents of the input: batch, channels, height, width.
  let shape: [Int]
  /// How many classes the logits tell apart.
  let classCount: Int

  /// Images of one run.
  var batchSize: Int { shape[0] }

  /// The signature of a graph with one float32 input `[N, C, H, W]` whose first output is `[N, classes]`.
  init(_ graph: Graph, name: String) throws(TrainingError) {
    guard graph.inputs.count == 1, let images = graph.inputs.first else {
      throw .unsuitableNetwork(
        "the \(name) graph has \(graph.inputs.count) inputs, and must have one: the images")
    }
    let type = graph.type(of: images.value)
    guard type.elementType == .float32, type.rank == 4, type.shape.allSatisfy({ $0 > 0 }) else {
      throw .unsuitableNetwork("the \(name) graph takes \(type), and must take images [N, C, H, W]")
    }
    guard let output = graph.outputs.first else {
      throw .unsuitableNetwork("the \(name) graph has no output")
    }
    let logits = graph.type(of: output)
    guard logits.elementType == .float32, logits.rank == 2, logits.shape[0] == type.shape[0],
      logits.shape[1] > 0
    else {
      throw .unsuitableNetwork(
        "the \(name) graph gives \(logits) for a batch of \(type.shape[0]), and must give logits [N, classes]"
      )
    }
    guard graph.depends(output, on: images.value) else {
      throw .unsuitableNetwork("the logits of the \(name) graph do not depend on the images")
    }
    input = images.name
    shape = type.shape
    classCount = logits.shape[1]
  }

  /// Makes sure that the images and labels of a part can be fed.
  func check(_ part: DatasetPart, _ normalization: Normalization) throws(TrainingError) {
    let dataset = part.dataset
    guard [dataset.channels, dataset.height, dataset.width] == Array(shape[1...]) else {
      throw .unsuitableData(
        "\(dataset.name) has images of \([dataset.channels, dataset.height, dataset.width]), "
          + "and the network takes \(Array(shape[1...]))")
    }
    guard dataset.classCount <= classCount else {
      throw .unsuitableData(
        "\(dataset.name) has \(dataset.classCount) classes, and the network gives \(classCount) logits")
    }
    guard normalization.mean.count == dataset.channels, normalization.deviation.count == dataset.channels,
      (normalization.mean + normalization.deviation).allSatisfy(\.isFinite),
      normalization.deviation.allSatisfy({ $0 > 0 })
    else {
      throw .unsuitableData("the normalisation does not suit the images' \(dataset.channels) channel(s)")
    }
  }

  /// The place of one image in the input.
  func image(_ row: Int, of images: UnsafeMutableBufferPointer<Float>) -> UnsafeMutableBufferPointer<Float> {
    let size = shape[1] * shape[2] * shape[3]
    return UnsafeMutableBufferPointer(rebasing: images[row * size..<(row + 1) * size])
  }

  /// The logits of one image.
  func logits(_ row: Int, of logits: UnsafeBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: logits[row * classCount..<(row + 1) * classCount])
  }
}

extension Graph {
  /// Whether a value is computed from another one.
  fileprivate func depends(_ value: ValueID, on origin: ValueID) -> Bool {
    var pending = [value]
    var seen: Set<ValueID> = [value]
    while let next = pending.popLast() {
      if next == origin { return true }
      for input in producer(of: next).inputs where seen.insert(input).inserted { pending.append(input) }
    }
    return false
  }
}

extension UnsafeBufferPointer<Float> {
  /// The place of the largest element, the first of equals; that of a NaN where there is one, as in PyTorch.
  var largestIndex: Int {
    var best = 0
    for (index, value) in enumerated() {
      if value.isNaN { return index }
      if value > self[best] { best = index }
    }
    return best
  }

  /// The cross-entropy of the softmax of these logits with a class, in double precision.
  func crossEntropy(_ label: Int) -> Double {
    let top = Double(self[largestIndex])
    var sum = 0.0
    for value in self { sum += exp(Double(value) - top) }
    return log(sum) + top - Double(self[label])
  }
}
