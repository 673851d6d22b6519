#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a model costs from some day on.
public struct ModelPrice: Codable, Sendable, Hashable {
  /// The model's name, without a date at its end; `*` is any.
  public var model: String
  /// The host that asks this price, with its port where it is named; nil is any.
  public var host: String?
  /// The first day of this price, such as `2026-01-31`.
  public var from: String
  /// Of one token of a prompt.
  public var input: Money
  /// Of one token of a prompt that the server had in its cache.
  public var cachedInput: Money
  /// Of one token of a prompt that the server put into its cache.
  public var cacheWrite: Money
  /// Of one token of a reply, hidden reasoning included.
  public var output: Money

  /// That price; all amounts are for one token.
  public init(
    model: String, host: String? = nil, from: String, input: Money, cachedInput: Money? = nil,
    cacheWrite: Money? = nil, output: Money
  ) {
    self.model = model
    self.host = host
    self.from = from
    self.input = input
    self.cachedInput = cachedInput ?? input
    self.cacheWrite = cacheWrite ?? input
    self.output = output
  }

  /// What that usage costs.
  public func cost(of usage: TokenUsage) -> Money {
    let prompt = max(0, usage.promptTokens)
    let cached = min(max(0, usage.cachedTokens ?? 0), prompt)
    let written = min(max(0, usage.cacheWriteTokens ?? 0), prompt - cached)
    return input * (prompt - cached - written) + cachedInput * cached + cacheWrite * written
      + output * max(0, usage.completionTokens)
  }
}

/// What models cost, and since when.
///
/// A model that the table does not name has no price. Prices change; a table is as good as its dates, and is stored with
/// each run that uses it.
public struct PriceTable: Codable, Sendable, Hashable {
  /// The prices; of several that fit, the first file's, then the exact host's, then the latest counts.
  public var prices: [ModelPrice]

  /// That table.
  public init(prices: [ModelPrice] = []) {
    self.prices = prices
  }

  /// The table in a file.
  ///
  /// A JSON object whose `prices` are objects of `model`, `from`, `input`, `output` and, where they differ from
  /// `input`, `cachedInput` and `cacheWrite`, all in US dollars per million tokens; `host` limits a price to one server.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration`, naming the place.
  public init(file: String) throws(ChatFailure) {
    guard let bytes = SystemFiles.contents(of: file, limit: 4 << 20) else {
      throw .invalidConfiguration(detail: "the price file '\(file)' cannot be read")
    }
    let json: JSONValue
    do throws(JSONParsingError) {
      json = try JSONValue(parsing: bytes)
    } catch {
      throw .invalidConfiguration(detail: "the price file '\(file)' is \(error.description)")
    }
    try self.init(json: json, name: file)
  }

  init(json: JSONValue, name: String) throws(ChatFailure) {
    guard let rows = json["prices"]?.arrayValue else {
      throw .invalidConfiguration(detail: "the price file '\(name)' has no 'prices'")
    }
    prices = []
    for (index, row) in rows.enumerated() {
      func failure(_ text: String) -> ChatFailure {
        .invalidConfiguration(detail: "price \(index + 1) of the file '\(name)' \(text)")
      }
      guard let model = row["model"]?.stringValue, !model.isEmpty else { throw failure("names no model") }
      guard let from = row["from"]?.stringValue, Self.isDay(from) else {
        throw failure("has no day 'from', such as 2026-01-31")
      }
      func amount(_ member: String) throws(ChatFailure) -> Money? {
        guard let value = row[member] else { return nil }
        // Dollars per million tokens are millions of units per token.
        guard let number = value.numberValue, (0...1e6).contains(number),
          let money = Money(dollars: number / 1e6)
        else { throw failure("has '\(member)' that is no number from 0 up") }
        return money
      }
      guard let input = try amount("input"), let output = try amount("output") else {
        throw failure("needs 'input' and 'output'")
      }
      let known = ["model", "host", "from", "input", "cachedInput", "cacheWrite", "output", "note"]
      if let other = row.objectValue?.first(where: { !known.contains($0.name) }) {
        throw failure("has '\(Redaction.line(other.name, longest: 40))', which means nothing")
      }
      prices.append(
        ModelPrice(
          model: model, host: row["host"]?.stringValue, from: from, input: input,
          cachedInput: try amount("cachedInput"), cacheWrite: try amount("cacheWrite"), output: output))
    }
  }

  /// This table after another one, whose prices go before it.
  public func preceded(by first: PriceTable) -> PriceTable { PriceTable(prices: first.prices + prices) }

  /// This table with the prices of an earlier day, whose models cost what they cost then.
  public func keeping(_ earlier: PriceTable) -> PriceTable {
    PriceTable(
      prices: earlier.prices
        + prices.filter { price in
          !earlier.prices.contains { ($0.model, $0.host) == (price.model, price.host) }
        })
  }

  /// The price of a model on a day; nil where the table does not tell.
  ///
  /// The local model costs nothing. Dates at a name's end, and a gateway's prefix, are no part of the name where the
  /// whole name is not in the table.
  public func price(of identity: ModelIdentity, on day: String = Self.today) -> ModelPrice? {
    if identity.provider == "local" {
      return ModelPrice(model: identity.model, from: "1970-01-01", input: .zero, output: .zero)
    }
    let host = identity.endpoint.flatMap(Self.hostAndPort)
    for name in Self.names(of: identity.model) + ["*"] {
      let fitting = prices.enumerated().filter { _, price in
        price.model.lowercased() == name && price.from <= day
          && (price.host.map { Self.fits($0.lowercased(), host) } ?? true)
      }
      let best = fitting.max { left, right in
        let (leftHost, rightHost) = (left.element.host != nil, right.element.host != nil)
        if leftHost != rightHost { return rightHost }
        if left.element.from != right.element.from { return left.element.from < right.element.from }
        return left.offset > right.offset
      }
      if let best { return best.element }
    }
    return nil
  }

  /// What a reply cost; nil where the model has no price or the server did not count.
  ///
  /// - Parameter identity: The model that was asked; what the reply says of its source goes before it.
  public func cost(of reply: ChatReply, by identity: ModelIdentity, on day: String = Self.today) -> Money? {
    if reply.isCached == true { return .zero }
    guard let price = price(of: reply.source ?? identity, on: day) else { return nil }
    return reply.isUsageReported || price.isFree ? price.cost(of: reply.usage) : nil
  }

  /// The prices that those models had on that day, to be stored with a run.
  public func excerpt(for identities: [ModelIdentity], on day: String = Self.today) -> PriceTable {
    var result: [ModelPrice] = []
    for case let price? in identities.map({ self.price(of: $0, on: day) }) where !result.contains(price) {
      result.append(price)
    }
    return PriceTable(prices: result)
  }

  /// Today in UTC, such as `2026-01-31`.
  public static var today: String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    func digits(_ number: Int, _ count: Int) -> String {
      String(repeating: "0", count: max(0, count - String(number).count)) + String(number)
    }
    return
      "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
  }

  private static func isDay(_ text: String) -> Bool {
    text.utf8.count == 10 && RateLimiter.moment(text + "T00:00:00Z") != nil
  }

  /// The names under which a model may stand: whole, without a gateway's prefix, without a date or `-latest`.
  private static func names(of model: String) -> [String] {
    var names = [model.lowercased()]
    if let last = names[0].split(separator: "/").last.map(String.init), last != names[0] {
      names.append(last)
    }
    for name in names {
      let parts = name.split(separator: "-")
      let isNumber: (Substring) -> Bool = { $0.allSatisfy { $0.isASCII && $0.isNumber } }
      if parts.count > 1, let last = parts.last, last == "latest" || (last.count == 8 && isNumber(last)) {
        names.append(parts.dropLast().joined(separator: "-"))
      }
      if parts.count > 3, parts.suffix(3).map(\.count) == [4, 2, 2], parts.suffix(3).allSatisfy(isNumber) {
        names.append(parts.dropLast(3).joined(separator: "-"))
      }
    }
    return names
  }

  private static func hostAndPort(_ endpoint: String) -> String? {
    guard let scheme = endpoint.firstRange(of: "://") else { return nil }
    return endpoint[scheme.upperBound...].prefix { $0 != "/" }.lowercased()
  }

  private static func fits(_ wanted: String, _ host: String?) -> Bool {
    guard let host else { return false }
    return host == wanted || host.hasPrefix(wanted + ":")
  }
}

extension ModelPrice {
  /// Whether nothing is asked.
  public var isFree: Bool { [input, cachedInput, cacheWrite, output].allSatisfy { $0 == .zero } }
}
