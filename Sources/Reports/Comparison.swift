import Foundation
public import QualityDiversity
public import Search

/// Two runs niche by niche, on the axes of the first.
///
/// Both archives are made anew from all evaluated candidates, so runs with other axes or cells compare as well.
public struct Comparison: Codable, Sendable {
  /// How a niche stands between the runs.
  public enum Standing: String, Codable, Sendable, CaseIterable {
    case onlyFirst = "only-first"
    case onlySecond = "only-second"
    /// The first run's elite is fitter.
    case won
    /// The second run's elite is fitter.
    case lost
    case tied
  }

  /// One niche that at least one run occupies.
  public struct Niche: Codable, Sendable {
    /// The cell.
    public var cell: Int
    /// The measures at the cell's centre.
    public var centre: [Double]
    /// How it stands.
    public var standing: Standing
    /// The first run's elite and its fitness.
    public var first: ArchiveCell?
    /// The second run's elite and its fitness.
    public var second: ArchiveCell?
  }

  /// One of the two runs.
  public struct Side: Codable, Sendable {
    /// The run's name.
    public var name: String
    /// Its archive's statistics.
    public var statistics: ArchiveStatistics
    /// Candidates proposed.
    public var candidates: Int
    /// Networks trained.
    public var trained: Int
    /// Images trained on, all candidates together: what the archive cost.
    public var imagesSeen: Int
  }

  /// The axes both are compared on.
  public var axes: [String]
  /// The first run.
  public var first: Side
  /// The second run.
  public var second: Side
  /// The occupied niches, by cell.
  public var niches: [Niche]
  /// What a reader must know, such as that axes differed or budgets are unequal.
  public var notes: [String]

  /// Compares two runs.
  ///
  /// - Throws: where the first run's axes cannot be made.
  public init(_ first: RunSnapshot, _ second: RunSnapshot) throws(SearchError) {
    let configuration = first.header.configuration
    let left = try first.archive(on: configuration)
    let right = try second.archive(on: configuration)
    axes = configuration.descriptors.map(\.name)
    self.first = Side(first, left.statistics())
    self.second = Side(second, right.statistics())
    niches = (0..<left.cellCount).compactMap { cell in
      Niche(cell, left.elite(at: cell), right.elite(at: cell)) { left.region(of: cell)?.measures ?? [] }
    }
    notes = Self.notes(first, second, self.first, self.second)
  }

  /// How many niches stand that way.
  public func count(_ standing: Standing) -> Int { niches.count { $0.standing == standing } }

  private static func notes(
    _ first: RunSnapshot, _ second: RunSnapshot, _ left: Side, _ right: Side
  ) -> [String] {
    var notes: [String] = []
    let (one, two) = (first.header.configuration, second.header.configuration)
    if one.descriptors != two.descriptors || one.archive != two.archive {
      notes.append("The runs have other axes or cells; both are shown on those of \(left.name).")
    }
    if one.data != two.data || one.training.withoutStopping != two.training.withoutStopping {
      notes.append("The runs differ in data or training, so their fitness values measure different things.")
    }
    if left.imagesSeen != right.imagesSeen {
      notes.append(
        "The budgets differ: \(Figures.short(Double(left.imagesSeen))) against "
          + "\(Figures.short(Double(right.imagesSeen))) images trained on.")
    }
    notes.append("One run each: differences may be chance; compare several seeds before believing them.")
    return notes
  }
}

extension Comparison.Side {
  fileprivate init(_ run: RunSnapshot, _ statistics: ArchiveStatistics) {
    let proposed = run.finished
    let trained = proposed.filter { $0.evaluation != nil && $0.verdict.status != .duplicate }
    self.init(
      name: run.header.name, statistics: statistics, candidates: proposed.count, trained: trained.count,
      imagesSeen: trained.reduce(0) { $0 + ($1.evaluation?.imagesSeen ?? 0) })
  }
}

extension Comparison.Niche {
  fileprivate init?(_ cell: Int, _ first: Elite<Int>?, _ second: Elite<Int>?, centre: () -> [Double]) {
    let standing: Comparison.Standing
    switch (first?.objective, second?.objective) {
    case (nil, nil): return nil
    case (_?, nil): standing = .onlyFirst
    case (nil, _?): standing = .onlySecond
    case (let left?, let right?): standing = left == right ? .tied : left > right ? .won : .lost
    }
    self.init(
      cell: cell, centre: centre(), standing: standing,
      first: first.map { ArchiveCell(cell: cell, candidate: $0.solution, fitness: $0.objective) },
      second: second.map { ArchiveCell(cell: cell, candidate: $0.solution, fitness: $0.objective) })
  }
}

extension Comparison {
  /// The comparison as a table for the terminal.
  public var text: String {
    var summary = TextTable(["", first.name, second.name], numbers: [1, 2])
    func row(_ title: String, _ value: (Side) -> String) {
      summary.add([title, value(first), value(second)])
    }
    row("niches occupied") { "\($0.statistics.elites) of \($0.statistics.cells)" }
    row("coverage") { Figures.percent($0.statistics.coverage) }
    row("QD score") { Figures.fixed($0.statistics.qdScore, 3) }
    row("best fitness") { $0.statistics.best.map { Figures.percent($0, decimals: 2) } ?? "–" }
    row("mean fitness") { $0.statistics.mean.map { Figures.percent($0, decimals: 2) } ?? "–" }
    row("candidates") { "\($0.candidates)" }
    row("networks trained") { "\($0.trained)" }
    row("images trained on") { Figures.short(Double($0.imagesSeen)) }

    var table = TextTable(
      ["niche"] + axes + [first.name, second.name, "standing"], numbers: Set(0...(axes.count + 2)))
    for niche in niches {
      table.add(
        ["\(niche.cell)"] + niche.centre.map(Figures.short)
          + [niche.first, niche.second].map { $0.map { Figures.percent($0.fitness, decimals: 2) } ?? "–" }
          + [niche.standing.rawValue])
    }
    let counts = Standing.allCases.map { "\($0.rawValue) \(count($0))" }.joined(separator: ", ")
    return ([summary.text, "", table.text, "", "niches: \(counts)"] + notes.map { "note: \($0)" }).joined(
      separator: "\n")
  }
}

extension TrainingSettings {
  /// The settings but for those that say who is trained to the end, which change nobody's fitness.
  fileprivate var withoutStopping: TrainingSettings {
    var result = self
    (result.fidelities, result.stopping) = ([], StoppingSettings())
    return result
  }
}
