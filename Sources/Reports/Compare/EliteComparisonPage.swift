import QualityDiversity

extension EliteComparison {
  /// The comparison as a page in one file that loads nothing.
  public var html: String {
    let title = "\(first.run) niche \(first.nicheTitle) against \(second.run) niche \(second.nicheTitle)"
    let rows = layers.map { change -> [HTML.Cell] in
      [change.name, change.first ?? "–", change.second ?? "–", change.kind.rawValue].map { .init(text: $0) }
    }
    let columns = ["name", "first", "second", "change"].map { (title: $0, isNumeric: false) }
    return HTMLPage(
      title: title, subtitle: ([verdict] + notes).joined(separator: " "),
      sections: [
        .init(name: "figures", title: "Figures", content: figureTable),
        .init(
          name: "layers", title: "Layers",
          content: HTML.table(
            caption: "Layers in the order in which they are computed", columns: columns, rows: rows)),
        .init(name: "source", title: "Source", content: .difference(source)),
        .init(name: "ancestry", title: "Ancestry", content: "<p>\(relation)</p>"),
      ]
    ).document
  }

  private var figureTable: HTML {
    let rows = rows.map { row in row.map { HTML.Cell(text: $0) } }
    return HTML.table(
      caption: "The last column is the second's share of the first, or its difference",
      columns: [("", false), ("first", true), ("second", true), ("", true)].map {
        (title: $0.0, isNumeric: $0.1)
      },
      rows: rows)
  }
}
