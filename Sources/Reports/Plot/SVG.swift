/// A rectangle, its y axis pointing down.
struct Rectangle: Sendable, Hashable {
  var x: Double
  var y: Double
  var width: Double
  var height: Double

  var right: Double { x + width }
  var bottom: Double { y + height }
  var midX: Double { x + width / 2 }
  var midY: Double { y + height / 2 }

  /// Whether the two have an area in common.
  func overlaps(_ other: Rectangle) -> Bool {
    x < other.right && other.x < right && y < other.bottom && other.y < bottom
  }
}

/// A point of a picture.
struct Point: Sendable, Hashable {
  var x: Double
  var y: Double

  init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// A picture in SVG, element by element; text stays text.
struct SVG: Sendable {
  /// Where text stands relative to its point.
  enum Anchor: String, Sendable {
    case start, middle, end
  }

  /// What the picture shows, for those who cannot see it.
  let title: String
  let width: Double
  let height: Double
  let theme: Theme
  /// The room that each text takes, in the order drawn.
  private(set) var labels: [(text: String, box: Rectangle)] = []
  private var body = ""

  init(title: String, width: Double, height: Double, theme: Theme) {
    self.title = title
    self.width = width
    self.height = height
    self.theme = theme
  }

  // MARK: Elements

  mutating func rectangle(
    _ rectangle: Rectangle, fill: String, stroke: String? = nil, radius: Double = 0, opacity: Double = 1
  ) {
    body += "<rect x=\"\(Self.number(rectangle.x))\" y=\"\(Self.number(rectangle.y))\""
    body += " width=\"\(Self.number(rectangle.width))\" height=\"\(Self.number(rectangle.height))\""
    if radius > 0 { body += " rx=\"\(Self.number(radius))\"" }
    body += " fill=\"\(fill)\""
    if let stroke { body += " stroke=\"\(stroke)\"" }
    end(opacity)
  }

  mutating func polygon(
    _ points: some Sequence<Point>, fill: String, stroke: String? = nil, opacity: Double = 1
  ) {
    body += "<path d=\"\(Self.path(points))Z\" fill=\"\(fill)\""
    if let stroke { body += " stroke=\"\(stroke)\"" }
    end(opacity)
  }

  /// A path in SVG's own notation.
  mutating func path(
    _ path: String, stroke: String, width: Double = 1, isDashed: Bool = false, fill: String = "none",
    opacity: Double = 1
  ) {
    body += "<path d=\"\(path)\" fill=\"\(fill)\" stroke=\"\(stroke)\" stroke-width=\"\(Self.number(width))\""
    if isDashed { body += " stroke-dasharray=\"6 4\"" }
    body += " stroke-linejoin=\"round\""
    end(opacity)
  }

  mutating func line(
    from start: Point, to end: Point, stroke: String, width: Double = 1, isDashed: Bool = false
  ) {
    body += "<path d=\"M\(Self.number(start.x)) \(Self.number(start.y))L\(Self.number(end.x)) "
    body += "\(Self.number(end.y))\" stroke=\"\(stroke)\""
    if width != 1 { body += " stroke-width=\"\(Self.number(width))\"" }
    if isDashed { body += " stroke-dasharray=\"6 4\"" }
    body += "/>\n"
  }

  mutating func circle(
    _ centre: Point, radius: Double, fill: String, stroke: String? = nil, opacity: Double = 1
  ) {
    body += "<circle cx=\"\(Self.number(centre.x))\" cy=\"\(Self.number(centre.y))\""
    body += " r=\"\(Self.number(radius))\" fill=\"\(fill)\""
    if let stroke { body += " stroke=\"\(stroke)\"" }
    end(opacity)
  }

  /// A line of text on its baseline; a turned one reads upwards.
  mutating func text(
    _ text: String, at place: Point, size: Double = 12, anchor: Anchor = .start, fill: String? = nil,
    weight: TextMetrics.Weight = .regular, isTurned: Bool = false
  ) {
    let text = Markup.line(text)
    guard !text.isEmpty else { return }
    let length = TextMetrics.width(text, size: size, weight: weight)
    let before = anchor == .start ? 0 : anchor == .middle ? length / 2 : length
    labels.append(
      (
        text,
        isTurned
          ? Rectangle(x: place.x - 0.8 * size, y: place.y - length + before, width: size, height: length)
          : Rectangle(x: place.x - before, y: place.y - 0.8 * size, width: length, height: size)
      ))
    body += "<text x=\"\(Self.number(place.x))\" y=\"\(Self.number(place.y))\""
    body += " font-size=\"\(Self.number(size))\""
    if weight != .regular { body += " font-weight=\"\(weight.rawValue)\"" }
    if anchor != .start { body += " text-anchor=\"\(anchor.rawValue)\"" }
    if isTurned { body += " transform=\"rotate(-90 \(Self.number(place.x)) \(Self.number(place.y)))\"" }
    body += " fill=\"\(fill ?? theme.paint(.ink))\">\(Markup.escaped(text))</text>\n"
  }

  /// What is drawn within belongs together: it has a hint and, where `address` is given, leads there.
  mutating func group(hint: String? = nil, address: String? = nil, _ draw: (inout SVG) -> Void) {
    if let address { body += "<a href=\"\(Markup.escaped(address))\">" } else { body += "<g>" }
    if let hint { body += "<title>\(Markup.escaped(hint))</title>" }
    draw(&self)
    body += address == nil ? "</g>\n" : "</a>\n"
  }

  /// Another picture within this one.
  mutating func place(_ other: SVG, at place: Point) {
    body +=
      "<g transform=\"translate(\(Self.number(place.x)) \(Self.number(place.y)))\">\n\(other.body)</g>\n"
    labels += other.labels.map { label in
      var box = label.box
      (box.x, box.y) = (box.x + place.x, box.y + place.y)
      return (label.text, box)
    }
  }

  private mutating func end(_ opacity: Double) {
    if opacity < 1 { body += " opacity=\"\(Self.number(opacity))\"" }
    body += "/>\n"
  }

  // MARK: The whole

  /// The picture as a file of its own.
  var document: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.number(width)) \(Self.number(height))" \
    width="\(Self.number(width))" height="\(Self.number(height))" font-family="\(TextMetrics.family)" role="img">
    <title>\(Markup.escaped(Markup.line(title)))</title>
    <rect width="100%" height="100%" fill="\(theme.paint(.background))"/>
    \(body)</svg>

    """
  }

  /// The picture as an element of a page, where it takes the width there is, up to its own.
  var fragment: String {
    """
    <svg viewBox="0 0 \(Self.number(width)) \(Self.number(height))" role="group" \
    aria-label="\(Markup.escaped(Markup.line(title)))" style="max-width:\(Self.number(width))px">
    \(body)</svg>

    """
  }

  /// A path through points, in SVG's notation.
  static func path(_ points: some Sequence<Point>) -> String {
    var text = ""
    for point in points {
      text += text.isEmpty ? "M" : "L"
      text += "\(number(point.x)) \(number(point.y))"
    }
    return text
  }

  /// A coordinate with at most two decimals; what is no number becomes 0.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let hundredths = Int((min(1e7, max(-1e7, value)) * 100).rounded())
    let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
    let sign = hundredths < 0 ? "-" : ""
    guard rest > 0 else { return "\(sign)\(whole)" }
    return rest % 10 == 0 ? "\(sign)\(whole).\(rest / 10)" : "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }
}
