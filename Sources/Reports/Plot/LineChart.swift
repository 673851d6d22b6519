/// Curves over a common axis, each with a band around it where one is known.
struct LineChart: Sendable {
  /// A point of a curve.
  struct Sample: Sendable, Hashable {
    var x: Double
    var y: Double
    /// The lower and the upper end of the band; nil where there is none.
    var lower: Double?
    var upper: Double?

    init(x: Double, y: Double, lower: Double? = nil, upper: Double? = nil) {
      (self.x, self.y, self.lower, self.upper) = (x, y, lower, upper)
    }
  }

  /// A curve.
  struct Series: Sendable {
    var name: String
    /// In ascending order of x.
    var samples: [Sample]
    /// The curve's colour; nil takes the next categorical one.
    var role: Theme.Role?
    /// Whether a value holds until the next, as a best-so-far does.
    var isStepped = false
    var isDashed = false
    /// Whether it is there for comparison only: thin and faint.
    var isBackdrop = false
  }

  /// What an axis says, and how.
  struct Axis: Sendable {
    var title: String
    var kind = Scale.Kind.linear
    var unit = Scale.Unit.number
    /// Whether the scale begins at zero.
    var includesZero = false
    /// The scale; nil takes round values that hold the samples.
    var scale: Scale?
  }

  var title: String
  var subtitle = ""
  var x: Axis
  var y: Axis
  var series: [Series]
  var width = 720.0
  var height = 440.0

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    var picture = SVG(title: title, width: width, height: height, theme: theme)
    var top = PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    if series.count > 1 {
      top += PictureParts.drawLegend(
        legend(theme), at: Point(PictureParts.margin, top - 4), width: width - 2 * PictureParts.margin,
        on: &picture)
    }
    let bottom = height - PictureParts.margin / 2 - Axes.bottomRoom
    let frameHeight = max(60, bottom - top)
    let left = PictureParts.margin / 2 + Axes.leftRoom(yScale, height: frameHeight)
    let frame = Rectangle(x: left, y: top, width: width - left - 28, height: frameHeight)
    draw(in: frame, on: &picture)
    return picture
  }

  /// The scale of the horizontal axis.
  var xScale: Scale {
    x.scale
      ?? Scale(
        covering: series.flatMap { $0.samples.map(\.x) }, kind: x.kind, unit: x.unit,
        includesZero: x.includesZero)
  }

  /// The scale of the vertical axis.
  var yScale: Scale {
    y.scale
      ?? Scale(
        covering: series.flatMap { $0.samples.flatMap { [$0.y, $0.lower ?? $0.y, $0.upper ?? $0.y] } },
        kind: y.kind, unit: y.unit, includesZero: y.includesZero)
  }

  private func legend(_ theme: Theme) -> [PictureParts.LegendItem] {
    series.enumerated().map { index, series in
      PictureParts.LegendItem(
        name: series.name, paint: theme.paint(series.role ?? Theme.category(index)),
        swatch: series.isDashed ? .dashedLine : .line)
    }
  }

  /// Draws axes and curves into a frame of another picture.
  func draw(
    in frame: Rectangle, on picture: inout SVG, hasHorizontalLabels: Bool = true,
    hasVerticalLabels: Bool = true
  ) {
    let (xScale, yScale) = (xScale, yScale)
    Axes.drawHorizontal(
      xScale, title: hasHorizontalLabels ? x.title : nil, in: frame, on: &picture, hasGrid: true,
      hasLabels: hasHorizontalLabels)
    Axes.drawVertical(
      yScale, title: hasVerticalLabels ? y.title : nil, in: frame, on: &picture, hasGrid: true,
      hasLabels: hasVerticalLabels)
    let drawn = series.enumerated().map { index, series in
      (
        series: series, paint: picture.theme.paint(series.role ?? Theme.category(index)),
        samples: Self.thinned(series.samples, xScale, columns: Int(frame.width))
      )
    }
    // Bands first, so that they hide no curve.
    for (series, paint, samples) in drawn {
      drawBand(samples, series, paint, in: frame, on: &picture)
    }
    for (series, paint, samples) in drawn {
      let points = samples.map { point($0.x, $0.y, frame, xScale, yScale) }
      if points.count == 1, let only = points.first {
        picture.circle(only, radius: 3.5, fill: paint)
      } else if !points.isEmpty {
        picture.path(
          series.isStepped ? Self.steps(points) : SVG.path(points), stroke: paint,
          width: series.isBackdrop ? 1 : 2, isDashed: series.isDashed, opacity: series.isBackdrop ? 0.55 : 1)
      }
    }
  }

  private func drawBand(
    _ samples: [Sample], _ series: Series, _ paint: String, in frame: Rectangle, on picture: inout SVG
  ) {
    let banded = samples.filter { $0.lower != nil && $0.upper != nil }
    guard banded.count > 1 else { return }
    let (xScale, yScale) = (xScale, yScale)
    var upper = banded.map { point($0.x, $0.upper ?? $0.y, frame, xScale, yScale) }
    var lower = banded.map { point($0.x, $0.lower ?? $0.y, frame, xScale, yScale) }
    if series.isStepped { (upper, lower) = (Self.corners(upper), Self.corners(lower)) }
    picture.polygon(upper + lower.reversed(), fill: paint, opacity: 0.18)
  }

  private func point(
    _ x: Double, _ y: Double, _ frame: Rectangle, _ xScale: Scale, _ yScale: Scale
  ) -> Point {
    Point(
      frame.x + xScale.position(x) * frame.width, frame.bottom - yScale.position(y) * frame.height)
  }

  /// What can be seen of a curve: of each column of the picture the first and last sample and the extremes.
  static func thinned(_ samples: [Sample], _ scale: Scale, columns: Int) -> [Sample] {
    let finite = samples.filter { $0.x.isFinite && $0.y.isFinite }
    guard finite.count > 4 * max(1, columns) else { return finite }
    var kept: [Int] = []
    var begin = 0
    while begin < finite.count {
      let column = Int(scale.position(finite[begin].x) * Double(columns))
      var end = begin
      var (lowest, highest) = (begin, begin)
      while end < finite.count, Int(scale.position(finite[end].x) * Double(columns)) == column {
        if finite[end].y < finite[lowest].y { lowest = end }
        if finite[end].y > finite[highest].y { highest = end }
        end += 1
      }
      kept += Set([begin, lowest, highest, end - 1]).sorted()
      begin = end
    }
    return kept.map { finite[$0] }
  }

  /// Points with a corner between each two, the value held until the next.
  private static func corners(_ points: [Point]) -> [Point] {
    var result: [Point] = []
    for point in points {
      if let last = result.last { result.append(Point(point.x, last.y)) }
      result.append(point)
    }
    return result
  }

  /// A stepped path, a stretch of equal values written once.
  private static func steps(_ points: [Point]) -> String {
    guard let first = points.first, let last = points.last else { return "" }
    var text = "M\(SVG.number(first.x)) \(SVG.number(first.y))"
    var level = first.y
    for point in points.dropFirst() where SVG.number(point.y) != SVG.number(level) {
      text += "H\(SVG.number(point.x))V\(SVG.number(point.y))"
      level = point.y
    }
    return text + "H\(SVG.number(last.x))"
  }
}
