import Foundation
import Testing

@testable import LanguageModels

@Suite(.timeLimit(.minutes(10))) struct ModelDiscoveryTests {
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
      _ = try await discovery.choose(
        .endpoint(ModelEndpoint(baseURL: two.baseURL, model: nil, keyVariable: nil)))
      Issue.record("one of two was taken")
    } catch {
      #expect(error.description.contains("a1, b2"))
    }
  }

  @Test func aSurveyAsksWhatTheEnvironmentNamesAndShowsNoKey() async throws {
    let server = try ScriptedServer { _, request in
      let body =
        request.line.contains("/api/tags")
        ? #"{"models": [{"name": "qwen3"}]}"# : #"{"data": [{"id": "a"}, {"id": "b"}]}"#
      return ScriptedServer.response(200, body)
    }
    defer { server.stop() }
    let secret = "sk-abcdefgh-secret"
    let environment = [
      "NICHE_MODEL_URL": server.baseURL, "NICHE_MODEL": "b", "NICHE_MODEL_KEY": secret,
      "OLLAMA_HOST": "127.0.0.1:\(server.port)", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
      "ANTHROPIC_API_KEY": secret,
    ]
    let survey = try await ModelDiscovery(environment: environment, cacheFolders: empty).survey(
      timeoutSeconds: 10)
    let named = survey.servers.filter(\.isNamed)
    #expect(named.map(\.api) == [.openAI, .anthropic, .ollama])
    #expect(named.map(\.offered) == [["a", "b"], nil, ["qwen3"]])
    #expect(named.map(\.hasKey) == [true, true, false] && named.map(\.model) == ["b", nil, nil])
    #expect(named[1].problem?.contains("127.0.0.1:9") == true)
    #expect(survey.local.name == nil && survey.local.problem?.contains("scripts/local-model install") == true)
    #expect(survey.automatic == "b at \(server.baseURL), because NICHE_MODEL_URL is set.")
    #expect(!"\(survey)".contains("abcdefgh"))

    let bare = try await ModelDiscovery(environment: [:], cacheFolders: empty).survey(timeoutSeconds: 0.5)
    #expect(bare.servers.allSatisfy { !$0.isNamed && $0.isReachable })
    #expect(bare.automatic.hasPrefix("None, so that the built-in rewriter writes all networks, because"))
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
        .endpoint(ModelEndpoint(baseURL: nil, model: "m", keyVariable: "NICHE_TEST_NO_SUCH_KEY")))
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
