import Foundation

/// The cells of one or two axes in a frame: areas coloured by value, or points where cells have no areas.
struct CellPanel: Sendable {
  /// What is drawn for each cell, by its number; cells without a value are empty.
  var values: [Int: Double]
  /// A hint for each cell, shown where a pointer rests.
  var hints: [Int: String] = [:]
  /// Where a click on a cell leads.
  var addresses: [Int: String] = [:]
  /// The colours, from the scale's lower end to its upper.
  var colours = ColourScale.viridis
  /// The scale of the values.
  var scale: Scale
  /// Whether values are written into cells that have room for them.
  var isLabelled = true

  /// Draws cells of one axis as columns from zero to their values.
  ///
  /// - Parameter heights: where a value lies between the frame's lower and upper end.
  func drawColumns(
    _ cells: [CellLayout.Cell], heights: Scale, in frame: Rectangle, on picture: inout SVG
  ) {
    for cell in cells { drawColumn(cell, heights, in: frame, on: &picture) }
  }

  /// Draws cells of two axes; the first goes to the right, the second upwards.
  ///
  /// - Parameters:
  ///   - borders: where a grid's axes are cut; nil takes the borders of the cells given.
  ///   - cuts: what a plane cuts out of cells that have no area here, drawn below them.
  func draw(
    _ cells: [CellLayout.Cell], borders: [[Double]]? = nil, cuts: [CellCuts.Cut] = [], in frame: Rectangle,
    on picture: inout SVG
  ) {
    picture.rectangle(frame, fill: picture.theme.paint(.empty))
    for cut in cuts {
      let colour = values[cut.cell].map { colours.colour(at: scale.position($0)).hex }
      picture.polygon(
        cut.corners.map { Self.point($0.x, $0.y, frame) }, fill: colour ?? picture.theme.paint(.empty),
        stroke: picture.theme.paint(.background))
    }
    drawBorders(cells, borders, in: frame, on: &picture)
    // The smallest cells touch each other; without a border of their own colour seams would show.
    let isDense = cells.count > 2500
    // Small values last, where points lie over one another the best is seen.
    let occupied = cells.filter { values[$0.number] != nil }
      .sorted { (values[$0.number] ?? 0, $0.number) < (values[$1.number] ?? 0, $1.number) }
    let radius = min(
      frame.width / 36, 8, max(2.5, frame.width / 7 / Double(max(1, occupied.count)).squareRoot()))
    for cell in occupied {
      guard let value = values[cell.number] else { continue }
      let colour = colours.colour(at: scale.position(value))
      marked(cell.number, on: &picture) { picture in
        switch cell.area {
        case .box(let box):
          picture.rectangle(
            Self.rectangle(box, frame), fill: colour.hex,
            stroke: isDense ? colour.hex : picture.theme.paint(.background))
        case .polygon(let corners, _):
          picture.polygon(
            corners.map { Self.point($0.x, $0.y, frame) }, fill: colour.hex,
            stroke: isDense ? colour.hex : picture.theme.paint(.background))
        case .place(let place):
          picture.circle(
            Self.point(place.first ?? 0, place.count > 1 ? place[1] : 0.5, frame), radius: radius,
            fill: colour.hex, stroke: picture.theme.paint(.background))
        }
        write(value, in: cell.area, on: colour, frame, &picture)
      }
    }
  }

  /// The borders of empty cells, and dots where they have no area.
  private func drawBorders(
    _ cells: [CellLayout.Cell], _ borders: [[Double]]?, in frame: Rectangle, on picture: inout SVG
  ) {
    let border = picture.theme.paint(.background)
    var lines = ""
    var (columns, rows) = (Set(borders?.first ?? []), Set(borders?.dropFirst().first ?? []))
    for cell in cells {
      switch cell.area {
      case .box(let box):
        columns.insert(box[0].lowerBound)
        if box.count > 1 { rows.insert(box[1].lowerBound) }
      case .polygon(let corners, _):
        guard values[cell.number] == nil else { continue }
        lines += SVG.path(corners.map { Self.point($0.x, $0.y, frame) }) + "Z"
      case .place(let place):
        guard values[cell.number] == nil else { continue }
        let centre = Self.point(place.first ?? 0, place.count > 1 ? place[1] : 0.5, frame)
        picture.circle(centre, radius: 1.5, fill: picture.theme.paint(.rule), opacity: 0.6)
      }
    }
    // Lines closer than three pixels would be a grey area.
    if columns.count * 3 < Int(frame.width), rows.count * 3 < Int(frame.height) {
      for x in columns.sorted().dropFirst() {
        lines +=
          "M\(SVG.number(frame.x + x * frame.width)) \(SVG.number(frame.y))V\(SVG.number(frame.bottom))"
      }
      for y in rows.sorted().dropFirst() {
        lines += "M\(SVG.number(frame.x)) \(SVG.number(frame.bottom - y * frame.height))H"
        lines += SVG.number(frame.right)
      }
    }
    if !lines.isEmpty { picture.path(lines, stroke: border) }
  }

  /// A cell of a single axis: a column from zero to its value.
  private func drawColumn(
    _ cell: CellLayout.Cell, _ heights: Scale, in frame: Rectangle, on picture: inout SVG
  ) {
    guard let value = values[cell.number] else { return }
    let colour = colours.colour(at: scale.position(value))
    func level(_ value: Double) -> Double { frame.bottom - heights.position(value) * frame.height }
    let (end, zero) = (level(value), level(0))
    marked(cell.number, on: &picture) { picture in
      switch cell.area {
      case .box(let box):
        let (left, right) = (
          frame.x + box[0].lowerBound * frame.width, frame.x + box[0].upperBound * frame.width
        )
        let gap = right - left > 6 ? 1.0 : 0
        // A value of zero still shows.
        let height = max(3, abs(zero - end))
        let column = Rectangle(
          x: left + gap, y: end <= zero ? zero - height : zero, width: right - left - 2 * gap, height: height)
        picture.rectangle(column, fill: colour.hex)
        let text = label(value)
        let isBelow = end > zero
        let hasRoom = isBelow ? column.bottom + 16 < frame.bottom : column.y - 16 > frame.y
        if isLabelled, TextMetrics.width(text, size: 11) + 4 <= column.width, hasRoom {
          picture.text(
            text, at: Point(column.midX, isBelow ? column.bottom + 13 : column.y - 5), size: 11,
            anchor: .middle)
        }
      case .place(let place):
        let centre = Point(frame.x + (place.first ?? 0) * frame.width, end)
        picture.circle(centre, radius: 5, fill: colour.hex, stroke: picture.theme.paint(.background))
      case .polygon: break
      }
    }
  }

  private func write(
    _ value: Double, in area: CellLayout.Area, on colour: Colour, _ frame: Rectangle, _ picture: inout SVG
  ) {
    guard isLabelled else { return }
    let text = label(value)
    let needed = TextMetrics.width(text, size: 11) + 4
    let place: Point
    switch area {
    case .box(let box):
      let rectangle = Self.rectangle(box, frame)
      guard rectangle.width >= needed, rectangle.height >= 16 else { return }
      place = Point(rectangle.midX, rectangle.midY + 4)
    case .polygon(let corners, _):
      let points = corners.map { Self.point($0.x, $0.y, frame) }
      guard let middle = Self.centroid(points) else { return }
      let room = [Point(-needed / 2, -8), Point(needed / 2, -8), Point(-needed / 2, 8), Point(needed / 2, 8)]
      guard room.allSatisfy({ Self.contains(points, Point(middle.x + $0.x, middle.y + $0.y)) }) else {
        return
      }
      place = Point(middle.x, middle.y + 4)
    case .place: return
    }
    picture.text(text, at: place, size: 11, anchor: .middle, fill: colour.legibleInk.hex)
  }

  private func label(_ value: Double) -> String {
    scale.unit == .share ? Figures.fixed(value * 100, 1) : Scale.label(value)
  }

  private func marked(_ cell: Int, on picture: inout SVG, _ draw: (inout SVG) -> Void) {
    let (hint, address) = (hints[cell], addresses[cell])
    if hint == nil, address == nil {
      draw(&picture)
    } else {
      picture.group(hint: hint, address: address, draw)
    }
  }

  // MARK: Geometry

  private static func point(_ x: Double, _ y: Double, _ frame: Rectangle) -> Point {
    Point(frame.x + x * frame.width, frame.bottom - y * frame.height)
  }

  private static func rectangle(_ box: [ClosedRange<Double>], _ frame: Rectangle) -> Rectangle {
    let vertical = box.count > 1 ? box[1] : 0...1
    return Rectangle(
      x: frame.x + box[0].lowerBound * frame.width, y: frame.bottom - vertical.upperBound * frame.height,
      width: (box[0].upperBound - box[0].lowerBound) * frame.width,
      height: (vertical.upperBound - vertical.lowerBound) * frame.height)
  }

  /// The middle of a polygon's area; nil where it has none.
  private static func centroid(_ points: [Point]) -> Point? {
    guard let last = points.last else { return nil }
    var (area, x, y) = (0.0, 0.0, 0.0)
    var previous = last
    for point in points {
      let cross = previous.x * point.y - point.x * previous.y
      area += cross
      x += (previous.x + point.x) * cross
      y += (previous.y + point.y) * cross
      previous = point
    }
    return abs(area) < 1e-9 ? nil : Point(x / (3 * area), y / (3 * area))
  }

  /// Whether a point lies within a convex polygon.
  private static func contains(_ points: [Point], _ point: Point) -> Bool {
    var (isLeft, isRight) = (false, false)
    var previous = points.last ?? point
    for corner in points {
      let side =
        (corner.x - previous.x) * (point.y - previous.y) - (corner.y - previous.y) * (point.x - previous.x)
      if side < 0 { isLeft = true }
      if side > 0 { isRight = true }
      previous = corner
    }
    return !(isLeft && isRight)
  }
}
