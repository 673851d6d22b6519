/// Text as it must be written in XML and HTML.
enum Markup {
  /// The text with what means something in markup as entities, for content and for quoted attributes.
  ///
  /// XML 1.0 has no control characters but tabulator and line feed, not even as references; they become U+FFFD, as
  /// do signs that would make source read otherwise than it runs.
  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case _ where isForbidden(scalar): result.unicodeScalars.append("\u{FFFD}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The text as one line without control characters, for labels of pictures.
  static func line(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      result.append(isForbidden(scalar) || scalar == "\n" || scalar == "\t" ? " " : scalar)
    }
    return String(result)
  }

  /// Control characters, what is no character, and signs that turn the direction of what follows.
  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0xFFFE, 0xFFFF, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:
      scalar != "\n" && scalar != "\t"
    default: false
    }
  }
}
