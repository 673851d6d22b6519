import Foundation
import Testing

@testable import LanguageModels

/// A server with a certificate of its own making, in Node.js, which speaks HTTP/2 and HTTP/1.1.
private final class EncryptedServer {
  let port: Int
  let certificate: String
  private let folder: URL
  private let process: Process

  /// Whether openssl and node are there.
  static let isPossible = ["/usr/bin/openssl", "/usr/bin/node"].allSatisfy(
    FileManager.default.isExecutableFile)

  /// Answers every request with how it came: the protocol's version and the connections so far.
  private static let script = """
    const http2 = require('http2'), fs = require('fs');
    let sessions = 0;
    const server = http2.createSecureServer(
      {key: fs.readFileSync('key.pem'), cert: fs.readFileSync('cert.pem'), allowHTTP1: true});
    server.on('secureConnection', () => { sessions += 1; });
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', (piece) => { body += piece; });
      request.on('end', () => setTimeout(() => {
        const content = `HTTP/${request.httpVersion} ${sessions} ${JSON.parse(body).messages[0].content}`;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({choices: [{message: {content}, finish_reason: 'stop'}]}));
      }, 50));
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    process.stdin.resume(); process.stdin.on('end', () => process.exit(0));
    """

  init(subject: String = "IP:127.0.0.1", days: Int = 2) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("niche-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    certificate = folder.appendingPathComponent("cert.pem").path
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    openssl.arguments = [
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days",
      "\(days)",
      "-subj", "/CN=niche test", "-addext", "subjectAltName=\(subject)",
    ]
    openssl.currentDirectoryURL = folder
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/node")
    process.arguments = ["-e", Self.script]
    process.currentDirectoryURL = folder
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = Pipe()
    try process.run()
    var line = Data()
    while !line.contains(0x0A) {
      let piece = output.fileHandleForReading.availableData
      if piece.isEmpty { break }
      line += piece
    }
    port = Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  func model(
    _ host: String = "127.0.0.1", trusting certificate: String?, client: HTTPClient = .shared
  ) throws -> RemoteModel {
    var configuration = EndpointConfiguration(baseURL: "https://\(host):\(port)/v1", model: "m")
    configuration.certificateFile = certificate
    configuration.maximumRetries = 0
    configuration.timeoutSeconds = 20
    return try RemoteModel(configuration: configuration, client: client, registry: EndpointRegistry())
  }
}

@Suite(
  .timeLimit(.minutes(10)),
  .enabled(if: EncryptedServer.isPossible, "openssl and node are not in /usr/bin"))
struct EncryptionTests {
  private let hello = ChatRequest(messages: [.user("hello")])

  @Test func aCertificateThatNobodyVouchesForIsRefused() async throws {
    let server = try EncryptedServer()
    guard case .untrusted(let endpoint, let detail)? = await failure(from: try server.model(trusting: nil))
    else {
      Issue.record("it was trusted")
      return
    }
    #expect(endpoint == "https://127.0.0.1:\(server.port)/v1" && detail.contains("certificate"))
    // The same server, trusted: so it was the certificate.
    #expect(try await server.model(trusting: server.certificate).reply(to: hello).content.hasPrefix("HTTP/2"))
    let missing = await failure(from: try server.model(trusting: "/nonexistent.pem"))
    guard case .untrusted? = missing else {
      Issue.record("\(String(describing: missing))")
      return
    }
  }

  @Test func aCertificateForAnotherHostIsRefused() async throws {
    let server = try EncryptedServer(subject: "DNS:elsewhere.example")
    guard case .untrusted? = await failure(from: try server.model(trusting: server.certificate)) else {
      Issue.record("it was trusted")
      return
    }
  }

  @Test func manyRequestsShareOneConnection() async throws {
    let server = try EncryptedServer()
    let model = try server.model(trusting: server.certificate, client: HTTPClient())
    let contents = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<64 {
        group.addTask { try await model.reply(to: ChatRequest(messages: [.user("\(number)")])).content }
      }
      return try await group.reduce(into: [String]()) { $0.append($1) }
    }
    #expect(Set(contents) == Set((0..<64).map { "HTTP/2.0 1 \($0)" }))
  }
}
