#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Keeps replies in a folder, one JSON file each, so that later runs find them.
///
/// A file is written beside its place and then moved there, so that it is whole or not there at all. Files that cannot
/// be read, or are no replies, count as absent; those that cannot be written are not kept.
public struct FolderReplyStore: ReplyStore {
  private let folder: String

  /// The store in that folder, which is made where it is missing; others may not look into it.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration` where there is no such folder and none can be made.
  public init(folder: String) throws(ChatFailure) {
    self.folder = folder
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST, SystemFiles.isWritable(folder) else {
      throw .invalidConfiguration(detail: "the folder '\(folder)' for replies cannot be made or written")
    }
  }

  /// The reply kept under a key.
  public func reply(forKey key: String) -> ChatReply? {
    guard let bytes = SystemFiles.contents(of: path(key), limit: 64 << 20),
      let json = try? JSONValue(parsing: bytes)
    else { return nil }
    return ChatReply(json: json)
  }

  /// Keeps a reply under a key.
  public func keep(_ reply: ChatReply, forKey key: String) {
    let place = path(key)
    let draft = "\(place).\(UInt64.random(in: .min ... .max))"
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    var rest = Array(reply.json.encoded().utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    let isWhole = close(file) == 0 && rest.isEmpty
    if !isWhole || rename(draft, place) != 0 { unlink(draft) }
  }

  private func path(_ key: String) -> String { "\(folder)/\(key).json" }
}

extension ChatReply {
  /// The reply as JSON.
  var json: JSONValue {
    var usage: [JSONValue.Member] = [
      .init("promptTokens", .integer(self.usage.promptTokens)),
      .init("completionTokens", .integer(self.usage.completionTokens)),
    ]
    for (name, count) in [
      ("cachedTokens", self.usage.cachedTokens), ("cacheWriteTokens", self.usage.cacheWriteTokens),
      ("reasoningTokens", self.usage.reasoningTokens),
    ] {
      if let count { usage.append(.init(name, .integer(count))) }
    }
    var members: [JSONValue.Member] = [
      .init("content", .string(content)), .init("model", .string(model)), .init("usage", .object(usage)),
      .init("isUsageReported", .boolean(isUsageReported)), .init("latencySeconds", .number(latencySeconds)),
      .init("attempts", .integer(attempts)),
      .init("droppedParameters", .array(droppedParameters.map(JSONValue.string))),
    ]
    for (name, text) in [
      ("finishReason", finishReason), ("reasoning", reasoning), ("responseID", responseID),
      ("fingerprint", fingerprint),
    ] {
      if let text { members.append(.init(name, .string(text))) }
    }
    if let source {
      var parts: [JSONValue.Member] = [
        .init("provider", .string(source.provider)), .init("model", .string(source.model)),
      ]
      if let endpoint = source.endpoint { parts.append(.init("endpoint", .string(endpoint))) }
      members.append(.init("source", .object(parts)))
    }
    return .object(members)
  }

  /// The reply that was written as JSON; nil where something is missing.
  init?(json: JSONValue) {
    guard let content = json["content"]?.stringValue, let model = json["model"]?.stringValue,
      let prompt = json["usage"]?["promptTokens"]?.integerValue,
      let completion = json["usage"]?["completionTokens"]?.integerValue
    else { return nil }
    let usage = TokenUsage(
      promptTokens: prompt, completionTokens: completion,
      cachedTokens: json["usage"]?["cachedTokens"]?.integerValue,
      cacheWriteTokens: json["usage"]?["cacheWriteTokens"]?.integerValue,
      reasoningTokens: json["usage"]?["reasoningTokens"]?.integerValue)
    var source: ModelIdentity?
    if let provider = json["source"]?["provider"]?.stringValue,
      let model = json["source"]?["model"]?.stringValue
    {
      source = ModelIdentity(
        provider: provider, model: model, endpoint: json["source"]?["endpoint"]?.stringValue)
    }
    self.init(
      content: content, model: model, usage: usage,
      isUsageReported: json["isUsageReported"]?.booleanValue ?? true,
      finishReason: json["finishReason"]?.stringValue,
      latencySeconds: json["latencySeconds"]?.numberValue ?? 0, attempts: json["attempts"]?.integerValue ?? 1,
      droppedParameters: (json["droppedParameters"]?.arrayValue ?? []).compactMap(\.stringValue),
      reasoning: json["reasoning"]?.stringValue, responseID: json["responseID"]?.stringValue,
      fingerprint: json["fingerprint"]?.stringValue, source: source)
  }
}
