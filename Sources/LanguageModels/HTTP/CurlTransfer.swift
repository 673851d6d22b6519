import CCurl
import CCurlShims

/// One request on its way through curl: the C boundary for a single transfer.
///
/// Lives on the driver's thread only. Its address is curl's callback context, so it must outlive the easy handle,
/// which `close` destroys.
final class CurlTransfer {
  let submission: CurlMailbox.Submission
  let easy: UnsafeMutableRawPointer
  private let headerList: UnsafeMutablePointer<curl_slist>?
  private let errorBuffer: UnsafeMutablePointer<CChar>
  private var headers: [String: String] = [:]
  private var headerBytes = 0
  private var body: [UInt8] = []
  private var isTooLarge = false
  private var isStreamed: Bool?
  private var streamedBytes = 0
  private var news = StreamNews.none
  private var hasNews = false
  private var lastNews = ContinuousClock.now

  /// All header lines of a response together may not be longer.
  private static let maximumHeaderBytes = 1 << 20

  /// The transfer made ready, or why curl would not.
  static func make(_ submission: CurlMailbox.Submission) -> Result<CurlTransfer, HTTPFailure> {
    guard let easy = niche_curl_easy_init() else { return .failure(.setUp("curl could not make a handle")) }
    var list: UnsafeMutablePointer<curl_slist>?
    for header in submission.request.headers {
      guard let longer = niche_curl_slist_append(list, header) else {
        niche_curl_slist_free_all(list)
        niche_curl_easy_cleanup(easy)
        return .failure(.setUp("there is no memory for the headers"))
      }
      list = longer
    }
    let transfer = CurlTransfer(submission: submission, easy: easy, headerList: list)
    do throws(HTTPFailure) {
      try transfer.configure()
      return .success(transfer)
    } catch {
      transfer.close()
      return .failure(error)
    }
  }

  private init(
    submission: CurlMailbox.Submission, easy: UnsafeMutableRawPointer,
    headerList: UnsafeMutablePointer<curl_slist>?
  ) {
    self.submission = submission
    self.easy = easy
    self.headerList = headerList
    errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  /// Gives everything back to curl; the transfer may not be used afterwards.
  func close() {
    niche_curl_easy_cleanup(easy)
    niche_curl_slist_free_all(headerList)
    errorBuffer.deallocate()
  }

  private func configure() throws(HTTPFailure) {
    let request = submission.request
    try check(niche_curl_set_error_buffer(easy, errorBuffer))
    try check(niche_curl_close_on_exec(easy))
    try check(niche_curl_set_string(easy, CURLOPT_URL, request.url))
    try check(niche_curl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https"))
    try check(niche_curl_set_list(easy, CURLOPT_HTTPHEADER, headerList))
    // curl in threads must not use signals; redirects are not followed, because they would take the key along.
    try check(niche_curl_set_long(easy, CURLOPT_NOSIGNAL, 1))
    try check(niche_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0))
    try check(niche_curl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 1))
    try check(niche_curl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 2))
    try check(
      niche_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectTimeoutSeconds)))
    try check(niche_curl_set_long(easy, CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeoutSeconds)))
    try check(niche_curl_set_string(easy, CURLOPT_ACCEPT_ENCODING, ""))
    try check(niche_curl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1))
    try check(niche_curl_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS))
    // Many requests share one connection of HTTP/2, so a second waits to learn whether the first one's can do it.
    try check(
      niche_curl_set_long(easy, CURLOPT_PIPEWAIT, request.url.lowercased().hasPrefix("https:") ? 1 : 0))
    if !request.usesProxy { try check(niche_curl_set_string(easy, CURLOPT_PROXY, "")) }
    if let file = request.certificateFile { try check(niche_curl_set_string(easy, CURLOPT_CAINFO, file)) }
    if request.method == .post {
      try check(niche_curl_set_long(easy, CURLOPT_POST, 1))
      let code = request.body.withUnsafeBufferPointer { bytes in
        niche_curl_set_body(easy, bytes.baseAddress, bytes.count)
      }
      try check(code)
    }
    let context = Unmanaged.passUnretained(self).toOpaque()
    try check(
      niche_curl_set_receivers(
        easy,
        { bytes, size, count, context in
          CurlTransfer.received(bytes, size, count, context) { $0.takeHeader($1) }
        },
        { bytes, size, count, context in
          CurlTransfer.received(bytes, size, count, context) { $0.takeBody($1) }
        }, context))
  }

  private func check(_ code: CURLcode) throws(HTTPFailure) {
    guard code == CURLE_OK else { throw .setUp(String(cString: niche_curl_easy_strerror(code))) }
  }

  /// Milliseconds within what curl takes: at least one (zero would mean "no limit"), at most a fortnight.
  private static func milliseconds(_ seconds: Double) -> Int {
    guard seconds.isFinite, seconds < 1_209_600 else { return 1_209_600_000 }
    return max(1, Int((seconds * 1000).rounded(.up)))
  }

  /// Hands the bytes of a callback on; anything but their count tells curl to give the transfer up.
  private static func received(
    _ bytes: UnsafeMutablePointer<CChar>, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ take: (CurlTransfer, UnsafeRawBufferPointer) -> Bool
  ) -> Int {
    let (total, overflow) = size.multipliedReportingOverflow(by: count)
    guard let context, !overflow else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    return take(transfer, UnsafeRawBufferPointer(start: bytes, count: total)) ? total : (total == 0 ? 1 : 0)
  }

  private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= submission.request.maximumBodyBytes - body.count - streamedBytes else {
      isTooLarge = true
      return false
    }
    if let reader = submission.request.reader, isStream {
      streamedBytes += bytes.count
      news = reader.take(bytes)
      if news == .failure { return false }
      if news != .none { noteNews() }
    } else {
      body.append(contentsOf: bytes)
      noteNews()
    }
    return true
  }

  private func noteNews() {
    hasNews = true
    lastNews = .now
  }

  /// Whether the body is a stream's, which only the head can tell.
  private var isStream: Bool {
    if let isStreamed { return isStreamed }
    var status = 0
    let isKnown = niche_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK
    let type = (headers["content-type"] ?? "").prefix { $0 != ";" }.trimmingSpace().lowercased()
    let result =
      isKnown && (200..<300).contains(status)
      && ["text/event-stream", "application/x-ndjson", "application/jsonl", "application/stream+json"]
        .contains(type)
    isStreamed = result
    return result
  }

  /// When to give the transfer up if nothing more comes; nil where only the time for everything is limited.
  var deadline: ContinuousClock.Instant? {
    let request = submission.request
    guard request.reader != nil else { return nil }
    // The end was read: what is left is for the server to end the response, so that the connection can be kept.
    if news == .end { return lastNews + .seconds(1) }
    let seconds = hasNews ? request.idleSeconds : request.firstNewsSeconds
    return seconds < 1e6 ? lastNews + .seconds(seconds) : nil
  }

  /// What a transfer given up at its deadline amounts to.
  var outcomeAtDeadline: Result<HTTPResponse, HTTPFailure> {
    let request = submission.request
    // Some servers neither say that a stream is over nor end it.
    if news == .end || request.reader?.hasAnswer == true { return outcome(of: CURLE_OK) }
    return .failure(.stalled(seconds: hasNews ? request.idleSeconds : request.firstNewsSeconds))
  }

  private func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
    headerBytes += bytes.count
    guard headerBytes <= Self.maximumHeaderBytes else {
      isTooLarge = true
      return false
    }
    let line = String(decoding: bytes, as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      headers = [:]  // an interim response (100 Continue) or a proxy's came before
    } else if let colon = line.firstIndex(of: ":") {
      let name = line[..<colon].lowercased()
      if HTTPResponse.keeps(header: name) {
        headers[name] = line[line.index(after: colon)...].trimmingSpace()
      }
    }
    return true
  }

  /// What the finished transfer amounts to.
  func outcome(of code: CURLcode) -> Result<HTTPResponse, HTTPFailure> {
    // Once a stream has said its last, it does not matter how the connection ends.
    let hasAnswer = isStreamed == true && submission.request.reader?.hasAnswer == true
    guard code != CURLE_OK, news != .end, news != .failure, !hasAnswer else {
      var status = 0
      guard niche_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK, status > 0 else {
        return .failure(.unreadable("the response has no status"))
      }
      return .success(
        HTTPResponse(
          status: status, headers: headers, body: body, isStreamed: isStreamed ?? false))
    }
    if isTooLarge { return .failure(.tooLarge) }
    let text = String(cString: errorBuffer)
    let detail = text.isEmpty ? String(cString: niche_curl_easy_strerror(code)) : text
    switch code {
    case CURLE_OPERATION_TIMEDOUT:
      var connected: curl_off_t = 0
      _ = niche_curl_get_offset(easy, CURLINFO_CONNECT_TIME_T, &connected)
      return .failure(connected == 0 ? .unreachable("no connection in time") : .timedOut)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_CERTPROBLEM, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return .failure(.untrusted(detail))
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_WRITE_ERROR:
      return .failure(.unreadable(detail))
    case CURLE_URL_MALFORMAT, CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT:
      return .failure(.setUp(detail))
    default:
      return .failure(.unreachable(detail))
    }
  }
}
