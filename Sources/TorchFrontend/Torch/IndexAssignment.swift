import NetworkGraph

extension Interpreter {
  /// `tensor[key] = value`.
  func setItem(
    _ target: TracedTensor, _ key: PythonValue, _ value: PythonValue
  ) throws(Interruption) {
    tracer.isSelectingTarget = true
    defer { tracer.isSelectingTarget = false }
    let selection = try select(target, key)
    tracer.isSelectingTarget = false
    let view = selection.view
    let source = try assignable(value, like: target)
    guard let first = selection.indices.first else {
      try assign(source, to: view)
      return
    }
    if selection.indices.count == 1, first.index.dataType == .bool,
      try assign(source, to: view, where: first.index, first.axis)
    {
      return
    }
    var indices: [(axis: Int, index: TracedTensor)] = []
    for (axis, index) in selection.indices { indices += try places(index, axis, of: view) }
    for (_, index) in indices where try knownValues(index) == nil {
      throw unsupported(
        "assigning to places of a tensor that are only known when the network runs is not supported",
        hint: "use torch.where or masked_fill")
    }
    let (merged, axis, index) = try merge(view, indices, isAdjacent: selection.isAdjacent)
    guard index.count > 0 else { return }
    // What is written becomes more places behind those there are, from which the new ones are taken.
    let shape = Array(merged.shape[..<axis] + index.shape + merged.shape[(axis + 1)...])
    let written = try reshape(
      try expand(try withoutLeadingOnes(try cast(source, target.dataType), shape.count), shape),
      merged.shape[..<axis] + [index.count] + merged.shape[(axis + 1)...])
    var places = (0..<merged.shape[axis]).map(Double.init)
    for (number, place) in (try knownValues(index) ?? []).enumerated() {
      places[Int(place)] = Double(merged.shape[axis] + number)
    }
    let joined = try concatenate([merged, written], axis)
    let map = try tensor(.values(places), [places.count], .int64)
    let result = try apply(.take(axis: axis), [joined, map], dataType: target.dataType)
    guard indices.count > 1 else { return try copy(result, into: view) }
    // The merged view is a copy where the indices are apart, so that the whole is put together again.
    let axes = indices.map(\.axis)
    guard !selection.isAdjacent else { return try copy(try reshape(result, view.shape), into: view) }
    let order = axes + view.shape.indices.filter { !axes.contains($0) }
    var inverse = order
    for (to, from) in order.enumerated() { inverse[from] = to }
    let parted = try reshape(result, order.map { view.shape[$0] })
    try copy(try permute(parted, inverse), into: view)
  }

  /// What may be assigned to a part of a tensor.
  private func assignable(
    _ value: PythonValue, like target: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    switch value {
    case .tensor(let tensor): return tensor
    case .bool(let flag): return try scalar(flag ? 1 : 0, target.dataType)
    case .int(let number): return try scalar(Double(number), target.dataType)
    case .float(let number): return try scalar(number, target.dataType)
    default:
      throw raise(
        .typeError, "can't assign a \(typeName(value)) to a torch.\(target.dataType.scalarName)Tensor")
    }
  }

  /// Writes to a view what is broadcast to its shape; further leading dimensions of 1 do not matter.
  func assign(_ source: TracedTensor, to view: TracedTensor) throws(Interruption) {
    // `x[i] += y` has written through the very view that is assigned.
    if isSameView(source.cell, view.cell) { return }
    if source.rank == 0, case .fill(let number) = try content(source) {
      return try store(.fill(view.dataType.rounded(number)), in: view)
    }
    try copy(try withoutLeadingOnes(source, view.rank), into: view)
  }

  private func withoutLeadingOnes(
    _ source: TracedTensor, _ rank: Int
  ) throws(Interruption) -> TracedTensor {
    let extra = source.rank - rank
    guard extra > 0, source.shape[..<extra].allSatisfy({ $0 == 1 }) else { return source }
    return try reshape(source, Array(source.shape[extra...]))
  }

  private func isSameView(_ first: TensorCell, _ second: TensorCell) -> Bool {
    var (a, b) = (first, second)
    while a !== b {
      guard let x = a.source, let y = b.source, x.step == y.step, a.shape == b.shape else { return false }
      (a, b) = (x.cell, y.cell)
    }
    return true
  }

  /// Writes where a mask is true what does not depend on how often it is; false where it does.
  private func assign(
    _ source: TracedTensor, to view: TracedTensor, where mask: TracedTensor, _ axis: Int
  ) throws(Interruption) -> Bool {
    try checkMask(mask, axis, of: view)
    let trailing = view.rank - axis - mask.rank
    let isLocal = source.rank <= trailing || source.count == 1
    guard isLocal else {
      guard try knownValues(mask) == nil else { return false }
      throw unsupported(
        "assigning a tensor of shape \(source.shape) to the places of a mask that is only known when the network runs "
          + "is not supported", hint: "use torch.where, which keeps the shape")
    }
    let condition = try reshape(mask, mask.shape + [Int](repeating: 1, count: trailing))
    let value = source.count == 1 ? try reshape(source, []) : source
    let chosen = try apply(
      .select, [condition, try cast(value, view.dataType), view], dataType: view.dataType)
    try copy(chosen, into: view)
    return true
  }
}
