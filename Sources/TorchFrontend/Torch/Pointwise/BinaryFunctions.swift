import NetworkGraph
import PythonSyntax

extension Library {
  /// Functions of two and three tensors, elementwise with broadcasting.
  static let binaryFunctions: Family = { library in
    for (names, operation) in [(["add"], BinaryOperator.add), (["sub", "subtract"], .subtract)] {
      library.pointwise(names, "(input, other, *, alpha=1)") { (call) throws(Interruption) in
        try call.combined(operation, call["input"], try call.scaled("other", "alpha"))
      }
    }
    library.function("torch.rsub", "Tensor.rsub", signature: "(input, other, *, alpha=1)") {
      (call) throws(Interruption) in
      .tensor(try call.combined(.subtract, call["other"], try call.scaled("input", "alpha")))
    }
    library.pointwise(["mul", "multiply"], "(input, other)") { (call) throws(Interruption) in
      try call.combined(.multiply, call["input"], call["other"])
    }
    library.pointwise(["div", "divide"], "(input, other, *, rounding_mode=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard !interpreter.isNone(call["rounding_mode"]) else {
        return try call.combined(.divide, call["input"], call["other"])
      }
      switch try call.string("rounding_mode") {
      case "floor": return try call.combined(.floorDivide, call["input"], call["other"])
      case "trunc": return try interpreter.truncatedQuotient(call["input"], call["other"])
      default:
        throw interpreter.raise(
          .runtimeError,
          "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            + "'\(try call.string("rounding_mode"))'")
      }
    }
    for (names, operation) in [
      (["true_divide"], BinaryOperator.divide), (["floor_divide"], .floorDivide), (["remainder"], .modulo),
    ] {
      library.pointwise(names, "(input, other)") { (call) throws(Interruption) in
        try call.combined(operation, call["input"], call["other"])
      }
    }
    library.pointwise(["fmod"], "(input, other)") { (call) throws(Interruption) in
      let (a, b) = try call.interpreter.pair(call["input"], call["other"])
      return try call.interpreter.elementwise(.truncatedRemainder, a, b)
    }
    library.pointwise(["atan2", "arctan2"], "(input, other)") { (call) throws(Interruption) in
      let (a, b) = (try call.tensor("input"), try call.tensor("other"))
      return try call.interpreter.elementwise(
        .arcTangent2, try call.interpreter.floating(a), try call.interpreter.floating(b))
    }
    library.pointwise(["pow"], "(input, exponent)") { (call) throws(Interruption) in
      try call.combined(.power, call["input"], call["exponent"])
    }
    for (names, function) in [(["maximum"], BinaryFunction.maximum), (["minimum"], .minimum)] {
      library.function(
        "torch.\(names[0])", "Tensor.\(names[0])", signature: "(input, other)"
      ) { (call) throws(Interruption) in
        .tensor(
          try call.interpreter.elementwise(function, try call.tensor("input"), try call.tensor("other")))
      }
    }
    for (name, function) in [("fmax", BinaryFunction.maximum), ("fmin", .minimum)] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(input, other)") {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        let (a, b) = (try call.tensor("input"), try call.tensor("other"))
        // What is no number gives way to what is.
        let (left, right) = (
          try interpreter.choose(try interpreter.elementwise(.equal, a, a), a, b),
          try interpreter.choose(try interpreter.elementwise(.equal, b, b), b, a)
        )
        return .tensor(try interpreter.elementwise(function, left, right))
      }
    }
    library.pointwise(["hypot"], "(input, other)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let a = try interpreter.apply(.unary(.square), try call.tensor("input"))
      let b = try interpreter.apply(.unary(.square), try call.tensor("other"))
      return try interpreter.apply(
        .unary(.squareRoot), try interpreter.floating(try interpreter.elementwise(.add, a, b)))
    }
    library.pointwise(["lerp"], "(input, end, weight)") { (call) throws(Interruption) in
      let difference = try call.combined(.subtract, call["end"], call["input"])
      let step = try call.combined(.multiply, call["weight"], .tensor(difference))
      return try call.combined(.add, call["input"], .tensor(step))
    }
    for (name, operation) in [("addcmul", BinaryOperator.multiply), ("addcdiv", .divide)] {
      library.pointwise([name], "(input, tensor1, tensor2, *, value=1)") { (call) throws(Interruption) in
        let product = try call.combined(operation, call["tensor1"], call["tensor2"])
        let isPlain = call.interpreter.integer(call["value"]) == 1
        let scaled = isPlain ? product : try call.combined(.multiply, .tensor(product), call["value"])
        return try call.combined(.add, call["input"], .tensor(scaled))
      }
    }
    library.pointwise(["xlogy", "special.xlogy"], "(input, other)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (a, b) = try interpreter.pair(call["input"], call["other"])
      let (x, y) = (try interpreter.floating(a), try interpreter.floating(b))
      // 0 · log y is 0 even where log y is infinite.
      let zero = try interpreter.scalar(0, x.dataType)
      let isZero = try interpreter.elementwise(
        .minimum, try interpreter.elementwise(.equal, x, zero),
        try interpreter.elementwise(.lessOrEqual, y, zero))
      let safe = try interpreter.choose(isZero, try interpreter.scalar(1, y.dataType), y)
      return try interpreter.elementwise(.multiply, x, try interpreter.apply(.unary(.logarithm), safe))
    }
    for (name, base) in [("logaddexp", 1.0), ("logaddexp2", 0.6931471805599453)] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: "(input, other)") {
        (call) throws(Interruption) in
        let interpreter = call.interpreter
        let (a, b) = (try call.tensor("input"), try call.tensor("other"))
        // max(a, b) + log(1 + exp(−|a − b|)), in which equal infinities would give NaN.
        let isSame = try interpreter.elementwise(.equal, a, b)
        let zero = try interpreter.scalar(0, a.dataType)
        let distance = try interpreter.apply(
          .unary(.absolute),
          try interpreter.choose(isSame, zero, try interpreter.elementwise(.subtract, a, b)))
        var exponent = try interpreter.apply(.unary(.negate), distance)
        exponent = try interpreter.elementwise(.multiply, exponent, try interpreter.scalar(base))
        let excess = try interpreter.elementwise(
          .divide, try interpreter.apply(.unary(.softplus), exponent), try interpreter.scalar(base))
        return .tensor(try interpreter.elementwise(.add, try interpreter.elementwise(.maximum, a, b), excess))
      }
    }
    library.pointwise(["heaviside"], "(input, values)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, values) = (try call.tensor("input"), try call.tensor("values"))
      let zero = try interpreter.scalar(0, input.dataType)
      let isPositive = try interpreter.cast(try interpreter.elementwise(.less, zero, input), input.dataType)
      return try interpreter.choose(try interpreter.elementwise(.equal, input, zero), values, isPositive)
    }
    library.pointwise(["clamp", "clip"], "(input, min=None, max=None)") { (call) throws(Interruption) in
      guard !call.interpreter.isNone(call["min"]) || !call.interpreter.isNone(call["max"]) else {
        throw call.interpreter.raise(
          .runtimeError, "torch.clamp: At least one of 'min' or 'max' must not be None")
      }
      return try call.limited(try call.tensor("input"), lower: call["min"], upper: call["max"])
    }
    library.pointwise(["clamp_min"], "(input, min)") { (call) throws(Interruption) in
      try call.limited(try call.tensor("input"), lower: call["min"], upper: .none)
    }
    library.pointwise(["clamp_max"], "(input, max)") { (call) throws(Interruption) in
      try call.limited(try call.tensor("input"), lower: .none, upper: call["max"])
    }
    library.pointwise(["masked_fill"], "(input, mask, value)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (input, mask) = (try call.tensor("input"), try call.tensor("mask"))
      guard mask.dataType == .bool else {
        throw interpreter.raise(
          .runtimeError,
          "masked_fill only supports boolean masks, but got mask with dtype \(mask.dataType.rawValue)",
          hint: "compare to make a mask, such as mask == 0, or use mask.bool()")
      }
      let value = try interpreter.tensorOperand(call["value"], like: input)
      guard value.rank == 0 else {
        throw interpreter.raise(
          .runtimeError,
          "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
            + "\(value.rank) dimension(s).")
      }
      return try interpreter.choose(
        mask, try interpreter.cast(value, input.dataType), input, type: input.dataType)
    }
    library.function("torch.where", signature: "(condition, input=None, other=None)") {
      (call) throws(Interruption) in
      guard call.isGiven("input") || call.isGiven("other") else {
        return try call.interpreter.places(try call.tensor("condition"))
      }
      return .tensor(try call.interpreter.chosen(call["condition"], call["input"], call["other"]))
    }
    library.function("Tensor.where", signature: "(input, condition, other)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.chosen(call["condition"], call["input"], call["other"]))
    }
    library.function("torch.dist", "Tensor.dist", signature: "(input, other, p=2)") {
      (call) throws(Interruption) in
      let difference = try call.combined(.subtract, call["input"], call["other"])
      return .tensor(try call.interpreter.norm(difference, try call.double("p"), nil, keeps: false))
    }
  }
}

extension NativeCall {
  /// Two values of which one may be a number, as a tensor.
  fileprivate func combined(
    _ operation: BinaryOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> TracedTensor {
    for value in [left, right] {
      switch value {
      case .tensor, .int, .float, .bool: break
      default: _ = try tensor(value, "other")
      }
    }
    if case .tensor = left {
    } else if case .tensor = right {
    } else {
      // Two numbers, as in torch.mul(2, 3).
      _ = try tensor(left, "input")
    }
    return try tensor(try interpreter.tensorBinary(operation, left, right), "input")
  }

  /// An argument times a number that is 1 by default.
  fileprivate func scaled(_ name: String, _ factor: String) throws(Interruption) -> PythonValue {
    if interpreter.integer(self[factor]) == 1 { return self[name] }
    return try interpreter.binary(.multiply, self[name], self[factor])
  }

  /// `clamp` to bounds that are None, numbers or tensors.
  fileprivate func limited(
    _ input: TracedTensor, lower: PythonValue, upper: PythonValue
  ) throws(Interruption) -> TracedTensor {
    if input.dataType.isFloating, let (low, high) = try numericBounds(lower, upper) {
      return try interpreter.apply(.unary(.clamp(lower: low, upper: high)), input)
    }
    var result = input
    for (bound, isLower) in [(lower, true), (upper, false)] where !interpreter.isNone(bound) {
      let limit = try interpreter.tensorOperand(bound, like: result)
      // At the bound itself the gradient is the input's.
      let isBeyond =
        try isLower
        ? interpreter.elementwise(.less, result, limit) : interpreter.elementwise(.less, limit, result)
      result = try interpreter.choose(isBeyond, limit, result)
    }
    return result
  }
}

extension NativeCall {
  /// Bounds that are ordered numbers, or missing.
  fileprivate func numericBounds(
    _ lower: PythonValue, _ upper: PythonValue
  ) throws(Interruption) -> (lower: Double, upper: Double)? {
    var bounds: [Double] = []
    for (value, missing) in [(lower, -Double.infinity), (upper, .infinity)] {
      if interpreter.isNone(value) {
        bounds.append(missing)
      } else if let number = interpreter.double(value), !number.isNaN {
        bounds.append(number)
      }
    }
    return bounds.count == 2 && bounds[0] <= bounds[1] ? (bounds[0], bounds[1]) : nil
  }
}

extension Interpreter {
  /// Two values as tensors, one of which may be a number.
  func pair(
    _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> (TracedTensor, TracedTensor) {
    if case .tensor(let a) = left { return (a, try tensorOperand(right, like: a)) }
    guard case .tensor(let b) = right else {
      throw raise(.typeError, "expected a Tensor, not \(typeName(left)) and \(typeName(right))")
    }
    return (try tensorOperand(left, like: b), b)
  }

  /// `torch.where` with three arguments.
  fileprivate func chosen(
    _ condition: PythonValue, _ first: PythonValue, _ second: PythonValue
  ) throws(Interruption) -> TracedTensor {
    guard case .tensor(let mask) = condition else {
      throw raise(.typeError, "where(): argument 'condition' must be Tensor, not \(typeName(condition))")
    }
    guard mask.dataType == .bool || mask.dataType == .uint8 else {
      throw raise(
        .runtimeError,
        "where expected condition to be a boolean tensor, but got a tensor with dtype "
          + mask.dataType.rawValue, hint: "compare to make a condition, such as x > 0")
    }
    switch (first, second) {
    case (.tensor, _), (_, .tensor):
      let (a, b) = try pair(first, second)
      return try choose(mask, a, b)
    default:
      // Two numbers; the mask only lends its type to neither.
      let like = try scalar(0)
      let isWhole = integer(first) != nil && integer(second) != nil
      let (a, b) = (try tensorOperand(first, like: like), try tensorOperand(second, like: like))
      return try choose(mask, a, b, type: isWhole ? .int64 : .float32)
    }
  }

  /// `torch.where` with one argument: the places of a known tensor that are not 0, one tensor per dimension.
  func places(_ condition: TracedTensor) throws(Interruption) -> PythonValue {
    guard let values = try knownValues(condition) else {
      throw unsupported(
        "torch.where with one argument, or nonzero, of a tensor of the network is not supported: its shape depends "
          + "on the input")
    }
    let found = values.indices.filter { values[$0] != 0 }
    try reserve(found.count * condition.rank)
    let strides = Self.rowMajorStrides(condition.shape)
    var results: [PythonValue] = []
    for (extent, stride) in zip(condition.shape, strides) {
      let places = found.map { Double($0 / stride % max(1, extent)) }
      results.append(.tensor(try tensor(.values(places), [found.count], .int64)))
    }
    return try tuple(results)
  }
}
