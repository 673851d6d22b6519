import NetworkGraph

extension Library {
  typealias Pointwise = @Sendable (NativeCall) throws(Interruption) -> TracedTensor

  /// Adds a function of tensors as function and method, each also in place, which changes the first argument.
  ///
  /// - Parameters:
  ///   - names: Without `torch.` and `Tensor.`; the first is the one in messages.
  ///   - signature: The parameters in parentheses, of which the first is `input`.
  ///   - others: Further qualified names of the function.
  mutating func pointwise(
    _ names: [String], _ signature: String = "(input)", others: [String] = [], _ compute: @escaping Pointwise
  ) {
    let open = signature.dropLast() + (signature.contains("*") ? ", out=None)" : ", *, out=None)")
    add(
      NativeFunction("torch.\(names[0])", String(open)) { (call) throws(Interruption) in
        guard call.interpreter.isNone(call["out"]) else {
          throw call.interpreter.unsupported("torch.\(names[0]) with out= is not supported")
        }
        return .tensor(try compute(call))
      }, as: names.flatMap { ["torch.\($0)", "Tensor.\($0)"] } + others)
    add(
      NativeFunction("torch.\(names[0])_", signature) { (call) throws(Interruption) in
        .tensor(try call.interpreter.overwrite(try call.tensor("input"), try compute(call)))
      }, as: names.flatMap { ["torch.\($0)_", "Tensor.\($0)_"] })
  }

  /// Functions of one tensor, elementwise.
  static let unaryFunctions: Family = { library in
    // Functions of real numbers: integers become floating-point numbers.
    let real: [(names: [String], UnaryFunction)] = [
      (["sigmoid", "special.expit"], .sigmoid), (["tanh"], .tanh), (["exp"], .exponential),
      (["log"], .logarithm),
      (["sqrt"], .squareRoot), (["rsqrt"], .reciprocalSquareRoot), (["reciprocal"], .reciprocal),
      (["sin"], .sine), (["cos"], .cosine), (["tan"], .tangent), (["asin", "arcsin"], .arcSine),
      (["acos", "arccos"], .arcCosine), (["atan", "arctan"], .arcTangent), (["sinh"], .hyperbolicSine),
      (["cosh"], .hyperbolicCosine), (["asinh", "arcsinh"], .inverseHyperbolicSine),
      (["acosh", "arccosh"], .inverseHyperbolicCosine), (["atanh", "arctanh"], .inverseHyperbolicTangent),
      (["erf", "special.erf"], .errorFunction), (["erfc", "special.erfc"], .complementaryErrorFunction),
      (["log1p", "special.log1p"], .logarithmPlus1), (["expm1", "special.expm1"], .exponentialMinus1),
      (["log2"], .logarithm2), (["log10"], .logarithm10),
    ]
    for (names, function) in real {
      library.pointwise(
        names, others: names[0] == "sigmoid" || names[0] == "tanh" ? ["torch.nn.functional.\(names[0])"] : []
      ) {
        (call) throws(Interruption) in
        try call.interpreter.apply(.unary(function), try call.interpreter.floating(try call.tensor("input")))
      }
    }
    let kept: [(names: [String], UnaryFunction)] = [
      (["abs", "absolute"], .absolute), (["square"], .square), (["relu"], .relu),
    ]
    for (names, function) in kept {
      library.pointwise(names) { (call) throws(Interruption) in
        try call.interpreter.apply(.unary(function), try call.tensor("input"))
      }
    }
    library.pointwise(["neg", "negative"]) { (call) throws(Interruption) in
      try call.interpreter.negated(try call.tensor("input"))
    }
    library.function("torch.positive", "Tensor.positive", signature: "(input)") {
      (call) throws(Interruption) in
      call["input"]
    }
    // Integers are steps already.
    let steps: [(names: [String], UnaryFunction)] = [
      (["floor"], .floor), (["ceil"], .ceiling), (["trunc", "fix"], .truncate), (["sign", "sgn"], .sign),
    ]
    for (names, function) in steps {
      library.pointwise(names) { (call) throws(Interruption) in
        let input = try call.tensor("input")
        if function != .sign, !input.dataType.isFloating { return try call.interpreter.copied(input) }
        return try call.interpreter.apply(.unary(function), input)
      }
    }
    library.pointwise(["round"], "(input, *, decimals=0)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      guard input.dataType.isFloating else { return try interpreter.copied(input) }
      let decimals = try call.int("decimals")
      if decimals == 0 { return try interpreter.apply(.unary(.round), input) }
      guard decimals.magnitude <= 30 else {
        throw interpreter.unsupported("torch.round with decimals=\(decimals) is not supported")
      }
      let factor = try interpreter.scalar(Numerics.power(10, Double(abs(decimals))), input.dataType)
      let (before, after): (BinaryFunction, BinaryFunction) =
        decimals > 0 ? (.multiply, .divide) : (.divide, .multiply)
      let scaled = try interpreter.elementwise(before, input, factor)
      return try interpreter.elementwise(after, try interpreter.apply(.unary(.round), scaled), factor)
    }
    library.pointwise(["frac"]) { (call) throws(Interruption) in
      let input = try call.tensor("input")
      return try call.interpreter.elementwise(
        .subtract, input, try call.interpreter.apply(.unary(.truncate), input))
    }
    library.pointwise(["exp2", "special.exp2"]) { (call) throws(Interruption) in
      let input = try call.interpreter.floating(try call.tensor("input"))
      return try call.interpreter.elementwise(.power, try call.interpreter.scalar(2, input.dataType), input)
    }
    for (name, factor) in [("deg2rad", Double.pi / 180), ("rad2deg", 180 / .pi)] {
      library.pointwise([name]) { (call) throws(Interruption) in
        let input = try call.interpreter.floating(try call.tensor("input"))
        return try call.interpreter.elementwise(
          .multiply, input, try call.interpreter.scalar(factor, input.dataType))
      }
    }
    library.pointwise(["logit", "special.logit"], "(input, eps=None)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      var input = try interpreter.floating(try call.tensor("input"))
      if let epsilon = try call.optionalDouble("eps") {
        input = try interpreter.clamp(input, epsilon, 1 - epsilon)
      }
      let rest = try interpreter.elementwise(.subtract, try interpreter.scalar(1, input.dataType), input)
      return try interpreter.apply(.unary(.logarithm), try interpreter.elementwise(.divide, input, rest))
    }
    library.pointwise(["nan_to_num"], "(input, nan=0.0, posinf=None, neginf=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      guard input.dataType.isFloating else { return try interpreter.copied(input) }
      let largest = Double(Float.greatestFiniteMagnitude)
      let isNumber = try interpreter.elementwise(.equal, input, input)
      let number = try interpreter.choose(
        isNumber, input, try interpreter.scalar(try call.optionalDouble("nan") ?? 0, input.dataType))
      var result = number
      for (bound, replacement) in [
        (Double.infinity, try call.optionalDouble("posinf") ?? largest),
        (-.infinity, try call.optionalDouble("neginf") ?? -largest),
      ] {
        let isBound = try interpreter.elementwise(
          .equal, number, try interpreter.scalar(bound, input.dataType))
        result = try interpreter.choose(isBound, try interpreter.scalar(replacement, input.dataType), result)
      }
      return result
    }
    for (name, function) in [
      ("isnan", UnaryFunction.isNaN), ("isinf", .isInfinite), ("isfinite", .isFinite),
    ] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(input)") {
        (call) throws(Interruption) in
        let input = try call.interpreter.floating(try call.tensor("input"))
        return .tensor(try call.interpreter.apply(.unary(function), [input], dataType: .bool))
      }
    }
    for (name, bound) in [("isposinf", Double.infinity), ("isneginf", -.infinity)] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(input)") {
        (call) throws(Interruption) in
        let input = try call.interpreter.floating(try call.tensor("input"))
        return .tensor(
          try call.interpreter.elementwise(
            .equal, input, try call.interpreter.scalar(bound, input.dataType)))
      }
    }
    // Functions without an elementary derivative here, and those of complex numbers.
    for name in [
      "lgamma", "digamma", "polygamma", "mvlgamma", "erfinv", "i0", "sinc", "angle", "conj", "real", "imag",
      "bucketize", "searchsorted", "histc", "bincount", "unique", "unique_consecutive", "cummax", "cummin",
      "logcumsumexp", "mode", "nanmedian", "nanquantile", "cov", "corrcoef", "renorm", "multinomial", "stft",
      "istft",
      "float_power", "nextafter", "igamma", "trapezoid", "cdist",
    ] where library.entry("torch.\(name)") == nil {
      let refuse: NativeFunction.Body = { (call) throws(Interruption) in
        throw call.interpreter.unsupported("torch.\(name) is not supported")
      }
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(*args, **kwargs)", refuse)
    }
    for name in [
      "fft", "ifft", "rfft", "irfft", "fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn",
      "fftshift", "ifftshift", "fftfreq", "rfftfreq", "hfft", "ihfft",
    ] {
      library.function("torch.fft.\(name)", signature: "(*args, **kwargs)") { (call) throws(Interruption) in
        throw call.interpreter.unsupported("torch.fft.\(name) is not supported: there are no complex tensors")
      }
    }
    library.namespace("torch.fft")
  }
}

extension Interpreter {
  /// The number with the other sign.
  func negated(_ input: TracedTensor) throws(Interruption) -> TracedTensor {
    guard input.dataType != .bool else {
      throw raise(
        .runtimeError, "Negation, the `-` operator, on a bool tensor is not supported.",
        hint: "use ~ or torch.logical_not")
    }
    return try apply(.unary(.negate), input)
  }

  /// Puts a result into a tensor, as in-place operations do.
  func overwrite(_ target: TracedTensor, _ value: TracedTensor) throws(Interruption) -> TracedTensor {
    let isAllowed =
      target.dataType == value.dataType || target.dataType.isFloating
      || (!value.dataType.isFloating && (target.dataType != .bool || value.dataType == .bool))
    guard isAllowed else {
      throw raise(
        .runtimeError,
        "result type \(value.dataType.rawValue) can't be cast to the desired output type "
          + target.dataType.rawValue)
    }
    return try write(try cast(value, target.dataType), into: target)
  }

  /// Elements of one tensor where a condition holds, else those of another, with broadcasting.
  func choose(
    _ condition: TracedTensor, _ first: TracedTensor, _ second: TracedTensor, type: DataType? = nil
  ) throws(Interruption) -> TracedTensor {
    let type = type ?? promotedType(first, second)
    let (a, b) = (try cast(first, type), try cast(second, type))
    let shape = try broadcast([condition.shape, a.shape, b.shape])
    if let choices = try knownValues(condition) {
      // Where all choices are equal, there is none.
      if let choice = choices.first, choices.allSatisfy({ ($0 != 0) == (choice != 0) }) {
        let chosen = choice != 0 ? a : b
        return chosen.shape == shape ? try copied(chosen) : try copied(try expand(chosen, shape))
      }
      if let left = try knownValues(try expand(a, shape)), let right = try knownValues(try expand(b, shape)),
        let all = try knownValues(try expand(condition, shape))
      {
        return try tensor(
          .values(all.indices.map { all[$0] != 0 ? left[$0] : right[$0] }), shape, type)
      }
    }
    return try apply(.select, [condition, a, b], dataType: type)
  }
}
