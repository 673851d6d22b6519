import QualityDiversity

/// The cells of an archive of one or two axes, each in the colour of the group that leads there.
struct StandingMap: Sendable {
  /// What is seen in a cell.
  struct Content: Sendable {
    /// The group that leads, by number; nil where groups are tied.
    var leader: Int?
    /// Whether it alone is there, which is marked with a ring.
    var isAlone: Bool
    /// What is said where a pointer rests.
    var hint: String
  }

  var title: String
  var subtitle: String
  var layout: CellLayout
  var contents: [Int: Content]
  /// The groups' names; curves have the same colours.
  var groups: [String]
  private let width = 820.0

  /// The picture; of more than two axes the first two are drawn.
  func svg(_ theme: Theme) -> SVG {
    let isFlat = layout.axes.count < 2
    let height = isFlat ? 260.0 : 620
    var picture = SVG(title: title, width: width, height: height, theme: theme)
    var top = PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    let legend = groups.enumerated().map { index, name in
      PictureParts.LegendItem(name: name, paint: theme.paint(Theme.category(index)), swatch: .box)
    }
    top += PictureParts.drawLegend(
      legend + [
        .init(name: "tied", paint: theme.paint(.rule), swatch: .box),
        .init(name: "empty", paint: theme.paint(.empty), swatch: .box),
      ], at: Point(PictureParts.margin, top - 4), width: width - 2 * PictureParts.margin, on: &picture)
    let bottom = height - PictureParts.margin / 2 - Axes.bottomRoom
    let vertical = layout.axes.count > 1 ? Scale(layout.axes[1]) : Scale(0, 1)
    let left = PictureParts.margin + (isFlat ? 0 : Axes.leftRoom(vertical, height: bottom - top))
    let frame = Rectangle(x: left, y: top, width: width - left - 28, height: bottom - top)
    picture.rectangle(frame, fill: theme.paint(.empty))
    for cell in layout.cells { draw(cell, in: frame, on: &picture) }
    if let axis = layout.axes.first {
      Axes.drawHorizontal(Scale(axis), title: axis.label, in: frame, on: &picture)
    }
    if !isFlat { Axes.drawVertical(vertical, title: layout.axes[1].label, in: frame, on: &picture) }
    return picture
  }

  private func draw(_ cell: CellLayout.Cell, in frame: Rectangle, on picture: inout SVG) {
    let background = picture.theme.paint(.background)
    let corners = Self.corners(cell.area, frame)
    guard let content = contents[cell.number] else {
      if layout.cells.count <= 2500 {
        picture.polygon(corners, fill: picture.theme.paint(.empty), stroke: background)
      }
      return
    }
    let paint = picture.theme.paint(content.leader.map(Theme.category) ?? .rule)
    picture.group(hint: content.hint) { picture in
      picture.polygon(
        corners, fill: paint, stroke: layout.cells.count > 2500 ? nil : background,
        opacity: content.leader == nil ? 0.55 : 1)
      let extent = (corners.map(\.x).max() ?? 0) - (corners.map(\.x).min() ?? 0)
      guard content.isAlone, extent > 8 else { return }
      let count = Double(max(1, corners.count))
      let middle = Point(
        corners.reduce(0) { $0 + $1.x } / count, corners.reduce(0) { $0 + $1.y } / count)
      picture.circle(middle, radius: min(5, extent / 4), fill: "none", stroke: background)
    }
  }

  /// The corners of a cell; of a place without an area those of a small square around it.
  private static func corners(_ area: CellLayout.Area, _ frame: Rectangle) -> [Point] {
    func point(_ x: Double, _ y: Double) -> Point {
      Point(frame.x + x * frame.width, frame.bottom - y * frame.height)
    }
    switch area {
    case .box(let box):
      let (x, y) = (box[0], box.count > 1 ? box[1] : 0...1)
      return [
        point(x.lowerBound, y.lowerBound), point(x.upperBound, y.lowerBound),
        point(x.upperBound, y.upperBound),
        point(x.lowerBound, y.upperBound),
      ]
    case .polygon(let corners, _): return corners.map { point($0.x, $0.y) }
    case .place(let place):
      let middle = point(place[0], place.count > 1 ? place[1] : 0.5)
      return [(-5.0, -5.0), (5, -5), (5, 5), (-5, 5)].map { Point(middle.x + $0.0, middle.y + $0.1) }
    }
  }
}
