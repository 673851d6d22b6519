extension Library {
  /// What constructors use of `numpy`: arrays of numbers and arithmetic with them.
  ///
  /// An array is a tensor of known elements that says so; see `NumpyArrays`.
  static let numpyFunctions: Family = { library in
    for type in [
      DataType.float64, .float32, .float16, .int64, .int32, .int16, .int8, .uint8,
    ] { library.constant("numpy.\(type.rawValue)", .dataType(type)) }
    library.constant("numpy.bool_", .dataType(.bool))
    library.constant("numpy.float_", .dataType(.float64))
    library.constant("numpy.int_", .dataType(.int64))
    library.constant("numpy.newaxis", .none)
    library.alias("numpy.ndarray", of: "torch.Tensor")
    library.arrayFunction("numpy.array", "numpy.asarray", signature: "(object, dtype=None, **kwargs)") {
      (call) throws(Interruption) in
      .tensor(try call.interpreter.array(call["object"], try call.arrayType()))
    }
    for (name, number) in [("zeros", 0.0), ("ones", 1), ("empty", 0)] {
      library.arrayFunction("numpy.\(name)", signature: "(shape, dtype=None)") {
        (call) throws(Interruption) in
        .tensor(
          try call.interpreter.tensor(
            .fill(number), try call.ints("shape"), try call.arrayType() ?? .float64))
      }
    }
    library.arrayFunction("numpy.full", signature: "(shape, fill_value, dtype=None)") {
      (call) throws(Interruption) in
      let value = try call.interpreter.array(call["fill_value"], try call.arrayType())
      return .tensor(
        try call.interpreter.copied(try call.interpreter.expand(value, try call.ints("shape"))))
    }
    library.arrayFunction("numpy.arange", signature: "(start, stop=None, step=1, dtype=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let hasStop = !interpreter.isNone(call["stop"])
      let start = try hasStop ? call.double("start") : 0
      let stop = try hasStop ? call.double("stop") : call.double("start")
      let step = try call.double("step")
      guard step != 0, start.isFinite, stop.isFinite, step.isFinite else {
        throw interpreter.raise(.valueError, "Maximum allowed size exceeded")
      }
      let count = max(0, ((stop - start) / step).rounded(.up))
      guard count <= Double(interpreter.limits.collectionSize) else {
        throw interpreter.exhausted("numpy.arange makes too many elements", "limit.collection")
      }
      let isInteger = [call["start"], call["stop"], call["step"]].allSatisfy {
        interpreter.isNone($0) || interpreter.integer($0) != nil
      }
      return .tensor(
        try interpreter.array(
          (0..<Int(count)).map { start + Double($0) * step },
          try call.arrayType() ?? (isInteger ? .int64 : .float64)))
    }
    library.arrayFunction("numpy.linspace", signature: "(start, stop, num=50, endpoint=True, dtype=None)") {
      (call) throws(Interruption) in
      let (start, stop, count) = (try call.double("start"), try call.double("stop"), try call.int("num"))
      guard count >= 0, count <= call.interpreter.limits.collectionSize else {
        throw call.interpreter.exhausted("numpy.linspace makes too many elements", "limit.collection")
      }
      let isClosed = try call.bool("endpoint")
      let gaps = isClosed ? count - 1 : count
      let step = gaps > 0 ? (stop - start) / Double(gaps) : 0
      var values = (0..<count).map { start + Double($0) * step }
      // NumPy ends exactly where it was told to.
      if isClosed, count > 1 { values[count - 1] = stop }
      return .tensor(try call.interpreter.array(values, try call.arrayType() ?? .float64))
    }
    library.function("numpy.shape", signature: "(a)") { (call) throws(Interruption) in
      let array = try call.interpreter.array(call["a"], nil)
      return try call.interpreter.tuple(array.shape.map { .int($0) })
    }
    library.function("numpy.ndim", signature: "(a)") { (call) throws(Interruption) in
      .int(try call.interpreter.array(call["a"], nil).rank)
    }
    library.arrayFunction("numpy.eye", "numpy.identity", signature: "(N, M=None, dtype=None)") {
      (call) throws(Interruption) in
      let rows = try call.int("N")
      let columns = try call.optionalInt("M") ?? rows
      try call.interpreter.checkShape([rows, columns])
      try call.interpreter.reserve(rows * columns)
      let values = (0..<(rows * columns)).map { $0 / columns == $0 % columns ? 1.0 : 0 }
      return .tensor(
        try call.interpreter.tensor(.values(values), [rows, columns], try call.arrayType() ?? .float64))
    }
    let unary: [(names: [String], function: @Sendable (Double) -> Double)] = [
      (["exp"], Numerics.exponential), (["expm1"], Numerics.exponentialMinus1), (["log"], Numerics.logarithm),
      (["log2"], Numerics.logarithm2), (["log10"], Numerics.logarithm10),
      (["log1p"], Numerics.logarithmPlus1),
      (["sqrt"], { $0.squareRoot() }), (["sin"], Numerics.sine), (["cos"], Numerics.cosine),
      (["tan"], Numerics.tangent), (["arcsin"], Numerics.arcSine), (["arccos"], Numerics.arcCosine),
      (["arctan"], Numerics.arcTangent), (["sinh"], Numerics.hyperbolicSine),
      (["cosh"], Numerics.hyperbolicCosine),
      (["tanh"], Numerics.hyperbolicTangent), (["floor"], { $0.rounded(.down) }),
      (["ceil"], { $0.rounded(.up) }),
      (["trunc", "fix"], { $0.rounded(.towardZero) }), (["rint"], { $0.rounded(.toNearestOrEven) }),
      (["radians", "deg2rad"], { $0 * .pi / 180 }), (["degrees", "rad2deg"], { $0 * 180 / .pi }),
    ]
    for (names, function) in unary {
      for name in names {
        library.arrayFunction("numpy.\(name)", signature: "(x)") { (call) throws(Interruption) in
          try call.mapped(call["x"], isReal: true, function)
        }
      }
    }
    let kept: [(names: [String], function: @Sendable (Double) -> Double)] = [
      (["abs", "absolute", "fabs"], { abs($0) }), (["square"], { $0 * $0 }),
      (["sign"], { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }), (["negative"], { -$0 }),
    ]
    for (names, function) in kept {
      for name in names {
        library.arrayFunction("numpy.\(name)", signature: "(x)") { (call) throws(Interruption) in
          try call.mapped(call["x"], isReal: false, function)
        }
      }
    }
    library.arrayFunction("numpy.round", "numpy.around", "ndarray.round", signature: "(a, decimals=0)") {
      (call) throws(Interruption) in
      let decimals = try call.int("decimals")
      guard decimals.magnitude <= 30 else {
        throw call.interpreter.unsupported("rounding to \(decimals) decimals")
      }
      let factor = Numerics.power(10, Double(decimals))
      return try call.mapped(call["a"], isReal: false) { ($0 * factor).rounded(.toNearestOrEven) / factor }
    }
    for (names, operation) in [
      (["add"], "add"), (["subtract"], "sub"), (["multiply"], "mul"), (["divide", "true_divide"], "div"),
      (["power", "float_power"], "pow"), (["floor_divide"], "floor_divide"),
      (["mod", "remainder"], "remainder"),
      (["maximum"], "maximum"), (["minimum"], "minimum"), (["dot", "matmul"], "matmul"), (["outer"], "outer"),
    ] {
      for name in names {
        library.arrayFunction("numpy.\(name)", signature: "(a, b)") { (call) throws(Interruption) in
          try call.forwarded(operation, [call["a"], call["b"]], arrays: 2)
        }
      }
    }
    for (names, method) in [
      (["sum"], "sum"), (["mean", "average"], "mean"), (["max", "amax"], "amax"), (["min", "amin"], "amin"),
      (["argmax"], "argmax"), (["argmin"], "argmin"), (["cumsum"], "cumsum"), (["cumprod"], "cumprod"),
      (["prod"], "prod"),
      (["any"], "any"), (["all"], "all"),
    ] {
      for name in names {
        library.arrayFunction("numpy.\(name)", "ndarray.\(name)", signature: "(a, axis=None)") {
          (call) throws(Interruption) in
          let axis = call["axis"]
          if method.hasPrefix("cum"), call.interpreter.isNone(axis) {
            let flat = try call.forwarded("ravel", [call["a"]], arrays: 1)
            return try call.forwarded(method, [flat, .int(0)], arrays: 1)
          }
          let extra = call.interpreter.isNone(axis) ? [] : [axis]
          return try call.forwarded(method, [call["a"]] + extra, arrays: 1)
        }
      }
    }
    library.arrayFunction("numpy.std", "ndarray.std", signature: "(a, axis=None)") {
      (call) throws(Interruption) in
      try call.forwarded("std", [call["a"], call["axis"], .bool(false)], arrays: 1)
    }
    library.arrayFunction("numpy.var", "ndarray.var", signature: "(a, axis=None)") {
      (call) throws(Interruption) in
      try call.forwarded("var", [call["a"], call["axis"], .bool(false)], arrays: 1)
    }
    library.arrayFunction("numpy.unique", signature: "(ar, return_counts=False)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let array = try interpreter.array(call["ar"], nil)
      guard let values = try interpreter.settledValues(array) else {
        throw interpreter.unsupported("numpy.unique of a tensor of the network is not supported")
      }
      try interpreter.spend(values.count)
      var counts: [(value: Double, count: Int)] = []
      for value in values.sorted() {
        if let last = counts.last, last.value == value {
          counts[counts.count - 1].count += 1
        } else {
          counts.append((value, 1))
        }
      }
      let found = PythonValue.tensor(try interpreter.array(counts.map(\.value), array.dataType))
      guard try call.bool("return_counts") else { return found }
      let sizes = try interpreter.array(counts.map { Double($0.count) }, .int64)
      return try interpreter.tuple([found, .tensor(sizes)])
    }
    library.arrayFunction("numpy.clip", "ndarray.clip", signature: "(a, a_min, a_max)") {
      (call) throws(Interruption) in
      try call.forwarded("clamp", [call["a"], call["a_min"], call["a_max"]], arrays: 1)
    }
    library.arrayFunction("numpy.where", signature: "(condition, x=None, y=None)") {
      (call) throws(Interruption) in
      let condition = PythonValue.tensor(
        try call.interpreter.truth(try call.interpreter.array(call["condition"], nil)))
      guard call.isGiven("x") else { return try call.forwarded("where", [condition], arrays: 1) }
      return try call.forwarded("where", [condition, call["x"], call["y"]], arrays: 3)
    }
    library.arrayFunction("numpy.reshape", signature: "(a, newshape)") {
      (call) throws(Interruption) in
      let shape = try call.interpreter.tuple(try call.ints("newshape").map { .int($0) })
      return try call.forwarded("reshape", [call["a"], shape], arrays: 1)
    }
    for (name, function) in [("concatenate", "cat"), ("stack", "stack")] {
      library.arrayFunction("numpy.\(name)", signature: "(arrays, axis=0)") { (call) throws(Interruption) in
        var arrays: [PythonValue] = []
        for value in try call.interpreter.elements(of: call["arrays"]) {
          arrays.append(.tensor(try call.interpreter.array(value, nil)))
        }
        return try call.forwarded(function, [try call.interpreter.list(arrays), call["axis"]], arrays: 0)
      }
    }
    library.arrayFunction("numpy.repeat", "ndarray.repeat", signature: "(a, repeats, axis=None)") {
      (call) throws(Interruption) in
      try call.forwarded("repeat_interleave", [call["a"], call["repeats"], call["axis"]], arrays: 1)
    }
    library.function("torch.from_numpy", signature: "(ndarray)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.alias(try call.tensor("ndarray")))
    }
    library.arrayFunction("Tensor.numpy", signature: "(self, *, force=False)") {
      (call) throws(Interruption) in
      let tensor = try call.tensor("self")
      _ = try call.interpreter.arrayValues(tensor)
      return .tensor(try call.interpreter.alias(tensor))
    }
    library.arrayFunction("Tensor.astype", signature: "(self, dtype)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.cast(try call.tensor("self"), try call.arrayType() ?? .float64))
    }
  }
}

extension NativeCall {
  /// The argument `dtype`; Python's `float` is float64.
  fileprivate func arrayType() throws(Interruption) -> DataType? {
    if case .type(let type) = self["dtype"], type.name == "float" { return .float64 }
    return try dataType("dtype")
  }

  /// A function of each element, of a number or an array; whole numbers stay such where it is not of real ones.
  fileprivate func mapped(
    _ value: PythonValue, isReal: Bool, _ function: (Double) -> Double
  ) throws(Interruption) -> PythonValue {
    if !isReal, let number = interpreter.integer(value) {
      let result = function(Double(number))
      return abs(result) < 0x1p53 ? .int(Int(result)) : .float(result)
    }
    if let number = interpreter.double(value) { return .float(function(number)) }
    let array = try interpreter.array(value, nil)
    let type = isReal && !array.dataType.isFloating ? .float64 : array.dataType
    let values = try interpreter.arrayValues(array)
    return .tensor(
      try interpreter.tensor(.values(values.map { type.rounded(function($0)) }), array.shape, type))
  }

  /// The function of torch of that name on arrays; a result without dimensions is a number.
  ///
  /// - Parameter arrays: How many of the arguments are arrays.
  func forwarded(
    _ name: String, _ arguments: [PythonValue], arrays: Int
  ) throws(Interruption) -> PythonValue {
    guard case .function(let torch)? = interpreter.library.entry("torch.\(name)") else {
      throw interpreter.unsupported("numpy.\(function.shortName) is not supported")
    }
    var given = arguments
    for index in 0..<arrays {
      let array = try interpreter.array(given[index], nil)
      _ = try interpreter.arrayValues(array)
      // Means and quotients of integers are floating-point numbers.
      let isWhole = ["mean", "std", "var", "div"].contains(name) && !array.dataType.isFloating
      given[index] = .tensor(isWhole ? try interpreter.cast(array, .float64) : array)
    }
    let result = try interpreter.call(torch, Arguments(given))
    guard case .tensor(let tensor) = result, tensor.rank == 0 else { return result }
    let number = try interpreter.number(of: tensor, "a number")
    return interpreter.number(number, tensor.dataType)
  }
}

extension Interpreter {
  func array(_ values: [Double], _ type: DataType) throws(Interruption) -> TracedTensor {
    try tensor(.values(values.map { type.rounded($0) }), [values.count], type)
  }

  /// A number, a sequence or an array as an array.
  func array(_ value: PythonValue, _ type: DataType?) throws(Interruption) -> TracedTensor {
    if case .tensor(let tensor) = value {
      return try type.map { (type) throws(Interruption) in try self.cast(tensor, type) } ?? tensor
    }
    guard case .function(let make)? = library.entry("torch.tensor"),
      case .tensor(let exact) = try call(
        make, Arguments([value], keywords: [(name: "dtype", value: .dataType(.float64))])),
      case .tensor(let natural) = try call(make, Arguments([value]))
    else { throw unsupported("an array of \(typeName(value)) is not supported") }
    // Floating-point numbers are float64 in NumPy, which must not be rounded first.
    return try cast(exact, type ?? (natural.dataType.isFloating ? .float64 : natural.dataType))
  }

  /// The elements of an array.
  func arrayValues(_ array: TracedTensor) throws(Interruption) -> [Double] {
    guard let values = try knownValues(array) else {
      throw unsupported("NumPy on tensors of the network is not supported", hint: "use torch's function")
    }
    return values
  }
}
