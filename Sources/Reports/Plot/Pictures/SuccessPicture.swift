/// How often prompts, operators, authors and models had success, with the room that chance leaves.
struct SuccessPicture: Sendable {
  private let facts: RunFacts
  private let groups: [SuccessCounts.Group]

  /// Of more rows than this the most used are shown.
  private static let mostRows = 40
  private static let rowHeight = 22.0
  private static let columns: [(title: String, value: @Sendable (SuccessCounts.Row) -> Int)] = [
    ("compiled", { $0.valid }), ("entered the archive", { $0.entered }),
    ("improved an elite", { $0.improved }),
  ]

  init(_ facts: RunFacts) {
    self.facts = facts
    groups = SuccessCounts(facts).groups.map { group in
      guard group.rows.count > Self.mostRows else { return group }
      let kept = group.rows.sorted { ($1.asked, $0.name) < ($0.asked, $1.name) }.prefix(Self.mostRows)
      return SuccessCounts.Group(
        name: "\(group.name) (the \(Self.mostRows) most used of \(group.rows.count))",
        rows: kept.sorted { $0.name < $1.name })
    }
  }

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    let title = "What prompts, operators and authors came to"
    let subtitle =
      "\(facts.particulars) · share of the candidates asked for, with 95 % Wilson intervals: where they overlap, "
      + "the difference may be chance"
    let width = 980.0
    let top =
      PictureParts.margin + PictureParts.headingHeight(title: title, subtitle: subtitle, width: width) + 28
    let lines = groups.reduce(0) { $0 + $1.rows.count + 1 }
    let bottom = top + Double(lines) * Self.rowHeight + 8 * Double(max(0, groups.count - 1))
    var picture = SVG(
      title: title, width: width, height: bottom + Axes.bottomRoom + 4, theme: theme)
    PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    let names = groups.flatMap { $0.rows.map(\.name) } + groups.map(\.name)
    let nameRoom = min(
      230, names.map { TextMetrics.width($0, size: 12, weight: .bold) }.max() ?? 0)
    let numbersAt = PictureParts.margin + nameRoom + 22
    let left = numbersAt + (facts.hasReplies ? 120 : 60)
    let gap = 26.0
    let across = (width - left - 28 - gap * 2) / 3
    let counts = facts.hasReplies ? ["asked", "replies"] : ["asked"]
    for (index, title) in counts.enumerated() {
      picture.text(
        title, at: Point(numbersAt + 40 + Double(index) * 60, top - 10), size: 12, anchor: .end,
        fill: theme.paint(.muted))
    }
    for (index, column) in Self.columns.enumerated() {
      let frame = Rectangle(
        x: left + Double(index) * (across + gap), y: top, width: across, height: bottom - top)
      draw(column.title, column.value, in: frame, on: &picture)
    }
    drawNames(nameRoom, numbersAt, top, on: &picture)
    return picture
  }

  private func drawNames(_ room: Double, _ numbersAt: Double, _ top: Double, on picture: inout SVG) {
    forEachLine(from: top) { y, group, row in
      guard let row else {
        picture.text(
          TextMetrics.fitted(
            group.name, width: numbersAt + (facts.hasReplies ? 100 : 40), size: 12, weight: .bold),
          at: Point(PictureParts.margin, y + 15), size: 12, weight: .bold)
        return
      }
      picture.text(
        TextMetrics.fitted(Markup.line(row.name), width: room + 8, size: 12),
        at: Point(PictureParts.margin + 8, y + 15), size: 12)
      let counts = facts.hasReplies ? [row.asked, row.replies] : [row.asked]
      for (index, number) in counts.enumerated() {
        picture.text(
          "\(number)", at: Point(numbersAt + 40 + Double(index) * 60, y + 15), size: 12, anchor: .end,
          fill: picture.theme.paint(.muted))
      }
    }
  }

  private func draw(
    _ title: String, _ value: (SuccessCounts.Row) -> Int, in frame: Rectangle, on picture: inout SVG
  ) {
    let rows = groups.flatMap(\.rows)
    let most = rows.filter { $0.asked > 0 }.map { WilsonInterval(value($0), of: $0.asked).upper }.max() ?? 1
    let clamped = Scale(0, most > 0.5 ? 1 : most > 0.2 ? 0.5 : 0.2, unit: .share)
    picture.text(
      TextMetrics.fitted(title, width: frame.width, size: Axes.titleSize, weight: .bold),
      at: Point(frame.x, frame.y - 10), size: Axes.titleSize, weight: .bold)
    Axes.drawHorizontal(clamped, title: nil, in: frame, on: &picture, hasGrid: true, isNarrow: true)
    let paint = picture.theme.paint(.blue)
    forEachLine(from: frame.y) { y, group, row in
      guard let row, row.asked > 0 else { return }
      let interval = WilsonInterval(value(row), of: row.asked)
      func x(_ share: Double) -> Double { frame.x + clamped.position(share) * frame.width }
      let level = y + Self.rowHeight / 2
      picture.line(
        from: Point(frame.x, level), to: Point(frame.right, level), stroke: picture.theme.paint(.grid))
      let share = interval.share ?? 0
      let hint =
        "\(row.name): \(value(row)) of \(row.asked), \(Figures.percent(share)) "
        + "(\(Figures.percent(interval.lower))–\(Figures.percent(interval.upper)))"
      picture.group(hint: hint) { picture in
        picture.line(
          from: Point(x(interval.lower), level), to: Point(x(interval.upper), level), stroke: paint, width: 2)
        picture.circle(Point(x(share), level), radius: 4.5, fill: paint)
      }
    }
  }

  /// Goes through headings (without a row) and rows from above.
  private func forEachLine(
    from top: Double, _ body: (Double, SuccessCounts.Group, SuccessCounts.Row?) -> Void
  ) {
    var y = top
    for group in groups {
      body(y, group, nil)
      y += Self.rowHeight
      for row in group.rows {
        body(y, group, row)
        y += Self.rowHeight
      }
      y += 8
    }
  }
}
