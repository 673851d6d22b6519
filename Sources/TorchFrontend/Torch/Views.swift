import NetworkGraph

extension Interpreter {
  /// The same elements in another shape, which must have as many.
  func reshape(_ input: TracedTensor, _ shape: [Int]) throws(Interruption) -> TracedTensor {
    if shape == input.shape { return try aliasView(input) }
    return try apply(.reshape(shape), [input], isView: true)
  }

  /// A new tensor object on the same elements.
  private func aliasView(_ input: TracedTensor) throws(Interruption) -> TracedTensor { try alias(input) }

  /// `view` with at most one −1.
  func view(_ input: TracedTensor, _ sizes: [Int]) throws(Interruption) -> TracedTensor {
    var shape = sizes
    let invalid = raise(
      .runtimeError, "shape '\(sizes)' is invalid for input of size \(input.count)",
      hint: "the tensor has the shape \(input.shape)", identifier: "torch.shape")
    var known = 1
    var unknown: Int?
    for (index, extent) in sizes.enumerated() {
      if extent == -1 {
        guard unknown == nil else { throw raise(.runtimeError, "only one dimension can be inferred") }
        unknown = index
        continue
      }
      guard extent >= 0 else { throw raise(.runtimeError, "invalid shape dimension \(extent)") }
      let (product, isOver) = known.multipliedReportingOverflow(by: extent)
      guard !isOver else { throw invalid }
      known = product
    }
    if let unknown {
      guard known > 0, input.count.isMultiple(of: known) else { throw invalid }
      shape[unknown] = input.count / known
    } else if known != input.count {
      throw invalid
    }
    return try reshape(input, shape)
  }

  func flatten(_ input: TracedTensor, _ start: Int, _ end: Int) throws(Interruption) -> TracedTensor {
    let first = try axis(start, input.rank)
    let last = try axis(end, input.rank)
    if input.rank == 0 { return try reshape(input, [1]) }
    guard first <= last else {
      throw raise(.runtimeError, "flatten() has invalid args: start_dim cannot come after end_dim")
    }
    if first == last { return input }
    let shape = input.shape
    return try reshape(
      input, Array(shape[..<first]) + [shape[first...last].reduce(1, *)] + Array(shape[(last + 1)...]))
  }

  func unflatten(
    _ input: TracedTensor, _ dimension: Int, _ sizes: [Int]
  ) throws(Interruption) -> TracedTensor {
    guard input.rank > 0 else {
      throw raise(.runtimeError, "unflatten: a tensor without dimensions", identifier: "torch.dimension")
    }
    let axis = try axis(dimension, input.rank)
    guard input.rank > 0 else { return try view(input, sizes) }
    return try view(input, Array(input.shape[..<axis]) + sizes + Array(input.shape[(axis + 1)...]))
  }

  func permute(_ input: TracedTensor, _ dimensions: [Int]) throws(Interruption) -> TracedTensor {
    guard dimensions.count == input.rank else {
      throw raise(
        .runtimeError,
        "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
          + "ordering of dimensions i.e. input.dim() = \(input.rank) is not equal to len(dims) = \(dimensions.count)",
        identifier: "torch.shape")
    }
    var order: [Int] = []
    for dimension in dimensions {
      let axis = try axis(dimension, input.rank)
      guard !order.contains(axis) else {
        throw raise(.runtimeError, "permute(): duplicate dims are not allowed.", identifier: "torch.shape")
      }
      order.append(axis)
    }
    if order == Array(0..<input.rank) { return try aliasView(input) }
    return try apply(.transpose(order), [input], isView: true)
  }

  /// Broadcasts to a shape in which −1 leaves an extent as it is.
  func expand(_ input: TracedTensor, _ sizes: [Int]) throws(Interruption) -> TracedTensor {
    let missing = sizes.count - input.rank
    guard missing >= 0 else {
      throw raise(
        .runtimeError,
        "expand(\(sizes), size=\(input.shape)): the number of sizes provided (\(sizes.count)) must be greater or "
          + "equal to the number of dimensions in the tensor (\(input.rank))", identifier: "torch.shape")
    }
    var shape = sizes
    for (index, extent) in sizes.enumerated() {
      let old = index < missing ? nil : input.shape[index - missing]
      if extent == -1, let old { shape[index] = old }
      guard shape[index] >= 0, old == nil || old == 1 || old == shape[index] else {
        throw raise(
          .runtimeError,
          "The expanded size of the tensor (\(extent)) must match the existing size (\(old ?? 0)) at "
            + "non-singleton dimension \(index). Target sizes: \(sizes). Tensor sizes: \(input.shape)",
          identifier: "torch.shape")
      }
    }
    try checkShape(shape)
    if shape == input.shape { return try aliasView(input) }
    return try apply(.expand(shape), [input], isView: true)
  }

  func tile(_ input: TracedTensor, _ counts: [Int]) throws(Interruption) -> TracedTensor {
    let missing = counts.count - input.rank
    guard missing >= 0, counts.allSatisfy({ $0 > 0 }) else {
      throw raise(
        .runtimeError,
        "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
        identifier: "torch.shape")
    }
    let shape = [Int](repeating: 1, count: missing) + input.shape
    // [n] repeated c times is [1, n] expanded to [c, n] and flattened.
    var spread: [Int] = []
    var target: [Int] = []
    var final: [Int] = []
    for (extent, count) in zip(shape, counts) {
      spread += [1, extent]
      target += [count, extent]
      let (product, isOver) = extent.multipliedReportingOverflow(by: count)
      guard !isOver else { throw exhausted("a tensor repeated \(counts) times is too large", "limit.tensor") }
      final.append(product)
    }
    try checkShape(final)
    return try reshape(try expand(try reshape(input, spread), target), final)
  }

  func concatenate(_ tensors: [TracedTensor], _ dimension: Int) throws(Interruption) -> TracedTensor {
    guard let first = tensors.first else {
      throw raise(.runtimeError, "torch.cat(): expected a non-empty list of Tensors")
    }
    guard first.rank > 0 else {
      throw raise(.runtimeError, "zero-dimensional tensor (at position 0) cannot be concatenated")
    }
    let axis = try axis(dimension, first.rank)
    var type = first.dataType
    for (index, tensor) in tensors.enumerated() {
      guard tensor.rank == first.rank else {
        throw raise(
          .runtimeError, "Tensors must have same number of dimensions: got \(first.rank) and \(tensor.rank)",
          hint: "the shapes are \(tensors.map(\.shape))", identifier: "torch.shape")
      }
      for place in first.shape.indices where place != axis && tensor.shape[place] != first.shape[place] {
        throw raise(
          .runtimeError,
          "Sizes of tensors must match except in dimension \(axis). Expected size \(first.shape[place]) but got "
            + "size \(tensor.shape[place]) for tensor number \(index) in the list.",
          hint: "the shapes are \(tensors.prefix(16).map(\.shape))", identifier: "torch.shape")
      }
      type = DataType.promoted(type, tensor.dataType)
    }
    if tensors.count == 1 { return try apply(.reshape(first.shape), first) }
    return try apply(.concatenate(axis: axis), tensors, dataType: type)
  }

  func slice(
    _ input: TracedTensor, _ axis: Int, _ start: Int, _ end: Int, _ step: Int = 1
  ) throws(Interruption) -> TracedTensor {
    if start == 0, step == 1, end == input.shape[axis] { return try aliasView(input) }
    guard end > start else {
      throw unsupported(
        "a tensor without elements (the slice \(start):\(end) of \(input.shape)) is not supported")
    }
    return try apply(.slice(Slice(axis: axis, start: start, end: end, step: step)), [input], isView: true)
  }

  func split(
    _ input: TracedTensor, _ axis: Int, _ sizes: [Int]
  ) throws(Interruption) -> PythonValue {
    var parts: [PythonValue] = []
    var start = 0
    for size in sizes {
      parts.append(.tensor(try slice(input, axis, start, start + size)))
      start += size
    }
    return try tuple(parts)
  }

  func select(_ input: TracedTensor, _ axis: Int, _ index: PythonValue) throws(Interruption) -> TracedTensor {
    guard input.rank > 0 else {
      throw raise(.indexError, "invalid index of a 0-dim tensor. Use `tensor.item()`")
    }
    var wanted = index
    if case .tensor(let tensor) = index { wanted = .int(try integer(of: tensor, "an index")) }
    guard let number = integer(wanted) else {
      throw raise(
        .typeError, "only integers, slices, ellipsis and None are valid indices, not \(typeName(index))")
    }
    let extent = input.shape[axis]
    guard number >= -extent, number < extent else {
      throw raise(
        .indexError, "index \(number) is out of bounds for dimension \(axis) with size \(extent)",
        identifier: "torch.dimension")
    }
    let place = number < 0 ? number + extent : number
    var shape = input.shape
    shape.remove(at: axis)
    return try reshape(try slice(input, axis, place, place + 1), shape)
  }

  /// The slices of a tensor along a dimension.
  func unbind(_ input: TracedTensor, _ dimension: Int) throws(Interruption) -> [TracedTensor] {
    guard input.rank > 0 else { throw raise(.typeError, "iteration over a 0-d tensor") }
    let axis = try axis(dimension, input.rank)
    try reserve(input.shape[axis])
    var parts: [TracedTensor] = []
    for index in 0..<input.shape[axis] { parts.append(try select(input, axis, .int(index))) }
    return parts
  }
}
