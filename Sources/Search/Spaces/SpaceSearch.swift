public import QualityDiversity
public import SearchSpaces

/// A search of a space by any strategy: it evaluates what the strategy asks for, counts what that costs, and keeps all
/// results and an archive of them.
///
/// A search is a value. What it decides depends on the proposals alone, so that a search that took the same proposals
/// is the same search.
public struct SpaceSearch<Evaluator: SpaceEvaluator>: Sendable {
  /// An architecture of the space.
  public typealias Genotype = Evaluator.Space.Genotype

  /// What evaluates.
  public let evaluator: Evaluator
  /// What is sought, and what it may cost.
  public let settings: SpaceSearchSettings
  private let archiving: SpaceArchive?
  private let constraint: SpaceConstraint?

  /// All results in the order of their numbers, repetitions and illegal ones among them.
  public private(set) var results: [SpaceResult<Genotype>] = []
  /// The results at the highest fidelity that have a place, by their numbers; nil where nothing is archived.
  public private(set) var archive: (any Archive<Int>)?
  /// What was spent, in the unit of the fidelities' costs.
  public private(set) var spent = 0
  /// How many proposals came to what.
  public private(set) var counts = SpaceCounts()
  /// The number of the fittest result at the highest fidelity that fulfils the constraint, of equals the first.
  public private(set) var best: Int?
  /// Why the search is over; nil while it is not.
  public private(set) var end: SpaceSearchEnd?

  private var seen: [Key: Int] = [:]
  /// Proposals in a row that nothing was paid for.
  private var idle = 0

  private struct Key: Hashable {
    var genotype: Genotype?
    var network = ""
    var fidelity: Int
  }

  /// A search that has not begun.
  ///
  /// - Throws: where the constraint or the archive does not fit the space.
  public init(
    _ evaluator: Evaluator, settings: SpaceSearchSettings, archive: SpaceArchive? = nil
  ) throws(SearchError) {
    guard settings.evaluations >= 1 else {
      throw SearchError("A search needs a budget of an evaluation or more.")
    }
    self.evaluator = evaluator
    self.settings = settings
    archiving = archive
    self.archive = try archive?.make()
    constraint =
      settings.constraint.isEmpty
      ? nil : try SpaceConstraint(settings.constraint, figureNames: evaluator.space.figureNames)
  }

  /// What an evaluation at the highest fidelity costs.
  public var unit: Int { evaluator.fidelities.last?.cost ?? 1 }

  /// What may be spent altogether, in the unit of the fidelities' costs.
  public var budget: Int { settings.evaluations.multipliedReportingOverflow(by: unit).partialValue }

  /// The fittest result, if there is one.
  public var bestResult: SpaceResult<Genotype>? { best.map { results[$0] } }

  // MARK: Running

  /// Asks, evaluates and tells until the search is over or somebody wishes to stop.
  public mutating func run(
    _ strategy: inout some SpaceStrategy<Evaluator.Space>, stop: StopFlag? = nil
  ) {
    while end == nil {
      if stop?.isRaised == true { return }
      strategy.tell(take(strategy.ask(room)))
    }
  }

  /// The same with a strategy that is waited for.
  ///
  /// - Throws: what the strategy throws; the search is then as it was before that, and may go on.
  public mutating func run(
    awaiting strategy: inout some AsyncSpaceStrategy<Evaluator.Space>, stop: StopFlag? = nil
  ) async throws(SearchError) {
    while end == nil {
      if stop?.isRaised == true { return }
      strategy.tell(take(try await strategy.ask(room)))
    }
  }

  /// How many candidates at most are asked for next.
  public var room: Int { max(1, min(settings.batch, (budget - spent + unit - 1) / unit)) }

  /// Evaluates proposals in their order, up to where the search is over.
  public mutating func take(_ proposals: [SpaceProposal<Genotype>]) -> [SpaceResult<Genotype>] {
    guard end == nil else { return [] }
    guard !proposals.isEmpty else {
      end = .finished
      return []
    }
    let first = results.count
    for proposal in proposals where end == nil { take(proposal) }
    return Array(results[first...])
  }

  private mutating func take(_ proposal: SpaceProposal<Genotype>) {
    let fidelities = evaluator.fidelities
    let fidelity = min(max(0, proposal.fidelity ?? .max), fidelities.count - 1)
    let genotype: Genotype
    switch proposal.content {
    case .genotype(let given): genotype = given
    case .text(let text):
      do {
        genotype = try evaluator.space.genotype(from: text)
      } catch {
        refuse(proposal, error.description, fidelity)
        return
      }
    case .unreadable(let reason):
      refuse(proposal, reason, fidelity)
      return
    }
    let key = key(of: genotype, fidelity)
    if let key, let twin = seen[key] {
      repeatResult(twin, proposal, genotype)
      return
    }
    guard spent + fidelities[fidelity].cost <= budget else {
      end = .outOfBudget
      return
    }
    if let key { seen[key] = results.count }
    evaluate(proposal, genotype, fidelity)
  }

  private mutating func refuse(_ proposal: SpaceProposal<Genotype>, _ reason: String, _ fidelity: Int) {
    counts.illegal += 1
    append(
      SpaceResult(
        number: results.count, proposal: proposal, genotype: nil, verdict: .illegal(reason), fitness: nil,
        fidelity: fidelity, isFull: fidelity == evaluator.fidelities.count - 1, isFeasible: false))
  }

  private func key(of genotype: Genotype, _ fidelity: Int) -> Key? {
    switch settings.deduplicate {
    case .off: nil
    case .genotype: Key(genotype: genotype, fidelity: fidelity)
    case .network: Key(network: evaluator.space.canonicalText(of: genotype), fidelity: fidelity)
    }
  }

  private mutating func repeatResult(_ twin: Int, _ proposal: SpaceProposal<Genotype>, _ genotype: Genotype) {
    counts.repeated += 1
    var result = results[twin]
    result.number = results.count
    result.proposal = proposal
    result.genotype = genotype
    result.verdict = .repeated(of: twin)
    append(result)
  }

  private mutating func evaluate(
    _ proposal: SpaceProposal<Genotype>, _ genotype: Genotype, _ fidelity: Int
  ) {
    let score = evaluator.score(of: genotype, fidelity: fidelity)
    let cost = evaluator.fidelities[fidelity].cost
    spent += cost
    counts.evaluated += 1
    let isFull = fidelity == evaluator.fidelities.count - 1
    if isFull { counts.full += 1 }
    let fitness = score.fitness.flatMap { $0.isFinite ? $0 : nil }
    if fitness == nil { counts.failed += 1 }
    let number = results.count
    let result = SpaceResult(
      number: number, proposal: proposal, genotype: genotype,
      verdict: fitness == nil ? .failed(score.reason ?? "It has no finite fitness.") : .evaluated,
      fitness: fitness, fidelity: fidelity, isFull: isFull, figures: score.figures,
      measures: archiving?.measures(of: score.figures),
      isFeasible: constraint?.holds(score.figures) ?? true)
    idle = 0
    if isFull, let fitness {
      if result.isFeasible, best.flatMap({ results[$0].fitness }).map({ fitness > $0 }) ?? true {
        best = number
        if let target = settings.target, fitness >= target { end = .reachedTarget }
      }
      if let measures = result.measures { archive?.add(number, objective: fitness, measures: measures) }
    }
    results.append(result)
    if end == nil, spent + (evaluator.fidelities.first?.cost ?? cost) > budget { end = .outOfBudget }
  }

  /// Keeps a result that nothing was paid for, and gives up where there are too many of them in a row.
  private mutating func append(_ result: SpaceResult<Genotype>) {
    results.append(result)
    idle += 1
    if idle >= settings.patience { end = .stalled }
  }
}
