import PythonSyntax

extension Interpreter {
  /// What a library entry is as a value.
  func value(of entry: Library.Entry) -> PythonValue {
    switch entry {
    case .function(let function): .native(function)
    case .class(let native): .type(nativeClass(native.qualifiedName))
    case .int(let value): .int(value)
    case .float(let value): .float(value)
    case .string(let value): .string(value)
    case .bool(let value): .bool(value)
    case .dataType(let type): .dataType(type)
    case .none: .none
    case .notImplemented: .notImplemented
    case .ellipsis: .ellipsis
    }
  }

  /// What a qualified name stands for: an entry, a module, or something we know nothing of.
  func resolve(_ qualifiedName: String) -> PythonValue {
    if let entry = library.entry(qualifiedName) { return value(of: entry) }
    let original = library.aliases[qualifiedName] ?? qualifiedName
    if library.namespaces.contains(original) || library.preludes[original] != nil {
      return .namespace(heap.adopt(Namespace(original)))
    }
    return .opaque(qualifiedName)
  }

  func runImport(_ names: [ImportedName], _ scope: Scope) throws(Interruption) {
    for imported in names {
      currentRange = imported.range
      // `import a.b` binds `a`.
      let root = String(imported.name.prefix { $0 != "." })
      let value = try resolveModule(imported.alias == nil ? root : imported.name)
      let name = imported.alias ?? root
      if case .opaque(let module) = value { try meetUnknown(module, as: name) }
      bind(name, value, scope)
    }
  }

  func runImport(
    from module: String, _ names: [ImportedName], level: Int, _ scope: Scope
  ) throws(Interruption) {
    if module == "__future__" { return }
    let place = currentRange
    let source =
      level > 0 ? try relativeModule(module, names) : resolvedName(module)
    guard !names.isEmpty else {
      for name in try exports(of: source) where !name.hasPrefix("_") {
        bind(name, try resolveMember(name, of: source), scope)
      }
      if !isKnown(source) {
        if level == 0, guardedImports > 0 {
          throw raise(.moduleNotFoundError, "No module named '\(source)'")
        }
        unknownStars.append(source)
        note("python.import", "the names of \(source) are unknown", severity: .warning)
      }
      return
    }
    for imported in names {
      currentRange = imported.range
      let value = try resolveMember(imported.name, of: source)
      let name = imported.alias ?? imported.name
      if case .opaque(let unknown) = value {
        if library.complete.contains(source) {
          throw raise(
            .importError, "cannot import name '\(imported.name)' from '\(source)'",
            hint: suggestion(for: imported.name, among: library.names(in: source)))
        }
        currentRange = place
        try meetUnknown(unknown, as: name)
      }
      bind(name, value, scope)
    }
  }

  /// Remembers where something unknown was imported; where the source allows for its absence, it is absent.
  private func meetUnknown(_ module: String, as name: String) throws(Interruption) {
    let root = String(module.prefix { $0 != "." })
    if guardedImports > 0, !module.hasPrefix("."), !library.namespaces.contains(root) {
      throw raise(.moduleNotFoundError, "No module named '\(root)'")
    }
    guard unknownImports.count < 10_000 else { return }
    if let currentRange {
      unknownImports[name] = currentRange
      if module.hasPrefix(".") { unknownImports[module] = currentRange }
      unknownImports[root] = unknownImports[root] ?? currentRange
    }
  }

  /// Whether we have a module of that name.
  private func isKnown(_ module: String) -> Bool {
    library.namespaces.contains(module) || library.preludes[module] != nil
  }

  /// The public names of a module.
  private func exports(of module: String) throws(Interruption) -> [String] {
    var names = Set(library.names(in: module))
    if let prelude = try prelude(module) { names.formUnion(prelude.variables.keys) }
    return names.sorted()
  }

  private func resolveModule(_ name: String) throws(Interruption) -> PythonValue {
    let name = resolvedName(name)
    if library.preludes[name] != nil { return .namespace(heap.adopt(Namespace(name))) }
    return resolve(name)
  }

  /// What a module has under a name.
  private func resolveMember(_ name: String, of module: String) throws(Interruption) -> PythonValue {
    if let prelude = try prelude(module), let value = prelude.variables[name] { return value }
    let qualified = module + "." + name
    if library.preludes[qualified] != nil { return .namespace(heap.adopt(Namespace(qualified))) }
    // Another name of something in a module that is written in Python.
    if let original = library.aliases[qualified], let dot = original.lastIndex(of: "."),
      library.preludes[original] == nil, library.preludes[String(original[..<dot])] != nil
    {
      return try resolveMember(
        String(original[original.index(after: dot)...]), of: String(original[..<dot]))
    }
    return resolve(qualified)
  }

  /// The library's module that a relative import stands for, by the end of its path.
  ///
  /// `from ..ops.misc import Conv2dNormActivation` is what torchvision's own files say.
  private func relativeModule(
    _ module: String, _ names: [ImportedName]
  ) throws(Interruption) -> String {
    for root in ["torchvision", "torchvision.models", "timm", "timm.models", "timm.layers"] {
      let candidate = module.isEmpty ? root : "\(root).\(module)"
      guard isKnown(candidate) || library.aliases[candidate] != nil else { continue }
      for imported in names {
        if case .opaque = try resolveMember(imported.name, of: resolvedName(candidate)) { continue }
        return resolvedName(candidate)
      }
    }
    return "." + module
  }

  private func resolvedName(_ module: String) -> String {
    guard let original = library.aliases[module] else { return module }
    // `torchvision.models.googlenet` is a function, and a module beside it.
    let home = String(original[..<(original.lastIndex(of: ".") ?? original.startIndex)])
    return !isKnown(original) && library.preludes[home] != nil ? home : original
  }

  /// The attribute of a module.
  func attribute(_ name: String, ofNamespace namespace: Namespace) throws(Interruption) -> PythonValue {
    if let value = namespace.members[name] { return value }
    let value = try resolveMember(name, of: namespace.name)
    if case .opaque = value, library.complete.contains(namespace.name) {
      throw raise(
        .attributeError, "module '\(namespace.name)' has no attribute '\(name)'",
        hint: suggestion(for: name, among: library.names(in: namespace.name)))
    }
    namespace.members[name] = value
    return value
  }
}
