import Glibc
import Synchronization

/// A loopback HTTP server that answers each request as a test tells it to, misbehaviour included.
final class ScriptedServer: Sendable {
  /// One request as it came in.
  struct Request: Sendable {
    var line: String
    /// By lower-case name.
    var headers: [String: String]
    var body: String
    /// When it was read.
    var time = ContinuousClock.now
  }

  /// What to do on a connection once the request is read.
  enum Step: Sendable {
    case send([UInt8])
    case wait(milliseconds: Int)
    /// Sends zeros until the client goes away.
    case flood
    /// Waits until the client goes away.
    case hang
    /// Breaks the connection off, with a reset in place of an end.
    case reset
    /// Keeps the connection for a further request; the last step where it is one.
    case keepAlive
  }

  private struct State {
    var requests: [Request] = []
    var active = 0
    var mostActive = 0
    var hangUps = 0
    var connections = 0
    var isStopped = false
  }

  let port: UInt16
  private let listener: CInt
  private let state = Mutex(State())

  /// A server that answers the request of that number (from 0) by those steps, then closes the connection.
  init(_ answer: @escaping @Sendable (Int, Request) -> [Step]) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 128) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    guard listener >= 0, bound else { throw ServerError() }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Self.onThread { [self] in accept(answer) }
  }

  /// Always the same steps.
  convenience init(always steps: [Step]) throws {
    try self.init { _, _ in steps }
  }

  /// One list of steps per request, the last of them for all further ones.
  convenience init(sequence: [[Step]]) throws {
    try self.init { number, _ in sequence[min(number, sequence.count - 1)] }
  }

  struct ServerError: Error {}

  /// The address of the API.
  var baseURL: String { "http://127.0.0.1:\(port)/v1" }
  /// The requests so far.
  var requests: [Request] { state.withLock { $0.requests } }
  /// The most connections that were answered at the same time.
  var mostActive: Int { state.withLock { $0.mostActive } }
  /// How many connections were made.
  var connections: Int { state.withLock { $0.connections } }
  /// How many clients went away before their answer was complete.
  var hangUps: Int { state.withLock { $0.hangUps } }

  /// Takes no further connections; the accepting thread holds the server, so tests call this themselves.
  func stop() {
    let wasStopped = state.withLock { state in
      defer { state.isStopped = true }
      return state.isStopped
    }
    if !wasStopped { shutdown(listener, Int32(SHUT_RDWR)) }
  }

  /// A whole response.
  static func response(_ status: Int, headers: [String] = [], _ body: String) -> [Step] {
    response(status, headers: headers, bytes: Array(body.utf8))
  }

  static func response(_ status: Int, headers: [String] = [], bytes: [UInt8]) -> [Step] {
    let head = ["HTTP/1.1 \(status) Status", "Content-Length: \(bytes.count)", "Connection: close"] + headers
    return [.send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + bytes)]
  }

  /// A reply as OpenAI's API defines it.
  static func completion(_ content: String) -> [Step] {
    let escaped = content.replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    return response(
      200,
      """
      {"id": "c", "object": "chat.completion", "model": "served-model", "choices": [{"index": 0, "message":
      {"role": "assistant", "content": "\(escaped)", "refusal": null}, "finish_reason": "stop"}], "usage":
      {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "prompt_tokens_details":
      {"cached_tokens": 4}}}
      """)
  }

  private func accept(_ answer: @escaping @Sendable (Int, Request) -> [Step]) {
    while true {
      let connection = Glibc.accept(listener, nil, nil)
      guard connection >= 0 else { break }
      state.withLock { $0.connections += 1 }
      Self.onThread { [self] in
        serve(connection, answer)
        close(connection)
      }
    }
    close(listener)
  }

  private func serve(_ connection: CInt, _ answer: (Int, Request) -> [Step]) {
    while let request = Self.read(connection) {
      let number = state.withLock { state in
        state.requests.append(request)
        state.active += 1
        state.mostActive = max(state.mostActive, state.active)
        return state.requests.count - 1
      }
      let steps = answer(number, request)
      let isComplete = steps.allSatisfy { perform($0, on: connection) }
      state.withLock {
        $0.active -= 1
        if !isComplete { $0.hangUps += 1 }
      }
      guard isComplete, case .keepAlive? = steps.last else { return }
    }
  }

  private func perform(_ step: Step, on connection: CInt) -> Bool {
    switch step {
    case .send(let bytes): return Self.write(bytes, to: connection)
    case .wait(let milliseconds):
      usleep(UInt32(milliseconds) * 1000)
      return true
    case .flood:
      while Self.write([UInt8](repeating: 48, count: 1 << 16), to: connection) {}
      return false
    case .hang:
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
      return false
    case .reset:
      var option = linger(l_onoff: 1, l_linger: 0)
      setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
      return true
    case .keepAlive: return true
    }
  }

  private static func write(_ bytes: [UInt8], to connection: CInt) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func read(_ connection: CInt) -> Request? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      if let end = String(decoding: bytes, as: UTF8.self).firstRange(of: "\r\n\r\n") {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text[..<end.lowerBound].split(separator: "\r\n").map(String.init)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1)
          headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let body = String(text[end.upperBound...])
        if body.utf8.count >= Int(headers["content-length"] ?? "0") ?? 0 {
          return Request(line: lines[0], headers: headers, body: body)
        }
      }
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func onThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Work(body)).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, context)
    pthread_detach(thread)
  }
}
