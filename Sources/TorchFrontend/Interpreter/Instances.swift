import PythonSyntax

extension Interpreter {
  /// Makes an instance of a class.
  func instantiate(_ type: PythonClass, _ arguments: Arguments) throws(Interruption) -> PythonValue {
    if let native = type.native {
      if let construct = native.construct { return try call(construct, arguments) }
      return try make(type, arguments)
    }
    for candidate in type.metaclass?.resolutionOrder ?? [] where candidate.native == nil {
      if let method = candidate.members["__call__"] {
        return try call(method, arguments.prepending(.type(type)))
      }
    }
    return try make(type, arguments)
  }

  /// What `type.__call__` does: `__new__`, then `__init__`.
  func make(_ type: PythonClass, _ arguments: Arguments) throws(Interruption) -> PythonValue {
    if let name = type.abstractNames.first {
      let list = type.abstractNames.map { "'\($0)'" }.joined(separator: ", ")
      throw raise(
        .typeError,
        "Can't instantiate abstract class \(type.name) without an implementation for abstract method"
          + "\(type.abstractNames.count == 1 ? " '\(name)'" : "s \(list)")")
    }
    if type.isEnumeration { return try enumerationMember(of: type, arguments) }
    let instance: PythonInstance
    if let constructor = type.constructor {
      let value = try call(constructor, arguments.prepending(.type(type)))
      guard case .instance(let made) = value, made.type.isSubclass(of: type) else { return value }
      instance = made
    } else if type.isNamedTuple {
      return try makeNamedTuple(type, arguments)
    } else {
      instance = try newInstance(of: type, arguments)
    }
    guard let initializer = classMember("__init__", of: type) else { return .instance(instance) }
    _ = try call(initializer, arguments.prepending(.instance(instance)))
    instance.module?.constructionRange = preludeSite ?? arguments.site?.range
    return .instance(instance)
  }

  /// What `__new__` of the library's classes makes.
  func newInstance(of type: PythonClass, _ arguments: Arguments) throws(Interruption) -> PythonInstance {
    let instance = try instance(of: type)
    if type.isSubclass(ofNative: "builtins.BaseException") {
      instance.exceptionArguments = arguments.positional
    } else if let extended = type.extended, let construct = extended.construct {
      // Containers are filled by `__init__`, the others are what `__new__` makes them.
      let isContainer = classMember("__init__", of: nativeClass(extended.qualifiedName))
        .map { if case .native(let function) = $0 { function.name == "container.__init__" } else { false } }
      instance.payload = try call(construct, isContainer ?? false ? Arguments() : arguments)
    }
    return instance
  }

  /// What a value is behind an instance of a class derived from a built-in type.
  func plain(_ value: PythonValue) -> PythonValue {
    if case .instance(let instance) = value, let payload = instance.payload { return payload }
    return value
  }

  // MARK: What we know nothing of

  /// Calls something unknown.
  ///
  /// What it does cannot matter where it is given neither tensors nor modules; what it gives is as unknown. A name
  /// of PyTorch's is refused at once.
  func callUnknown(_ name: String, _ arguments: Arguments) throws(Interruption) -> PythonValue {
    let root = String(name.prefix { $0 != "." })
    guard !library.namespaces.contains(root), callDepth == 0 || !holdsNetwork(arguments) else {
      throw unknown(name)
    }
    if callDepth > 0 { note("python.unknown", "the call of \(name) is not carried out", severity: .warning) }
    try reserve(name.utf8.count >> 3 + 1)
    return .opaque(name)
  }

  private func holdsNetwork(_ arguments: Arguments) -> Bool {
    func holds(_ value: PythonValue) -> Bool {
      switch value {
      case .tensor: true
      case .instance(let instance): instance.type.isModule
      case .list(let list): list.elements.prefix(64).contains(where: isNetwork)
      case .tuple(let tuple): tuple.elements.prefix(64).contains(where: isNetwork)
      case .iterator: true
      default: false
      }
    }
    return arguments.positional.contains(where: holds) || arguments.keywords.contains { holds($0.value) }
  }

  private func isNetwork(_ value: PythonValue) -> Bool {
    switch value {
    case .tensor: true
    case .instance(let instance): instance.type.isModule
    default: false
    }
  }

  /// The refusal of something that the network needs and we know nothing of.
  func unknown(_ name: String) -> Interruption {
    let root = String(name.prefix { $0 != "." })
    var hint = opaqueHint(name)
    if hint == nil, let range = unknownImports[name.hasPrefix(".") ? name : root] {
      if name.hasPrefix(".") {
        hint = "line \(line(of: range)) imports it from a file that is not at hand"
      } else if !library.namespaces.contains(root) {
        hint = "line \(line(of: range)) imports \(root), which is not part of PyTorch"
      }
    }
    return unsupported("\(name) is not supported", hint: hint)
  }

  /// The line on which a place of the source stands.
  private func line(of range: SourceRange) -> Int {
    source.utf8.prefix(range.lower).count { $0 == UInt8(ascii: "\n") } + 1
  }

  /// What might have been meant by a name that we know nothing of.
  func opaqueHint(_ name: String) -> String? {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let module = String(name[..<dot])
    return closest(to: String(name[name.index(after: dot)...]), in: library.names(in: module))
      .map { "did you mean '\(module).\($0)'?" }
  }
}
