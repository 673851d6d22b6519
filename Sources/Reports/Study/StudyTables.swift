import Foundation
import QualityDiversity
import Search

/// A table of a study, for the terminal, Markdown and pages alike.
struct StudyTable: Sendable {
  var title: String
  var columns: [(title: String, isNumeric: Bool)]
  var rows: [[String]]

  /// For the terminal.
  var text: String {
    var table = TextTable(
      columns.map(\.title), numbers: Set(columns.indices.filter { columns[$0].isNumeric }))
    for row in rows { table.add(row) }
    return title + "\n\n" + table.text + "\n"
  }

  /// In Markdown.
  var markdown: String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacingOccurrences(of: "|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let rule = columns.map { $0.isNumeric ? "---:" : "---" }
    return ([line(columns.map(\.title)), line(rule)] + rows.map(line)).joined(separator: "\n") + "\n"
  }

  /// As a piece of a page.
  var html: HTML {
    HTML.table(
      caption: title, columns: columns, rows: rows.map { $0.map { HTML.Cell(text: $0) } }, isSortable: true)
  }
}

extension StudySummary {
  /// Every arm on a data set at a budget.
  ///
  /// - Parameter hasIntervals: whether the intervals of the means are written, too.
  func table(data: String, budget: Int, hasIntervals: Bool) -> StudyTable {
    let found = rows.filter { $0.data == data && $0.budget == budget }
    return StudyTable(
      title: "\(data), \(budget) evaluations (mean ± standard deviation over seeds, in %)",
      columns: [
        ("arm", false), ("best validation", true), ("test at best validation", true),
        ("best test seen", true), ("rank val / test", true), ("optimum found", true), ("coverage", true),
        ("QD", true), ("repeated", true), ("p", true), ("better", true),
      ],
      rows: found.map { row in
        [
          row.arm, Self.text(row.validation, hasIntervals), Self.text(row.testAtBestValidation, hasIntervals),
          Self.text(row.bestTestSeen, hasIntervals),
          "\(Figures.fixed(row.validationRank, 0)) / \(Figures.fixed(row.testRank, 0))",
          Figures.percent(row.optimumShare, decimals: 0), Figures.percent(row.coverage, decimals: 0),
          Figures.percent(row.qdShare, decimals: 0), Figures.fixed(row.repeated, 0),
          row.testP.map(Figures.probability) ?? "–", row.superiority.map { Figures.fixed($0, 2) } ?? "–",
        ]
      })
  }

  private static func text(_ figure: Figure, _ hasInterval: Bool) -> String {
    var text = Figures.fixed(figure.mean * 100, 2)
    if let deviation = figure.deviation { text += " ± \(Figures.fixed(deviation * 100, 2))" }
    if hasInterval, let interval = figure.interval {
      text += " (\(Figures.fixed(interval.lower * 100, 2))…\(Figures.fixed(interval.upper * 100, 2)))"
    }
    return text
  }

  /// How many evaluations it takes to come near to the best.
  func reachTable(data: String) -> StudyTable {
    let found = reaches.filter { $0.data == data }
    let points = found.filter { $0.arm == found.first?.arm }.map(\.points)
    return StudyTable(
      title:
        "\(data): median evaluations until validation accuracy is within so many points of the best there is",
      columns: [(title: "arm", isNumeric: false)]
        + points.map { (title: "\(Figures.short($0)) points", isNumeric: true) },
      rows: arms.compactMap { arm in
        let own = found.filter { $0.arm == arm }
        guard !own.isEmpty else { return nil }
        return [arm]
          + own.map { reach in
            let share = Figures.percent(reach.share, decimals: 0)
            guard let median = reach.median else { return "> \(budgets.last ?? 0) (\(share))" }
            return "\(Figures.fixed(median, 0)) (\(share))"
          }
      })
  }

  /// What is known without training against what training gives.
  func correlationTable() -> StudyTable {
    let names = optima.map(\.data)
    let figures = correlations.filter { $0.data == names.first }.map(\.figure)
    let some = correlations.contains { $0.architectures < architectures } ? " (or so many)" : ""
    return StudyTable(
      title:
        "Rank correlation with validation accuracy over all architectures\(some): Spearman's ρ / Kendall's τ-b",
      columns: [(title: "figure", isNumeric: false)] + names.map { (title: $0, isNumeric: true) },
      rows: figures.map { figure in
        [figure]
          + names.map { name in
            let found = correlations.first { $0.data == name && $0.figure == figure }
            guard let found else { return "–" }
            let part = found.architectures < architectures ? " (\(found.architectures))" : ""
            return "\(Figures.fixed(found.spearman, 3)) / \(Figures.fixed(found.kendall, 3))\(part)"
          }
      })
  }

  /// The best there is.
  func optimumTable() -> StudyTable {
    StudyTable(
      title: "The best there is, in %",
      columns: [
        ("data set", false), ("best validation", true), ("its test", true), ("best test", true),
        ("niches that can be reached", true),
      ],
      rows: zip(optima, fullArchives).map { optimum, archive in
        [
          optimum.data, Figures.fixed(optimum.validation * 100, 2),
          Figures.fixed(optimum.testAtBestValidation * 100, 2), Figures.fixed(optimum.bestTest * 100, 2),
          "\(archive.elites) of \(archive.cells)",
        ]
      })
  }

  /// The words below the tables: how they are to be read.
  var notes: [String] {
    let grid = axes.map { MeasureAxis.words($0.name) }.joined(separator: " and ")
    var notes: [String] = []
    notes.append(
      """
      Searches see validation accuracy alone. "Test at best validation" is what a user would get: the test accuracy of \
      the architecture with the best validation accuracy. "Best test seen" is the highest test accuracy among all that \
      were evaluated; nobody could choose by it, and a method that reports it reports something else.
      """)
    notes.append(
      """
      All accuracies are those of \(family). Means are over \(seeds) seeds; intervals are BCa bootstraps over seeds at \
      95 %. Budgets count evaluations that were paid for; a cheaper one counts by its share of the epochs. Where an arm \
      tells repetitions, they cost nothing.
      """)
    notes.append(
      """
      p is of Mann & Whitney's test of the test accuracy at best validation against \(baseline), Holm-corrected over all \
      other arms and data sets at that budget; "better" is how often a run is above one of \(baseline), ties counted \
      half. With many seeds tiny differences are significant; look at their size.
      """)
    notes.append(
      """
      The archive is a grid over \(grid). Coverage and QD score are shares of what the whole space gives in it. Ranks \
      are medians among all \(architectures) architectures.
      """)
    notes.append("A search goes on to the largest budget, so smaller budgets are its beginning.")
    if !constraint.isEmpty { notes.append("The best had to fulfil \(constraint).") }
    if !isComplete { notes.insert("The study is not finished: not all seeds are there yet.", at: 0) }
    return notes
  }
}
