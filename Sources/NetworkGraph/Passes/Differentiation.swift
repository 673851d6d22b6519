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
    var gradients = [ValueID?](repeating: nil, count: forward.values.count)
    if isWanted[loss.index] { gradients[loss.index] = constant(.fill(1, type)) }
    for index in (0...forward.values[loss.index].producer).reversed() {
      let node = forward.nodes[index]
      let given = OutputGradients(
        values: node.outputs.map { gradients[$0.index] }, isWanted: node.inputs.map { isWanted[$0.index] })
      guard given.isWanted.contains(true), given.values.contains(where: { $0 != nil }) else { continue }
      let results = try node.operation.rules.gradients(for: node, given: given, in: &self)
      for (input, result) in zip(node.inputs, results) {
        guard let result, isWanted[input.index] else { continue }
        if let sum = gradients[input.index] {
          gradients[input.index] = try add(sum, result)
        } else {
          gradients[input.index] = result
        }
      }
    }
    return targets.map { target in
      gradients[target.index] ?? constant(.fill(0, forward.type(of: target)))
    }
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
  /// the loss does not depend on. Buffer updates stay; dead code goes.
  ///
  /// - Throws: as `GraphBuilder.gradients(of:withRespectTo:)`.
  public func differentiated(loss: ValueID) throws(GraphError) -> DifferentiatedGraph {
    let trainable = parameters.filter(\.isTrainable)
    var builder = GraphBuilder(continuing: self)
    let gradients = try builder.gradients(of: loss, withRespectTo: trainable.map(\.value))
    builder.setOutputs(outputs + gradients)
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
