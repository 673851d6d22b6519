/// Who writes the networks.
public struct ModelSettings: Codable, Sendable, Hashable {
  /// Where the author is looked for, and by which API it is asked.
  public enum Provider: String, Codable, Sendable, CaseIterable {
    /// The environment's endpoint, else the local model, else the rewriter.
    case auto
    /// OpenAI's chat/completions, which most servers and gateways speak.
    case openai
    case openaiResponses = "openai-responses"
    /// OpenAI's legacy completions, for models that continue a text.
    case openaiCompletions = "openai-completions"
    case anthropic
    case ollama
    case llamaServer = "llama.cpp"
    case llamaCompletion = "llama.cpp-completion"
    case vllm
    case local, rewriter
  }

  /// In which form a model is asked for a network.
  public enum Form: String, Codable, Sendable, CaseIterable {
    /// Edits for the local model, completion where the API continues text, whole programs for others.
    case auto
    case edits, program
    /// SEARCH/REPLACE blocks on the parent's source.
    case blocks
    /// The model goes on behind the parent's source and the prompt as a docstring, LLMatic's own way.
    case completion
  }

  /// Whether replies come piece by piece, so that a server that stalls is noticed early.
  public enum Streaming: String, Codable, Sendable, CaseIterable {
    /// From other machines.
    case auto
    case always, never
  }

  /// How several models answer as one.
  public enum Combination: String, Codable, Sendable, CaseIterable {
    /// The first of `models` answers; where it cannot, the next.
    case fallback
    /// Each answers its share of the requests, by weight.
    case weights
    /// Each proposal goes to the model whose networks were worth most for what they cost.
    case bandit
  }

  /// What a candidate must come to for a bandit to credit its model.
  public enum BanditValue: String, Codable, Sendable, CaseIterable {
    /// It holds a niche when its generation is over.
    case improvement
    /// It can be trained and is no repetition.
    case trainable
  }

  /// What a bandit holds against a model.
  public enum BanditCost: String, Codable, Sendable, CaseIterable {
    /// Dollars where the prices of all models are known and above 0, else tokens.
    case auto
    case dollars
    /// Tokens of prompts and replies.
    case tokens
    /// Seconds from the request to the reply.
    case seconds
  }

  /// Where the author is looked for.
  public var provider = Provider.auto
  /// The server's base URL; empty: what the API's environment variable says, such as `OPENAI_BASE_URL`.
  public var endpoint = ""
  /// The model's name; empty: `OPENAI_MODEL` and so on, or the server's own.
  public var name = ""
  /// The environment variable that holds the key; this one: the API's own.
  public var keyVariable = "OPENAI_API_KEY"
  /// A file of mode 600 that holds the key; empty: the environment has it.
  public var keyFile = ""
  /// Further header lines, such as `X-Team: ${TEAM}`, where `${NAME}` is an environment variable.
  public var headers: [String] = []
  /// Whether replies come piece by piece.
  public var streaming = Streaming.auto
  /// The longest time for one attempt, in seconds.
  public var timeout = 600.0
  /// How often a failed request is sent again.
  public var retries = 2
  /// In which form it is asked.
  public var form = Form.auto
  /// The most tokens of a reply; 0: what suits the form.
  public var maximumTokens = 0
  /// The most edits of one reply.
  public var maximumEdits = 2
  /// Requests under way at once; 0: what suits the provider.
  public var concurrency = 0
  /// Whether whole programs are held to a grammar of networks, by servers that take one (llama.cpp, vLLM, the local model).
  public var grammar = false
  /// How the models of `models` answer as one, where there are several.
  public var combination = Combination.fallback
  /// What a bandit credits a model for.
  public var banditValue = BanditValue.improvement
  /// What a bandit holds against a model.
  public var banditCost = BanditCost.auto
  /// Whether replies are kept in a folder and given again to equal requests of any run.
  public var cache = false
  /// A file of prices in the form of `prices.json`, which go before those of that file; empty: none.
  public var priceFile = ""

  /// The defaults.
  public init() {}

  /// Reads settings; what runs of earlier versions did not say keeps its default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    provider = try container.decode(Provider.self, forKey: .provider)
    endpoint = try container.decode(String.self, forKey: .endpoint)
    name = try container.decode(String.self, forKey: .name)
    keyVariable = try container.decode(String.self, forKey: .keyVariable)
    keyFile = try container.decodeIfPresent(String.self, forKey: .keyFile) ?? keyFile
    headers = try container.decodeIfPresent([String].self, forKey: .headers) ?? headers
    streaming = try container.decodeIfPresent(Streaming.self, forKey: .streaming) ?? streaming
    timeout = try container.decodeIfPresent(Double.self, forKey: .timeout) ?? timeout
    retries = try container.decodeIfPresent(Int.self, forKey: .retries) ?? retries
    form = try container.decode(Form.self, forKey: .form)
    maximumTokens = try container.decode(Int.self, forKey: .maximumTokens)
    maximumEdits = try container.decode(Int.self, forKey: .maximumEdits)
    concurrency = try container.decode(Int.self, forKey: .concurrency)
    grammar = try container.decodeIfPresent(Bool.self, forKey: .grammar) ?? grammar
    combination = try container.decodeIfPresent(Combination.self, forKey: .combination) ?? combination
    banditValue = try container.decodeIfPresent(BanditValue.self, forKey: .banditValue) ?? banditValue
    banditCost = try container.decodeIfPresent(BanditCost.self, forKey: .banditCost) ?? banditCost
    cache = try container.decodeIfPresent(Bool.self, forKey: .cache) ?? cache
    priceFile = try container.decodeIfPresent(String.self, forKey: .priceFile) ?? priceFile
  }
}
