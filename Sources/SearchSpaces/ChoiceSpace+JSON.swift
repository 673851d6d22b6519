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
  ///
  /// What models write is read with more patience where they are asked, and under other names if need be.
  public func json(of genotype: Genotype) -> String {
    let pairs = zip(choices, options(of: genotype)).map { choice, option in
      "\(Self.quoted(choice.key)): \(Self.quoted(choice.options[option]))"
    }
    return "{" + pairs.joined(separator: ", ") + "}"
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
