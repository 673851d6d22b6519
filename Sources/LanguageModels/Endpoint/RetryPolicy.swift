import CCurlShims

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// When a failed attempt is repeated, and after how long.
///
/// The rules of OpenAI's and Anthropic's own SDKs: connection errors, time-outs, 408, 409, 429 and 500 and above
/// are repeated, twice by default, unless the server says otherwise (`x-should-retry`), waiting as long as it says
/// (`retry-after-ms`, `retry-after` as seconds or date) or min(0.5 · 2ⁿ, 8) seconds less up to a quarter at random.
struct RetryPolicy: Sendable {
  /// A server that asks for a longer wait is not waited for.
  static let longestWaitSeconds = 120.0

  /// Whether a response of that status may be different the next time.
  static func mayRepeat(status: Int, headers: [String: String]) -> Bool {
    switch headers["x-should-retry"]?.lowercased() {
    case "true": true
    case "false": false
    default: [408, 409, 429].contains(status) || status >= 500
    }
  }

  /// The wait that the server asks for, if it does.
  ///
  /// - Parameter now: Seconds since 1970, against which a date is held where the response carries none itself.
  static func requestedWait(headers: [String: String], now: Double) -> Double? {
    if let text = headers["retry-after-ms"], let milliseconds = Double(text), milliseconds.isFinite {
      return max(0, milliseconds / 1000)
    }
    guard let text = headers["retry-after"] else { return nil }
    if let seconds = Double(text), seconds.isFinite { return max(0, seconds) }
    let moment = niche_curl_getdate(text)
    guard moment >= 0 else { return nil }
    return max(0, Double(moment) - date(of: headers, otherwise: now))
  }

  /// The seconds since 1970 at which a response was sent: by its own clock, else by ours.
  static func date(of headers: [String: String], otherwise now: Double = Double(time(nil))) -> Double {
    let sent = headers["date"].map { Double(niche_curl_getdate($0)) } ?? -1
    return sent >= 0 ? sent : now
  }

  /// The wait before the next attempt after `retries` repetitions.
  static func backoff(retries: Int, random: Double) -> Double {
    let exponent = Double(1 << min(max(retries, 0), 4))
    return min(0.5 * exponent, 8) * (1 - 0.25 * random)
  }
}
