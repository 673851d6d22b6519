/// Many curves over common axes as small pictures, the lowest curve first.
///
/// In each stands one curve with its band before all others in grey and the one that they are held against, so that no
/// two need be told apart by colour.
struct CurveMultiples: Sendable {
  /// The curves and their axes.
  var chart: LineChart
  /// The name of the curve that stands in all pictures; none where empty.
  var reference = ""
  /// What the values at the curves' ends are written as.
  var label: @Sendable (Double) -> String
  var width = 1112.0

  private static let columns = 4
  private static let gap = 18.0
  private static let frameHeight = 150.0
  /// The room above a frame for its name.
  private static let nameRoom = 22.0

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    let series = chart.series.filter { !$0.samples.isEmpty }
      .sorted { ($0.samples.last?.y ?? 0, $0.name) < ($1.samples.last?.y ?? 0, $1.name) }
    var shared = chart
    (shared.x.scale, shared.y.scale) = (chart.xScale, chart.yScale)
    let columns = max(1, min(Self.columns, series.count))
    let rows = max(1, (series.count + columns - 1) / columns)
    let left = PictureParts.margin / 2 + Axes.leftRoom(shared.yScale, height: Self.frameHeight)
    let frameWidth = (width - left - PictureParts.margin - Double(columns - 1) * Self.gap) / Double(columns)
    let top =
      PictureParts.margin
      + PictureParts.headingHeight(title: chart.title, subtitle: chart.subtitle, width: width) + 24
    let step = Self.nameRoom + Self.frameHeight + Self.gap
    let height = top + Double(rows) * step - Self.gap + Axes.bottomRoom + PictureParts.margin / 2
    var picture = SVG(title: chart.title, width: width, height: height, theme: theme)
    let end = PictureParts.drawHeading(title: chart.title, subtitle: chart.subtitle, on: &picture)
    PictureParts.drawLegend(
      legend(theme), at: Point(PictureParts.margin, end - 4), width: width - 2 * PictureParts.margin,
      on: &picture)
    for (number, own) in series.enumerated() {
      let (row, column) = (number / columns, number % columns)
      let frame = Rectangle(
        x: left + Double(column) * (frameWidth + Self.gap),
        y: top + Double(row) * step + Self.nameRoom, width: frameWidth, height: Self.frameHeight)
      // The lowest picture of a column has the labels.
      let isLowest = number + columns >= series.count
      drawName(of: own, above: frame, on: &picture)
      var part = shared
      part.series = layers(own, among: series)
      part.draw(
        in: frame, on: &picture, hasHorizontalLabels: isLowest, hasVerticalLabels: column == 0)
    }
    return picture
  }

  private func legend(_ theme: Theme) -> [PictureParts.LegendItem] {
    var items = [PictureParts.LegendItem(name: "the strategy above the picture", paint: theme.paint(.blue))]
    if chart.series.contains(where: { $0.name == reference }) {
      items.append(.init(name: reference, paint: theme.paint(.vermilion), swatch: .dashedLine))
    }
    items.append(.init(name: "all others", paint: theme.paint(.rule)))
    return items
  }

  private func drawName(of series: LineChart.Series, above frame: Rectangle, on picture: inout SVG) {
    let value = series.samples.last.map { label($0.y) } ?? ""
    let room = frame.width - TextMetrics.width(value, size: 12) - 10
    picture.text(
      TextMetrics.fitted(Markup.line(series.name), width: room, size: 12.5, weight: .bold),
      at: Point(frame.x, frame.y - 7), size: 12.5, weight: .bold)
    picture.text(
      value, at: Point(frame.right, frame.y - 7), size: 12, anchor: .end, fill: picture.theme.paint(.muted))
  }

  /// All others behind, then what they are held against, then the one that the picture is about.
  private func layers(_ own: LineChart.Series, among series: [LineChart.Series]) -> [LineChart.Series] {
    var layers: [LineChart.Series] = []
    for other in series where other.name != own.name {
      var layer = other
      layer.samples = other.samples.map { LineChart.Sample(x: $0.x, y: $0.y) }
      layer.isDashed = other.name == reference
      layer.isBackdrop = other.name != reference
      layer.role = layer.isBackdrop ? .rule : .vermilion
      layers.append(layer)
    }
    var front = own
    (front.role, front.isDashed, front.isBackdrop) = (.blue, false, false)
    return layers.sorted { $0.isBackdrop && !$1.isBackdrop } + [front]
  }
}
