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
  }

  /// Compiles; the interpreter is of no use afterwards.
  mutating func run() throws(CompilationFailure) -> CompiledNetwork {
    defer { interpreter.heap.clear() }
    do throws(Interruption) {
      try runTopLevel()
      let candidate = try NetworkSelection(interpreter: interpreter, module: module, options: options)
        .candidate()
      return try build(candidate)
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ interruption: Interruption) -> CompilationFailure {
    var diagnostic = interpreter.diagnostic(for: interruption)
    if diagnostic.range == nil { diagnostic.range = interpreter.currentRange ?? SourceRange(0, 0) }
    var mismatches: [ShapeMismatch] = []
    if case .raised(let exception) = interruption, let mismatch = exception.mismatch {
      mismatches = [mismatch]
    }
    let related =
      diagnostic.identifier == "torch.no-network" || diagnostic.identifier == "python.name-error"
      ? skipped : []
    return CompilationFailure(diagnostics: located([diagnostic] + related), mismatches: mismatches)
  }

  private func located(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    let lines = LineTable(source)
    return diagnostics.map { diagnostic in
      var diagnostic = diagnostic
      diagnostic.location = diagnostic.range.map { lines.location(at: $0.lower) }
      return diagnostic
    }
  }

  // MARK: The top level

  /// Runs the statements of the module.
  ///
  /// Definitions and imports must succeed. Other statements are likely to train or test the network, which is
  /// none of our business: where one fails, that is noted, and the names it would have bound stay unknown.
  private mutating func runTopLevel() throws(Interruption) {
    for statement in module.body {
      do throws(Interruption) {
        _ = try interpreter.run(statement, interpreter.globals)
      } catch {
        switch statement.kind {
        case .class, .function, .import, .importFrom: throw error
        default: break
        }
        if case .refused(let refusal) = error, refusal.isExhaustion { throw error }
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
    var first: Interruption?
    for keywords in candidate.attempts {
      do throws(Interruption) {
        interpreter.currentRange = candidate.range
        let value = try interpreter.call(candidate.value, Arguments([], keywords: keywords))
        guard case .instance(let instance) = value, instance.type.isModule else {
          interpreter.currentRange = candidate.range
          throw interpreter.raise(
            .typeError, "\(candidate.name) makes a \(interpreter.typeName(value)), which is not an nn.Module")
        }
        return try finished(try NetworkTrace(interpreter, options, candidate).run(instance), candidate)
      } catch {
        if case .refused(let refusal) = error, refusal.isExhaustion { throw first ?? error }
        first = first ?? error
      }
    }
    throw first ?? interpreter.unsupported("\(candidate.name) cannot be built")
  }

  private func finished(
    _ traced: (graph: Graph, layers: [LayerSummary]), _ candidate: NetworkCandidate
  ) throws(Interruption) -> CompiledNetwork {
    CompiledNetwork(
      className: candidate.name, graph: traced.graph, layers: traced.layers,
      notes: located(skipped + interpreter.notes))
  }
}
