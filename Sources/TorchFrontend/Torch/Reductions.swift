import NetworkGraph

extension Library {
  /// Sums, means, extremes and statistics over dimensions.
  static let reductions: Family = { library in
    for (name, kind) in [
      ("sum", Reduction.Kind.sum), ("mean", .mean), ("amax", .maximum), ("amin", .minimum),
    ] {
      library.function(
        "torch.\(name)", "Tensor.\(name)", signature: "(input, dim=None, keepdim=False, *, dtype=None)"
      ) { (call) throws(Interruption) in
        let interpreter = call.interpreter
        var input = try call.tensor("input")
        if kind == .mean, !input.dataType.isFloating {
          throw interpreter.raise(
            .runtimeError,
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
              + "complex dtype. Got: \(input.dataType.rawValue)")
        }
        if kind == .sum, input.dataType == .bool { input = try interpreter.cast(input, .int64) }
        return .tensor(
          try interpreter.reduce(kind, input, try call.optionalInts("dim"), keeps: try call.bool("keepdim")))
      }
    }
    for (name, kind) in [("max", Reduction.Kind.maximum), ("min", .minimum)] {
      library.function(
        "torch.\(name)", "Tensor.\(name)", signature: "(input, dim=None, keepdim=False, *, other=None)"
      ) {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        var second = call["dim"]
        if case .tensor = call["other"] { second = call["other"] }
        if case .tensor(let other) = second {
          return .tensor(try interpreter.elementwise(kind == .maximum ? .maximum : .minimum, input, other))
        }
        guard let dimension = try call.optionalInt("dim") else {
          return .tensor(try interpreter.reduce(kind, input, nil, keeps: false))
        }
        let values = try interpreter.reduce(kind, input, [dimension], keeps: try call.bool("keepdim"))
        let type = interpreter.nativeClass("torch.return_types.\(name)")
        type.fields = ["values", "indices"]
        return try interpreter.tuple(
          [.tensor(values), .opaque("the indices of torch.\(name)")], .named(type))
      }
      library.add(NativeClass("torch.return_types.\(name)", base: "builtins.tuple"))
    }
    for (name, isRoot) in [("var", false), ("std", true)] {
      library.function(
        "torch.\(name)", "Tensor.\(name)",
        signature: "(input, dim=None, unbiased=True, keepdim=False, *, correction=None)"
      ) { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let input = try call.tensor("input")
        var dimensions: [Int]?
        var isUnbiased = try call.bool("unbiased")
        // `x.var(False)` is the overload without dimensions.
        if case .bool(let flag) = call["dim"] {
          isUnbiased = flag
        } else {
          dimensions = try call.optionalInts("dim")
        }
        let axes = try interpreter.axes(dimensions, input.rank)
        let keeps = try call.bool("keepdim")
        let count = axes.reduce(1) { $0 * input.shape[$1] }
        let correction = try call.optionalInt("correction") ?? (isUnbiased ? 1 : 0)
        let mean = try interpreter.reduce(.mean, input, axes, keeps: true)
        let centred = try interpreter.elementwise(.subtract, input, mean)
        let squares = try interpreter.apply(.unary(.square), centred)
        let sum = try interpreter.reduce(.sum, squares, axes, keeps: keeps)
        let divisor = try interpreter.scalar(max(0, Double(count) - Double(correction)))
        let variance = try interpreter.elementwise(.divide, sum, divisor)
        return .tensor(isRoot ? try interpreter.apply(.unary(.squareRoot), variance) : variance)
      }
    }
    library.function(
      "torch.norm", "Tensor.norm", "torch.linalg.norm", "torch.linalg.vector_norm",
      signature: "(input, p='fro', dim=None, keepdim=False)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      var order = 2.0
      if case .string(let name) = call["p"] {
        guard name == "fro" else { throw interpreter.unsupported("the norm '\(name)' is not supported") }
      } else {
        order = try call.double("p")
      }
      let dimensions = try call.optionalInts("dim")
      let keeps = try call.bool("keepdim")
      switch order {
      case 1:
        let sizes = try interpreter.apply(.unary(.absolute), input)
        return .tensor(try interpreter.reduce(.sum, sizes, dimensions, keeps: keeps))
      case 2:
        let squares = try interpreter.apply(.unary(.square), input)
        let sum = try interpreter.reduce(.sum, squares, dimensions, keeps: keeps)
        return .tensor(try interpreter.apply(.unary(.squareRoot), sum))
      default: throw interpreter.unsupported("norms other than 1 and 2 are not supported yet")
      }
    }
    library.function("torch.cumsum", "Tensor.cumsum", signature: "(input, dim)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      guard input.rank > 0, input.shape[axis] <= 1_024, try interpreter.knownValues(input) != nil else {
        throw interpreter.unsupported("torch.cumsum within a network is not supported yet")
      }
      var parts: [TracedTensor] = []
      for index in 0..<input.shape[axis] {
        let part = try interpreter.slice(input, axis, index, index + 1)
        parts.append(
          try parts.last.map { (sum) throws(Interruption) in try interpreter.elementwise(.add, sum, part) }
            ?? part)
      }
      return .tensor(try interpreter.concatenate(parts, axis))
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
}
