internal import FoundationEssentials

extension ChoiceSpace {
  /// An object with one property a choice, each required, and nothing else; its values are the options' names.
  public var jsonSchema: String {
    let properties = choices.map { choice in
      "\(Self.quoted(choice.key)): {\"type\": \"string\", \"enum\": ["
        + choice.options.map(Self.quoted).joined(separator: ", ") + "]}"
    }
    return "{\"type\": \"object\", \"properties\": {" + properties.joined(separator: ", ")
      + "}, \"required\": [" + choices.map { Self.quoted($0.key) }.joined(separator: ", ")
      + "], \"additionalProperties\": false}"
  }

  /// The properties in the order of the choices, one space behind each colon and comma.
  public var jsonGrammar: String {
    var rules: [String] = []
    var parts: [String] = []
    for (number, choice) in choices.enumerated() {
      let head = (number == 0 ? "{" : ", ") + Self.quoted(choice.key) + ": "
      parts.append("\(Self.literal(head)) option\(number)")
      let options = choice.options.map { Self.literal(Self.quoted($0)) }
      rules.append("option\(number) ::= " + options.joined(separator: " | "))
    }
    return "root ::= " + parts.joined(separator: " ") + " \"}\"\n" + rules.joined(separator: "\n") + "\n"
  }

  /// A genotype as a JSON object in one line, as the schema and the grammar have it.
  public func json(of genotype: Genotype) -> String {
    let pairs = zip(choices, options(of: genotype)).map { choice, option in
      "\(Self.quoted(choice.key)): \(Self.quoted(choice.options[option]))"
    }
    return "{" + pairs.joined(separator: ", ") + "}"
  }

  /// The genotype that a JSON object means.
  ///
  /// Options may also be numbers where they read as such. Properties that are no choice are passed over, since models
  /// like to add their reasons.
  ///
  /// - Throws: one sentence saying what is wrong, and where.
  public func genotype(fromJSON text: String) throws(SearchSpaceError) -> Genotype {
    guard text.utf8.count <= longestJSON else {
      throw SearchSpaceError("The JSON of an architecture has at most \(longestJSON) bytes.")
    }
    let values: [String: OptionName]
    do {
      values = try JSONDecoder().decode([String: OptionName].self, from: Data(text.utf8))
    } catch {
      throw SearchSpaceError("This is no JSON object with one property a choice; one is \(example).")
    }
    var options: [Int] = []
    for choice in choices {
      guard let value = values[choice.key] else {
        throw SearchSpaceError("The property '\(choice.key)' is missing.")
      }
      guard let name = value.name else {
        throw SearchSpaceError("The property '\(choice.key)' is no text.")
      }
      let wanted = name.filter { !$0.isWhitespace }.lowercased()
      guard let option = choice.options.firstIndex(where: { $0.lowercased() == wanted }) else {
        throw SearchSpaceError(
          "The property '\(choice.key)' is '\(name.prefix(40))'; it can be \(choice.options.joined(separator: ", "))."
        )
      }
      options.append(option)
    }
    return try genotype(options: options)
  }

  /// More than any model's reply has for one architecture.
  private var longestJSON: Int { 100_000 }

  private var example: String {
    "{"
      + choices.prefix(2).map { "\(Self.quoted($0.key)): \(Self.quoted($0.options[0]))" }
      .joined(separator: ", ") + (choices.count > 2 ? ", …}" : "}")
  }

  /// A text as JSON has it.
  private static func quoted(_ text: String) -> String { "\"" + escaped(text) + "\"" }

  /// A literal of GBNF, whose escapes are those of JSON.
  private static func literal(_ text: String) -> String { "\"" + escaped(text) + "\"" }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// What a property holds, as far as it can name an option.
private struct OptionName: Decodable {
  var name: String?

  init(from decoder: any Decoder) throws {
    // A nested object or list is no option, and no reason to refuse the other properties.
    guard let container = try? decoder.singleValueContainer() else { return }
    if let text = try? container.decode(String.self) {
      name = text
    } else if let number = try? container.decode(Int.self) {
      name = String(number)
    } else if let number = try? container.decode(Double.self) {
      name = String(number)
    }
  }
}
