import QualityDiversity
import Search

/// What became of the candidates, step by step, from what was asked for to the elites.
struct FunnelPicture: Sendable {
  /// A step.
  struct Stage: Sendable, Hashable {
    var name: String
    var count: Int
    /// Whether it is a part of the step before and no step itself.
    var isPart = false
  }

  private let facts: RunFacts
  /// The steps.
  let stages: [Stage]

  init(_ facts: RunFacts) {
    self.facts = facts
    let finished = facts.run.finished
    let networks = finished.filter(\.verdict.isNetwork)
    let unique = networks.filter { $0.verdict.status != .duplicate }
    let entered = finished.count { facts.outcomes[$0.id].map { $0 != .rejected } ?? false }
    let elites = Set(facts.archive.elites.map(\.solution))
    let repairs = RunStatus.Repairs(finished)
    let requests = RunStatus.NicheRequests(finished)
    var stages = [Stage(name: "asked for", count: finished.count)]
    if let requests { stages.append(Stage(name: "for a niche", count: requests.asked, isPart: true)) }
    // Who writes without a model always answers.
    if facts.hasReplies {
      let hasOthers = finished.contains { $0.origin.author != .languageModel }
      let name = hasOthers ? "answered" : "replies"
      stages.append(Stage(name: name, count: finished.count(where: facts.isAnswered)))
    }
    if let repairs {
      stages.append(Stage(name: "asked again to mend it", count: repairs.candidates, isPart: true))
    }
    if facts.isLookedUp {
      stages.append(Stage(name: "architecture read", count: networks.count))
    } else {
      stages += [
        Stage(name: "source read", count: finished.count { !facts.withoutSource.contains($0.id) }),
        Stage(name: "compiled", count: networks.count),
        Stage(name: "of these healed", count: networks.count { facts.healed.contains($0.id) }, isPart: true),
      ]
    }
    if let repairs {
      stages.append(Stage(name: "mended when asked again", count: repairs.networks, isPart: true))
    }
    stages.append(Stage(name: "new network", count: unique.count))
    if let requests {
      stages.append(Stage(name: "in the niche asked for", count: requests.hits, isPart: true))
    }
    stages.append(
      Stage(
        name: facts.isLookedUp ? "looked up in the table" : "trained to the end",
        count: unique.count { $0.fitness != nil }))
    let stopped = unique.count { $0.verdict.status == .stopped }
    if stopped > 0 {
      // What a table says after fewer epochs is stored as a training that was stopped.
      let name = facts.isLookedUp ? "looked up after fewer epochs only" : "stopped early as hopeless"
      stages.append(Stage(name: name, count: stopped, isPart: true))
    }
    stages += [
      Stage(name: "elite at some time", count: entered), Stage(name: "elite now", count: elites.count),
    ]
    self.stages = stages
  }

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    let title = "What became of the candidates"
    let subtitle = "\(facts.particulars) · counts, and shares of all that were asked for"
    let width = 780.0
    let top =
      PictureParts.margin + PictureParts.headingHeight(title: title, subtitle: subtitle, width: width) + 4
    let heights = stages.map { $0.isPart ? 24.0 : 34 }
    var picture = SVG(
      title: title, width: width, height: top + heights.reduce(0, +) + PictureParts.margin, theme: theme)
    PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    let left =
      PictureParts.margin
      + (stages.map { TextMetrics.width($0.name, size: 13) + ($0.isPart ? 14 : 0) }.max() ?? 0)
      + 14
    let all = max(1, stages.first?.count ?? 1)
    let room = width - left - 160
    var y = top
    for (stage, height) in zip(stages, heights) {
      let middle = y + height / 2
      let share = Double(stage.count) / Double(all)
      picture.text(
        stage.name, at: Point(left - 14, middle + 4.5), size: stage.isPart ? 12 : 13, anchor: .end,
        fill: stage.isPart ? theme.paint(.muted) : nil)
      let bar = Rectangle(
        x: left, y: y + 3, width: stage.count == 0 ? 0 : max(1.5, room * share), height: height - 6)
      picture.group(hint: "\(stage.name): \(stage.count) of \(all), \(Figures.percent(share))") { picture in
        picture.rectangle(
          Rectangle(x: left, y: bar.y, width: room, height: bar.height), fill: theme.paint(.empty))
        picture.rectangle(bar, fill: theme.paint(stage.isPart ? .sky : .blue))
      }
      picture.text(
        "\(stage.count)", at: Point(left + room + 66, middle + 4.5), size: 13, anchor: .end,
        weight: stage.isPart ? .regular : .bold)
      picture.text(
        Figures.percent(share), at: Point(width - PictureParts.margin, middle + 4.5), size: 12, anchor: .end,
        fill: theme.paint(.muted))
      y += height
    }
    return picture
  }
}
