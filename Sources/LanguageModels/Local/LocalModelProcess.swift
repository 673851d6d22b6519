/// The local model's server, started by this process and ended with it.
///
/// The server holds the other end of a pipe to us as its standard input and ends when that does, so it goes away
/// however this process ends. It has a process group of its own, so that Ctrl-C reaches only us.
public final class LocalModelProcess: Sendable {
  /// What it serves.
  public let installation: LocalModelInstallation
  /// The address below which its API lies, such as `http://127.0.0.1:40123/v1`.
  public let baseURL: String
  private let child: ChildProcess

  /// Starts the server on a free loopback port and waits until it answers.
  ///
  /// - Parameters:
  ///   - installation: What to start.
  ///   - threads: Inference threads. More than one pays only on idle cores.
  ///   - contextTokens: The most tokens of a prompt and its reply together.
  ///   - startTimeoutSeconds: How long to wait for it.
  /// - Throws: `ChatFailure.localModelUnavailable` or `.cancelled`.
  public static func start(
    _ installation: LocalModelInstallation, threads: Int = 1, contextTokens: Int = 4096,
    startTimeoutSeconds: Double = 120
  ) async throws(ChatFailure) -> LocalModelProcess {
    // A cache that others own and we may only read has no place for a log.
    let log = SystemFiles.isWritable(installation.folder) ? installation.folder + "/server.log" : "/dev/null"
    let arguments = [
      installation.python, installation.server, "--model", installation.modelPath, "--name",
      installation.name,
      "--port", "0", "--threads", String(threads), "--context", String(contextTokens), "--exit-with-stdin",
    ]
    let child = try ChildProcess(arguments: arguments, standardErrorPath: log)
    let deadline = ContinuousClock.now + .seconds(startTimeoutSeconds)
    let address = try await announcedAddress(of: child, before: deadline, log: log)
    let process = LocalModelProcess(installation: installation, baseURL: address + "/v1", child: child)
    try await process.waitForHealth(at: address, before: deadline)
    return process
  }

  private init(installation: LocalModelInstallation, baseURL: String, child: ChildProcess) {
    self.installation = installation
    self.baseURL = baseURL
    self.child = child
  }

  /// Ends the server at once; doing so again does nothing.
  public func stop() { child.stop() }

  /// Whether the server still runs.
  public var isRunning: Bool { child.isRunning }

  /// The address that the server prints when it listens.
  private static func announcedAddress(
    of child: ChildProcess, before deadline: ContinuousClock.Instant, log: String
  ) async throws(ChatFailure) -> String {
    let announcement = "listening on "
    var output: [UInt8] = []
    while true {
      output += child.readAvailableOutput()
      let lines = String(decoding: output.prefix(1 << 16), as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false)
      if let line = lines.dropLast().first(where: { $0.hasPrefix(announcement) }) {
        return String(line.dropFirst(announcement.count)).trimmingSpace()
      }
      guard child.isRunning else {
        let last = SystemFiles.contents(of: log).map {
          String(decoding: $0, as: UTF8.self).split(whereSeparator: \.isNewline).last ?? ""
        }
        let reason = last.map { $0.isEmpty ? "" : ": " + Redaction.line(String($0), longest: 200) } ?? ""
        throw .localModelUnavailable(detail: "its server ended while starting\(reason) (details: \(log))")
      }
      guard ContinuousClock.now < deadline else {
        throw .localModelUnavailable(detail: "its server did not start in time (details: \(log))")
      }
      try await pause()
    }
  }

  private func waitForHealth(
    at address: String, before deadline: ContinuousClock.Instant
  ) async throws(ChatFailure) {
    let request = HTTPRequest(
      method: .get, url: address + "/health", headers: [], connectTimeoutSeconds: 2, timeoutSeconds: 5,
      maximumBodyBytes: 1 << 16, usesProxy: false)
    while true {
      // 503 means that the model is still being loaded.
      if let response = try? await HTTPClient.shared.send(request), response.status == 200 { return }
      guard child.isRunning else {
        throw .localModelUnavailable(detail: "its server ended while loading the model")
      }
      guard ContinuousClock.now < deadline else {
        throw .localModelUnavailable(detail: "its server at \(address) did not become ready in time")
      }
      try await Self.pause()
    }
  }

  private static func pause() async throws(ChatFailure) {
    do { try await Task.sleep(for: .milliseconds(20)) } catch { throw .cancelled }
  }
}
