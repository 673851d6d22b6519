import PythonSyntax

/// Reads PyTorch source and traces the network in it into a graph.
///
/// The source is parsed, its top level is run by an interpreter of Python, the network's class is chosen
/// (`NetworkSelection` has the rule) and constructed (`ConstructorArguments` has the rule), and its `forward` is
/// run with a tensor that records what is done to it. Nothing of the source reaches a file, a process or a clock.
public struct NetworkCompiler: Sendable {
  /// Compiles the network of a source.
  ///
  /// - Throws: `CompilationFailure` with at least one error.
  public static func compile(
    _ source: String, options: CompilationOptions
  ) throws(CompilationFailure) -> CompiledNetwork {
    var steps = 0
    return try compile(source, options: options, spending: &steps)
  }

  /// Builds what every compilation needs, some 2,000 functions of Python and PyTorch.
  ///
  /// The first compilation does so itself; a program that knows it will compile may begin earlier, on another thread.
  public static func prepare() { _ = Library.shared }

  /// Compiles, and adds to the steps what that took: the interpreter's, and one for each byte of the source.
  static func compile(
    _ source: String, options: CompilationOptions, spending steps: inout Int
  ) throws(CompilationFailure) -> CompiledNetwork {
    steps += source.utf8.count
    let parsed = Parser.parse(source)
    guard !parsed.hasErrors else { throw CompilationFailure(diagnostics: parsed.diagnostics) }
    try check(options)
    let outcome = InterpreterThread.run { () -> (Result<CompiledNetwork, CompilationFailure>, steps: Int) in
      var session = CompilationSession(source: source, options: options, module: parsed.module)
      do throws(CompilationFailure) {
        return (.success(try session.run()), session.steps)
      } catch {
        return (.failure(error), session.steps)
      }
    }
    guard let outcome else {
      throw CompilationFailure(diagnostics: [
        Diagnostic(
          .error, "limit.thread", "the system grants no thread to compile on", range: SourceRange(0, 0),
          location: SourceLocation(line: 1, column: 1))
      ])
    }
    steps += outcome.steps
    return try outcome.0.get()
  }

  /// Makes sure that the options make sense.
  private static func check(_ options: CompilationOptions) throws(CompilationFailure) {
    func failure(_ identifier: String, _ message: String, hint: String? = nil) -> CompilationFailure {
      CompilationFailure(diagnostics: [
        Diagnostic(
          .error, identifier, message, hint: hint, range: SourceRange(0, 0),
          location: SourceLocation(line: 1, column: 1))
      ])
    }
    guard !options.inputs.isEmpty else { throw failure("torch.input", "a network needs at least one input") }
    for input in options.inputs {
      guard input.shape.count >= 1, input.shape.allSatisfy({ $0 > 0 }) else {
        throw failure("torch.input", "the input's shape \(input.shape) is not one of a batch")
      }
    }
    if options.call != nil, let name = options.className {
      throw failure(
        "call.class", "both the class \(name) and a call that builds the network are given",
        hint: "give one of them")
    }
  }
}
