import NetworkGraph
public import PythonSyntax
public import Search
import TorchFrontend

/// What the compiler says of a source: figures, or what is wrong.
public struct CompilationReport: Codable, Sendable {
  /// The file's name, for messages.
  public var file: String
  /// Whether it compiles.
  public var isValid: Bool
  /// Its figures; nil where it does not compile.
  public var description: NetworkDescription?
  /// The values of all descriptors, by name.
  public var descriptors: [String: Double]
  /// Its leaf modules.
  public var layers: [Layer]
  /// What healing changed.
  public var healed: [String]
  /// Errors, warnings and notes.
  public var diagnostics: [Diagnostic]
  /// The graph as text, where it was asked for.
  public var graph: String?

  /// A leaf module.
  public struct Layer: Codable, Sendable {
    /// Where it stands, such as `features.0`.
    public var path: String
    /// Its class.
    public var type: String
    /// The shape of its result, batch extent 1 included; empty where it is not applied.
    public var outputShape: [Int]
  }

  /// Compiles a source for a task.
  public init(_ source: String, file: String, task: ImageTask, heals: Bool, showsGraph: Bool) {
    self.file = file
    let options = task.options(batch: 1, isTraining: false)
    do {
      var compiled = source
      var fixes: [HealingFix] = []
      if heals {
        let mended = try Healer.heal(source, options: options)
        (compiled, fixes) = (mended.source, mended.fixes)
      }
      let network = try NetworkCompiler.compile(compiled, options: options)
      let figures = try NetworkDescription(of: compiled, task: task)
      isValid = true
      description = figures
      descriptors = Dictionary(
        uniqueKeysWithValues: Descriptor.allCases.map { ($0.rawValue, $0.value(of: figures)) })
      layers = network.layers.map { Layer(path: $0.path, type: $0.type, outputShape: $0.outputShape) }
      healed = fixes.map { "\($0)" }
      diagnostics = network.notes
      graph = showsGraph ? network.graph.description : nil
    } catch {
      isValid = false
      descriptors = [:]
      layers = []
      healed = []
      diagnostics = error.diagnostics
    }
  }

  /// The report for the terminal.
  public var text: String {
    var lines = diagnostics.map { "\(file):\($0)" }
    guard let description else { return lines.joined(separator: "\n") }
    lines += healed.map { "healed: \($0)" }
    var table = TextTable(["layer", "type", "output"])
    for layer in layers {
      let shape =
        layer.outputShape.isEmpty ? "not applied" : layer.outputShape.map(String.init).joined(separator: "×")
      table.add([layer.path, layer.type, shape])
    }
    lines += [
      table.text, "",
      "class \(description.className): \(description.parameters) parameters, \(description.macs) MACs an image, width "
        + "\(description.width), depth \(description.depth)",
      "hash \(description.hash)",
    ]
    if let graph { lines += ["", graph] }
    return lines.joined(separator: "\n")
  }
}
