import PythonSyntax

extension Interpreter {
  /// Evaluates a call expression.
  func evaluateCall(
    _ callee: Expression, _ written: [Argument], _ range: SourceRange, _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    if case .name("super") = callee.kind, scope.variables["super"] == nil {
      return try evaluateSuper(written, range, scope)
    }
    if written.isEmpty, case .name(let name) = callee.kind, scope.variables[name] == nil,
      let value = try callOfScope(name, scope)
    {
      return value
    }
    if case .attribute(_, "save_hyperparameters", _) = callee.kind { try saveHyperparameters(scope) }
    let function = try evaluate(callee, scope)
    var arguments = Arguments(site: preludeSite == nil ? CallSite(range: range, arguments: written) : nil)
    arguments.positional.reserveCapacity(written.count)
    for argument in written {
      let value = try evaluate(argument.value, scope)
      switch argument.kind {
      case .positional: arguments.positional.append(value)
      case .keyword(let name): try add(name, value, to: &arguments, argument.range)
      case .unpackedPositional:
        currentRange = argument.range
        let more = try elements(of: value)
        try reserve(more.count)
        arguments.positional += more
      case .unpackedKeyword:
        currentRange = argument.range
        for (key, item) in try mappingItems(value) {
          guard case .string(let name) = key else { throw raise(.typeError, "keywords must be strings") }
          try add(name, item, to: &arguments, argument.range)
        }
      }
    }
    currentRange = range
    return try call(function, arguments)
  }

  private func add(
    _ name: String, _ value: PythonValue, to arguments: inout Arguments, _ range: SourceRange
  ) throws(Interruption) {
    if arguments.keywords.contains(where: { $0.name == name }) {
      currentRange = range
      throw raise(.typeError, "got multiple values for keyword argument '\(name)'")
    }
    try spend(arguments.keywords.count >> 3)
    arguments.keywords.append((name, value))
  }

  /// Calls a value.
  func call(_ callee: PythonValue, _ arguments: Arguments) throws(Interruption) -> PythonValue {
    try enter()
    defer { leave() }
    switch callee {
    case .native(let function): return try call(function, arguments)
    case .function(let function): return try call(function, arguments)
    case .method(let method):
      return try call(method.function, arguments.prepending(method.receiver))
    case .type(let type): return try instantiate(type, arguments)
    case .partial(let partial):
      var all = arguments
      all.site = nil
      all.positional = partial.positional + arguments.positional
      all.keywords = partial.keywords.filter { keyword in
        !arguments.keywords.contains { $0.name == keyword.name }
      }
      all.keywords += arguments.keywords
      return try call(partial.function, all)
    case .instance(let instance):
      guard let method = classMember("__call__", of: instance.type) else {
        throw raise(.typeError, "'\(instance.type.name)' object is not callable")
      }
      return try call(method, arguments.prepending(callee))
    case .opaque(let name): return try callUnknown(name, arguments)
    case .descriptor(let descriptor) where descriptor.kind == .staticMethod:
      return try call(descriptor.getter, arguments)
    default: throw raise(.typeError, "'\(typeName(callee))' object is not callable")
    }
  }

  // MARK: The source's functions

  private func call(_ function: PythonFunction, _ arguments: Arguments) throws(Interruption) -> PythonValue {
    guard callDepth < limits.recursionDepth else {
      throw exhausted("maximum recursion depth exceeded", "limit.recursion")
    }
    let place = currentRange
    let site = preludeSite
    preludeSite = function.scope?.module === globals ? nil : site ?? place
    defer { preludeSite = site }
    let scope = Scope(
      .function, variables: try bind(function, arguments), parent: function.scope.flatMap(Self.visible),
      locals: function.locals, owner: function.owner, module: function.scope?.module)
    scope.receiver = arguments.positional.first
    callDepth += 1
    defer { callDepth -= 1 }
    let isRecording = tracer.isRecordingGradients
    var hasMode = false
    if !function.attributes.isEmpty, case .bool(let mode)? = function.attributes[Self.gradientMode] {
      tracer.isRecordingGradients = mode
      hasMode = true
    }
    defer { if hasMode { tracer.isRecordingGradients = isRecording } }
    switch function.body {
    case .expression(let expression):
      let value = try evaluate(expression, scope)
      currentRange = place
      return value
    case .statements(let statements):
      if function.isAsync { throw unsupported("asynchronous code is not supported") }
      if function.isGenerator {
        try reserve(16)
        return try iterator(.generator(heap.adopt(Generator(statements, scope))))
      }
      let flow = try run(statements, scope)
      currentRange = place
      if case .return(let value) = flow { return value }
      return .none
    }
  }

  private static func visible(_ scope: Scope) -> Scope? { scope.kind == .module ? nil : scope }

  /// The names of a call's parameters with their values.
  private func bind(
    _ function: PythonFunction, _ arguments: Arguments
  ) throws(Interruption) -> [String: PythonValue] {
    let parameters = function.parameters.parameters
    var bound: [String: PythonValue] = [:]
    bound.reserveCapacity(parameters.count + 4)
    var position = 0
    var keywords = arguments.keywords
    var missing: [String] = []
    let positionalCount = parameters.count { $0.kind == .positionalOnly || $0.kind == .positionalOrKeyword }
    let isVariadic = parameters.contains { $0.kind == .variadicPositional }
    if !isVariadic, arguments.positional.count > positionalCount {
      let required = zip(parameters, function.defaults).count {
        $0.1 == nil && ($0.0.kind == .positionalOnly || $0.0.kind == .positionalOrKeyword)
      }
      let range =
        required == positionalCount ? "\(positionalCount)" : "from \(required) to \(positionalCount)"
      throw raise(
        .typeError,
        "\(qualifiedName(function))() takes \(range) positional argument\(positionalCount == 1 ? "" : "s") but "
          + "\(arguments.positional.count) \(arguments.positional.count == 1 ? "was" : "were") given")
    }
    for (index, parameter) in parameters.enumerated() {
      let place = keywords.firstIndex { $0.name == parameter.name }
      switch parameter.kind {
      case .positionalOnly, .positionalOrKeyword:
        if position < arguments.positional.count {
          if place != nil, parameter.kind == .positionalOrKeyword {
            throw raise(
              .typeError,
              "\(qualifiedName(function))() got multiple values for argument '\(parameter.name)'")
          }
          bound[parameter.name] = arguments.positional[position]
          position += 1
        } else if let place, parameter.kind == .positionalOrKeyword {
          bound[parameter.name] = keywords.remove(at: place).value
        } else if let value = index < function.defaults.count ? function.defaults[index] : nil {
          bound[parameter.name] = value
        } else {
          missing.append(parameter.name)
        }
      case .keywordOnly:
        if let place {
          bound[parameter.name] = keywords.remove(at: place).value
        } else if let value = index < function.defaults.count ? function.defaults[index] : nil {
          bound[parameter.name] = value
        } else {
          missing.append(parameter.name)
        }
      case .variadicPositional:
        bound[parameter.name] = try tuple(Array(arguments.positional.dropFirst(position)))
        position = arguments.positional.count
      case .variadicKeyword:
        let rest = try dictionary()
        for (name, value) in keywords { rest.set(.string(name), .string(name), value) }
        bound[parameter.name] = .dict(rest)
        keywords = []
      }
    }
    if let unexpected = keywords.first {
      throw raise(
        .typeError, "\(qualifiedName(function))() got an unexpected keyword argument '\(unexpected.name)'",
        hint: suggestion(for: unexpected.name, among: parameters.map(\.name)))
    }
    if !missing.isEmpty { throw missingArguments(missing, of: qualifiedName(function)) }
    return bound
  }

  func missingArguments(_ names: [String], of function: String) -> Interruption {
    let quoted = names.map { "'\($0)'" }
    var list = quoted.joined()
    if quoted.count > 1, let last = quoted.last {
      let comma = quoted.count > 2 ? "," : ""
      list = "\(quoted.dropLast().joined(separator: ", "))\(comma) and \(last)"
    }
    return raise(
      .typeError,
      "\(function)() missing \(names.count) required positional argument\(names.count == 1 ? "" : "s"): \(list)"
    )
  }

  func qualifiedName(_ function: PythonFunction) -> String {
    function.owner.map { "\($0.name).\(function.name)" } ?? function.name
  }

  // MARK: super()

  private func evaluateSuper(
    _ written: [Argument], _ range: SourceRange, _ scope: Scope
  ) throws(Interruption) -> PythonValue {
    if written.isEmpty {
      var function: Scope? = scope
      while let candidate = function, candidate.kind != .function || candidate.owner == nil {
        function = candidate.parent
      }
      guard let owner = function?.owner, let receiver = function?.receiver else {
        currentRange = range
        throw raise(.runtimeError, "super(): no arguments")
      }
      try reserve(1)
      return .superclass(heap.adopt(SuperProxy(owner: owner, receiver: receiver)))
    }
    guard written.count == 2 else {
      currentRange = range
      throw raise(.typeError, "super() takes no arguments or a class and an instance")
    }
    let type = try evaluate(written[0].value, scope)
    let receiver = try evaluate(written[1].value, scope)
    currentRange = range
    guard case .type(let owner) = type else { throw raise(.typeError, "super() argument 1 must be a type") }
    let receiverType = classOf(receiver)
    var isFitting = receiverType.isSubclass(of: owner)
    if case .type(let itself) = receiver { isFitting = isFitting || itself.isSubclass(of: owner) }
    guard isFitting else {
      throw raise(.typeError, "super(type, obj): obj must be an instance or subtype of type")
    }
    try reserve(1)
    return .superclass(heap.adopt(SuperProxy(owner: owner, receiver: receiver)))
  }
}
