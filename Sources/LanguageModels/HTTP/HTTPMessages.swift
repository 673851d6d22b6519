/// One HTTP request, complete.
struct HTTPRequest: Sendable {
  enum Method: Sendable { case get, post }

  var method: Method
  /// The whole address; `http` or `https`.
  var url: String
  /// Header lines such as `Accept: application/json`, free of control characters.
  var headers: [String]
  /// What is posted.
  var body: [UInt8] = []
  /// The longest wait for a connection.
  var connectTimeoutSeconds: Double = 5
  /// The longest time for everything.
  var timeoutSeconds: Double
  /// The longest body that is accepted, after decompression.
  var maximumBodyBytes: Int
  /// False for loopback addresses, which no proxy reaches.
  var usesProxy = true
  /// A file of trusted certificates instead of the system's.
  var certificateFile: String?
  /// Reads the body of a successful response as it comes, where the server streams it.
  var reader: StreamReader?
  /// The longest wait for the reader's first news.
  var firstNewsSeconds = Double.infinity
  /// The longest wait for its next.
  var idleSeconds = Double.infinity
}

/// What a server answered.
struct HTTPResponse: Sendable {
  var status: Int
  /// The header fields that matter here, by lower-case name.
  var headers: [String: String]
  /// The body; empty where a reader took it.
  var body: [UInt8]
  /// Whether the request's reader took the body.
  var isStreamed = false

  /// Whether a header field is kept; all others are dropped on arrival.
  static func keeps(header name: String) -> Bool {
    keptHeaders.contains(name) || name.hasPrefix("x-ratelimit-") || name.hasPrefix("anthropic-ratelimit-")
  }

  private static let keptHeaders: Set<String> = [
    "retry-after", "retry-after-ms", "x-should-retry", "x-request-id", "request-id", "location", "date",
    "content-type",
  ]
}

/// Why there is no response.
enum HTTPFailure: Error, Hashable {
  /// No connection, or it broke off.
  case unreachable(String)
  /// The certificate or the trust store is no good.
  case untrusted(String)
  /// What came is not HTTP, or cannot be decompressed.
  case unreadable(String)
  case timedOut
  /// A stream brought nothing new for that many seconds.
  case stalled(seconds: Double)
  case tooLarge
  case cancelled
  /// curl itself could not be set up.
  case setUp(String)
}
