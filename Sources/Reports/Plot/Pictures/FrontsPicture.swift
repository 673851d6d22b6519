import QualityDiversity
import Search

/// What accuracy costs: the elites of all fronts by fitness and each further objective, and what no elite beats in all.
struct FrontsPicture: Sendable {
  private struct Member {
    var candidate: CandidateSummary
    var cell: Int
    var fitness: Double
    var objectives: [Double]
    /// Whether no elite of any niche is better in all objectives.
    var isOnFront: Bool
  }

  private let facts: RunFacts
  private let addresses: [Int: String]
  private let settings: [ObjectiveSettings]
  private let members: [Member]

  /// The picture of a run; nil where its cells keep no fronts, or have none yet.
  init?(_ facts: RunFacts, addresses: [Int: String] = [:]) {
    let archive = facts.run.header.configuration.archive
    guard archive.hasFronts, !facts.archive.isEmpty else { return nil }
    self.facts = facts
    self.addresses = addresses
    settings = archive.objectives
    var found: [(candidate: CandidateSummary, cell: Int, standings: [Double])] = []
    for elite in facts.archive.allElites {
      guard let candidate = facts.run.candidate(elite.solution) else { continue }
      let standings = archive.standings(fitness: elite.objective, objectives: candidate.objectives)
      found.append((candidate, elite.cell, standings))
    }
    members = found.map { one in
      let isBeaten = found.contains { other in
        other.standings != one.standings && zip(other.standings, one.standings).allSatisfy { $0 >= $1 }
      }
      return Member(
        candidate: one.candidate, cell: one.cell, fitness: one.standings[0],
        objectives: one.candidate.objectives ?? [], isOnFront: !isBeaten)
    }
  }

  /// The picture: a panel for each objective beside fitness.
  func svg(_ theme: Theme) -> SVG {
    let title = "What accuracy costs: the elites of all fronts"
    let volume = facts.archive.frontStatistics.map {
      " · MOQD score \(Figures.fixed($0.moqdScore, 2)), hypervolume of the front of all \(Figures.fixed($0.globalHypervolume, 3))"
    }
    let subtitle =
      "\(facts.particulars) · \(members.count) elites in \(facts.archive.count) niches\(volume ?? "")"
    let width = 780.0
    let side = settings.count == 1 ? 380.0 : 270
    let heading = PictureParts.headingHeight(title: title, subtitle: subtitle, width: width)
    let (legend, gap) = (legend(theme), 30 + Axes.bottomRoom)
    let legendWidth = width - 2 * PictureParts.margin
    let legendRoom = PictureParts.legendHeight(legend, width: legendWidth) + 4
    let vertical = Scale(covering: members.map(\.fitness), unit: .share)
    let left = PictureParts.margin / 2 + Axes.leftRoom(vertical, height: side)
    let top = PictureParts.margin + heading + legendRoom
    let height =
      top + Double(settings.count) * side + Double(settings.count - 1) * gap + Axes.bottomRoom
      + PictureParts.margin / 2
    var picture = SVG(title: title, width: width, height: height, theme: theme)
    let end = PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    PictureParts.drawLegend(
      legend, at: Point(PictureParts.margin, end - 4), width: legendWidth, on: &picture)
    for (number, objective) in settings.enumerated() {
      let frame = Rectangle(
        x: left, y: top + Double(number) * (side + gap), width: width - left - 28, height: side)
      draw(number, objective, vertical, in: frame, on: &picture)
    }
    return picture
  }

  private func legend(_ theme: Theme) -> [PictureParts.LegendItem] {
    let beyond = members.count { member in
      zip(settings, member.objectives).contains { Self.isBeyond($0, $1) }
    }
    var legend: [PictureParts.LegendItem] = [
      .init(name: "elite that none beats in everything", paint: theme.paint(.vermilion), swatch: .dot),
      .init(name: "elite of its niche's front", paint: theme.paint(.blue), swatch: .dot),
    ]
    if beyond > 0 {
      let name = "\(beyond) beyond the objective's worst, drawn there"
      legend.append(.init(name: name, paint: theme.paint(.muted), swatch: .ring))
    }
    return legend
  }

  /// Whether a value is worse than the worst that the objective tells apart from others.
  private static func isBeyond(_ objective: ObjectiveSettings, _ value: Double) -> Bool {
    objective.best < objective.worst ? value > objective.worst : value < objective.worst
  }

  /// A scale that holds the values and, where some are drawn at the worst, ends there.
  private static func scale(_ objective: ObjectiveSettings, _ values: [Double], endsAtWorst: Bool) -> Scale {
    let round = Scale(
      covering: values.filter(\.isFinite), kind: objective.scale == .log ? .logarithmic : .linear)
    guard endsAtWorst else { return round }
    let isLess = objective.best < objective.worst
    let (lower, upper) = (isLess ? round.lower : objective.worst, isLess ? objective.worst : round.upper)
    return lower < upper ? Scale(lower, upper, kind: round.kind, unit: round.unit) : round
  }

  private func draw(
    _ number: Int, _ objective: ObjectiveSettings, _ vertical: Scale, in frame: Rectangle,
    on picture: inout SVG
  ) {
    let theme = picture.theme
    let values = members.map { $0.objectives.indices.contains(number) ? $0.objectives[number] : .nan }
    // One network that is far worse would leave the others no room.
    let shown = values.map { Self.isBeyond(objective, $0) ? objective.worst : $0 }
    let horizontal = Self.scale(
      objective, shown, endsAtWorst: values.contains { Self.isBeyond(objective, $0) })
    let wish = objective.best < objective.worst ? "less is better" : "more is better"
    Axes.drawHorizontal(
      horizontal, title: "\(MeasureAxis.words(objective.name)) (\(wish))", in: frame, on: &picture,
      hasGrid: true)
    Axes.drawVertical(vertical, title: "validation accuracy", in: frame, on: &picture, hasGrid: true)
    func place(_ index: Int) -> Point {
      Point(
        frame.x + horizontal.position(shown[index]) * frame.width,
        frame.bottom - vertical.position(members[index].fitness) * frame.height)
    }
    // With one objective beside fitness the front is a staircase.
    if settings.count == 1 {
      let front = members.indices.filter { members[$0].isOnFront }.map(place).sorted { $0.x < $1.x }
      var corners: [Point] = []
      for point in front {
        if let last = corners.last {
          corners.append(objective.best < objective.worst ? Point(point.x, last.y) : Point(last.x, point.y))
        }
        corners.append(point)
      }
      if corners.count > 1 { picture.path(SVG.path(corners), stroke: theme.paint(.vermilion), width: 1.5) }
    }
    let isLong = members.count > 2500
    // The front's are drawn last, so that they lie on top.
    for isOnFront in [false, true] {
      for index in members.indices where members[index].isOnFront == isOnFront && values[index].isFinite {
        let member = members[index]
        let hint =
          "candidate \(member.candidate.id) (niche \(member.cell)): \(Figures.percent(member.fitness, decimals: 2))"
          + (isLong ? "" : ", \(MeasureAxis.words(objective.name)) \(Scale.label(values[index]))")
        picture.group(hint: hint, address: addresses[member.candidate.id]) {
          let paint = theme.paint(isOnFront ? .vermilion : .blue)
          let isBeyond = Self.isBeyond(objective, values[index])
          $0.circle(
            place(index), radius: isOnFront ? 5 : 4, fill: isBeyond ? theme.paint(.background) : paint,
            stroke: isBeyond ? paint : theme.paint(.background))
        }
      }
    }
  }
}
