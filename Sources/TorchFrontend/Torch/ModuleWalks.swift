import NetworkGraph

extension Interpreter {
  /// The modules right below a module with their names, each once.
  func children(of module: PythonInstance) -> [(name: String, module: PythonInstance)] {
    var seen: Set<ObjectIdentifier> = []
    return (module.module?.modules.items ?? []).compactMap { name, child in
      guard let child, seen.insert(ObjectIdentifier(child)).inserted else { return nil }
      return (name, child)
    }
  }

  /// A module and all below it with their paths, in PyTorch's order, each once unless duplicates are wanted.
  func namedModules(
    _ root: PythonInstance, prefix: String = "", keepsDuplicates: Bool = false
  ) throws(Interruption) -> [(path: String, module: PythonInstance)] {
    var seen: Set<ObjectIdentifier>? = keepsDuplicates ? nil : []
    var result: [(path: String, module: PythonInstance)] = []
    try collectModules(root, prefix, &seen, &result)
    return result
  }

  private func collectModules(
    _ module: PythonInstance, _ path: String, _ seen: inout Set<ObjectIdentifier>?,
    _ result: inout [(path: String, module: PythonInstance)]
  ) throws(Interruption) {
    if seen?.insert(ObjectIdentifier(module)).inserted == false { return }
    try enter()
    defer { leave() }
    try reserve(1 + path.utf8.count >> 3)
    result.append((path, module))
    for case (let name, let child?) in module.module?.modules.items ?? [] {
      try collectModules(child, path.isEmpty ? name : "\(path).\(name)", &seen, &result)
    }
  }

  /// All parameters below a module with their names, in PyTorch's order, each once unless duplicates are wanted.
  func namedParameters(
    _ root: PythonInstance, prefix: String = "", recurses: Bool = true, keepsDuplicates: Bool = false
  ) throws(Interruption) -> [(name: String, tensor: TracedTensor)] {
    try namedTensors(root, prefix, recurses: recurses, keepsDuplicates: keepsDuplicates) {
      $0.parameters.items
    }
  }

  /// All buffers of the state dict below a module with their names, in PyTorch's order, each once.
  func namedBuffers(_ root: PythonInstance) throws(Interruption) -> [(name: String, tensor: TracedTensor)] {
    try namedTensors(root, "", recurses: true, keepsDuplicates: false) { $0.persistentBuffers }
  }

  /// Tensors of the modules below a module; `items` says which of each.
  func namedTensors(
    _ root: PythonInstance, _ prefix: String, recurses: Bool, keepsDuplicates: Bool,
    _ items: (ModuleState) -> [(name: String, value: TracedTensor?)]
  ) throws(Interruption) -> [(name: String, tensor: TracedTensor)] {
    let modules =
      try recurses
      ? namedModules(root, prefix: prefix, keepsDuplicates: keepsDuplicates) : [(path: prefix, module: root)]
    return try namedTensors(in: modules, keepsDuplicates: keepsDuplicates, items)
  }

  /// Tensors of modules; `items` says which of each.
  func namedTensors(
    in modules: [(path: String, module: PythonInstance)], keepsDuplicates: Bool = false,
    _ items: (ModuleState) -> [(name: String, value: TracedTensor?)]
  ) throws(Interruption) -> [(name: String, tensor: TracedTensor)] {
    var seen: Set<ObjectIdentifier> = []
    var result: [(name: String, tensor: TracedTensor)] = []
    for (path, module) in modules {
      guard let state = module.module else { continue }
      for (name, tensor) in items(state) {
        guard let tensor, keepsDuplicates || seen.insert(ObjectIdentifier(tensor)).inserted else { continue }
        result.append((path.isEmpty ? name : "\(path).\(name)", tensor))
      }
    }
    try spend(result.count)
    return result
  }

  /// The state dict's tensors with their names, in its order; what is shared occurs under all its names.
  func namedState(
    _ root: PythonInstance, prefix: String = ""
  ) throws(Interruption) -> [(name: String, tensor: TracedTensor)] {
    try namedTensors(root, prefix, recurses: true, keepsDuplicates: true) {
      $0.parameters.items + $0.persistentBuffers
    }
  }

  /// `module.apply(function)`: the children first.
  func applyToAll(_ function: PythonValue, _ module: PythonInstance) throws(Interruption) {
    try enter()
    defer { leave() }
    for (_, child) in children(of: module) { try applyToAll(function, child) }
    _ = try call(function, Arguments([.instance(module)]))
  }

  /// `module.train(mode)`, with what the source made of `train` in classes of its own.
  func setTraining(_ isTraining: Bool, _ module: PythonInstance) throws(Interruption) {
    module.set("training", .bool(isTraining))
    for (_, child) in children(of: module) {
      try spend(1)
      if hasOwnTraining(child) {
        _ = try call(try attribute("train", of: .instance(child)), Arguments([.bool(isTraining)]))
      } else {
        try enter()
        defer { leave() }
        try setTraining(isTraining, child)
      }
    }
  }

  /// Whether `train` is something else than `nn.Module`'s.
  private func hasOwnTraining(_ module: PythonInstance) -> Bool {
    guard module.attributes["train"] == nil, module.module?.value("train") == nil,
      case .native(let method)? = classMember("train", of: module.type)
    else { return true }
    return method.name != "Module.train"
  }

  /// The module at a dotted path below a module.
  func submodule(_ path: String, of root: PythonInstance) throws(Interruption) -> PythonInstance {
    var module = root
    for name in path.split(separator: ".", omittingEmptySubsequences: !path.contains("..")) {
      guard let value = try findAttribute(String(name), of: .instance(module)) else {
        throw raise(.attributeError, "\(module.type.name) has no attribute `\(name)`")
      }
      guard case .instance(let child) = value, child.type.isModule else {
        throw raise(.attributeError, "`\(name)` is not an nn.Module")
      }
      module = child
    }
    return module
  }

  /// The module and the name at the end of a dotted path.
  func owner(of path: String, below root: PythonInstance) throws(Interruption) -> (PythonInstance, String) {
    guard let dot = path.lastIndex(of: ".") else { return (root, path) }
    return (try submodule(String(path[..<dot]), of: root), String(path[path.index(after: dot)...]))
  }

  // MARK: Loading

  /// `module.load_state_dict(…)`: the elements of tensors by name.
  func load(
    _ items: [(key: PythonValue, value: PythonValue)], into module: PythonInstance, isStrict: Bool
  ) throws(Interruption) -> PythonValue {
    var given: [String: PythonValue] = [:]
    var order: [String] = []
    for (key, value) in items {
      guard case .string(let name) = key else { continue }
      given[name] = value
      order.append(name)
    }
    var errors: [String] = []
    var missing: [String] = []
    for (name, target) in try namedState(module) {
      guard let value = given.removeValue(forKey: name) else {
        missing.append(name)
        continue
      }
      guard case .tensor(let source) = value else {
        errors.append(
          "While copying the parameter named \"\(name)\", expected torch.Tensor or Tensor-like object from "
            + "checkpoint but received \(typeName(value))")
        continue
      }
      guard source.shape == target.shape else {
        errors.append(
          "size mismatch for \(name): copying a param with shape torch.Size(\(source.shape)) from checkpoint, the "
            + "shape in current model is torch.Size(\(target.shape)).")
        continue
      }
      shareDraws(source)
      try withoutGradients { () throws(Interruption) in try copy(source, into: target) }
    }
    // Counts of batches are no part of our modules.
    let unexpected = order.filter { given[$0] != nil && !$0.hasSuffix("num_batches_tracked") }
    if isStrict {
      func quoted(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }
      if !unexpected.isEmpty {
        errors.insert("Unexpected key(s) in state_dict: \(quoted(unexpected)). ", at: 0)
      }
      if !missing.isEmpty { errors.insert("Missing key(s) in state_dict: \(quoted(missing)). ", at: 0) }
    }
    guard errors.isEmpty else {
      throw raise(
        .runtimeError,
        "Error(s) in loading state_dict for \(module.type.name):\n\t" + errors.joined(separator: "\n\t"))
    }
    let type = nativeClass("torch.nn._IncompatibleKeys")
    type.fields = ["missing_keys", "unexpected_keys"]
    return try tuple(
      [try list(missing.map { .string($0) }), try list(unexpected.map { .string($0) })], .named(type))
  }

  /// Does something within `no_grad()`.
  func withoutGradients<Result>(
    _ body: () throws(Interruption) -> Result
  ) throws(Interruption) -> Result {
    let isRecording = tracer.isRecordingGradients
    tracer.isRecordingGradients = false
    defer { tracer.isRecordingGradients = isRecording }
    return try body()
  }

  /// Says that what is copied from a tensor begins with the same random values, not with others of the distribution.
  func shareDraws(_ tensor: TracedTensor) {
    guard case .random(let initializer) = tensor.cell.content else { return }
    if case .drawn = initializer { return }
    sharedDraws += 1
    tensor.cell.settle(.random(.drawn(initializer, stream: "shared \(sharedDraws)")))
  }
}
