import QualityDiversity

/// How the archive grew: QD score, coverage and best fitness over networks trained, training time and tokens.
struct CurvesPicture: Sendable {
  private let facts: RunFacts

  init(_ facts: RunFacts) { self.facts = facts }

  /// A figure of the archive.
  private struct Figure {
    var title: String
    var unit: Scale.Unit
    var includesZero: Bool
    var value: @Sendable (ArchiveStatistics) -> Double?
  }

  /// What the archive cost.
  private struct Cost {
    var title: String
    var unit = Scale.Unit.count
    var value: (RunFacts.Moment) -> Double
  }

  private static let figures = [
    Figure(title: "QD score", unit: .number, includesZero: true) { $0.qdScore },
    Figure(title: "coverage", unit: .share, includesZero: true) { $0.coverage },
    Figure(title: "best accuracy", unit: .share, includesZero: false) { $0.best },
  ]

  private var costs: [Cost] {
    let seconds = facts.moments.last?.seconds ?? 0
    let (unit, name) = seconds >= 7200 ? (3600.0, "h") : seconds >= 180 ? (60, "min") : (1, "s")
    var costs = [
      Cost(title: facts.isLookedUp ? "networks looked up" : "networks trained") { Double($0.trained) },
      Cost(
        title: facts.isLookedUp
          ? "training time by the table (\(name))" : "training time, all threads (\(name))",
        unit: .number
      ) { $0.seconds / unit },
    ]
    if (facts.moments.last?.tokens ?? 0) > 0 { costs.append(Cost(title: "tokens") { Double($0.tokens) }) }
    return costs
  }

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    let costs = costs
    let title = "How the archive grew"
    let subtitle =
      "\(facts.particulars) · over what it cost; dots are ends of generations as they were stored"
    let width = costs.count > 2 ? 1060.0 : 780
    let heading = PictureParts.headingHeight(title: title, subtitle: subtitle, width: width)
    let (side, gap) = (150.0, 22.0)
    let top = PictureParts.margin + heading
    let scales = Self.figures.map { figure in
      Scale(
        covering: (facts.moments + facts.generations).compactMap { figure.value($0.statistics) },
        unit: figure.unit, includesZero: figure.includesZero)
    }
    let left = PictureParts.margin / 2 + (scales.map { Axes.leftRoom($0, height: side) }.max() ?? 60)
    let across = (width - left - 28 - gap * Double(costs.count - 1)) / Double(costs.count)
    let height =
      top + Double(Self.figures.count) * (side + gap) - gap + Axes.bottomRoom + PictureParts.margin / 2
    var picture = SVG(title: title, width: width, height: height, theme: theme)
    PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    for (row, (figure, scale)) in zip(Self.figures, scales).enumerated() {
      for (column, cost) in costs.enumerated() {
        let frame = Rectangle(
          x: left + Double(column) * (across + gap), y: top + Double(row) * (side + gap), width: across,
          height: side)
        draw(
          figure, cost, scale, isLowest: row == Self.figures.count - 1, isFirst: column == 0, in: frame,
          on: &picture)
      }
    }
    return picture
  }

  private func draw(
    _ figure: Figure, _ cost: Cost, _ scale: Scale, isLowest: Bool, isFirst: Bool, in frame: Rectangle,
    on picture: inout SVG
  ) {
    func samples(_ moments: [RunFacts.Moment]) -> [LineChart.Sample] {
      moments.compactMap { moment in
        figure.value(moment.statistics).map { LineChart.Sample(x: cost.value(moment), y: $0) }
      }
    }
    let chart = LineChart(
      title: figure.title, x: .init(title: cost.title, unit: cost.unit, includesZero: true),
      y: .init(title: figure.title, unit: figure.unit, scale: scale),
      series: [.init(name: figure.title, samples: samples(facts.moments), isStepped: true)])
    chart.draw(in: frame, on: &picture, hasHorizontalLabels: isLowest, hasVerticalLabels: isFirst)
    let ends = samples(facts.generations)
    // Dots closer than they are wide would be a bar.
    let every = max(1, ends.count * 12 / max(1, Int(frame.width)))
    let horizontal = chart.xScale
    for (index, end) in ends.enumerated() where index % every == 0 || index == ends.count - 1 {
      let place = Point(
        frame.x + horizontal.position(end.x) * frame.width,
        frame.bottom - scale.position(end.y) * frame.height)
      picture.circle(
        place, radius: 3.5, fill: picture.theme.paint(.background), stroke: picture.theme.paint(.blue))
    }
  }
}
