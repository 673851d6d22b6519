/// The API that a server speaks.
public enum ModelAPI: String, Codable, Sendable, Hashable, CaseIterable {
  /// OpenAI's chat/completions, at OpenAI and at most gateways.
  case openAI = "openai"
  /// OpenAI's Responses.
  case openAIResponses = "openai-responses"
  /// OpenAI's legacy completions: the model continues a text, as CodeGen and StarCoder do.
  case openAICompletions = "openai-completions"
  /// Anthropic's messages.
  case anthropic
  /// Ollama's own chat API.
  case ollama
  /// llama.cpp's server by its OpenAI route, with its grammar and schema parameters.
  case llamaServer = "llama.cpp"
  /// llama.cpp's server by its own route: the model continues a text, held to a grammar or a schema.
  case llamaCompletion = "llama.cpp-completion"
  /// vLLM: chat/completions with structured outputs.
  case vLLM = "vllm"

  /// Pure functions between requests and that API's bytes.
  var dialect: any Dialect {
    switch self {
    case .openAI: ChatCompletionsDialect(flavor: .openAI)
    case .llamaServer: ChatCompletionsDialect(flavor: .llamaServer)
    case .vLLM: ChatCompletionsDialect(flavor: .vLLM)
    case .openAIResponses: ResponsesDialect()
    case .openAICompletions: CompletionsDialect()
    case .anthropic: AnthropicDialect()
    case .ollama: OllamaDialect()
    case .llamaCompletion: LlamaCompletionDialect()
    }
  }
}

/// The bytes of one API, both ways.
///
/// Nothing here sends, waits or remembers.
protocol Dialect: Sendable {
  /// The address where none is configured.
  var defaultBaseURL: String { get }
  /// What people write behind the base address although it is no part of it, in the order to remove it.
  var strippedSuffixes: [String] { get }
  /// What lists the models, below the base address.
  var modelsPath: String { get }
  /// Header lines besides the key's.
  var headers: [String] { get }
  /// How a stream of this API is cut into events.
  var framing: EventStreamParser.Framing { get }
  /// The ways of asking for a schema, the strictest first; the last sends it as part of the prompt.
  var schemaForms: [SchemaForm] { get }

  /// The header line that carries the key.
  func authorization(_ key: String) -> String
  /// Where a request goes, below the base address.
  func path(for request: ChatRequest) -> String
  /// A request's body.
  func body(of request: ChatRequest, options: WireOptions) -> WireBody
  /// What a whole response of status 2xx says.
  func answer(in body: JSONValue) -> WireAnswer
  /// Adds an event of a stream to what came before it.
  func take(_ event: ServerEvent, into answer: inout StreamedAnswer)
  /// The names in a list of models.
  func modelNames(in body: JSONValue) -> [String]?
}

extension Dialect {
  var defaultBaseURL: String { "https://api.openai.com/v1" }
  var modelsPath: String { "/models" }
  var headers: [String] { [] }
  var framing: EventStreamParser.Framing { .serverSentEvents }
  func authorization(_ key: String) -> String { "Authorization: Bearer \(key)" }
  func modelNames(in body: JSONValue) -> [String]? {
    body["data"]?.arrayValue?.compactMap { $0["id"]?.stringValue }
  }
}

/// A way of telling a server which JSON schema a reply must satisfy.
enum SchemaForm: Sendable, Hashable {
  /// OpenAI's `json_schema`, enforced to the letter.
  case strict
  /// OpenAI's `json_schema` for schemas that `strict` does not allow.
  case lenient
  /// llama.cpp's `{"type": "json_object", "schema": …}`.
  case objectWithSchema
  /// Any JSON object; the schema stands in the prompt.
  case anyObject
  /// vLLM's `structured_outputs`.
  case structuredOutputs
  /// vLLM's older `guided_json`.
  case guided
  /// A tool that the model must call (Anthropic).
  case tool
  /// The schema stands in the prompt alone.
  case prompt

  /// Whether the prompt must tell of the schema, because nothing else does.
  var isToldInPrompt: Bool { self == .prompt || self == .anyObject }
}

/// How a request is put for one model at one server.
struct WireOptions: Sendable {
  var model: String
  /// Whether the reply shall come piece by piece.
  var isStreamed = false
  /// What is known of the model by its name.
  var traits = ModelTraits()
  /// What the server was found to refuse.
  var refusals = Refusals()
  /// Further members of the body.
  var extra: [JSONValue.Member] = []
}

/// A request's body, and what of the request it holds.
struct WireBody: Sendable, Hashable {
  var json: JSONValue
  /// The members that could be left out if the server refused them.
  var sent: Set<String>
  /// What was asked for and is not in the body.
  var dropped: [String]
  /// How the schema is asked for; nil where the request has none, or has a grammar in its place.
  var schemaForm: SchemaForm?
  /// Whether a turn of the system's own is in the body.
  var hasSystemTurn = false

  var bytes: [UInt8] { Array(json.encoded().utf8) }
}

/// What a response holds.
enum WireAnswer: Sendable, Hashable {
  case reply(WireReply)
  /// The model would not answer.
  case declined(String)
  /// It is no response of this API; half a sentence.
  case malformed(String)
}

/// A reply without what is known only to who asked for it.
struct WireReply: Sendable, Hashable {
  var content: String
  var reasoning: String?
  var model: String?
  var usage: TokenUsage?
  var finishReason: String?
  var id: String?
  var fingerprint: String?
}

/// Puts a body together, leaving out what the server refuses.
struct BodyBuilder {
  private(set) var members: [JSONValue.Member]
  private(set) var sent: Set<String> = []
  private(set) var dropped: [String] = []
  private let refused: Set<String>

  /// A body that begins with members that cannot be left out.
  init(_ members: [JSONValue.Member], refused: Set<String>) {
    self.members = members
    self.refused = refused
  }

  /// A member that can be left out.
  mutating func add(_ name: String, _ value: JSONValue?) {
    guard let value else { return }
    guard !refused.contains(name) else { return drop(name) }
    sent.insert(name)
    members.append(.init(name, value))
  }

  /// A member under the first of its names that is not refused.
  mutating func add(firstOf names: [String], _ value: JSONValue?) {
    guard let value else { return }
    guard let name = names.first(where: { !refused.contains($0) }) else { return drop(names[0]) }
    add(name, value)
  }

  /// A member that is always there.
  mutating func require(_ name: String, _ value: JSONValue) { members.append(.init(name, value)) }

  /// Notes that something asked for is not sent.
  mutating func drop(_ name: String) {
    if !dropped.contains(name) { dropped.append(name) }
  }

  /// Notes it where it is asked for.
  mutating func drop(_ name: String, where isAskedFor: Bool) {
    if isAskedFor { drop(name) }
  }

  /// Takes over what another builder, whose members stand inside this one, sent and dropped.
  mutating func include(_ inner: BodyBuilder) {
    sent.formUnion(inner.sent)
    for name in inner.dropped { drop(name) }
  }

  /// The body.
  func body(schemaForm: SchemaForm? = nil, hasSystemTurn: Bool = false) -> WireBody {
    WireBody(
      json: .object(members), sent: sent, dropped: dropped, schemaForm: schemaForm,
      hasSystemTurn: hasSystemTurn)
  }
}
