public import NetworkGraph
public import RandomStreams
public import Training

/// A network as proxies look at it: traces of one source, which share parameters by name.
public struct ProxyNetwork: Sendable {
  /// The trace in training mode for a whole batch.
  public let batch: Graph
  /// The trace in evaluation mode for one example.
  public let single: Graph
  /// The trace in training mode for one example; nil where there is none, for batch normalisation over a single value
  /// has none.
  public let singleTraining: Graph?

  /// A network of those traces.
  public init(batch: Graph, single: Graph, singleTraining: Graph?) {
    self.batch = batch
    self.single = single
    self.singleTraining = singleTraining
  }

  /// A network that is traced by the closure, which is given the number of examples and whether it is for training.
  ///
  /// - Throws: what the closure throws, but for the third trace, which may be missing.
  public init<Failure: Error>(
    batchSize: Int, trace: (_ examples: Int, _ isTraining: Bool) throws(Failure) -> Graph
  ) throws(Failure) {
    batch = try trace(batchSize, true)
    single = try trace(1, false)
    do { singleTraining = try trace(1, true) } catch { singleTraining = nil }
  }

  /// The extents of one example; empty where the network has no input.
  public var exampleShape: [Int] {
    batch.inputs.first.map { Array(batch.type(of: $0.value).shape.dropFirst()) } ?? []
  }

  /// How many examples a batch has.
  public var batchSize: Int {
    batch.inputs.first.flatMap { batch.type(of: $0.value).shape.first } ?? 0
  }

  /// Makes sure that it has one input of floating-point numbers and yields floating-point numbers for each example.
  func check() throws(ProxyFailure) {
    guard batch.inputs.count == 1, single.inputs.count == 1, let images = batch.inputs.first else {
      throw .unsupported("the network has \(batch.inputs.count) inputs, and must have one")
    }
    let type = batch.type(of: images.value)
    guard type.elementType == .float32, type.rank >= 2 else {
      throw .unsupported("the network takes \(type), and must take a batch of numbers")
    }
    guard let output = batch.outputs.first, batch.type(of: output).elementType == .float32,
      batch.type(of: output).shape.first == type.shape[0]
    else { throw .unsupported("the network does not yield a row of numbers for each example") }
  }
}

/// Examples that a network is scored on.
public struct ProxyBatch: Sendable, Hashable {
  /// All examples, row-major.
  public var images: [Float]
  /// The class of each.
  public var labels: [Int32]

  /// A batch.
  public init(images: [Float], labels: [Int32]) {
    self.images = images
    self.labels = labels
  }

  /// Normalised images of a data set, without augmentation: consecutive batches of a part, as many as there are full
  /// ones but no more than wanted.
  ///
  /// - Throws: `DatasetError.invalidSplit` where there is not one full batch, or the normalisation does not fit.
  public static func batches(
    _ count: Int, of size: Int, from part: DatasetPart, normalization: Normalization
  ) throws(DatasetError) -> [ProxyBatch] {
    guard size > 0, count > 0, part.count >= size else {
      throw .invalidSplit("\(part.count) images do not fill one batch of \(size)")
    }
    var batches: [ProxyBatch] = []
    for number in 0..<min(count, part.count / size) {
      let (images, labels) = try part.batch(
        at: Array(number * size..<(number + 1) * size), normalization: normalization)
      batches.append(ProxyBatch(images: images, labels: labels))
    }
    return batches
  }

  /// Standard normal noise with labels that go round the classes.
  public static func noise(
    _ count: Int, of size: Int, elements: Int, classes: Int, stream: RandomStream
  ) -> [ProxyBatch] {
    (0..<count).map { number in
      var random = stream.stream("noise", number)
      return ProxyBatch(
        images: (0..<size * elements).map { _ in Float(random.normal()) },
        labels: (0..<size).map { Int32($0 % max(1, classes)) })
    }
  }
}
