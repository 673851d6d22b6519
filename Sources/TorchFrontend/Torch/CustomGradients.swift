import NetworkGraph

extension Library {
  /// `torch.autograd.Function`: functions that say what their gradients are.
  static let customGradients: Family = { library in
    library.namespace("torch.autograd.function")
    library.add(
      NativeClass(
        "torch.autograd.Function", base: "builtins.object",
        classMethods: [
          "apply": NativeFunction("apply", "(cls, *args)") { (call) throws(Interruption) in
            try call.interpreter.applyFunction(call["cls"], call.rest)
          }
        ]))
    library.alias("torch.autograd.function.Function", of: "torch.autograd.Function")
    var methods: [String: NativeFunction] = [:]
    methods["save_for_backward"] = NativeFunction("save_for_backward", "(self, *tensors)") {
      (call) throws(Interruption) in
      try call.instance().set("saved_tensors", try call.interpreter.tuple(call.rest))
      return .none
    }
    for name in ["mark_non_differentiable", "set_materialize_grads"] {
      methods[name] = NativeFunction(name, "(self, *args)") { (_) throws(Interruption) in .none }
    }
    methods["mark_dirty"] = NativeFunction("mark_dirty", "(self, *args)") { (call) throws(Interruption) in
      throw call.interpreter.unsupported("a torch.autograd.Function that changes its input is not supported")
    }
    library.add(
      NativeClass("torch.autograd.function.FunctionCtx", base: "builtins.object", methods: methods))
    for name in ["torch.autograd.function.once_differentiable", "torch.cuda.amp.custom_bwd"] {
      library.function(name, signature: "(fn)") { (call) throws(Interruption) in call["fn"] }
    }
    library.function("torch.cuda.amp.custom_fwd", signature: "(fwd=None, *, cast_inputs=None)") {
      (call) throws(Interruption) in
      guard call.interpreter.isNone(call["fwd"]) else { return call["fwd"] }
      return .native(NativeFunction("custom_fwd", "(fwd)") { (call) throws(Interruption) in call["fwd"] })
    }
  }
}

extension Interpreter {
  /// What `apply` of a class derived from `torch.autograd.Function` gives.
  ///
  /// The result is what `forward` makes of the arguments xᵢ, of which no gradient is taken, plus (xᵢ − xᵢ)·dᵢ, where
  /// the second xᵢ and dᵢ are detached: that is 0 with the gradient that `backward` gives, where it multiplies the
  /// result's gradient by dᵢ element by element. Other gradients are refused.
  fileprivate func applyFunction(
    _ type: PythonValue, _ arguments: [PythonValue]
  ) throws(Interruption) -> PythonValue {
    let context = PythonValue.instance(
      try instance(of: nativeClass("torch.autograd.function.FunctionCtx")))
    if case .instance(let instance) = context {
      instance.set("saved_tensors", try tuple([]))
      instance.set(
        "needs_input_grad",
        try tuple(
          arguments.map { if case .tensor(let x) = $0 { .bool(x.dataType.isFloating) } else { .bool(false) } }
        ))
    }
    let isRecording = tracer.isRecordingGradients
    let result = try withoutGradients { (interpreter) throws(Interruption) in
      let forward = try interpreter.attribute("forward", of: type)
      guard let setup = try interpreter.findAttribute("setup_context", of: type) else {
        return try interpreter.call(forward, Arguments([context] + arguments))
      }
      let result = try interpreter.call(forward, Arguments(arguments))
      _ = try interpreter.call(setup, Arguments([context, try interpreter.tuple(arguments), result]))
      return result
    }
    guard isRecording, tracer.isTracing else { return result }
    guard case .tensor(let output) = result else {
      throw unsupported("a torch.autograd.Function that gives anything but one tensor is not supported")
    }
    guard output.dataType.isFloating, try content(output).isTraced else { return result }
    guard let backward = try findAttribute("backward", of: type) else {
      throw unsupported("a torch.autograd.Function without backward is not supported")
    }
    // The place that the gradient of the output takes.
    let place = try node(.detach, [try operand(output)])
    let gradients = try withoutGradients { (interpreter) throws(Interruption) in
      let gradient = try interpreter.tensor(.graph(place), output.shape, output.dataType)
      let result = try interpreter.call(backward, Arguments([context, .tensor(gradient)]))
      if case .tuple(let tuple) = result { return tuple.elements }
      return [result]
    }
    guard gradients.count >= arguments.count else {
      throw raise(
        .runtimeError,
        "function returned an incorrect number of gradients (expected \(arguments.count), got \(gradients.count))"
      )
    }
    let factors = try gradientFactors(from: place)
    var sum = try detach(output)
    for (argument, gradient) in zip(arguments, gradients) {
      guard case .tensor(let input) = argument, input.dataType.isFloating, case .tensor(let slope) = gradient,
        try content(input).isTraced
      else { continue }
      guard let factor = factors[try operand(slope)], slope.shape == input.shape else {
        throw unsupported(
          "a torch.autograd.Function whose gradient is not the result's, multiplied element by element, is not supported",
          hint: "write the function with PyTorch's own, which have gradients")
      }
      let steepness = try tensor(
        .graph(try node(.detach, [factor])), tracer.type(of: factor).shape, input.dataType)
      let nothing = try elementwise(.subtract, input, try detach(input))
      sum = try elementwise(.add, sum, try elementwise(.multiply, nothing, steepness))
    }
    guard sum.shape == output.shape else {
      throw unsupported("a torch.autograd.Function whose gradient has another shape is not supported")
    }
    return .tensor(sum)
  }

  private func withoutGradients<Result>(
    _ body: (Interpreter) throws(Interruption) -> Result
  ) throws(Interruption) -> Result {
    let isRecording = tracer.isRecordingGradients
    tracer.isRecordingGradients = false
    defer { tracer.isRecordingGradients = isRecording }
    return try body(self)
  }

  /// What each value made of another, element by element and in proportion to it, is multiplied with.
  private func gradientFactors(from place: ValueID) throws(Interruption) -> [ValueID: ValueID] {
    let graph = tracer.builder.graph
    let type = graph.type(of: place)
    let first = graph.values[place.index].producer + 1
    try spend(graph.nodes.count - first)
    var factors = [place: tracer.constant(1, TensorType(type.elementType, []))]
    /// Values that depend on the gradient in another way.
    var others: Set<ValueID> = []
    for node in graph.nodes[first...]
    where node.inputs.contains(where: { factors[$0] != nil || others.contains($0) }) {
      guard let output = node.outputs.first else { continue }
      if graph.type(of: output) == type, !node.inputs.contains(where: others.contains),
        let factor = try gradientFactor(of: node, factors, graph)
      {
        factors[output] = factor
      } else {
        others.formUnion(node.outputs)
      }
    }
    return factors
  }

  /// What a node multiplies the gradient with in all; nil where it does anything else.
  private func gradientFactor(
    of node: Node, _ factors: [ValueID: ValueID], _ graph: Graph
  ) throws(Interruption) -> ValueID? {
    let known = node.inputs.map { factors[$0] }
    switch (node.operation, known.count) {
    case (.detach, 1), (.reshape, 1): return known[0]
    case (.unary(.negate), 1):
      return try known[0].map { (x) throws(Interruption) in try self.node(.unary(.negate), [x]) }
    case (.binary(.multiply), 2):
      guard let factor = known[0] ?? known[1], known[0] == nil || known[1] == nil else { return nil }
      return try self.node(.binary(.multiply), [factor, known[0] == nil ? node.inputs[0] : node.inputs[1]])
    case (.binary(.divide), 2):
      guard let factor = known[0], known[1] == nil else { return nil }
      return try self.node(.binary(.divide), [factor, node.inputs[1]])
    case (.binary(.add), 2), (.binary(.subtract), 2):
      guard let left = known[0], let right = known[1] else { return nil }
      return try self.node(node.operation, [left, right])
    case (.select, 3):
      guard known[0] == nil else { return nil }
      var branches: [ValueID] = []
      for (factor, input) in zip(known.dropFirst(), node.inputs.dropFirst()) {
        guard let branch = factor ?? (isZero(input, graph) ? input : nil) else { return nil }
        branches.append(branch)
      }
      return try self.node(.select, [node.inputs[0]] + branches)
    default: return nil
    }
  }

  private func isZero(_ value: ValueID, _ graph: Graph) -> Bool {
    switch graph.producer(of: value).operation {
    case .constant(.fill(let number, _)): number == 0
    case .constant(.values(let values, _)): values.allSatisfy { $0 == 0 }
    case .expand, .reshape: graph.producer(of: value).inputs.first.map { isZero($0, graph) } ?? false
    default: false
    }
  }
}
