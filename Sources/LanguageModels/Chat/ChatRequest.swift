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
  /// The probability mass from which tokens are drawn, 0 … 1.
  public var topP: Double?
  /// The grammar that the reply must satisfy, in llama.cpp's notation (GBNF).
  ///
  /// Servers that take one put it before `responseSchema`; others are not told of it.
  public var grammar: String?
  /// What follows the text that a completion is to be inserted before; only for models that continue text.
  public var suffix: String?
  /// How long a reasoning model shall think: `none`, `minimal`, `low`, `medium`, `high`, or what else it knows.
  public var reasoningEffort: String?
  /// Which of several models is to answer, by its place from 0; nil leaves that to whoever chooses among them.
  ///
  /// No server is told of it.
  public var recipient: Int?

  /// A request of those messages.
  public init(
    messages: [ChatMessage], temperature: Double? = nil, maximumTokens: Int? = nil, seed: Int? = nil,
    stop: [String] = [], responseSchema: JSONSchema? = nil, topP: Double? = nil, grammar: String? = nil,
    suffix: String? = nil, reasoningEffort: String? = nil
  ) {
    self.messages = messages
    self.temperature = temperature
    self.maximumTokens = maximumTokens
    self.seed = seed
    self.stop = stop
    self.responseSchema = responseSchema
    self.topP = topP
    self.grammar = grammar
    self.suffix = suffix
    self.reasoningEffort = reasoningEffort
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
    if let recipient { members.append(.init("recipient", .integer(recipient))) }
    // What a request lacks is not named, so that keys of old recordings hold.
    if let topP { members.append(.init("topP", .number(topP))) }
    for (name, text) in [("grammar", grammar), ("suffix", suffix), ("reasoningEffort", reasoningEffort)] {
      if let text { members.append(.init(name, .string(text))) }
    }
    return .object(members)
  }
}
