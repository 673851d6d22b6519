import Foundation
import Testing

@testable import LanguageModels

/// The local model as installed in this checkout or where NICHE_CACHE says; nil where it is not.
private let installed: LocalModelInstallation? = {
  guard case .found(let installation) = ModelDiscovery().localInstallation else { return nil }
  return installation
}()

/// Makes cache folders whose "local model" is a shell script, and removes them at the end of the test.
final class TestCaches: Sendable {
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

@Suite(.timeLimit(.minutes(10))) struct LocalModelProcessTests {
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
