import RandomStreams

/// What is asked of a model: the conversation so far and how to answer.
///
/// A nil parameter is not sent at all, so the server's own default holds.
public struct ChatRequest: Codable, Sendable, Hashable {
  /// The conversation, oldest turn first.
  public var messages: [ChatMessage]
  /// The sampling temperature, usually 0 … 2.
  public var temperature: Double?
  /// The most tokens the reply may have.
  public var maximumTokens: Int?
  /// The seed of the server's sampling, where it has one.
  ///
  /// No hosted server promises equal replies for it.
  public var seed: Int?
  /// Texts that end the reply when they come up; most servers take up to four.
  public var stop: [String]
  /// The JSON schema that the reply must satisfy.
  public var responseSchema: JSONSchema?

  /// A request of those messages.
  public init(
    messages: [ChatMessage], temperature: Double? = nil, maximumTokens: Int? = nil, seed: Int? = nil,
    stop: [String] = [], responseSchema: JSONSchema? = nil
  ) {
    self.messages = messages
    self.temperature = temperature
    self.maximumTokens = maximumTokens
    self.seed = seed
    self.stop = stop
    self.responseSchema = responseSchema
  }

  /// The key of this request to any model: 32 hexadecimal digits.
  public var key: String { key(model: "") }

  /// The key of this request to a model: 32 hexadecimal digits that depend on every part of it and nothing else.
  public func key(model: String) -> String {
    StableHash.hexadecimal128(canonicalJSON(model: model).encoded())
  }

  private func canonicalJSON(model: String) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("model", .string(model)),
      .init(
        "messages",
        .array(
          messages.map {
            .object([.init("role", .string($0.role.rawValue)), .init("content", .string($0.content))])
          })),
      .init("stop", .array(stop.map(JSONValue.string))),
    ]
    if let temperature { members.append(.init("temperature", .number(temperature))) }
    if let maximumTokens { members.append(.init("maximumTokens", .integer(maximumTokens))) }
    if let seed { members.append(.init("seed", .integer(seed))) }
    if let responseSchema {
      let schema: [JSONValue.Member] = [
        .init("name", .string(responseSchema.name)), .init("schema", responseSchema.schema),
      ]
      members.append(.init("responseSchema", .object(schema)))
    }
    return .object(members)
  }
}
