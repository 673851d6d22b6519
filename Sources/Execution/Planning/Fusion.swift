import NetworkGraph

/// Makes one step of several where that saves passes over tensors.
///
/// A rule looks at one node and at those that define its operands. What it makes of them stands where the last of
/// them stood; that is allowed if nobody else reads what then no longer lies in memory, and nobody reads the other
/// results before.
struct Fusion {
  /// nil: done by another node.
  var nodes: [PlannedNode?]
  var values: [PlannedValue]
  /// By value, the node that defines it.
  var producers: [Int?]
  /// By value, the nodes that read it, once for each time; one behind the last stands for what a run yields.
  var readers: [[Int]]
  /// By value that is no longer there as such, where it lies.
  var written: [Int: Placement] = [:]
  /// By node, the one behind which it is run in place of where it stood.
  private var moved: [Int: Int] = [:]

  /// The nodes and values of an assignment after all rules.
  static func fused(
    _ layouts: LayoutAssignment, results: [Int]
  ) -> (nodes: [PlannedNode], values: [PlannedValue]) {
    var fusion = Fusion(layouts, results: results)
    for index in layouts.nodes.indices { fusion.placeAttention(at: index) }
    for index in layouts.nodes.indices { fusion.gateNormalizationGradient(at: index) }
    for index in layouts.nodes.indices { fusion.extendNormalization(at: index) }
    for index in layouts.nodes.indices {
      fusion.extendConvolution(at: index)
      fusion.sumConvolutions(at: index)
    }
    for index in layouts.nodes.indices {
      fusion.repeatActivation(at: index)
      fusion.repeatNormalization(at: index)
    }
    return (fusion.ordered, fusion.values)
  }

  /// The nodes that are left, moved ones in their new places.
  private var ordered: [PlannedNode] {
    let later = Dictionary(grouping: moved.keys.sorted()) { moved[$0] ?? $0 }
    return nodes.indices.flatMap { index in
      (moved[index] == nil ? [index] : []) + (later[index] ?? [])
    }.compactMap { nodes[$0] }
  }

  private init(_ layouts: LayoutAssignment, results: [Int]) {
    nodes = layouts.nodes
    values = layouts.values
    producers = [Int?](repeating: nil, count: values.count)
    readers = [[Int]](repeating: [], count: values.count)
    for (index, node) in layouts.nodes.enumerated() {
      for output in node.outputs { producers[output] = index }
      for input in node.inputs { readers[input].append(index) }
    }
    for result in results { readers[result].append(nodes.count) }
  }

  /// The node that defines a value.
  func producer(of value: Int) -> (index: Int, node: PlannedNode)? {
    guard let index = producers[value], let node = nodes[index] else { return nil }
    return (index, node)
  }

  /// The activation's gradient and then batch normalisation's in one, with the activation's operand computed anew.
  private mutating func gateNormalizationGradient(at index: Int) {
    guard let node = nodes[index],
      case .operation(.batchNormalizationGradient(let normalization)) = node.work,
      let gradient = node.inputs.last, readers[gradient].count == 1,
      let (gateIndex, gate) = producer(of: gradient),
      case .operation(.unaryGradient(let function)) = gate.work,
      function.isCheapToRepeat, let operand = operand(of: function, from: gate.inputs[0]),
      let (forwardIndex, forward) = producer(of: operand), forward.outputs[0] == operand,
      let fused = forward.normalization, fused.activation == nil, !fused.addsResidual,
      forward.inputs[0] == node.inputs[0], forward.outputs[1] == node.inputs[1],
      values[operand] == values[gradient], values[operand] == values[forward.inputs[0]]
    else { return }
    let vectors = yieldScale(at: forwardIndex, fused)
    nodes[gateIndex] = nil
    for input in gate.inputs { removeReader(gateIndex, of: input) }
    let inputs = node.inputs.dropLast() + vectors + [gate.inputs[1]]
    for input in vectors + [gate.inputs[1]] { readers[input].append(index) }
    readers[gradient] = []
    nodes[index] = PlannedNode(
      work: .fused(.normalizationGradient(normalization, activation: function)), inputs: Array(inputs),
      outputs: node.outputs)
  }

  /// What the function was applied to, if its gradient reads that value: the value itself, or where the function's
  /// result does as well, the operand of that.
  private func operand(of function: UnaryFunction, from value: Int) -> Int? {
    guard let (_, node) = producer(of: value) else { return nil }
    if case .operation(.unary(function)) = node.work, function.keepsSign { return node.inputs[0] }
    return value
  }

  /// The values that hold what a normalisation multiplies by and adds.
  mutating func yieldScale(at index: Int, _ fused: FusedNormalization) -> [Int] {
    guard var node = nodes[index] else { return [] }
    if !fused.yieldsScale {
      var fused = fused
      fused.yieldsScale = true
      for _ in 0..<2 {
        values.append(PlannedValue(type: values[node.outputs[1]].type, layout: .rows))
        producers.append(index)
        readers.append([])
        node.outputs.append(values.count - 1)
      }
      node.work = .fused(.normalization(fused))
      nodes[index] = node
    }
    return Array(node.outputs.suffix(2))
  }

  /// Batch normalisation with the addition or the activation that alone reads its result.
  private mutating func extendNormalization(at index: Int) {
    guard let node = nodes[index], case .operation(let operation) = node.work else { return }
    switch operation {
    case .unary(let function):
      extend(with: node, at: index, operand: 0) { $0.activation = function }
    case .binary(.add):
      for operand in laterFirst(node)
      where nodes[index] != nil && values[node.inputs[0]] == values[node.inputs[1]] {
        if extend(with: node, at: index, operand: operand, { $0.addsResidual = true }) { return }
      }
    default: return
    }
  }

  @discardableResult
  private mutating func extend(
    with node: PlannedNode, at index: Int, operand: Int, _ change: (inout FusedNormalization) -> Void
  ) -> Bool {
    let value = node.inputs[operand]
    guard readers[value].count == 1, let (sourceIndex, source) = producer(of: value),
      var fused = source.normalization, source.outputs[0] == value, fused.activation == nil,
      values[value] == values[node.outputs[0]]
    else { return false }
    change(&fused)
    // One residual, and nobody may read the statistics before.
    let others = node.inputs.indices.filter { $0 != operand }.map { node.inputs[$0] }
    guard source.normalization?.addsResidual != true || others.isEmpty,
      source.outputs.dropFirst().allSatisfy({ readers[$0].allSatisfy { $0 > index } })
    else { return false }
    nodes[sourceIndex] = nil
    for input in source.inputs {
      removeReader(sourceIndex, of: input)
      readers[input].append(index)
    }
    readers[value] = []
    let outputs = node.outputs + source.outputs.dropFirst()
    for output in outputs { producers[output] = index }
    nodes[index] = PlannedNode(
      work: .fused(.normalization(fused)), inputs: source.inputs + others, outputs: outputs)
    return true
  }

  /// A convolution over blocks, or its image gradient, with what alone reads its result: normalisation by running
  /// statistics, a residual sum, an activation or its gradient.
  private mutating func extendConvolution(at index: Int) {
    guard let node = nodes[index] else { return }
    switch node.work {
    case .operation(.unary(let function)) where function.bounds != nil:
      join(node, at: index, operand: 0) { work in
        switch work {
        case .convolution(var fused) where fused.activation == nil:
          fused.activation = function
          return .convolution(fused)
        case .pointwiseSum(var sum) where sum.activation == nil && sum.gate == nil:
          sum.activation = function
          return .pointwiseSum(sum)
        default: return nil
        }
      }
    case .operation(.unaryGradient(let function)) where function.bounds != nil:
      join(node, at: index, operand: 1) { work in
        switch work {
        case .convolutionInputGradient(var fused) where fused.gate == nil:
          fused.gate = function
          return .convolutionInputGradient(fused)
        case .pointwiseSum(var sum) where sum.activation == nil && sum.gate == nil:
          sum.gate = function
          return .pointwiseSum(sum)
        default: return nil
        }
      }
    case .operation(.binary(.add)):
      for operand in laterFirst(node) where nodes[index]?.isAddition == true {
        join(node, at: index, operand: operand) { work in
          switch work {
          case .convolution(var fused) where fused.activation == nil && !fused.addsResidual:
            fused.addsResidual = true
            return .convolution(fused)
          case .convolutionInputGradient(var fused) where fused.gate == nil && !fused.addsResidual:
            fused.addsResidual = true
            return .convolutionInputGradient(fused)
          case .pointwiseSum(var sum) where sum.activation == nil && sum.gate == nil && !sum.addsResidual:
            sum.addsResidual = true
            return .pointwiseSum(sum)
          default: return nil
          }
        }
      }
    default:
      guard let normalization = node.normalization, !normalization.yieldsScale,
        !normalization.normalization.isTraining, normalization.activation.map({ $0.bounds != nil }) ?? true
      else { return }
      join(node, at: index, operand: 0) { work in
        guard case .convolution(var fused) = work, fused.normalization == nil, !fused.addsResidual,
          fused.activation == nil
        else { return nil }
        fused.normalization = normalization.normalization
        fused.addsResidual = normalization.addsResidual
        fused.activation = normalization.activation
        return .convolution(fused)
      }
    }
  }

  /// Makes the node one with that which defines an operand, if nobody else reads that and `change` knows how; the
  /// node's other operands come behind.
  private mutating func join(
    _ node: PlannedNode, at index: Int, operand: Int, _ change: (FusedOperation) -> FusedOperation?
  ) {
    let value = node.inputs[operand]
    guard readers[value].count == 1, values[value].layout == .blocks,
      values[value] == values[node.outputs[0]],
      let (sourceIndex, source) = producer(of: value), let work = source.convolution.flatMap(change)
    else { return }
    let others = node.inputs.indices.filter { $0 != operand }.map { node.inputs[$0] }
    if node.normalization == nil, others.contains(where: { values[$0] != values[value] }) { return }
    nodes[sourceIndex] = nil
    for input in source.inputs {
      removeReader(sourceIndex, of: input)
      readers[input].append(index)
    }
    readers[value] = []
    nodes[index] = PlannedNode(work: .fused(work), inputs: source.inputs + others, outputs: node.outputs)
  }

  /// The places of an addition's operands, that which is computed last first, so that the other one may be extended as
  /// well.
  private func laterFirst(_ node: PlannedNode) -> [Int] {
    (producers[node.inputs[0]] ?? 0) < (producers[node.inputs[1]] ?? 0) ? [1, 0] : [0, 1]
  }

  /// GELU's gradient, with its value for those that read it in the backward pass.
  ///
  /// So it need not be kept until then. They are run behind the gradient.
  private mutating func repeatActivation(at index: Int) {
    guard let node = nodes[index], case .operation(.unaryGradient(.gelu)) = node.work,
      let forward = readers[node.inputs[0]].compactMap({ unary(.gelu, at: $0) }).first
    else { return }
    let value = forward.outputs[0]
    let later = readers[value].filter { $0 != index && followers(of: $0, behind: index) != nil }
    guard values[value] == values[node.outputs[0]], !later.isEmpty, later.count < readers[value].count else {
      return
    }
    values.append(values[value])
    producers.append(index)
    readers.append(later)
    readers[value].removeAll { later.contains($0) }
    for reader in Set(later) {
      guard var other = nodes[reader] else { continue }
      other.inputs = other.inputs.map { $0 == value ? values.count - 1 : $0 }
      nodes[reader] = other
      for follower in followers(of: reader, behind: index) ?? []
      where max(follower, moved[follower] ?? 0) < index { moved[follower] = index }
    }
    nodes[index] = PlannedNode(
      work: .fused(.activationGradient(.gelu)), inputs: node.inputs,
      outputs: [node.outputs[0], values.count - 1])
  }

  /// A node with those that read it in another shape, if all can be run behind another node as nobody reads their
  /// results before.
  private func followers(of reader: Int, behind index: Int) -> [Int]? {
    guard reader < nodes.count, let node = nodes[reader] else { return nil }
    var result = [reader]
    for next in node.outputs.flatMap({ readers[$0] }) where next <= index {
      guard next != index, case .operation(.reshape) = node.work,
        let others = followers(of: next, behind: index)
      else { return nil }
      result += others
    }
    return result
  }

  private func unary(_ function: UnaryFunction, at index: Int) -> PlannedNode? {
    guard index < nodes.count, let node = nodes[index], case .operation(.unary(function)) = node.work else {
      return nil
    }
    return node
  }

  mutating func removeReader(_ reader: Int, of value: Int) {
    if let place = readers[value].firstIndex(of: reader) { readers[value].remove(at: place) }
  }
}

extension PlannedNode {
  /// The batch normalisation that the node does, alone or with what follows it.
  var normalization: FusedNormalization? {
    switch work {
    case .operation(.batchNormalization(let normalization)): FusedNormalization(normalization: normalization)
    case .fused(.normalization(let fused)): fused
    default: nil
    }
  }

  /// The convolution or image gradient that the node does, alone or with what follows it.
  var convolution: FusedOperation? {
    switch work {
    case .operation(.convolution(let convolution)):
      .convolution(FusedConvolution(convolution: convolution))
    case .operation(.convolutionInputGradient(let convolution, let images)):
      .convolutionInputGradient(FusedInputGradient(convolution: convolution, images: images))
    case .fused(let fused): fused
    default: nil
    }
  }

  fileprivate var isAddition: Bool {
    if case .operation(.binary(.add)) = work { true } else { false }
  }
}

extension UnaryFunction {
  /// Whether computing the derivative a second time costs less than reading it.
  fileprivate var isCheapToRepeat: Bool {
    switch self {
    case .relu, .relu6, .leakyReLU, .hardTanh, .hardSigmoid, .hardSwish, .silu, .sigmoid, .elu: true
    default: false
    }
  }
}
