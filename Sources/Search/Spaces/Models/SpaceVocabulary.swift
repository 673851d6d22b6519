public import LanguageModels
public import RandomStreams
public import SearchSpaces

/// The words in which models speak of a space: a name for each choice, and names for its options.
///
/// Space and benchmark have no name here, so that a model cannot recall what it read of them (CoLLM-NAS, appendix E).
/// The options' names may be hidden, too: the probe for what a model knows by heart.
public struct SpaceVocabulary: Sendable, Hashable {
  /// How options are called.
  public enum Naming: String, Sendable, Hashable, Codable, CaseIterable {
    /// As the space calls them.
    case original
    /// By a letter and a number that mean nothing, in an order of their own.
    case neutral
    /// By the name of another option of the same choice; none keeps its own.
    case shuffled
  }

  /// How options are called.
  public let naming: Naming
  /// The choices, each with its name and its options' names for the model, in the space's order.
  public let choices: [Choice]
  /// The names that the space itself has for options.
  let originals: Set<String>
  private let keys: [String: Int]
  private let places: [[String: Int]]

  /// The vocabulary of those choices.
  ///
  /// - Parameter stream: gives the names that are not the space's own; equal streams give equal names.
  public init(_ choices: [Choice], naming: Naming = .original, stream: RandomStream) {
    self.naming = naming
    var names: [String] = []
    var words: [[String]: [String]] = [:]
    var shown: [Choice] = []
    for choice in choices {
      let key = Self.key(of: choice.name)
      var name = key
      var number = 2
      while names.contains(name) {
        name = "\(key)_\(number)"
        number += 1
      }
      names.append(name)
      // The same options have the same names wherever they come up.
      let aliases =
        words[choice.options]
        ?? Self.aliases(of: choice.options, naming, group: words.count, stream: stream)
      words[choice.options] = aliases
      shown.append(Choice(name: name, options: aliases))
    }
    self.choices = shown
    originals = Set(choices.flatMap(\.options))
    keys = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    places = shown.map { choice in
      var places: [String: Int] = [:]
      for (place, option) in choice.options.enumerated() where places[option.lowercased()] == nil {
        places[option.lowercased()] = place
      }
      // Whatever the case of letters, but the very name goes first.
      for (place, option) in choice.options.enumerated() { places[option] = place }
      return places
    }
  }

  private static func aliases(
    of options: [String], _ naming: Naming, group: Int, stream: RandomStream
  ) -> [String] {
    var stream = stream.stream("names", group)
    let order = stream.permutation(options.count)
    var aliases = options
    switch naming {
    case .original: break
    case .neutral:
      let letter = group < 26 ? String(UnicodeScalar(UInt8(97 + group))) : "x\(group)_"
      for (number, place) in order.enumerated() { aliases[place] = "\(letter)\(number + 1)" }
    case .shuffled:
      // One cycle through all of them, so that none stays.
      for (number, place) in order.enumerated() {
        aliases[place] = options[order[(number + 1) % order.count]]
      }
    }
    return aliases
  }

  /// A name as a member of JSON, such as `edge_0_1`.
  static func key(of name: some StringProtocol) -> String {
    let key = Choice(name: String(name), options: []).key
    return key.isEmpty ? "choice" : key
  }

  /// The place of the choice of that name, however it is written; nil where there is none.
  func place(ofChoice name: some StringProtocol) -> Int? { keys[Self.key(of: name)] }

  /// The place of a choice's option of that name; nil where there is none.
  func place(ofOption name: String, choice: Int) -> Int? {
    let name = name.trimmed
    return places[choice][name] ?? places[choice][name.lowercased()]
  }

  // MARK: Writing

  /// An architecture as a JSON object with a member for each choice.
  public func json(_ options: [Int]) -> JSONValue {
    .object(zip(choices, options).map { .init($0.name, .string($0.options[$1])) })
  }

  /// What a reply with so many architectures must look like: an object with the list `architectures`.
  public func schema(least: Int, most: Int) -> JSONSchema {
    let properties = choices.map { choice in
      JSONValue.Member(
        choice.name, ["type": "string", "enum": .array(choice.options.map(JSONValue.string))])
    }
    let architecture: JSONValue = [
      "type": "object", "properties": .object(properties),
      "required": .array(choices.map { .string($0.name) }), "additionalProperties": false,
    ]
    return JSONSchema(
      name: Self.schemaName,
      schema: [
        "type": "object",
        "properties": [
          Self.schemaName: [
            "type": "array", "items": architecture, "minItems": .integer(least), "maxItems": .integer(most),
          ]
        ], "required": [.string(Self.schemaName)], "additionalProperties": false,
      ])
  }

  /// What the schema of architectures, and its one member, are called.
  static let schemaName = "architectures"

  /// The choices with their options, one a line.
  var list: String {
    choices.map { "- \($0.name): \($0.options.joined(separator: ", "))" }.joined(separator: "\n")
  }
}

extension StringProtocol {
  /// The text without white space at both ends.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}
