import NetworkGraph

extension Library {
  /// Views, joins and splits.
  static let shapeFunctions: Family = { library in
    library.module(
      "Flatten", "(start_dim=1, end_dim=-1)",
      forward: { (call, module, input) throws(Interruption) in
        try call.interpreter.flatten(input, module.int("start_dim"), module.int("end_dim"))
      })
    library.function(
      "torch.flatten", "Tensor.flatten", signature: "(input, start_dim=0, end_dim=-1)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.flatten(
          try call.tensor("input"), try call.int("start_dim"), try call.int("end_dim")))
    }
    library.module(
      "Unflatten", "(dim, unflattened_size)",
      forward: { (call, module, input) throws(Interruption) in
        let sizes = try call.ints(module.attributes["unflattened_size"] ?? .none, "unflattened_size")
        return try call.interpreter.unflatten(input, module.int("dim"), sizes)
      })
    library.function("torch.unflatten", "Tensor.unflatten", signature: "(input, dim, sizes)") {
      (call) throws(Interruption) in
      .tensor(
        try call.interpreter.unflatten(try call.tensor("input"), try call.int("dim"), try call.ints("sizes")))
    }
    for name in ["view", "reshape"] {
      library.function("Tensor.\(name)", signature: "(input, *shape, **kwargs)") {
        (call) throws(Interruption) in
        let sizes: [Int]
        if call.rest.isEmpty,
          let size = call.restKeywords.first(where: { ["size", "shape"].contains($0.name) })
        {
          sizes = try call.ints(size.value, "shape")
        } else if name == "view", case .dataType? = call.rest.first {
          throw call.interpreter.unsupported("view with a dtype is not supported")
        } else {
          sizes = try call.restInts("shape")
        }
        return .tensor(try call.interpreter.view(try call.tensor("input"), sizes))
      }
    }
    library.function("torch.reshape", signature: "(input, shape)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.view(try call.tensor("input"), try call.ints("shape")))
    }
    library.function("Tensor.view_as", "Tensor.reshape_as", signature: "(input, other)") {
      (call) throws(Interruption) in
      .tensor(try call.interpreter.view(try call.tensor("input"), try call.tensor("other").shape))
    }
    library.function("Tensor.permute", signature: "(input, *dims, **kwargs)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.permute(try call.tensor("input"), try call.restInts("dims")))
    }
    library.function("torch.permute", signature: "(input, dims)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.permute(try call.tensor("input"), try call.ints("dims")))
    }
    library.function(
      "torch.transpose", "Tensor.transpose", "torch.swapaxes", "Tensor.swapaxes", "torch.swapdims",
      "Tensor.swapdims", signature: "(input, dim0, dim1)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.transposed(
          try call.tensor("input"), try call.int("dim0"), try call.int("dim1")))
    }
    library.function(
      "torch.movedim", "Tensor.movedim", "torch.moveaxis", "Tensor.moveaxis",
      signature: "(input, source, destination)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let (sources, destinations) = (try call.ints("source"), try call.ints("destination"))
      guard sources.count == destinations.count else {
        throw interpreter.raise(
          .runtimeError,
          "movedim: Invalid source or destination dims: source (\(sources) dims) should contain "
            + "the same number of dims as destination (\(destinations) dims)", identifier: "torch.dimension")
      }
      if input.rank == 0 { return .tensor(try interpreter.alias(input)) }
      var order = [Int?](repeating: nil, count: input.rank)
      var rest = Array(0..<input.rank)
      for (source, destination) in zip(sources, destinations) {
        let (from, to) = (
          try interpreter.axis(source, input.rank), try interpreter.axis(destination, input.rank)
        )
        guard rest.contains(from), order[to] == nil else {
          throw interpreter.raise(
            .runtimeError,
            "movedim: repeated dim in `source` (\(sources)) or `destination` (\(destinations))",
            identifier: "torch.dimension")
        }
        order[to] = from
        rest.removeAll { $0 == from }
      }
      var remaining = rest[...]
      return .tensor(try interpreter.permute(input, order.map { $0 ?? remaining.removeFirst() }))
    }
    library.function("torch.t", "Tensor.t", signature: "(input)") { (call) throws(Interruption) in
      let input = try call.tensor("input")
      guard input.rank <= 2 else {
        throw call.interpreter.raise(
          .runtimeError, "t() expects a tensor with <= 2 dimensions, but self is \(input.rank)D",
          identifier: "torch.shape")
      }
      return .tensor(try call.interpreter.permute(input, Array((0..<input.rank).reversed())))
    }
    for name in ["T", "H"] {
      library.property("Tensor", name) { (call) throws(Interruption) in
        let input = try call.tensor("self")
        guard name == "T" || input.rank == 2 || input.rank == 0 else {
          throw call.interpreter.raise(
            .runtimeError,
            "tensor.H is only supported on matrices (2-D tensors). Got \(input.rank)-D tensor.",
            identifier: "torch.shape")
        }
        return .tensor(try call.interpreter.permute(input, Array((0..<input.rank).reversed())))
      }
    }
    for name in ["mT", "mH"] {
      library.property("Tensor", name) { (call) throws(Interruption) in
        .tensor(try call.interpreter.matrixTransposed(try call.tensor("self"), "tensor.\(name)"))
      }
    }
    library.function("torch.adjoint", "Tensor.adjoint", signature: "(input)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.matrixTransposed(try call.tensor("input"), "adjoint"))
    }
    library.function("torch.ravel", "Tensor.ravel", signature: "(input)") { (call) throws(Interruption) in
      let input = try call.tensor("input")
      return .tensor(try call.interpreter.reshape(input, [input.count]))
    }
    library.function("torch.squeeze", "Tensor.squeeze", signature: "(input, *dim, **kwargs)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      return .tensor(try call.interpreter.reshape(input, try call.squeezedShape(input)))
    }
    library.function("torch.unsqueeze", "Tensor.unsqueeze", signature: "(input, dim)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      var shape = input.shape
      shape.insert(1, at: try call.interpreter.axis(try call.int("dim"), input.rank + 1))
      return .tensor(try call.interpreter.reshape(input, shape))
    }
    library.function("Tensor.expand", "Tensor.broadcast_to", signature: "(input, *size, **kwargs)") {
      (call) throws(Interruption) in
      .tensor(try call.interpreter.expand(try call.tensor("input"), try call.restInts("size")))
    }
    library.function("torch.broadcast_to", signature: "(input, size)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.expand(try call.tensor("input"), try call.ints("size")))
    }
    library.function("Tensor.expand_as", signature: "(input, other)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.expand(try call.tensor("input"), try call.tensor("other").shape))
    }
    library.function("torch.narrow", "Tensor.narrow", signature: "(input, dim, start, length)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let axis = try call.interpreter.axis(try call.int("dim"), input.rank)
      let length = try call.int("length")
      guard input.rank > 0 else {
        throw call.interpreter.raise(.runtimeError, "narrow() cannot be applied to a 0-dim tensor.")
      }
      let extent = input.shape[axis]
      let given = try call.int("start")
      guard given >= -extent, given <= extent else {
        throw call.interpreter.raise(
          .indexError,
          "start out of range (expected to be in range of [\(-extent), \(extent)], but got \(given))",
          identifier: "torch.dimension")
      }
      let start = given < 0 ? given + extent : given
      guard length >= 0, length <= extent - start else {
        throw call.interpreter.raise(
          .runtimeError, "start (\(start)) + length (\(length)) exceeds dimension size (\(extent)).",
          identifier: "torch.shape")
      }
      return .tensor(try call.interpreter.slice(input, axis, start, start + length))
    }
    library.function("torch.select", "Tensor.select", signature: "(input, dim, index)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let axis = try call.interpreter.axis(try call.int("dim"), input.rank)
      return .tensor(try call.interpreter.select(input, axis, call["index"]))
    }
    library.function("torch.broadcast_tensors", "torch.functional.broadcast_tensors", signature: "(*tensors)")
    {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let tensors = try call.restTensors("tensors")
      let shape = try interpreter.broadcast(tensors.map(\.shape))
      var results: [PythonValue] = []
      for tensor in tensors { results.append(.tensor(try interpreter.expand(tensor, shape))) }
      return try interpreter.tuple(results)
    }
    library.function("torch.broadcast_shapes", "torch.functional.broadcast_shapes", signature: "(*shapes)") {
      (call) throws(Interruption) in
      var shapes: [[Int]] = []
      for value in call.rest { shapes.append(try call.ints(value, "shapes")) }
      return try call.interpreter.size(try call.interpreter.broadcast(shapes))
    }
    library.function(
      "torch.diagonal", "Tensor.diagonal", signature: "(input, offset=0, dim1=0, dim2=1)"
    ) { (call) throws(Interruption) in
      .tensor(
        try call.interpreter.diagonal(
          try call.tensor("input"), try call.int("offset"), try call.int("dim1"), try call.int("dim2")))
    }
    library.function("torch.linalg.diagonal", signature: "(A, *, offset=0, dim1=-2, dim2=-1)") {
      (call) throws(Interruption) in
      .tensor(
        try call.interpreter.diagonal(
          try call.tensor("A"), try call.int("offset"), try call.int("dim1"), try call.int("dim2")))
    }
    for (name, signature) in [
      ("as_strided", "(input, size, stride, storage_offset=None)"), ("view_as_complex", "(input)"),
      ("view_as_real", "(input)"),
    ] {
      library.function("torch.\(name)", "Tensor.\(name)", signature: signature) {
        (call) throws(Interruption) in
        throw call.interpreter.unsupported(
          name == "as_strided"
            ? "as_strided is not supported, since it depends on how PyTorch lays a tensor out in memory"
            : "torch.\(name) is not supported: there are no complex tensors",
          hint: name == "as_strided" ? "use unfold, slices or reshape" : nil)
      }
    }
  }
}

extension NativeCall {
  /// The tensors behind the named parameters: `f(a, b)`, `f([a, b])`.
  func restTensors(_ name: String) throws(Interruption) -> [TracedTensor] {
    var values = rest
    if values.count == 1 {
      switch values[0] {
      case .list, .tuple: values = try interpreter.elements(of: values[0])
      default: break
      }
    }
    var tensors: [TracedTensor] = []
    for value in values { tensors.append(try tensor(value, name)) }
    return tensors
  }

  /// The dimensions behind the named parameters as `dim`; nil where there are none.
  func restDimensions() throws(Interruption) -> [Int]? {
    let isGiven = !rest.isEmpty || restKeywords.contains { $0.name == "dim" || $0.name == "axis" }
    guard isGiven else { return nil }
    if rest.isEmpty, let keyword = restKeywords.first { return try ints(keyword.value, "dim") }
    return try restInts("dim")
  }

  /// The shape without dimensions of extent 1, all or those named.
  func squeezedShape(_ input: TracedTensor) throws(Interruption) -> [Int] {
    let axes = try restDimensions().map { (dims) throws(Interruption) in
      dims.isEmpty ? [] : try interpreter.axes(dims, input.rank)
    }
    return input.shape.indices.filter { axes?.contains($0) == false || input.shape[$0] != 1 }.map {
      input.shape[$0]
    }
  }
}

extension Interpreter {
  /// Two dimensions exchanged.
  func transposed(_ input: TracedTensor, _ first: Int, _ second: Int) throws(Interruption) -> TracedTensor {
    var order = Array(0..<input.rank)
    let (first, second) = (try axis(first, input.rank), try axis(second, input.rank))
    if input.rank > 0 { order.swapAt(first, second) }
    return try permute(input, order)
  }

  fileprivate func matrixTransposed(
    _ input: TracedTensor, _ name: String
  ) throws(Interruption) -> TracedTensor {
    guard input.rank >= 2 else {
      throw raise(
        .runtimeError,
        "\(name) is only supported on matrices or batches of matrices. Got \(input.rank)-D tensor.",
        identifier: "torch.shape")
    }
    return try transposed(input, -1, -2)
  }

  /// The shape that shapes broadcast to.
  func broadcast(_ shapes: [[Int]]) throws(Interruption) -> [Int] {
    let rank = shapes.map(\.count).max() ?? 0
    guard rank <= 64 else { throw raise(.runtimeError, "a tensor of \(rank) dimensions") }
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (place, extent) in zip((rank - shape.count)..<rank, shape) where extent != 1 {
        guard result[place] == 1 || result[place] == extent else {
          throw raise(
            .runtimeError,
            "Shape mismatch: objects cannot be broadcast to a single shape: \(shapes.prefix(16))",
            identifier: "torch.shape")
        }
        guard extent >= 0 else {
          throw raise(.runtimeError, "Trying to create tensor with negative dimension (\(extent))")
        }
        result[place] = extent
      }
    }
    return result
  }

  /// The diagonal of two dimensions as a new last one: elements `i, i + offset`.
  func diagonal(
    _ input: TracedTensor, _ offset: Int, _ first: Int, _ second: Int
  ) throws(Interruption) -> TracedTensor {
    let (rows, columns) = (try axis(first, input.rank), try axis(second, input.rank))
    guard input.rank >= 2, rows != columns else {
      throw raise(.runtimeError, "diagonal dimensions cannot be identical \(first), \(second)")
    }
    let (height, width) = (input.shape[rows], input.shape[columns])
    guard offset > -height, offset < width else {
      throw unsupported(
        "a tensor without elements (the diagonal \(offset) of \(input.shape)) is not supported")
    }
    let (row, column) = (max(0, -offset), max(0, offset))
    let length = min(height - row, width - column)
    // Elements of the diagonal stand width + 1 apart once the two dimensions are flattened.
    let others = (0..<input.rank).filter { $0 != rows && $0 != columns }
    let order = others + [rows, columns]
    let matrix = order == Array(order.indices) ? input : try permute(input, order)
    let leading = others.map { input.shape[$0] }
    let flat = try reshape(matrix, leading + [height * width])
    let start = row * width + column
    return try slice(flat, leading.count, start, start + (length - 1) * (width + 1) + 1, width + 1)
  }
}
