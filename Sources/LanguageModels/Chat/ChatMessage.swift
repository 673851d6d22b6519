/// One turn of a conversation.
public struct ChatMessage: Codable, Sendable, Hashable {
  /// Who speaks.
  public enum Role: String, Codable, Sendable, Hashable, CaseIterable {
    case system, user, assistant
  }

  /// Who speaks.
  public var role: Role
  /// What is said.
  public var content: String

  /// A turn of that role.
  public init(role: Role, content: String) {
    self.role = role
    self.content = content
  }

  /// What the model is told before the conversation.
  public static func system(_ content: String) -> ChatMessage { ChatMessage(role: .system, content: content) }

  /// What the user says.
  public static func user(_ content: String) -> ChatMessage { ChatMessage(role: .user, content: content) }

  /// What the model said.
  public static func assistant(_ content: String) -> ChatMessage {
    ChatMessage(role: .assistant, content: content)
  }
}

/// A JSON schema that a reply must satisfy, with the name that servers want beside it.
public struct JSONSchema: Codable, Sendable, Hashable {
  /// What the schema is called: letters, digits, `_` and `-`, at most 64.
  public var name: String
  /// The schema itself.
  public var schema: JSONValue

  /// The schema of that name.
  public init(name: String, schema: JSONValue) {
    self.name = name
    self.schema = schema
  }
}
