import NetworkGraph

extension Library {
  /// `nn.Embedding`, `nn.EmbeddingBag` and their functional forms.
  static let embeddings: Family = { library in
    library.module(
      "Embedding",
      "(num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, "
        + "scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, device=None, dtype=None)",
      { (call, module) throws(Interruption) in try call.interpreter.makeEmbedding(call, module) },
      methods: [
        "forward": NativeFunction("Embedding.forward", "(self, input)") { (call) throws(Interruption) in
          let module = try call.instance()
          guard let weight = module.tensor("weight") else {
            throw call.interpreter.raise(.attributeError, "'Embedding' object has no attribute 'weight'")
          }
          return .tensor(
            try call.interpreter.embed(
              try call.tensor("input"), weight,
              padding: call.interpreter.integer(module.attributes["padding_idx"] ?? .none)))
        },
        "from_pretrained": NativeFunction(
          "Embedding.from_pretrained",
          "(embeddings, freeze=True, padding_idx=None, max_norm=None, norm_type=2.0, "
            + "scale_grad_by_freq=False, sparse=False)"
        ) { (call) throws(Interruption) in
          let table = try call.tensor("embeddings")
          guard table.rank == 2 else {
            throw call.interpreter.raise(
              .assertionError, "Embeddings parameter is expected to be 2-dimensional")
          }
          let names = ["padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse"]
          return .instance(
            try call.interpreter.makeModule(
              "Embedding", [.int(table.shape[0]), .int(table.shape[1])],
              names.map { ($0, call[$0]) } + [("_weight", call["embeddings"]), ("_freeze", call["freeze"])]))
        },
      ])
    library.module(
      "EmbeddingBag",
      "(num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean', "
        + "sparse=False, _weight=None, include_last_offset=False, padding_idx=None, device=None, dtype=None)",
      { (call, module) throws(Interruption) in try call.interpreter.makeEmbedding(call, module) },
      methods: [
        "forward": NativeFunction(
          "EmbeddingBag.forward", "(self, input, offsets=None, per_sample_weights=None)"
        ) { (call) throws(Interruption) in
          let module = try call.instance()
          guard let weight = module.tensor("weight") else {
            throw call.interpreter.raise(.attributeError, "'EmbeddingBag' object has no attribute 'weight'")
          }
          return .tensor(
            try call.interpreter.embedBag(
              call, weight, mode: module.string("mode"),
              padding: call.interpreter.integer(module.attributes["padding_idx"] ?? .none)))
        }
      ])
    library.function(
      "torch.nn.functional.embedding", "torch.embedding",
      signature:
        "(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False)"
    ) { (call) throws(Interruption) in
      try call.interpreter.checkEmbeddingOptions(call)
      var input = try call.tensor("input")
      var weight = try call.tensor("weight")
      // `torch.embedding` takes the weight first.
      if input.dataType.isFloating, !weight.dataType.isFloating { swap(&input, &weight) }
      return .tensor(
        try call.interpreter.embed(input, weight, padding: try call.optionalInt("padding_idx")))
    }
    library.function(
      "torch.nn.functional.embedding_bag",
      signature:
        "(input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean', "
        + "sparse=False, per_sample_weights=None, include_last_offset=False, padding_idx=None)"
    ) { (call) throws(Interruption) in
      try call.interpreter.checkEmbeddingOptions(call)
      return .tensor(
        try call.interpreter.embedBag(
          call, try call.tensor("weight"), mode: try call.string("mode"),
          padding: try call.optionalInt("padding_idx")))
    }
    library.function("torch.nn.functional.one_hot", signature: "(tensor, num_classes=-1)") {
      (call) throws(Interruption) in
      .tensor(try call.interpreter.oneHot(try call.tensor("tensor"), try call.int("num_classes")))
    }
  }
}

extension Interpreter {
  fileprivate func checkEmbeddingOptions(_ call: NativeCall) throws(Interruption) {
    guard isNone(call["max_norm"]) else {
      throw unsupported(
        "max_norm of an embedding is not supported", hint: "it changes the weights in each forward pass")
    }
    guard try !call.bool("scale_grad_by_freq") else {
      throw unsupported("scale_grad_by_freq=True of an embedding is not supported")
    }
  }

  fileprivate func makeEmbedding(_ call: NativeCall, _ module: PythonInstance) throws(Interruption) {
    try checkEmbeddingOptions(call)
    let count = try call.int("num_embeddings")
    let features = try call.int("embedding_dim")
    let name = call.function.name.hasPrefix("EmbeddingBag") ? "EmbeddingBag" : "Embedding"
    try check("num_embeddings", count, name)
    try check("embedding_dim", features, name)
    var padding: Int?
    if let index = try call.optionalInt("padding_idx") {
      guard index >= -count, index < count else {
        throw raise(
          .assertionError, "Padding_idx must be within num_embeddings", hint: "it is \(index) of \(count)")
      }
      padding = index < 0 ? index + count : index
      module.set("padding_idx", .int(index < 0 ? index + count : index))
    }
    module.attributes["_weight"] = nil
    module.attributeOrder.removeAll { $0 == "_weight" }
    if let given = try call.optionalTensor("_weight") {
      guard given.shape == [count, features] else {
        throw raise(.assertionError, "Shape of weight does not match num_embeddings and embedding_dim")
      }
      var isFrozen = false
      if name == "Embedding" { isFrozen = try call.bool("_freeze") }
      try reserve(4)
      let weight = TracedTensor(aliasing: given, isParameter: true, requiresGradient: !isFrozen)
      return try setAttribute("weight", of: .instance(module), .tensor(heap.adopt(weight)))
    }
    var initializer = Initializer.normal(mean: 0, standardDeviation: 1)
    if let padding,
      let region = TensorRegion(
        shape: [count, features], starts: [padding, 0], counts: [1, features], steps: [1, 1])
    {
      initializer = .overlaid(initializer, by: .constant(0), region: region)
    }
    try register("weight", of: module, [count, features], initializer)
  }

  /// Rows of a table by index; the padding's row gets no gradient.
  func embed(
    _ input: TracedTensor, _ weight: TracedTensor, padding: Int?
  ) throws(Interruption) -> TracedTensor {
    guard weight.rank == 2 else {
      throw raise(.runtimeError, "'weight' must be 2-D", identifier: "torch.shape")
    }
    try checkIndices(input, weight.shape[0], "embedding")
    let rows = try apply(.take(axis: 0), [weight, input], dataType: weight.dataType)
    guard let padding, weight.requiresGradient else { return rows }
    let place = padding < 0 ? padding + weight.shape[0] : padding
    let mask = try elementwise(.equal, input, try scalar(Double(place), .int64))
    if let known = try knownValues(mask), !known.contains(1) { return rows }
    let isPadding = try reshape(mask, input.shape + [1])
    return try choose(isPadding, try apply(.detach, rows), rows)
  }

  private func checkIndices(_ input: TracedTensor, _ count: Int, _ name: String) throws(Interruption) {
    guard !input.dataType.isFloating, input.dataType != .bool else {
      throw raise(
        .runtimeError,
        "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
          + "\(torchTypeName(.tensor(input))) instead (while checking arguments for \(name))",
        hint: "an \(name) takes whole numbers: compile with an input of int64 where it is the network's")
    }
    if let known = try knownValues(input), known.contains(where: { $0 < 0 || $0 >= Double(count) }) {
      throw raise(.indexError, "index out of range in self", hint: "the table has \(count) rows")
    }
  }

  fileprivate func embedBag(
    _ call: NativeCall, _ weight: TracedTensor, mode: String, padding: Int?
  ) throws(Interruption) -> TracedTensor {
    let input = try call.tensor("input")
    guard ["sum", "mean", "max"].contains(mode) else {
      throw raise(.valueError, "mode has to be one of sum, mean or max")
    }
    guard input.rank == 2, isNone(call["offsets"]) else {
      throw unsupported(
        "an EmbeddingBag with offsets is not supported", hint: "give it bags of equal size: [batch, size]")
    }
    guard padding == nil || mode == "sum" else {
      throw unsupported("padding_idx of an EmbeddingBag is supported for mode='sum' only")
    }
    var rows = try embed(input, weight, padding: padding)
    if let padding {
      let mask = try elementwise(.equal, input, try scalar(Double(padding), .int64))
      rows = try choose(try reshape(mask, input.shape + [1]), try scalar(0), rows)
    }
    if let factors = try call.optionalTensor("per_sample_weights") {
      guard mode == "sum" else {
        throw raise(
          .notImplementedError,
          "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
            + "(got mode='\(mode)').")
      }
      guard factors.shape == input.shape else {
        throw raise(
          .valueError,
          "embedding_bag: If per_sample_weights (\(factors.shape)) is not None, then it must have the same shape as "
            + "the input (\(input.shape))", identifier: "torch.shape")
      }
      rows = try elementwise(.multiply, rows, try reshape(factors, factors.shape + [1]))
    }
    return try reduce(mode == "sum" ? .sum : mode == "mean" ? .mean : .maximum, rows, [1], keeps: false)
  }

  /// 1 at the index's place along a new last dimension, 0 elsewhere.
  func oneHot(_ input: TracedTensor, _ classes: Int) throws(Interruption) -> TracedTensor {
    guard input.dataType == .int64 else {
      throw raise(.runtimeError, "one_hot is only applicable to index tensor of type LongTensor.")
    }
    var count = classes
    if let known = try knownValues(input) {
      guard known.allSatisfy({ $0 >= 0 }) else {
        throw raise(.runtimeError, "Class values must be non-negative.")
      }
      guard let highest = Int(exactly: known.max() ?? -1), highest < 1 << 40 else {
        throw exhausted("one_hot of \(known.max() ?? 0) makes too many classes", "limit.tensor")
      }
      let least = highest + 1
      if classes < 0 { count = least }
      guard least <= count else {
        throw raise(.runtimeError, "Class values must be smaller than num_classes.")
      }
    } else if classes < 0 {
      throw unsupported(
        "one_hot without num_classes is not supported: the shape would depend on values",
        hint: "give num_classes")
    }
    guard count > 0 else {
      throw raise(.runtimeError, "num_classes should be positive")
    }
    try checkShape(input.shape + [count])
    try reserve(count)
    let places = try tensor(.values((0..<count).map(Double.init)), [count], .int64)
    let index = try reshape(input, input.shape + [1])
    return try cast(try elementwise(.equal, index, places), .int64)
  }
}
