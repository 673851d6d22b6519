import NetworkGraph

/// Adds a method that takes the module and a tensor `x`.
private func block(
  _ name: String, _ signature: String,
  _ body: @escaping @Sendable (NativeCall, PythonInstance, TracedTensor) throws(Interruption) -> TracedTensor
) -> NativeFunction {
  NativeFunction(name, signature) { (call) throws(Interruption) in
    .tensor(try body(call, try call.instance(), try call.tensor("x")))
  }
}

extension Library {
  /// `nn.Transformer` and its encoder, decoder and layers (Vaswani et al., arXiv:1706.03762), made of other modules.
  static let transformerLayers: Family = { library in
    let signature =
      "(d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu', layer_norm_eps=1e-05, "
      + "batch_first=False, norm_first=False, bias=True, device=None, dtype=None)"
    let selfAttention = block(
      "_sa_block", "(self, x, attn_mask, key_padding_mask, is_causal=False)"
    ) { (call, module, input) throws(Interruption) in
      try call.interpreter.attentionBlock(call, module, input, input, "self_attn", dropout: "dropout1")
    }
    library.module(
      "TransformerEncoderLayer", signature,
      { (call, module) throws(Interruption) in
        try call.interpreter.makeTransformerLayer(call, module, isDecoder: false)
      },
      methods: [
        "forward": NativeFunction(
          "TransformerEncoderLayer.forward",
          "(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False)"
        ) { (call) throws(Interruption) in
          .tensor(try call.interpreter.runEncoderLayer(call, try call.instance(), try call.tensor("src")))
        },
        "_sa_block": selfAttention,
        "_ff_block": block("_ff_block", "(self, x)") { (call, module, input) throws(Interruption) in
          try call.interpreter.feedForward(module, input, lastDropout: "dropout2")
        },
      ])
    library.module(
      "TransformerDecoderLayer", signature,
      { (call, module) throws(Interruption) in
        try call.interpreter.makeTransformerLayer(call, module, isDecoder: true)
      },
      methods: [
        "forward": NativeFunction(
          "TransformerDecoderLayer.forward",
          "(self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, "
            + "memory_key_padding_mask=None, tgt_is_causal=False, memory_is_causal=False)"
        ) { (call) throws(Interruption) in
          .tensor(try call.interpreter.runDecoderLayer(call, try call.instance(), try call.tensor("tgt")))
        },
        "_sa_block": selfAttention,
        "_mha_block": block(
          "_mha_block", "(self, x, mem, attn_mask, key_padding_mask, is_causal=False)"
        ) { (call, module, input) throws(Interruption) in
          try call.interpreter.attentionBlock(
            call, module, input, try call.tensor("mem"), "multihead_attn", dropout: "dropout2")
        },
        "_ff_block": block("_ff_block", "(self, x)") { (call, module, input) throws(Interruption) in
          try call.interpreter.feedForward(module, input, lastDropout: "dropout3")
        },
      ])
    library.module(
      "TransformerEncoder",
      "(encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True)",
      { (call, module) throws(Interruption) in
        try call.interpreter.makeStack(of: call["encoder_layer"], call, module)
      },
      methods: [
        "forward": NativeFunction(
          "TransformerEncoder.forward", "(self, src, mask=None, src_key_padding_mask=None, is_causal=None)"
        ) { (call) throws(Interruption) in
          try call.interpreter.runStack(
            try call.instance(), [call["src"]],
            [
              ("src_mask", call["mask"]), ("is_causal", .bool(call["is_causal"].isTrueLiteral)),
              ("src_key_padding_mask", call["src_key_padding_mask"]),
            ])
        }
      ])
    library.module(
      "TransformerDecoder", "(decoder_layer, num_layers, norm=None)",
      { (call, module) throws(Interruption) in
        try call.interpreter.makeStack(of: call["decoder_layer"], call, module)
      },
      methods: [
        "forward": NativeFunction(
          "TransformerDecoder.forward",
          "(self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, "
            + "memory_key_padding_mask=None, tgt_is_causal=None, memory_is_causal=False)"
        ) { (call) throws(Interruption) in
          try call.interpreter.runStack(
            try call.instance(), [call["tgt"], call["memory"]],
            [
              ("tgt_mask", call["tgt_mask"]), ("memory_mask", call["memory_mask"]),
              ("tgt_key_padding_mask", call["tgt_key_padding_mask"]),
              ("memory_key_padding_mask", call["memory_key_padding_mask"]),
              ("tgt_is_causal", .bool(call["tgt_is_causal"].isTrueLiteral)),
              ("memory_is_causal", call["memory_is_causal"]),
            ])
        }
      ])
    library.module(
      "Transformer",
      "(d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1, "
        + "activation='relu', custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-05, "
        + "batch_first=False, norm_first=False, bias=True, device=None, dtype=None)",
      { (call, module) throws(Interruption) in try call.interpreter.makeTransformer(call, module) },
      methods: [
        "forward": NativeFunction(
          "Transformer.forward",
          "(self, src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None, "
            + "tgt_key_padding_mask=None, memory_key_padding_mask=None, src_is_causal=None, tgt_is_causal=None, "
            + "memory_is_causal=False)"
        ) { (call) throws(Interruption) in
          try call.interpreter.runTransformer(call, try call.instance())
        },
        // Static in PyTorch: it is called on the class and on instances.
        "generate_square_subsequent_mask": NativeFunction(
          "Transformer.generate_square_subsequent_mask", "(*args, device=None, dtype=None, sz=None)"
        ) { (call) throws(Interruption) in
          var size = call["sz"]
          for value in call.rest { if case .int = value { size = value } }
          let length = try call.int(size, "sz")
          return .tensor(try call.interpreter.causalMask(length, length))
        },
      ])
  }
}

extension PythonValue {
  fileprivate var isTrueLiteral: Bool { if case .bool(true) = self { true } else { false } }
}

extension Interpreter {
  // MARK: Layers

  fileprivate func makeTransformerLayer(
    _ call: NativeCall, _ module: PythonInstance, isDecoder: Bool
  ) throws(Interruption) {
    let bias: [(name: String, value: PythonValue)] = [("bias", call["bias"])]
    func add(_ name: String, _ child: PythonInstance) throws(Interruption) {
      try setAttribute(name, of: .instance(module), .instance(child))
    }
    for name in isDecoder ? ["self_attn", "multihead_attn"] : ["self_attn"] {
      try add(
        name,
        try makeModule(
          "MultiheadAttention", [call["d_model"], call["nhead"]],
          bias + [("dropout", call["dropout"]), ("batch_first", call["batch_first"])]))
    }
    try add("linear1", try makeModule("Linear", [call["d_model"], call["dim_feedforward"]], bias))
    try add("dropout", try makeModule("Dropout", [call["dropout"]]))
    try add("linear2", try makeModule("Linear", [call["dim_feedforward"], call["d_model"]], bias))
    let count = isDecoder ? 3 : 2
    let hasBias = try call.bool("bias")
    for index in 1...count {
      let norm = try makeModule("LayerNorm", [call["d_model"]], [("eps", call["layer_norm_eps"])])
      if !hasBias { norm.module?.parameters.set("bias", nil) }
      try add("norm\(index)", norm)
    }
    for index in 1...count { try add("dropout\(index)", try makeModule("Dropout", [call["dropout"]])) }
    var activation = call["activation"]
    if case .string(let name) = activation {
      guard ["relu", "gelu"].contains(name) else {
        throw raise(.runtimeError, "activation should be relu/gelu, not \(name)")
      }
      activation = resolve("torch.nn.functional.\(name)")
    }
    try setAttribute("activation", of: .instance(module), activation)
  }

  fileprivate func attentionBlock(
    _ call: NativeCall, _ module: PythonInstance, _ input: TracedTensor, _ memory: TracedTensor,
    _ name: String, dropout: String
  ) throws(Interruption) -> TracedTensor {
    let result = try callChild(
      name, of: module, [.tensor(input), .tensor(memory), .tensor(memory)],
      [
        ("attn_mask", call["attn_mask"]), ("key_padding_mask", call["key_padding_mask"]),
        ("need_weights", .bool(false)), ("is_causal", call["is_causal"]),
      ])
    guard case .tensor(let attended)? = try elements(of: result).first else {
      throw raise(.typeError, "\(name) must return a tensor first")
    }
    return try applyChild(dropout, of: module, attended)
  }

  fileprivate func feedForward(
    _ module: PythonInstance, _ input: TracedTensor, lastDropout: String
  ) throws(Interruption) -> TracedTensor {
    var result = try applyChild("linear1", of: module, input)
    result = try applyChild("activation", of: module, result)
    result = try applyChild("dropout", of: module, result)
    return try applyChild(lastDropout, of: module, try applyChild("linear2", of: module, result))
  }

  /// `x + block(norm(x))`, or `norm(x + block(x))`.
  private func residual(
    _ input: TracedTensor, _ module: PythonInstance, norm: String, _ block: String, _ arguments: [PythonValue]
  ) throws(Interruption) -> TracedTensor {
    let isFirst = module.bool("norm_first")
    let source = isFirst ? try applyChild(norm, of: module, input) : input
    guard case .tensor(let change) = try callChild(block, of: module, [.tensor(source)] + arguments) else {
      throw raise(.typeError, "\(block) must return a tensor")
    }
    let sum = try elementwise(.add, input, change)
    return isFirst ? sum : try applyChild(norm, of: module, sum)
  }

  fileprivate func runEncoderLayer(
    _ call: NativeCall, _ module: PythonInstance, _ input: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let masks = [call["src_mask"], call["src_key_padding_mask"], call["is_causal"]]
    let attended = try residual(input, module, norm: "norm1", "_sa_block", masks)
    return try residual(attended, module, norm: "norm2", "_ff_block", [])
  }

  fileprivate func runDecoderLayer(
    _ call: NativeCall, _ module: PythonInstance, _ input: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let own = [call["tgt_mask"], call["tgt_key_padding_mask"], call["tgt_is_causal"]]
    let memory = [
      call["memory"], call["memory_mask"], call["memory_key_padding_mask"], call["memory_is_causal"],
    ]
    var result = try residual(input, module, norm: "norm1", "_sa_block", own)
    result = try residual(result, module, norm: "norm2", "_mha_block", memory)
    return try residual(result, module, norm: "norm3", "_ff_block", [])
  }

  // MARK: Stacks

  /// Deep copies of a layer, which begin with its very numbers, and the last normalisation.
  fileprivate func makeStack(
    of layer: PythonValue, _ call: NativeCall, _ module: PythonInstance
  ) throws(Interruption) {
    guard case .instance(let prototype) = layer, prototype.type.isModule else {
      throw raise(.typeError, "\(typeName(layer)) is not a Module subclass")
    }
    let count = try call.int("num_layers")
    try reserve(max(0, count))
    var clones: [PythonValue] = []
    for _ in 0..<max(0, count) {
      try spend(64)
      var known: [ObjectIdentifier: PythonValue] = [:]
      clones.append(try copy(layer, isDeep: true, &known))
    }
    for name in ["encoder_layer", "decoder_layer"] where module.attributes[name] != nil {
      module.attributes[name] = nil
      module.attributeOrder.removeAll { $0 == name }
    }
    let layers = try makeModule("ModuleList", [try list(clones)])
    try setAttribute("layers", of: .instance(module), .instance(layers))
    try setAttribute("norm", of: .instance(module), call["norm"])
  }

  fileprivate func runStack(
    _ module: PythonInstance, _ inputs: [PythonValue], _ keywords: [(name: String, value: PythonValue)]
  ) throws(Interruption) -> PythonValue {
    var inputs = inputs
    for layer in try elements(of: try attribute("layers", of: .instance(module))) {
      inputs[0] = try call(layer, Arguments(inputs, keywords: keywords))
    }
    let norm = try attribute("norm", of: .instance(module))
    return isNone(norm) ? inputs[0] : try call(norm, Arguments([inputs[0]]))
  }

  fileprivate func makeTransformer(_ call: NativeCall, _ module: PythonInstance) throws(Interruption) {
    let shared = [
      "d_model", "nhead", "dim_feedforward", "dropout", "activation", "layer_norm_eps", "batch_first",
      "norm_first", "bias",
    ].map { (name: $0, value: call[$0]) }
    for (name, custom, layer, stack) in [
      ("encoder", "custom_encoder", "TransformerEncoderLayer", "TransformerEncoder"),
      ("decoder", "custom_decoder", "TransformerDecoderLayer", "TransformerDecoder"),
    ] {
      var child = call[custom]
      if isNone(child) {
        let norm = try makeModule("LayerNorm", [call["d_model"]], [("eps", call["layer_norm_eps"])])
        if try !call.bool("bias") { norm.module?.parameters.set("bias", nil) }
        let prototype = PythonValue.instance(try makeModule(layer, [], shared))
        child = .instance(
          try makeModule(stack, [prototype, call["num_\(name)_layers"], .instance(norm)]))
      }
      try setAttribute(name, of: .instance(module), child)
    }
    for (_, parameter) in try namedParameters(module) where parameter.rank > 1 {
      let fans = try fans(parameter)
      let bound = (6 / Double(fans.in + fans.out)).squareRoot()
      try withoutGradients { () throws(Interruption) in
        _ = try draw(parameter, .uniform(lower: -bound, upper: bound))
      }
    }
  }

  fileprivate func runTransformer(
    _ call: NativeCall, _ module: PythonInstance
  ) throws(Interruption) -> PythonValue {
    let source = try call.tensor("src")
    let target = try call.tensor("tgt")
    let batchAxis = module.bool("batch_first") ? 0 : 1
    if source.rank == 3, target.rank == 3, source.shape[batchAxis] != target.shape[batchAxis] {
      throw raise(.runtimeError, "the batch number of src and tgt must be equal", identifier: "torch.shape")
    }
    let features = module.int("d_model")
    guard source.shape.last == features, target.shape.last == features else {
      throw raise(
        .runtimeError, "the feature number of src and tgt must be equal to d_model",
        hint: "d_model is \(features), src is \(source.shape), tgt is \(target.shape)",
        identifier: "torch.shape")
    }
    let memory = try callChild(
      "encoder", of: module, [.tensor(source)],
      [
        ("mask", call["src_mask"]), ("src_key_padding_mask", call["src_key_padding_mask"]),
        ("is_causal", call["src_is_causal"]),
      ])
    let names = [
      "tgt_mask", "memory_mask", "tgt_key_padding_mask", "memory_key_padding_mask", "tgt_is_causal",
      "memory_is_causal",
    ]
    return try callChild("decoder", of: module, [.tensor(target), memory], names.map { ($0, call[$0]) })
  }
}
