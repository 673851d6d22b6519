import QualityDiversity

/// An archive of three or more axes as lines: each elite goes through its measures, coloured by its fitness.
struct ParallelAxesPicture: Sendable {
  private let facts: RunFacts
  private let addresses: [Int: String]

  /// Of more elites the best are drawn.
  private static let mostElites = 1500

  /// The picture of a run; nil where its archive has fewer than three axes.
  init?(_ facts: RunFacts, addresses: [Int: String] = [:]) {
    guard facts.archive.axes.count > 2 else { return nil }
    (self.facts, self.addresses) = (facts, addresses)
  }

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    let elites = facts.archive.elites.sorted { ($0.objective, $1.solution) < ($1.objective, $0.solution) }
    let shown = elites.suffix(Self.mostElites)
    let title = "The elites across all axes"
    var subtitle = "\(facts.particulars) · a line is an elite; the last axis is its validation accuracy"
    if shown.count < elites.count { subtitle += " · the best \(shown.count) of \(elites.count) elites" }
    let fitness = Scale(covering: elites.map(\.objective), unit: .share)
    let scales = facts.archive.axes.map { Scale($0) } + [fitness]
    let names = facts.archive.axes.map { MeasureAxis.words($0.name) } + ["accuracy"]
    let width = max(780, Double(scales.count) * 160)
    let heading = PictureParts.headingHeight(title: title, subtitle: subtitle, width: width)
    let top = PictureParts.margin + heading + 26
    let height = 380.0
    var picture = SVG(title: title, width: width, height: top + height + 30, theme: theme)
    PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    let step = (width - 2 * PictureParts.margin) / Double(scales.count)
    func x(_ axis: Int) -> Double { PictureParts.margin + (Double(axis) + 0.5) * step }
    func y(_ axis: Int, _ value: Double) -> Double { top + height * (1 - scales[axis].position(value)) }
    for elite in shown {
      let values = elite.measures + [elite.objective]
      let points = values.enumerated().map { Point(x($0.offset), y($0.offset, $0.element)) }
      let paint = theme.paint(lineAt: fitness.position(elite.objective))
      picture.group(
        hint: CellPanel.hint(elite, facts.archive.axes), address: addresses[elite.solution]
      ) { picture in
        picture.path(
          SVG.path(points), stroke: paint, width: shown.count > 200 ? 1.2 : 2,
          opacity: shown.count > 200 ? 0.6 : 1)
      }
    }
    for (axis, scale) in scales.enumerated() {
      draw(scale, names[axis], x(axis), top, height, step, on: &picture)
    }
    return picture
  }

  private func draw(
    _ scale: Scale, _ name: String, _ x: Double, _ top: Double, _ height: Double, _ step: Double,
    on picture: inout SVG
  ) {
    let theme = picture.theme
    picture.line(from: Point(x, top), to: Point(x, top + height), stroke: theme.paint(.rule), width: 1.5)
    picture.text(
      TextMetrics.fitted(name, width: step - 10, size: Axes.titleSize, weight: .bold), at: Point(x, top - 14),
      size: Axes.titleSize, anchor: .middle, weight: .bold)
    for tick in scale.ticks(atMost: Int(height / 44)) where !tick.label.isEmpty {
      let y = top + height * (1 - tick.position)
      picture.line(from: Point(x - 4, y), to: Point(x + 4, y), stroke: theme.paint(.rule), width: 1.5)
      let text = TextMetrics.fitted(tick.label, width: step * 0.7, size: Axes.labelSize)
      // Values stay legible above the lines.
      picture.rectangle(
        Rectangle(x: x + 6, y: y - 8, width: TextMetrics.width(text, size: Axes.labelSize) + 4, height: 16),
        fill: theme.paint(.background), radius: 3, opacity: 0.8)
      picture.text(text, at: Point(x + 8, y + 4), size: Axes.labelSize)
    }
  }
}
