import PythonSyntax

extension Interpreter {
  /// Runs a module: `module(…)`.
  func callModule(_ instance: PythonInstance, _ arguments: Arguments) throws(Interruption) -> PythonValue {
    guard let state = instance.module else {
      throw raise(
        .attributeError, "'\(instance.type.name)' object has no attribute '_forward_hooks'",
        hint: "begin __init__ with super().__init__()")
    }
    guard let forward = try findAttribute("forward", of: .instance(instance)) else {
      throw raise(
        .notImplementedError, "Module [\(instance.type.name)] is missing the required \"forward\" function")
    }
    let label = tracer.label
    tracer.label = state.path
    defer { tracer.label = label }
    var arguments = arguments
    for hook in state.hooksBefore { try run(hook, before: instance, &arguments) }
    for (name, function) in state.computed {
      instance.set(name, try call(function, Arguments([.instance(instance)])))
    }
    defer { for (name, _) in state.computed { forget(name, instance) } }
    var result = try self.forward(instance, state, forward, arguments)
    for hook in state.hooksBehind { try run(hook, behind: instance, arguments, &result) }
    if tracer.isTracing {
      state.isApplied = true
      if case .tensor(let tensor) = result { state.outputShape = tensor.shape }
    }
    return result
  }

  private func run(
    _ hook: ModuleState.Hook, before module: PythonInstance, _ arguments: inout Arguments
  ) throws(Interruption) {
    var values: [PythonValue] = [.instance(module), try tuple(arguments.positional)]
    if hook.takesKeywords { values.append(.dict(try dictionary(of: arguments.keywords))) }
    let result = try call(hook.function, Arguments(values))
    if isNone(result) { return }
    if hook.takesKeywords {
      guard case .tuple(let pair) = result, pair.elements.count == 2,
        case .dict(let keywords) = pair.elements[1]
      else {
        throw raise(
          .runtimeError, "forward pre-hook must return None or a tuple of (new_args, new_kwargs)")
      }
      arguments.keywords = keywords.items.compactMap { item in
        if case .string(let name) = item.key { (name, item.value) } else { nil }
      }
      arguments.positional = try elements(of: pair.elements[0])
    } else if case .tuple(let tuple) = result {
      arguments.positional = tuple.elements
    } else {
      arguments.positional = [result]
    }
    arguments.site = nil
  }

  private func run(
    _ hook: ModuleState.Hook, behind module: PythonInstance, _ arguments: Arguments,
    _ result: inout PythonValue
  ) throws(Interruption) {
    var values: [PythonValue] = [.instance(module), try tuple(arguments.positional)]
    if hook.takesKeywords { values.append(.dict(try dictionary(of: arguments.keywords))) }
    let other = try call(hook.function, Arguments(values + [result]))
    if !isNone(other) { result = other }
  }

  private func dictionary(
    of keywords: [(name: String, value: PythonValue)]
  ) throws(Interruption) -> PythonDictionary {
    let result = try dictionary()
    for (name, value) in keywords { result.set(.string(name), .string(name), value) }
    return result
  }

  /// A module of the library, made as the source would.
  func makeModule(
    _ name: String, _ positional: [PythonValue], _ keywords: [(name: String, value: PythonValue)] = []
  ) throws(Interruption) -> PythonInstance {
    let type = nativeClass("torch.nn.\(name)")
    guard case .instance(let module) = try instantiate(type, Arguments(positional, keywords: keywords)) else {
      throw unsupported("nn.\(name) makes no module")
    }
    return module
  }

  /// Calls a child of a module; the child may be anything callable.
  func callChild(
    _ name: String, of module: PythonInstance, _ arguments: [PythonValue],
    _ keywords: [(name: String, value: PythonValue)] = []
  ) throws(Interruption) -> PythonValue {
    try call(try attribute(name, of: .instance(module)), Arguments(arguments, keywords: keywords))
  }

  /// Calls a child of a module that takes and gives one tensor.
  func applyChild(
    _ name: String, of module: PythonInstance, _ input: TracedTensor
  ) throws(Interruption) -> TracedTensor {
    let result = try callChild(name, of: module, [.tensor(input)])
    guard case .tensor(let tensor) = result else {
      throw raise(.typeError, "\(name) must return a tensor, not \(typeName(result))")
    }
    return tensor
  }

  /// How a module is named in diagnostics.
  func described(_ instance: PythonInstance) -> String {
    let path = instance.module?.path ?? ""
    return path.isEmpty ? instance.type.name : "\(path) (\(instance.type.name))"
  }

  /// The exception for a layer that was built for another extent than what reaches it.
  func mismatch(
    _ instance: PythonInstance, _ argument: String, builtFor: Int, reached: Int, _ message: String
  ) -> Interruption {
    let name = instance.module.flatMap { $0.path.isEmpty ? nil : $0.path } ?? instance.type.name
    let raised = raise(
      .runtimeError, message, hint: "build \(name) with \(argument)=\(reached)", identifier: "torch.shape")
    guard case .raised(let exception) = raised else { return raised }
    exception.explanation = explanation(instance, argument, builtFor: builtFor, reached: reached)
    guard let construction = instance.module?.construction else { return raised }
    exception.module = instance
    exception.mismatch = ShapeMismatch(
      modulePath: instance.module?.path ?? "", moduleType: instance.type.name, argumentName: argument,
      argumentRange: construction.arguments[argument], constructionRange: construction.range,
      constructedWith: builtFor, required: reached,
      constructionCount: constructionCounts[construction.range] ?? 1)
    return raised
  }
}
