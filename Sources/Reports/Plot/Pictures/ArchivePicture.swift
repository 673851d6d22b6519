import QualityDiversity
import Search

/// A run's archive with the fitness of its elites: of one or two axes a map, of three or four small maps over the
/// further axes, of more the best per pair of axes.
struct ArchivePicture: Sendable {
  private let facts: RunFacts
  private let layout: CellLayout
  private let panel: CellPanel

  /// The picture of a run.
  ///
  /// - Parameter addresses: where a click on an elite leads, by candidate.
  init(_ facts: RunFacts, addresses: [Int: String] = [:]) {
    self.facts = facts
    layout = CellLayout(facts.archive)
    panel = CellPanel(facts, addresses)
  }

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    if layout.axes.count <= 2 {
      return CellMap(
        title: title, subtitle: subtitle, layout: layout, panel: panel, valueTitle: "validation accuracy",
        height: layout.axes.count == 1 ? 460 : 640
      ).svg(theme)
    }
    return CellMultiples(
      title: title, subtitle: subtitle, layout: layout, panel: panel, valueTitle: "validation accuracy"
    ).svg(theme)
  }

  /// What is seen.
  private var title: String {
    facts.hasCells ? "Best validation accuracy found in each niche" : "Validation accuracy of the elites"
  }

  private var subtitle: String {
    let statistics = facts.archive.statistics()
    let best = statistics.best.map { ", best \(Figures.percent($0))" } ?? ""
    let found =
      facts.hasCells
      ? "\(statistics.elites) of \(statistics.cells) niches occupied" : "\(statistics.elites) elites"
    return "\(facts.particulars) · \(found) · "
      + "QD score \(Figures.fixed(statistics.qdScore, 2))\(best)"
  }
}

extension CellPanel {
  /// The elites of a run's archive by fitness.
  init(_ facts: RunFacts, _ addresses: [Int: String]) {
    // Of several elites in a cell the best is shown.
    let elites = Dictionary(
      facts.archive.elites.map { ($0.cell, $0) },
      uniquingKeysWith: { ($0.objective, -$0.solution) >= ($1.objective, -$1.solution) ? $0 : $1 })
    let isLong = elites.count > 2500
    self.init(
      values: elites.mapValues(\.objective),
      hints: elites.mapValues { isLong ? Self.shortHint($0) : Self.hint($0, facts.archive.axes) },
      addresses: elites.compactMapValues { addresses[$0.solution] },
      scale: Scale(covering: elites.values.map(\.objective), unit: .share))
  }

  private static func shortHint(_ elite: Elite<Int>) -> String {
    "\(elite.solution): \(Figures.percent(elite.objective, decimals: 2))"
  }

  /// The candidate, its fitness and its measures, a line each.
  static func hint(_ elite: Elite<Int>, _ axes: [MeasureAxis]) -> String {
    let measures = zip(axes, elite.measures).map { axis, measure in
      "\(MeasureAxis.words(axis.name)): \(axis.category(of: measure) ?? Scale.label(measure))"
    }
    return
      (["candidate \(elite.solution) (niche \(elite.cell)): \(Figures.percent(elite.objective, decimals: 2))"]
      + measures).joined(separator: "\n")
  }
}
