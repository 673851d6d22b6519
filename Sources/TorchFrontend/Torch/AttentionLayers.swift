import NetworkGraph

extension Library {
  /// `nn.MultiheadAttention` and the functional forms of attention.
  static let attentionLayers: Family = { library in
    library.add(NativeClass("torch.nn.NonDynamicallyQuantizableLinear", base: "torch.nn.Linear"))
    library.module(
      "MultiheadAttention",
      "(embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, "
        + "vdim=None, batch_first=False, device=None, dtype=None)",
      { (call, module) throws(Interruption) in try call.interpreter.makeAttention(call, module) },
      methods: [
        "forward": NativeFunction(
          "MultiheadAttention.forward",
          "(self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, "
            + "average_attn_weights=True, is_causal=False)"
        ) { (call) throws(Interruption) in
          try call.interpreter.runAttention(call, try call.instance())
        }
      ])
    library.function(
      "torch.nn.functional.multi_head_attention_forward",
      signature:
        "(query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v, "
        + "add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=True, key_padding_mask=None, "
        + "need_weights=True, attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None, "
        + "k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None, average_attn_weights=True, "
        + "is_causal=False)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard interpreter.isNone(call["static_k"]), interpreter.isNone(call["static_v"]) else {
        throw interpreter.unsupported("static_k and static_v of attention are not supported")
      }
      var weights = AttentionWeights(
        joined: try call.optionalTensor("in_proj_weight"), bias: try call.optionalTensor("in_proj_bias"),
        keyBias: try call.optionalTensor("bias_k"), valueBias: try call.optionalTensor("bias_v"),
        addsZero: try call.bool("add_zero_attn"), output: try call.tensor("out_proj_weight"),
        outputBias: try call.optionalTensor("out_proj_bias"))
      if try call.bool("use_separate_proj_weight") {
        weights.joined = nil
        weights.apart = [
          try call.tensor("q_proj_weight"), try call.tensor("k_proj_weight"),
          try call.tensor("v_proj_weight"),
        ]
      }
      return try interpreter.runAttention(
        call, weights, features: try call.int("embed_dim_to_check"), heads: try call.int("num_heads"),
        dropout: try call.bool("training") ? call.double("dropout_p") : 0, isBatchFirst: false, module: nil)
    }
    library.function(
      "torch.nn.functional.scaled_dot_product_attention",
      signature:
        "(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False)"
    ) { (call) throws(Interruption) in
      .tensor(try call.interpreter.scaledDotProductAttention(call))
    }
  }
}

extension Interpreter {
  fileprivate func scaledDotProductAttention(_ call: NativeCall) throws(Interruption) -> TracedTensor {
    let query = try call.tensor("query")
    var key = try call.tensor("key")
    var value = try call.tensor("value")
    for (name, tensor) in [("query", query), ("key", key), ("value", value)] {
      guard tensor.rank >= 2 else {
        throw raise(
          .runtimeError,
          "scaled_dot_product_attention: Expected query, key, and value to all be at least 2 dimensional, but "
            + "\(name) is \(tensor.rank)-dimensional", identifier: "torch.shape")
      }
    }
    let features = query.shape[query.rank - 1]
    if try call.bool("enable_gqa") {
      guard query.rank >= 3, key.rank >= 3, value.rank >= 3 else {
        throw raise(.runtimeError, "enable_gqa needs at least 3 dimensions", identifier: "torch.shape")
      }
      key = try repeatedHeads(key, to: query.shape[query.rank - 3])
      value = try repeatedHeads(value, to: query.shape[query.rank - 3])
    }
    var mask: TracedTensor?
    if let given = try call.optionalTensor("attn_mask") {
      guard try !call.bool("is_causal") else {
        throw raise(
          .runtimeError,
          "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
      }
      mask = try additiveMask(given, hides: false)
    } else if try call.bool("is_causal") {
      mask = try causalMask(query.shape[query.rank - 2], key.shape[key.rank - 2])
    }
    return try attend(
      query, key, value, mask: mask, dropout: try call.double("dropout_p"),
      scale: try call.optionalDouble("scale") ?? 1 / Double(features).squareRoot(), zeroesHidden: true
    ).output
  }

  /// Each head of keys or values as often as queries share it.
  private func repeatedHeads(_ input: TracedTensor, to heads: Int) throws(Interruption) -> TracedTensor {
    let axis = input.rank - 3
    let count = input.shape[axis]
    guard count > 0, heads.isMultiple(of: count) else {
      throw raise(
        .runtimeError,
        "Number of heads in key and value must divide the number of heads in query: \(count) and \(heads)",
        identifier: "torch.shape")
    }
    if count == heads { return input }
    var shape = input.shape
    shape.insert(1, at: axis + 1)
    var target = shape
    target[axis + 1] = heads / count
    var final = input.shape
    final[axis] = heads
    return try reshape(try expand(try reshape(input, shape), target), final)
  }

  fileprivate func makeAttention(_ call: NativeCall, _ module: PythonInstance) throws(Interruption) {
    let features = try call.int("embed_dim")
    let heads = try call.int("num_heads")
    guard features > 0, heads > 0 else {
      throw raise(
        .valueError,
        "embed_dim and num_heads must be greater than 0, got embed_dim=\(features) and num_heads=\(heads) instead"
      )
    }
    guard features.isMultiple(of: heads) else {
      throw raise(
        .assertionError, "embed_dim must be divisible by num_heads",
        hint: "embed_dim is \(features), num_heads is \(heads)")
    }
    let keyFeatures = try call.optionalInt("kdim") ?? features
    let valueFeatures = try call.optionalInt("vdim") ?? features
    let isJoined = keyFeatures == features && valueFeatures == features
    let hasBias = try call.bool("bias")
    module.set("kdim", .int(keyFeatures))
    module.set("vdim", .int(valueFeatures))
    module.set("_qkv_same_embed_dim", .bool(isJoined))
    module.set("head_dim", .int(features / heads))
    func xavier(_ rows: Int, _ columns: Int) -> Initializer {
      let bound = (6 / Double(rows + columns)).squareRoot()
      return .uniform(lower: -bound, upper: bound)
    }
    let (rows, isOver) = features.multipliedReportingOverflow(by: 3)
    guard !isOver else { throw exhausted("embed_dim=\(features) is too large", "limit.tensor") }
    let parts = [("q", features), ("k", keyFeatures), ("v", valueFeatures)]
    for (name, columns) in parts where !isJoined {
      try register("\(name)_proj_weight", of: module, [features, columns], xavier(features, columns))
    }
    try register(
      "in_proj_weight", of: module, isJoined ? [rows, features] : nil, xavier(rows, features))
    for (name, _) in parts where isJoined {
      try register("\(name)_proj_weight", of: module, nil, .constant(0))
    }
    try register("in_proj_bias", of: module, hasBias ? [rows] : nil, .constant(0))
    let output = try makeModule(
      "NonDynamicallyQuantizableLinear", [.int(features), .int(features)], [("bias", .bool(hasBias))])
    if hasBias { try register("bias", of: output, [features], .constant(0)) }
    try add(.instance(output), named: "out_proj", to: module)
    let extra = try call.bool("add_bias_kv") ? [1, 1, features] : nil
    let deviation = (1 / Double(features)).squareRoot()
    for name in ["bias_k", "bias_v"] {
      try register(name, of: module, extra, .normal(mean: 0, standardDeviation: deviation))
    }
  }

  fileprivate func runAttention(
    _ call: NativeCall, _ module: PythonInstance
  ) throws(Interruption) -> PythonValue {
    guard case .instance(let output) = try attribute("out_proj", of: .instance(module)),
      let outputWeight = output.tensor("weight")
    else { throw raise(.attributeError, "'MultiheadAttention' object has no attribute 'out_proj'") }
    let weights = AttentionWeights(
      joined: module.tensor("in_proj_weight"),
      apart: ["q_proj_weight", "k_proj_weight", "v_proj_weight"].compactMap { module.tensor($0) },
      bias: module.tensor("in_proj_bias"), keyBias: module.tensor("bias_k"),
      valueBias: module.tensor("bias_v"), addsZero: module.bool("add_zero_attn"), output: outputWeight,
      outputBias: output.tensor("bias"))
    return try runAttention(
      call, weights, features: module.int("embed_dim"), heads: module.int("num_heads"),
      dropout: module.bool("training") ? module.double("dropout") : 0,
      isBatchFirst: module.bool("batch_first"), module: module)
  }

  /// Attention by the arguments that the module and the function have in common.
  fileprivate func runAttention(
    _ call: NativeCall, _ weights: AttentionWeights, features: Int, heads: Int, dropout: Double,
    isBatchFirst: Bool, module: PythonInstance?
  ) throws(Interruption) -> PythonValue {
    let query = try call.tensor("query")
    let key = try call.tensor("key")
    let value = try call.tensor("value")
    guard query.rank == 2 || query.rank == 3, key.rank == query.rank, value.rank == query.rank else {
      throw raise(
        .assertionError,
        "query should be unbatched 2D or batched 3D tensor, and key and value of as many dimensions, but received "
          + "\(query.shape), \(key.shape) and \(value.shape)", identifier: "torch.shape")
    }
    guard weights.joined != nil || weights.apart.count == 3, heads > 0, features.isMultiple(of: heads) else {
      throw raise(.assertionError, "embed_dim \(features) not divisible by num_heads \(heads)")
    }
    let isBatched = query.rank == 3
    let reached = query.shape[query.rank - 1]
    guard reached == features else {
      let message = "was expecting embedding dimension of \(features), but got \(reached)"
      guard let module else { throw raise(.assertionError, message, identifier: "torch.shape") }
      throw mismatch(module, "embed_dim", builtFor: features, reached: reached, message)
    }
    guard weights.joined == nil ? key.shape.dropLast() == value.shape.dropLast() : key.shape == value.shape
    else {
      throw raise(
        .assertionError, "key shape \(key.shape) does not match value shape \(value.shape)",
        identifier: "torch.shape")
    }
    // From here on sequences are [N, length, features]; what is one tensor stays one.
    var known: [(source: TracedTensor, result: TracedTensor)] = []
    func batchFirst(_ tensor: TracedTensor) throws(Interruption) -> TracedTensor {
      for pair in known where pair.source === tensor { return pair.result }
      var result = tensor
      if !isBatched {
        result = try reshape(tensor, [1] + tensor.shape)
      } else if !isBatchFirst {
        result = try permute(tensor, [1, 0, 2])
      }
      known.append((tensor, result))
      return result
    }
    var inputs = AttentionInputs(
      query: try batchFirst(query), key: try batchFirst(key), value: try batchFirst(value), dropout: dropout)
    guard inputs.query.shape[0] == inputs.key.shape[0] else {
      throw raise(
        .runtimeError, "attention: the batches of query \(query.shape) and key \(key.shape) do not fit",
        identifier: "torch.shape")
    }
    inputs.needsWeights = try call.bool("need_weights")
    let hidesKeys = try call.optionalTensor("key_padding_mask") != nil
    if let mask = try call.optionalTensor("attn_mask") {
      // Where nothing else is asked, PyTorch takes the hint in place of the mask.
      let takesHint = try call.bool("is_causal") && !hidesKeys && !inputs.needsWeights
      inputs.mask =
        try takesHint
        ? causalMask(inputs.query.shape[1], inputs.key.shape[1]) : additiveMask(mask, hides: true)
    } else if try call.bool("is_causal") {
      throw raise(
        .runtimeError,
        "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
          + "`generate_square_subsequent_mask` to create this mask.")
    }
    if let mask = try call.optionalTensor("key_padding_mask") {
      let additive = try additiveMask(mask, hides: true, "key_padding_mask")
      inputs.keyMask = isBatched ? additive : try reshape(additive, [1] + additive.shape)
    }
    let result = try multiHeadAttention(inputs, weights, heads: heads)
    var output = result.output
    if !isBatched {
      output = try reshape(output, Array(output.shape.dropFirst()))
    } else if !isBatchFirst {
      output = try permute(output, [1, 0, 2])
    }
    guard inputs.needsWeights else { return try tuple([.tensor(output), .none]) }
    var shares = result.weights
    if try call.bool("average_attn_weights") { shares = try reduce(.mean, shares, [1], keeps: false) }
    if !isBatched { shares = try reshape(shares, Array(shares.shape.dropFirst())) }
    return try tuple([.tensor(output), .tensor(shares)])
  }
}
