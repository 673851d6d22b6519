/// Keeps secrets out of everything that is shown or stored.
public enum Redaction {
  /// What stands where a secret was.
  public static let mark = "[redacted]"

  /// The text with every one of the secrets, and all that looks like a key, replaced by a mark.
  ///
  /// Secrets shorter than four bytes are left alone: they would turn ordinary text into marks.
  /// The masked forms in which servers echo keys (`sk-ab***yz`) are replaced too.
  public static func redacted(_ text: String, secrets: [String]) -> String {
    keyShapes(in: exact(text, secrets: secrets.filter { $0.utf8.count >= 4 }))
  }

  /// The text with every one of the secrets replaced by a mark and nothing else changed.
  public static func exact(_ text: String, secrets: [String]) -> String {
    var result = text
    for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) where !secret.isEmpty {
      result = replacing(Array(secret.utf8), in: Array(result.utf8))
    }
    return result
  }

  /// An address without user name, password, query and fragment.
  public static func address(_ address: String) -> String {
    var rest = Substring(address)
    if let end = rest.firstIndex(where: { $0 == "?" || $0 == "#" }) { rest = rest[..<end] }
    guard let scheme = rest.firstRange(of: "://") else { return String(rest) }
    let afterScheme = rest[scheme.upperBound...]
    let authority = afterScheme.prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return String(rest) }
    return String(rest[..<scheme.upperBound] + afterScheme[afterScheme.index(after: at)...])
  }

  /// The text as one line of at most that many characters, without control characters.
  static func line(_ text: String, longest: Int) -> String {
    var output = ""
    var count = 0
    var isSpace = true  // so that leading space is dropped
    for character in text {
      let scalar = character.unicodeScalars.first?.value ?? 0
      let isBlank = character.isWhitespace || scalar < 0x20 || (0x7F..<0xA0).contains(scalar)
      if isBlank && isSpace { continue }
      guard count < longest else { return output + "…" }
      output.append(isBlank ? " " : character)
      isSpace = isBlank
      count += 1
    }
    return output.trimmingSpace()
  }

  private static func replacing(_ secret: [UInt8], in text: [UInt8]) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      if text[position] == secret[0], text[position...].starts(with: secret) {
        output += mark.utf8
        position += secret.count
      } else {
        output.append(text[position])
        position += 1
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Replaces words that look like keys whether or not they are known: `sk-…`, and what follows `Bearer`.
  private static func keyShapes(in text: String) -> String {
    var output = ""
    var isBearer = false
    var word = ""
    func flush() {
      guard !word.isEmpty else { return }
      let isKey = word.utf8.count >= 8 && (word.hasPrefix("sk-") || word.hasPrefix("sk_") || isBearer)
      output += isKey ? mark : word
      isBearer = word.lowercased() == "bearer"
      word = ""
    }
    for character in text {
      if character.isLetter || character.isNumber || "-_*.+=/~".contains(character) {
        word.append(character)
      } else {
        flush()
        output.append(character)
      }
    }
    flush()
    return output
  }
}
