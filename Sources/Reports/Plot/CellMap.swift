import QualityDiversity

/// The cells of an archive of one or two axes with a value each: a heat map.
///
/// The cells are drawn as what they are: rectangles of a grid, polygons of a Voronoi tessellation, points where an
/// archive has no cells. The values may be anything known of a cell, such as fitness or a difference of two runs.
struct CellMap: Sendable {
  var title: String
  var subtitle = ""
  /// Where the cells lie; an archive's `CellLayout`.
  var layout: CellLayout
  /// What is drawn in the cells, and how.
  var panel: CellPanel
  /// What the values are, written beside the colour bar.
  var valueTitle: String
  var width = 820.0
  var height = 640.0

  /// How high the columns of a single axis are: from zero, or their lengths would not say how values compare.
  private var columnScale: Scale {
    guard layout.hasAreas, panel.scale.kind == .linear else { return panel.scale }
    let holdsZero = panel.scale.lower <= 0 && panel.scale.upper >= 0
    return holdsZero
      ? panel.scale : Scale(covering: panel.values.values, unit: panel.scale.unit, includesZero: true)
  }

  /// The picture; of more than two axes the first two are drawn.
  func svg(_ theme: Theme) -> SVG {
    var picture = SVG(title: title, width: width, height: height, theme: theme)
    let top = PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    let isFlat = layout.axes.count < 2
    let bottom = height - PictureParts.margin / 2 - Axes.bottomRoom
    let vertical = isFlat ? columnScale : Scale(layout.axes[1])
    let left = PictureParts.margin / 2 + Axes.leftRoom(vertical, height: bottom - top)
    let barRoom =
      isFlat ? 28 : PictureParts.colourBarRoom(panel.scale, height: bottom - top - 40, title: valueTitle)
    let frame = Rectangle(x: left, y: top, width: width - left - barRoom, height: bottom - top)
    if isFlat {
      Axes.drawVertical(vertical, title: valueTitle, in: frame, on: &picture, hasGrid: true)
      panel.drawColumns(layout.cells, heights: vertical, in: frame, on: &picture)
    } else {
      panel.draw(layout.cells, borders: layout.borders, in: frame, on: &picture)
      Axes.drawVertical(vertical, title: layout.axes[1].label, in: frame, on: &picture)
    }
    if let axis = layout.axes.first {
      Axes.drawHorizontal(Scale(axis), title: axis.label, in: frame, on: &picture)
    }
    guard !isFlat else { return picture }
    PictureParts.drawColourBar(
      panel.colours, panel.scale, title: valueTitle, x: frame.right + 24, y: top, height: frame.height - 40,
      on: &picture)
    if layout.cells.contains(where: { panel.values[$0.number] == nil }) {
      picture.rectangle(
        Rectangle(x: frame.right + 24, y: frame.bottom - 16, width: 16, height: 16),
        fill: theme.paint(.empty), stroke: theme.paint(.rule))
      picture.text(
        "empty", at: Point(frame.right + 49, frame.bottom - 4), size: Axes.labelSize,
        fill: theme.paint(.muted))
    }
    return picture
  }
}
