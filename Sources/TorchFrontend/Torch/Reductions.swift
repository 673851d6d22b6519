import NetworkGraph

extension Library {
  /// Sums, means, extremes and tests over dimensions.
  static let reductions: Family = { library in
    for (name, kind) in [("sum", Reduction.Kind.sum), ("mean", .mean)] {
      library.function(
        "torch.\(name)", "Tensor.\(name)", signature: "(input, dim=None, keepdim=False, *, dtype=None)"
      ) { (call) throws(Interruption) in
        .tensor(
          try call.interpreter.total(
            kind, try call.tensor("input"), try call.optionalInts("dim"), keeps: try call.bool("keepdim"),
            type: try call.dataType("dtype")))
      }
      library.function(
        "torch.nan\(name)", "Tensor.nan\(name)", signature: "(input, dim=None, keepdim=False, *, dtype=None)"
      ) { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        let (dims, keeps) = (try call.optionalInts("dim"), try call.bool("keepdim"))
        let isNumber = try interpreter.elementwise(.equal, input, input)
        let numbers = try interpreter.choose(isNumber, input, try interpreter.scalar(0, input.dataType))
        let sum = try interpreter.total(.sum, numbers, dims, keeps: keeps, type: try call.dataType("dtype"))
        guard kind == .mean else { return .tensor(sum) }
        let ones = try interpreter.choose(
          isNumber, try interpreter.scalar(1), try interpreter.scalar(0), type: .float32)
        return .tensor(
          try interpreter.elementwise(
            .divide, sum, try interpreter.total(.sum, ones, dims, keeps: keeps, type: nil)))
      }
    }
    for (name, kind) in [("amax", Reduction.Kind.maximum), ("amin", .minimum)] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(input, dim=None, keepdim=False)") {
        (call) throws(Interruption) in
        .tensor(
          try call.interpreter.reduce(
            kind, try call.tensor("input"), try call.optionalInts("dim"), keeps: try call.bool("keepdim")))
      }
    }
    for (name, kind) in [("any", Reduction.Kind.maximum), ("all", .minimum)] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(input, dim=None, keepdim=False)") {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        let result = try interpreter.reduce(
          kind, try interpreter.truth(input), try call.optionalInts("dim"), keeps: try call.bool("keepdim"))
        return .tensor(input.dataType == .uint8 ? try interpreter.cast(result, .uint8) : result)
      }
    }
    library.function("torch.count_nonzero", "Tensor.count_nonzero", signature: "(input, dim=None)") {
      (call) throws(Interruption) in
      let truth = try call.interpreter.truth(try call.tensor("input"))
      return .tensor(
        try call.interpreter.total(.sum, truth, try call.optionalInts("dim"), keeps: false, type: nil))
    }
    library.function("torch.aminmax", "Tensor.aminmax", signature: "(input, *, dim=None, keepdim=False)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, dims) = (try call.tensor("input"), try call.optionalInts("dim"))
      let keeps = try call.bool("keepdim")
      let type = interpreter.nativeClass("torch.return_types.aminmax")
      type.fields = ["min", "max"]
      return try interpreter.tuple(
        [
          .tensor(try interpreter.reduce(.minimum, input, dims, keeps: keeps)),
          .tensor(try interpreter.reduce(.maximum, input, dims, keeps: keeps)),
        ], .named(type))
    }
    library.add(NativeClass("torch.return_types.aminmax", base: "builtins.tuple"))
    library.function(
      "torch.logsumexp", "Tensor.logsumexp", "torch.special.logsumexp",
      signature: "(input, dim, keepdim=False)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.logarithmOfSum(
          try call.tensor("input"), try call.ints("dim"), keeps: try call.bool("keepdim")))
    }
    library.function(
      "torch.diff", "Tensor.diff", signature: "(input, n=1, dim=-1, prepend=None, append=None)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      guard input.rank > 0 else {
        throw interpreter.raise(.runtimeError, "diff expects input to be at least one-dimensional")
      }
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      var parts = [input]
      if let first = try call.optionalTensor("prepend") { parts.insert(first, at: 0) }
      if let last = try call.optionalTensor("append") { parts.append(last) }
      var result = parts.count > 1 ? try interpreter.concatenate(parts, axis) : input
      let order = try call.int("n")
      guard order >= 0 else {
        throw interpreter.raise(.runtimeError, "order must be non-negative but got \(order)")
      }
      guard order < result.shape[axis] else {
        throw interpreter.unsupported("a difference without elements is not supported")
      }
      for _ in 0..<order {
        let extent = result.shape[axis]
        result = try interpreter.elementwise(
          .subtract, try interpreter.slice(result, axis, 1, extent),
          try interpreter.slice(result, axis, 0, extent - 1))
      }
      return .tensor(result === input ? try interpreter.copied(input) : result)
    }
  }
}

extension Interpreter {
  /// A reduction over dimensions, or over all.
  func reduce(
    _ kind: Reduction.Kind, _ input: TracedTensor, _ dimensions: [Int]?, keeps: Bool
  ) throws(Interruption) -> TracedTensor {
    let axes = try axes(dimensions, input.rank)
    if axes.isEmpty { return try apply(.reshape(input.shape), input) }
    return try apply(.reduce(Reduction(kind, axes: axes, keepsDimensions: keeps)), input)
  }

  /// A sum or mean in PyTorch's types: sums of integers are int64, means need floating-point numbers.
  func total(
    _ kind: Reduction.Kind, _ input: TracedTensor, _ dimensions: [Int]?, keeps: Bool, type: DataType?
  ) throws(Interruption) -> TracedTensor {
    var input = input
    if let type {
      input = try cast(input, type)
    } else if !input.dataType.isFloating {
      guard kind != .mean else {
        throw raise(
          .runtimeError,
          "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            + input.dataType.rawValue, hint: "use .float() first")
      }
      input = try cast(input, .int64)
    }
    return try reduce(kind, input, dimensions, keeps: keeps)
  }

  /// log Σ exp x, by the largest element, so that nothing overflows.
  func logarithmOfSum(
    _ input: TracedTensor, _ dimensions: [Int], keeps: Bool
  ) throws(Interruption) -> TracedTensor {
    let input = try floating(input)
    let highest = try reduce(.maximum, input, dimensions, keeps: true)
    // An infinite one is not subtracted from itself.
    let size = try apply(.unary(.absolute), highest)
    let isFinite = try elementwise(.less, size, try scalar(.infinity, input.dataType))
    let base = try choose(isFinite, highest, try scalar(0, input.dataType))
    let powers = try apply(.unary(.exponential), try elementwise(.subtract, input, base))
    let sum = try apply(.unary(.logarithm), try reduce(.sum, powers, dimensions, keeps: true))
    let result = try elementwise(.add, sum, base)
    if keeps { return result }
    let axes = try axes(dimensions, input.rank)
    return try reshape(result, input.shape.indices.filter { !axes.contains($0) }.map { input.shape[$0] })
  }
}
