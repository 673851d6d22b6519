import NetworkGraph

extension Library {
  /// Variances, standard deviations and norms.
  static let statistics: Family = { library in
    for (name, isRoot) in [("var", false), ("std", true)] {
      library.function(
        "torch.\(name)", "Tensor.\(name)",
        signature: "(input, dim=None, unbiased=True, keepdim=False, *, correction=None)"
      ) { (call) throws(Interruption) in .tensor(try call.spread(isRoot: isRoot).spread) }
      library.function(
        "torch.\(name)_mean",
        signature: "(input, dim=None, unbiased=True, keepdim=False, *, correction=None)"
      ) { (call) throws(Interruption) in
        let result = try call.spread(isRoot: isRoot)
        return try call.interpreter.tuple([.tensor(result.spread), .tensor(result.mean)])
      }
    }
    library.function(
      "torch.norm", "Tensor.norm", "torch.functional.norm",
      signature: "(input, p='fro', dim=None, keepdim=False, out=None, dtype=None)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.norm(
          try call.floatingInput("input"), try call.order("p"), try call.optionalInts("dim"),
          keeps: try call.bool("keepdim")))
    }
    library.function(
      "torch.linalg.vector_norm", signature: "(x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.norm(
          try call.floatingInput("x"), try call.order("ord"), try call.optionalInts("dim"),
          keeps: try call.bool("keepdim")))
    }
    library.function(
      "torch.linalg.norm", signature: "(A, ord=None, dim=None, keepdim=False, *, out=None, dtype=None)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.floatingInput("A")
      let (dims, keeps) = (try call.optionalInts("dim"), try call.bool("keepdim"))
      if interpreter.isNone(call["ord"]) {
        return .tensor(try interpreter.norm(input, 2, dims, keeps: keeps))
      }
      if dims?.count == 2 || (dims == nil && input.rank == 2) {
        return .tensor(try call.matrixNorm(input, call["ord"], dims ?? [0, 1], keeps: keeps))
      }
      guard dims != nil || input.rank == 1 else {
        throw interpreter.raise(
          .runtimeError,
          "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got \(input.rank)D.",
          identifier: "torch.shape")
      }
      return .tensor(try interpreter.norm(input, try call.order("ord"), dims, keeps: keeps))
    }
    library.function(
      "torch.linalg.matrix_norm",
      signature: "(A, ord='fro', dim=None, keepdim=False, *, dtype=None, out=None)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.matrixNorm(
          try call.floatingInput("A"), call["ord"], try call.optionalInts("dim") ?? [-2, -1],
          keeps: try call.bool("keepdim")))
    }
  }
}

extension NativeCall {
  /// A tensor argument in the call's `dtype`, of floating type as norms need it.
  fileprivate func floatingInput(_ name: String) throws(Interruption) -> TracedTensor {
    var input = try tensor(name)
    if let type = try dataType("dtype") { input = try interpreter.cast(input, type) }
    guard input.dataType.isFloating else {
      throw interpreter.raise(
        .runtimeError,
        "linalg.vector_norm: Expected a floating point or complex tensor as input. Got \(input.dataType.rawValue)"
      )
    }
    return input
  }

  /// The order of a norm: a number, or `'fro'` for 2.
  fileprivate func order(_ name: String) throws(Interruption) -> Double {
    guard case .string(let text) = self[name] else {
      return interpreter.isNone(self[name]) ? 2 : try double(name)
    }
    guard text == "fro" else { throw interpreter.unsupported("the norm '\(text)' is not supported") }
    return 2
  }

  /// Variance or standard deviation, and mean, by the arguments `dim`, `unbiased`, `keepdim` and `correction`.
  fileprivate func spread(
    isRoot: Bool
  ) throws(Interruption) -> (spread: TracedTensor, mean: TracedTensor) {
    let input = try tensor("input")
    guard input.dataType.isFloating else {
      throw interpreter.raise(
        .runtimeError,
        "std and var only support floating point and complex dtypes, but got \(input.dataType.rawValue)")
    }
    var dimensions: [Int]?
    var isUnbiased = try bool("unbiased")
    // `x.var(False)` is the overload without dimensions.
    if case .bool(let flag) = self["dim"] {
      isUnbiased = flag
    } else {
      dimensions = try optionalInts("dim")
    }
    let axes = try interpreter.axes(dimensions, input.rank)
    let keeps = try bool("keepdim")
    let count = axes.reduce(1.0) { $0 * Double(input.shape[$1]) }
    let correction = try optionalDouble("correction") ?? (isUnbiased ? 1 : 0)
    let mean = try interpreter.reduce(.mean, input, axes, keeps: true)
    let centred = try interpreter.elementwise(.subtract, input, mean)
    let squares = try interpreter.apply(.unary(.square), centred)
    let sum = try interpreter.reduce(.sum, squares, axes, keeps: keeps)
    let divisor = try interpreter.scalar(max(0, count - correction), input.dataType)
    let variance = try interpreter.elementwise(.divide, sum, divisor)
    let kept = keeps ? mean : try interpreter.reshape(mean, sum.shape)
    return (isRoot ? try interpreter.apply(.unary(.squareRoot), variance) : variance, kept)
  }

  /// The norm of the matrices of two dimensions.
  fileprivate func matrixNorm(
    _ input: TracedTensor, _ order: PythonValue, _ dims: [Int], keeps: Bool
  ) throws(Interruption) -> TracedTensor {
    guard dims.count == 2, input.rank >= 2 else {
      throw interpreter.raise(
        .runtimeError, "linalg.matrix_norm: The input tensor A must have at least 2 dimensions.",
        identifier: "torch.shape")
    }
    if case .string("fro") = order { return try interpreter.norm(input, 2, dims, keeps: keeps) }
    guard let number = interpreter.double(order), abs(number) == 1 || abs(number) == .infinity else {
      throw interpreter.unsupported(
        "this matrix norm needs singular values, which are not supported",
        hint: "torch.linalg.vector_norm and the orders 'fro', 1 and inf are there")
    }
    // Sums of columns or rows, and their extreme.
    let (rows, columns) = (
      try interpreter.axis(dims[0], input.rank), try interpreter.axis(dims[1], input.rank)
    )
    let sizes = try interpreter.apply(.unary(.absolute), input)
    let isByColumn = abs(number) == 1
    let sums = try interpreter.reduce(.sum, sizes, [isByColumn ? rows : columns], keeps: true)
    let extreme = try interpreter.reduce(
      number > 0 ? .maximum : .minimum, sums, [isByColumn ? columns : rows], keeps: true)
    if keeps { return extreme }
    return try interpreter.reshape(
      extreme, input.shape.indices.filter { $0 != rows && $0 != columns }.map { input.shape[$0] })
  }
}

extension Interpreter {
  /// (Σ |x|ᵖ)^(1/p) over dimensions or all, with PyTorch's limits at p = 0, ∞ and −∞.
  func norm(
    _ input: TracedTensor, _ order: Double, _ dimensions: [Int]?, keeps: Bool
  ) throws(Interruption) -> TracedTensor {
    switch order {
    case 0:
      let ones = try choose(
        try truth(input), try scalar(1, input.dataType), try scalar(0, input.dataType))
      return try reduce(.sum, ones, dimensions, keeps: keeps)
    case 1: return try reduce(.sum, try apply(.unary(.absolute), input), dimensions, keeps: keeps)
    case 2:
      let sum = try reduce(.sum, try apply(.unary(.square), input), dimensions, keeps: keeps)
      return try root(sum) { (sum) throws(Interruption) in try self.apply(.unary(.squareRoot), sum) }
    case .infinity: return try reduce(.maximum, try apply(.unary(.absolute), input), dimensions, keeps: keeps)
    case -.infinity:
      return try reduce(.minimum, try apply(.unary(.absolute), input), dimensions, keeps: keeps)
    default:
      let powers = try elementwise(
        .power, try apply(.unary(.absolute), input), try scalar(order, input.dataType))
      let sum = try reduce(.sum, powers, dimensions, keeps: keeps)
      return try root(sum) { (sum) throws(Interruption) in
        try self.elementwise(.power, sum, try self.scalar(1 / order, sum.dataType))
      }
    }
  }

  /// A root of a sum that has the gradient 0 where the sum is 0, as PyTorch's norms have.
  private func root(
    _ sum: TracedTensor, _ root: (TracedTensor) throws(Interruption) -> TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let zero = try scalar(0, sum.dataType)
    let isZero = try elementwise(.equal, sum, zero)
    return try choose(isZero, zero, try root(try choose(isZero, try scalar(1, sum.dataType), sum)))
  }
}
