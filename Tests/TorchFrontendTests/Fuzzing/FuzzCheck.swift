import NetworkGraph
import PythonSyntax
import RandomStreams
import TorchFrontend

/// Takes one program through the compiler, the healer, the writer and the rewriter, and checks what must hold.
struct FuzzCheck {
  /// What is being done.
  enum Phase: String, CaseIterable, Sendable {
    case parse, outline, compile, figures, repeated = "repeat", write, heal, rewrite, edit
  }

  /// What came of a program.
  struct Outcome: Sendable {
    var isParsed = false
    var isCompiled = false
    var isHealed = false
    var isWritten = false
    var isRewritten = false
    /// The identifier of the error for which it does not compile.
    var refusal = "none"
    /// What should have held and did not.
    var violations: [String] = []
    /// What the writer wrote, where that is not the network.
    var written = ""
  }

  private let program: FuzzProgram
  private let options: CompilationOptions
  private var stream: RandomStream
  private var outcome = Outcome()
  /// Told of each phase as it begins.
  private let enter: (Phase) -> Void

  /// Checks a program; `enter` is told of each phase as it begins.
  static func run(
    _ program: FuzzProgram, limits: CompilationLimits = CompilationLimits(), enter: (Phase) -> Void = { _ in }
  ) -> Outcome {
    withoutActuallyEscaping(enter) { enter in
      var check = FuzzCheck(
        program: program, options: program.options(limits: limits), stream: program.stream, enter: enter)
      check.run()
      return check.outcome
    }
  }

  private init(
    program: FuzzProgram, options: CompilationOptions, stream: RandomStream, enter: @escaping (Phase) -> Void
  ) {
    self.program = program
    self.options = options
    self.stream = stream
    self.enter = enter
  }

  private mutating func expect(_ isTrue: Bool, _ violation: @autoclosure () -> String) {
    if !isTrue { outcome.violations.append(violation()) }
  }

  private mutating func run() {
    enter(.parse)
    parse()
    if stream.bernoulli(0.2) {
      enter(.outline)
      _ = NetworkOutline.reading(program.source)
    }
    enter(.compile)
    do throws(CompilationFailure) {
      let network = try NetworkCompiler.compile(program.source, options: options)
      outcome.isCompiled = true
      check(network)
    } catch {
      outcome.refusal = error.diagnostics.first { $0.severity == .error }?.identifier ?? "none"
      check(error)
      if stream.bernoulli(outcome.isParsed ? 0.5 : 0.25) { heal() }
    }
    if stream.bernoulli(0.1) { edit() }
  }

  // MARK: Text

  private mutating func parse() {
    let parsed = Parser.parse(program.source)
    let count = program.source.utf8.count
    for diagnostic in parsed.diagnostics {
      expect(
        diagnostic.range.map { $0.lower >= 0 && $0.lower <= $0.upper && $0.upper <= count } ?? false,
        "a range of the parser's lies outside: \(diagnostic)")
    }
    guard !parsed.hasErrors else { return }
    outcome.isParsed = true
    guard stream.bernoulli(0.3) else { return }
    let again = Parser.parse(Printer.print(parsed.module))
    expect(
      !again.hasErrors && again.module.isStructurallyEqual(to: parsed.module), "printing changes the program")
  }

  private mutating func check(_ failure: CompilationFailure) {
    let lines = program.source.utf8.reduce(1) { $0 + ($1 == 0x0A || $1 == 0x0D ? 1 : 0) }
    expect(
      failure.diagnostics.contains {
        guard $0.severity == .error, let location = $0.location else { return false }
        return location.line >= 1 && location.line <= lines && location.column >= 1 && !$0.message.isEmpty
      }, "no error with a place in the source: \(failure)")
  }

  // MARK: Networks

  private mutating func check(_ network: CompiledNetwork) {
    enter(.figures)
    let graph = network.graph
    do throws(GraphError) {
      try graph.verify()
    } catch {
      outcome.violations.append("the graph does not hold: \(error)")
    }
    let hash = graph.canonicalHash
    let profile = network.profile
    let parameters = graph.parameters.reduce(0) { $0 + graph.type(of: $1.value).elementCount }
    expect(profile.parameters == parameters, "\(profile.parameters) parameters, not \(parameters)")
    expect(
      profile.macs >= 0 && profile.activationBytes >= 0 && profile.longestPath >= 0, "a figure is negative")
    expect(network.outputs.count == graph.outputs.count, "outputs without names")
    let state = network.state.reduce(into: 0) { $0 += $1.variable == nil ? 0 : 1 }
    expect(state <= network.state.count && network.depth >= 0 && network.width >= 0, "no such state")
    if stream.bernoulli(0.2) {
      enter(.repeated)
      let again = try? NetworkCompiler.compile(program.source, options: options)
      expect(again?.graph.canonicalHash == hash, "a second compilation gives another hash")
      expect(again?.notes == network.notes, "a second compilation has other notes")
    }
    if stream.bernoulli(0.4) { write(graph) }
    if stream.bernoulli(0.15) { rewrite(hash) }
  }

  private mutating func write(_ graph: Graph) {
    enter(.write)
    let written: WrittenNetwork
    do throws(GraphError) {
      written = try NetworkWriter.write(graph)
    } catch {
      expect(
        ["write.operation", "write.constant", "write.size", "write.depth"].contains(error.identifier),
        "\(error)")
      return
    }
    var options = options
    options.className = written.className
    options.classCount = nil
    do throws(CompilationFailure) {
      let again = try NetworkCompiler.compile(written.source, options: options)
      outcome.isWritten = again.graph.canonicalHash == graph.canonicalHash
      expect(outcome.isWritten, "what is written is another network")
    } catch {
      outcome.violations.append("what is written does not compile: \(error)")
    }
    if !outcome.isWritten { outcome.written = written.source }
  }

  // MARK: Changes

  private mutating func heal() {
    enter(.heal)
    guard let healed = try? Healer.heal(program.source, options: options) else { return }
    outcome.isHealed = true
    expect(!healed.fixes.isEmpty, "healed without a change")
    guard stream.bernoulli(0.2) else { return }
    let again = try? Healer.heal(healed.source, options: options)
    expect(again?.fixes.isEmpty == true, "what is healed is healed again")
  }

  private mutating func rewrite(_ hash: String) {
    enter(.rewrite)
    let instruction = stream.pick(RewriteInstruction.allCases)
    var draw = stream.stream("rewrite")
    do throws(RewriteFailure) {
      let child = try Rewriter.rewrite(
        program.source, instruction: instruction, partner: program.partner, options: options, stream: &draw)
      outcome.isRewritten = true
      let network = try? NetworkCompiler.compile(child.source, options: options)
      expect(network != nil, "\(instruction) gives what does not compile")
    } catch {
      expect(!error.description.isEmpty, "a failure without words")
    }
  }

  private mutating func edit() {
    enter(.edit)
    _ = EditSchema.json(for: program.source, maximumEdits: 3)
    let reply = stream.bernoulli(0.5) ? program.source : #"{"action":"insert","layer":"\#(program.source)"#
    _ = try? EditSchema.decode(reply)
    let names = NetworkOutline.reading(program.source).layers.map(\.name) + [NetworkEdit.inputName, "a"]
    let number = stream.pick([0, 1, -1, 8, 1 << 40, Int.max, Int.min])
    let layer = LayerSpecification(
      stream.pick(LayerKind.allCases), width: number, kernelSize: stream.pick([0, 1, 3, Int.max, -1]),
      stride: stream.pick([nil, 0, 1, 2, Int.max]), probability: stream.pick([nil, 0.5, .nan, -1, 2]))
    let value = stream.pick([0, 1, 8, -1, .nan, .infinity, 1e300, 0.5])
    let attribute = stream.pick(["width", "kernel_size", "stride", "padding", "groups", "p", "", "bias"])
    let edit: NetworkEdit =
      switch stream.integer(below: 5) {
      case 0: .insert(after: stream.pick(names), layer)
      case 1: .replace(layer: stream.pick(names), layer)
      case 2: .delete(layer: stream.pick(names))
      case 3: .setAttribute(layer: stream.pick(names), name: attribute, value: value)
      default: .wrapInResidual(layer: stream.pick(names))
      }
    let edited = NetworkEditor.apply([edit], to: program.source, options: options)
    expect(edited.applied.count + edited.refused.count == 1, "an edit was neither applied nor refused")
  }
}
