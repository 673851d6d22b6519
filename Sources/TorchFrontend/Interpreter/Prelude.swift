import PythonSyntax

/// Modules of the library that are written in Python, and run when first imported.
extension Interpreter {
  /// The scope of such a module; nil where there is none of that name.
  func prelude(_ name: String) throws(Interruption) -> Scope? {
    if let known = preludes[name] { return known }
    guard let text = library.preludes[name] else { return nil }
    let parsed = Parser.parse(text)
    guard !parsed.hasErrors else { throw unsupported("the library's module \(name) cannot be read") }
    let scope = Scope(.module, variables: ["__name__": .string(name)])
    preludes[name] = scope
    let site = preludeSite
    let place = currentRange
    preludeSite = site ?? place ?? SourceRange(0, 0)
    defer {
      preludeSite = site
      currentRange = place
    }
    for statement in parsed.module.body { _ = try run(statement, scope) }
    return scope
  }
}
