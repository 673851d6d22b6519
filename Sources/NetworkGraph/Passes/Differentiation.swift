/// A graph that also yields gradients.
public struct DifferentiatedGraph: Sendable {
  /// The original outputs, then one gradient per trainable parameter.
  public var graph: Graph
  /// Which output is the gradient of which parameter, in the order of `graph.parameters`.
  public var gradients: [ParameterGradient]
}

/// Where a parameter's gradient is found.
public struct ParameterGradient: Sendable, Hashable {
  /// The parameter's name.
  public var parameter: String
  /// The index into `Graph.outputs`.
  public var output: Int
}

extension GraphBuilder {
  /// Adds what computes the gradients of a scalar, by reverse-mode differentiation.
  ///
  /// Every node between the targets and the loss adds, last node first, the operations of its gradient rule; a
  /// value read more than once sums what comes back. Results are zeros where the loss does not depend on the
  /// target. The forward values that gradients need are read in place, nothing is computed twice.
  ///
  /// - Throws: `gradient.loss` if the loss is not one floating-point number, `gradient.undefined` where the loss
  ///   depends on the targets through an operation without a gradient (gradient operations themselves, in part),
  ///   `gradient.auxiliary` where it does so through an auxiliary output such as a batch mean.
  public mutating func gradients(
    of loss: ValueID, withRespectTo targets: [ValueID]
  ) throws(GraphError) -> [ValueID] {
    for value in [loss] + targets where !graph.values.indices.contains(value.index) {
      throw GraphError("graph.value", "the graph has no %\(value.index)")
    }
    let type = graph.type(of: loss)
    guard type.elementCount == 1, type.elementType == .float32 else {
      throw GraphError("gradient.loss", "grad can be implicitly created only for scalar outputs, not \(type)")
    }
    let forward = graph
    let isWanted = forward.dependents(on: targets)
    /// By value, what came back to it.
    var gradients = [[ValueID]](repeating: [], count: forward.values.count)
    if isWanted[loss.index] { gradients[loss.index] = [constant(.fill(1, type))] }
    for index in (0...forward.values[loss.index].producer).reversed() {
      let node = forward.nodes[index]
      guard node.inputs.contains(where: { isWanted[$0.index] }),
        node.outputs.contains(where: { !gradients[$0.index].isEmpty })
      else { continue }
      var values: [ValueID?] = []
      for output in node.outputs {
        let sum = try total(of: gradients[output.index])
        // A target in the middle of the graph is asked for once more at the end.
        if let sum { gradients[output.index] = [sum] }
        values.append(sum)
      }
      let given = OutputGradients(values: values, isWanted: node.inputs.map { isWanted[$0.index] })
      let results = try node.operation.rules.gradients(for: node, given: given, in: &self)
      for (input, result) in zip(node.inputs, results) {
        if let result, isWanted[input.index] { gradients[input.index].append(result) }
      }
    }
    var results: [ValueID] = []
    for target in targets {
      let sum = try total(of: gradients[target.index])
      results.append(sum ?? constant(.fill(0, forward.type(of: target))))
    }
    return results
  }

  /// The sum of the gradients that came back to one value; nil where there are none.
  ///
  /// Gradients of parts that do not overlap are joined where they would otherwise be spread over zeros and added,
  /// so that splits, and recurrent networks that read a sequence step by step, cost what the whole costs.
  private mutating func total(of gradients: [ValueID]) throws(GraphError) -> ValueID? {
    var parts: [PartGradient] = []
    var summands: [ValueID] = []
    if gradients.count > 1 {
      var isTaken = Set<Int>()
      for candidate in PartGradient.all(gradients, in: graph).sorted(by: { $0.slice.start < $1.slice.start })
      {
        if let last = parts.last, last.slice.end > candidate.slice.start { continue }
        parts.append(candidate)
        isTaken.insert(candidate.place)
      }
      if parts.count > 1 {
        summands = gradients.indices.filter { !isTaken.contains($0) }.map { gradients[$0] }
        summands.insert(try joined(parts), at: 0)
      }
    }
    if summands.isEmpty { summands = gradients }
    guard var sum = summands.first else { return nil }
    for summand in summands.dropFirst() { sum = try add(sum, summand) }
    return sum
  }

  /// The gradient of the whole from those of two or more of its parts, which are in order.
  private mutating func joined(_ parts: [PartGradient]) throws(GraphError) -> ValueID {
    let (axis, whole) = (parts[0].slice.axis, parts[0].whole)
    let (first, last) = (parts[0].slice.start, parts[parts.count - 1].slice.end)
    var pieces: [ValueID] = []
    var end = first
    for part in parts {
      if part.slice.start > end {
        var gap = whole
        gap[axis] = part.slice.start - end
        pieces.append(constant(.fill(0, TensorType(.float32, gap))))
      }
      pieces.append(part.gradient)
      end = part.slice.end
    }
    let run = try apply(.concatenate(axis: axis), pieces)[0]
    guard first > 0 || last < whole[axis] else { return run }
    let before = whole.indices.map { $0 == axis ? first : 0 }
    let after = whole.indices.map { $0 == axis ? whole[axis] - last : 0 }
    return try value(.pad(before: before, after: after, value: 0), run)
  }
}

/// A gradient that is that of one part of a value and zero elsewhere.
private struct PartGradient {
  /// Where it stands among the gradients of the value.
  let place: Int
  let slice: Slice
  /// The gradient of the part, and the shape of the whole.
  let gradient: ValueID
  let whole: [Int]

  /// Those of dense parts along one axis.
  static func all(_ gradients: [ValueID], in graph: Graph) -> [PartGradient] {
    var parts: [PartGradient] = []
    for (place, value) in gradients.enumerated() {
      let node = graph.producer(of: value)
      guard case .sliceGradient(let slice, let whole) = node.operation, slice.step == 1,
        slice.axis == parts.first?.slice.axis ?? slice.axis
      else { continue }
      parts.append(PartGradient(place: place, slice: slice, gradient: node.inputs[0], whole: whole))
    }
    return parts
  }
}

extension Graph {
  /// The graph with the mean cross-entropy of its first output, logits `[N, C]`, against a new input `labels`.
  ///
  /// `labels` are int32 `[N]`, classes from 0; label smoothing is PyTorch's. The outputs are the loss, a scalar,
  /// and the logits; other outputs are dropped.
  ///
  /// - Throws: `graph.outputs` without outputs, `graph.name` if there is an input `labels` already, and
  ///   `shape.crossEntropy.…` where the output is not of that form.
  public func addingCrossEntropy(labelSmoothing: Double = 0) throws(GraphError) -> Graph {
    guard let logits = outputs.first else {
      throw GraphError("graph.outputs", "the network has no output to take a loss of")
    }
    guard !inputs.contains(where: { $0.name == "labels" }) else {
      throw GraphError("graph.name", "the network already has an input called labels")
    }
    var builder = GraphBuilder(continuing: self)
    let count = type(of: logits).shape.first ?? 1
    let labels = builder.input("labels", TensorType(.int32, [count]))
    let loss = try builder.value(.crossEntropy(labelSmoothing: labelSmoothing), logits, labels)
    builder.setOutputs([loss, logits])
    return builder.graph
  }

  /// The graph with the gradients of a scalar for every trainable parameter, by reverse-mode differentiation.
  ///
  /// Outputs are the original ones, then the gradients in the order of `parameters`, zeros for a parameter that
  /// the loss does not depend on. Buffer updates stay; dead code goes. Operations are fused first
  /// (`fusingOperations()`), so that their gradients are, too. What the graph computes twice is done once, so that its
  /// gradient is taken once too, of the sum of what comes back.
  ///
  /// - Throws: as `GraphBuilder.gradients(of:withRespectTo:)`.
  public func differentiated(loss: ValueID) throws(GraphError) -> DifferentiatedGraph {
    guard values.indices.contains(loss.index) else {
      throw GraphError("graph.value", "the graph has no %\(loss.index)")
    }
    // The loss goes along as an output, since values get other numbers.
    var forward = self
    forward.outputs.append(loss)
    forward = forward.fusingOperations().eliminatingCommonSubexpressions()
    let loss = forward.outputs.removeLast()
    let trainable = forward.parameters.filter(\.isTrainable)
    var builder = GraphBuilder(continuing: forward)
    let gradients = try builder.gradients(of: loss, withRespectTo: trainable.map(\.value))
    builder.setOutputs(forward.outputs + gradients)
    return DifferentiatedGraph(
      graph: builder.graph.eliminatingDeadCode(),
      gradients: trainable.enumerated().map { index, parameter in
        ParameterGradient(parameter: parameter.name, output: outputs.count + index)
      })
  }

  /// The graph that yields the gradients of a scalar for any of its values, inputs for one.
  ///
  /// Outputs are the original ones, then the gradients in the order of the targets, zeros where the scalar does
  /// not depend on one.
  ///
  /// - Throws: as `GraphBuilder.gradients(of:withRespectTo:)`.
  public func gradients(
    of loss: ValueID, withRespectTo targets: [ValueID]
  ) throws(GraphError) -> Graph {
    var builder = GraphBuilder(continuing: self)
    let gradients = try builder.gradients(of: loss, withRespectTo: targets)
    builder.setOutputs(outputs + gradients)
    return builder.graph.eliminatingDeadCode()
  }

  /// By value: whether it is floating-point and depends on a target, or is one.
  fileprivate func dependents(on targets: [ValueID]) -> [Bool] {
    var depends = [Bool](repeating: false, count: values.count)
    for target in targets where type(of: target).elementType == .float32 { depends[target.index] = true }
    for node in nodes where node.inputs.contains(where: { depends[$0.index] }) {
      for output in node.outputs where type(of: output).elementType == .float32 {
        depends[output.index] = true
      }
    }
    return depends
  }
}
