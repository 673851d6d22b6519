import Search

/// The prompt archive: which prompt at which temperature has which score and which curiosity.
struct PromptPicture: Sendable {
  private let facts: RunFacts
  private let individuals: [PromptIndividual]
  private let prompts: [String]

  /// The picture of a run's prompt archive; nil where that is empty.
  init?(_ facts: RunFacts) {
    self.facts = facts
    individuals = (facts.run.generations.last?.prompts ?? []).map(\.individual)
    prompts = Set(individuals.map(\.prompt)).sorted()
    guard !individuals.isEmpty else { return nil }
  }

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    let title = "The prompt archive: which prompts pay at which temperature"
    let subtitle =
      "\(facts.particulars) · score: +1 for each network above the best of the generation before; curiosity: +1 for "
      + "each that entered the archive, −0.5 for others, −1 for what could not be trained"
    let width = 980.0
    let heading = PictureParts.headingHeight(title: title, subtitle: subtitle, width: width)
    let top = PictureParts.margin + heading + 24
    let rows = Scale(0, 0, kind: .categories(prompts.reversed()))
    let height = max(130, Double(prompts.count) * 30)
    let left = PictureParts.margin / 2 + Axes.leftRoom(rows, height: height)
    var picture = SVG(
      title: title, width: width, height: top + height + Axes.bottomRoom + PictureParts.margin / 2,
      theme: theme)
    PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    let scores = Scale(covering: individuals.map(\.score), includesZero: true)
    let curiosities = Scale(covering: individuals.map(\.curiosity), includesZero: true)
    let bar = max(
      PictureParts.colourBarRoom(scores, height: height, title: ""),
      PictureParts.colourBarRoom(curiosities, height: height, title: ""))
    let across = (width - left - 2 * bar) / 2
    let panels: [(name: String, scale: Scale, colours: ColourScale, value: (PromptIndividual) -> Double)] = [
      ("score", scores, .viridis, { $0.score }), ("curiosity", curiosities, .cividis, { $0.curiosity }),
    ]
    for (index, panel) in panels.enumerated() {
      let frame = Rectangle(
        x: left + Double(index) * (across + bar), y: top, width: across, height: height)
      picture.text(
        panel.name, at: Point(frame.x, frame.y - 9), size: Axes.titleSize, weight: .bold)
      Axes.drawVertical(
        rows, title: index == 0 ? "prompt" : nil, in: frame, on: &picture, hasGrid: true,
        hasLabels: index == 0)
      Axes.drawHorizontal(
        Scale(0, 1), title: "temperature", in: frame, on: &picture, hasGrid: true, isNarrow: true)
      PictureParts.drawColourBar(
        panel.colours, panel.scale, title: "", x: frame.right + 14, y: top, height: height, on: &picture)
      for individual in individuals {
        let value = panel.value(individual)
        let row = prompts.count - 1 - (prompts.firstIndex(of: individual.prompt) ?? 0)
        let place = Point(
          frame.x + min(1, max(0, individual.temperature)) * frame.width,
          frame.bottom - rows.position(Double(row)) * frame.height)
        let hint =
          "\(individual.prompt) at temperature \(Figures.fixed(individual.temperature, 3)): score "
          + "\(Scale.label(individual.score)), curiosity \(Scale.label(individual.curiosity))"
        picture.group(hint: hint) { picture in
          picture.circle(
            place, radius: 7.5, fill: panel.colours.colour(at: panel.scale.position(value)).hex,
            stroke: theme.paint(.ink))
        }
      }
    }
    return picture
  }
}
