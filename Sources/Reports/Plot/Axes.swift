/// The axes of a picture: lines, round ticks with labels that never overlap, titles.
enum Axes {
  /// The size of tick labels.
  static let labelSize = 12.0
  /// The size of axis titles.
  static let titleSize = 13.0
  /// The room below a frame for a horizontal axis with its title.
  static let bottomRoom = 50.0
  /// The most that labels of a vertical axis take.
  private static let widestLabel = 190.0

  /// The room to the left of a frame for a vertical axis with its title.
  static func leftRoom(_ scale: Scale, height: Double, hasTitle: Bool = true) -> Double {
    let widest =
      ticks(vertical: scale, height).map { TextMetrics.width($0.label, size: labelSize) }.max() ?? 0
    return (min(widestLabel, widest) + 12 + (hasTitle ? titleSize + 12 : 4)).rounded(.up)
  }

  private static func ticks(vertical scale: Scale, _ height: Double) -> [Scale.Tick] {
    if case .categories = scale.kind { return scale.ticks(atMost: Int(height / (labelSize + 3))) }
    return scale.ticks(atMost: Int(height / 34))
  }

  /// Draws the axis below a frame.
  ///
  /// - Parameters:
  ///   - hasGrid: whether faint lines go through the frame at labelled ticks.
  ///   - hasLabels: whether values are written; small multiples write them once.
  ///   - isNarrow: whether labels stay below the frame, since others stand beside it.
  static func drawHorizontal(
    _ scale: Scale, title: String?, in frame: Rectangle, on picture: inout SVG, hasGrid: Bool = false,
    hasLabels: Bool = true, isNarrow: Bool = false
  ) {
    let (rule, grid, muted) = (
      picture.theme.paint(.rule), picture.theme.paint(.grid), picture.theme.paint(.muted)
    )
    var end = -Double.infinity
    for tick in horizontalTicks(scale, frame.width) {
      let x = frame.x + tick.position * frame.width
      let isMinor = tick.label.isEmpty
      if hasGrid, !isMinor {
        picture.line(from: Point(x, frame.y), to: Point(x, frame.bottom), stroke: grid)
      }
      if !scale.isCategorical {
        picture.line(
          from: Point(x, frame.bottom), to: Point(x, frame.bottom + (isMinor ? 3 : 5)), stroke: rule)
      }
      guard hasLabels, !isMinor else { continue }
      let room = scale.isCategorical ? max(30, frame.width * scale.stretch - 6) : 200
      let text = TextMetrics.fitted(tick.label, width: room, size: labelSize)
      let half = TextMetrics.width(text, size: labelSize) / 2
      // A label at the edge moves inwards.
      let (least, most) = isNarrow ? (frame.x - 4, frame.right + 4) : (2, picture.width - 2)
      let centre = min(max(x, least + half), most - half)
      guard centre - half >= max(end, least) else { continue }
      end = centre + half + 8
      picture.text(
        text, at: Point(centre, frame.bottom + 19), size: labelSize, anchor: .middle, fill: muted)
    }
    picture.line(from: Point(frame.x, frame.bottom), to: Point(frame.right, frame.bottom), stroke: rule)
    if let title {
      let text = TextMetrics.fitted(title, width: max(frame.width, 60), size: titleSize)
      picture.text(text, at: Point(frame.midX, frame.bottom + 41), size: titleSize, anchor: .middle)
    }
  }

  private static func horizontalTicks(_ scale: Scale, _ width: Double) -> [Scale.Tick] {
    switch scale.kind {
    case .categories: return scale.ticks(atMost: Int(width / 36))
    case .linear: return scale.ticks(atMost: Int(width / 52))
    case .logarithmic: return scale.ticks(atMost: Int(width / 46))
    }
  }

  /// Draws the axis to the left of a frame.
  static func drawVertical(
    _ scale: Scale, title: String?, in frame: Rectangle, on picture: inout SVG, hasGrid: Bool = false,
    hasLabels: Bool = true
  ) {
    let (rule, grid, muted) = (
      picture.theme.paint(.rule), picture.theme.paint(.grid), picture.theme.paint(.muted)
    )
    for tick in ticks(vertical: scale, frame.height) {
      let y = frame.bottom - tick.position * frame.height
      let isMinor = tick.label.isEmpty
      if hasGrid, !isMinor {
        picture.line(from: Point(frame.x, y), to: Point(frame.right, y), stroke: grid)
      }
      if !scale.isCategorical {
        picture.line(from: Point(frame.x - (isMinor ? 3 : 5), y), to: Point(frame.x, y), stroke: rule)
      }
      guard hasLabels, !isMinor else { continue }
      let text = TextMetrics.fitted(tick.label, width: widestLabel, size: labelSize)
      picture.text(text, at: Point(frame.x - 9, y + 4), size: labelSize, anchor: .end, fill: muted)
    }
    picture.line(from: Point(frame.x, frame.y), to: Point(frame.x, frame.bottom), stroke: rule)
    if let title {
      let text = TextMetrics.fitted(title, width: max(frame.height, 60), size: titleSize)
      let room = leftRoom(scale, height: frame.height, hasTitle: false)
      picture.text(
        text, at: Point(frame.x - room - 6, frame.midY), size: titleSize, anchor: .middle, isTurned: true)
    }
  }
}

extension Scale {
  /// Whether the scale is a list of categories.
  var isCategorical: Bool {
    if case .categories = kind { true } else { false }
  }

  /// The share of the length that a category has; the whole of other scales.
  var stretch: Double {
    if case .categories(let names) = kind { 1 / Double(max(1, names.count)) } else { 1 }
  }
}
