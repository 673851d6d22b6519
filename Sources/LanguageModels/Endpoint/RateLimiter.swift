/// What a request takes of a server's limits.
struct RateNeed: Sendable, Hashable {
  /// Estimated tokens of the prompt.
  var promptTokens: Double
  /// The most tokens of the reply, as far as is known.
  var completionTokens: Double

  /// What a request will about take: a token has some four bytes, and servers count the reply's limit in full.
  init(_ request: ChatRequest) {
    promptTokens = Double(TokenEstimate.promptBytes(of: request)) / 4
    completionTokens = Double(min(request.maximumTokens ?? 1024, 1 << 30))
  }

  init(promptTokens: Double, completionTokens: Double) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
  }

  func amount(of resource: RateLimiter.Resource) -> Double {
    switch resource {
    case .requests: 1
    case .tokens: promptTokens + completionTokens
    case .inputTokens: promptTokens
    case .outputTokens: completionTokens
    }
  }
}

/// Holds requests back before the server has to: as many as its rate-limit headers leave room for.
///
/// Servers refill continuously: what is left grows from the number in the header to the limit within the time until
/// the reset. Pure but for the clock, whose seconds the caller gives.
struct RateLimiter: Sendable {
  enum Resource: String, Sendable, CaseIterable {
    case requests, tokens
    case inputTokens = "input-tokens"
    case outputTokens = "output-tokens"
  }

  struct Window: Sendable, Hashable {
    /// The most there can be; nil where the server does not say.
    var limit: Double?
    /// What was left at the moment `since`; negative where more is under way than there is.
    var remaining: Double
    var since: Double
    /// Seconds from then until all is there again.
    var reset: Double

    /// What is left now.
    func available(at now: Double) -> Double {
      if now >= since + reset { return limit ?? .infinity }
      guard let limit else { return remaining }
      return min(limit, remaining + (limit - remaining) * (now - since) / reset)
    }

    /// Seconds until that much is there.
    func wait(for amount: Double, at now: Double) -> Double {
      // More than there can ever be is let through when all is there; the server will say what it thinks of it.
      let amount = min(amount, limit ?? .infinity)
      if available(at: now) >= amount { return 0 }
      guard let limit, limit > remaining else { return since + reset - now }
      return max(0, since + reset * (amount - remaining) / (limit - remaining) - now)
    }
  }

  private(set) var windows: [Resource: Window] = [:]
  private var blockedUntil = -Double.infinity
  private var underWay: [RateNeed] = []

  /// Seconds to wait before the request may be tried again; 0 where it may go, which is then noted.
  mutating func enter(_ need: RateNeed, at now: Double) -> Double {
    var wait = max(0, blockedUntil - now)
    for (resource, window) in windows {
      wait = max(wait, window.wait(for: need.amount(of: resource), at: now))
    }
    guard wait <= 0 else { return wait }
    for resource in windows.keys { windows[resource]?.remaining -= need.amount(of: resource) }
    underWay.append(need)
    return 0
  }

  /// Notes that a request has ended, and what the response's headers say.
  ///
  /// - Parameter date: Seconds since 1970, for headers that name a moment.
  mutating func leave(_ need: RateNeed, headers: [String: String], at now: Double, date: Double) {
    if let place = underWay.firstIndex(of: need) { underWay.remove(at: place) }
    for resource in Resource.allCases {
      guard var window = Self.window(resource, in: headers, at: now, date: date) else { continue }
      // The server may not have seen what is still under way.
      for other in underWay { window.remaining -= other.amount(of: resource) }
      windows[resource] = window
    }
  }

  /// Holds all requests back for that many seconds, because the server asked for it.
  mutating func block(seconds: Double, at now: Double) {
    blockedUntil = max(blockedUntil, now + min(max(0, seconds), RetryPolicy.longestWaitSeconds))
  }

  /// What headers say of a resource; nil where they say nothing or nothing sensible (some gateways send 0 and -1).
  static func window(
    _ resource: Resource, in headers: [String: String], at now: Double, date: Double
  ) -> Window? {
    func field(_ what: String) -> String? {
      headers["x-ratelimit-\(what)-\(resource.rawValue)"]
        ?? headers["anthropic-ratelimit-\(resource.rawValue)-\(what)"]
    }
    guard let remaining = field("remaining").flatMap(Double.init), remaining.isFinite, remaining >= 0 else {
      return nil
    }
    let limit = field("limit").flatMap(Double.init).flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    guard let text = field("reset"), let reset = seconds(text) ?? moment(text).map({ $0 - date }) else {
      return nil
    }
    if let limit, limit < remaining { return nil }
    guard reset > 0 else { return limit.map { Window(limit: $0, remaining: $0, since: now, reset: 0) } }
    return Window(limit: limit, remaining: remaining, since: now, reset: min(reset, 86_400))
  }

  /// The seconds of a duration such as `6m0s`, `1h2m3.5s`, `12ms` or a plain number of seconds.
  static func seconds(_ text: String) -> Double? {
    if let plain = Double(text) { return plain.isFinite ? max(0, plain) : nil }
    let units = ["d": 86_400.0, "h": 3600, "m": 60, "s": 1, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9]
    var total = 0.0
    var rest = text[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let number = Double(digits), let scale = units[String(unit)] else { return nil }
      total += number * scale
    }
    return text.isEmpty || !total.isFinite ? nil : total
  }

  /// The seconds since 1970 of a time as RFC 3339 writes it, such as `2026-01-27T06:12:55Z`.
  static func moment(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ (0x30...0x39).contains($0) }) else {
        return nil
      }
      return Int(String(decoding: bytes[range], as: UTF8.self))
    }
    guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[13] == 0x3A, bytes[16] == 0x3A,
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
    else { return nil }
    var zone = 19
    if bytes[zone] == UInt8(ascii: ".") {
      zone += 1
      while zone < bytes.count, (0x30...0x39).contains(bytes[zone]) { zone += 1 }
    }
    var offset = 0
    guard zone < bytes.count else { return nil }
    switch bytes[zone] {
    case UInt8(ascii: "Z"), UInt8(ascii: "z"): break
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      guard let hours = number(zone + 1..<zone + 3), let minutes = number(zone + 4..<zone + 6) else {
        return nil
      }
      offset = (hours * 60 + minutes) * (bytes[zone] == UInt8(ascii: "-") ? -60 : 60)
    default: return nil
    }
    // Days of the proleptic Gregorian calendar, with years that begin in March (H. Hinnant's algorithm).
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    return Double(days * 86_400 + hour * 3600 + minute * 60 + second - offset)
  }
}
