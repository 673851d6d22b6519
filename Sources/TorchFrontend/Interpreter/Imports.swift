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
    }
  }

  /// What a qualified name stands for: an entry, a module, or something we know nothing of.
  func resolve(_ qualifiedName: String) -> PythonValue {
    if let entry = library.entry(qualifiedName) { return value(of: entry) }
    let original = library.aliases[qualifiedName] ?? qualifiedName
    if library.namespaces.contains(original) { return .namespace(heap.adopt(Namespace(original))) }
    return .opaque(qualifiedName)
  }

  func runImport(_ names: [ImportedName], _ scope: Scope) throws(Interruption) {
    for imported in names {
      currentRange = imported.range
      if let alias = imported.alias {
        bind(alias, resolve(imported.name), scope)
      } else {
        // `import a.b` binds `a`.
        let root = String(imported.name.prefix { $0 != "." })
        bind(root, resolve(root), scope)
      }
    }
  }

  func runImport(
    from module: String, _ names: [ImportedName], level: Int, _ scope: Scope
  ) throws(Interruption) {
    if module == "__future__" { return }
    let source = level > 0 ? String(repeating: ".", count: level) + module : resolvedName(module)
    guard !names.isEmpty else {
      for name in library.names(in: source) { bind(name, resolve(source + "." + name), scope) }
      if !library.namespaces.contains(source) {
        note("python.import", "the names of \(source) are unknown", severity: .warning)
      }
      return
    }
    for imported in names {
      currentRange = imported.range
      let value = resolve(source + "." + imported.name)
      if case .opaque = value, library.complete.contains(source) {
        throw raise(
          .importError, "cannot import name '\(imported.name)' from '\(source)'",
          hint: suggestion(for: imported.name, among: library.names(in: source)))
      }
      bind(imported.alias ?? imported.name, value, scope)
    }
  }

  private func resolvedName(_ module: String) -> String { library.aliases[module] ?? module }

  /// The attribute of a module.
  func attribute(_ name: String, ofNamespace namespace: Namespace) throws(Interruption) -> PythonValue {
    if let value = namespace.members[name] { return value }
    let value = resolve(namespace.name + "." + name)
    if case .opaque = value, library.complete.contains(namespace.name) {
      throw raise(
        .attributeError, "module '\(namespace.name)' has no attribute '\(name)'",
        hint: suggestion(for: name, among: library.names(in: namespace.name)))
    }
    namespace.members[name] = value
    return value
  }
}
