import PythonSyntax

extension Library {
  /// Adds functions of `numpy` and methods of its arrays (`ndarray.…`): tensors that they give are arrays.
  mutating func arrayFunction(
    _ names: String..., signature: String, _ body: @escaping NativeFunction.Body
  ) {
    let function = NativeFunction(names[0], signature) { (call) throws(Interruption) in
      let result = try body(call)
      guard case .tuple(let tuple) = result else { return try call.interpreter.marked(result) }
      var elements: [PythonValue] = []
      for element in tuple.elements { elements.append(try call.interpreter.marked(element)) }
      return try call.interpreter.tuple(elements)
    }
    add(function, as: names)
  }

  /// Further functions and methods of NumPy's arrays.
  static let numpyArrays: Family = { library in
    library.property("ndarray", "size") { (call) throws(Interruption) in .int(try call.tensor("self").count) }
    library.property("ndarray", "T") { (call) throws(Interruption) in
      let array = try call.tensor("self")
      let axes = Array((0..<array.rank).reversed())
      return try call.interpreter.item(.tensor(try call.interpreter.permute(array, axes)), ofArray: array)
    }
    library.arrayFunction("numpy.copy", "ndarray.copy", signature: "(a)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.duplicate(try call.interpreter.array(call["a"], nil)))
    }
    library.arrayFunction("numpy.ravel", "ndarray.ravel", "ndarray.flatten", signature: "(a)") {
      (call) throws(Interruption) in
      let array = try call.interpreter.array(call["a"], nil)
      return .tensor(try call.interpreter.reshape(try call.interpreter.duplicate(array), [array.count]))
    }
    library.arrayFunction("numpy.squeeze", "ndarray.squeeze", signature: "(a)") {
      (call) throws(Interruption) in
      try call.forwarded("squeeze", [call["a"]], arrays: 1)
    }
    library.arrayFunction("numpy.expand_dims", signature: "(a, axis)") { (call) throws(Interruption) in
      try call.forwarded("unsqueeze", [call["a"], call["axis"]], arrays: 1)
    }
    library.arrayFunction("numpy.transpose", "ndarray.transpose", signature: "(a, *axes)") {
      (call) throws(Interruption) in
      let array = try call.interpreter.array(call["a"], nil)
      let axes = call.rest.isEmpty ? Array((0..<array.rank).reversed()) : try call.restInts("axes")
      return try call.forwarded(
        "permute", [.tensor(array), try call.interpreter.tuple(axes.map { .int($0) })], arrays: 1)
    }
    library.arrayFunction("ndarray.reshape", signature: "(self, *shape)") { (call) throws(Interruption) in
      let shape = try call.interpreter.tuple(try call.restInts("shape").map { .int($0) })
      return try call.forwarded("reshape", [call["self"], shape], arrays: 1)
    }
    library.arrayFunction("numpy.diff", signature: "(a)") { (call) throws(Interruption) in
      let array = try call.interpreter.array(call["a"], nil)
      guard array.rank == 1 else {
        throw call.interpreter.unsupported("numpy.diff of several dimensions is not supported")
      }
      let values = try call.interpreter.arrayValues(array)
      return .tensor(
        try call.interpreter.array(zip(values.dropFirst(), values).map { $0 - $1 }, array.dataType))
    }
    for name in ["sort", "argsort"] {
      library.arrayFunction("numpy.\(name)", signature: "(a)") { (call) throws(Interruption) in
        let array = try call.interpreter.array(call["a"], nil)
        guard array.rank == 1 else {
          throw call.interpreter.unsupported("numpy.\(name) of several dimensions is not supported")
        }
        let values = try call.interpreter.arrayValues(array)
        try call.interpreter.spend(values.count)
        let places = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        let isPlaces = name == "argsort"
        return .tensor(
          try call.interpreter.array(
            places.map { isPlaces ? Double($0) : values[$0] }, isPlaces ? .int64 : array.dataType))
      }
    }
    for name in ["logical_and", "logical_or", "logical_not", "isfinite", "isnan"] {
      let count = ["logical_and", "logical_or"].contains(name) ? 2 : 1
      library.arrayFunction("numpy.\(name)", signature: count == 2 ? "(a, b)" : "(a)") {
        (call) throws(Interruption) in
        try call.forwarded(name, (0..<count).map { call[$0] }, arrays: count)
      }
    }
    for (name, number) in [("zeros_like", 0.0), ("ones_like", 1)] {
      library.arrayFunction("numpy.\(name)", signature: "(a, dtype=None)") { (call) throws(Interruption) in
        let array = try call.interpreter.array(call["a"], nil)
        return .tensor(
          try call.interpreter.tensor(
            .fill(number), array.shape, try call.dataType("dtype") ?? array.dataType))
      }
    }
  }
}

extension Interpreter {
  /// A tensor as an array; it may be an argument, which stays what it is.
  fileprivate func marked(_ value: PythonValue) throws(Interruption) -> PythonValue {
    guard case .tensor(let tensor) = value, !tensor.isArray else { return value }
    let array = try alias(tensor)
    array.isArray = true
    return .tensor(array)
  }

  /// A number of a type of NumPy's as one of Python's.
  func number(_ number: Double, _ type: DataType) -> PythonValue {
    if type == .bool { return .bool(number != 0) }
    if !type.isFloating, let whole = Int(exactly: number) { return .int(whole) }
    return .float(number)
  }

  /// What was made of an array: an array too, or a number where it has no dimensions.
  ///
  /// What was made of another tensor stays one.
  func item(_ value: PythonValue, ofArray array: TracedTensor) throws(Interruption) -> PythonValue {
    guard array.isArray, case .tensor(let tensor) = value else { return value }
    if tensor.rank == 0 { return number(try number(of: tensor, "a number"), tensor.dataType) }
    tensor.isArray = true
    return value
  }

  /// `left op right` where one is an array of NumPy and the other a number, a sequence or an array; else nil.
  func arrayBinary(
    _ operation: BinaryOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue? {
    guard let (a, b) = try arrayOperands(left, right) else { return nil }
    var (first, second) = (a, b)
    if operation == .divide, !a.dataType.isFloating, !b.dataType.isFloating {
      (first, second) = (try cast(a, .float64), try cast(b, .float64))
    }
    return try arrayResult(try tensorBinary(operation, .tensor(first), .tensor(second)))
  }

  /// A comparison where one is an array of NumPy and the other a number, a sequence or an array; else nil.
  func arrayComparison(
    _ operation: ComparisonOperator, _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> PythonValue? {
    guard let (a, b) = try arrayOperands(left, right) else { return nil }
    return try arrayResult(try tensorComparison(operation, .tensor(a), .tensor(b)))
  }

  private func arrayResult(_ value: PythonValue) throws(Interruption) -> PythonValue {
    guard case .tensor(let tensor) = value else { return value }
    let result = try alias(tensor)
    result.isArray = true
    return try item(.tensor(result), ofArray: result)
  }

  /// Both operands as tensors that are not marked as arrays; nil where none is an array or one is a tensor.
  private func arrayOperands(
    _ left: PythonValue, _ right: PythonValue
  ) throws(Interruption) -> (TracedTensor, TracedTensor)? {
    func isArray(_ value: PythonValue) -> Bool? {
      if case .tensor(let tensor) = value { tensor.isArray } else { nil }
    }
    guard isArray(left) == true || isArray(right) == true, isArray(left) != false, isArray(right) != false
    else { return nil }
    var operands: [TracedTensor] = []
    for value in [left, right] {
      switch value {
      case .tensor(let tensor): operands.append(try alias(tensor))
      case .int, .float, .bool, .list, .tuple: operands.append(try array(value, nil))
      default: return nil
      }
    }
    return (operands[0], operands[1])
  }
}
