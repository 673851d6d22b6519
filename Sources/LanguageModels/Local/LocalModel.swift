/// The local language model together with the server that this process started for it.
///
/// The server ends with the last reference to the model. A reply depends only on the request (its seed included)
/// and on the machine's arithmetic, not on what was asked before: the server answers one request at a time and
/// reuses no cached prompt.
public final class LocalModel: ChatModel {
  /// The model, without its address: the port is another one in every run.
  public let identity: ModelIdentity
  /// The server.
  public let process: LocalModelProcess
  private let model: RemoteModel

  /// The model behind a server that runs.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration`, where the server announced no usable address.
  public init(process: LocalModelProcess) throws(ChatFailure) {
    self.process = process
    var configuration = EndpointConfiguration(
      api: .llamaServer, baseURL: process.baseURL, model: process.installation.name)
    configuration.provider = "local"
    configuration.extraParameters = [.init("cache_prompt", false)]
    model = try RemoteModel(configuration: configuration)
    identity = ModelIdentity(provider: "local", model: process.installation.name)
  }

  /// Starts the server of an installation and waits until it answers.
  ///
  /// - Throws: `ChatFailure.localModelUnavailable` or `.cancelled`.
  public static func start(_ installation: LocalModelInstallation) async throws(ChatFailure) -> LocalModel {
    try LocalModel(process: try await LocalModelProcess.start(installation))
  }

  /// The model's answer to a request.
  ///
  /// - Throws: `ChatFailure`; `.localModelUnavailable` once the server has ended.
  public func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    var request = request
    request.seed = request.seed.map(Self.foldedSeed)
    do throws(ChatFailure) {
      return try await model.reply(to: request)
    } catch {
      if case .unreachable = error, !process.isRunning {
        throw .localModelUnavailable(
          detail: "its server ended (details: \(process.installation.folder)/server.log)")
      }
      throw error
    }
  }

  /// The seed in 31 bits, as llama.cpp takes 32 and means "random" by the last of them.
  static func foldedSeed(_ seed: Int) -> Int {
    let bits = UInt64(bitPattern: Int64(seed))
    return bits <= 0x7FFF_FFFF ? seed : Int((bits ^ (bits >> 31) ^ (bits >> 62)) & 0x7FFF_FFFF)
  }
}
