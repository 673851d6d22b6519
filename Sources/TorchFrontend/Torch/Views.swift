import NetworkGraph

extension Interpreter {
  /// A view of a tensor, whose content is derived when it is read.
  private func viewed(
    _ input: TracedTensor, _ step: Operation, _ shape: [Int], layout: MemoryLayout, offset: Int = 0,
    isUncertain: Bool = false
  ) throws(Interruption) -> TracedTensor {
    guard input.cell.depth < 512, shape.count <= 64 else {
      throw exhausted("views are nested too deeply", "limit.recursion")
    }
    try reserve(6)
    let cell = TensorCell(
      viewing: input.cell, by: step, shape, layout: layout, offset: input.cell.offset + offset,
      isUncertain: isUncertain)
    // What is read is derived at once, so that it stands in the graph where the source has it.
    if !tracer.isSelectingTarget, tracer.isTracing, try content(input).isTraced { try refresh(cell) }
    let result = heap.adopt(TracedTensor(cell, isViewOfLeaf: isLeafRecorded(input)))
    if tracer.isTracing { result.provenance = .expression(currentRange) }
    return result
  }

  /// The same elements in another order of the memory, of which PyTorch makes a copy where it is not that already.
  func rearranged(_ input: TracedTensor) throws(Interruption) -> TracedTensor {
    try viewed(input, .reshape(input.shape), input.shape, layout: .unknown, isUncertain: true)
  }

  /// The input itself where PyTorch's memory has it row by row, else a copy that has.
  func contiguous(_ input: TracedTensor) throws(Interruption) -> TracedTensor {
    switch input.cell.layout {
    case .rowMajor: return input
    case .strided: return try tensor(try content(input), input.shape, input.dataType, layout: .rowMajor)
    case .unknown:
      return try viewed(input, .reshape(input.shape), input.shape, layout: .rowMajor, isUncertain: true)
    }
  }

  /// A view of which no gradient is taken.
  func detachedView(_ input: TracedTensor) throws(Interruption) -> TracedTensor {
    let result = try viewed(input, .detach, input.shape, layout: input.cell.layout)
    result.isViewOfLeaf = false
    return result
  }

  /// The same elements in another shape, which must have as many: a view where PyTorch makes one, else a copy.
  func reshape(_ input: TracedTensor, _ shape: [Int]) throws(Interruption) -> TracedTensor {
    if shape == input.shape { return try alias(input) }
    try checkShape(shape)
    switch input.cell.layout {
    case .rowMajor: return try viewed(input, .reshape(shape), shape, layout: .rowMajor)
    case .unknown: return try viewed(input, .reshape(shape), shape, layout: .unknown, isUncertain: true)
    case .strided(let strides, let isCertain):
      if let strides = Self.strides(input.shape, strides, viewedAs: shape) {
        return try viewed(
          input, .reshape(shape), shape, layout: Self.layout(shape, strides, isCertain: isCertain))
      }
      if input.count == 0 { return try tensor(.fill(0), shape, input.dataType) }
      guard let content = try derived(try content(input), .reshape(shape), input.shape, shape, input.dataType)
      else {
        let values = try settledValues(input) ?? []
        return try tensor(.values(values), shape, input.dataType)
      }
      return try tensor(content, shape, input.dataType)
    }
  }

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
      guard extent >= 0 else {
        throw raise(.runtimeError, "invalid shape dimension \(extent)", identifier: "torch.shape")
      }
      let (product, isOver) = known.multipliedReportingOverflow(by: extent)
      guard !isOver else { throw invalid }
      known = product
    }
    if let unknown {
      guard known > 0 || input.count == 0, known == 0 || input.count.isMultiple(of: known) else {
        throw invalid
      }
      guard known > 0 else {
        throw raise(
          .runtimeError,
          "cannot reshape tensor of 0 elements into shape \(sizes) because the unspecified dimension size -1 can be "
            + "any value and is ambiguous", identifier: "torch.shape")
      }
      shape[unknown] = input.count / known
    } else if known != input.count {
      throw invalid
    }
    if case .strided(let strides, isCertain: true) = input.cell.layout, activeFunction?.name == "Tensor.view",
      input.count > 0, Self.strides(input.shape, strides, viewedAs: shape) == nil
    {
      throw raise(
        .runtimeError,
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
          + "contiguous subspaces). Use .reshape(...) instead.",
        hint: "write .reshape(...) in place of .view(...), or .contiguous() before it",
        identifier: "torch.view")
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
    if order == Array(0..<input.rank) { return try alias(input) }
    let shape = order.map { input.shape[$0] }
    var layout = MemoryLayout.unknown
    // Functions that permute on the way may do otherwise in PyTorch.
    if let strides = input.cell.strides {
      layout = Self.layout(
        shape, order.map { strides[$0] }, isCertain: input.cell.isLayoutCertain && isPermutingDirectly)
    }
    return try viewed(input, .transpose(order), shape, layout: layout)
  }

  /// Whether the source itself has called for permuted dimensions.
  private var isPermutingDirectly: Bool {
    let names: Set<String> = [
      "permute", "transpose", "t", "T", "mT", "H", "mH", "adjoint", "swapaxes", "swapdims", "movedim",
      "moveaxis",
    ]
    return activeFunction.map { names.contains($0.shortName) } ?? false
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
    if shape == input.shape { return try alias(input) }
    var layout = MemoryLayout.unknown
    if let old = input.cell.strides {
      var strides = [Int](repeating: 0, count: shape.count)
      for axis in shape.indices.reversed() {
        if axis >= missing {
          strides[axis] = input.shape[axis - missing] == shape[axis] ? old[axis - missing] : 0
        } else if shape[axis] == 1 {
          strides[axis] = axis + 1 < shape.count ? strides[axis + 1] * max(1, shape[axis + 1]) : 1
        }
      }
      layout = Self.layout(shape, strides, isCertain: input.cell.isLayoutCertain)
    }
    return try viewed(input, .expand(shape), shape, layout: layout)
  }

  func tile(_ input: TracedTensor, _ counts: [Int]) throws(Interruption) -> TracedTensor {
    let missing = counts.count - input.rank
    guard missing >= 0, counts.allSatisfy({ $0 >= 0 }) else {
      throw raise(
        .runtimeError,
        "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
        identifier: "torch.shape")
    }
    let shape = [Int](repeating: 1, count: missing) + input.shape
    if counts.allSatisfy({ $0 == 1 }) { return try duplicate(try reshape(input, shape)) }
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
    guard !tensors.isEmpty else {
      throw raise(.runtimeError, "torch.cat(): expected a non-empty list of Tensors")
    }
    if let place = tensors.firstIndex(where: { $0.rank == 0 }) {
      throw raise(
        .runtimeError, "zero-dimensional tensor (at position \(place)) cannot be concatenated",
        identifier: "torch.shape")
    }
    // PyTorch ignores tensors of the shape [0], whatever the others' rank.
    let parts = tensors.filter { $0.shape != [0] }
    guard let first = parts.first else { return tensors[0] }
    let axis = try axis(dimension, first.rank)
    var type = tensors[0].dataType
    for tensor in tensors { type = DataType.promoted(type, tensor.dataType) }
    for (index, tensor) in tensors.enumerated() where tensor.shape != [0] {
      guard tensor.rank == first.rank else {
        throw raise(
          .runtimeError, "Tensors must have same number of dimensions: got \(first.rank) and \(tensor.rank)",
          hint: "the shapes are \(described(tensors))", identifier: "torch.shape")
      }
      for place in first.shape.indices where place != axis && tensor.shape[place] != first.shape[place] {
        throw raise(
          .runtimeError,
          "Sizes of tensors must match except in dimension \(axis). Expected size \(first.shape[place]) but got "
            + "size \(tensor.shape[place]) for tensor number \(index) in the list.",
          hint: "the shapes are \(described(tensors))", identifier: "torch.shape")
      }
    }
    var operands: [TracedTensor] = []
    for part in parts where part.count > 0 { operands.append(try cast(part, type)) }
    if operands.isEmpty {
      var shape = first.shape
      shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
      return try tensor(.fill(0), shape, type)
    }
    if operands.count == 1 { return try tensor(try content(operands[0]), operands[0].shape, type) }
    return try apply(.concatenate(axis: axis), operands, dataType: type)
  }

  func slice(
    _ input: TracedTensor, _ axis: Int, _ start: Int, _ end: Int, _ step: Int = 1
  ) throws(Interruption) -> TracedTensor {
    if start == 0, step == 1, end == input.shape[axis] { return try alias(input) }
    var shape = input.shape
    shape[axis] = end > start ? (end - start - 1) / step + 1 : 0
    var (layout, offset) = (MemoryLayout.unknown, 0)
    if var strides = input.cell.strides {
      offset = start * strides[axis]
      // A single place has no distance to the next.
      if shape[axis] > 1 { strides[axis] *= step }
      layout = Self.layout(shape, strides, isCertain: input.cell.isLayoutCertain)
    }
    let slice = Slice(axis: axis, start: start, end: max(start, end), step: step)
    return try viewed(input, .slice(slice), shape, layout: layout, offset: offset)
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
