import NetworkGraph

/// Writing to tensors in place: a write to a view makes new contents for all cells between it and the root.
extension Interpreter {
  /// The elements of a tensor replaced by an operation's result, as in-place operations do; gives the tensor.
  func write(_ value: TracedTensor, into target: TracedTensor) throws(Interruption) -> TracedTensor {
    if target.cell === value.cell { return target }
    guard value.shape == target.shape else {
      throw raise(
        .runtimeError,
        "output with shape \(target.shape) doesn't match the broadcast shape \(value.shape)",
        identifier: "torch.shape")
    }
    guard DataType.canCast(value.dataType, to: target.dataType) else {
      throw raise(
        .runtimeError,
        "result type \(value.dataType.scalarName) can't be cast to the desired output type "
          + target.dataType.scalarName, identifier: "torch.dtype")
    }
    try store(try content(try cast(value, target.dataType)), in: target)
    return target
  }

  /// A tensor's elements replaced by another's, broadcast and converted, as `copy_` and assignments do.
  func copy(_ value: TracedTensor, into target: TracedTensor) throws(Interruption) {
    if target.cell === value.cell { return }
    let source = try expand(try cast(value, target.dataType), target.shape)
    try store(try content(source), in: target)
  }

  /// A tensor's content replaced, with those it is a view of.
  func store(_ content: TensorContent, in target: TracedTensor) throws(Interruption) {
    try checkWritable(target)
    let cell = target.cell
    guard cell.count > 0 else { return }
    guard cell.source != nil else { return cell.replace(content) }
    var chain = [cell]
    var isUncertain = false
    while let source = chain[chain.count - 1].source {
      isUncertain = isUncertain || source.isUncertain
      chain.append(source.cell)
    }
    try spend(chain.count)
    let root = chain[chain.count - 1]
    if isUncertain {
      for ancestor in chain.dropFirst() { ancestor.isSpoilt = true }
      cell.cut()
      return cell.replace(content)
    }
    if try storeDirectly(content, in: cell, root) { return }
    var contents = [content]
    for place in chain.indices.dropLast() {
      let parent = chain[place + 1]
      guard let step = chain[place].source?.step else { break }
      try refresh(parent)
      contents.append(
        try replaced(parent.content, parent, at: step, by: contents[place], chain[place].shape))
    }
    for (cell, content) in zip(chain, contents).reversed() { cell.replace(content) }
  }

  private func checkWritable(_ target: TracedTensor) throws(Interruption) {
    if tracer.isRecordingGradients, target.requiresGradient || target.isViewOfLeaf {
      throw raise(
        .runtimeError,
        "a \(target.isViewOfLeaf ? "view of a leaf" : "leaf") Variable that requires grad is being used in an "
          + "in-place operation.",
        hint: "change a parameter within: with torch.no_grad():", identifier: "torch.in-place")
    }
    var root = target.cell
    while let source = root.source { root = source.cell }
    guard !root.isParameter else {
      throw unsupported("changing a parameter while the network runs is not supported")
    }
    if case .strided(let strides, _) = target.cell.layout,
      zip(target.shape, strides).contains(where: { $0 > 1 && $1 == 0 })
    {
      throw overlapping()
    }
  }

  private func overlapping() -> Interruption {
    raise(
      .runtimeError,
      "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
        + "Please clone() the tensor before performing the operation.", identifier: "torch.in-place")
  }

  /// Writes known elements to known elements where they lie; false where that is not what they are.
  private func storeDirectly(
    _ content: TensorContent, in cell: TensorCell, _ root: TensorCell
  ) throws(Interruption) -> Bool {
    guard root.layout == .rowMajor, let strides = cell.strides else { return false }
    let values: [Double]
    switch content {
    case .fill(let number): values = [number]
    case .values(let known): values = known
    default: return false
    }
    switch root.content {
    case .values: break
    case .fill(let number) where root.count <= Self.foldingLimit:
      if values.count == 1, values[0] == number { return true }
      try reserve(root.count >> 2 + 1)
      root.replace(.values([Double](repeating: number, count: root.count)))
    default: return false
    }
    try spend(cell.count >> 4)
    let (shape, offset) = (cell.shape, cell.offset)
    root.update { elements in
      var position = 0
      Self.forEachOffset(shape, strides, offset) { place in
        elements[place] = values[values.count == 1 ? 0 : position]
        position += 1
      }
    }
    return true
  }

  /// A cell's content with what a view shows of it replaced.
  private func replaced(
    _ whole: TensorContent, _ cell: TensorCell, at step: Operation, by part: TensorContent, _ shape: [Int]
  ) throws(Interruption) -> TensorContent {
    let inverse: Operation
    switch step {
    case .slice(let slice): return try replaced(whole, cell, slice, by: part, shape)
    case .transpose(let permutation):
      var order = permutation
      for (to, from) in permutation.enumerated() { order[from] = to }
      inverse = .transpose(order)
    case .detach:
      throw unsupported("changing a detached tensor in place while the network runs is not supported")
    default:
      guard shape.reduce(1, *) == cell.count else { throw overlapping() }
      inverse = .reshape(cell.shape)
    }
    if let content = try derived(part, inverse, shape, cell.shape, cell.dataType) { return content }
    let known = try settled(part, shape.reduce(1, *))
    return try derived(known, inverse, shape, cell.shape, cell.dataType) ?? known
  }

  private func replaced(
    _ whole: TensorContent, _ cell: TensorCell, _ slice: Slice, by part: TensorContent, _ shape: [Int]
  ) throws(Interruption) -> TensorContent {
    let axis = slice.axis
    let count = shape[axis]
    if count == cell.shape[axis] { return part }
    var parts = [TensorPart(whole, extent: cell.shape[axis])]
    if case .joined(axis, let known) = whole { parts = known }
    var inserted = [TensorPart(part, extent: count)]
    if case .joined(axis, let known) = part { inserted = known }
    var result: [TensorPart] = []
    if slice.step == 1 {
      result = cut(parts, 0..<slice.start) + inserted + cut(parts, (slice.start + count)..<cell.shape[axis])
    } else if whole.isTraced || part.isTraced, count > 8 {
      return try interleaved(whole, cell, slice, part, shape)
    } else {
      var end = 0
      for index in 0..<count {
        let place = slice.start + index * slice.step
        result += cut(parts, end..<place) + cut(inserted, index..<(index + 1))
        end = place + 1
      }
      result += cut(parts, end..<cell.shape[axis])
    }
    try spend(result.count)
    let content = joined(result, along: axis)
    if content.isKnown, cell.count <= Self.foldingLimit {
      return try assembled(content, cell.shape, cell.dataType)
    }
    if result.count > 1_024 || content.depth > 8 {
      guard content.isTraced else {
        throw unsupported("a tensor of which so many parts are set one by one is not supported")
      }
      return try assembled(content, cell.shape, cell.dataType)
    }
    return content
  }

  /// A value of the graph with every so many of an axis' places replaced.
  private func interleaved(
    _ whole: TensorContent, _ cell: TensorCell, _ slice: Slice, _ part: TensorContent, _ shape: [Int]
  ) throws(Interruption) -> TensorContent {
    let axis = slice.axis
    let base = try value(of: whole, cell.shape, cell.dataType)
    let new = try value(of: part, shape, cell.dataType)
    // All groups of `step` places but the last, which may be incomplete.
    let groups = shape[axis] - 1
    let end = slice.start + groups * slice.step
    var grouped = cell.shape
    grouped.replaceSubrange(axis...axis, with: [groups, slice.step])
    let old = try node(.slice(Slice(axis: axis, start: slice.start, end: end)), [base])
    let rest = try node(
      .slice(Slice(axis: axis + 1, start: 1, end: slice.step)), [try node(.reshape(grouped), [old])])
    grouped[axis + 1] = 1
    let first = try node(
      .reshape(grouped), [try node(.slice(Slice(axis: axis, start: 0, end: groups)), [new])])
    var body = cell.shape
    body[axis] = groups * slice.step
    let mixed = try node(.reshape(body), [try node(.concatenate(axis: axis + 1), [first, rest])])
    let (left, right) = (TensorPart(.graph(base), extent: cell.shape[axis]), slice.start)
    var parts: [TensorPart] = []
    if right > 0 { parts.append(left.part(0..<right)) }
    parts.append(TensorPart(.graph(mixed), extent: body[axis]))
    parts.append(TensorPart(.graph(new), extent: shape[axis]).part(groups..<(groups + 1)))
    if end + 1 < cell.shape[axis] { parts.append(left.part((end + 1)..<cell.shape[axis])) }
    return .joined(axis: axis, parts: parts)
  }
}
