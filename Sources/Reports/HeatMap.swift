import Foundation
import QualityDiversity
public import Search

/// An archive of one or two axes as a heat map in SVG: one area per niche, coloured by its elite's fitness.
public struct HeatMap: Sendable {
  /// What is drawn of a niche.
  private struct Area: Sendable {
    var cell: Int
    var corners: [(x: Double, y: Double)]
    var fitness: Double?
    var candidate: Int?
  }

  private let title: String
  private let subtitle: String
  private let axes: [MeasureAxis]
  private let areas: [Area]
  private let range: ClosedRange<Double>

  /// A heat map of a run's archive.
  ///
  /// - Throws: where the archive has more than two axes, or its configuration makes none.
  public init(_ run: RunSnapshot) throws(SearchError) {
    let configuration = run.header.configuration
    let archive = try run.archive(on: configuration)
    guard archive.axes.count <= 2 else {
      throw SearchError(
        "A heat map shows one or two axes, but the archive of '\(run.header.name)' has \(archive.axes.count); "
          + "use 'niche export --json' for the figures.")
    }
    axes = archive.axes
    areas = (0..<archive.cellCount).map { cell in
      let elite = archive.elite(at: cell)
      return Area(
        cell: cell, corners: Self.corners(of: archive.region(of: cell), axes: archive.axes),
        fitness: elite?.objective, candidate: elite?.solution)
    }
    let statistics = archive.statistics()
    let values = areas.compactMap(\.fitness)
    // The scale begins at a round figure below the worst elite, so that differences among good ones show.
    let lowest = ((values.min() ?? 0) * 20).rounded(.down) / 20
    let highest = ((values.max() ?? 1) * 20).rounded(.up) / 20
    range = lowest...max(highest, lowest + 0.05)
    title = "\(run.header.name): best validation accuracy found per niche"
    let best = statistics.best.map { Figures.percent($0) } ?? "–"
    subtitle =
      "\(configuration.data.name), seed \(configuration.seed) · \(statistics.elites) of \(statistics.cells) niches · "
      + "QD score \(Figures.fixed(statistics.qdScore, 2)) · best \(best)"
  }

  /// The picture.
  public var svg: String {
    var picture = SVG(width: 860, height: 640)
    picture.text(title, x: Frame.left, y: 34, size: 18, weight: "600")
    picture.text(subtitle, x: Frame.left, y: 58, size: 13, colour: "#555")
    for area in areas { draw(area, in: &picture) }
    picture.rectangle(
      x: Frame.left, y: Frame.top, width: Frame.width, height: Frame.height, fill: "none", stroke: "#333")
    drawHorizontalAxis(in: &picture)
    if axes.count == 2 { drawVerticalAxis(in: &picture) }
    drawScale(in: &picture)
    return picture.document
  }

  private enum Frame {
    static let left = 92.0
    static let top = 80.0
    static let width = 620.0
    static let height = 480.0
  }

  private func draw(_ area: Area, in picture: inout SVG) {
    let points = area.corners.map { corner in
      (x: Frame.left + corner.x * Frame.width, y: Frame.top + (1 - corner.y) * Frame.height)
    }
    let hint = area.fitness.map { fitness in
      "niche \(area.cell): candidate \(area.candidate ?? 0), \(Figures.percent(fitness, decimals: 2))"
    }
    picture.polygon(
      points, fill: area.fitness.map(colour) ?? "#f4f4f4", stroke: "#ffffff",
      title: hint ?? "niche \(area.cell): empty")
    guard let fitness = area.fitness, axes.count == 2 else { return }
    let width = (points.map(\.x).max() ?? 0) - (points.map(\.x).min() ?? 0)
    guard width > 34 else { return }
    let middle = (
      x: points.map(\.x).reduce(0, +) / Double(points.count),
      y: points.map(\.y).reduce(0, +) / Double(points.count)
    )
    picture.text(
      Figures.fixed(fitness * 100, 1), x: middle.x, y: middle.y + 4, size: 11, anchor: "middle",
      colour: share(fitness) > 0.6 ? "#111" : "#fff")
  }

  // MARK: Axes and scale

  private func drawHorizontalAxis(in picture: inout SVG) {
    let bottom = Frame.top + Frame.height
    for tick in Ticks.of(axes[0]) {
      let x = Frame.left + axes[0].normalized(tick) * Frame.width
      picture.line(x1: x, y1: bottom, x2: x, y2: bottom + 5)
      picture.text(Figures.short(tick), x: x, y: bottom + 20, size: 12, anchor: "middle")
    }
    picture.text(label(axes[0]), x: Frame.left + Frame.width / 2, y: bottom + 46, size: 14, anchor: "middle")
  }

  private func drawVerticalAxis(in picture: inout SVG) {
    for tick in Ticks.of(axes[1]) {
      let y = Frame.top + (1 - axes[1].normalized(tick)) * Frame.height
      picture.line(x1: Frame.left - 5, y1: y, x2: Frame.left, y2: y)
      picture.text(Figures.short(tick), x: Frame.left - 9, y: y + 4, size: 12, anchor: "end")
    }
    picture.text(
      label(axes[1]), x: 26, y: Frame.top + Frame.height / 2, size: 14, anchor: "middle", rotated: true)
  }

  private func drawScale(in picture: inout SVG) {
    let left = Frame.left + Frame.width + 36
    let steps = 64
    for step in 0..<steps {
      let height = Frame.height / Double(steps)
      picture.rectangle(
        x: left, y: Frame.top + Double(steps - 1 - step) * height, width: 18, height: height + 0.5,
        fill: ColourScale.viridis(Double(step) / Double(steps - 1)), stroke: "none")
    }
    for tick in 0...4 {
      let share = Double(tick) / 4
      let value = range.lowerBound + share * (range.upperBound - range.lowerBound)
      let y = Frame.top + (1 - share) * Frame.height
      picture.line(x1: left + 18, y1: y, x2: left + 22, y2: y)
      picture.text(Figures.percent(value), x: left + 26, y: y + 4, size: 12)
    }
    picture.rectangle(
      x: left, y: Frame.top + Frame.height + 26, width: 18, height: 14, fill: "#f4f4f4", stroke: "#999")
    picture.text("empty", x: left + 26, y: Frame.top + Frame.height + 38, size: 12)
  }

  private func label(_ axis: MeasureAxis) -> String {
    axis.name.split(separator: "_").joined(separator: " ")
      + (axis.scale == .logarithmic ? " (log scale)" : "")
  }

  private func share(_ fitness: Double) -> Double {
    (fitness - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  private func colour(_ fitness: Double) -> String { ColourScale.viridis(share(fitness)) }

  private static func corners(of region: CellRegion?, axes: [MeasureAxis]) -> [(x: Double, y: Double)] {
    if let polygon = region?.polygon { return polygon.map { (x: $0[0], y: $0[1]) } }
    guard let bounds = region?.bounds?.first else { return [] }
    let (lower, upper) = (axes[0].normalized(bounds.lower), axes[0].normalized(bounds.upper))
    return [(lower, 0), (upper, 0), (upper, 1), (lower, 1)]
  }
}

/// Round values along an axis.
enum Ticks {
  /// Powers of ten (with 2 and 5 where there are few) on a log scale, otherwise about six steps of 1, 2 or 5.
  static func of(_ axis: MeasureAxis) -> [Double] {
    axis.scale == .logarithmic ? logarithmic(axis) : linear(axis)
  }

  private static func linear(_ axis: MeasureAxis) -> [Double] {
    let extent = axis.upper - axis.lower
    let power = Int(log10(extent).rounded(.down))
    // Read as text, a step is the number nearest to what it says, whatever its power of ten.
    let steps = (power - 2...power).flatMap { power in
      ["1", "2", "5"].compactMap { Double("\($0)e\(power)") }
    }
    guard let step = steps.first(where: { $0 > 0 && extent / $0 <= 7 }) else {
      return [axis.lower, axis.upper]
    }
    let first = (axis.lower / step).rounded(.up)
    return (0...8).map { (first + Double($0)) * step }.filter { $0 <= axis.upper + step * 1e-9 }
      .map { min(axis.upper, $0) }
  }

  private static func logarithmic(_ axis: MeasureAxis) -> [Double] {
    var decade = 1.0
    while decade > axis.lower, decade > 1e-300 { decade /= 10 }
    while decade * 10 <= axis.lower { decade *= 10 }
    var ticks: [Double] = []
    let isShort = axis.upper / axis.lower < 2e3
    while decade <= axis.upper, ticks.count < 40 {
      for factor in isShort ? [1.0, 2, 5] : [1.0] where (axis.lower...axis.upper).contains(decade * factor) {
        ticks.append(decade * factor)
      }
      decade *= 10
    }
    return ticks
  }
}

/// Colours for shares between 0 and 1.
enum ColourScale {
  /// Viridis (van der Walt & Smith, matplotlib 2.0), interpolated between nine of its colours.
  static func viridis(_ share: Double) -> String {
    let stops: [(Double, Double, Double)] = [
      (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129),
      (92, 200, 99),
      (170, 220, 50), (253, 231, 37),
    ]
    let place = min(1, max(0, share.isFinite ? share : 0)) * Double(stops.count - 1)
    let index = min(stops.count - 2, Int(place))
    let rest = place - Double(index)
    let (from, to) = (stops[index], stops[index + 1])
    let channels = [(from.0, to.0), (from.1, to.1), (from.2, to.2)].map {
      Int(($0 + ($1 - $0) * rest).rounded())
    }
    return "#"
      + channels.map { channel in
        let digits = String(channel, radix: 16)
        return digits.count < 2 ? "0" + digits : digits
      }.joined()
  }
}
