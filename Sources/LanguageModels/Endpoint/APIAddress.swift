/// The addresses of a server's API, taken apart and checked.
struct APIAddress: Sendable {
  /// Without secrets, for people.
  let shown: String
  /// The host in lower case, without port.
  let host: String
  private let path: String
  private let query: String
  /// Whether what is sent is encrypted on its way.
  let isEncrypted: Bool
  /// User name, password and keys in the query, in the forms in which they may come back.
  let secrets: [String]

  /// What the names of secret values contain.
  static let secretWords = ["key", "token", "secret", "sig", "auth", "pass", "code"]

  /// The address of that text.
  ///
  /// - Parameter suffixes: What to take off the path's end, one after the other.
  /// - Throws: `ChatFailure.invalidConfiguration` where it is no `http` or `https` address.
  init(_ text: String, stripping suffixes: [String] = ["/chat/completions"]) throws(ChatFailure) {
    let text = text.trimmingSpace()
    shown = Redaction.address(text)
    guard !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else {
      throw .invalidConfiguration(detail: "the base address '\(shown)' contains spaces or control characters")
    }
    let lowered = text.lowercased()
    guard let scheme = ["https://", "http://"].first(where: lowered.hasPrefix) else {
      throw .invalidConfiguration(
        detail: "the base address '\(shown)' does not begin with https:// or http://")
    }
    let beforeFragment = text.prefix { $0 != "#" }
    let mark = beforeFragment.firstIndex(of: "?") ?? beforeFragment.endIndex
    query = String(beforeFragment[mark...])
    var path = String(beforeFragment[..<mark])
    while path.hasSuffix("/") { path.removeLast() }
    for suffix in suffixes where path.hasSuffix(suffix) { path.removeLast(suffix.count) }
    self.path = path
    let authority = path.dropFirst(scheme.count).prefix { $0 != "/" }
    let hostAndPort = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
    let isIPv6 = hostAndPort.hasPrefix("[")
    host = (isIPv6 ? hostAndPort.dropFirst().prefix { $0 != "]" } : hostAndPort.prefix { $0 != ":" })
      .lowercased()
    guard !host.isEmpty else {
      throw .invalidConfiguration(detail: "the base address '\(shown)' names no host")
    }
    isEncrypted = scheme == "https://"
    var secrets: [String] = []
    if authority.contains("@") {
      for part in authority.split(separator: "@").dropLast() {
        secrets += [String(part)] + part.split(separator: ":").map(String.init)
      }
    }
    // Keys stand in queries too; other values are words such as `api-version=1`.
    for part in query.dropFirst().split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1)
      let name = pair.first?.lowercased() ?? ""
      if pair.count == 2, Self.secretWords.contains(where: name.contains) { secrets.append(String(pair[1])) }
    }
    secrets += secrets.map(Self.decoded)
    // curl sends user and password in this form, which a server may echo.
    secrets += secrets.filter { $0.contains(":") }.map { Self.base64(Array($0.utf8)) }
    self.secrets = Array(Set(secrets)).sorted()
  }

  /// The text with `%41` and its like replaced by what they stand for.
  private static func decoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var output: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for place in 0..<4 {
        output.append(place <= group.count ? digits[value >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Whether the host is this machine, which is never reached through a proxy.
  var isLoopback: Bool {
    let isAddress = host.hasPrefix("127.") && host.allSatisfy { $0 == "." || $0.isWholeNumber }
    return host == "localhost" || host == "::1" || isAddress
  }

  /// The address of something below the base, such as `/models`.
  func url(_ suffix: String) -> String { path + suffix + query }
}
