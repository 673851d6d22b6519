import Yams

/// YAML as people write it into run files and prompts, without what could exhaust stack or memory.
enum YAMLText {
  private static let maximumAliases = 8
  private static let maximumDepth = 32
  private static let maximumIndentation = 200

  /// The tree of a text; nil for an empty one.
  ///
  /// - Throws: `ConfigurationError`, or what Yams says of a text that is not YAML.
  static func compose(_ yaml: String) throws -> Node? {
    if let excess = excess(in: yaml) { throw ConfigurationError(excess) }
    return try Yams.compose(yaml: yaml)
  }

  /// What is too much in a text, told from its letters alone before the composer recurses over it.
  ///
  /// A few aliases within one another multiply to billions of values, and every bracket or dash is a level of
  /// recursion. Brackets and asterisks within quotes count too; nobody needs so many.
  private static func excess(in yaml: String) -> String? {
    var aliases = 0
    var depth = 0
    var indicators = 0
    var indentation = 0
    var isMargin = true
    var isComment = false
    var isTokenStart = true
    for byte in yaml.utf8 {
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        (indicators, indentation, isMargin, isComment, isTokenStart) = (0, 0, true, false, true)
        continue
      }
      if isComment { continue }
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        if isMargin { indentation += 1 }
        isTokenStart = true
        continue
      case UInt8(ascii: "#"): isComment = isTokenStart
      case UInt8(ascii: "*"): if isTokenStart { aliases += 1 }
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
      case UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"): if isMargin { indicators += 1 }
      default: break
      }
      isMargin = isMargin && [UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":")].contains(byte)
      isTokenStart = [UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","), UInt8(ascii: ":")].contains(
        byte)
      if depth > maximumDepth || indicators > maximumDepth || indentation > maximumIndentation {
        return "The text is nested too deeply."
      }
      if aliases > maximumAliases {
        return "The text uses more than \(maximumAliases) aliases (such as *name); write the values out."
      }
    }
    return nil
  }
}
