import NetworkGraph

extension Library {
  /// Batch, layer, group and instance normalisation.
  static let normalizations: Family = { library in
    for (dimensions, ranks) in [(1, [2, 3]), (2, [4]), (3, [5])] {
      library.module(
        "BatchNorm\(dimensions)d",
        "(num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None)",
        { (call, module) throws(Interruption) in try call.interpreter.makeBatchNormalization(call, module) },
        forward: { (call, module, input) throws(Interruption) in
          guard ranks.contains(input.rank) else {
            throw call.interpreter.raise(
              .valueError,
              "expected \(ranks.map { "\($0)D" }.joined(separator: " or ")) input (got \(input.rank)D input)",
              hint: "\(call.interpreter.described(module)) gets \(input.shape)", identifier: "torch.shape")
          }
          return try call.interpreter.batchNormalize(module, input)
        })
      library.module(
        "InstanceNorm\(dimensions)d",
        "(num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False, device=None, dtype=None)",
        { (call, module) throws(Interruption) in
          guard try !call.bool("track_running_stats") else {
            throw call.interpreter.unsupported(
              "InstanceNorm with track_running_stats=True is not supported yet")
          }
          let count = try call.int("num_features")
          let shape = try call.bool("affine") ? [count] : nil
          try call.interpreter.register("weight", of: module, shape, .constant(1))
          try call.interpreter.register("bias", of: module, shape, .constant(0))
        },
        forward: { (call, module, input) throws(Interruption) in
          let interpreter = call.interpreter
          guard input.rank == dimensions + 2 else {
            throw interpreter.raise(
              .valueError, "expected \(dimensions + 2)D input (got \(input.rank)D input)",
              identifier: "torch.shape")
          }
          let normal = try interpreter.standardize(input, Array(2..<input.rank), module.double("eps"))
          return try interpreter.affine(
            normal, module.tensor("weight"), module.tensor("bias"), channelAxis: 1)
        })
    }
    library.module(
      "LayerNorm",
      "(normalized_shape, eps=1e-05, elementwise_affine=True, bias=True, device=None, dtype=None)",
      { (call, module) throws(Interruption) in
        let shape = try call.ints("normalized_shape")
        try call.interpreter.checkShape(shape)
        module.set("normalized_shape", try call.interpreter.tuple(shape.map { .int($0) }))
        let isAffine = try call.bool("elementwise_affine")
        let hasBias = try call.bool("bias")
        try call.interpreter.register("weight", of: module, isAffine ? shape : nil, .constant(1))
        try call.interpreter.register("bias", of: module, isAffine && hasBias ? shape : nil, .constant(0))
      },
      forward: { (call, module, input) throws(Interruption) in
        let shape = try call.interpreter.elements(of: module.attributes["normalized_shape"] ?? .none)
          .compactMap(call.interpreter.integer)
        return try call.interpreter.layerNormalize(
          input, shape, module.tensor("weight"), module.tensor("bias"), module.double("eps"), module)
      })
    library.function(
      "torch.nn.functional.layer_norm", "torch.layer_norm",
      signature: "(input, normalized_shape, weight=None, bias=None, eps=1e-05)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.layerNormalize(
          try call.tensor("input"), try call.ints("normalized_shape"), try call.optionalTensor("weight"),
          try call.optionalTensor("bias"), try call.double("eps"), nil))
    }
    library.module(
      "GroupNorm", "(num_groups, num_channels, eps=1e-05, affine=True, device=None, dtype=None)",
      { (call, module) throws(Interruption) in
        let channels = try call.int("num_channels")
        let groups = try call.int("num_groups")
        guard groups > 0, channels.isMultiple(of: groups) else {
          throw call.interpreter.raise(
            .valueError, "num_channels must be divisible by num_groups", hint: "\(channels) / \(groups)")
        }
        let shape = try call.bool("affine") ? [channels] : nil
        try call.interpreter.register("weight", of: module, shape, .constant(1))
        try call.interpreter.register("bias", of: module, shape, .constant(0))
      },
      forward: { (call, module, input) throws(Interruption) in
        guard input.rank >= 2, input.shape[1] == module.int("num_channels") else {
          throw call.interpreter.mismatch(
            module, "num_channels", builtFor: module.int("num_channels"),
            reached: input.rank >= 2 ? input.shape[1] : 0,
            "Expected weight to be a vector of size equal to the number of channels in input, but got weight of "
              + "shape [\(module.int("num_channels"))] and input of shape \(input.shape)")
        }
        return try call.interpreter.groupNormalize(
          input, module.int("num_groups"), module.tensor("weight"), module.tensor("bias"),
          module.double("eps"))
      })
    library.function(
      "torch.nn.functional.group_norm", signature: "(input, num_groups, weight=None, bias=None, eps=1e-05)"
    ) { (call) throws(Interruption) in
      let input = try call.tensor("input")
      let groups = try call.int("num_groups")
      guard input.rank >= 2, groups > 0, input.shape[1].isMultiple(of: groups) else {
        throw call.interpreter.raise(
          .runtimeError,
          "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            + "\(input.shape) and num_groups=\(groups)", identifier: "torch.shape")
      }
      return .tensor(
        try call.interpreter.groupNormalize(
          input, groups, try call.optionalTensor("weight"), try call.optionalTensor("bias"),
          try call.double("eps")))
    }
    library.function(
      "torch.nn.functional.batch_norm",
      signature:
        "(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05)"
    ) { (call) throws(Interruption) in
      let mean = try call.optionalTensor("running_mean")
      let variance = try call.optionalTensor("running_var")
      let isTraining = try call.bool("training")
      return .tensor(
        try call.interpreter.batchNormalize(
          try call.tensor("input"), mean, variance, try call.optionalTensor("weight"),
          try call.optionalTensor("bias"), isTraining: isTraining, momentum: try call.double("momentum"),
          epsilon: try call.double("eps")))
    }
    library.function(
      "torch.nn.functional.normalize", signature: "(input, p=2.0, dim=1, eps=1e-12)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      guard try call.double("p") == 2 else {
        throw interpreter.unsupported("normalize with p other than 2 is not supported yet")
      }
      let axes = [try interpreter.axis(try call.int("dim"), input.rank)]
      let squares = try interpreter.apply(.unary(.square), input)
      let sum = try interpreter.apply(.reduce(Reduction(.sum, axes: axes, keepsDimensions: true)), squares)
      let norm = try interpreter.clamp(
        try interpreter.apply(.unary(.squareRoot), sum), try call.double("eps"), nil)
      return .tensor(try interpreter.elementwise(.divide, input, norm))
    }
  }
}

extension Interpreter {
  fileprivate func makeBatchNormalization(
    _ call: NativeCall, _ module: PythonInstance
  ) throws(Interruption) {
    let count = try call.int("num_features")
    try check("num_features", count, module.type.name)
    let shape = try call.bool("affine") ? [count] : nil
    try register("weight", of: module, shape, .constant(1))
    try register("bias", of: module, shape, .constant(0))
    let isTracking = try call.bool("track_running_stats")
    for (name, value) in [("running_mean", 0.0), ("running_var", 1.0)] {
      module.module?.buffers.set(name, try isTracking ? tensor(.fill(value), [count]) : nil)
    }
  }

  fileprivate func batchNormalize(
    _ module: PythonInstance, _ input: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let count = module.int("num_features")
    guard input.shape[1] == count else {
      let what = module.bool("track_running_stats") ? "running_mean" : "weight"
      throw mismatch(
        module, "num_features", builtFor: count, reached: input.shape[1],
        "\(what) should contain \(input.shape[1]) elements not \(count)")
    }
    let isTracking = module.tensor("running_mean") != nil && module.tensor("running_var") != nil
    let isTraining = module.bool("training")
    var momentum = module.double("momentum")
    if case .none? = module.attributes["momentum"] {
      // A cumulative average: only the first batch's share, 1, would be known.
      guard !isTraining || !isTracking else {
        throw unsupported("batch normalisation with momentum=None is not supported in training")
      }
      momentum = 0
    }
    if isTraining { try checkTrainingBatch(input) }
    return try batchNormalize(
      input, isTracking ? module.tensor("running_mean") : nil,
      isTracking ? module.tensor("running_var") : nil,
      module.tensor("weight"), module.tensor("bias"), isTraining: isTraining || !isTracking,
      momentum: momentum, epsilon: module.double("eps"))
  }

  private func checkTrainingBatch(_ input: TracedTensor) throws(Interruption) {
    guard input.count / max(1, input.shape[1]) > 1 else {
      throw raise(
        .valueError, "Expected more than 1 value per channel when training, got input size \(input.shape)",
        identifier: "torch.shape")
    }
  }

  fileprivate func batchNormalize(
    _ input: TracedTensor, _ mean: TracedTensor?, _ variance: TracedTensor?, _ weight: TracedTensor?,
    _ bias: TracedTensor?, isTraining: Bool, momentum: Double, epsilon: Double
  ) throws(Interruption) -> TracedTensor {
    guard input.rank >= 2 else {
      throw raise(
        .valueError, "expected at least 2D input (got \(input.rank)D input)", identifier: "torch.shape")
    }
    guard (weight == nil) == (bias == nil) else {
      throw unsupported("batch normalisation with a weight but no bias is not supported yet")
    }
    let statistics = [mean, variance].compactMap(\.self)
    guard isTraining || statistics.count == 2 else {
      throw raise(.runtimeError, "Expected running_mean and running_var to be defined when training=False")
    }
    let normalization = BatchNormalization(
      epsilon: epsilon, momentum: momentum, isAffine: weight != nil,
      tracksRunningStatistics: statistics.count == 2, isTraining: isTraining)
    let results = try emit(
      .batchNormalization(normalization), [input] + [weight, bias].compactMap(\.self) + statistics)
    if isTraining, results.count == 5 {
      for (buffer, value) in zip(statistics, results[3...]) {
        _ = try write(try tensor(.graph(value), buffer.shape), into: buffer)
      }
    }
    guard let result = results.first else { throw unsupported("batch normalisation yields nothing") }
    return try tensor(.graph(result), input.shape)
  }

  /// `(x − mean) / √(variance + ε)` over axes, with the biased variance.
  func standardize(
    _ input: TracedTensor, _ axes: [Int], _ epsilon: Double
  ) throws(Interruption) -> TracedTensor {
    let mean = try apply(.reduce(Reduction(.mean, axes: axes, keepsDimensions: true)), input)
    let centred = try elementwise(.subtract, input, mean)
    let variance = try apply(
      .reduce(Reduction(.mean, axes: axes, keepsDimensions: true)), try apply(.unary(.square), centred))
    let deviation = try apply(
      .unary(.squareRoot), try elementwise(.add, variance, try scalar(epsilon)))
    return try elementwise(.divide, centred, deviation)
  }

  /// Weight and bias applied along one axis, or along the last ones they have.
  fileprivate func affine(
    _ input: TracedTensor, _ weight: TracedTensor?, _ bias: TracedTensor?, channelAxis: Int?
  ) throws(Interruption) -> TracedTensor {
    func fitted(_ tensor: TracedTensor) throws(Interruption) -> TracedTensor {
      guard let channelAxis else { return tensor }
      return try reshape(tensor, [tensor.count] + [Int](repeating: 1, count: input.rank - channelAxis - 1))
    }
    var result = input
    if let weight { result = try elementwise(.multiply, result, try fitted(weight)) }
    if let bias { result = try elementwise(.add, result, try fitted(bias)) }
    return result
  }

  fileprivate func layerNormalize(
    _ input: TracedTensor, _ shape: [Int], _ weight: TracedTensor?, _ bias: TracedTensor?, _ epsilon: Double,
    _ module: PythonInstance?
  ) throws(Interruption) -> TracedTensor {
    guard !shape.isEmpty, input.rank >= shape.count, Array(input.shape.suffix(shape.count)) == shape else {
      let message =
        "Given normalized_shape=\(shape), expected input with shape [*, "
        + shape.map(String.init).joined(separator: ", ") + "], but got input of size\(input.shape)"
      if let module, shape.count == 1, let last = input.shape.last {
        throw mismatch(module, "normalized_shape", builtFor: shape[0], reached: last, message)
      }
      throw raise(.runtimeError, message, identifier: "torch.shape")
    }
    let axes = Array((input.rank - shape.count)..<input.rank)
    return try affine(try standardize(input, axes, epsilon), weight, bias, channelAxis: nil)
  }

  fileprivate func groupNormalize(
    _ input: TracedTensor, _ groups: Int, _ weight: TracedTensor?, _ bias: TracedTensor?, _ epsilon: Double
  ) throws(Interruption) -> TracedTensor {
    let rest = Array(input.shape.dropFirst(2))
    let split = try reshape(input, [input.shape[0], groups, input.shape[1] / groups] + rest)
    let normal = try standardize(split, Array(2..<split.rank), epsilon)
    return try affine(try reshape(normal, input.shape), weight, bias, channelAxis: 1)
  }
}
