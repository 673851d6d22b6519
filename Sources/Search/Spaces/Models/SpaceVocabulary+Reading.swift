import LanguageModels
import SearchSpaces

extension SpaceVocabulary {
  /// One architecture of a reply.
  enum Reading: Sendable, Hashable {
    /// An option for each choice, by its place.
    case options([Int])
    /// What was meant to be one: half a sentence on what is wrong, in the model's own words.
    case mistake(String)
  }

  /// The longest reply that is read, in bytes; what is behind that is left out.
  static let longestReply = 1 << 20

  /// The architectures of a reply: every JSON object with a member for a choice, wherever it stands.
  ///
  /// It may stand in a list or not, in a fenced block, between words, or in a reply that was cut off; Python's quotes
  /// and a comma too many are put up with. Where there is no such object, lists of as many options as there are
  /// choices are taken.
  func readings(in reply: String) -> [Reading] {
    let pieces = JSONPieces(reply, longest: Self.longestReply)
    let objects = pieces.objects.compactMap(reading(of:))
    return objects.isEmpty ? pieces.lists.compactMap(reading(ofList:)) : objects
  }

  private func reading(of members: [JSONValue.Member]) -> Reading? {
    var options = [Int?](repeating: nil, count: choices.count)
    var problem: String?
    var isKnown = false
    for member in members {
      guard let choice = place(ofChoice: member.name) else { continue }
      isKnown = true
      guard let name = Self.name(member.value), let option = place(ofOption: name, choice: choice) else {
        problem =
          problem ?? "`\(choices[choice].name)` has no option `\(Self.short(member.value.encoded()))`"
        continue
      }
      options[choice] = option
    }
    guard isKnown else { return nil }
    if let problem { return .mistake(problem) }
    if let missing = options.firstIndex(of: nil) { return .mistake("`\(choices[missing].name)` is missing") }
    return .options(options.compactMap(\.self))
  }

  private func reading(ofList values: [JSONValue]) -> Reading? {
    guard values.count == choices.count else { return nil }
    var options: [Int] = []
    for (choice, value) in values.enumerated() {
      guard let name = Self.name(value), let option = place(ofOption: name, choice: choice) else {
        return nil
      }
      options.append(option)
    }
    return .options(options)
  }

  private static func name(_ value: JSONValue) -> String? {
    value.stringValue ?? value.integerValue.map(String.init) ?? value.numberValue.map { "\($0)" }
  }

  private static func short(_ text: String) -> String {
    text.count <= 40 ? text : text.prefix(40) + "…"
  }
}

/// The JSON objects and lists in a text that have none within themselves, in the order of their ends.
///
/// One walk over the text finds them, whatever it holds; nothing is nested, so none is read twice.
struct JSONPieces {
  /// The objects without objects in them.
  private(set) var objects: [[JSONValue.Member]] = []
  /// The lists without lists or objects in them.
  private(set) var lists: [[JSONValue]] = []

  private struct Opening {
    var position: Int
    var isObject: Bool
    var isInner = true
  }

  /// The pieces of a text's first bytes.
  init(_ text: String, longest: Int) {
    let bytes = Array(text.utf8.prefix(longest))
    var openings: [Opening] = []
    var quote: UInt8?
    var isEscaped = false
    for (position, byte) in bytes.enumerated() {
      if let open = quote {
        // A string of JSON ends with its line at the latest, so that an apostrophe in prose does no harm for long.
        if byte == UInt8(ascii: "\n") || (byte == open && !isEscaped) { quote = nil }
        isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        continue
      }
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if !openings.isEmpty { quote = byte }
        isEscaped = false
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        openings.append(Opening(position: position, isObject: byte == UInt8(ascii: "{")))
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        let isObject = byte == UInt8(ascii: "}")
        guard let opening = openings.last, opening.isObject == isObject else {
          openings = []
          continue
        }
        openings.removeLast()
        // An object may have lists, so long as these have nothing within them; a list may not.
        if let outer = openings.indices.last, isObject || !opening.isInner || !openings[outer].isObject {
          openings[outer].isInner = false
        }
        guard opening.isInner, let value = Self.value(bytes[opening.position...position]) else { continue }
        if let members = value.objectValue {
          objects.append(members)
        } else if let elements = value.arrayValue {
          lists.append(elements)
        }
      default: break
      }
    }
  }

  private static func value(_ bytes: ArraySlice<UInt8>) -> JSONValue? {
    if let value = try? JSONValue(parsing: Array(bytes)) { return value }
    // As a Python program writes it, and with a comma behind the last member.
    var mended: [UInt8] = []
    let isPython = !bytes.contains(UInt8(ascii: "\""))
    for byte in bytes {
      if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
        while let last = mended.last, last <= 0x20 || last == UInt8(ascii: ",") { mended.removeLast() }
      }
      mended.append(isPython && byte == UInt8(ascii: "'") ? UInt8(ascii: "\"") : byte)
    }
    return try? JSONValue(parsing: mended)
  }
}
