import NetworkGraph

extension Library {
  /// The dropout family, active in training only.
  static let dropouts: Family = { library in
    let channels = ["Dropout1d", "Dropout2d", "Dropout3d"].enumerated().map {
      ($0.element, "dropout\($0.offset + 1)d", $0.offset + 1)
    }
    for (name, function, dimensions) in [("Dropout", "dropout", 0)] + channels {
      // `dropout2d` and its kin are active unless told otherwise, just as `dropout`.
      library.dropoutLayer(name, function, training: true) {
        (interpreter, input, probability) throws(Interruption) in
        try interpreter.dropout(input, probability, dimensions: dimensions)
      }
    }
    for (name, function, isPerChannel) in [
      ("AlphaDropout", "alpha_dropout", false), ("FeatureAlphaDropout", "feature_alpha_dropout", true),
    ] {
      library.dropoutLayer(name, function, training: false) {
        (interpreter, input, probability) throws(Interruption) in
        try interpreter.alphaDropout(input, probability, isPerChannel: isPerChannel)
      }
    }
    library.layer(nil, functions: ["torch.dropout"], "p, train") { (call, input) throws(Interruption) in
      let probability = try call.interpreter.probability(call)
      guard try call.bool("train") else { return .tensor(input) }
      return .tensor(try call.interpreter.dropout(input, probability, dimensions: 0))
    }
  }

  private mutating func dropoutLayer(
    _ name: String, _ function: String, training: Bool,
    _ drop: @escaping @Sendable (Interpreter, TracedTensor, Double) throws(Interruption) -> TracedTensor
  ) {
    layer(
      (name, "p=0.5, inplace=False"), functions: ["torch.nn.functional.\(function)"],
      "p=0.5, training=\(training ? "True" : "False"), inplace=False",
      initialize: { (call, _) throws(Interruption) in _ = try call.interpreter.probability(call) }
    ) { (call, input) throws(Interruption) in
      let probability = try call.interpreter.probability(call)
      guard try call.bool("training") else { return .tensor(input) }
      return try call.interpreter.result(
        try drop(call.interpreter, input, probability), of: input, inPlace: try call.bool("inplace"))
    }
  }
}

extension Interpreter {
  fileprivate func probability(_ call: NativeCall) throws(Interruption) -> Double {
    let probability = try call.double("p")
    guard probability >= 0, probability <= 1 else {
      throw raise(
        .valueError,
        "dropout probability has to be between 0 and 1, but got \(Self.representation(of: probability))",
        identifier: "torch.argument")
    }
    return probability
  }

  /// Dropout that is active: of elements, or of the channels of that many dimensions.
  fileprivate func dropout(
    _ input: TracedTensor, _ probability: Double, dimensions: Int
  ) throws(Interruption) -> TracedTensor {
    guard dimensions > 0 else {
      return try dropout(input, probability, isPerChannel: false, isActive: true)
    }
    guard dimensions != 1 || (2...3).contains(input.rank) else {
      throw raise(
        .runtimeError,
        "dropout1d: Expected 2D or 3D input, but received a \(input.rank)D input. Note that dropout1d exists to "
          + "provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional "
          + "batch dimension.", identifier: "torch.shape")
    }
    guard input.rank >= 2 else {
      throw raise(
        .runtimeError, "Feature dropout requires at least 2 dimensions in the input",
        identifier: "torch.shape")
    }
    // Without a batch in PyTorch's eyes, which takes the 3D input of dropout2d for one with a batch.
    let isSingle = dimensions != 2 && input.rank == dimensions + 1
    let images = isSingle ? try reshape(input, [1] + input.shape) : input
    let result = try dropout(images, probability, isPerChannel: true, isActive: true)
    return isSingle ? try reshape(result, input.shape) : result
  }

  func dropout(
    _ input: TracedTensor, _ probability: Double, isPerChannel: Bool, isActive: Bool
  ) throws(Interruption) -> TracedTensor {
    guard isActive, probability > 0 else { return input }
    if probability == 1 { return try elementwise(.multiply, input, try scalar(0)) }
    let value = try emit(.dropout(Dropout(probability: probability, isPerChannel: isPerChannel)), [input])
    guard let result = value.first else { return input }
    return try tensor(.graph(result), input.shape, input.dataType)
  }

  /// Dropout that keeps the mean and variance of what SELU yields (Klambauer et al., 2017): what is dropped
  /// becomes SELU's lower bound, then all is scaled and shifted.
  fileprivate func alphaDropout(
    _ input: TracedTensor, _ probability: Double, isPerChannel: Bool
  ) throws(Interruption) -> TracedTensor {
    guard probability > 0 else { return input }
    if probability == 1 { return try elementwise(.multiply, input, try scalar(0)) }
    guard !isPerChannel || input.rank >= 2 else {
      throw raise(
        .runtimeError, "Feature dropout requires at least 2 dimensions in the input",
        identifier: "torch.shape")
    }
    let alpha = 1.7580993408473766
    let scale = 1 / ((alpha * alpha * probability + 1) * (1 - probability)).squareRoot()
    // A mask of 0 and 1/(1−p), by dropout of ones.
    let mask = try dropout(
      try tensor(.fill(1), input.shape), probability, isPerChannel: isPerChannel, isActive: true)
    let noise = try elementwise(.multiply, mask, try scalar(scale * (1 - probability)))
    let shift = try elementwise(.multiply, noise, try scalar(alpha))
    let kept = try elementwise(.multiply, input, noise)
    let moved = try elementwise(.add, shift, try scalar(alpha * scale * (probability - 1)))
    return try elementwise(.add, kept, moved)
  }
}
