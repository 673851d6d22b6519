import QualityDiversity

/// An archive of three or more axes, pair by pair: the best elite of each pair of stretches.
struct PairsPicture: Sendable {
  private let facts: RunFacts
  private let layout: CellLayout
  private let panel: CellPanel
  private let axes: [Int]

  /// Of more axes the first are shown.
  private static let mostAxes = 6
  /// Axes without cells of their own are cut into so many stretches.
  private static let stretches = 12

  /// The picture of a run; nil where its archive has fewer than three axes.
  init?(_ facts: RunFacts, addresses: [Int: String] = [:]) {
    guard facts.archive.axes.count > 2 else { return nil }
    self.facts = facts
    layout = CellLayout(facts.archive)
    panel = CellPanel(facts, addresses)
    axes = Array(facts.archive.axes.indices.prefix(Self.mostAxes))
  }

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    let title = "Best validation accuracy for each pair of axes"
    var subtitle = "\(facts.particulars) · each small map shows the best over all other axes"
    if axes.count < layout.axes.count {
      subtitle += " · the first \(axes.count) of \(layout.axes.count) axes"
    }
    let (width, gap) = (980.0, 16.0)
    let heading = PictureParts.headingHeight(title: title, subtitle: subtitle, width: width)
    let top = PictureParts.margin + heading
    let left =
      PictureParts.margin / 2
      + (axes.dropFirst().map { Axes.leftRoom(Scale(layout.axes[$0]), height: 150) }.max() ?? 60)
    let bar = PictureParts.colourBarRoom(panel.scale, height: 200, title: "validation accuracy")
    let count = Double(axes.count - 1)
    let side = min(300, ((width - left - bar - gap * (count - 1)) / count).rounded(.down))
    let bottom = top + count * (side + gap) - gap
    var picture = SVG(
      title: title, width: width, height: bottom + Axes.bottomRoom + PictureParts.margin / 2, theme: theme)
    PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    for row in 1..<axes.count {
      for column in 0..<row {
        let frame = Rectangle(
          x: left + Double(column) * (side + gap), y: top + Double(row - 1) * (side + gap), width: side,
          height: side)
        draw(axes[column], axes[row], in: frame, on: &picture)
        Axes.drawHorizontal(
          Scale(layout.axes[axes[column]]),
          title: row == axes.count - 1 ? layout.axes[axes[column]].label : nil,
          in: frame, on: &picture, hasLabels: row == axes.count - 1, isNarrow: true)
        Axes.drawVertical(
          Scale(layout.axes[axes[row]]), title: column == 0 ? layout.axes[axes[row]].label : nil, in: frame,
          on: &picture, hasLabels: column == 0)
      }
    }
    PictureParts.drawColourBar(
      panel.colours, panel.scale, title: "validation accuracy", x: width - bar + 24, y: top,
      height: min(320, bottom - top), on: &picture)
    return picture
  }

  /// Where an axis is cut.
  private func borders(_ axis: Int) -> [Double] {
    if let borders = layout.borders { return borders[axis] }
    let count = layout.axes[axis].categories?.count ?? Self.stretches
    return (0...count).map { Double($0) / Double(count) }
  }

  private func draw(_ first: Int, _ second: Int, in frame: Rectangle, on picture: inout SVG) {
    let (columns, rows) = (borders(first), borders(second))
    func place(_ cell: CellLayout.Cell, _ axis: Int) -> Double {
      switch cell.area {
      case .box(let box): (box[axis].lowerBound + box[axis].upperBound) / 2
      case .place(let place), .polygon(_, let place): place[axis]
      }
    }
    func stretch(_ borders: [Double], _ value: Double) -> Int {
      var found = 0
      while found + 2 < borders.count, borders[found + 1] <= value { found += 1 }
      return found
    }
    var best: [Int: Int] = [:]
    for cell in layout.cells {
      let number =
        stretch(columns, place(cell, first)) * (rows.count - 1) + stretch(rows, place(cell, second))
      let (value, other) = (panel.values[cell.number] ?? 0, best[number].flatMap { panel.values[$0] })
      if other.map({ value > $0 }) ?? true { best[number] = cell.number }
    }
    var part = CellPanel(
      values: best.compactMapValues { panel.values[$0] }, hints: best.compactMapValues { panel.hints[$0] },
      addresses: best.compactMapValues { panel.addresses[$0] }, colours: panel.colours, scale: panel.scale)
    part.isLabelled = false
    let cells = (0..<(columns.count - 1) * (rows.count - 1)).map { number in
      let (column, row) = (number / (rows.count - 1), number % (rows.count - 1))
      return CellLayout.Cell(
        number: number,
        area: .box([columns[column]...columns[column + 1], rows[row]...rows[row + 1]]))
    }
    part.draw(cells, in: frame, on: &picture)
  }
}
