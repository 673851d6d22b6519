/// The addresses of a server's API, taken apart and checked.
struct APIAddress: Sendable {
  /// Without secrets, for people.
  let shown: String
  /// The host in lower case, without port.
  let host: String
  private let path: String
  private let query: String
  /// User name and password in the address, which are secrets too.
  let secrets: [String]

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
    secrets =
      authority.contains("@")
      ? authority.split(separator: "@").dropLast().flatMap {
        [String($0)] + $0.split(separator: ":").map(String.init)
      } : []
  }

  /// Whether the host is this machine, which is never reached through a proxy.
  var isLoopback: Bool {
    let isAddress = host.hasPrefix("127.") && host.allSatisfy { $0 == "." || $0.isWholeNumber }
    return host == "localhost" || host == "::1" || isAddress
  }

  /// The address of something below the base, such as `/models`.
  func url(_ suffix: String) -> String { path + suffix + query }
}
