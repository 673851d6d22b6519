import QualityDiversity
import Search

extension StudySummary {
  /// The study as a page in one file that loads nothing: curves and tables.
  public var html: String {
    HTMLPage(
      title: "\(name): \(arms.count) strategies on \(space)",
      subtitle: "\(seeds) seeds, \(family), \(budgets.map(String.init).joined(separator: ", ")) evaluations",
      sections: optima.map { optimum in
        HTMLPage.Section(
          name: optimum.data, title: optimum.data,
          content: charts(optimum.data)
            + HTML(
              budgets.reversed().map { table(data: optimum.data, budget: $0, hasIntervals: true).html })
            + reachTable(data: optimum.data).html)
      } + [
        .init(
          name: "space", title: "The space", content: optimumTable().html + correlationTable().html),
        .init(
          name: "notes", title: "What to know",
          content: "<ul>\(HTML(notes.map { note -> HTML in "<li>\(note)</li>" }))</ul>"),
      ]
    ).document
  }

  /// Where the curves begin, and the least regret that they tell apart.
  private static let first = 3.0
  private static let floor = 0.01

  private func charts(_ data: String) -> HTML {
    HTML([
      chart(data, "Validation regret", \.validationRegret, \.validationMargin),
      chart(data, "Test regret at best validation", \.testRegret, \.testMargin),
    ])
  }

  private func chart(
    _ data: String, _ title: String, _ regret: KeyPath<Curve, [Double]>, _ margin: KeyPath<Curve, [Double]>
  ) -> HTML {
    let series = curves.filter { $0.data == data }.map { curve in
      LineChart.Series(
        name: curve.arm,
        samples: curve.at.indices.filter { curve.at[$0] >= Self.first }.map { point in
          let (mean, half) = (100 * curve[keyPath: regret][point], 100 * curve[keyPath: margin][point])
          return LineChart.Sample(
            x: curve.at[point], y: max(Self.floor, mean), lower: max(Self.floor, mean - half),
            upper: max(Self.floor, mean + half))
        })
    }
    let chart = LineChart(
      title: "\(title), \(data)",
      x: .init(
        title: "evaluations",
        scale: Scale(Self.first, Double(max(4, budgets.last ?? 4)), kind: .logarithmic, unit: .count)),
      y: .init(title: "points below the best", kind: .logarithmic), series: series)
    let picture = CurveMultiples(
      chart: chart, reference: baseline,
      label: { $0 <= Self.floor ? "≤ \(Self.floor)" : Figures.fixed($0, 2) }
    ).svg(.page)
    return
      "<figure>\(HTML(picture))<figcaption>A picture for each strategy, that with the least regret at the last budget first; the number is its regret there. Means over seeds; bands hold the mean with 95 % confidence. Less than 0.01 is drawn as 0.01.</figcaption></figure>"
  }
}
