#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A secret that is sent to a server and shown to nobody.
public struct APIKey: Sendable, Hashable {
  /// The key itself.
  let value: String

  /// A key without the white space around it; nil where nothing is left.
  public init?(_ text: String) {
    value = text.trimmingSpace()
    if value.isEmpty { return nil }
  }

  /// The key in a file, which nobody but its owner may read or write.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration` where there is no such file, others may read it (its mode must be
  ///   600 or stricter), or it holds no key or more than one line.
  public init(file: String) throws(ChatFailure) {
    var status = stat()
    guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .invalidConfiguration(detail: "the key file '\(file)' does not exist")
    }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o777, radix: 8)
      throw .invalidConfiguration(
        detail: "the key file '\(file)' may be read by others (mode \(mode)); run chmod 600 on it")
    }
    let text = SystemFiles.contents(of: file, limit: 1 << 14).flatMap {
      String(validating: $0, as: UTF8.self)
    }
    guard let text, let key = APIKey(text), !key.value.contains(where: \.isNewline) else {
      throw .invalidConfiguration(detail: "the key file '\(file)' does not hold one line with a key")
    }
    self = key
  }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// A mark in the key's place.
  public var description: String { Redaction.mark }
  /// A mark in the key's place.
  public var debugDescription: String { Redaction.mark }
  /// Nothing, so that `dump` shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A header line of a user's own; its value is as secret as a key, because it may be one.
public struct ExtraHeader: Sendable, Hashable {
  /// The header's name.
  public var name: String
  /// What it says.
  public var value: APIKey

  /// That header; nil where the value is empty.
  public init?(_ name: String, _ value: String) {
    guard let value = APIKey(value) else { return nil }
    self.name = name.trimmingSpace()
    self.value = value
  }

  /// The headers of a text with one `Name: value` to a line, as `OPENAI_CUSTOM_HEADERS` holds them.
  ///
  /// - Throws: `ChatFailure.invalidConfiguration` where a line has no name or no value.
  public static func parsed(_ text: String, from source: String) throws(ChatFailure) -> [ExtraHeader] {
    var headers: [ExtraHeader] = []
    for line in text.split(whereSeparator: \.isNewline) where !line.trimmingSpace().isEmpty {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let header = ExtraHeader(String(parts[0]), String(parts[1])),
        !header.name.isEmpty
      else {
        throw .invalidConfiguration(detail: "a line of \(source) is not of the form 'Name: value'")
      }
      headers.append(header)
    }
    return headers
  }

  /// Whether this is a line that HTTP allows, so that no further lines can hide in it.
  var isValid: Bool {
    !name.isEmpty && name.utf8.allSatisfy { (0x21..<0x7F).contains($0) && $0 != UInt8(ascii: ":") }
      && value.value.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) }
  }
}
