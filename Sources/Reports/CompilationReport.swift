public import NetworkGraph
public import PythonSyntax
public import TorchFrontend

/// What the compiler says of a source: figures, or what is wrong.
public struct CompilationReport: Codable, Sendable {
  /// Whether it compiles.
  public var ok: Bool
  /// The file's name, for messages.
  public var file: String
  /// The class (or function, or variable) that was built; nil where it does not compile.
  public var network: String?
  /// The elements of all parameters, trainable or not.
  public var parameters: Int?
  /// Multiply-accumulates of one example's forward pass, as fvcore counts them.
  public var macs: Int?
  /// The shape of the first result for a batch of one.
  public var outputShape: [Int]?
  /// All results.
  public var outputs: [Output]
  /// The canonical hash: of the graph in training mode, which tells dropout apart.
  public var hash: String?
  /// Parameters in PyTorch's order.
  public var parameterNames: [NamedShape]
  /// Its leaf modules.
  public var layers: [Layer]
  /// What healing changed.
  public var healed: [String]
  /// The mended source, where healing changed it.
  public var source: String?
  /// Errors, warnings and notes.
  public var diagnostics: [Diagnostic]
  /// All figures of the network for a batch of one: cost, depth, operations, receptive field.
  public var profile: NetworkProfile?
  /// The graph as text, where it was asked for.
  public var graph: String?
  /// The plan by which it is run, where it was asked for.
  public var plan: PlanReport?
  /// From source text to hash and figures, in milliseconds of wall time.
  public var milliseconds: Double

  /// A result of a network.
  public struct Output: Codable, Sendable {
    /// Its place in what `forward` returns, such as `0` or `logits`; empty for the only one.
    public var name: String
    /// Its shape for a batch of one.
    public var shape: [Int]
  }

  /// A leaf module.
  public struct Layer: Codable, Sendable {
    /// Where it stands, such as `features.0`.
    public var path: String
    /// Its class.
    public var type: String
    /// The shape of its result, batch extent 1 included; empty where it is not applied.
    public var outputShape: [Int]
  }

  /// A variable's name and shape, in JSON a list of the two.
  public struct NamedShape: Codable, Sendable {
    /// PyTorch's name.
    public var name: String
    /// The extents.
    public var shape: [Int]

    init(_ name: String, _ shape: [Int]) { (self.name, self.shape) = (name, shape) }

    /// From a list of name and shape.
    public init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      name = try values.decode(String.self)
      shape = try values.decode([Int].self)
    }

    /// As a list of name and shape.
    public func encode(to encoder: any Encoder) throws {
      var values = encoder.unkeyedContainer()
      try values.encode(name)
      try values.encode(shape)
    }
  }

  /// Compiles a source for inputs with a batch of one.
  public init(_ request: NetworkRequest, inputs: [NetworkInput], showsGraph: Bool) {
    self.init(failed: request.file)
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let mended = try request.compile(inputs, isTraining: false)
      let network = mended.network
      let hash = Self.hash(of: mended, request, inputs)
      let profile = network.profile
      milliseconds = Self.milliseconds(clock.now - start)
      ok = true
      self.network = network.className
      parameters = profile.parameters
      macs = profile.macsPerExample
      outputShape = network.outputShape
      outputs = network.outputs.map { Output(name: $0.name, shape: $0.shape) }
      parameterNames = network.graph.parameters.map {
        NamedShape($0.name, network.graph.type(of: $0.value).shape)
      }
      layers = network.layers.map { Layer(path: $0.path, type: $0.type, outputShape: $0.outputShape) }
      healed = mended.fixes.map { "\($0)" }
      source = mended.fixes.isEmpty ? nil : mended.source
      diagnostics = network.notes
      self.profile = profile
      graph = showsGraph ? network.graph.description : nil
      switch hash {
      case .success(let hash): self.hash = hash
      case .failure(let failure): diagnostics += failure.diagnostics.map(Self.inTraining)
      }
    } catch {
      milliseconds = Self.milliseconds(clock.now - start)
      diagnostics = error.diagnostics
    }
  }

  /// Adds the plan by which the network trains or runs; where it does not compile for that, the diagnostics say why.
  ///
  /// - Parameters:
  ///   - request: as the report was made of.
  ///   - inputs: the shapes of the inputs, with a batch of one in front.
  ///   - mode: what is planned.
  ///   - batch: the examples of one step.
  /// - Throws: `ReportError` where the network cannot be trained or planned.
  public mutating func addPlan(
    _ request: NetworkRequest, inputs: [NetworkInput], mode: BenchReport.Mode, batch: Int
  ) throws(ReportError) {
    let batches = inputs.map { NetworkInput($0.kind, [batch] + $0.shape.dropFirst()) }
    let mended: HealedNetwork
    do {
      mended = try request.compile(batches, isTraining: mode == .train)
    } catch {
      (ok, diagnostics) = (false, diagnostics + error.diagnostics)
      return
    }
    plan = try PlanReport(mended.network, mode: mode, batch: batch)
  }

  private init(failed file: String) {
    ok = false
    self.file = file
    outputs = []
    parameterNames = []
    layers = []
    healed = []
    diagnostics = []
    milliseconds = 0
  }

  /// The hash of the training trace; two examples, since batch statistics of a single value do not exist.
  private static func hash(
    of mended: HealedNetwork, _ request: NetworkRequest, _ inputs: [NetworkInput]
  ) -> Result<String, CompilationFailure> {
    let pair = inputs.map { NetworkInput($0.kind, [2] + $0.shape.dropFirst()) }
    return Result { () throws(CompilationFailure) in
      try NetworkCompiler.compile(mended.source, options: request.options(pair, isTraining: true))
        .graph.canonicalHash
    }
  }

  /// An error of the training trace of a network that runs in evaluation.
  private static func inTraining(_ diagnostic: Diagnostic) -> Diagnostic {
    var result = diagnostic
    guard diagnostic.severity == .error else { return result }
    result.severity = .warning
    result.message = "it cannot be trained, and has no hash: \(diagnostic.message)"
    return result
  }

  private static func milliseconds(_ duration: Duration) -> Double {
    let parts = duration.components
    let microseconds = parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000
    return Double(microseconds) / 1000
  }

  /// The report for the terminal.
  public var text: String {
    var lines = diagnostics.map { "\(file):\($0.rendered)" }
    guard ok else { return lines.joined(separator: "\n") }
    lines += healed.map { "healed: \($0)" }
    var table = TextTable(["layer", "type", "output"])
    for layer in layers {
      table.add([
        layer.path, layer.type, layer.outputShape.isEmpty ? "not applied" : Self.text(layer.outputShape),
      ])
    }
    let results = outputs.map { ($0.name.isEmpty ? "" : "\($0.name) ") + Self.text($0.shape) }
    lines += [
      table.text, "",
      "\(network ?? ""): \(parameters ?? 0) parameters, \(macs ?? 0) MACs an example, yields "
        + results.joined(separator: ", "),
      "hash \(hash ?? "unknown")",
    ]
    if let graph { lines += ["", graph] }
    if let plan { lines += ["", plan.text] }
    return lines.joined(separator: "\n")
  }

  private static func text(_ shape: [Int]) -> String {
    shape.isEmpty ? "one number" : shape.map(String.init).joined(separator: "×")
  }
}
