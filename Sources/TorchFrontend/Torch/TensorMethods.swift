import NetworkGraph

extension Library {
  /// What a tensor knows of itself, and methods that leave its elements as they are.
  static let tensorMethods: Family = { library in
    library.add(NativeClass("torch.Tensor", base: "builtins.object"))
    library.alias("torch.FloatTensor", of: "torch.Tensor")
    library.add(NativeClass("torch.Size", base: "builtins.tuple"))
    library.add(NativeClass("torch.dtype", base: "builtins.object"))
    library.function("Tensor.size", signature: "(self, dim=None)") {
      (call) throws(Interruption) in
      let tensor = try call.tensor("self")
      guard let dimension = try call.optionalInt("dim") else {
        return try call.interpreter.size(tensor.shape)
      }
      let axis = try call.interpreter.axis(dimension, tensor.rank)
      guard tensor.rank > 0 else {
        throw call.interpreter.raise(
          .indexError, "Dimension specified as \(dimension) but tensor has no dimensions")
      }
      return .int(tensor.shape[axis])
    }
    library.property("Tensor", "shape") { (call) throws(Interruption) in
      try call.interpreter.size(try call.tensor("self").shape)
    }
    for name in ["dim", "ndimension"] {
      library.function("Tensor.\(name)", signature: "(self)") { (call) throws(Interruption) in
        .int(try call.tensor("self").rank)
      }
    }
    library.property("Tensor", "ndim") { (call) throws(Interruption) in .int(try call.tensor("self").rank) }
    for name in ["numel", "nelement"] {
      library.function("Tensor.\(name)", signature: "(self)") { (call) throws(Interruption) in
        .int(try call.tensor("self").count)
      }
    }
    library.function("torch.numel", signature: "(input)") { (call) throws(Interruption) in
      .int(try call.tensor("input").count)
    }
    library.property("Tensor", "dtype") { (call) throws(Interruption) in
      .dataType(try call.tensor("self").dataType)
    }
    library.property("Tensor", "device") { (_) throws(Interruption) in .device("cpu") }
    library.property("Tensor", "is_cuda") { (_) throws(Interruption) in .bool(false) }
    library.property("Tensor", "grad") { (_) throws(Interruption) in .none }
    library.property("Tensor", "requires_grad") { (call) throws(Interruption) in
      .bool(try call.tensor("self").requiresGradient)
    }
    library.property("Tensor", "data") { (call) throws(Interruption) in
      .tensor(try call.interpreter.alias(try call.tensor("self")))
    }
    // The memory's layout and place mean nothing in a graph.
    for name in [
      "contiguous", "cuda", "cpu", "to", "type_as", "half", "pin_memory", "requires_grad_", "share_memory_",
    ] {
      library.function("Tensor.\(name)", signature: "(self, *args, **kwargs)") {
        (call) throws(Interruption) in
        let tensor = try call.tensor("self")
        if name == "requires_grad_" {
          let flag = call.rest.first ?? call.restKeywords.first?.value ?? .bool(true)
          tensor.requiresGradient = try call.interpreter.isTrue(flag)
        }
        if name == "to" {
          for value in call.rest + call.restKeywords.map(\.value) {
            if case .dataType(let type) = value { return .tensor(try call.interpreter.cast(tensor, type)) }
          }
        }
        return .tensor(tensor)
      }
    }
    for (name, type) in [
      ("float", DataType.float32), ("double", .float64), ("long", .int64), ("int", .int32), ("bool", .bool),
    ] {
      library.function("Tensor.\(name)", signature: "(self)") { (call) throws(Interruption) in
        .tensor(try call.interpreter.cast(try call.tensor("self"), type))
      }
    }
    library.function("Tensor.type", signature: "(self, dtype=None)") { (call) throws(Interruption) in
      guard let type = try call.dataType("dtype") else { return .string("torch.FloatTensor") }
      return .tensor(try call.interpreter.cast(try call.tensor("self"), type))
    }
    library.function("torch.clone", "Tensor.clone", signature: "(input, *, memory_format=None)") {
      (call) throws(Interruption) in
      let tensor = try call.tensor("input")
      return .tensor(
        try call.interpreter.tensor(try call.interpreter.content(tensor), tensor.shape, tensor.dataType))
    }
    // A detached value has no gradient, which a graph cannot say.
    library.function("Tensor.detach", "torch.detach", signature: "(input)") { (call) throws(Interruption) in
      let tensor = try call.tensor("input")
      if call.interpreter.tracer.isTracing, case .graph = try call.interpreter.content(tensor) {
        throw call.interpreter.unsupported("detach() within a network is not supported yet")
      }
      return .tensor(try call.interpreter.alias(tensor))
    }
    library.function("Tensor.item", signature: "(self)") { (call) throws(Interruption) in
      let tensor = try call.tensor("self")
      let number = try call.interpreter.number(of: tensor, "a Python number")
      if tensor.dataType == .bool { return .bool(number != 0) }
      if !tensor.dataType.isFloating, let integer = Int(exactly: number) { return .int(integer) }
      return .float(number)
    }
    library.function("Tensor.tolist", signature: "(self)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let tensor = try call.tensor("self")
      guard tensor.rank == 1, let values = try interpreter.knownValues(tensor) else {
        throw interpreter.unsupported("tolist() of this tensor is not supported")
      }
      return try interpreter.list(
        values.map { value in
          if !tensor.dataType.isFloating, let integer = Int(exactly: value) { return .int(integer) }
          return .float(value)
        })
    }
    library.function("Tensor.copy_", signature: "(self, src, non_blocking=False)") {
      (call) throws(Interruption) in
      let target = try call.tensor("self")
      let source = try call.interpreter.expand(try call.tensor("src"), target.shape)
      return .tensor(try call.interpreter.write(source, into: target))
    }
    library.function("Tensor.is_floating_point", "torch.is_floating_point", signature: "(input)") {
      (call) throws(Interruption) in
      .bool(try call.tensor("input").dataType.isFloating)
    }
    library.function("Tensor.is_contiguous", signature: "(self)") { (_) throws(Interruption) in .bool(true) }
    library.function("torch.is_tensor", signature: "(obj)") { (call) throws(Interruption) in
      if case .tensor = call["obj"] { .bool(true) } else { .bool(false) }
    }
    library.function("Size.numel", signature: "(self)") { (call) throws(Interruption) in
      .int(try call.ints("self").reduce(1) { $0 &* $1 })
    }
    for (name, factor) in [("fill_", 1.0), ("zero_", 0)] {
      library.function("Tensor.\(name)", signature: name == "zero_" ? "(self)" : "(self, value)") {
        (call) throws(Interruption) in
        let target = try call.tensor("self")
        let number = try factor == 0 ? 0 : call.double("value")
        return .tensor(
          try call.interpreter.write(
            try call.interpreter.tensor(.fill(number), target.shape, target.dataType), into: target))
      }
    }
    library.function("Tensor.normal_", signature: "(self, mean=0, std=1)") { (call) throws(Interruption) in
      try call.interpreter.draw(
        try call.tensor("self"),
        .normal(mean: try call.double("mean"), standardDeviation: try call.double("std")))
    }
    library.function("Tensor.uniform_", signature: "(self, a=0, b=1)") { (call) throws(Interruption) in
      try call.interpreter.draw(
        try call.tensor("self"), .uniform(lower: try call.double("a"), upper: try call.double("b")))
    }
    library.function("Tensor.register_hook", signature: "(self, hook)") { (_) throws(Interruption) in .none }
  }
}

extension Interpreter {
  /// Gives a tensor the elements of a distribution, as `nn.init` does.
  func draw(_ target: TracedTensor, _ distribution: Initializer) throws(Interruption) -> PythonValue {
    .tensor(try write(try tensor(.random(distribution), target.shape, target.dataType), into: target))
  }

  func setAttribute(
    _ name: String, ofTensor tensor: TracedTensor, _ value: PythonValue
  ) throws(Interruption) {
    switch name {
    case "requires_grad": tensor.requiresGradient = try isTrue(value)
    case "data":
      guard case .tensor(let other) = value else {
        throw raise(.typeError, "Variable data has to be a tensor, but got \(typeName(value))")
      }
      tensor.adopt(try self.tensor(try content(other), other.shape, other.dataType))
    case "grad": break
    default: note("torch.attribute", "the attribute \(name) of a tensor is ignored")
    }
  }
}
