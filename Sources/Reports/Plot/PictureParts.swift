/// What pictures have in common: heading, legend, colour bar.
enum PictureParts {
  /// The empty border of every picture.
  static let margin = 20.0
  static let titleSize = 17.0
  static let subtitleSize = 12.5

  /// How high a heading is.
  static func headingHeight(title: String, subtitle: String, width: Double) -> Double {
    let lines = headingLines(title, subtitle, width)
    return Double(lines.title.count) * 23 + Double(lines.subtitle.count) * 18 + 12
  }

  /// Draws the heading at the top; what is seen in bold, particulars below.
  ///
  /// - Returns: where it ends.
  @discardableResult
  static func drawHeading(title: String, subtitle: String, on picture: inout SVG) -> Double {
    var y = margin
    let lines = headingLines(title, subtitle, picture.width)
    for line in lines.title {
      picture.text(line, at: Point(margin, y + 17), size: titleSize, weight: .bold)
      y += 23
    }
    for line in lines.subtitle {
      picture.text(
        line, at: Point(margin, y + 13), size: subtitleSize, fill: picture.theme.paint(.muted))
      y += 18
    }
    return y + 12
  }

  private static func headingLines(
    _ title: String, _ subtitle: String, _ width: Double
  ) -> (title: [String], subtitle: [String]) {
    let room = width - 2 * margin
    // A number stays with its sign.
    func line(_ text: String) -> String { Markup.line(text).replacing(" %", with: "\u{A0}%") }
    return (
      TextMetrics.wrapped(line(title), width: room, size: titleSize, weight: .bold, lines: 2),
      TextMetrics.wrapped(line(subtitle), width: room, size: subtitleSize, lines: 3)
    )
  }

  /// An entry of a legend.
  struct LegendItem: Sendable {
    enum Swatch: Sendable { case line, dashedLine, box, dot, ring }

    var name: String
    var paint: String
    var swatch = Swatch.line
  }

  private static let legendSize = 12.0

  /// Draws a legend in as many rows as it needs.
  ///
  /// - Returns: how high it is.
  @discardableResult
  static func drawLegend(
    _ items: [LegendItem], at place: Point, width: Double, on picture: inout SVG
  ) -> Double {
    for (item, entry) in zip(items, legendEntries(items, width)) {
      let corner = Point(place.x + entry.place.x, place.y + entry.place.y)
      draw(item, corner, on: &picture)
      picture.text(
        entry.name, at: Point(corner.x + 28, corner.y + 12), size: legendSize,
        fill: picture.theme.paint(.muted))
    }
    return legendHeight(items, width: width)
  }

  /// How high a legend of that width is.
  static func legendHeight(_ items: [LegendItem], width: Double) -> Double {
    legendEntries(items, width).last.map { $0.place.y + 24 } ?? 0
  }

  /// The names as they fit, and where the entries stand from the legend's upper left corner.
  private static func legendEntries(
    _ items: [LegendItem], _ width: Double
  ) -> [(name: String, place: Point)] {
    var (x, y) = (0.0, 0.0)
    return items.map { item in
      let name = TextMetrics.fitted(Markup.line(item.name), width: width - 40, size: legendSize)
      let length = 28 + TextMetrics.width(name, size: legendSize) + 22
      if x > 0, x + length - 22 > width { (x, y) = (0, y + 20) }
      defer { x += length }
      return (name, Point(x, y))
    }
  }

  private static func draw(_ item: LegendItem, _ place: Point, on picture: inout SVG) {
    switch item.swatch {
    case .line, .dashedLine:
      picture.line(
        from: Point(place.x, place.y + 8), to: Point(place.x + 22, place.y + 8), stroke: item.paint,
        width: 2.5, isDashed: item.swatch == .dashedLine)
    case .box:
      picture.rectangle(
        Rectangle(x: place.x + 4, y: place.y + 1, width: 14, height: 14), fill: item.paint,
        stroke: picture.theme.paint(.rule), radius: 2)
    case .dot: picture.circle(Point(place.x + 11, place.y + 8), radius: 5, fill: item.paint)
    case .ring:
      let middle = Point(place.x + 11, place.y + 8)
      picture.circle(middle, radius: 5, fill: picture.theme.paint(.background), stroke: item.paint)
    }
  }

  /// The room that a colour bar takes to the right of a frame.
  static func colourBarRoom(_ scale: Scale, height: Double, title: String) -> Double {
    let widest =
      scale.ticks(atMost: Int(height / 34)).map { TextMetrics.width($0.label, size: Axes.labelSize) }
      .max() ?? 0
    return 24 + 16 + 10 + widest + (title.isEmpty ? 0 : 24) + margin
  }

  /// Draws a colour bar with its values, and its title turned beside it.
  static func drawColourBar(
    _ colours: ColourScale, _ scale: Scale, title: String, x: Double, y: Double, height: Double,
    on picture: inout SVG
  ) {
    let steps = 48
    let step = height / Double(steps)
    for index in 0..<steps {
      let top = y + height - Double(index + 1) * step
      // Each reaches below the next, so that no seam shows.
      let colour = colours.colour(at: (Double(index) + 0.5) / Double(steps))
      picture.rectangle(
        Rectangle(x: x, y: top, width: 16, height: index == 0 ? step : step + 0.6), fill: colour.hex)
    }
    var widest = 0.0
    for tick in scale.ticks(atMost: Int(height / 34)) where !tick.label.isEmpty {
      let level = y + height * (1 - tick.position)
      picture.line(from: Point(x + 16, level), to: Point(x + 20, level), stroke: picture.theme.paint(.rule))
      picture.text(
        tick.label, at: Point(x + 25, level + 4), size: Axes.labelSize, fill: picture.theme.paint(.muted))
      widest = max(widest, TextMetrics.width(tick.label, size: Axes.labelSize))
    }
    let text = TextMetrics.fitted(title, width: height, size: Axes.titleSize)
    picture.text(
      text, at: Point(x + 25 + widest + 20, y + height / 2), size: Axes.titleSize, anchor: .middle,
      isTurned: true)
  }
}
