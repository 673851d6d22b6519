import NetworkGraph

extension Library {
  /// Data types, devices, modes, and what there is of the rest of `torch`.
  static let environment: Family = { library in
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
      ("int", .int32), ("short", .int16),
    ] { library.constant("torch.\(name)", .dataType(type)) }
    library.constant("torch.pi", .float(.pi))
    library.constant("torch.inf", .float(.infinity))
    library.constant("torch.nan", .float(.nan))
    library.constant("torch.e", .float(2.718281828459045))
    library.constant("torch.newaxis", .none)
    library.constant("torch.strided", .string("strided"))
    library.constant("torch.preserve_format", .string("preserve_format"))
    library.constant("torch.channels_last_3d", .string("channels_last_3d"))
    library.constant("torch.__version__", .string("2.1.0"))
    library.constant("torch.contiguous_format", .string("contiguous_format"))
    library.constant("torch.channels_last", .string("channels_last"))

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
    library.property("dtype", "itemsize") { (call) throws(Interruption) in
      if case .dataType(let type) = call["self"] { return .int(type.byteCount) }
      return .none
    }
    library.property("dtype", "is_complex") { (_) throws(Interruption) in .bool(false) }
    library.property("dtype", "is_signed") { (call) throws(Interruption) in
      if case .dataType(let type) = call["self"] { return .bool(type != .uint8 && type != .bool) }
      return .none
    }
    library.function("torch.promote_types", signature: "(type1, type2)") { (call) throws(Interruption) in
      guard let left = try call.dataType("type1"), let right = try call.dataType("type2") else {
        throw call.interpreter.raise(.typeError, "promote_types(): expected two dtypes")
      }
      return .dataType(DataType.promoted(left, right))
    }
    library.function("torch.can_cast", signature: "(from_, to)") { (call) throws(Interruption) in
      guard let from = try call.dataType("from_"), let to = try call.dataType("to") else {
        throw call.interpreter.raise(.typeError, "can_cast(): expected two dtypes")
      }
      return .bool(DataType.canCast(from, to: to))
    }
    library.function("torch.result_type", signature: "(tensor1, tensor2)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard case .tensor(let left) = call["tensor1"] else {
        let right = try call.tensor("tensor2")
        let left = try interpreter.tensorOperand(call["tensor1"], like: right)
        return .dataType(interpreter.promotedType(left, right))
      }
      let right = try interpreter.tensorOperand(call["tensor2"], like: left)
      return .dataType(interpreter.promotedType(left, right))
    }
    library.namespace("torch.distributed")
    for (name, value) in [("is_available", true), ("is_initialized", false)] {
      library.function("torch.distributed.\(name)", signature: "()") { (_) throws(Interruption) in
        .bool(value)
      }
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
    // Since PyTorch 0.4 a variable is a tensor.
    library.function(
      "torch.autograd.Variable", signature: "(data, requires_grad=False, volatile=False)"
    ) { (call) throws(Interruption) in
      let tensor = try call.tensor("data")
      if try call.bool("requires_grad") { tensor.requiresGradient = true }
      return .tensor(tensor)
    }
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
