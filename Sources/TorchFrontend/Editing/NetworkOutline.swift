public import PythonSyntax

/// The layers of a network as edits see them.
public struct NetworkOutline: Sendable, Hashable {
  /// One layer.
  public struct Layer: Sendable, Hashable {
    /// The name by which edits call it, such as `conv1`, `features.3` or `Block.conv1`.
    public var name: String
    /// Its class, such as `Conv2d`.
    public var type: String
    /// It in a few words, such as `Conv2d 1->16 k3`.
    public var description: String
    /// The call that builds it.
    public var construction: SourceRange
    /// The calls in methods that apply it, where it is an attribute of its own.
    public var applications: [SourceRange]
    /// How many modules that call builds; nil where the source was only read.
    public var count: Int?
    /// The shape that reaches it, with the batch; nil where it is not applied or the source was only read.
    public var inputShape: [Int]?
    /// The shape that it yields, with the batch; nil where it is not applied or the source was only read.
    public var outputShape: [Int]?
    /// Whether it yields the class logits; false where the source was only read.
    public var isHead: Bool
  }

  /// The layers; in the order of the forward pass if compiled, of the text otherwise.
  public var layers: [Layer]

  /// Compiles a source and describes all layers with their shapes.
  ///
  /// - Throws: Why the source does not compile.
  public init(_ source: String, options: CompilationOptions) throws(CompilationFailure) {
    self.init(try NetworkMap(source, options: options))
  }

  init(_ map: NetworkMap) {
    let applications = Applications(map.scan)
    layers = map.layers.enumerated().map { index, layer in
      Layer(
        name: layer.name, type: layer.type, description: LayerDescription.of(layer.call, map.source),
        construction: layer.call.expression.range,
        applications: applications[layer.scanned], count: layer.summaries.count,
        inputShape: layer.inputShape, outputShape: layer.outputShape, isHead: index == map.head)
    }
  }

  /// Describes the layers that can be named from the text alone, without compiling it.
  public static func reading(_ source: String) -> NetworkOutline {
    let text = SourceText(source)
    let scan = ClassScan(text, Parser.parse(source).module)
    let main = scan.mainClass
    var outline = NetworkOutline(layers: [])
    var names: Set<String> = []
    let applications = Applications(scan)
    for layer in scan.layers {
      guard let path = layer.localPath, let classIndex = layer.classIndex else { continue }
      let name = classIndex == main ? path : "\(scan.classes[classIndex].definition.name).\(path)"
      guard !name.hasPrefix("\(ResidualBlock.className)."), names.insert(name).inserted else { continue }
      outline.layers.append(
        Layer(
          name: name, type: layer.call.type, description: LayerDescription.of(layer.call, text),
          construction: layer.call.expression.range, applications: applications[layer],
          count: nil, inputShape: nil, outputShape: nil, isHead: false))
    }
    return outline
  }

  /// Where layers are applied.
  private struct Applications {
    private struct Key: Hashable {
      var classIndex: Int?
      var name: String
    }

    private var ranges: [Key: [SourceRange]] = [:]

    init(_ scan: ClassScan) {
      for application in scan.applications {
        let key = Key(classIndex: application.classIndex, name: application.name)
        ranges[key, default: []].append(application.call.range)
      }
    }

    subscript(_ layer: ScannedLayer) -> [SourceRange] {
      layer.attributeName.flatMap { ranges[Key(classIndex: layer.classIndex, name: $0)] } ?? []
    }
  }

  private init(layers: [Layer]) { self.layers = layers }

  /// One line for prompts, such as `conv1: Conv2d 1->16 k3 | fc1: Linear 784->10`.
  public var summary: String {
    layers.map { layer in
      let times = layer.count.map { $0 > 1 ? " x\($0)" : "" } ?? ""
      return "\(layer.name): \(layer.description)\(times)"
    }.joined(separator: " | ")
  }
}

/// Layers in a few words.
enum LayerDescription {
  /// Such as `Conv2d 1->16 k3 s2`, with the arguments as they are written.
  static func of(_ call: ConstructorCall, _ source: SourceText) -> String {
    func text(_ name: String) -> String? { call.argument(name).map { source[$0.value.range] } }
    var words = [call.type]
    let input = LayerSignature.inputName(of: call.type).flatMap(text)
    let output = LayerSignature.widthName(of: call.type).flatMap(text)
    if let input { words.append(output.map { "\(input)->\($0)" } ?? input) }
    if let kernel = text("kernel_size") { words.append("k\(kernel)") }
    if let stride = text("stride"), stride != "1" { words.append("s\(stride)") }
    if let groups = text("groups"), groups != "1" { words.append("g\(groups)") }
    if let probability = text("p") { words.append(probability) }
    return words.joined(separator: " ")
  }
}
