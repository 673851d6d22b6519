import NetworkGraph

extension Library {
  /// What a tensor knows of itself, and methods that leave its elements as they are.
  static let tensorMethods: Family = { library in
    func typed(_ name: String, _ type: DataType?, base: String) {
      let construct = NativeFunction(name, "(*args, device=None)") { (call) throws(Interruption) in
        let interpreter = call.interpreter
        let type = type ?? interpreter.tracer.defaultType
        switch call.rest.first {
        case .list?, .tuple?, .range?:
          if call.rest.count == 1, case .tuple(let tuple) = call.rest[0], case .size = tuple.kind { break }
          return .tensor(try interpreter.tensor(of: call.rest[0], type))
        case .tensor(let other)?: return .tensor(try interpreter.cast(other, type))
        default: break
        }
        let sizes = try call.rest.isEmpty ? [0] : call.restInts("size")
        return .tensor(try interpreter.tensor(.fill(0), sizes, type))
      }
      library.add(NativeClass(name, base: base, construct: construct))
    }
    typed("torch.Tensor", nil, base: "builtins.object")
    for (name, type) in [
      ("Float", DataType.float32), ("Double", .float64), ("Half", .float16), ("BFloat16", .bfloat16),
      ("Long", .int64), ("Int", .int32), ("Short", .int16), ("Char", .int8), ("Byte", .uint8),
      ("Bool", .bool),
    ] {
      typed("torch.\(name)Tensor", type, base: "torch.Tensor")
      library.alias("torch.cuda.\(name)Tensor", of: "torch.\(name)Tensor")
    }
    library.add(
      NativeClass(
        "torch.Size", base: "builtins.tuple",
        construct: NativeFunction("torch.Size", "(sizes=None)") { (call) throws(Interruption) in
          let sizes = call.interpreter.isNone(call["sizes"]) ? [] : try call.ints("sizes")
          return try call.interpreter.size(sizes)
        }))
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
      let tensor = try call.tensor("self")
      let wanted: DataType?
      switch call["dtype"] {
      case .none: return .string("torch.\(tensor.dataType.scalarName)Tensor")
      case .string(let name): wanted = DataType.allCases.first { name.hasSuffix(".\($0.scalarName)Tensor") }
      case .type(let type): wanted = DataType.allCases.first { type.name == "\($0.scalarName)Tensor" }
      default: wanted = try call.dataType("dtype")
      }
      guard let wanted else { throw call.interpreter.raise(.valueError, "invalid type") }
      return .tensor(try call.interpreter.cast(tensor, wanted))
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
      return tensor.dataType.value(try call.interpreter.number(of: tensor, "a Python number"))
    }
    library.function("Tensor.tolist", signature: "(self)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let tensor = try call.tensor("self")
      guard let values = try interpreter.settledValues(tensor) else {
        throw interpreter.unsupported(
          "tolist() of a tensor that is only known when the network runs is not supported")
      }
      return try interpreter.nested(values.map(tensor.dataType.value)[...], tensor.shape[...])
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
        if factor != 0, case .tensor(let value) = call["value"] {
          guard value.rank == 0 else {
            throw call.interpreter.raise(
              .runtimeError,
              "fill_ only supports 0-dimension value tensor but got tensor with \(value.rank) dimensions.")
          }
          try call.interpreter.copy(value, into: target)
          return .tensor(target)
        }
        let number = target.dataType.rounded(try factor == 0 ? 0 : call.double("value"))
        try call.interpreter.store(.fill(number), in: target)
        return .tensor(target)
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

extension DataType {
  /// A number as Python has it.
  func value(_ number: Double) -> PythonValue {
    switch category {
    case .boolean: .bool(number != 0)
    case .integer: Int(exactly: number).map { .int($0) } ?? .float(number)
    case .floating: .float(number)
    }
  }
}

extension Interpreter {
  /// Values in nested lists of a shape.
  fileprivate func nested(
    _ values: ArraySlice<PythonValue>, _ shape: ArraySlice<Int>
  ) throws(Interruption) -> PythonValue {
    guard let extent = shape.first else { return values.first ?? .none }
    let rest = shape.dropFirst()
    let size = rest.reduce(1, *)
    var elements: [PythonValue] = []
    for place in 0..<extent {
      let start = values.startIndex + place * size
      elements.append(try nested(values[start..<(start + size)], rest))
    }
    return try list(elements)
  }

  /// The same elements, of which no gradient is taken.
  func detach(_ tensor: TracedTensor) throws(Interruption) -> TracedTensor {
    if tracer.isTracing, try content(tensor).isTraced { return try detachedView(tensor) }
    let result = try alias(tensor)
    result.isViewOfLeaf = false
    return result
  }

  /// Gives a tensor the elements of a distribution, as `nn.init` does.
  func draw(_ target: TracedTensor, _ distribution: Initializer) throws(Interruption) -> PythonValue {
    .tensor(try write(try random(distribution, target.shape, target.dataType), into: target))
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
