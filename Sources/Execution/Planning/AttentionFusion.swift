import NetworkGraph

/// Attention that reads and writes its heads where they lie, in place of copies in an order of its own.
///
/// Heads are mostly cut out of one product and put together for the next: slices, transposes and reshapes before
/// attention and behind it. Rows of a head lie dense in both orders, and that is all that the kernels ask for.
extension Fusion {
  /// A value and how a tensor lies in it.
  struct Placement {
    var value: Int
    var tensor: StridedTensor
  }

  /// Places the operands and results of attention or its gradient.
  mutating func placeAttention(at index: Int) {
    guard let node = nodes[index], case .operation(let operation) = node.work else { return }
    switch operation {
    case .attention(let attention): place(attention, node, at: index)
    case .attentionGradient(let attention): placeGradient(attention, node, at: index)
    default: break
    }
  }

  private mutating func place(_ attention: Attention, _ node: PlannedNode, at index: Int) {
    let operands = node.inputs.prefix(3).map { origin(of: $0) }
    // Gradients read the result where it is written.
    let gradients = readers[node.outputs[0]].filter { isAttentionGradient($0, of: node.outputs[0]) }
    let result = destination(of: node.outputs[0], except: gradients)
    guard (operands + [result.placement]).map(\.value) != Array(node.inputs.prefix(3)) + [node.outputs[0]]
    else { return }
    if result.placement.value != node.outputs[0] { written[node.outputs[0]] = result.placement }
    let fused = FusedAttention(
      attention: attention, query: operands[0].tensor, key: operands[1].tensor, value: operands[2].tensor,
      result: result.placement.tensor)
    replace(
      index, by: .attention(fused), inputs: operands.map(\.value) + node.inputs.dropFirst(3),
      outputs: [result.placement.value, node.outputs[1]], without: result.steps)
  }

  private mutating func placeGradient(_ attention: Attention, _ node: PlannedNode, at index: Int) {
    let count = attention.hasMask ? 4 : 3
    let operands = node.inputs.prefix(3).map { origin(of: $0) }
    let result = written[node.inputs[count]] ?? origin(of: node.inputs[count])
    let gradient = origin(of: node.inputs[count + 2])
    let (placements, steps) = joinedDestination(of: node.outputs) ?? separateDestinations(of: node.outputs)
    let inputs =
      operands.map(\.value) + node.inputs[3..<count] + [result.value, node.inputs[count + 1], gradient.value]
    guard inputs != node.inputs || placements.map(\.value) != node.outputs else { return }
    var outputs: [Int] = []
    for placement in placements where !outputs.contains(placement.value) { outputs.append(placement.value) }
    let fused = FusedAttentionGradient(
      attention: attention, query: operands[0].tensor, key: operands[1].tensor, value: operands[2].tensor,
      result: result.tensor, gradient: gradient.tensor,
      gradients: placements.map { placement in
        .init(output: outputs.firstIndex(of: placement.value) ?? 0, tensor: placement.tensor)
      })
    replace(index, by: .attentionGradient(fused), inputs: inputs, outputs: outputs, without: steps)
  }

  /// Whether a node is attention's gradient and reads the value as attention's result, and only so.
  private func isAttentionGradient(_ index: Int, of value: Int) -> Bool {
    guard index < nodes.count, let node = nodes[index],
      case .operation(.attentionGradient(let attention)) = node.work
    else { return false }
    return node.inputs.indices.filter { node.inputs[$0] == value } == [attention.hasMask ? 4 : 3]
  }

  private func dense(_ value: Int) -> Placement {
    Placement(value: value, tensor: StridedTensor(dense: values[value].type.shape))
  }

  /// The value farthest back in which a value's matrices lie with dense rows.
  private func origin(of value: Int) -> Placement {
    var best = dense(value)
    var (at, chain): (Int, [(operation: Operation, shape: [Int])]) = (value, [])
    while let (_, node) = producer(of: at), case .operation(let operation) = node.work, operation.isView,
      values[node.inputs[0]].layout == .rows
    {
      chain.append((operation, values[at].type.shape))
      at = node.inputs[0]
      var tensor: StridedTensor? = dense(at).tensor
      for step in chain.reversed() { tensor = tensor?.viewed(by: step.operation, shape: step.shape) }
      if let tensor, tensor.hasDenseRows { best = Placement(value: at, tensor: tensor) }
    }
    return best
  }

  /// The reshapes and transposes that alone lead on from a value, and what they yield.
  private func path(from value: Int, except others: [Int] = []) -> (steps: [Int], end: Int) {
    var (steps, end) = ([Int](), value)
    while true {
      let next = end == value ? readers[end].filter { !others.contains($0) } : readers[end]
      guard next.count == 1, next[0] < nodes.count, let node = nodes[next[0]],
        case .operation(let operation) = node.work, operation.isRearrangement,
        values[node.outputs[0]].layout == .rows
      else { return (steps, end) }
      steps.append(next[0])
      end = node.outputs[0]
    }
  }

  /// Where the first operand of some steps lies, if that is where the last one's result does.
  private func tensor(before steps: [Int], at result: StridedTensor) -> StridedTensor? {
    var tensor: StridedTensor? = result
    for step in steps.reversed() {
      guard let node = nodes[step], case .operation(let operation) = node.work else { return nil }
      tensor = tensor?.before(operation, shape: values[node.inputs[0]].type.shape)
    }
    return tensor
  }

  /// The value farthest on into which a value's matrices can be written with dense rows, and the steps to it.
  private func destination(
    of value: Int, except others: [Int] = []
  ) -> (placement: Placement, steps: [Int]) {
    var steps = path(from: value, except: others).steps
    while let last = steps.last, let node = nodes[last] {
      // A reshape behind the last transpose costs nothing where it is.
      if case .operation(.transpose) = node.work {
        let end = dense(node.outputs[0])
        if let tensor = tensor(before: steps, at: end.tensor), tensor.hasDenseRows {
          return (Placement(value: end.value, tensor: tensor), steps)
        }
      }
      steps.removeLast()
    }
    return (dense(value), [])
  }

  private func separateDestinations(of outputs: [Int]) -> (placements: [Placement], steps: [Int]) {
    let destinations = outputs.map { destination(of: $0) }
    return (destinations.map(\.placement), destinations.flatMap(\.steps))
  }

  /// Where all outputs are parts of one tensor that is made of nothing else: their places in it, or in what it is
  /// rearranged to.
  private func joinedDestination(of outputs: [Int]) -> (placements: [Placement], steps: [Int])? {
    let paths = outputs.map { path(from: $0) }
    guard let join = readers[paths[0].end].first, join < nodes.count, let node = nodes[join],
      case .operation(.concatenate(let axis)) = node.work, node.inputs.count == outputs.count,
      Set(node.inputs).count == outputs.count, Set(node.inputs) == Set(paths.map(\.end)),
      node.inputs.allSatisfy({ readers[$0] == [join] }), values[node.outputs[0]].layout == .rows
    else { return nil }
    let whole = node.outputs[0]
    // Behind the join too, if rows stay dense.
    let ends: [(placement: Placement, steps: [Int])] = [destination(of: whole), (dense(whole), [])]
    for end in ends {
      var (places, start): ([Int: StridedTensor], Int) = ([:], 0)
      for input in node.inputs {
        let extent = values[input].type.shape[axis]
        places[input] = end.placement.tensor.sliced(Slice(axis: axis, start: start, end: start + extent))
        start += extent
      }
      let tensors = paths.compactMap { path in
        places[path.end].flatMap { tensor(before: path.steps, at: $0) }
      }
      guard tensors.count == outputs.count, tensors.allSatisfy(\.hasDenseRows) else { continue }
      return (
        tensors.map { Placement(value: end.placement.value, tensor: $0) },
        paths.flatMap(\.steps) + [join] + end.steps
      )
    }
    return nil
  }

  /// Makes a node another one that does some steps' work too, and drops views that nobody reads any longer.
  private mutating func replace(
    _ index: Int, by operation: FusedOperation, inputs: [Int], outputs: [Int], without steps: [Int]
  ) {
    guard let old = nodes[index] else { return }
    for step in steps {
      guard let node = nodes[step] else { continue }
      for input in node.inputs { removeReader(step, of: input) }
      nodes[step] = nil
    }
    for input in inputs { readers[input].append(index) }
    for input in old.inputs { removeReader(index, of: input) }
    for output in old.outputs { producers[output] = nil }
    for output in outputs { producers[output] = index }
    nodes[index] = PlannedNode(work: .fused(operation), inputs: inputs, outputs: outputs)
    for input in old.inputs { dropUnread(input) }
  }

  private mutating func dropUnread(_ value: Int) {
    guard readers[value].isEmpty, let (index, node) = producer(of: value),
      case .operation(let operation) = node.work, operation.isView
    else { return }
    nodes[index] = nil
    for input in node.inputs {
      removeReader(index, of: input)
      dropUnread(input)
    }
  }
}

extension Operation {
  /// Whether the result is the operand in another order, all of it.
  fileprivate var isRearrangement: Bool {
    switch self {
    case .reshape, .transpose: true
    default: false
    }
  }

  /// Whether the result is the operand in another order, or a part of it.
  fileprivate var isView: Bool {
    if case .slice = self { true } else { isRearrangement }
  }
}
