/// How much room text takes, told without a font.
///
/// The widths are DejaVu Sans's, the widest of the fonts that systems show sans-serif text in, so nothing overlaps in
/// any of them.
enum TextMetrics {
  /// A font's weights.
  enum Weight: String, Sendable {
    case regular = "400"
    case bold = "600"
  }

  /// The fonts of all pictures and pages.
  static let family =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"

  /// Advance widths of the ASCII characters from the space on, in thousandths of the font size.
  private static let widths: [Double] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636,
    636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295,
    656,
    557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500,
    613,
    635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592,
    818,
    592, 592, 525, 636, 337, 636, 838,
  ]

  /// The width of a line of text at a font size.
  static func width(_ text: String, size: Double, weight: Weight = .regular) -> Double {
    var sum = 0.0
    for scalar in text.unicodeScalars { sum += width(scalar) }
    return sum * size / 1000 * (weight == .bold ? 1.13 : 1)
  }

  private static func width(_ scalar: Unicode.Scalar) -> Double {
    switch scalar.value {
    case 0x20..<0x7F: widths[Int(scalar.value) - 0x20]
    case 0xA0: 318
    case 0x300..<0x370, 0x200B...0x200D, 0xFE00...0xFE0F: 0
    // Western and Greek letters, dashes, superscripts.
    case 0x7F..<0x250, 0x370..<0x530, 0x2010..<0x2015, 0x2070..<0x20A0: 700
    case 0x2018...0x201F: 520
    default: 1050
    }
  }

  /// The text, cut at the end with an ellipsis where it is wider than that.
  static func fitted(
    _ text: String, width limit: Double, size: Double, weight: Weight = .regular
  ) -> String {
    guard width(text, size: size, weight: weight) > limit else { return text }
    var room = limit - width("…", size: size, weight: weight)
    var result = ""
    for character in text {
      room -= width(String(character), size: size, weight: weight)
      guard room >= 0 else { break }
      result.append(character)
    }
    while result.last == " " { result.removeLast() }
    return result + "…"
  }

  /// The text in lines that are no wider than that, broken at spaces; what does not fit in so many lines is cut.
  static func wrapped(
    _ text: String, width limit: Double, size: Double, weight: Weight = .regular, lines most: Int
  ) -> [String] {
    var lines: [String] = []
    var current = ""
    let words = text.split(separator: " ").map(String.init)
    for (index, word) in words.enumerated() {
      let longer = current.isEmpty ? word : current + " " + word
      if width(longer, size: size, weight: weight) <= limit {
        current = longer
        continue
      }
      if lines.count + 1 == most {
        let rest = ([current] + words[index...]).filter { !$0.isEmpty }.joined(separator: " ")
        return lines + [fitted(rest, width: limit, size: size, weight: weight)]
      }
      if !current.isEmpty { lines.append(current) }
      current = fitted(word, width: limit, size: size, weight: weight)
    }
    return current.isEmpty ? lines : lines + [current]
  }
}
