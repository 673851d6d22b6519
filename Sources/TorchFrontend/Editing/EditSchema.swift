/// The form in which a language model writes edits: a small flat JSON object with enumerated values.
///
/// A model of 135 million parameters fills it in about 50 tokens per edit:
/// `{"action":"insert","layer":"conv1","kind":"conv","width":32,"kernel":3}`. With one edit that object is the whole
/// reply, otherwise `{"edits":[…]}`. All fields are always there, which keeps the grammar small; those that an action has
/// no use for are ignored.
public enum EditSchema {
  /// What can be done, as the model writes it.
  enum Action: String, CaseIterable {
    case insert, replace, delete
    case setWidth = "set_width"
    case setKernel = "set_kernel"
    case setStride = "set_stride"
    case setProbability = "set_probability"
    case residual
  }

  /// The actions of the schema; the others are understood too, but would make it larger.
  private static let offered: [Action] = [.insert, .replace, .delete, .setWidth, .setKernel, .residual]

  /// The widths that the schema offers.
  static let widths = [8, 16, 32, 64, 128, 256, 512]
  /// The windows that the schema offers.
  static let kernels = [1, 2, 3, 5, 7]
  /// How many layers the schema names at most; of a larger network those in the middle are left out.
  static let maximumLayers = 40
  /// The longest reply that is read, in bytes.
  static let maximumReplyBytes = 1 << 16
  /// The most edits that are read from a reply.
  static let maximumEdits = 32

  /// The JSON schema of replies about a network.
  ///
  /// - Parameters:
  ///   - source: The network; its layers' names become the values of `layer`.
  ///   - maximumEdits: How many edits a reply may hold; with 1 the reply is the edit itself.
  /// - Returns: The schema as one line of JSON.
  public static func json(for source: String, maximumEdits: Int) -> String {
    let names = [NetworkEdit.inputName] + layerNames(of: source)
    let fields = [
      ("action", enumeration(offered.map(\.rawValue))),
      ("layer", enumeration(names)),
      ("kind", enumeration(LayerKind.allCases.map(\.rawValue))),
      ("width", #"{"type":"integer","enum":\#(list(widths.map(String.init)))}"#),
      ("kernel", #"{"type":"integer","enum":\#(list(kernels.map(String.init)))}"#),
    ]
    let edit = object(fields)
    guard maximumEdits > 1 else { return edit }
    let count = min(maximumEdits, Self.maximumEdits)
    return object([("edits", #"{"type":"array","minItems":1,"maxItems":\#(count),"items":\#(edit)}"#)])
  }

  /// Reads the edits of a reply.
  ///
  /// The reply may be fenced as code, stand within other text or end too early; numbers may be strings; objects in
  /// other wrappings are found wherever they are. What cannot be understood is left out.
  ///
  /// - Throws: `EditError` where no edit is left.
  public static func decode(_ replyText: String) throws(EditError) -> [NetworkEdit] {
    let count = replyText.utf8.count
    guard count <= maximumReplyBytes else { throw .tooLong(bytes: count, limit: maximumReplyBytes) }
    var reader = ReplyReader(replyText)
    let objects = reader.objects(atMost: 4 * maximumEdits)
    guard !objects.isEmpty else { throw .noObject }
    var edits: [NetworkEdit] = []
    var reasons: [String] = []
    for object in objects {
      switch edit(from: object) {
      case .success(let edit): edits.append(edit)
      case .failure(let reason): if reasons.count < 5 { reasons.append(reason.text) }
      }
      if edits.count == maximumEdits { break }
    }
    guard !edits.isEmpty else { throw .noEdit(reasons) }
    return edits
  }

  // MARK: From fields to edits

  private struct Reason: Error { let text: String }

  private static func edit(from fields: [String: ReplyReader.Scalar]) -> Result<NetworkEdit, Reason> {
    func text(_ names: String...) -> String? {
      for name in names { if let value = fields[name]?.text, !value.isEmpty { return value } }
      return nil
    }
    func number(_ names: String...) -> Double? {
      for name in names { if let value = fields[name]?.number { return value } }
      return nil
    }
    func whole(_ names: String...) -> Int? {
      for name in names {
        if let value = fields[name]?.number, value >= 1, value <= 65536 { return Int(value.rounded()) }
      }
      return nil
    }
    guard let word = text("action", "type", "edit", "op", "operation") else {
      return .failure(Reason(text: "an object has no action"))
    }
    guard let action = action(word) else {
      return .failure(Reason(text: "'\(word.prefix(40))' is not an action"))
    }
    guard let layer = text("layer", "after", "target", "name") else {
      return .failure(Reason(text: "\(action.rawValue) names no layer"))
    }
    func specification() -> LayerSpecification? {
      guard let word = text("kind", "module", "layer_type", "new_layer"), let kind = kind(word) else {
        return nil
      }
      return LayerSpecification(
        kind, width: whole("width", "out", "out_channels", "out_features", "channels"),
        kernelSize: whole("kernel", "kernel_size"), stride: whole("stride"),
        probability: number("probability", "p"))
    }
    func setting(_ name: String, _ value: Double?) -> Result<NetworkEdit, Reason> {
      guard let value else { return .failure(Reason(text: "\(action.rawValue) has no number")) }
      return .success(.setAttribute(layer: layer, name: name, value: value))
    }
    switch action {
    case .insert, .replace:
      guard let new = specification() else {
        return .failure(Reason(text: "\(action.rawValue) says no kind of layer that is known"))
      }
      return .success(action == .insert ? .insert(after: layer, new) : .replace(layer: layer, new))
    case .delete: return .success(.delete(layer: layer))
    case .setWidth: return setting("width", number("width", "out", "value"))
    case .setKernel: return setting("kernel_size", number("kernel", "kernel_size", "value"))
    case .setStride: return setting("stride", number("stride", "value"))
    case .setProbability: return setting("p", number("probability", "p", "value"))
    case .residual: return .success(.wrapInResidual(layer: layer))
    }
  }

  private static func action(_ word: String) -> Action? {
    let word = normalized(word)
    if let action = Action(rawValue: word) { return action }
    switch word {
    case "add", "append": return .insert
    case "remove": return .delete
    case "change", "swap": return .replace
    case "widen", "width": return .setWidth
    case "wrap", "skip", "wrap_in_residual", "residual_connection", "add_residual": return .residual
    default: return nil
    }
  }

  private static func kind(_ word: String) -> LayerKind? {
    let word = normalized(word)
    if let kind = LayerKind(rawValue: word) { return kind }
    switch word {
    case "conv2d", "convolution", "nn.conv2d": return .conv
    case "fc", "dense", "fully_connected", "nn.linear": return .linear
    case "bn", "batchnorm", "batchnorm2d", "norm", "normalization": return .batchNorm
    case "maxpool", "maxpool2d", "pool", "pooling": return .maxPool
    case "avgpool", "avgpool2d", "average_pool": return .avgPool
    case "leakyrelu": return .leakyReLU
    case "swish": return .silu
    default: return nil
    }
  }

  private static func normalized(_ word: String) -> String {
    word.lowercased().map { $0 == " " || $0 == "-" ? "_" : String($0) }.joined()
  }

  // MARK: Writing the schema

  /// The names of a network's layers, without those in the middle of a large one.
  static func layerNames(of source: String) -> [String] {
    let names = NetworkOutline.reading(source).layers.map(\.name)
    guard names.count > maximumLayers else { return names }
    return Array(names.prefix(maximumLayers / 2) + names.suffix(maximumLayers / 2))
  }

  static func object(_ fields: [(name: String, schema: String)]) -> String {
    let properties = fields.map { "\(quoted($0.name)):\($0.schema)" }.joined(separator: ",")
    let required = list(fields.map { quoted($0.name) })
    return
      #"{"type":"object","properties":{\#(properties)},"required":\#(required),"additionalProperties":false}"#
  }

  static func enumeration(_ values: [String]) -> String {
    #"{"type":"string","enum":\#(list(values.map(quoted)))}"#
  }

  private static func list(_ values: [String]) -> String { "[" + values.joined(separator: ",") + "]" }

  /// A JSON string; layer names are Python names, but those may hold any letter.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
