import NetworkGraph

extension Library {
  /// Batch and instance normalisation, with their lazy forms.
  static let batchNormalizations: Family = { library in
    for dimensions in 0...3 {
      // SyncBatchNorm has no dimensions of its own.
      let name = dimensions == 0 ? "SyncBatchNorm" : "BatchNorm\(dimensions)d"
      let ranks = dimensions == 0 ? 2...64 : dimensions == 1 ? 2...3 : (dimensions + 2)...(dimensions + 2)
      library.statisticsModule(
        name, ranks: ranks, isAffine: true, tracks: true,
        extra: dimensions == 0 ? "process_group=None, " : ""
      ) { (interpreter, module, input) throws(Interruption) in
        try interpreter.batchNormalize(module, input)
      }
      guard dimensions > 0 else { continue }
      library.statisticsModule(
        "InstanceNorm\(dimensions)d", ranks: (dimensions + 1)...(dimensions + 2), isAffine: false,
        tracks: false
      ) { (interpreter, module, input) throws(Interruption) in
        let images = try interpreter.batched(input, dimensions + 2)
        return try interpreter.unbatched(
          try interpreter.instanceNormalize(module, images), like: input, dimensions + 2)
      }
    }
    library.function(
      "torch.nn.functional.batch_norm",
      signature:
        "(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.batchNormalize(
          try call.tensor("input"), try call.optionalTensor("running_mean"),
          try call.optionalTensor("running_var"), try call.optionalTensor("weight"),
          try call.optionalTensor("bias"), isTraining: try call.bool("training"),
          momentum: try call.double("momentum"), epsilon: try call.double("eps")))
    }
    library.function(
      "torch.nn.functional.instance_norm",
      signature:
        "(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-05)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.instanceNormalize(
          try call.tensor("input"), try call.optionalTensor("running_mean"),
          try call.optionalTensor("running_var"), try call.optionalTensor("weight"),
          try call.optionalTensor("bias"), usesInput: try call.bool("use_input_stats"),
          momentum: try call.double("momentum"), epsilon: try call.double("eps")))
    }
  }

  /// Adds a module with running statistics, and its lazy form.
  private mutating func statisticsModule(
    _ name: String, ranks: ClosedRange<Int>, isAffine: Bool, tracks: Bool, extra: String = "",
    _ normalize:
      @escaping @Sendable (Interpreter, PythonInstance, TracedTensor) throws(Interruption) ->
      TracedTensor
  ) {
    func parameters(_ isAffine: Bool, _ tracks: Bool) -> String {
      "eps=1e-05, momentum=0.1, affine=\(isAffine ? "True" : "False"), "
        + "track_running_stats=\(tracks ? "True" : "False"), \(extra)device=None, dtype=None"
    }
    let forward = NativeFunction("\(name).forward", "(self, input)") { (call) throws(Interruption) in
      let (interpreter, module, input) = (call.interpreter, try call.instance(), try call.tensor("input"))
      guard ranks.contains(input.rank) else {
        let names = ranks.upperBound == 64 ? "at least 2D" : ranks.map { "\($0)D" }.joined(separator: " or ")
        throw interpreter.raise(
          .valueError, "expected \(names) input (got \(input.rank)D input)",
          hint: "\(interpreter.described(module)) gets \(input.shape)", identifier: "torch.shape")
      }
      if module.isUninitialized {
        let isBatched = name.hasPrefix("Batch") || input.rank == ranks.upperBound
        let count = input.shape[isBatched ? 1 : 0]
        module.set("num_features", .int(count))
        try interpreter.initialize(module) { () throws(Interruption) in
          try interpreter.registerStatistics(module, count)
        }
      }
      return .tensor(try normalize(interpreter, module, input))
    }
    var methods = ["forward": forward]
    if name == "SyncBatchNorm" {
      methods["convert_sync_batchnorm"] = NativeFunction(
        "SyncBatchNorm.convert_sync_batchnorm", "(module, process_group=None)"
      ) { (call) throws(Interruption) in call["module"] }
    }
    module(
      name, "(num_features, \(parameters(isAffine, tracks)))",
      { (call, module) throws(Interruption) in
        let count = try call.int("num_features")
        try call.interpreter.check("num_features", count, name)
        try call.interpreter.registerStatistics(module, count)
      }, methods: methods)
    guard ranks.upperBound < 64 else { return }
    // Those of instance normalisation too are affine and have running statistics by default.
    module(
      "Lazy\(name)", "(\(parameters(true, true)))", base: "torch.nn.\(name)",
      { (call, module) throws(Interruption) in
        module.set("num_features", .int(0))
        if module.bool("affine") {
          for name in ["weight", "bias"] { try call.interpreter.registerLazily(name, of: module) }
        }
        module.module?.isUninitialized = true
        for name in ["running_mean", "running_var"] { module.module?.buffers.set(name, nil) }
      }, methods: [:])
  }
}

extension Interpreter {
  fileprivate func registerStatistics(_ module: PythonInstance, _ count: Int) throws(Interruption) {
    let shape = module.bool("affine") ? [count] : nil
    try register("weight", of: module, shape, .constant(1))
    try register("bias", of: module, shape, .constant(0))
    let isTracking = module.bool("track_running_stats")
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
    return try batchNormalize(
      input, isTracking ? module.tensor("running_mean") : nil,
      isTracking ? module.tensor("running_var") : nil,
      module.tensor("weight"), module.tensor("bias"), isTraining: isTraining || !isTracking,
      momentum: momentum, epsilon: module.double("eps"))
  }

  fileprivate func batchNormalize(
    _ input: TracedTensor, _ mean: TracedTensor?, _ variance: TracedTensor?, _ weight: TracedTensor?,
    _ bias: TracedTensor?, isTraining: Bool, momentum: Double, epsilon: Double
  ) throws(Interruption) -> TracedTensor {
    guard input.rank >= 2 else {
      throw raise(
        .valueError, "expected at least 2D input (got \(input.rank)D input)", identifier: "torch.shape")
    }
    try requireElements(input)
    let count = input.shape[1]
    let statistics = [mean, variance].compactMap(\.self)
    guard isTraining || statistics.count == 2 else {
      throw raise(.runtimeError, "Expected running_mean and running_var to be defined when training=False")
    }
    guard !isTraining || input.count > count else {
      throw raise(
        .valueError, "Expected more than 1 value per channel when training, got input size \(input.shape)",
        identifier: "torch.shape")
    }
    for (name, vector) in [
      ("running_mean", mean), ("running_var", variance), ("weight", weight), ("bias", bias),
    ] {
      guard let vector, vector.shape != [count] else { continue }
      throw raise(
        .runtimeError, "\(name) should contain \(count) elements not \(vector.count)",
        identifier: "torch.shape")
    }
    var affine: [TracedTensor] = []
    if weight != nil || bias != nil {
      if let weight { affine.append(weight) } else { affine.append(try tensor(.fill(1), [count])) }
      if let bias { affine.append(bias) } else { affine.append(try tensor(.fill(0), [count])) }
    }
    // Statistics that only one of the two has cannot be updated, and training does not read them.
    let tracked = statistics.count == 2 ? statistics : []
    let normalization = BatchNormalization(
      epsilon: epsilon, momentum: momentum, isAffine: !affine.isEmpty,
      tracksRunningStatistics: !tracked.isEmpty, isTraining: isTraining)
    let results = try emit(.batchNormalization(normalization), [input] + affine + tracked)
    if isTraining, results.count == 5 {
      for (buffer, value) in zip(tracked, results[3...]) where updatesStatistics() {
        _ = try write(try tensor(.graph(value), buffer.shape), into: buffer)
      }
    }
    guard let result = results.first else { throw unsupported("batch normalisation yields nothing") }
    return try tensor(.graph(result), input.shape)
  }

  /// Whether running statistics follow the batch; not where a constructor rehearses layers.
  private func updatesStatistics() -> Bool {
    if !tracer.isTracing {
      note("torch.statistics", "running statistics do not follow what a constructor feeds to its layers")
    }
    return tracer.isTracing
  }

  // MARK: Instances

  fileprivate func instanceNormalize(
    _ module: PythonInstance, _ input: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let count = module.int("num_features")
    let tracks = module.tensor("running_mean") != nil
    if input.shape[1] != count, module.tensor("weight") != nil || tracks {
      throw mismatch(
        module, "num_features", builtFor: count, reached: input.shape[1],
        "expected input's size at dim=1 to match num_features (\(count)), but got: \(input.shape[1]).")
    }
    return try instanceNormalize(
      input, module.tensor("running_mean"), module.tensor("running_var"), module.tensor("weight"),
      module.tensor("bias"), usesInput: module.bool("training") || !tracks,
      momentum: module.double("momentum"), epsilon: module.double("eps"))
  }

  fileprivate func instanceNormalize(
    _ input: TracedTensor, _ mean: TracedTensor?, _ variance: TracedTensor?, _ weight: TracedTensor?,
    _ bias: TracedTensor?, usesInput: Bool, momentum: Double, epsilon: Double
  ) throws(Interruption) -> TracedTensor {
    guard input.rank >= 3 else {
      throw raise(
        .valueError, "expected at least 3D input (got \(input.rank)D input)", identifier: "torch.shape")
    }
    guard usesInput else {
      return try batchNormalize(
        input, mean, variance, weight, bias, isTraining: false, momentum: momentum, epsilon: epsilon)
    }
    try requireElements(input)
    let axes = Array(2..<input.rank)
    let count = axes.reduce(1) { $0 * input.shape[$1] }
    guard count > 1 else {
      throw raise(
        .valueError, "Expected more than 1 spatial element when training, got input size \(input.shape)",
        identifier: "torch.shape")
    }
    if let mean, let variance, updatesStatistics() {
      // What running statistics take over is the batch's mean of each example's mean and unbiased variance.
      let centre = try apply(.reduce(Reduction(.mean, axes: axes, keepsDimensions: true)), input)
      let squares = try apply(.unary(.square), try elementwise(.subtract, input, centre))
      let spread = try apply(.reduce(Reduction(.mean, axes: axes)), squares)
      let unbiased = try elementwise(
        .multiply, spread, try scalar(Double(count) / Double(count - 1)))
      let centres = try reshape(centre, [input.shape[0], input.shape[1]])
      for (buffer, values) in [(mean, centres), (variance, unbiased)] {
        let new = try elementwise(
          .multiply, try apply(.reduce(Reduction(.mean, axes: [0])), values), try scalar(momentum))
        let old = try elementwise(.multiply, buffer, try scalar(1 - momentum))
        _ = try write(try elementwise(.add, old, new), into: buffer)
      }
    }
    return try affine(try standardize(input, axes, epsilon), weight, bias, channelAxis: 1)
  }
}
