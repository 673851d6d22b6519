import NetworkGraph

extension Library {
  /// Functions that make tensors of known elements.
  static let creation: Family = { library in
    for (name, number) in [("zeros", 0.0), ("ones", 1), ("empty", 0)] {
      library.function(
        "torch.\(name)", signature: "(*size, dtype=None, device=None, requires_grad=False, **kwargs)"
      ) { (call) throws(Interruption) in
        let type = try call.dataType("dtype") ?? call.interpreter.tracer.defaultType
        return try call.leaf(try call.interpreter.tensor(.fill(number), try call.restInts("size"), type))
      }
      library.function("torch.\(name)_like", signature: "(input, \(creationOptions), memory_format=None)") {
        (call) throws(Interruption) in
        let input = try call.tensor("input")
        let type = try call.dataType("dtype") ?? input.dataType
        return try call.leaf(try call.interpreter.tensor(.fill(number), input.shape, type))
      }
      library.function(
        "Tensor.new_\(name)",
        signature: "(self, *size, dtype=None, device=None, requires_grad=False, **kwargs)"
      ) { (call) throws(Interruption) in
        let own = try call.tensor("self").dataType
        let type = try call.dataType("dtype") ?? own
        return try call.leaf(try call.interpreter.tensor(.fill(number), try call.restInts("size"), type))
      }
    }
    library.function("torch.full", signature: "(size, fill_value, \(creationOptions))") {
      (call) throws(Interruption) in
      try call.filled(try call.ints("size"), try call.dataType("dtype"))
    }
    library.function(
      "torch.full_like", signature: "(input, fill_value, \(creationOptions), memory_format=None)"
    ) {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      return try call.filled(input.shape, try call.dataType("dtype") ?? input.dataType)
    }
    library.function("Tensor.new_full", signature: "(self, size, fill_value, \(creationOptions))") {
      (call) throws(Interruption) in
      let own = try call.tensor("self").dataType
      let type = try call.dataType("dtype") ?? own
      return try call.filled(try call.ints("size"), type)
    }
    library.function(
      "torch.tensor", signature: "(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let type = try call.dataType("dtype")
      guard case .tensor(let other) = call["data"] else {
        return try call.leaf(try interpreter.tensor(of: call["data"], type))
      }
      let copy = try interpreter.detach(try interpreter.duplicate(other))
      return try call.leaf(try interpreter.duplicate(try interpreter.cast(copy, type ?? other.dataType)))
    }
    library.function(
      "torch.as_tensor", "torch.asarray", signature: "(data, dtype=None, device=None, **kwargs)"
    ) {
      (call) throws(Interruption) in
      let type = try call.dataType("dtype")
      guard case .tensor(let other) = call["data"] else {
        return .tensor(try call.interpreter.tensor(of: call["data"], type))
      }
      let result = try call.interpreter.cast(other, type ?? other.dataType)
      return .tensor(result.isArray ? try call.interpreter.alias(result) : result)
    }
    library.function("Tensor.new_tensor", signature: "(self, data, \(creationOptions))") {
      (call) throws(Interruption) in
      let own = try call.tensor("self").dataType
      let type = try call.dataType("dtype") ?? own
      guard case .tensor(let other) = call["data"] else {
        return try call.leaf(try call.interpreter.tensor(of: call["data"], type))
      }
      return try call.leaf(try call.interpreter.duplicate(try call.interpreter.cast(other, type)))
    }
    library.function("torch.scalar_tensor", signature: "(s, \(creationOptions))") {
      (call) throws(Interruption) in
      let type = try call.dataType("dtype") ?? call.interpreter.tracer.defaultType
      return try call.leaf(try call.interpreter.scalar(try call.double("s"), type))
    }
    ranges(in: &library)
    grids(in: &library)
    triangles(in: &library)
  }

  /// What the functions that make tensors take besides.
  static let creationOptions =
    "*, dtype=None, device=None, requires_grad=False, layout=None, out=None, pin_memory=False"

  private static func ranges(in library: inout Library) {
    library.function("torch.arange", signature: "(start=None, end=None, step=1, \(creationOptions))") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var isInteger = true
      for name in ["start", "end", "step"] {
        switch call[name] {
        case .tensor(let tensor): isInteger = isInteger && !tensor.dataType.isFloating
        case .float: isInteger = false
        default: break
        }
      }
      let type = try call.dataType("dtype") ?? (isInteger ? .int64 : interpreter.tracer.defaultType)
      let hasEnd = !interpreter.isNone(call["end"])
      let start = try hasEnd && call.isGiven("start") ? call.double("start") : 0
      guard type != .bool else {
        throw interpreter.raise(
          .runtimeError, "\"arange_cpu\" not implemented for 'Bool'", identifier: "torch.dtype")
      }
      let end = try hasEnd ? call.double("end") : call.double("start")
      let step = try call.double("step")
      guard step != 0 else { throw interpreter.raise(.runtimeError, "step must be nonzero") }
      guard start.isFinite, end.isFinite, step.isFinite else {
        throw interpreter.raise(.runtimeError, "unsupported range: \(start) -> \(end)")
      }
      guard (end - start) / step >= 0 else {
        throw interpreter.raise(.runtimeError, "upper bound and lower bound inconsistent with step sign")
      }
      let count = try interpreter.elementCount(((end - start) / step).rounded(.up), "torch.arange")
      return try call.leaf(
        try interpreter.tensor(
          .values((0..<count).map { type.rounded(start + Double($0) * step) }), [count], type))
    }
    library.function("torch.range", signature: "(start, end=None, step=1, \(creationOptions))") {
      (call) throws(Interruption) in
      let (start, end, step) = (try call.double("start"), try call.double("end"), try call.double("step"))
      guard step != 0, (end - start) / step >= 0 else {
        throw call.interpreter.raise(.runtimeError, "upper bound and lower bound inconsistent with step sign")
      }
      let count = try call.interpreter.elementCount(((end - start) / step).rounded(.down) + 1, "torch.range")
      let type = try call.dataType("dtype") ?? call.interpreter.tracer.defaultType
      return try call.leaf(
        try call.interpreter.tensor(
          .values((0..<count).map { type.rounded(start + Double($0) * step) }), [count], type))
    }
    library.function("torch.linspace", signature: "(start, end, steps, \(creationOptions))") {
      (call) throws(Interruption) in
      try call.spaced { $0 }
    }
    library.function("torch.logspace", signature: "(start, end, steps, base=10.0, \(creationOptions))") {
      (call) throws(Interruption) in
      let base = try call.double("base")
      return try call.spaced { Numerics.power(base, $0) }
    }
    for (name, parameters) in [("hann", ""), ("hamming", "alpha=0.54, beta=0.46, ")] {
      library.function(
        "torch.\(name)_window", signature: "(window_length, periodic=True, \(parameters)\(creationOptions))"
      ) { (call) throws(Interruption) in
        name == "hann"
          ? try call.cosineWindow(0.5, 0.5)
          : try call.cosineWindow(try call.double("alpha"), try call.double("beta"))
      }
    }
    library.function("torch.eye", signature: "(n, m=None, \(creationOptions))") {
      (call) throws(Interruption) in
      let rows = try call.int("n")
      let columns = try call.optionalInt("m") ?? rows
      try call.interpreter.checkShape([rows, columns])
      try call.interpreter.reserve(rows * columns >> 2 + 1)
      var values = [Double](repeating: 0, count: rows * columns)
      for place in 0..<min(rows, columns) { values[place * columns + place] = 1 }
      let type = try call.dataType("dtype") ?? call.interpreter.tracer.defaultType
      return try call.leaf(try call.interpreter.tensor(.values(values), [rows, columns], type))
    }
  }

  private static func grids(in library: inout Library) {
    library.function("torch.meshgrid", signature: "(*tensors, indexing=None)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      var given = call.rest
      if given.count == 1, case .tensor = given[0] {
      } else if given.count == 1 {
        given = try interpreter.elements(of: given[0])
      }
      var axes: [TracedTensor] = []
      for value in given {
        guard case .tensor(let tensor) = value, tensor.rank <= 1 else {
          throw interpreter.raise(
            .runtimeError,
            "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got \(interpreter.typeName(value))"
          )
        }
        axes.append(tensor)
      }
      guard !axes.isEmpty else {
        throw interpreter.raise(.runtimeError, "meshgrid expects a non-empty TensorList")
      }
      let isNone = interpreter.isNone(call["indexing"])
      let indexing = isNone ? "ij" : try call.string("indexing")
      guard indexing == "ij" || indexing == "xy" else {
        throw interpreter.raise(
          .runtimeError,
          "torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: \(indexing)")
      }
      let isSwapped = indexing == "xy" && axes.count >= 2
      if isSwapped { axes.swapAt(0, 1) }
      let shape = axes.map(\.count)
      var grids: [TracedTensor] = []
      for (place, axis) in axes.enumerated() {
        var lone = [Int](repeating: 1, count: shape.count)
        lone[place] = shape[place]
        grids.append(try interpreter.expand(try interpreter.reshape(axis, lone), shape))
      }
      if isSwapped { grids.swapAt(0, 1) }
      return try interpreter.tuple(grids.map { .tensor($0) })
    }
  }

  private static func triangles(in library: inout Library) {
    for (name, isLower) in [("tril_indices", true), ("triu_indices", false)] {
      library.function(
        "torch.\(name)", signature: "(row, col, offset=0, *, dtype=None, device=None, layout=None)"
      ) {
        (call) throws(Interruption) in
        let (rows, columns) = (try call.int("row"), try call.int("col"))
        let offset = min(max(try call.int("offset"), -(1 << 40)), 1 << 40)
        try call.interpreter.checkShape([rows, columns])
        try call.interpreter.reserve(rows * columns >> 1 + 1)
        var coordinates: (rows: [Double], columns: [Double]) = ([], [])
        for row in 0..<rows {
          for column in 0..<columns where isLower ? column - row <= offset : column - row >= offset {
            coordinates.rows.append(Double(row))
            coordinates.columns.append(Double(column))
          }
        }
        let type = try call.dataType("dtype") ?? .int64
        return .tensor(
          try call.interpreter.tensor(
            .values(coordinates.rows + coordinates.columns), [2, coordinates.rows.count], type))
      }
    }
  }
}

extension NativeCall {
  /// A new tensor, whose gradient is wanted where the argument `requires_grad` says so.
  func leaf(_ tensor: TracedTensor) throws(Interruption) -> PythonValue {
    if function.signature.index(of: "out") != nil, !interpreter.isNone(self["out"]) {
      throw interpreter.unsupported("\(function.name) with out= is not supported")
    }
    if function.signature.index(of: "requires_grad") != nil, try bool("requires_grad") {
      guard tensor.dataType.isFloating else {
        throw interpreter.raise(
          .runtimeError, "Only Tensors of floating point and complex dtype can require gradients")
      }
      tensor.requiresGradient = true
    }
    return .tensor(tensor)
  }

  /// A tensor of the argument `fill_value`.
  func filled(_ shape: [Int], _ type: DataType?) throws(Interruption) -> PythonValue {
    let natural: DataType =
      switch self["fill_value"] {
      case .bool: .bool
      case .int: .int64
      case .tensor(let tensor): tensor.dataType
      default: interpreter.tracer.defaultType
      }
    let chosen = type ?? natural
    return try leaf(
      try interpreter.tensor(.fill(chosen.rounded(try double("fill_value"))), shape, chosen))
  }

  /// So many numbers from `start` to `end` at equal distances, as PyTorch computes them: from both ends.
  func spaced(_ function: (Double) -> Double) throws(Interruption) -> PythonValue {
    let (start, end) = (try double("start"), try double("end"))
    let steps = try int("steps")
    guard steps >= 0 else { throw interpreter.raise(.runtimeError, "number of steps must be non-negative") }
    let count = try interpreter.elementCount(Double(steps), self.function.name)
    let type = try dataType("dtype") ?? interpreter.tracer.defaultType
    // In float32 the step is rounded before it is used.
    let natural = (end - start) / Double(max(1, count - 1))
    let step = type == .float32 ? Double(Float(natural)) : natural
    let values = (0..<count).map { (place: Int) -> Double in
      let value = place < count / 2 ? start + Double(place) * step : end - Double(count - 1 - place) * step
      return type.rounded(function(count == 1 ? start : value))
    }
    return try leaf(try interpreter.tensor(.values(values), [count], type))
  }
}

extension NativeCall {
  /// `α − β·cos(2πn/N)`, where a periodic window of n elements is one of n + 1 without the last.
  fileprivate func cosineWindow(_ alpha: Double, _ beta: Double) throws(Interruption) -> PythonValue {
    let length = try int("window_length")
    guard length >= 0 else {
      throw interpreter.raise(.runtimeError, "window_length must be non-negative, got \(length)")
    }
    let count = try interpreter.elementCount(Double(length), function.name)
    let type = try dataType("dtype") ?? interpreter.tracer.defaultType
    let period = try Double(max(1, bool("periodic") ? count : count - 1))
    let values = (0..<count).map { (place: Int) -> Double in
      type.rounded(count == 1 ? 1 : alpha - beta * Numerics.cosine(2 * Double.pi * Double(place) / period))
    }
    return try leaf(try interpreter.tensor(.values(values), [count], type))
  }
}

extension Interpreter {
  /// A number of elements that may be made.
  func elementCount(_ count: Double, _ name: String) throws(Interruption) -> Int {
    guard count <= Double(4 * limits.collectionSize) else {
      throw exhausted("\(name) makes too many elements", "limit.tensor")
    }
    return Int(max(0, count))
  }

  /// Nested sequences of numbers as a tensor of that type, or of the one that PyTorch gives them.
  func tensor(of value: PythonValue, _ type: DataType?) throws(Interruption) -> TracedTensor {
    var values: [Double] = []
    var natural = DataType.bool
    let shape = try collect(value, &values, &natural)
    let chosen = type ?? (values.isEmpty ? tracer.defaultType : natural)
    if let first = values.first, values.allSatisfy({ $0 == first }) {
      return try tensor(.fill(chosen.rounded(first)), shape, chosen)
    }
    return try tensor(.values(try rounded(values, chosen)), shape, chosen)
  }

  /// The numbers of nested sequences, and their shape.
  func collect(
    _ value: PythonValue, _ values: inout [Double], _ type: inout DataType
  ) throws(Interruption) -> [Int] {
    try enter()
    defer { leave() }
    switch value {
    case .bool(let flag): values.append(flag ? 1 : 0)
    case .int(let number):
      type = DataType.promoted(type, .int64)
      values.append(Double(number))
    case .float(let number):
      type = DataType.promoted(type, tracer.defaultType)
      values.append(number)
    case .tensor(let tensor):
      type = DataType.promoted(type, tensor.dataType)
      guard let known = try settledValues(tensor) else {
        throw unsupported(
          "torch.tensor of a tensor of the network is not supported", hint: "use torch.stack or torch.cat")
      }
      values += known
      return tensor.shape
    case .list, .tuple, .range:
      var inner: [Int]?
      let elements = try elements(of: value)
      for element in elements {
        let shape = try collect(element, &values, &type)
        guard inner == nil || inner == shape else {
          throw raise(.valueError, "expected sequences of equal lengths")
        }
        inner = shape
      }
      if elements.isEmpty { type = .float32 }
      return [elements.count] + (inner ?? [])
    default: throw raise(.typeError, "new(): invalid data type '\(typeName(value))'")
    }
    try reserve(1)
    return []
  }
}
