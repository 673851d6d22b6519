/// A picture in SVG, element by element.
struct SVG: Sendable {
  private let width: Double
  private let height: Double
  private var elements: [String] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  var document: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" \
    width="\(number(width))" height="\(number(height))" font-family="Helvetica, Arial, sans-serif">
    <rect width="100%" height="100%" fill="#ffffff"/>
    \(elements.joined(separator: "\n"))
    </svg>

    """
  }

  mutating func rectangle(x: Double, y: Double, width: Double, height: Double, fill: String, stroke: String) {
    elements.append(
      "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\" height=\"\(number(height))\" "
        + "fill=\"\(fill)\" stroke=\"\(stroke)\"/>")
  }

  mutating func polygon(_ points: [(x: Double, y: Double)], fill: String, stroke: String, title: String) {
    guard points.count > 2 else { return }
    let corners = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    elements.append(
      "<polygon points=\"\(corners)\" fill=\"\(fill)\" stroke=\"\(stroke)\"><title>\(escaped(title))</title></polygon>"
    )
  }

  mutating func line(x1: Double, y1: Double, x2: Double, y2: Double) {
    elements.append(
      "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" stroke=\"#333\"/>"
    )
  }

  mutating func text(
    _ text: String, x: Double, y: Double, size: Double, anchor: String = "start", colour: String = "#222",
    weight: String = "400", rotated: Bool = false
  ) {
    let turn = rotated ? " transform=\"rotate(-90 \(number(x)) \(number(y)))\"" : ""
    elements.append(
      "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(number(size))\" font-weight=\"\(weight)\" "
        + "text-anchor=\"\(anchor)\" fill=\"\(colour)\"\(turn)>\(escaped(text))</text>")
  }

  private func number(_ value: Double) -> String {
    value == value.rounded() ? Figures.fixed(value, 0) : Figures.fixed(value, 2)
  }

  private func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, letter in
      switch letter {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      // XML 1.0 has no control characters, not even as references.
      case _
      where letter.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0xFFFE || $0.value == 0xFFFF }:
        result += " "
      default: result.append(letter)
      }
    }
  }
}
