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
      .tensor(try call.interpreter.detach(try call.tensor("self")))
    }
    // Where the memory is means nothing in a graph.
    for name in ["cuda", "cpu", "pin_memory", "share_memory_", "xpu"] {
      library.function("Tensor.\(name)", signature: "(self, *args, **kwargs)") {
        (call) throws(Interruption) in
        .tensor(try call.tensor("self"))
      }
    }
    library.function("Tensor.requires_grad_", signature: "(self, requires_grad=True)") {
      (call) throws(Interruption) in
      let tensor = try call.tensor("self")
      tensor.requiresGradient = try call.bool("requires_grad")
      return .tensor(tensor)
    }
    library.function("Tensor.contiguous", signature: "(self, memory_format=None)") {
      (call) throws(Interruption) in
      let tensor = try call.tensor("self")
      if case .string("channels_last") = call["memory_format"], tensor.rank == 4 {
        return .tensor(try call.interpreter.rearranged(tensor))
      }
      return .tensor(try call.interpreter.contiguous(tensor))
    }
    library.function("Tensor.to", signature: "(self, *args, **kwargs)") { (call) throws(Interruption) in
      let tensor = try call.tensor("self")
      var type = tensor.dataType
      for value in call.rest + call.restKeywords.map(\.value) {
        switch value {
        case .dataType(let wanted): type = wanted
        case .tensor(let other): type = other.dataType
        default: break
        }
      }
      let isCopy = try call.restKeywords.first { $0.name == "copy" }.map { (keyword) throws(Interruption) in
        try call.interpreter.isTrue(keyword.value)
      }
      if isCopy == true, type == tensor.dataType { return .tensor(try call.interpreter.duplicate(tensor)) }
      return .tensor(try call.interpreter.cast(tensor, type))
    }
    library.function("Tensor.type_as", signature: "(self, other)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.cast(try call.tensor("self"), try call.tensor("other").dataType))
    }
    for (name, type) in [
      ("float", DataType.float32), ("double", .float64), ("half", .float16), ("bfloat16", .bfloat16),
      ("long", .int64), ("int", .int32), ("short", .int16), ("char", .int8), ("byte", .uint8),
      ("bool", .bool),
    ] {
      library.function("Tensor.\(name)", signature: "(self, memory_format=None)") {
        (call) throws(Interruption) in
        .tensor(try call.interpreter.cast(try call.tensor("self"), type))
      }
    }
    library.function("Tensor.type", signature: "(self, dtype=None)") { (call) throws(Interruption) in
      guard let type = try call.dataType("dtype") else { return .string("torch.FloatTensor") }
      return .tensor(try call.interpreter.cast(try call.tensor("self"), type))
    }
    library.function("torch.clone", "Tensor.clone", signature: "(input, *, memory_format=None)") {
      (call) throws(Interruption) in
      .tensor(try call.interpreter.duplicate(try call.tensor("input")))
    }
    library.function("Tensor.detach", "torch.detach", "Tensor.detach_", signature: "(input)") {
      (call) throws(Interruption) in
      .tensor(try call.interpreter.detach(try call.tensor("input")))
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
      try call.interpreter.copy(try call.tensor("src"), into: target)
      return .tensor(target)
    }
    library.function("Tensor.is_floating_point", "torch.is_floating_point", signature: "(input)") {
      (call) throws(Interruption) in
      .bool(try call.tensor("input").dataType.isFloating)
    }
    library.function("Tensor.is_contiguous", signature: "(self, memory_format=None)") {
      (call) throws(Interruption) in
      .bool(try call.tensor("self").cell.layout == .rowMajor)
    }
    library.function("Tensor.stride", signature: "(self, dim=None)") { (call) throws(Interruption) in
      let tensor = try call.tensor("self")
      guard let strides = tensor.cell.strides, tensor.cell.isLayoutCertain else {
        throw call.interpreter.unsupported("the strides of this tensor depend on how PyTorch computes it")
      }
      guard let dimension = try call.optionalInt("dim") else {
        return try call.interpreter.tuple(strides.map { .int($0) })
      }
      let axis = try call.interpreter.axis(dimension, tensor.rank)
      return .int(axis < strides.count ? strides[axis] : 1)
    }
    for name in ["element_size", "itemsize"] {
      library.function("Tensor.\(name)", signature: "(self)") { (call) throws(Interruption) in
        .int(try call.tensor("self").dataType.byteCount)
      }
    }
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
  /// The same elements, of which no gradient is taken.
  func detach(_ tensor: TracedTensor) throws(Interruption) -> TracedTensor {
    if tracer.isTracing, try content(tensor).isTraced { return try detachedView(tensor) }
    let result = try alias(tensor)
    result.isViewOfLeaf = false
    return result
  }

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
