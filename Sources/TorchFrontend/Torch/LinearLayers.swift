import NetworkGraph

extension Library {
  /// `nn.Linear`, `nn.Identity`, matrix products and attention.
  static let linearLayers: Family = { library in
    library.module(
      "Linear", "(in_features, out_features, bias=True, device=None, dtype=None)",
      { (call, module) throws(Interruption) in
        let interpreter = call.interpreter
        let inputs = try call.int("in_features")
        let outputs = try call.int("out_features")
        try interpreter.check("in_features", inputs, "Linear")
        try interpreter.check("out_features", outputs, "Linear")
        let distribution = Interpreter.uniform(fanIn: inputs)
        try interpreter.register("weight", of: module, [outputs, inputs], distribution)
        try interpreter.register("bias", of: module, try call.bool("bias") ? [outputs] : nil, distribution)
      },
      forward: { (call, module, input) throws(Interruption) in
        guard let weight = module.tensor("weight") else {
          throw call.interpreter.raise(.attributeError, "'Linear' object has no attribute 'weight'")
        }
        return try call.interpreter.linear(input, weight, module.tensor("bias"), module: module)
      })
    library.module(
      "LazyLinear", "(out_features, bias=True, device=None, dtype=None)", base: "torch.nn.Linear",
      { (call, module) throws(Interruption) in
        try call.interpreter.check("out_features", try call.int("out_features"), "LazyLinear")
        let hasBias = try call.bool("bias")
        module.set("in_features", .int(0))
        module.set("has_bias", .bool(hasBias))
        try call.interpreter.registerLazily("weight", of: module)
        if hasBias {
          try call.interpreter.registerLazily("bias", of: module)
        } else {
          module.module?.parameters.set("bias", nil)
        }
      },
      forward: { (call, module, input) throws(Interruption) in
        let interpreter = call.interpreter
        if module.isUninitialized {
          guard let inputs = input.shape.last else {
            throw interpreter.raise(.runtimeError, "LazyLinear: an input without dimensions")
          }
          module.set("in_features", .int(inputs))
          try interpreter.initialize(module) { () throws(Interruption) in
            let distribution = Interpreter.uniform(fanIn: inputs)
            let outputs = module.int("out_features")
            try interpreter.register("weight", of: module, [outputs, inputs], distribution)
            try interpreter.register(
              "bias", of: module, module.bool("has_bias") ? [outputs] : nil, distribution)
          }
        }
        guard let weight = module.tensor("weight") else {
          throw interpreter.raise(.attributeError, "'LazyLinear' object has no attribute 'weight'")
        }
        return try interpreter.linear(input, weight, module.tensor("bias"), module: module)
      })
    library.module("Identity", "(*args, **kwargs)", forward: { (_, _, input) throws(Interruption) in input })
    library.function("torch.nn.functional.linear", signature: "(input, weight, bias=None)") {
      (call) throws(Interruption) in
      .tensor(
        try call.interpreter.linear(
          try call.tensor("input"), try call.tensor("weight"), try call.optionalTensor("bias"), module: nil))
    }
    library.function(
      "torch.matmul", "torch.mm", "torch.bmm", "Tensor.matmul", "Tensor.mm", "Tensor.bmm", "operator.matmul",
      "torch.linalg.matmul", signature: "(input, other)"
    ) { (call) throws(Interruption) in
      .tensor(try call.interpreter.matrixMultiply(try call.tensor("input"), try call.tensor("other")))
    }
  }
}

extension Interpreter {
  /// `linear`; a module is named in diagnostics.
  func linear(
    _ input: TracedTensor, _ weight: TracedTensor, _ bias: TracedTensor?, module: PythonInstance? = nil
  ) throws(Interruption) -> TracedTensor {
    guard weight.rank == 2, let features = input.shape.last else {
      throw raise(
        .runtimeError, "linear(): input of size \(input.shape) and weight of size \(weight.shape) do not fit",
        identifier: "torch.shape")
    }
    guard features == weight.shape[1] else {
      let rows = input.shape.dropLast().reduce(1, *)
      let message =
        "mat1 and mat2 shapes cannot be multiplied (\(rows)x\(features) and \(weight.shape[1])x\(weight.shape[0]))"
      guard let module else { throw raise(.runtimeError, message, identifier: "torch.shape") }
      if input.rank > 2, input.shape.dropFirst().reduce(1, *) == weight.shape[1] {
        throw raise(
          .runtimeError, message,
          hint: "flatten \(input.shape) before \(described(module)): x = torch.flatten(x, 1)",
          identifier: "torch.shape")
      }
      throw mismatch(module, "in_features", builtFor: weight.shape[1], reached: features, message)
    }
    return try apply(.linear(hasBias: bias != nil), [input, weight] + (bias.map { [$0] } ?? []))
  }

  /// `torch.matmul`, with vectors as PyTorch takes them.
  func matrixMultiply(_ left: TracedTensor, _ right: TracedTensor) throws(Interruption) -> TracedTensor {
    guard left.rank > 0, right.rank > 0 else {
      throw raise(
        .runtimeError,
        "both arguments to matmul need to be at least 1D, but they are \(left.rank)D and \(right.rank)D",
        identifier: "torch.shape")
    }
    let a = left.rank == 1 ? try reshape(left, [1] + left.shape) : left
    let b = right.rank == 1 ? try reshape(right, right.shape + [1]) : right
    let inner = (a.shape[a.rank - 1], b.shape[b.rank - 2])
    guard inner.0 == inner.1 else {
      throw raise(
        .runtimeError,
        "mat1 and mat2 shapes cannot be multiplied (\(a.shape[a.rank - 2])x\(inner.0) and "
          + "\(inner.1)x\(b.shape[b.rank - 1]))",
        identifier: "torch.shape")
    }
    let result = try apply(
      .matrixMultiply(transposeLeft: false, transposeRight: false), a, b,
      dataType: DataType.promoted(a.dataType, b.dataType))
    var shape = result.shape
    if right.rank == 1 { shape.removeLast() }
    if left.rank == 1 { shape.remove(at: shape.count - (right.rank == 1 ? 1 : 2)) }
    return shape == result.shape ? result : try reshape(result, shape)
  }
}
