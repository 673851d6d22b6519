import NetworkGraph
import PythonSyntax

extension Library {
  /// Comparisons, truth values and tests of equality.
  static let logicalFunctions: Family = { library in
    for (names, operation) in [
      (["eq"], ComparisonOperator.equal), (["ne", "not_equal"], .notEqual), (["lt", "less"], .less),
      (["le", "less_equal"], .lessOrEqual), (["gt", "greater"], .greater),
      (["ge", "greater_equal"], .greaterOrEqual),
    ] {
      library.pointwise(names, "(input, other)") { (call) throws(Interruption) in
        try call.tensor(
          try call.interpreter.tensorComparison(operation, call["input"], call["other"]), "input")
      }
    }
    library.pointwise(["logical_not"]) { (call) throws(Interruption) in
      try call.interpreter.logicalNot(try call.interpreter.truth(try call.tensor("input")))
    }
    let pairs: [(String, BinaryOperator)] = [("and", .bitAnd), ("or", .bitOr), ("xor", .bitXor)]
    for (name, operation) in pairs {
      library.pointwise(["logical_\(name)"], "(input, other)") { (call) throws(Interruption) in
        let left = try call.interpreter.truth(try call.tensor("input"))
        let right = try call.interpreter.truth(try call.tensor("other"))
        return try call.tensor(
          try call.interpreter.tensorBinary(operation, .tensor(left), .tensor(right)), "input")
      }
      library.pointwise(["bitwise_\(name)"], "(input, other)") { (call) throws(Interruption) in
        try call.tensor(try call.interpreter.binary(operation, call["input"], call["other"]), "input")
      }
    }
    library.pointwise(["bitwise_not"]) { (call) throws(Interruption) in
      try call.tensor(try call.interpreter.unary(.invert, call["input"]), "input")
    }
    library.function(
      "torch.isclose", "Tensor.isclose", signature: "(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)"
    ) { (call) throws(Interruption) in .tensor(try call.isClose()) }
    library.function(
      "torch.allclose", "Tensor.allclose",
      signature: "(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)"
    ) { (call) throws(Interruption) in
      let all = try call.interpreter.reduce(.minimum, try call.isClose(), nil, keeps: false)
      return .bool(try call.interpreter.number(of: all, "the result of torch.allclose") != 0)
    }
    library.function("torch.equal", "Tensor.equal", signature: "(input, other)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (a, b) = (try call.tensor("input"), try call.tensor("other"))
      guard a.shape == b.shape else { return .bool(false) }
      if a === b, a.dataType.isFloating == false { return .bool(true) }
      let all = try interpreter.reduce(.minimum, try interpreter.elementwise(.equal, a, b), nil, keeps: false)
      return .bool(try interpreter.number(of: all, "the result of torch.equal") != 0)
    }
    library.function("torch.is_nonzero", "Tensor.is_nonzero", signature: "(input)") {
      (call) throws(Interruption) in
      .bool(try call.interpreter.number(of: try call.tensor("input"), "a condition") != 0)
    }
    library.function(
      "torch.isin", signature: "(elements, test_elements, *, assume_unique=False, invert=False)"
    ) {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let (elements, candidates) = try interpreter.pair(call["elements"], call["test_elements"])
      let column = try interpreter.reshape(elements, elements.shape + [1])
      let row = try interpreter.reshape(candidates, [candidates.count])
      let found = try interpreter.reduce(
        .maximum, try interpreter.elementwise(.equal, column, row), [elements.rank], keeps: false)
      return .tensor(try call.bool("invert") ? interpreter.logicalNot(found) : found)
    }
  }
}

extension NativeCall {
  /// |input − other| ≤ atol + rtol · |other|, and equal infinities.
  fileprivate func isClose() throws(Interruption) -> TracedTensor {
    let (a, b) = (try tensor("input"), try tensor("other"))
    let distance = try interpreter.apply(.unary(.absolute), try interpreter.elementwise(.subtract, a, b))
    let size = try interpreter.apply(.unary(.absolute), b)
    let relative = try interpreter.elementwise(
      .multiply, size, try interpreter.scalar(try double("rtol"), .float32))
    let bound = try interpreter.elementwise(
      .add, relative, try interpreter.scalar(try double("atol"), .float32))
    // An infinite bound would admit every number.
    let isFinite = try interpreter.elementwise(.less, size, try interpreter.scalar(.infinity, .float32))
    let isNear = try interpreter.elementwise(
      .minimum, try interpreter.elementwise(.lessOrEqual, distance, bound), isFinite)
    var result = try interpreter.elementwise(.maximum, isNear, try interpreter.elementwise(.equal, a, b))
    if try bool("equal_nan") {
      let isNumber = try interpreter.elementwise(
        .maximum, try interpreter.elementwise(.equal, a, a), try interpreter.elementwise(.equal, b, b))
      result = try interpreter.elementwise(.maximum, result, try interpreter.logicalNot(isNumber))
    }
    return result
  }
}

extension Interpreter {
  /// Whether each element is not 0.
  func truth(_ input: TracedTensor) throws(Interruption) -> TracedTensor {
    if input.dataType == .bool { return input }
    return try elementwise(.notEqual, input, try scalar(0, input.dataType))
  }
}
