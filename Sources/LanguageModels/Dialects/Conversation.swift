/// The words of a request, arranged as an API wants them.
struct Conversation {
  /// The turns, oldest first.
  private(set) var turns: [ChatMessage]

  /// The request's turns; where nothing else tells the server of the schema, the last user's turn ends with it.
  init(_ request: ChatRequest, schemaForm: SchemaForm?, mergesSystem: Bool) {
    turns = request.messages
    if mergesSystem { mergeSystem() }
    if let schema = request.responseSchema, let schemaForm, schemaForm.isToldInPrompt {
      let words =
        "Reply with one JSON value and nothing else. It must satisfy this JSON schema:\n"
        + schema.schema.encoded()
      if let last = turns.lastIndex(where: { $0.role == .user }) {
        turns[last].content += "\n\n" + words
      } else {
        turns.append(.user(words))
      }
    }
  }

  /// The words of all system turns, and the other turns.
  var parted: (system: String?, others: [ChatMessage]) {
    let system = turns.filter { $0.role == .system }.map(\.content)
    return (
      system.isEmpty ? nil : system.joined(separator: "\n\n"), turns.filter { $0.role != .system }
    )
  }

  /// All turns as one text to be continued.
  var text: String { turns.map(\.content).joined(separator: "\n\n") }

  /// The turns as `{"role": …, "content": …}`.
  static func json(_ turns: [ChatMessage], system: String = "system") -> JSONValue {
    .array(
      turns.map { turn in
        let role = turn.role == .system ? system : turn.role.rawValue
        return ["role": .string(role), "content": .string(turn.content)]
      })
  }

  private mutating func mergeSystem() {
    let (system, others) = parted
    guard let system else { return }
    turns = others
    if let first = turns.firstIndex(where: { $0.role == .user }) {
      turns[first].content = system + "\n\n" + turns[first].content
    } else {
      turns.insert(.user(system), at: 0)
    }
  }
}

/// Parts a model's thoughts from its words.
enum ThoughtReader {
  private static let tags = ["think", "thinking", "thought", "reasoning"]

  /// The text without a block of thoughts at its beginning, and those thoughts.
  ///
  /// A block that does not end takes the whole text. Where a server's template opened the block, only its end is
  /// there.
  static func parted(_ text: String) -> (content: String, reasoning: String?) {
    let trimmed = text.drop { $0.isWhitespace }
    for tag in tags {
      let opening = "<\(tag)>"
      let closing = "</\(tag)>"
      if trimmed.hasPrefix(opening) {
        let inner = trimmed.dropFirst(opening.count)
        guard let end = inner.firstRange(of: closing) else { return ("", inner.trimmingSpace()) }
        return (
          String(inner[end.upperBound...].drop { $0.isWhitespace }), inner[..<end.lowerBound].trimmingSpace()
        )
      }
    }
    // Only these two are opened by templates; the word might stand in a program's text otherwise.
    for tag in tags.prefix(2) {
      if let end = trimmed.firstRange(of: "</\(tag)>"), !trimmed[..<end.lowerBound].contains("<\(tag)>") {
        return (
          String(trimmed[end.upperBound...].drop { $0.isWhitespace }),
          trimmed[..<end.lowerBound].trimmingSpace()
        )
      }
    }
    return (text, nil)
  }
}
