import NetworkGraph

extension Library {
  /// Functions that make tensors, data types, devices, and what there is of the rest of `torch`.
  static let creation: Family = { library in
    library.namespace(
      "torch", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.parameter", "torch.nn.utils",
      "torch.utils", "torch.cuda", "torch.jit", "torch.linalg", "torch.special", "torch.autograd",
      "torch.backends",
      "torch.backends.cudnn")
    for type in [
      DataType.float32, .float64, .float16, .bfloat16, .int64, .int32, .int16, .int8, .uint8, .bool,
    ] { library.constant("torch.\(type.rawValue)", .dataType(type)) }
    for (name, type) in [
      ("float", DataType.float32), ("double", .float64), ("half", .float16), ("long", .int64),
      ("int", .int32),
      ("short", .int16),
    ] { library.constant("torch.\(name)", .dataType(type)) }
    library.constant("torch.pi", .float(.pi))
    library.constant("torch.inf", .float(.infinity))
    library.constant("torch.__version__", .string("2.1.0"))
    library.constant("torch.contiguous_format", .string("contiguous_format"))
    library.constant("torch.channels_last", .string("channels_last"))

    let options = "*, dtype=None, device=None, requires_grad=False, layout=None, out=None, pin_memory=False"
    for (name, number) in [("zeros", 0.0), ("ones", 1), ("empty", 0)] {
      library.function(
        "torch.\(name)", signature: "(*size, dtype=None, device=None, requires_grad=False, **kwargs)"
      ) {
        (call) throws(Interruption) in
        let shape = try call.restInts("size")
        return .tensor(
          try call.interpreter.tensor(.fill(number), shape, try call.dataType("dtype") ?? .float32))
      }
      library.function("torch.\(name)_like", signature: "(input, \(options), memory_format=None)") {
        (call) throws(Interruption) in
        let input = try call.tensor("input")
        return .tensor(
          try call.interpreter.tensor(
            .fill(number), input.shape, try call.dataType("dtype") ?? input.dataType))
      }
      library.function("Tensor.new_\(name)", signature: "(self, *size, dtype=None, device=None, **kwargs)") {
        (call) throws(Interruption) in
        let type = try call.tensor("self").dataType
        return .tensor(
          try call.interpreter.tensor(
            .fill(number), try call.restInts("size"), try call.dataType("dtype") ?? type))
      }
    }
    library.function("torch.full", signature: "(size, fill_value, \(options))") {
      (call) throws(Interruption) in
      let natural: DataType = if case .float = call["fill_value"] { .float32 } else { .int64 }
      return .tensor(
        try call.interpreter.tensor(
          .fill(try call.double("fill_value")), try call.ints("size"), try call.dataType("dtype") ?? natural))
    }
    library.function("torch.full_like", signature: "(input, fill_value, \(options))") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      return .tensor(
        try call.interpreter.tensor(
          .fill(try call.double("fill_value")), input.shape, try call.dataType("dtype") ?? input.dataType))
    }
    for (name, distribution) in [
      ("randn", Initializer.normal(mean: 0, standardDeviation: 1)), ("rand", .uniform(lower: 0, upper: 1)),
    ] {
      library.function(
        "torch.\(name)",
        signature: "(*size, dtype=None, device=None, requires_grad=False, generator=None, **kwargs)"
      ) {
        (call) throws(Interruption) in
        .tensor(
          try call.interpreter.tensor(
            .random(distribution), try call.restInts("size"), try call.dataType("dtype") ?? .float32))
      }
      library.function("torch.\(name)_like", signature: "(input, \(options))") {
        (call) throws(Interruption) in
        let input = try call.tensor("input")
        return .tensor(try call.interpreter.tensor(.random(distribution), input.shape, input.dataType))
      }
    }
    library.function("torch.normal", signature: "(mean, std, size, **kwargs)") {
      (call) throws(Interruption) in
      let distribution = Initializer.normal(
        mean: try call.double("mean"), standardDeviation: try call.double("std"))
      return .tensor(try call.interpreter.tensor(.random(distribution), try call.ints("size")))
    }
    library.function(
      "torch.tensor", "torch.as_tensor", signature: "(data, dtype=None, device=None, requires_grad=False)"
    ) {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let type = try call.dataType("dtype")
      if case .tensor(let other) = call["data"] {
        return .tensor(
          try type.map { (type) throws(Interruption) in try interpreter.cast(other, type) } ?? other)
      }
      var values: [Double] = []
      var natural = DataType.bool
      let shape = try interpreter.collect(call["data"], &values, &natural)
      let chosen = type ?? natural
      if let first = values.first, values.allSatisfy({ $0 == first }) {
        return .tensor(try interpreter.tensor(.fill(chosen.rounded(first)), shape, chosen))
      }
      return .tensor(
        try interpreter.tensor(.values(values.map(chosen.rounded)), shape, chosen))
    }
    library.function("torch.arange", signature: "(start, end=None, step=1, \(options))") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let isInteger = [call["start"], call["end"], call["step"]].allSatisfy {
        interpreter.isNone($0) || interpreter.integer($0) != nil
      }
      let hasEnd = !interpreter.isNone(call["end"])
      let start = try hasEnd ? call.double("start") : 0
      let end = try hasEnd ? call.double("end") : call.double("start")
      let step = try call.double("step")
      guard step != 0, start.isFinite, end.isFinite, step.isFinite, (end - start) / step >= 0 else {
        throw interpreter.raise(.runtimeError, "upper bound and larger bound inconsistent with step sign")
      }
      let count = ((end - start) / step).rounded(.up)
      guard count <= Double(interpreter.limits.collectionSize) else {
        throw interpreter.exhausted("torch.arange makes too many elements", "limit.tensor")
      }
      return .tensor(
        try interpreter.tensor(
          .values((0..<Int(count)).map { start + Double($0) * step }), [Int(count)],
          try call.dataType("dtype") ?? (isInteger ? .int64 : .float32)))
    }
    library.function("torch.linspace", signature: "(start, end, steps, \(options))") {
      (call) throws(Interruption) in
      let start = try call.double("start")
      let end = try call.double("end")
      let count = try call.int("steps")
      guard count >= 0, count <= call.interpreter.limits.collectionSize else {
        throw call.interpreter.exhausted("torch.linspace makes too many elements", "limit.tensor")
      }
      let step = count > 1 ? (end - start) / Double(count - 1) : 0
      let values = (0..<count).map {
        Double(Float($0 < count / 2 ? start + Double($0) * step : end - Double(count - 1 - $0) * step))
      }
      return .tensor(try call.interpreter.tensor(.values(values), [count]))
    }
    library.function("torch.eye", signature: "(n, m=None, \(options))") { (call) throws(Interruption) in
      let rows = try call.int("n")
      let columns = try call.optionalInt("m") ?? rows
      try call.interpreter.checkShape([rows, columns])
      try call.interpreter.reserve(rows * columns)
      let values = (0..<(rows * columns)).map { $0 / columns == $0 % columns ? 1.0 : 0 }
      return .tensor(try call.interpreter.tensor(.values(values), [rows, columns]))
    }
    library.function("torch.device", signature: "(type, index=None)") { (call) throws(Interruption) in
      if case .device = call["type"] { return call["type"] }
      if case .int = call["type"] { return .device("cuda") }
      return .device(try call.string("type"))
    }
    library.property("device", "type") { (call) throws(Interruption) in
      if case .device(let name) = call["self"] { return .string(String(name.prefix { $0 != ":" })) }
      return .none
    }
    library.property("device", "index") { (_) throws(Interruption) in .none }
    library.property("dtype", "is_floating_point") { (call) throws(Interruption) in
      if case .dataType(let type) = call["self"] { return .bool(type.isFloating) }
      return .none
    }
    library.function("torch.cuda.is_available", signature: "()") { (_) throws(Interruption) in .bool(false) }
    library.function("torch.cuda.device_count", signature: "()") { (_) throws(Interruption) in .int(0) }
    for name in [
      "torch.manual_seed", "torch.cuda.manual_seed", "torch.cuda.manual_seed_all", "torch.cuda.empty_cache",
      "torch.set_num_threads",
      "torch.use_deterministic_algorithms", "torch.set_printoptions", "torch.autograd.set_detect_anomaly",
    ] {
      library.function(name, signature: "(*args, **kwargs)") { (_) throws(Interruption) in .none }
    }
    for name in ["torch.jit.is_scripting", "torch.jit.is_tracing"] {
      library.function(name, signature: "()") { (_) throws(Interruption) in .bool(false) }
    }
    library.function("torch.is_grad_enabled", signature: "()") { (call) throws(Interruption) in
      .bool(call.interpreter.tracer.isRecordingGradients)
    }
    library.function("torch.set_default_dtype", signature: "(d)") { (call) throws(Interruption) in
      guard let type = try call.dataType("d"), type.isFloating else {
        throw call.interpreter.raise(
          .typeError, "only floating-point types are supported as the default type")
      }
      call.interpreter.tracer.defaultType = type
      return .none
    }
    library.function("torch.get_default_dtype", signature: "()") { (call) throws(Interruption) in
      .dataType(call.interpreter.tracer.defaultType)
    }
    // Decorators that change nothing here.
    for name in [
      "torch.jit.script", "torch.jit.export", "torch.jit.ignore", "torch.jit.unused", "torch.compile",
      "torch.jit.script_method",
    ] {
      library.function(name, signature: "(obj, *args, **kwargs)") { (call) throws(Interruption) in call["obj"]
      }
    }
    gradientContext("torch.no_grad", recording: false, in: &library)
    gradientContext("torch.inference_mode", recording: false, in: &library)
    gradientContext("torch.enable_grad", recording: true, in: &library)
    gradientContext("torch.set_grad_enabled", recording: nil, in: &library)
    gradientContext("torch.autocast", recording: nil, in: &library)
    library.alias("torch.autograd.no_grad", of: "torch.no_grad")
    library.alias("torch.cuda.amp.autocast", of: "torch.autocast")
    library.namespace("torch.cuda.amp")
    library.add(
      NativeClass(
        "torch.device", base: "builtins.object",
        construct: {
          if case .function(let make)? = library.entry("torch.device") { return make }
          preconditionFailure("torch.device is a function first")
        }()))
  }
}

extension Interpreter {
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
      type = DataType.promoted(type, .float32)
      values.append(number)
    case .tensor(let tensor):
      type = DataType.promoted(type, tensor.dataType)
      guard let known = try knownValues(tensor) else {
        throw unsupported("torch.tensor of a tensor of the network is not supported")
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
