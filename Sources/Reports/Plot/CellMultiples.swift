import QualityDiversity

/// An archive of three or more axes as small maps of its first two, one for each stretch of the further ones.
///
/// A grid's further axes are cut where its cells are, as far as the pictures stay large enough to read; of other
/// archives, lists of categories are cut by category and other axes into equal stretches. Voronoi cells of two continuous
/// axes are polygons in the map of their category; those of more are drawn as a plane in the middle of the stretch cuts
/// them, below dots for the elites within the stretch.
struct CellMultiples: Sendable {
  var title: String
  var subtitle = ""
  var layout: CellLayout
  var panel: CellPanel
  var valueTitle: String
  var width = 980.0

  /// More columns or rows than this would be too small to read.
  private static let mostColumns = 6
  private static let mostRows = 6
  private static let gap = 14.0

  /// A stretch of an axis and what it is called.
  private struct Stretch {
    var range: ClosedRange<Double>
    var name: String
    var middle: Double { (range.lowerBound + range.upperBound) / 2 }
  }

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    let columns = stretches(of: 2, most: Self.mostColumns)
    let rows =
      layout.axes.count > 3 ? stretches(of: 3, most: Self.mostRows) : [Stretch(range: 0...1, name: "")]
    let hidden = layout.axes.dropFirst(4).map { MeasureAxis.words($0.name) }
    var note = hidden.isEmpty ? "" : " · over all of \(hidden.joined(separator: ", ")) the best is seen"
    // A plane through further axes would say nothing of where they are cut.
    let hasCuts = layout.cuts != nil && hidden.isEmpty
    if hasCuts { note = " · dots are elites; areas are cells as they are in the middle of each stretch" }
    let (horizontal, vertical) = (Scale(layout.axes[0]), Scale(layout.axes[1]))
    let heading = PictureParts.headingHeight(title: title, subtitle: subtitle + note, width: width)
    let top = PictureParts.margin + heading + 22
    let left = PictureParts.margin / 2 + Axes.leftRoom(vertical, height: 120)
    let barRoom = PictureParts.colourBarRoom(panel.scale, height: 220, title: valueTitle)
    // What the rows are is written beside them.
    let nameRoom = rows.count > 1 ? 24.0 : 0
    let room = width - left - barRoom - nameRoom - Double(columns.count - 1) * Self.gap
    let side = min(300, (room / Double(columns.count)).rounded(.down))
    let step = side + Self.gap
    let bottom = top + step * Double(rows.count) - Self.gap
    let height = bottom + Axes.bottomRoom + PictureParts.margin
    var picture = SVG(title: title, width: width, height: height, theme: theme)
    PictureParts.drawHeading(title: title, subtitle: subtitle + note, on: &picture)
    for (row, rowStretch) in rows.reversed().enumerated() {
      for (column, stretch) in columns.enumerated() {
        let frame = Rectangle(
          x: left + Double(column) * (side + Self.gap), y: top + Double(row) * step, width: side, height: side
        )
        if row == 0 {
          picture.text(
            TextMetrics.fitted(stretch.name, width: side, size: 11.5), at: Point(frame.x, frame.y - 6),
            size: 11.5)
        }
        if column == columns.count - 1 {
          picture.text(
            TextMetrics.fitted(rowStretch.name, width: side, size: 11.5),
            at: Point(frame.right + 17, frame.midY), size: 11.5, anchor: .middle, isTurned: true)
        }
        var part = panel
        part.isLabelled = false
        part.draw(
          cells([(2, stretch), (3, rowStretch)]), borders: layout.borders,
          cuts: hasCuts
            ? layout.cuts(at: [stretch, rowStretch].prefix(layout.axes.count - 2).map(\.middle)) : [],
          in: frame, on: &picture)
        Axes.drawHorizontal(
          horizontal, title: nil, in: frame, on: &picture, hasLabels: row == rows.count - 1,
          isNarrow: true)
        Axes.drawVertical(vertical, title: nil, in: frame, on: &picture, hasLabels: column == 0)
      }
    }
    drawTitles(left, top, bottom, side, columns.count, vertical, on: &picture)
    let barX = left + Double(columns.count) * (side + Self.gap) - Self.gap + nameRoom + 24
    PictureParts.drawColourBar(
      panel.colours, panel.scale, title: valueTitle, x: barX, y: top,
      height: min(320, max(120, bottom - top)), on: &picture)
    return picture
  }

  private func drawTitles(
    _ left: Double, _ top: Double, _ bottom: Double, _ side: Double, _ columns: Int, _ vertical: Scale,
    on picture: inout SVG
  ) {
    let across = Double(columns) * (side + Self.gap) - Self.gap
    picture.text(
      layout.axes[0].label, at: Point(left + across / 2, bottom + 41), size: Axes.titleSize, anchor: .middle)
    let room = Axes.leftRoom(vertical, height: 120, hasTitle: false)
    picture.text(
      TextMetrics.fitted(layout.axes[1].label, width: bottom - top, size: Axes.titleSize),
      at: Point(left - room - 6, (top + bottom) / 2), size: Axes.titleSize, anchor: .middle, isTurned: true)
  }

  /// The stretches that an axis is cut into.
  private func stretches(of axis: Int, most: Int) -> [Stretch] {
    let measure = layout.axes[axis]
    var borders: [Double]
    if let categories = measure.categories {
      borders = (0...categories.count).map { Double($0) / Double(categories.count) }
    } else {
      borders = layout.borders?[axis] ?? (0...4).map { Double($0) / 4 }
    }
    // Too many are joined, neighbours with neighbours.
    let every = max(1, (borders.count - 1 + most - 1) / most)
    if every > 1 {
      borders = borders.enumerated().filter { $0.offset % every == 0 }.map(\.element)
      if borders.last != 1 { borders.append(1) }
    }
    return zip(borders, borders.dropFirst()).map { lower, upper in
      Stretch(range: lower...upper, name: name(of: measure, lower, upper))
    }
  }

  private func name(of axis: MeasureAxis, _ lower: Double, _ upper: Double) -> String {
    let words = MeasureAxis.words(axis.name)
    if let categories = axis.categories {
      let count = Double(categories.count)
      let (first, last) = (Int((lower * count).rounded()), Int((upper * count).rounded()) - 1)
      guard categories.indices.contains(first), categories.indices.contains(last) else { return words }
      return first == last ? categories[first] : "\(categories[first]) – \(categories[last])"
    }
    return "\(words) \(Scale.label(axis.denormalized(lower)))–\(Scale.label(axis.denormalized(upper)))"
  }

  /// The cells within stretches of axes; of those in the same place the best is drawn last and seen.
  private func cells(_ stretches: [(axis: Int, stretch: Stretch)]) -> [CellLayout.Cell] {
    layout.cells.filter { cell in
      stretches.allSatisfy { axis, stretch in
        guard axis < layout.axes.count else { return true }
        let place: Double
        switch cell.area {
        case .box(let box): place = (box[axis].lowerBound + box[axis].upperBound) / 2
        case .place(let position), .polygon(_, let position): place = position[axis]
        }
        let isLast = stretch.range.upperBound >= 1
        return place >= stretch.range.lowerBound && (isLast || place < stretch.range.upperBound)
      }
    }
  }
}
