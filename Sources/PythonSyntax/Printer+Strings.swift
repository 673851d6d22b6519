/// String literals, bytes and f-strings.
extension Printer {
  mutating func writeString(_ text: String) {
    let preferred: Character = isWithinFormatted ? "'" : "\""
    let other: Character = isWithinFormatted ? "\"" : "'"
    let quote = text.contains(preferred) && !text.contains(other) ? other : preferred
    output.append(quote)
    for scalar in text.unicodeScalars { output += Self.escaped(scalar, quote: quote) }
    output.append(quote)
  }

  mutating func writeBytes(_ bytes: [UInt8]) {
    let quote: Character = isWithinFormatted ? "'" : "\""
    output += "b"
    output.append(quote)
    for byte in bytes {
      let scalar = Unicode.Scalar(byte)
      output += byte < 0x80 ? Self.escaped(scalar, quote: quote) : Self.hexadecimal(scalar)
    }
    output.append(quote)
  }

  /// A scalar within a literal of that quote.
  private static func escaped(_ scalar: Unicode.Scalar, quote: Character) -> String {
    switch scalar {
    case "\\": return "\\\\"
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    case "\"" where quote == "\"": return "\\\""
    case "'" where quote == "'": return "\\'"
    case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): return hexadecimal(scalar)
    default: return String(Character(scalar))
    }
  }

  private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
  }

  // MARK: F-strings

  mutating func writeFormatted(_ parts: [FormattedStringPart]) {
    // Before Python 3.12 the quotes of the f-string cannot stand within its fields: take such as do not.
    let candidates = isWithinFormatted ? ["'", "\"", "'''", "\"\"\""] : ["\"", "'", "\"\"\"", "'''"]
    let fields = parts.map { part in
      var printer = Printer()
      printer.isWithinFormatted = true
      printer.writeField(part)
      return printer.output
    }
    let all = fields.joined()
    let quotes = candidates.first { !all.utf8.contains(sequence: $0) } ?? candidates[0]
    let quote: Character = quotes.hasPrefix("'") ? "'" : "\""
    output += "f" + quotes
    for (part, field) in zip(parts, fields) {
      switch part {
      case .text(let text): writeText(text, quote: quote)
      case .value(_, let conversion, let format):
        output += "{" + field
        if let conversion { output += "!\(conversion)" }
        writeSpecification(format, quote: quote)
        output += "}"
      }
    }
    output += quotes
  }

  private mutating func writeText(_ text: String, quote: Character) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "{": output += "{{"
      case "}": output += "}}"
      default: output += Self.escaped(scalar, quote: quote)
      }
    }
  }

  /// The expression of a field, in parentheses or behind a blank where its text would be misread.
  private mutating func writeField(_ part: FormattedStringPart) {
    guard case .value(let value, _, _) = part else { return }
    var printer = Printer()
    printer.isWithinFormatted = true
    printer.write(value)
    let text = printer.output
    if text.contains("lambda") || text.contains(":=") {
      output += "(\(text))"
    } else {
      output += text.hasPrefix("{") ? " \(text) " : text
    }
  }

  private mutating func writeSpecification(_ format: [FormattedStringPart], quote: Character) {
    if format.isEmpty { return }
    output += ":"
    for part in format {
      switch part {
      case .text(let text):
        for scalar in text.unicodeScalars {
          // A brace cannot be doubled here.
          let isBrace = scalar == "{" || scalar == "}"
          output += isBrace ? Self.hexadecimal(scalar) : Self.escaped(scalar, quote: quote)
        }
      case .value(_, let conversion, let inner):
        var printer = Printer()
        printer.isWithinFormatted = true
        printer.writeField(part)
        output += "{" + printer.output
        if let conversion { output += "!\(conversion)" }
        writeSpecification(inner, quote: quote)
        output += "}"
      }
    }
  }
}
