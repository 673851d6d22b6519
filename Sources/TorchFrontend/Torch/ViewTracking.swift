import NetworkGraph

/// Reading tensors that share memory.
///
/// A graph has no memory to write to. A view whose source has changed finds itself stale, and derives its content
/// anew when it is read.
extension Interpreter {
  /// A tensor's content.
  func content(_ tensor: TracedTensor) throws(Interruption) -> TensorContent {
    let cell = tensor.cell
    if cell.source != nil || cell.isSpoilt { try refresh(cell) }
    return cell.content
  }

  /// Brings the content of a view up to date.
  func refresh(_ cell: TensorCell) throws(Interruption) {
    if cell.count == 0 { return }
    var isFresh = true
    var current = cell
    while true {
      guard !current.isSpoilt else {
        throw unsupported(
          "a tensor is read that was changed through a reshaped tensor, which PyTorch may have copied",
          hint: "use .clone() before the tensor is changed in place")
      }
      guard let source = current.source else { break }
      if source.generation != source.cell.generation { isFresh = false }
      current = source.cell
    }
    if isFresh { return }
    try spend(cell.depth)
    var chain: [TensorCell] = []
    current = cell
    while let source = current.source {
      chain.append(current)
      current = source.cell
    }
    for cell in chain.reversed() {
      guard let source = cell.source, source.generation != source.cell.generation else { continue }
      let from = source.cell
      guard let content = try derived(from.content, source.step, from.shape, cell.shape, cell.dataType) else {
        // What becomes of elements drawn later cannot be told here: they are drawn now.
        try settle(current)
        return try refresh(cell)
      }
      cell.replace(content)
    }
  }

  /// What a view's content is; nil where that depends on elements that are drawn later.
  func derived(
    _ content: TensorContent, _ step: Operation, _ shape: [Int], _ target: [Int], _ dataType: DataType
  ) throws(Interruption) -> TensorContent? {
    switch content {
    case .fill: return content
    case .random:
      if case .expand = step, target.reduce(1, *) != shape.reduce(1, *) { return nil }
      return content
    case .graph(let value): return step == .reshape(shape) ? content : .graph(try node(step, [value]))
    case .values(let values):
      let count = target.reduce(1, *)
      if tracer.isTracing, count > max(Self.foldingLimit, values.count) {
        return .graph(try node(step, [try value(of: content, shape, dataType)]))
      }
      try reserve(count >> 2 + 1)
      return .values(Self.moved(values, step, shape, target))
    case .joined(let axis, let parts):
      if let content = try derived(parts, along: axis, step, shape, target, dataType) { return content }
      guard content.isTraced || content.isKnown else { return nil }
      let whole = try assembled(content, shape, dataType)
      return try derived(whole, step, shape, target, dataType)
    }
  }

  /// What a view makes of joined parts, where it keeps them apart.
  private func derived(
    _ parts: [TensorPart], along axis: Int, _ step: Operation, _ shape: [Int], _ target: [Int],
    _ dataType: DataType
  ) throws(Interruption) -> TensorContent? {
    var newAxis = axis
    switch step {
    case .slice(let slice) where slice.axis == axis:
      guard slice.step == 1 else { return nil }
      return joined(cut(parts, slice.start..<slice.end), along: axis)
    case .slice: break
    case .transpose(let permutation): newAxis = permutation.firstIndex(of: axis) ?? axis
    case .expand:
      newAxis += target.count - shape.count
      guard target[newAxis] == shape[axis] else { return nil }
    case .reshape:
      let outer = shape[..<axis].reduce(1, *)
      var before = 1
      var found: Int?
      for (place, extent) in target.enumerated() where found == nil {
        if before == outer, extent == shape[axis] { found = place }
        before *= extent
      }
      guard let found else { return nil }
      newAxis = found
    default: return nil
    }
    var result: [TensorPart] = []
    for part in parts {
      var (from, to) = (shape, target)
      from[axis] = part.extent
      to[newAxis] = part.extent
      var step = step
      switch step {
      case .reshape: step = .reshape(to)
      case .expand: step = .expand(to)
      default: break
      }
      try spend(1)
      guard let content = try derived(part.content, step, from, to, dataType) else { return nil }
      var moved = part
      moved.content = content
      result.append(moved)
    }
    return joined(result, along: newAxis)
  }

  /// The parts within a range of the axis along which they are joined.
  func cut(_ parts: [TensorPart], _ range: Range<Int>) -> [TensorPart] {
    var result: [TensorPart] = []
    var start = 0
    for part in parts {
      let end = start + part.count
      let common = range.clamped(to: start..<end)
      if !common.isEmpty {
        result.append(
          part.part((common.lowerBound - start)..<(common.upperBound - start)))
      }
      start = end
    }
    return result
  }

  /// Parts as one content, neighbours that belong together united.
  func joined(_ parts: [TensorPart], along axis: Int) -> TensorContent {
    var result: [TensorPart] = []
    for part in parts {
      if let last = result.last {
        switch (last.content, part.content) {
        case (.graph(let a), .graph(let b)) where a == b && last.start + last.count == part.start:
          result[result.count - 1].count += part.count
          continue
        case (.fill(let a), .fill(let b)) where a == b:
          result[result.count - 1] = TensorPart(last.content, extent: last.count + part.count)
          continue
        case (.random(let a), .random(let b)) where a == b:
          result[result.count - 1] = TensorPart(last.content, extent: last.count + part.count)
          continue
        default: break
        }
      }
      result.append(part)
    }
    if result.count == 1, result[0].count == result[0].extent { return result[0].content }
    if result.count == 1 {
      switch result[0].content {
      case .fill, .random: return result[0].content
      default: break
      }
    }
    return .joined(axis: axis, parts: result)
  }

  /// Joined parts as one value of the graph, or as known elements where all are.
  func assembled(
    _ content: TensorContent, _ shape: [Int], _ dataType: DataType
  ) throws(Interruption) -> TensorContent {
    guard case .joined(let axis, let parts) = content else { return content }
    guard content.isKnown else { return .graph(try value(of: content, shape, dataType)) }
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    try reserve(shape.reduce(1, *) >> 2 + 1)
    var blocks: [[Double]] = []
    for part in parts {
      var whole = shape
      whole[axis] = part.extent
      blocks.append(try elements(of: try assembled(part.content, whole, dataType), whole.reduce(1, *)))
    }
    var values: [Double] = []
    values.reserveCapacity(shape.reduce(1, *))
    for block in 0..<outer {
      for (part, elements) in zip(parts, blocks) {
        let start = (block * part.extent + part.start) * inner
        values += elements[start..<(start + part.count * inner)]
      }
    }
    return .values(values)
  }

  private func elements(of content: TensorContent, _ count: Int) throws(Interruption) -> [Double] {
    switch content {
    case .fill(let number):
      try reserve(count >> 2 + 1)
      return [Double](repeating: number, count: count)
    case .values(let values): return values
    default: throw unsupported("the elements of a tensor are only known when the network runs")
    }
  }
}
