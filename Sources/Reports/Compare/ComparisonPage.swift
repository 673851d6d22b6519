import Foundation
import QualityDiversity

extension Comparison {
  /// The comparison as a page in one file that loads nothing: verdict, maps, curves and tables.
  public var html: String {
    HTMLPage(
      title: groups.map(\.name).joined(separator: " against "),
      subtitle: "\(cells) niches over \(axes.map(MeasureAxis.words).joined(separator: " and ")), \(frame)",
      sections: [
        .init(
          name: "verdict", title: "Which is better",
          content: sentences + figureTables),
        .init(name: "maps", title: "Where", content: maps),
        .init(name: "curves", title: "How they got there", content: curvePictures),
        .init(
          name: "niches", title: "Niche by niche", content: HTML(pairs.prefix(Self.mostPairs).map(nicheTable))
        ),
        .init(name: "notes", title: "What to know", content: noteList),
      ]
    ).document
  }

  /// So many pairs of groups have maps and lists of niches of their own.
  private static let mostPairs = 10

  /// The verdict, what it comes to first.
  private var sentences: HTML {
    guard let end = verdict.range(of: "). ")?.upperBound else { return "<p><strong>\(verdict)</strong></p>" }
    return "<p><strong>\(String(verdict[..<end]))</strong></p><p>\(String(verdict[end...]))</p>"
  }

  // MARK: Tables

  private var figureTables: HTML {
    let figures = groups.first?.figures.map(\.figure) ?? []
    let rows = figures.map { figure -> [HTML.Cell] in
      [.init(text: title(figure))]
        + groups.map { group in .init(text: group.figure(figure).map { value($0) } ?? "–") }
    }
    let counted = counts.map { name, count -> [HTML.Cell] in
      [.init(text: name)] + groups.map { .init(text: count($0)) }
    }
    let columns = [(title: "", isNumeric: false)] + groups.map { (title: $0.name, isNumeric: true) }
    let spent = budgets.map { budget -> [HTML.Cell] in
      [.init(text: "QD score at \(Figures.short(budget.amount)) \(budget.kind.title)")]
        + budget.groups.map { .init(text: Figures.significant($0.qdScore)) }
    }
    return HTML.table(
      caption: "Means over the runs of a group, with intervals at 95 %", columns: columns,
      rows: rows + counted + spent)
      + HTML(pairs.map(differenceTable))
  }

  private func differenceTable(_ pair: Pair) -> HTML {
    let isTested = pair.figures.contains { $0.test != nil }
    let rows = pair.figures.map { figure -> [HTML.Cell] in
      let scale = scale(figure.figure)
      var texts = [
        title(figure.figure), Self.value(figure.difference, figure.interval, scale: scale, isSigned: true),
      ]
      if isTested {
        texts.append(figure.correctedP.map(Figures.probability) ?? "–")
        texts.append(figure.test.map { Figures.fixed($0.superiority, 2) } ?? "–")
      }
      return texts.map { .init(text: $0) }
    }
    let titles = ["", "difference"] + (isTested ? ["p", "how often better"] : [])
    return HTML.table(
      caption: "\(pair.first) less \(pair.second)"
        + (isTested ? "; p as in the notes; how often a run of \(pair.first) is the better one" : ""),
      columns: titles.map { (title: $0, isNumeric: !$0.isEmpty) }, rows: rows)
  }

  private func nicheTable(_ pair: Pair) -> HTML {
    let titles = ["niche"] + axes.map(MeasureAxis.words) + [pair.first, pair.second, "difference"]
    let percent = isShare ? 100.0 : 1
    let rows = pair.niches.map { niche -> [HTML.Cell] in
      var row = [HTML.Cell(text: "\(niche.cell)", order: Double(niche.cell))]
      row += zip(middle(niche), niche.centre).map { HTML.Cell(text: $0, order: $1) }
      for content in [niche.first, niche.second] {
        let text = content.map { content in
          Figures.fixed(content.fitness * percent, 2) + (content.runs > 1 ? " (\(content.runs))" : "")
        }
        row.append(.init(text: text ?? "–", order: content?.fitness ?? -1e300))
      }
      row.append(
        .init(
          text: niche.difference.map { Figures.signed($0 * percent, 2) } ?? "–",
          order: niche.difference ?? -1e300))
      return row + [.init(text: words(niche.standing, pair))]
    }
    return HTML.table(
      caption: "\(pair.first) against \(pair.second)" + (isShare ? ", fitness in per cent" : "")
        + "; in brackets how many runs have an elite there",
      columns: titles.map { (title: $0, isNumeric: true) } + [(title: "standing", isNumeric: false)],
      rows: rows,
      isSortable: true)
  }

  private func words(_ standing: NicheStanding, _ pair: Pair) -> String {
    switch standing {
    case .onlyFirst: "only \(pair.first)"
    case .onlySecond: "only \(pair.second)"
    case .won: "\(pair.first) fitter"
    case .lost: "\(pair.second) fitter"
    case .tied: "tied"
    }
  }

  private var noteList: HTML {
    "<ul>\(HTML(notes.map { note -> HTML in "<li>\(note)</li>" }))</ul>"
  }

  // MARK: Maps

  private var maps: HTML {
    let all: HTML = pairs.count > 1 ? leaderMap : ""
    return all + HTML(pairs.prefix(Self.mostPairs).flatMap { [standingMap($0), differenceMap($0)] })
  }

  private static let ring =
    "A ring marks niches that no other has; tied are those that differ by no more than noise."

  /// Who leads among more than two groups.
  private var leaderMap: HTML {
    guard axes.count <= 2 else { return "" }
    let names = groups.map(\.name)
    let contents = leaders.map { cell, leader in
      let text = leader.map { "\(names[$0.group]) \($0.isAlone ? "alone" : "leads")" } ?? "the best are tied"
      return (
        cell,
        StandingMap.Content(
          leader: leader?.group, isAlone: leader?.isAlone ?? false, hint: "niche \(cell): \(text)")
      )
    }
    let map = StandingMap(
      title: "Who is fittest in each niche", subtitle: "", layout: layout(leaders.keys.sorted()),
      contents: Dictionary(contents, uniquingKeysWith: { first, _ in first }), groups: names)
    return figure(map.svg(.page), Self.ring)
  }

  private func standingMap(_ pair: Pair) -> HTML {
    let title = "Who has the niche, and who is fitter there"
    let hints = hints(pair)
    let numbers = [pair.first, pair.second].map { name in groups.firstIndex { $0.name == name } ?? 0 }
    if axes.count > 2 {
      let weights: [NicheStanding: Double] = [
        .onlyFirst: 1, .won: 0.6, .tied: 0, .lost: -0.6, .onlySecond: -1,
      ]
      let values = pair.niches.map { ($0.cell, weights[$0.standing] ?? 0) }
      let panel = CellPanel(
        values: Dictionary(values, uniquingKeysWith: { first, _ in first }), hints: hints,
        colours: .diverging,
        scale: Scale(-1, 1), isLabelled: false)
      return figure(
        picture(title, "\(pair.first) blue, \(pair.second) red", panel, pair, "standing"),
        "Blue: \(pair.first) is fitter, darkest where it alone is there. Red: the same of \(pair.second).")
    }
    let contents = pair.niches.map { niche in
      let leader: Int? =
        switch niche.standing {
        case .onlyFirst, .won: 0
        case .onlySecond, .lost: 1
        case .tied: nil
        }
      return (
        niche.cell,
        StandingMap.Content(
          leader: leader.map { numbers[$0] }, isAlone: niche.first == nil || niche.second == nil,
          hint: hints[niche.cell] ?? "niche \(niche.cell): \(words(niche.standing, pair))")
      )
    }
    let map = StandingMap(
      title: title, subtitle: pairs.count > 1 ? "\(pair.first) against \(pair.second)" : "",
      layout: layout(pair.niches.map(\.cell)),
      contents: Dictionary(contents, uniquingKeysWith: { first, _ in first }), groups: groups.map(\.name))
    return figure(map.svg(.page), Self.ring)
  }

  /// Where cells lie, with something in the middle of the given ones, as pictures of many axes draw occupied ones only.
  private func layout(_ cells: [Int]) -> CellLayout {
    var both = space
    let middles = space.middles()
    for cell in cells { both.add(cell, objective: 0, measures: middles(cell)) }
    return CellLayout(both)
  }

  private func differenceMap(_ pair: Pair) -> HTML {
    let shared = pair.niches.compactMap { niche in niche.difference.map { (niche.cell, $0) } }
    guard !shared.isEmpty else { return "" }
    let bound = shared.map { abs($0.1) }.max().flatMap { $0 > 0 ? $0 : nil } ?? 1
    let panel = CellPanel(
      values: Dictionary(shared, uniquingKeysWith: { first, _ in first }), hints: hints(pair),
      colours: .diverging,
      scale: Scale(-bound, bound, unit: isShare ? .share : .number))
    return figure(
      picture(
        "Difference of fitness in niches that both have", "\(pair.first) less \(pair.second)", panel, pair,
        "difference of fitness"), "Positive where \(pair.first) is fitter, whether by more than noise or not."
    )
  }

  private func figure(_ picture: SVG, _ caption: String) -> HTML {
    "<figure>\(HTML(picture))<figcaption>\(caption)</figcaption></figure>"
  }

  private func picture(
    _ title: String, _ subtitle: String, _ panel: CellPanel, _ pair: Pair, _ valueTitle: String
  ) -> SVG {
    let layout = layout(pair.niches.map(\.cell))
    if layout.axes.count <= 2 {
      return CellMap(
        title: title, subtitle: subtitle, layout: layout, panel: panel, valueTitle: valueTitle,
        height: layout.axes.count == 1 ? 400 : 600
      ).svg(.page)
    }
    return CellMultiples(
      title: title, subtitle: subtitle, layout: layout, panel: panel, valueTitle: valueTitle
    ).svg(.page)
  }

  private func hints(_ pair: Pair) -> [Int: String] {
    guard pair.niches.count <= 2500 else { return [:] }
    let percent = isShare ? 100.0 : 1
    func text(_ name: String, _ content: NicheContent?) -> String {
      guard let content else { return "\(name): none" }
      let runs = content.runs > 1 ? "mean of \(content.runs) runs, best " : ""
      return "\(name): \(Figures.fixed(content.fitness * percent, 2)) (\(runs)candidate \(content.candidate))"
    }
    return Dictionary(
      pair.niches.map { niche in
        (
          niche.cell,
          [
            "niche \(niche.cell): \(words(niche.standing, pair))", text(pair.first, niche.first),
            text(pair.second, niche.second),
          ]
          .joined(separator: "\n")
        )
      }, uniquingKeysWith: { first, _ in first })
  }

  // MARK: Curves

  private var curvePictures: HTML {
    let kinds = SpendingKind.allCases.filter { kind in
      groups.allSatisfy { group in group.curves.contains { $0.kind == kind } }
    }
    guard !kinds.isEmpty else { return "<p>Saved archives have no curves.</p>" }
    let charts = kinds.flatMap { kind in
      (kind == .evaluations ? GrowingFigure.allCases : [.qdScore]).map { chart($0, kind) }
    }
    return HTML(
      charts.map {
        figure($0, "Means over runs; bands hold the mean with 95 % confidence, by resampling runs.")
      })
  }

  private func chart(_ figure: GrowingFigure, _ kind: SpendingKind) -> SVG {
    let series = groups.compactMap { group -> LineChart.Series? in
      guard let curve = group.curves.first(where: { $0.kind == kind }),
        let band = curve.bands.first(where: { $0.figure == figure })
      else { return nil }
      let samples = curve.at.indices.map { point in
        LineChart.Sample(
          x: curve.at[point], y: band.mean[point], lower: band.intervals?[point].lower,
          upper: band.intervals?[point].upper)
      }
      return LineChart.Series(name: group.name, samples: samples)
    }
    let unit: Scale.Unit = figure == .coverage || (figure == .best && isShare) ? .share : .number
    return LineChart(
      title: "\(figure.title) over \(kind.title)",
      x: .init(title: kind.title, unit: kind == .seconds ? .number : .count, includesZero: true),
      y: .init(title: figure.title, unit: unit), series: series
    ).svg(.page)
  }
}

extension GrowingFigure {
  /// What it is called.
  var title: String {
    switch self {
    case .qdScore: "QD score"
    case .coverage: "coverage"
    case .best: "best fitness"
    }
  }
}
