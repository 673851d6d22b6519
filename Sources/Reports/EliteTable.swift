public import Search

/// The elites of a run, a row each.
public struct EliteTable: Codable, Sendable {
  /// One elite.
  public struct Row: Codable, Sendable {
    /// The niche's cell.
    public var niche: Int
    /// The candidate's number.
    public var candidate: Int
    /// Validation accuracy, 0…1.
    public var fitness: Double
    /// Its raw measures, in the order of the axes.
    public var measures: [Double]
    /// What the objectives beside fitness measure of it, in their order; nil where the run has none.
    public var objectives: [Double]?
    /// What the compiler says of it.
    public var description: CandidateSummary.Network?
    /// How it came about.
    public var origin: CandidateOrigin
    /// Whether it compiled as written or was healed.
    public var status: Verdict.Status
  }

  /// The axes' names.
  public var axes: [String]
  /// The names of the categories that measures number from 0, by axis; nil where no axis has categories.
  public var categories: [String: [String]]?
  /// The names of the objectives beside fitness.
  public var objectives: [String]
  /// The elites, by niche.
  public var elites: [Row]

  /// The elites of a run.
  public init(_ run: RunSnapshot) {
    let descriptors = run.header.configuration.descriptors
    axes = descriptors.map(\.name)
    let lists = descriptors.filter { !$0.categories.isEmpty }.map { ($0.name, $0.categories) }
    categories = lists.isEmpty ? nil : Dictionary(lists, uniquingKeysWith: { first, _ in first })
    objectives = run.header.configuration.archive.objectives.map(\.name)
    elites = run.elites.map { elite in
      let record = elite.record
      return Row(
        niche: elite.cell, candidate: record.id, fitness: record.fitness ?? 0,
        measures: record.measures ?? [], objectives: record.objectives,
        description: record.description, origin: record.origin, status: record.verdict.status)
    }
  }

  /// The table for the terminal.
  public var text: String {
    guard !elites.isEmpty else { return "The archive is empty." }
    // An objective that is an axis, too, is shown once.
    let others = objectives.indices.filter { !axes.contains(objectives[$0]) }
    var table = TextTable(
      ["niche", "candidate", "accuracy"] + axes + others.map { objectives[$0] }
        + ["parameters", "MACs", "by", "prompt"],
      numbers: Set(0...(axes.count + others.count + 4))
        .subtracting(axes.indices.filter { categories?[axes[$0]] != nil }.map { $0 + 3 }))
    for row in elites {
      table.add(
        ["\(row.niche)", "\(row.candidate)", Figures.percent(row.fitness, decimals: 2)]
          + zip(axes, row.measures).map(measure)
          + others.map { place in row.objectives.map { Figures.short($0[place]) } ?? "–" }
          + [
            row.description.map { Figures.short(Double($0.parameters)) } ?? "–",
            row.description.map { Figures.short(Double($0.macs)) } ?? "–", row.origin.author.rawValue,
            row.origin.prompt ?? "–",
          ])
    }
    return table.text
  }

  /// A measure as it is read: a category by its name.
  private func measure(_ axis: String, _ value: Double) -> String {
    let names = categories?[axis] ?? []
    return Int(exactly: value).flatMap { names.indices.contains($0) ? names[$0] : nil }
      ?? Figures.short(value)
  }
}
