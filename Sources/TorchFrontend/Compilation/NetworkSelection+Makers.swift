import PythonSyntax

extension NetworkSelection {
  /// A function or variable that makes an instance of a class.
  func maker(of type: PythonClass) throws(Interruption) -> NetworkCandidate? {
    for statement in module.body {
      switch statement.kind {
      case .function(let definition):
        guard case .function(let function)? = interpreter.globals.variables[definition.name],
          ModuleUses.names(in: definition.body).contains(type.name),
          ModuleUses.returnsValue(definition.body), let attempts = try attempts(for: function)
        else { continue }
        return NetworkCandidate(
          name: definition.name, range: definition.nameRange, value: .function(function), attempts: attempts)
      case .assignment(let targets, _):
        guard let found = variable(targets, holding: { $0.type === type }) else { continue }
        return found
      default: continue
      }
    }
    return try instanceInMainBlock(of: type)
  }

  /// The finished network of an assignment to one name.
  private func variable(
    _ targets: [Expression], holding isWanted: (PythonInstance) -> Bool
  ) -> NetworkCandidate? {
    guard targets.count == 1, case .name(let name) = targets[0].kind,
      case .instance(let instance)? = interpreter.globals.variables[name], isWanted(instance)
    else { return nil }
    return NetworkCandidate(name: name, range: targets[0].range, value: .instance(instance), attempts: [])
  }

  private func attempts(for function: PythonFunction) throws(Interruption) -> [Arguments]? {
    try ConstructorArguments(options: options, interpreter: interpreter)
      .attempts(for: function, isMethod: false, given: given)
  }

  /// What `if __name__ == "__main__":` makes of a class, where its assignments can be run.
  private func instanceInMainBlock(of type: PythonClass) throws(Interruption) -> NetworkCandidate? {
    for statement in module.body {
      guard case .if(let test, let body, _) = statement.kind,
        SyntaxNode.expression(test).contains(where: { $0 == .name("__name__") })
      else { continue }
      for inner in body {
        guard case .assignment(let targets, _) = inner.kind else { continue }
        do throws(Interruption) {
          _ = try interpreter.run(inner, interpreter.globals)
        } catch {
          if case .refused(let refusal) = error, refusal.isExhaustion { throw error }
          continue
        }
        if let found = variable(targets, holding: { $0.type === type }) { return found }
      }
    }
    return nil
  }

  // MARK: Networks without a class of their own

  /// A variable or function at the top level that is a network made of modules.
  func composition() throws(Interruption) -> NetworkCandidate? {
    var variables: [NetworkCandidate] = []
    var functions: [NetworkCandidate] = []
    for statement in module.body {
      switch statement.kind {
      case .assignment(let targets, _):
        if let found = variable(targets, holding: { isNetwork($0, targets) }) { variables.append(found) }
      case .function(let definition):
        guard case .function(let function)? = interpreter.globals.variables[definition.name],
          ModuleUses.returnsValue(definition.body), buildsModules(definition),
          let attempts = try attempts(for: function)
        else { continue }
        functions.append(
          NetworkCandidate(
            name: definition.name, range: definition.nameRange, value: .function(function),
            attempts: attempts))
      default: continue
      }
    }
    return variables.last { Self.isNetworkName($0.name) } ?? variables.last
      ?? functions.last { ModuleUses.isFactoryName($0.name) } ?? functions.last
  }

  /// Whether a variable's value is a network rather than a single layer or a loss.
  private func isNetwork(_ instance: PythonInstance, _ targets: [Expression]) -> Bool {
    guard instance.type.isModule else { return false }
    if case .name(let name)? = targets.first?.kind, Self.isNetworkName(name) { return true }
    return instance.module.map { $0.modules.count > 0 } ?? false
  }

  /// Whether a function names `nn` or a module class of the source.
  private func buildsModules(_ definition: FunctionDefinition) -> Bool {
    ModuleUses.names(in: definition.body).contains { name in
      switch interpreter.globals.variables[name] {
      case .namespace(let namespace)?: namespace.name == "torch.nn" || namespace.name == "torch"
      case .type(let type)?: type.isModule
      default: false
      }
    }
  }
}

/// Which module classes of a source are used by something that is more than they are.
struct ModuleUses {
  /// The classes that another class uses, or that are parts of what a function or variable composes.
  private(set) var used: Set<String> = []

  init(_ module: Module, classes: Set<String>) {
    var mentions: [String: Set<String>] = [:]
    Module(source: "", body: module.body).walk { node in
      guard case .statement(let statement) = node else { return false }
      switch statement.kind {
      case .class(let definition):
        mentions[definition.name] = Self.names(in: [statement]).subtracting([definition.name])
      case .function(let definition): mentions[definition.name] = Self.names(in: definition.body)
      case .assignment(let targets, _):
        // `BLOCKS = {"a": BlockA}`: a table of classes passes them on.
        for case .name(let name) in targets.map(\.kind) {
          mentions[name, default: []].formUnion(Self.names(in: [statement]))
        }
      default: return true
      }
      return false
    }
    for name in classes { used.formUnion(Self.reached(from: name, mentions, classes)) }
    for statement in module.body {
      switch statement.kind {
      case .function(let definition) where Self.isFactoryName(definition.name):
        if Self.composes(definition.body, classes.subtracting(used)) {
          used.formUnion(Self.reached(from: definition.name, mentions, classes))
        }
      case .assignment(let targets, _):
        guard targets.count == 1, case .name(let name) = targets[0].kind,
          Self.composes([statement], classes.subtracting(used))
        else { continue }
        used.formUnion(Self.reached(from: name, mentions, classes))
      default: continue
      }
    }
  }

  /// The classes named by something, directly or through functions and tables at the top level.
  private static func reached(
    from name: String, _ mentions: [String: Set<String>], _ classes: Set<String>
  ) -> Set<String> {
    var reached: Set<String> = []
    var pending = Array(mentions[name] ?? [])
    var seen: Set<String> = [name]
    while let next = pending.popLast() {
      guard seen.insert(next).inserted else { continue }
      if classes.contains(next) {
        reached.insert(next)
      } else {
        pending += mentions[next] ?? []
      }
    }
    return reached
  }

  /// Whether statements put instances of the classes into an `nn.Sequential`.
  private static func composes(_ body: [Statement], _ classes: Set<String>) -> Bool {
    body.contains { statement in
      SyntaxNode.statement(statement).contains { kind in
        guard case .call(let function, let arguments) = kind, function.lastComponent == "Sequential" else {
          return false
        }
        return arguments.contains { argument in
          SyntaxNode.expression(argument.value).contains { inner in
            if case .name(let name) = inner { classes.contains(name) } else { false }
          }
        }
      }
    }
  }

  /// Whether a function is called as those are that build a network.
  static func isFactoryName(_ name: String) -> Bool {
    let name = name.lowercased()
    return NetworkSelection.isNetworkName(name)
      || ["create", "build", "get", "make", "define"].contains { prefix in
        ["model", "net", "network", "cnn", "classifier"].contains { name == "\(prefix)_\($0)" }
      }
  }

  static func returnsValue(_ body: [Statement]) -> Bool {
    var found = false
    for statement in body {
      SyntaxNode.statement(statement).walk { node in
        if case .statement(let inner) = node, case .return(.some) = inner.kind { found = true }
        return !found
      }
    }
    return found
  }

  static func names(in body: [Statement]) -> Set<String> {
    var names: Set<String> = []
    for statement in body {
      SyntaxNode.statement(statement).walk { node in
        if case .expression(let expression) = node, case .name(let name) = expression.kind {
          names.insert(name)
        }
        return true
      }
    }
    return names
  }
}

extension SyntaxNode {
  /// Whether an expression of that kind stands anywhere within.
  fileprivate func contains(where isWanted: (Expression.Kind) -> Bool) -> Bool {
    var found = false
    walk { node in
      if case .expression(let expression) = node, isWanted(expression.kind) { found = true }
      return !found
    }
    return found
  }
}
