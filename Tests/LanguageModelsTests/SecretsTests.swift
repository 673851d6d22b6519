import Foundation
import Synchronization
import Testing

@testable import LanguageModels

/// What must never be seen, each in a form of its own.
private let secrets = [
  "sk-proj-0123456789abcdefKEY", "hdr-tok/en+9876543210XYZ", "pw:rd-55443322110", "query-secret-1122334455",
]

/// Nothing that can be stored or shown holds a key, whatever the server does with it.
@Suite(.timeLimit(.minutes(10))) struct SecretsTests {
  /// Everything that a session of requests leaves behind, as text.
  private func traces(
    _ api: ModelAPI, isStreamed: Bool,
    answer: @escaping @Sendable (ScriptedServer.Request) -> [ScriptedServer.Step]
  ) async throws -> String {
    let server = try ScriptedServer { _, request in answer(request) }
    defer { server.stop() }
    var traces: [String] = []
    let notices = Notices()
    var configuration = EndpointConfiguration(
      api: api,
      baseURL:
        "http://user:\(secrets[2].replacing(":", with: "%3A"))@127.0.0.1:\(server.port)/v1?api_key=\(secrets[3])",
      model: "m", apiKey: APIKey(secrets[0]))
    configuration.headers = [try #require(ExtraHeader("X-Gateway", "Token \(secrets[1])"))]
    configuration.isStreamed = isStreamed
    configuration.maximumRetries = 1
    configuration.onNotice = notices.add
    let remote = try RemoteModel(configuration: configuration, client: .shared, registry: EndpointRegistry())
    let log = Mutex<[ChatExchange]>([])
    let model = RecordingModel(remote) { exchange in log.withLock { $0.append(exchange) } }
    let request = ChatRequest(
      messages: [.system("s"), .user("hello")], temperature: 0.5, maximumTokens: 5,
      responseSchema: JSONSchema(name: "s", schema: ["type": "object"]))
    do {
      let reply = try await model.reply(to: request)
      traces.append("\(reply)")
      dump(reply, to: &traces[0])
    } catch {
      traces.append("\(error)")
      dump(error, to: &traces[0])
    }
    do { traces.append("\(try await remote.availableModels())") } catch { traces.append("\(error)") }
    traces.append("\(remote.identity) \(model.identity) \(configuration) \(configuration.headers)")
    var dumped = ""
    dump(configuration, to: &dumped)
    dump(configuration.headers, to: &dumped)
    dump(remote.identity, to: &dumped)
    dump(log.withLock { $0 }, to: &dumped)
    traces.append(dumped)
    // As the run file stores it.
    traces.append(String(decoding: try JSONEncoder().encode(log.withLock { $0 }), as: UTF8.self))
    traces += notices.all
    #expect(server.requests.allSatisfy { $0.line.contains(secrets[3]) }, "the key was sent at all")
    return traces.joined(separator: "\n")
  }

  private func check(_ text: String, _ what: String) {
    let forms =
      secrets + [
        Data("user:\(secrets[2])".utf8).base64EncodedString(), "0123456789abcdefKEY", "9876543210XYZ",
      ]
    for form in forms where text.contains(form) {
      let place = text.firstRange(of: form).map { text[$0.lowerBound...].prefix(60) } ?? ""
      Issue.record("\(what) shows \(form) in …\(place)")
    }
  }

  /// A server that says everything it was told, its headers above all, in each place of each kind of answer.
  @Test(arguments: ModelAPI.allCases) func aServerThatEchoesEverythingGivesNothingAway(
    api: ModelAPI
  ) async throws {
    for isStreamed in [false, true] {
      let reply = try await traces(api, isStreamed: isStreamed) { request in
        let echo = Self.echo(of: request)
        return Speech.response(api, Speech.Reply(text: echo, model: echo), isStreamed: isStreamed)
      }
      check(reply, "a reply of \(api)")
      #expect(reply.contains("[redacted]"))
    }
    for status in [301, 400, 401, 403, 404, 413, 422, 429, 500] {
      for form in 0..<4 {
        let text = try await traces(api, isStreamed: false) { request in
          let echo = Self.echo(of: request)
          let body: JSONValue =
            switch form {
            case 0: ["error": ["message": .string(echo), "code": .string(echo), "param": .string(echo)]]
            case 1: ["detail": [["msg": .string("temperature " + echo), "loc": [.string(echo)]]]]
            case 2: ["error": .string("unknown " + echo)]
            // No JSON, and a key that the place of a cut may part.
            default: .string(String(repeating: " ", count: 1990) + echo)
            }
          let line = echo.replacing("\n", with: " ")
          return ScriptedServer.response(
            status,
            headers: [
              "Location: http://h/?k=\(line.replacing(" ", with: "_"))", "X-Request-Id: \(line)",
              "Retry-After-Ms: 1",
            ],
            form == 3 ? String(body.stringValue ?? "") : body.encoded())
        }
        check(text, "status \(status), form \(form)")
      }
    }
    let stream = try await traces(api, isStreamed: true) { request in
      let error: JSONValue = ["type": "error", "error": ["message": .string(Self.echo(of: request))]]
      let end = api == .ollama ? "\n" : "\n\n"
      return [
        .send(Speech.streamHead(api)),
        .send(Array(((api == .ollama ? "" : "data: ") + error.encoded() + end).utf8)),
      ]
    }
    check(stream, "a stream's error")
  }

  private static func echo(of request: ScriptedServer.Request) -> String {
    request.line + "\n" + request.headers.map { "\($0.key): \($0.value)" }.sorted().joined(separator: "\n")
  }

  @Test func keyFilesMustBeTheOwnersAlone() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    func write(_ text: String, mode: Int) throws {
      try? FileManager.default.removeItem(atPath: file)
      #expect(
        FileManager.default.createFile(
          atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: mode]))
    }
    for mode in [0o600, 0o400] {
      try write(" \(secrets[0])\n", mode: mode)
      #expect(try APIKey(file: file) == APIKey(secrets[0]))
    }
    for (text, mode) in [
      (secrets[0], 0o644), (secrets[0], 0o640), (secrets[0], 0o604), ("", 0o600), ("a\nb", 0o600),
    ] {
      try write(text, mode: mode)
      do {
        _ = try APIKey(file: file)
        Issue.record("mode \(String(mode, radix: 8)) was taken")
      } catch {
        #expect(!"\(error)".contains(secrets[0]))
      }
    }
    for place in ["/nonexistent", "/tmp", "/dev/null"] {
      #expect(throws: ChatFailure.self) { try APIKey(file: place) }
    }
  }

  @Test func endpointsTakeKeysAndHeadersFromTheEnvironment() throws {
    let environment = ["MY_KEY": secrets[0], "TOKEN": secrets[1], "ANTHROPIC_API_KEY": "other"]
    let endpoint = ModelEndpoint(
      api: .anthropic, model: "claude", keyVariable: "MY_KEY",
      headers: ["X-A": "Bearer ${TOKEN}!", "X-B": "b"],
      parameters: ["z": 1, "a": true], isStreamed: true, timeoutSeconds: 9, maximumRetries: 0)
    let configuration = try endpoint.configuration { environment[$0] }
    #expect(
      configuration.apiKey == APIKey(secrets[0]) && configuration.baseURL == "https://api.anthropic.com")
    #expect(configuration.headers == [ExtraHeader("X-A", "Bearer \(secrets[1])!"), ExtraHeader("X-B", "b")])
    #expect(configuration.extraParameters.map(\.name) == ["a", "z"] && configuration.isStreamed)
    #expect(configuration.timeoutSeconds == 9 && configuration.maximumRetries == 0)
    var wrong = endpoint
    wrong.keyVariable = "MISSING"
    #expect(throws: ChatFailure.self) { try wrong.configuration { environment[$0] } }
    wrong = endpoint
    wrong.headers = ["X": "${MISSING}"]
    #expect(throws: ChatFailure.self) { try wrong.configuration { environment[$0] } }
    // What would be stored with the run.
    for address in ["https://u:p@h/v1", "https://h/v1?api_key=abc"] {
      wrong = endpoint
      wrong.baseURL = address
      #expect(throws: ChatFailure.self) { try wrong.configuration { environment[$0] } }
    }
    wrong = endpoint
    wrong.headers = ["X-Api-Key": "abc"]
    #expect(throws: ChatFailure.self) { try wrong.configuration { environment[$0] } }
    wrong = endpoint
    wrong.keyFile = "/f"
    #expect(throws: ChatFailure.self) { try wrong.configuration { environment[$0] } }
    #expect(try JSONDecoder().decode(ModelEndpoint.self, from: JSONEncoder().encode(endpoint)) == endpoint)
  }

  @Test func anUnencryptedKeyIsToldOf() throws {
    func notices(_ address: String, key: String?) throws -> [String] {
      let notices = Notices()
      var configuration = EndpointConfiguration(
        baseURL: address, model: "m", apiKey: key.flatMap(APIKey.init))
      configuration.onNotice = notices.add
      _ = try RemoteModel(configuration: configuration)
      return notices.all
    }
    #expect(try notices("http://host.example/v1", key: "k123456789").count == 1)
    #expect(try notices("https://host.example/v1", key: "k123456789").isEmpty)
    #expect(try notices("http://127.0.0.1:1/v1", key: "k123456789").isEmpty)
    #expect(try notices("http://host.example/v1", key: nil).isEmpty)
  }
}
