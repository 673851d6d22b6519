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
    library.function("Tensor.permute", signature: "(input, *dims)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.permute(try call.tensor("input"), try call.restInts("dims")))
    }
    library.function("torch.permute", signature: "(input, dims)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.permute(try call.tensor("input"), try call.ints("dims")))
    }
    library.function(
      "torch.transpose", "Tensor.transpose", "torch.swapaxes", "Tensor.swapaxes", "torch.swapdims",
      signature: "(input, dim0, dim1)"
    ) { (call) throws(Interruption) in
      let input = try call.tensor("input")
      var order = Array(0..<input.rank)
      let first = try call.interpreter.axis(try call.int("dim0"), input.rank)
      let second = try call.interpreter.axis(try call.int("dim1"), input.rank)
      if input.rank > 0 { order.swapAt(first, second) }
      return .tensor(try call.interpreter.permute(input, order))
    }
    library.function("torch.movedim", "Tensor.movedim", signature: "(input, source, destination)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let source = try call.interpreter.axis(try call.int("source"), input.rank)
      let destination = try call.interpreter.axis(try call.int("destination"), input.rank)
      var order = Array(0..<input.rank)
      if input.rank > 0 {
        order.remove(at: source)
        order.insert(source, at: destination)
      }
      return .tensor(try call.interpreter.permute(input, order))
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
    library.property("Tensor", "T") { (call) throws(Interruption) in
      let input = try call.tensor("self")
      return .tensor(try call.interpreter.permute(input, Array((0..<input.rank).reversed())))
    }
    library.property("Tensor", "mT") { (call) throws(Interruption) in
      let input = try call.tensor("self")
      var order = Array(0..<input.rank)
      guard order.count >= 2 else {
        throw call.interpreter.raise(.runtimeError, "mT needs at least 2 dimensions")
      }
      order.swapAt(order.count - 1, order.count - 2)
      return .tensor(try call.interpreter.permute(input, order))
    }
    library.function("torch.squeeze", "Tensor.squeeze", signature: "(input, dim=None)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let axes = try call.interpreter.axes(try call.optionalInts("dim"), input.rank)
      let shape = input.shape.indices.filter { !axes.contains($0) || input.shape[$0] != 1 }.map {
        input.shape[$0]
      }
      return .tensor(try call.interpreter.reshape(input, shape))
    }
    library.function("torch.unsqueeze", "Tensor.unsqueeze", signature: "(input, dim)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      var shape = input.shape
      shape.insert(1, at: try call.interpreter.axis(try call.int("dim"), input.rank + 1))
      return .tensor(try call.interpreter.reshape(input, shape))
    }
    library.function("Tensor.expand", "Tensor.broadcast_to", signature: "(input, *sizes)") {
      (call) throws(Interruption) in
      .tensor(try call.interpreter.expand(try call.tensor("input"), try call.restInts("sizes")))
    }
    library.function("torch.broadcast_to", signature: "(input, size)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.expand(try call.tensor("input"), try call.ints("size")))
    }
    library.function("Tensor.expand_as", signature: "(input, other)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.expand(try call.tensor("input"), try call.tensor("other").shape))
    }
    library.function("Tensor.repeat", signature: "(input, *sizes)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.tile(try call.tensor("input"), try call.restInts("sizes")))
    }
    library.function("torch.tile", "Tensor.tile", signature: "(input, *dims)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let counts = try call.restInts("dims")
      let missing = max(0, input.rank - counts.count)
      return .tensor(try call.interpreter.tile(input, [Int](repeating: 1, count: missing) + counts))
    }
    library.function(
      "torch.cat", "torch.concat", "torch.concatenate", signature: "(tensors, dim=0)"
    ) { (call) throws(Interruption) in
      .tensor(try call.interpreter.concatenate(try call.tensors("tensors"), try call.int("dim")))
    }
    library.function("torch.stack", signature: "(tensors, dim=0)") { (call) throws(Interruption) in
      .tensor(try call.interpreter.stack(try call.tensors("tensors"), try call.int("dim")))
    }
    library.function("torch.chunk", "Tensor.chunk", signature: "(input, chunks, dim=0)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let axis = try call.interpreter.axis(try call.int("dim"), input.rank)
      let count = try call.int("chunks")
      guard count > 0, input.rank > 0 else {
        throw call.interpreter.raise(
          .runtimeError, "chunk expects `chunks` to be greater than 0, got: \(count)")
      }
      let extent = input.shape[axis]
      let size = (extent - 1) / count + 1
      return try call.interpreter.split(
        input, axis, stride(from: 0, to: extent, by: size).map { min(size, extent - $0) })
    }
    library.function("torch.split", "Tensor.split", signature: "(input, split_size_or_sections, dim=0)") {
      (call) throws(Interruption) in
      let interpreter = call.interpreter
      let input = try call.tensor("input")
      let axis = try interpreter.axis(try call.int("dim"), input.rank)
      guard input.rank > 0 else {
        throw interpreter.raise(.runtimeError, "split expects at least a 1-dimensional tensor")
      }
      let extent = input.shape[axis]
      if let size = interpreter.integer(call["split_size_or_sections"]) {
        guard size > 0 else {
          throw interpreter.raise(
            .runtimeError, "split expects split_size be non-negative, but got split_size=\(size)")
        }
        return try interpreter.split(
          input, axis, stride(from: 0, to: extent, by: size).map { min(size, extent - $0) })
      }
      let sections = try call.ints("split_size_or_sections")
      var sum = 0
      for section in sections where section >= 0 && section <= extent { sum += section }
      guard sum == extent, sections.allSatisfy({ $0 > 0 && $0 <= extent }) else {
        throw interpreter.raise(
          .runtimeError,
          "split_with_sizes expects split_sizes to sum exactly to \(extent) (input tensor's size at dimension "
            + "\(axis)), but got split_sizes=\(sections)", identifier: "torch.shape")
      }
      return try interpreter.split(input, axis, sections)
    }
    library.function("torch.unbind", "Tensor.unbind", signature: "(input, dim=0)") {
      (call) throws(Interruption) in
      let parts = try call.interpreter.unbind(try call.tensor("input"), try call.int("dim"))
      return try call.interpreter.tuple(parts.map { .tensor($0) })
    }
    library.function("torch.narrow", "Tensor.narrow", signature: "(input, dim, start, length)") {
      (call) throws(Interruption) in
      let input = try call.tensor("input")
      let axis = try call.interpreter.axis(try call.int("dim"), input.rank)
      let start = try call.int("start")
      let length = try call.int("length")
      guard input.rank > 0, start >= 0, length > 0, start < input.shape[axis],
        length <= input.shape[axis] - start
      else {
        throw call.interpreter.raise(
          .runtimeError, "start (\(start)) + length (\(length)) exceeds dimension size of \(input.shape)",
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
    library.function("torch.flip", "Tensor.flip", signature: "(input, *dims)") {
      (call) throws(Interruption) in
      var result = try call.tensor("input")
      for axis in try call.interpreter.axes(try call.restInts("dims"), result.rank) {
        let parts = try (0..<result.shape[axis]).reversed().map { (index) throws(Interruption) in
          try call.interpreter.slice(result, axis, index, index + 1)
        }
        result = try call.interpreter.concatenate(parts, axis)
      }
      return .tensor(result)
    }
    library.function("torch.roll", "Tensor.roll", signature: "(input, shifts, dims=None)") {
      (call) throws(Interruption) in
      var result = try call.tensor("input")
      guard let dims = try call.optionalInts("dims") else {
        throw call.interpreter.unsupported("roll without dims is not supported yet")
      }
      let shifts = try call.ints("shifts")
      guard shifts.count == dims.count else {
        throw call.interpreter.raise(.runtimeError, "shifts and dimensions must align")
      }
      for (shift, dimension) in zip(shifts, dims) {
        let axis = try call.interpreter.axis(dimension, result.rank)
        guard result.rank > 0 else { continue }
        let extent = result.shape[axis]
        let place = ((shift % extent) + extent) % extent
        guard place != 0 else { continue }
        result = try call.interpreter.concatenate(
          [
            try call.interpreter.slice(result, axis, extent - place, extent),
            try call.interpreter.slice(result, axis, 0, extent - place),
          ], axis)
      }
      return .tensor(result)
    }
  }
}

extension Interpreter {
  /// Tensors of one shape joined along a new dimension.
  func stack(_ tensors: [TracedTensor], _ dimension: Int) throws(Interruption) -> TracedTensor {
    guard let first = tensors.first else {
      throw raise(.runtimeError, "stack expects a non-empty TensorList")
    }
    let axis = try axis(dimension, first.rank + 1)
    var parts: [TracedTensor] = []
    for (index, tensor) in tensors.enumerated() {
      guard tensor.shape == first.shape else {
        throw raise(
          .runtimeError,
          "stack expects each tensor to be equal size, but got \(first.shape) at entry 0 and \(tensor.shape) "
            + "at entry \(index)", identifier: "torch.shape")
      }
      var shape = tensor.shape
      shape.insert(1, at: axis)
      parts.append(try reshape(tensor, shape))
    }
    return try concatenate(parts, axis)
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
