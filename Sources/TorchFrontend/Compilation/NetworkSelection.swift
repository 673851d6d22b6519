import PythonSyntax

/// How a network can be made.
struct NetworkCandidate {
  /// The class, function or variable.
  var name: String
  /// Where that is defined.
  var range: SourceRange?
  /// What is called, or the finished module.
  var value: PythonValue
  /// The arguments to try, in that order; empty for a finished module.
  var attempts: [Arguments]
}

/// Chooses the network among what a source defines.
///
/// The rule, where the caller does not decide it:
/// 1. Only `nn.Module` classes at the top level count that nothing else uses: no other of them, and no function or
///    variable that composes a network of several modules.
/// 2. They are looked at from the last to the first, those called `Net`, `Model` or the like before the others. One
///    is taken if its `forward` can do with as many arguments as there are inputs, and its constructor with what
///    `ConstructorArguments` knows.
/// 3. If the constructor wants more, then a function or variable at the top level that makes an instance of the
///    class is taken in its place, the first one defined, also within `if __name__ == "__main__"`; and if there is
///    none, the class before it is looked at.
/// 4. Where no class is left, the last variable that holds a module is taken, then the last function that builds
///    one; those with the name of a network before the others.
struct NetworkSelection {
  let interpreter: Interpreter
  let module: Module
  let options: CompilationOptions
  /// What the caller gives to the constructor.
  let given: Arguments

  /// The network that the call builds, where there is one; else the one that the rule finds.
  func candidate(calling call: Expression?) throws(Interruption) -> NetworkCandidate {
    guard let call else { return try candidate() }
    let value = try interpreter.evaluate(call, interpreter.globals)
    interpreter.currentRange = call.range
    switch value {
    case .instance(let instance) where instance.type.isModule:
      guard options.arguments == nil else {
        throw failure(
          "arguments are given for a network that the call has already built",
          hint: "write them into the call", identifier: "arguments.unused")
      }
      return NetworkCandidate(name: instance.type.name, range: call.range, value: value, attempts: [])
    case .type(let type) where type.isModule:
      guard let attempts = try attempts(for: type) else {
        throw failure(
          "the constructor of \(type.name) needs arguments that only its author knows",
          hint: "call it with them")
      }
      return NetworkCandidate(name: type.name, range: call.range, value: value, attempts: attempts)
    default:
      var hint: String?
      if case .function(let function) = value { hint = "call it: \(function.name)()" }
      throw interpreter.raise(
        .typeError, "the call gives a \(interpreter.typeName(value)), which is not an nn.Module", hint: hint,
        identifier: "call.value")
    }
  }

  private func candidate() throws(Interruption) -> NetworkCandidate {
    if let name = options.className { return try named(name) }
    let classes = moduleClasses()
    let uses = ModuleUses(module, classes: Set(classes.map(\.name)))
    var free = classes.filter { !uses.used.contains($0.name) }
    if free.isEmpty {
      if let whole = try composition() { return whole }
      free = classes
    }
    guard !free.isEmpty else {
      throw failure(
        "there is no class derived from nn.Module", hint: "define one: class Net(nn.Module): …")
    }
    free = free.filter { !Self.isNetworkName($0.name) } + free.filter { Self.isNetworkName($0.name) }
    var refusals: [String] = []
    for type in free.reversed() {
      guard takesInputs(type) else {
        let count = options.inputs.count == 1 ? "one argument" : "\(options.inputs.count) arguments"
        refusals.append("\(type.name).forward takes other than \(count)")
        continue
      }
      if let attempts = try attempts(for: type) {
        return NetworkCandidate(
          name: type.name, range: type.nameRange, value: .type(type), attempts: attempts)
      }
      if let other = try maker(of: type) { return other }
      refusals.append("the constructor of \(type.name) needs arguments that only its author knows")
    }
    if let whole = try composition() { return whole }
    interpreter.currentRange = free.last?.nameRange
    throw failure(
      "no class can be built: \(refusals.joined(separator: "; "))",
      hint: "give the constructor's parameters defaults, and forward one input")
  }

  /// Whether a class or variable is called as networks are.
  static func isNetworkName(_ name: String) -> Bool {
    [
      "net", "model", "network", "neuralnetwork", "neural_network", "cnn", "convnet", "classifier", "mynet",
      "mymodel", "my_model",
    ].contains(name.lowercased())
  }

  private func failure(
    _ message: String, hint: String, identifier: String = "torch.no-network"
  ) -> Interruption {
    .refused(
      Refusal(
        Diagnostic(.error, identifier, message, hint: hint, range: interpreter.currentRange),
        isExhaustion: false))
  }

  /// The candidate of that name.
  private func named(_ name: String) throws(Interruption) -> NetworkCandidate {
    interpreter.currentRange = nil
    guard let value = interpreter.globals.variables[name] else {
      let names = Array(interpreter.globals.variables.keys)
      throw failure(
        "the source defines no \(name)",
        hint: interpreter.suggestion(for: name, among: names)
          ?? "it defines \(moduleClasses().map(\.name).joined(separator: ", "))")
    }
    switch value {
    case .type(let type) where type.isModule:
      guard let attempts = try attempts(for: type) else {
        if let other = try maker(of: type) { return other }
        interpreter.currentRange = type.nameRange
        throw failure(
          "the constructor of \(name) needs arguments that only its author knows",
          hint: "give its parameters defaults")
      }
      return NetworkCandidate(name: name, range: type.nameRange, value: value, attempts: attempts)
    case .function(let function):
      guard
        let attempts = try ConstructorArguments(options: options, interpreter: interpreter)
          .attempts(for: function, isMethod: false, given: given)
      else {
        throw failure(
          "the function \(name) needs arguments that only its author knows",
          hint: "give its parameters defaults")
      }
      return NetworkCandidate(name: name, range: nil, value: value, attempts: attempts)
    case .instance(let instance) where instance.type.isModule:
      guard options.arguments == nil else {
        throw failure(
          "arguments are given for \(name), which is a finished network", hint: "name its class instead",
          identifier: "arguments.unused")
      }
      return NetworkCandidate(name: name, range: instance.type.nameRange, value: value, attempts: [])
    default:
      throw failure(
        "\(name) is not an nn.Module class", hint: "name a class, function or variable that is a network")
    }
  }

  /// The source's own module classes in the order of their definitions.
  private func moduleClasses() -> [PythonClass] {
    var classes: [PythonClass] = []
    for case .type(let type) in interpreter.globals.variables.values
    where type.native == nil && type.isModule && !classes.contains(where: { $0 === type }) {
      classes.append(type)
    }
    return classes.sorted { ($0.nameRange?.lower ?? 0) < ($1.nameRange?.lower ?? 0) }
  }

  /// The arguments to try for a class; nil where its constructor wants more than is known.
  func attempts(for type: PythonClass) throws(Interruption) -> [Arguments]? {
    guard case .function(let function)? = interpreter.classMember("__init__", of: type) else {
      // Without a constructor of its own, it has that of a library class.
      let isPlain = type.nearestNative?.qualifiedName == "torch.nn.Module"
      return isPlain || options.arguments != nil ? [given] : nil
    }
    return try ConstructorArguments(options: options, interpreter: interpreter)
      .attempts(for: function, isMethod: true, given: given)
  }

  private func takesInputs(_ type: PythonClass) -> Bool {
    guard case .function(let function)? = interpreter.classMember("forward", of: type) else {
      // What there is of the library's classes takes one input, but for nn.Module itself.
      return options.inputs.count == 1 && type.nearestNative?.qualifiedName != "torch.nn.Module"
    }
    let parameters = function.parameters.parameters.dropFirst()
    let required = zip(parameters, function.defaults.dropFirst()).count {
      $0.1 == nil && ($0.0.kind == .positionalOnly || $0.0.kind == .positionalOrKeyword)
    }
    let positional = parameters.count { $0.kind == .positionalOnly || $0.kind == .positionalOrKeyword }
    let isVariadic = parameters.contains { $0.kind == .variadicPositional }
    return required <= options.inputs.count && (positional >= options.inputs.count || isVariadic)
  }
}
