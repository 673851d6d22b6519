import Foundation
import LanguageModels
import Yams

/// Reads run configurations from YAML and writes them.
///
/// The file is laid over a template (a preset or the defaults) key by key, so an unknown key is known to be
/// unknown, and every message names the key's path and line.
public enum ConfigurationReader {
  private static let maximumBytes = 1 << 20
  private static let maximumNodes = 20_000

  /// The configuration in a YAML text, with what it leaves out taken from `base` or, where the text has a key
  /// `preset`, from that preset.
  public static func read(
    _ yaml: String, base: RunConfiguration = RunConfiguration()
  ) throws(ConfigurationError) -> RunConfiguration {
    guard let root = try root(of: yaml) else { return try validated(base) }
    guard case .mapping(var mapping) = root else {
      throw ConfigurationError("The configuration must be a mapping of keys such as 'data:' and 'search:'.")
    }
    var template = base
    if let preset = mapping["preset"] {
      guard let name = preset.string, let found = RunConfiguration.preset(name) else {
        throw ConfigurationError(
          "Line \(line(preset)): unknown preset '\(preset.string ?? "?")'; there are "
            + RunConfiguration.presets.map(\.name).joined(separator: ", ") + ".")
      }
      template = found
      mapping["preset"] = nil
    } else if let space = mapping["space"].map({ $0.mapping?["name"] ?? $0 })?.string,
      let name = SpaceSettings.Name(rawValue: space), base.space.name != name
    {
      template = .search(of: name)
      template.name = base.name
    }
    // A preset's dimensions are those of its own axes.
    if let axes = mapping["descriptors"]?.sequence, axes.count != template.archive.dimensions.count {
      template.archive.dimensions = []
    }
    // `space: nas-bench-201` for `space: {name: nas-bench-201}`.
    if let space = mapping["space"], case .scalar = space { mapping["space"] = Node([(Node("name"), space)]) }
    var budget = maximumNodes
    let models = mapping["models"]
    mapping["models"] = nil
    var merged = try overlay(.mapping(mapping), on: tree(of: template), path: "", .run, budget: &budget)
    if let models { try overlay(models: models, on: &merged, .run, budget: &budget) }
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try validated(decoder.decode(RunConfiguration.self, from: Data(merged.encoded().utf8)))
    } catch let error as ConfigurationError {
      throw error
    } catch let error as DecodingError {
      throw ConfigurationError(sentence(for: error))
    } catch {
      throw ConfigurationError("The configuration cannot be read: \(oneLine("\(error)")).")
    }
  }

  /// The configuration as YAML with every key.
  public static func yaml(for configuration: RunConfiguration) throws(ConfigurationError) -> String {
    do {
      return try Yams.serialize(node: node(for: tree(of: configuration)), sortKeys: false)
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw ConfigurationError("The configuration cannot be written: \(oneLine("\(error)")).")
    }
  }

  /// What a YAML text says, laid over a template of another shape, such as a study; nil for an empty text.
  static func decode<Template: Codable>(
    _ yaml: String, over template: Template, shape: ConfigurationShape
  ) throws(ConfigurationError) -> Template? {
    guard let root = try root(of: yaml) else { return nil }
    guard case .mapping(var mapping) = root else {
      throw ConfigurationError("The file must be a mapping of keys such as 'arms:'.")
    }
    var budget = maximumNodes
    let models = mapping["models"]
    mapping["models"] = nil
    var merged = try overlay(.mapping(mapping), on: tree(of: template), path: "", shape, budget: &budget)
    if let models { try overlay(models: models, on: &merged, shape, budget: &budget) }
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Template.self, from: Data(merged.encoded().utf8))
    } catch let error as DecodingError {
      throw ConfigurationError(sentence(for: error))
    } catch {
      throw ConfigurationError("The file cannot be read: \(oneLine("\(error)")).")
    }
  }

  /// The tree of a YAML text; nil for an empty one.
  private static func root(of yaml: String) throws(ConfigurationError) -> Node? {
    guard yaml.utf8.count <= maximumBytes else {
      throw ConfigurationError(
        "The configuration is larger than 1 MiB; a run file has a few hundred lines at most.")
    }
    do {
      return try YAMLText.compose(yaml)
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw ConfigurationError("The configuration is not valid YAML: \(Self.oneLine("\(error)")).")
    }
  }

  // MARK: Laying a file over a template

  /// Several models are laid over `model`, whatever the order in the file.
  private static func overlay(
    models: Node, on configuration: inout JSONValue, _ shape: ConfigurationShape, budget: inout Int
  ) throws(ConfigurationError) {
    guard case .object(var members) = configuration,
      let position = members.firstIndex(where: { $0.name == "models" })
    else { return }
    let model: ModelSettings
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      model = try decoder.decode(
        ModelSettings.self, from: Data((configuration["model"] ?? .null).encoded().utf8))
    } catch {
      throw ConfigurationError("'model' cannot be read: \(oneLine("\(error)")).")
    }
    let server = try tree(of: ModelServerSettings(model))
    members[position].value = try overlay(
      models, on: .array([server]), path: "models", shape, budget: &budget)
    configuration = .object(members)
  }

  private static func overlay(
    _ node: Node, on template: JSONValue, path: String, _ shape: ConfigurationShape, budget: inout Int
  ) throws(ConfigurationError) -> JSONValue {
    budget -= 1
    guard budget > 0 else {
      throw ConfigurationError("The configuration has more than \(maximumNodes) values.")
    }
    let place = path.isEmpty ? "The configuration" : "'\(path)' (line \(line(node)))"
    switch (template, node) {
    case (.object(var members), .mapping(let mapping)):
      for (key, value) in mapping {
        let name = key.string ?? "?"
        guard let position = members.firstIndex(where: { $0.name == name }) else {
          let known = members.map(\.name)
          let hint =
            Spelling.closest(to: name, among: known).map { "; did you mean '\($0)'?" }
            ?? "; known here: \(known.joined(separator: ", "))."
          throw ConfigurationError("Line \(line(key)): unknown key '\(joined(path, name))'\(hint)")
        }
        members[position].value = try overlay(
          value, on: members[position].value, path: joined(path, name), shape, budget: &budget)
      }
      return .object(members)
    case (.array(let items), .sequence(let sequence)):
      let element = elementTemplate(of: path) ?? items.first ?? .integer(0)
      var values: [JSONValue] = []
      for (index, value) in sequence.enumerated() {
        values.append(try overlay(value, on: element, path: "\(path)[\(index)]", shape, budget: &budget))
      }
      return .array(values)
    case (.object, _):
      throw ConfigurationError("\(place) must be a mapping of keys.")
    case (.array, _):
      throw ConfigurationError("\(place) must be a list, such as [8, 8].")
    case (_, .scalar):
      return try scalar(node, path: path, place: place, shape)
    default:
      throw ConfigurationError("\(place) must be a single value.")
    }
  }

  private static func scalar(
    _ node: Node, path: String, place: String, _ shape: ConfigurationShape
  ) throws(ConfigurationError) -> JSONValue {
    let text = node.string ?? ""
    switch shape.kind(at: path) {
    case .text?: return .string(text)
    case .flag?:
      guard let value = node.bool else {
        throw ConfigurationError("\(place) must be true or false, not '\(text)'.")
      }
      return .boolean(value)
    case .whole?:
      guard let whole = node.int ?? node.float.flatMap(Int.init(exactly:)) else {
        throw ConfigurationError("\(place) must be a whole number, not '\(text)'.")
      }
      return .integer(whole)
    case .number?:
      guard let number = node.float ?? node.int.map(Double.init), number.isFinite else {
        throw ConfigurationError("\(place) must be a number, not '\(text)'.")
      }
      return .number(number)
    case .choice(let names)?:
      guard names.contains(text) else {
        throw ConfigurationError("\(place) must be one of \(names.joined(separator: ", ")), not '\(text)'.")
      }
      return .string(text)
    case nil: throw ConfigurationError("\(place) must not be a single value.")
    }
  }

  // MARK: Trees

  /// What the elements of a list begin as, where it may be empty.
  private static func elementTemplate(of path: String) -> JSONValue? {
    let named: [JSONValue.Member] = [.init("name", .string("")), .init("formula", .string(""))]
    let scale = JSONValue.Member("scale", .string("linear"))
    if path.hasSuffix("descriptors") {
      return .object(
        named + [
          .init("lower", .number(0)), .init("upper", .number(1)), scale, .init("bins", .integer(0)),
          .init("categories", .array([])),
        ])
    }
    guard path.hasSuffix("objectives") else { return nil }
    return .object(named + [.init("worst", .number(1)), .init("best", .number(0)), scale])
  }

  private static func tree(of settings: some Encodable) throws(ConfigurationError) -> JSONValue {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys]
    do {
      return try JSONValue(parsing: Array(encoder.encode(settings)))
    } catch {
      throw ConfigurationError("The configuration cannot be encoded: \(oneLine("\(error)")).")
    }
  }

  private static func node(for value: JSONValue) -> Node {
    switch value {
    case .object(let members): Node(members.map { (Node($0.name), node(for: $0.value)) })
    case .array(let items): Node(items.map(node(for:)), Tag(.seq), .flow)
    case .string(let text): Node(text, Tag(.str), text.isEmpty ? .doubleQuoted : .any)
    case .integer(let whole): Node(String(whole), Tag(.int))
    case .number(let number): Node("\(number)", Tag(.float))
    case .boolean(let flag): Node(flag ? "true" : "false", Tag(.bool))
    case .null: Node("null", Tag(.null))
    }
  }

  // MARK: Words

  private static func joined(_ path: String, _ name: String) -> String {
    path.isEmpty ? name : "\(path).\(name)"
  }

  private static func line(_ node: Node) -> Int { node.mark?.line ?? 1 }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.joined(
      separator: " ")
  }

  private static func sentence(for error: DecodingError) -> String {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context),
      .keyNotFound(_, let context):
      let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(
        separator: ".")
      return "'\(path)' has a value that does not fit: \(oneLine(context.debugDescription))"
    @unknown default: return "The configuration has a value that does not fit."
    }
  }
}
