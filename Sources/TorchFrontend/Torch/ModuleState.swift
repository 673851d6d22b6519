import NetworkGraph
import PythonSyntax

/// Values by name, in the order in which the names were first set.
struct OrderedTable<Value> {
  private(set) var names: [String] = []
  private var values: [String: Value] = [:]

  subscript(name: String) -> Value? { values[name] }

  mutating func set(_ name: String, _ value: Value) {
    if values.updateValue(value, forKey: name) == nil { names.append(name) }
  }

  mutating func remove(_ name: String) -> Bool {
    guard values.removeValue(forKey: name) != nil else { return false }
    names.removeAll { $0 == name }
    return true
  }

  var count: Int { names.count }
  var items: [(name: String, value: Value)] {
    names.compactMap { name in values[name].map { (name, $0) } }
  }
}

/// What `nn.Module.__init__` makes.
final class ModuleState {
  /// The call of a library class's `__init__`, and where its arguments stand.
  struct Construction {
    var range: SourceRange
    var arguments: [String: SourceRange]
  }

  /// A nil value is one that was registered as None.
  var parameters = OrderedTable<TracedTensor?>()
  var buffers = OrderedTable<TracedTensor?>()
  var modules = OrderedTable<PythonInstance?>()
  /// Buffers that are no part of the state dict.
  var transient: Set<String> = []
  var construction: Construction?
  /// The call that made the instance.
  var constructionRange: SourceRange?
  /// Where it stands in the network being traced.
  var path = ""
  var isApplied = false
  /// The extents of what it yielded last.
  var outputShape: [Int] = []

  func value(_ name: String) -> PythonValue? {
    if let parameter = parameters[name] { return parameter.map { .tensor($0) } ?? PythonValue.none }
    if let module = modules[name] { return module.map { .instance($0) } ?? PythonValue.none }
    if let buffer = buffers[name] { return buffer.map { .tensor($0) } ?? PythonValue.none }
    return nil
  }

  func remove(_ name: String) -> Bool {
    parameters.remove(name) || modules.remove(name) || buffers.remove(name)
  }

  var names: [String] { parameters.names + buffers.names + modules.names }

  func clear() {
    parameters = OrderedTable()
    buffers = OrderedTable()
    modules = OrderedTable()
  }
}

extension Interpreter {
  /// What `nn.Module.__init__` does.
  func initializeModule(_ instance: PythonInstance) {
    guard instance.module == nil else { return }
    instance.module = ModuleState()
    instance.set("training", .bool(true))
  }

  /// What `__init__` of the library's modules does first: the constructor's arguments become attributes, and
  /// where they stand is kept for diagnostics.
  func beginModule(_ instance: PythonInstance, _ call: NativeCall) {
    initializeModule(instance)
    var ranges: [String: SourceRange] = [:]
    for (index, parameter) in call.function.signature.parameters.enumerated() {
      ranges[parameter.name] = call.ranges[index]
      if !["self", "device", "dtype", "bias"].contains(parameter.name) {
        instance.set(parameter.name, call.values[index])
      }
    }
    if let site = call.site {
      instance.module?.construction = ModuleState.Construction(range: site.range, arguments: ranges)
    }
  }

  /// `module.name = value` by PyTorch's rules.
  func setModuleAttribute(
    _ name: String, of instance: PythonInstance, _ value: PythonValue
  ) throws(Interruption) {
    func state(_ what: String) throws(Interruption) -> ModuleState {
      guard let state = instance.module else {
        throw raise(
          .attributeError, "cannot assign \(what) before Module.__init__() call",
          hint: "begin __init__ with super().__init__()")
      }
      return state
    }
    if case .tensor(let tensor) = value, tensor.isParameter {
      let state = try state("parameters")
      forget(name, instance)
      state.parameters.set(name, tensor)
      return
    }
    if case .instance(let child) = value, child.type.isModule {
      let state = try state("module")
      if state.modules[name] == nil { forget(name, instance) }
      state.modules.set(name, child)
      return
    }
    if let state = instance.module {
      if state.parameters[name] != nil {
        guard isNone(value) else {
          throw raise(
            .typeError,
            "cannot assign '\(typeName(value))' as parameter '\(name)' (torch.nn.Parameter or None expected)")
        }
        state.parameters.set(name, nil)
        return
      }
      if state.modules[name] != nil {
        guard isNone(value) else {
          throw raise(
            .typeError,
            "cannot assign '\(typeName(value))' as child module '\(name)' (torch.nn.Module or None expected)")
        }
        state.modules.set(name, nil)
        return
      }
      if state.buffers[name] != nil {
        if case .tensor(let tensor) = value {
          state.buffers.set(name, tensor)
        } else if isNone(value) {
          state.buffers.set(name, nil)
        } else {
          throw raise(
            .typeError,
            "cannot assign '\(typeName(value))' as buffer '\(name)' (torch.Tensor or None expected)")
        }
        return
      }
    }
    instance.set(name, value)
  }

  private func forget(_ name: String, _ instance: PythonInstance) {
    if instance.attributes.removeValue(forKey: name) != nil {
      instance.attributeOrder.removeAll { $0 == name }
    }
    _ = instance.module?.remove(name)
  }

  // MARK: Walking

  /// A module and all below it with their paths, each once, in PyTorch's order.
  func namedModules(
    _ root: PythonInstance, prefix: String = ""
  ) throws(Interruption) -> [(path: String, module: PythonInstance)] {
    var seen: Set<ObjectIdentifier> = []
    var result: [(path: String, module: PythonInstance)] = []
    try collectModules(root, prefix, &seen, &result)
    return result
  }

  private func collectModules(
    _ module: PythonInstance, _ path: String, _ seen: inout Set<ObjectIdentifier>,
    _ result: inout [(path: String, module: PythonInstance)]
  ) throws(Interruption) {
    guard seen.insert(ObjectIdentifier(module)).inserted else { return }
    try enter()
    defer { leave() }
    try reserve(1 + path.utf8.count >> 3)
    result.append((path, module))
    for case (let name, let child?) in module.module?.modules.items ?? [] {
      try collectModules(child, path.isEmpty ? name : "\(path).\(name)", &seen, &result)
    }
  }

  /// All parameters below a module with their names, each once, in PyTorch's order.
  func namedParameters(
    _ root: PythonInstance
  ) throws(Interruption) -> [(name: String, tensor: TracedTensor)] {
    var seen: Set<ObjectIdentifier> = []
    var result: [(name: String, tensor: TracedTensor)] = []
    for (path, module) in try namedModules(root) {
      for case (let name, let tensor?) in module.module?.parameters.items ?? []
      where seen.insert(ObjectIdentifier(tensor)).inserted {
        result.append((path.isEmpty ? name : "\(path).\(name)", tensor))
      }
    }
    try spend(result.count)
    return result
  }

  /// All buffers of the state dict below a module with their names, each once, in PyTorch's order.
  func namedBuffers(
    _ root: PythonInstance
  ) throws(Interruption) -> [(name: String, tensor: TracedTensor)] {
    var seen: Set<ObjectIdentifier> = []
    var result: [(name: String, tensor: TracedTensor)] = []
    for (path, module) in try namedModules(root) {
      guard let state = module.module else { continue }
      for case (let name, let tensor?) in state.buffers.items
      where !state.transient.contains(name) && seen.insert(ObjectIdentifier(tensor)).inserted {
        result.append((path.isEmpty ? name : "\(path).\(name)", tensor))
      }
    }
    try spend(result.count)
    return result
  }

  // MARK: Running

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
    let result = try call(forward, arguments)
    if tracer.isTracing {
      state.isApplied = true
      if case .tensor(let tensor) = result { state.outputShape = tensor.shape }
    }
    return result
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
    let hint = "\(described(instance)) was built with \(argument)=\(builtFor), and \(reached) reach it"
    guard let construction = instance.module?.construction else {
      return raise(.runtimeError, message, hint: hint, identifier: "torch.shape")
    }
    let mismatch = ShapeMismatch(
      modulePath: instance.module?.path ?? "", moduleType: instance.type.name, argumentName: argument,
      argumentRange: construction.arguments[argument], constructionRange: construction.range,
      constructedWith: builtFor, required: reached,
      constructionCount: constructionCounts[construction.range] ?? 1)
    return raise(.runtimeError, message, hint: hint, identifier: "torch.shape", mismatch: mismatch)
  }
}
