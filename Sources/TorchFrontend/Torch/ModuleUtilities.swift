import NetworkGraph

extension Library {
  /// What PyTorch has around modules: checkpoints, compilers, `nn.utils`, and the inner paths of `torch.nn`.
  static let moduleUtilities: Family = { library in
    library.namespace(
      "torch.nn.modules", "torch.nn.utils", "torch.nn.utils.rnn", "torch.nn.utils.parametrize",
      "torch.nn.utils.parametrizations", "torch.nn.utils.clip_grad", "torch.nn.common_types",
      "torch.utils.checkpoint", "torch.fx", "torch.jit", "torch.compiler")
    for name in [
      "activation", "adaptive", "batchnorm", "channelshuffle", "container", "conv", "distance", "dropout",
      "flatten", "fold", "instancenorm", "lazy", "linear", "loss", "module", "normalization", "padding",
      "pixelshuffle", "pooling", "rnn", "sparse", "transformer", "upsampling", "utils",
    ] { library.namespace("torch.nn.modules.\(name)") }
    passingThrough(&library)
    gradients(&library)
    tuples(&library)

    library.function(
      "torch.utils.checkpoint.checkpoint",
      signature:
        "(function, *args, use_reentrant=None, context_fn=None, determinism_check=None, debug=None, "
        + "preserve_rng_state=True, **kwargs)"
    ) { (call) throws(Interruption) in
      try call.interpreter.call(call["function"], Arguments(call.rest, keywords: call.restKeywords))
    }
    library.function(
      "torch.utils.checkpoint.checkpoint_sequential", signature: "(functions, segments, input, **kwargs)"
    ) { (call) throws(Interruption) in
      var value = call["input"]
      for function in try call.interpreter.elements(of: call["functions"]) {
        value = try call.interpreter.call(function, Arguments([value]))
      }
      return value
    }
    library.function("torch._assert", signature: "(condition, message)") { (call) throws(Interruption) in
      guard try call.bool("condition") else {
        throw call.interpreter.raise(
          .assertionError, try call.interpreter.text(of: call["message"]))
      }
      return .none
    }
    library.function("torch.nn.utils.skip_init", signature: "(module_cls, *args, **kwargs)") {
      (call) throws(Interruption) in
      try call.interpreter.call(
        call["module_cls"],
        Arguments(call.rest, keywords: call.restKeywords.filter { $0.name != "device" }))
    }
    library.function(
      "torch.nn.utils.rnn.pad_sequence",
      signature: "(sequences, batch_first=False, padding_value=0.0, padding_side='right')"
    ) { (call) throws(Interruption) in
      .tensor(try call.interpreter.padSequence(call))
    }
  }

  /// Functions that give back what they are given, and decorators that change nothing here.
  private static func passingThrough(_ library: inout Library) {
    for name in [
      "torch.jit.script", "torch.jit.trace", "torch.jit.freeze", "torch.jit.optimize_for_inference",
      "torch.jit.script_if_tracing", "torch.jit.interface", "torch.jit._overload",
      "torch.jit._overload_method",
      "torch.jit.export", "torch.jit.ignore", "torch.jit.unused", "torch.jit.script_method", "torch.compile",
      "torch.compiler.disable", "torch.compiler.allow_in_graph", "torch._dynamo.disable", "torch.fx.wrap",
      "torch.fx.symbolic_trace",
    ] {
      library.function(name, signature: "(obj=None, *args, **kwargs)") { (call) throws(Interruption) in
        guard call.interpreter.isNone(call["obj"]) else { return call["obj"] }
        // `@torch.compile(dynamic=True)`: what is called with the function.
        return .native(NativeFunction(name, "(function)") { (call) throws(Interruption) in call["function"] })
      }
    }
    library.function("torch.jit.annotate", signature: "(the_type, the_value)") {
      (call) throws(Interruption) in
      call["the_value"]
    }
    library.namespace("torch._dynamo")
    for name in ["torch.compiler.is_compiling", "torch.compiler.is_dynamo_compiling"] {
      library.function(name, signature: "()") { (_) throws(Interruption) in .bool(false) }
    }
  }

  /// Functions of gradients and parameters that training code calls.
  private static func gradients(_ library: inout Library) {
    for name in ["clip_grad_norm_", "clip_grad_norm", "clip_grad_value_", "vector_to_parameters"] {
      library.function("torch.nn.utils.\(name)", signature: "(*args, **kwargs)") {
        (call) throws(Interruption) in
        if call.interpreter.tracer.isTracing {
          throw call.interpreter.unsupported("\(name) within a network is not supported")
        }
        return .none
      }
    }
    library.function("torch.nn.utils.parameters_to_vector", signature: "(parameters)") {
      (call) throws(Interruption) in
      var parts: [TracedTensor] = []
      for value in try call.interpreter.elements(of: call["parameters"]) {
        guard case .tensor(let tensor) = value else {
          throw call.interpreter.raise(
            .typeError, "parameters_to_vector takes tensors, not \(call.interpreter.typeName(value))")
        }
        parts.append(try call.interpreter.reshape(tensor, [tensor.count]))
      }
      return .tensor(try call.interpreter.concatenate(parts, 0))
    }
    for name in [
      "remove_spectral_norm", "remove_weight_norm", "fuse_conv_bn_eval", "fuse_conv_bn_weights",
      "parametrizations.spectral_norm", "parametrizations.orthogonal", "parametrize.remove_parametrizations",
    ] {
      library.function("torch.nn.utils.\(name)", signature: "(*args, **kwargs)") {
        (call) throws(Interruption) in
        throw call.interpreter.unsupported(
          "nn.utils.\(name) is not supported",
          hint: name.contains("spectral") ? "use nn.utils.spectral_norm" : nil)
      }
    }
  }

  /// `torch.nn.modules.utils`.
  private static func tuples(_ library: inout Library) {
    @Sendable func repeated(
      _ value: PythonValue, _ count: Int, _ call: NativeCall
    ) throws(Interruption) -> PythonValue {
      switch value {
      case .list, .tuple, .range:
        return try call.interpreter.tuple(try call.interpreter.elements(of: value))
      default: return try call.interpreter.tuple([PythonValue](repeating: value, count: count))
      }
    }
    for (name, count) in [("_single", 1), ("_pair", 2), ("_triple", 3), ("_quadruple", 4)] {
      library.function("torch.nn.modules.utils.\(name)", signature: "(x)") { (call) throws(Interruption) in
        try repeated(call["x"], count, call)
      }
    }
    library.function("torch.nn.modules.utils._ntuple", signature: "(n, name='parse')") {
      (call) throws(Interruption) in
      let count = try call.int("n")
      try call.interpreter.reserve(max(0, count))
      return .native(
        NativeFunction("parse", "(x)") { (call) throws(Interruption) in
          try repeated(call["x"], max(0, count), call)
        })
    }
  }
}

extension Interpreter {
  fileprivate func padSequence(_ call: NativeCall) throws(Interruption) -> TracedTensor {
    let sequences = try call.tensors("sequences")
    guard let first = sequences.first, first.rank > 0 else {
      throw raise(.runtimeError, "received an empty list of sequences")
    }
    guard try call.string("padding_side") == "right" else {
      throw unsupported("pad_sequence with padding_side='left' is not supported")
    }
    let length = sequences.map { $0.shape.first ?? 0 }.max() ?? 0
    var padded: [TracedTensor] = []
    for sequence in sequences {
      guard sequence.rank == first.rank, sequence.shape.dropFirst() == first.shape.dropFirst() else {
        throw raise(
          .runtimeError, "pad_sequence: the sizes \(first.shape) and \(sequence.shape) do not fit",
          identifier: "torch.shape")
      }
      var whole = sequence
      if sequence.shape[0] < length {
        let missing = try tensor(
          .fill(try call.double("padding_value")), [length - sequence.shape[0]] + sequence.shape.dropFirst(),
          sequence.dataType)
        whole = try concatenate([sequence, missing], 0)
      }
      padded.append(try reshape(whole, [1] + whole.shape))
    }
    let batch = try concatenate(padded, 0)
    if try call.bool("batch_first") { return batch }
    return try permute(batch, [1, 0] + Array(2..<max(2, batch.rank)))
  }
}
