import Foundation
import Testing

@testable import LanguageModels

/// The local model as installed in this checkout or where NICHE_CACHE says; nil where it is not.
private let installed: LocalModelInstallation? = {
  guard case .found(let installation) = ModelDiscovery().localInstallation else { return nil }
  return installation
}()

/// Makes cache folders whose "local model" is a shell script, and removes them at the end of the test.
private final class TestCaches: Sendable {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "niche-\(UUID().uuidString)")

  deinit { try? FileManager.default.removeItem(at: folder) }

  func cache(script: String?, manifest: String? = nil) throws -> String {
    let cache = folder.appendingPathComponent(UUID().uuidString)
    let model = cache.appendingPathComponent("local-model")
    try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
    let server = model.appendingPathComponent("server.sh").path
    if let script { try script.write(toFile: server, atomically: true, encoding: .utf8) }
    let text =
      manifest
      ?? #"{"name": "fake", "python": "/bin/sh", "server": "\#(server)", "modelPath": "\#(server)", "versions": {}}"#
    try text.write(to: model.appendingPathComponent("installed.json"), atomically: true, encoding: .utf8)
    return cache.path
  }

  func installation(_ script: String) throws -> LocalModelInstallation {
    guard case .found(let installation) = LocalModelInstallation.find(in: [try cache(script: script)])
    else {
      throw CocoaError(.fileNoSuchFile)
    }
    return installation
  }
}

private func isAlive(_ process: pid_t) -> Bool { kill(process, 0) == 0 }

@Suite(.timeLimit(.minutes(1))) struct LocalModelProcessTests {
  private let caches = TestCaches()

  @Test func aServerThatEndsAtOnceIsExplainedByItsLastLine() async throws {
    let installation = try caches.installation("echo first >&2; echo no memory for the model >&2; exit 3")
    do throws(ChatFailure) {
      _ = try await LocalModelProcess.start(installation)
      Issue.record("it started")
    } catch {
      #expect(
        error.description.contains("no memory for the model") && error.description.contains("server.log"))
    }
  }

  @Test func aServerThatNeverListensIsEnded() async throws {
    let installation = try caches.installation(
      "echo $$ > \"$(dirname \"$0\")/pid\"; while :; do sleep 1; done")
    await #expect(throws: ChatFailure.self) {
      try await LocalModelProcess.start(installation, startTimeoutSeconds: 0.5)
    }
    let text = try String(contentsOfFile: installation.folder + "/pid", encoding: .utf8)
    let process = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(!isAlive(process))
  }

  @Test func startingCanBeCancelled() async throws {
    let installation = try caches.installation("sleep 100")
    let task = Task { () -> ChatFailure? in
      do throws(ChatFailure) {
        _ = try await LocalModelProcess.start(installation)
        return nil
      } catch {
        return error
      }
    }
    try await Task.sleep(for: .milliseconds(100))
    task.cancel()
    #expect(await task.value == .cancelled)
  }

  @Test func aServerRunsUntilItIsStoppedAndItsGroupGoesToo() async throws {
    let health = try ScriptedServer(always: ScriptedServer.response(200, "{}"))
    defer { health.stop() }
    let script =
      "sleep 100 & echo $! > \"$(dirname \"$0\")/pid\"; echo noise; echo listening on http://127.0.0.1:\(health.port); wait"
    let installation = try caches.installation(script)
    let process = try await LocalModelProcess.start(installation)
    #expect(process.baseURL == health.baseURL && process.isRunning)
    #expect(health.requests.first?.line == "GET /health HTTP/1.1")
    let text = try String(contentsOfFile: installation.folder + "/pid", encoding: .utf8)
    let grandchild = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(isAlive(grandchild))
    process.stop()
    process.stop()
    #expect(!process.isRunning)
    // The grandchild is reaped by init, a moment later.
    for _ in 0..<100 where Self.isRunning(grandchild) { try await Task.sleep(for: .milliseconds(20)) }
    #expect(!Self.isRunning(grandchild))
  }

  @Test func aServerThatDiesIsSaidToHave() async throws {
    let health = try ScriptedServer(sequence: [ScriptedServer.response(200, "{}"), []])
    defer { health.stop() }
    let installation = try caches.installation("echo listening on http://127.0.0.1:\(health.port); sleep 0.2")
    let model = try await LocalModel.start(installation)
    #expect(model.identity == ModelIdentity(provider: "local", model: "fake"))
    while model.process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
    do throws(ChatFailure) {
      _ = try await model.reply(to: ChatRequest(messages: [.user("x")]))
      Issue.record("a reply came")
    } catch {
      #expect(error.description.contains("its server ended"))
    }
  }

  @Test func keysDoNotReachTheServer() async throws {
    setenv("NICHE_TEST_API_KEY", "sk-inherited", 1)
    let child = try ChildProcess(
      arguments: ["/bin/sh", "-c", "env; echo end"], standardErrorPath: "/dev/null")
    var output = ""
    while !output.contains("end\n") {
      output += String(decoding: child.readAvailableOutput(), as: UTF8.self)
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(output.contains("PATH=") && !output.contains("sk-inherited"))
  }

  @Test func aMissingProgramIsNamed() {
    #expect(throws: ChatFailure.self) {
      try ChildProcess(arguments: ["/no/such/program"], standardErrorPath: "/dev/null")
    }
  }

  @Test func seedsAreFoldedIntoWhatLlamaTakes() {
    #expect([0, 1, 42, 0x7FFF_FFFF].map(LocalModel.foldedSeed) == [0, 1, 42, 0x7FFF_FFFF])
    for seed in [-1, .min, .max, 1 << 31, 0xFFFF_FFFF] {
      #expect((0...0x7FFF_FFFF).contains(LocalModel.foldedSeed(seed)))
    }
    #expect(Set((0..<1000).map { LocalModel.foldedSeed($0 << 40) }).count == 1000)
  }

  private static func isRunning(_ process: pid_t) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    return !status.isEmpty && !status.contains(") Z ")
  }
}

@Suite(.timeLimit(.minutes(1))) struct ModelDiscoveryTests {
  private let caches = TestCaches()
  private let empty = ["/no/such/cache"]

  @Test func withoutAnythingThereIsNoModelAndEveryReasonIsGiven() async throws {
    let choice = try await ModelDiscovery(environment: [:], cacheFolders: empty).choose()
    #expect(choice.model == nil)
    #expect(
      choice.reason.contains("OPENAI_BASE_URL") && choice.reason.contains("scripts/local-model install"))
    let none = try await ModelDiscovery(environment: ["OPENAI_BASE_URL": "http://h"], cacheFolders: empty)
      .choose(.none)
    #expect(none.model == nil)
  }

  @Test func theEnvironmentGoesBeforeTheLocalModel() async throws {
    let environment = ["OPENAI_API_KEY": "sk-abcdefgh-secret", "OPENAI_MODEL": "gpt-x"]
    let choice = try await ModelDiscovery(
      environment: environment, cacheFolders: [try caches.cache(script: "exit 1")]
    ).choose()
    #expect(
      choice.model?.identity.model == "gpt-x"
        && choice.model?.identity.endpoint == "https://api.openai.com/v1")
    #expect(choice.reason.contains("OPENAI_API_KEY") && !choice.reason.contains("abcdefgh"))
  }

  @Test func theOnlyModelOfAServerNeedsNoName() async throws {
    let server = try ScriptedServer(always: ScriptedServer.response(200, #"{"data": [{"id": "only"}]}"#))
    defer { server.stop() }
    let discovery = ModelDiscovery(environment: ["OPENAI_BASE_URL": server.baseURL], cacheFolders: empty)
    #expect(try await discovery.choose().model?.identity.model == "only")
    let two = try ScriptedServer(
      always: ScriptedServer.response(200, #"{"data": [{"id": "a1"}, {"id": "b2"}]}"#))
    defer { two.stop() }
    do throws(ChatFailure) {
      _ = try await discovery.choose(.openAICompatible(baseURL: two.baseURL, model: nil, apiKeyVariable: nil))
      Issue.record("one of two was taken")
    } catch {
      #expect(error.description.contains("a1, b2"))
    }
  }

  @Test func everyProvidersVariablesAreKnown() async throws {
    func choice(_ environment: [String: String]) async throws -> (String?, String) {
      let choice = try await ModelDiscovery(environment: environment, cacheFolders: empty).choose()
      return (choice.model?.identity.description, choice.reason)
    }
    let anthropic = ["ANTHROPIC_API_KEY": "k123456789", "ANTHROPIC_MODEL": "claude-x"]
    #expect(try await choice(anthropic).0 == "claude-x (anthropic) at https://api.anthropic.com")
    let token = [
      "ANTHROPIC_AUTH_TOKEN": "k123456789", "ANTHROPIC_MODEL": "claude-x", "ANTHROPIC_BASE_URL": "https://h",
    ]
    #expect(try await choice(token).0 == "claude-x (anthropic) at https://h")
    #expect(try await choice(["ANTHROPIC_API_KEY": "k"]).1.contains("ANTHROPIC_MODEL names no model"))
    let ollama = ["OLLAMA_HOST": "0.0.0.0:1234", "OLLAMA_MODEL": "qwen3"]
    #expect(try await choice(ollama).0 == "qwen3 (ollama) at http://127.0.0.1:1234")
    #expect(try await choice(["OLLAMA_HOST": "h"]).1.contains("OLLAMA_MODEL names no model"))
    let generic = [
      "NICHE_MODEL_URL": "http://h/v1", "NICHE_MODEL_API": "vllm", "NICHE_MODEL": "q",
      "OPENAI_BASE_URL": "http://other/v1", "OPENAI_MODEL": "o",
    ]
    #expect(try await choice(generic).0 == "q (vllm) at http://h/v1")
    #expect(try await choice(generic).1.contains("NICHE_MODEL_URL is set"))
    await #expect(throws: ChatFailure.self) { try await choice(["NICHE_MODEL_API": "gpt"]) }
    // OpenAI's key does not go to another address that was set beside it.
    let mixed = ["NICHE_MODEL_URL": "http://h/v1", "OPENAI_API_KEY": "sk-0123456789", "OPENAI_ORG_ID": "o"]
    let configuration = try EndpointConfiguration(environment: mixed)
    #expect(configuration.apiKey == nil && configuration.organization == nil)
    #expect(try EndpointConfiguration(environment: mixed, baseURL: "http://g/v1").apiKey != nil)
    let headers = try EndpointConfiguration(
      environment: ["OPENAI_CUSTOM_HEADERS": "X-A: 1\n\n X-B : two: three", "NICHE_MODEL_HEADERS": "X-C: 4"])
    #expect(
      headers.headers == [ExtraHeader("X-A", "1"), ExtraHeader("X-B", "two: three"), ExtraHeader("X-C", "4")])
    #expect(throws: ChatFailure.self) {
      try EndpointConfiguration(environment: ["OPENAI_CUSTOM_HEADERS": "none"])
    }
  }

  @Test func ollamasHostIsReadAsOllamaDoes() {
    for (text, address) in [
      ("h", "http://h:11434"), ("h:1", "http://h:1"), (":1", "http://127.0.0.1:1"),
      ("0.0.0.0", "http://127.0.0.1:11434"),
      ("https://h", "https://h:443"), ("http://h/p", "http://h:80/p"), ("http://h:9", "http://h:9"),
      ("::1", "http://[::1]:11434"),
      ("[::1]:7", "http://[::1]:7"), ("", "http://127.0.0.1:11434"),
    ] {
      #expect(EndpointConfiguration.ollamaAddress(text) == address, "\(text)")
    }
  }

  /// Where a request goes and what it carries, for the addresses that people write.
  @Test func addressesOfEveryAPIMayEndAsPeopleWriteThem() async throws {
    let server = try ScriptedServer { _, request in
      let api: ModelAPI =
        request.line.contains("messages")
        ? .anthropic
        : request.line.contains("chat/comp")
          ? .openAI
          : request.line.contains("/api/chat")
            ? .ollama
            : request.line.contains("responses")
              ? .openAIResponses
              : request.line.contains("completions") ? .openAICompletions : .llamaCompletion
      return Speech.response(api, Speech.Reply(), isStreamed: false)
    }
    defer { server.stop() }
    let root = "http://127.0.0.1:\(server.port)"
    for (api, suffixes, path) in [
      (ModelAPI.openAI, ["/v1", "/v1/", "/v1/chat/completions"], "/v1/chat/completions"),
      (.vLLM, ["/v1"], "/v1/chat/completions"),
      (.openAIResponses, ["/v1", "/v1/responses"], "/v1/responses"),
      (.openAICompletions, ["/v1", "/v1/completions"], "/v1/completions"),
      (.anthropic, ["", "/", "/v1", "/v1/messages"], "/v1/messages"),
      (.ollama, ["", "/v1", "/api", "/api/chat"], "/api/chat"),
      (.llamaCompletion, ["", "/v1", "/completion"], "/completion"),
    ] {
      for suffix in suffixes {
        let configuration = EndpointConfiguration(
          api: api, baseURL: root + suffix, model: "m", apiKey: APIKey("k123456789"))
        _ = try await RemoteModel(configuration: configuration, client: .shared, registry: EndpointRegistry())
          .reply(to: ChatRequest(messages: [.user("x")]))
        let request = try #require(server.requests.last)
        #expect(request.line == "POST \(path) HTTP/1.1")
        #expect(request.headers["x-api-key"] == (api == .anthropic ? "k123456789" : nil))
        #expect(request.headers["authorization"] == (api == .anthropic ? nil : "Bearer k123456789"))
        #expect(request.headers["anthropic-version"] == (api == .anthropic ? "2023-06-01" : nil))
      }
    }
  }

  @Test func severalModelsMayAnswerAsOne() async throws {
    let broken = try ScriptedServer(always: ScriptedServer.response(401, "{}"))
    let sound = try ScriptedServer(always: ScriptedServer.completion("here"))
    defer {
      broken.stop()
      sound.stop()
    }
    let notices = Notices()
    var discovery = ModelDiscovery(environment: [:], cacheFolders: empty)
    discovery.onNotice = notices.add
    let endpoints = [broken, sound].map {
      ModelPreference.endpoint(ModelEndpoint(baseURL: $0.baseURL, model: "m"))
    }
    let chain = try #require(try await discovery.choose(endpoints, combined: .fallback).model)
    #expect(try await chain.reply(to: ChatRequest(messages: [.user("x")])).content == "here")
    #expect(notices.all.count == 1 && chain.sources.count == 2)
    let chooser = try WeightedChooser(weights: [0, 1])
    let shared = try #require(try await discovery.choose(endpoints, combined: .ensemble(chooser)).model)
    #expect(try await shared.reply(to: ChatRequest(messages: [.user("x")])).source?.endpoint == sound.baseURL)
    await #expect(throws: ChatFailure.self) { try await discovery.choose([.none], combined: .fallback) }
  }

  @Test func aKeyAloneIsNotSpentOnAnyModel() async throws {
    let discovery = ModelDiscovery(environment: ["OPENAI_API_KEY": "sk-abcdefgh-secret"], cacheFolders: empty)
    let choice = try await discovery.choose()
    #expect(choice.model == nil && choice.reason.contains("OPENAI_MODEL"))
  }

  @Test func theConfiguredKeyVariableMustBeSet() async {
    let discovery = ModelDiscovery(environment: ["OPENAI_API_KEY": "sk-abcdefgh"], cacheFolders: empty)
    await #expect(throws: ChatFailure.self) {
      try await discovery.choose(
        .openAICompatible(baseURL: nil, model: "m", apiKeyVariable: "NICHE_TEST_NO_SUCH_KEY"))
    }
  }

  @Test func aLocalModelThatDoesNotStartIsAReasonOrAFailure() async throws {
    let discovery = ModelDiscovery(
      environment: [:], cacheFolders: [try caches.cache(script: "echo broken wheel >&2; exit 1")])
    let choice = try await discovery.choose()
    #expect(choice.model == nil && choice.reason.contains("broken wheel"))
    await #expect(throws: ChatFailure.self) { try await discovery.choose(.local) }
  }

  @Test(arguments: [
    "", "{", "[]", #"{"name": "x"}"#, #"{"name": 1, "python": "/bin/sh", "server": "/", "modelPath": "/"}"#,
  ])
  func aDamagedManifestIsNamed(manifest: String) throws {
    let found = LocalModelInstallation.find(in: [try caches.cache(script: nil, manifest: manifest)])
    guard case .missing(let reason) = found else {
      Issue.record("\(found)")
      return
    }
    #expect(reason.contains("installed.json") && reason.contains("scripts/local-model install"))
  }

  @Test func anIncompleteInstallationIsNamed() throws {
    guard case .missing(let reason) = LocalModelInstallation.find(in: [try caches.cache(script: nil)]) else {
      Issue.record("an installation without its script was taken")
      return
    }
    #expect(reason.contains("incomplete"))
  }

  @Test func cacheFoldersAreLookedForUpwards() {
    #expect(LocalModelInstallation.cacheFolders(environment: ["NICHE_CACHE": "/c"]) == ["/c"])
    let folders = LocalModelInstallation.cacheFolders(environment: [:])
    #expect(
      folders.contains("/.cache") && folders.first == FileManager.default.currentDirectoryPath + "/.cache")
    #expect(Set(folders).count == folders.count)
  }
}

/// The real model, where `scripts/local-model install` was run.
@Suite(
  .enabled(if: installed != nil, "scripts/local-model install was not run"), .serialized,
  .timeLimit(.minutes(5)))
struct RealLocalModelTests {
  @Test func editsFollowTheirSchemaAndRepeatExactly() async throws {
    let model = try await LocalModel.start(try #require(installed))
    let schema: JSONValue = [
      "type": "object",
      "properties": [
        "action": ["enum": ["insert", "replace", "delete"]], "layer": ["enum": ["conv1", "conv2", "fc"]],
        "out_channels": ["type": "integer", "minimum": 8, "maximum": 256],
        "kernel_size": ["enum": [1, 3, 5]],
      ],
      "required": ["action", "layer", "out_channels", "kernel_size"], "additionalProperties": false,
    ]
    func request(_ text: String, seed: Int) -> ChatRequest {
      ChatRequest(
        messages: [.system("You edit networks. Answer in JSON."), .user(text)], temperature: 0.8,
        maximumTokens: 120, seed: seed, responseSchema: JSONSchema(name: "edit", schema: schema))
    }
    let wide = request("conv1, conv2, fc: make it wider.", seed: 1 << 40)
    let first = try await model.reply(to: wide)
    #expect(
      first.finishReason == "stop" && first.usage.promptTokens > 10 && first.usage.completionTokens > 10)
    let edit = try JSONValue(parsing: first.content)
    #expect(edit.objectValue?.map(\.name) == ["action", "layer", "out_channels", "kernel_size"])
    #expect(["insert", "replace", "delete"].contains(edit["action"]?.stringValue))
    #expect((8...256).contains(edit["out_channels"]?.integerValue ?? 0))
    _ = try await model.reply(to: request("conv1, conv2, fc: delete a layer.", seed: 2))
    #expect(try await model.reply(to: wide).content == first.content)
    // Another server gives the same reply.
    let other = try await LocalModel.start(try #require(installed))
    #expect(try await other.reply(to: wide).content == first.content)
    model.process.stop()
    await #expect(throws: ChatFailure.self) { try await model.reply(to: wide) }
  }

  /// llama.cpp's server speaks most of the APIs: each is asked for real, streamed and whole.
  @Test func itsServerUnderstandsEveryAPIThatItSpeaks() async throws {
    let process = try await LocalModelProcess.start(try #require(installed))
    defer { process.stop() }
    func ask(_ api: ModelAPI, isStreamed: Bool, _ request: ChatRequest) async throws -> ChatReply {
      var configuration = EndpointConfiguration(
        api: api, baseURL: process.baseURL, model: process.installation.name)
      configuration.isStreamed = isStreamed
      configuration.extraParameters =
        api == .anthropic || api == .openAIResponses ? [] : [.init("cache_prompt", false)]
      return try await RemoteModel(configuration: configuration).reply(to: request)
    }
    let apis: [ModelAPI] = [
      .openAI, .llamaServer, .vLLM, .openAICompletions, .llamaCompletion, .anthropic, .openAIResponses,
    ]
    var texts: [ModelAPI: String] = [:]
    for api in apis {
      for isStreamed in [false, true] {
        var request = ChatRequest(
          messages: [.user("Say hello.")], temperature: 0, maximumTokens: 8, seed: 3)
        if api == .llamaServer || api == .llamaCompletion { request.grammar = #"root ::= "yes" | "no""# }
        let reply = try await ask(api, isStreamed: isStreamed, request)
        #expect(!reply.content.isEmpty && reply.isUsageReported, "\(api)")
        #expect(reply.usage.promptTokens >= 3 && (1...8).contains(reply.usage.completionTokens), "\(api)")
        if request.grammar != nil { #expect(["yes", "no"].contains(reply.content), "\(api)") }
        // Streamed or whole, the reply is the same.
        #expect(texts[api, default: reply.content] == reply.content, "\(api)")
        texts[api] = reply.content
      }
    }
    #expect(texts.count == apis.count)
    let schema = JSONSchema(name: "s", schema: ["enum": ["left", "right"]])
    for api in [ModelAPI.openAI, .llamaServer, .llamaCompletion] {
      let request = ChatRequest(
        messages: [.user("JSON:")], temperature: 0, maximumTokens: 30, seed: 3, responseSchema: schema)
      let reply = try await ask(api, isStreamed: true, request)
      #expect(["\"left\"", "\"right\""].contains(reply.content.trimmingSpace()), "\(api)")
    }
  }
}
