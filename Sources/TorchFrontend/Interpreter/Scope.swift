/// The names that one function call, class body or module binds.
final class Scope {
  enum Kind { case module, function, classBody, comprehension }

  let kind: Kind
  var variables: [String: PythonValue]
  /// The enclosing function's (or comprehension's) scope; nil where that is the module.
  let parent: Scope?
  /// Names declared `global` or `nonlocal` here.
  var globals: Set<String> = []
  var nonlocals: Set<String> = []
  /// The names that the function binds itself, for `UnboundLocalError`.
  let locals: Set<String>
  /// The class in whose body the function was defined, for `super()`.
  let owner: PythonClass?
  /// The first argument, for `super()`.
  var receiver: PythonValue?
  /// The names in the order they were bound, kept for class bodies.
  var order: [String] = []
  /// The module's scope; nil where it is this one.
  private let enclosingModule: Scope?

  init(
    _ kind: Kind, variables: [String: PythonValue] = [:], parent: Scope? = nil, locals: Set<String> = [],
    owner: PythonClass? = nil, module: Scope? = nil
  ) {
    self.kind = kind
    self.variables = variables
    self.parent = parent
    self.locals = locals
    self.owner = owner
    enclosingModule = module
  }

  /// The scope of the module that it belongs to.
  var module: Scope { enclosingModule ?? self }
}
