import PythonSyntax

extension Library {
  /// What Lightning adds to `nn.Module`: `self.hparams`.
  static let lightningModules: Family = { library in
    library.namespace("pytorch_lightning", "lightning", "lightning.pytorch", "pytorch_lightning.core")
    library.prelude(
      "pytorch_lightning.utilities.parsing",
      """
      class AttributeDict(dict):
          def __getattr__(self, key):
              try:
                  return self[key]
              except KeyError:
                  raise AttributeError(f'Missing attribute "{key}"')

          def __setattr__(self, key, value):
              self[key] = value
      """)
  }
}

extension Interpreter {
  /// What `self.save_hyperparameters()` does within a constructor: its arguments become `self.hparams`.
  func saveHyperparameters(_ scope: Scope) throws(Interruption) {
    guard case .instance(let instance)? = scope.receiver,
      case .function(let initializer)? = scope.owner?.members["__init__"],
      case .type(let type)? = try prelude("pytorch_lightning.utilities.parsing")?.variables["AttributeDict"]
    else { return }
    let saved = try dictionary()
    for parameter in initializer.parameters.parameters.dropFirst() {
      guard let value = scope.variables[parameter.name] else { continue }
      if parameter.kind == .variadicKeyword {
        try update(saved, from: value)
      } else {
        try set(.string(parameter.name), value, in: saved)
      }
    }
    instance.set("hparams", try call(.type(type), Arguments([.dict(saved)])))
  }

  /// `locals()`, and `vars()` and `dir()` without an argument; nil for other names.
  func callOfScope(_ name: String, _ scope: Scope) throws(Interruption) -> PythonValue? {
    guard ["locals", "vars", "dir"].contains(name) else { return nil }
    let names = scope.variables.keys.sorted()
    if name == "dir" { return try list(names.map { .string($0) }) }
    let result = try dictionary()
    for name in names { try set(.string(name), scope.variables[name] ?? .none, in: result) }
    return .dict(result)
  }
}
