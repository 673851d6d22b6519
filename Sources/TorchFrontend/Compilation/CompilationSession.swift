import NetworkGraph
import PythonSyntax

/// Compiles one source: runs its top level, chooses the network, builds it and traces it.
struct CompilationSession {
  let source: String
  let options: CompilationOptions
  let module: Module
  let interpreter: Interpreter
  /// What statements of the top level failed with; they may not matter to the network.
  private var skipped: [Diagnostic] = []

  init(source: String, options: CompilationOptions, module: Module) {
    self.source = source
    self.options = options
    self.module = module
    interpreter = Interpreter(limits: options.limits)
    interpreter.source = source
  }

  /// How many steps were taken so far.
  var steps: Int { options.limits.steps - max(0, interpreter.fuel) }

  /// Compiles; the interpreter is of no use afterwards.
  mutating func run() throws(CompilationFailure) -> CompiledNetwork {
    defer { interpreter.heap.clear() }
    do throws(Interruption) {
      let given = try options.arguments.map { text throws(Interruption) in
        try JSONArguments.read(text, interpreter)
      }
      let call = try options.call.map { text throws(Interruption) in try parsedCall(text) }
      try runTopLevel()
      let selection = NetworkSelection(
        interpreter: interpreter, module: module, options: options, given: given ?? Arguments())
      let candidate = try selection.candidate(calling: call)
      return try build(candidate)
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ interruption: Interruption) -> CompilationFailure {
    var diagnostic = interpreter.diagnostic(for: interruption)
    if diagnostic.range == nil, diagnostic.origin == nil {
      diagnostic.range = interpreter.currentRange ?? SourceRange(0, 0)
    }
    var exceptions = interpreter.recovered
    var diagnostics = exceptions.map { interpreter.diagnostic(for: .raised($0)) }
    if case .raised(let exception) = interruption {
      if !exceptions.contains(where: { $0 === exception }) {
        exceptions.append(exception)
        diagnostics.append(diagnostic)
      }
    } else {
      diagnostics.append(diagnostic)
    }
    if diagnostic.identifier == "python.name-error" {
      diagnostics += UndefinedNames(module, interpreter).diagnostics(besides: diagnostics)
    }
    if diagnostic.identifier == "torch.no-network" || diagnostic.identifier == "python.name-error" {
      diagnostics += skipped
    }
    return CompilationFailure(
      diagnostics: located(diagnostics), mismatches: exceptions.compactMap(\.mismatch))
  }

  private func located(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    let lines = LineTable(source)
    return diagnostics.map { diagnostic in
      var diagnostic = diagnostic
      if diagnostic.origin == nil, let range = diagnostic.range, range.lower >= callOffset {
        diagnostic.origin = .call
        diagnostic.range = SourceRange(range.lower - callOffset, range.upper - callOffset)
      }
      switch diagnostic.origin {
      case nil: diagnostic.locate(in: lines)
      case .call: diagnostic.locate(in: LineTable(options.call ?? ""))
      case .arguments: diagnostic.locate(in: LineTable(options.arguments ?? ""))
      }
      return diagnostic
    }
  }

  // MARK: The call

  /// Where the call's text begins, as if it followed the source.
  private var callOffset: Int { source.utf8.count + 1 }

  /// The expression that builds the network, its ranges behind those of the source.
  private func parsedCall(_ text: String) throws(Interruption) -> Expression {
    do throws(Diagnostic) {
      return try Parser.parseExpression(text).mappingRanges { range in
        SourceRange(range.lower + callOffset, range.upper + callOffset)
      }
    } catch {
      var diagnostic = error
      diagnostic.origin = .call
      throw .refused(Refusal(diagnostic, isExhaustion: false))
    }
  }

  // MARK: The top level

  /// Runs the statements of the module.
  ///
  /// Definitions and imports must be legal. Other statements are likely to train or test the network, which is
  /// none of our business: where one fails, that is noted, and the names it would have bound stay unknown.
  private mutating func runTopLevel() throws(Interruption) {
    for statement in module.body {
      let isDefinition =
        switch statement.kind {
        case .class, .function, .import, .importFrom: true
        default: false
        }
      do throws(Interruption) {
        if isDefinition {
          _ = try interpreter.run(statement, interpreter.globals)
        } else {
          // Whatever loops here leaves enough for the network.
          try interpreter.withinShare { () throws(Interruption) in
            _ = try interpreter.run(statement, interpreter.globals)
          }
        }
      } catch {
        if isDefinition {
          guard case .refused(let refusal) = error, !refusal.isExhaustion else { throw error }
        }
        var diagnostic = interpreter.diagnostic(for: error)
        diagnostic.severity = .warning
        diagnostic.message = "a statement outside the network was skipped: \(diagnostic.message)"
        skipped.append(diagnostic)
        forget(statement)
      }
    }
  }

  /// Marks the names that a failed statement would have bound.
  private func forget(_ statement: Statement) {
    var names = BoundNames()
    names.collect([statement])
    for name in names.locals where interpreter.globals.variables[name] == nil {
      interpreter.globals.variables[name] = .opaque(name)
    }
  }

  // MARK: Building

  private func build(_ candidate: NetworkCandidate) throws(Interruption) -> CompiledNetwork {
    guard !candidate.attempts.isEmpty else {
      guard case .instance(let instance) = candidate.value else { throw interpreter.unsupported("no module") }
      return try finished(try NetworkTrace(interpreter, options, candidate).run(instance), candidate)
    }
    var first: (error: Interruption, recovered: [RaisedException])?
    for arguments in candidate.attempts {
      do throws(Interruption) {
        interpreter.recovered = []
        interpreter.currentRange = candidate.range
        let value = try interpreter.call(candidate.value, arguments)
        guard case .instance(let instance) = value, instance.type.isModule else {
          interpreter.currentRange = candidate.range
          throw interpreter.raise(
            .typeError, "\(candidate.name) makes a \(interpreter.typeName(value)), which is not an nn.Module")
        }
        return try finished(try NetworkTrace(interpreter, options, candidate).run(instance), candidate)
      } catch {
        first = first ?? (error, interpreter.recovered)
        if case .refused(let refusal) = error, refusal.isExhaustion { break }
      }
    }
    guard let first else { throw interpreter.unsupported("\(candidate.name) cannot be built") }
    interpreter.recovered = first.recovered
    throw first.error
  }

  private func finished(
    _ traced: NetworkTrace.Result, _ candidate: NetworkCandidate
  ) throws(Interruption) -> CompiledNetwork {
    CompiledNetwork(
      className: candidate.name, graph: traced.graph, outputs: traced.outputs, state: traced.state,
      layers: traced.layers, notes: located(skipped + interpreter.notes))
  }
}
