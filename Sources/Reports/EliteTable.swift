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
    /// What the compiler says of it.
    public var description: CandidateSummary.Network?
    /// How it came about.
    public var origin: CandidateOrigin
    /// Whether it compiled as written or was healed.
    public var status: Verdict.Status
  }

  /// The axes' names.
  public var axes: [String]
  /// The elites, by niche.
  public var elites: [Row]

  /// The elites of a run.
  public init(_ run: RunSnapshot) {
    axes = run.header.configuration.descriptors.map(\.name)
    elites = run.elites.map { elite in
      let record = elite.record
      return Row(
        niche: elite.cell, candidate: record.id, fitness: record.fitness ?? 0,
        measures: record.measures ?? [],
        description: record.description, origin: record.origin, status: record.verdict.status)
    }
  }

  /// The table for the terminal.
  public var text: String {
    guard !elites.isEmpty else { return "The archive is empty." }
    var table = TextTable(
      ["niche", "candidate", "accuracy"] + axes + ["parameters", "MACs", "by", "prompt"],
      numbers: Set(0...(axes.count + 4)))
    for row in elites {
      table.add(
        ["\(row.niche)", "\(row.candidate)", Figures.percent(row.fitness, decimals: 2)]
          + row.measures.map(Figures.short)
          + [
            row.description.map { Figures.short(Double($0.parameters)) } ?? "–",
            row.description.map { Figures.short(Double($0.macs)) } ?? "–", row.origin.author.rawValue,
            row.origin.prompt ?? "–",
          ])
    }
    return table.text
  }
}
