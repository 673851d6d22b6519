import NetworkGraph
import RandomStreams
import SearchSpaces
import Training

/// Writes results of a space's search as candidates of a run, whose source is the architecture's text.
///
/// Candidates are numbered from 1, since 0 is the initial network of runs that write code. The hash is that of the
/// space's name and canonical text, so that it tells apart what the space does.
struct SpaceRecords<Space: SearchSpace>: Sendable {
  let space: Space
  let fidelities: [SpaceFidelity]
  let descriptors: [Descriptor]
  /// Who writes what the strategy does not ask a model for, or has no model for.
  let author: CandidateOrigin.Author
  /// How many images an evaluation of cost 1 trains on.
  let imagesPerUnit: Int
  private var known: [Space.Genotype: (text: String, network: NetworkDescription)] = [:]

  init(
    space: Space, fidelities: [SpaceFidelity], descriptors: [Descriptor], author: CandidateOrigin.Author,
    imagesPerUnit: Int
  ) {
    self.space = space
    self.fidelities = fidelities
    self.descriptors = descriptors
    self.author = author
    self.imagesPerUnit = imagesPerUnit
  }

  /// The number of a result's candidate.
  static func id(_ number: Int) -> Int { number + 1 }

  /// The candidate of a result.
  ///
  /// - Parameters:
  ///   - results: all results, of which a repetition's twin is one.
  ///   - exchange: the key of the exchange in which a model wrote it.
  mutating func record(
    of result: SpaceResult<Space.Genotype>, among results: [SpaceResult<Space.Genotype>], generation: Int,
    index: Int, exchange: String?
  ) -> CandidateRecord {
    let proposal = result.proposal
    var origin = CandidateOrigin(
      step: CandidateOrigin.Step(proposal.step), author: proposal.step == .model ? author : .strategy,
      form: .genotype, parents: proposal.parents.map(Self.id), prompt: proposal.prompt,
      temperature: proposal.temperature, exchange: exchange)
    var verdict: Verdict
    var source: String?
    // A repetition has all figures of its twin.
    var figured = result
    switch result.verdict {
    case .evaluated: verdict = Verdict(result.isFull ? .valid : .stopped)
    case .failed(let reason): verdict = Verdict(.untrainable, reason: reason)
    case .illegal(let reason):
      verdict = Verdict(.refused, reason: reason)
      if case .text(let text) = proposal.content { source = text }
    case .repeated(let twin):
      verdict = Verdict(.duplicate)
      verdict.twin = Self.id(twin)
      figured.genotype = results[twin].genotype
    }
    var record = CandidateRecord(
      id: Self.id(result.number), generation: generation, index: index, origin: origin, source: source,
      verdict: verdict)
    guard let genotype = result.genotype, let shown = figured.genotype else { return record }
    let (text, network) = described(shown, result.figures)
    record.source = genotype == shown ? text : space.text(of: genotype)
    record.description = network
    record.measures = descriptors.measures { result.figures[$0] }
    record.evaluation = evaluation(of: result)
    if !result.isFull {
      let (fidelity, full) = (fidelities[result.fidelity], fidelities[fidelities.count - 1])
      var request = CandidateRequest()
      request.fidelity = FidelityRequest(
        name: fidelity.name, cost: fidelity.cost, fullCost: full.cost, accuracy: result.fitness)
      origin.request = request
      record.origin = origin
      if verdict.twin == nil, result.fitness != nil {
        record.verdict.reason = "It was evaluated after \(fidelity.name) alone."
      }
    } else if let fitness = result.fitness {
      record.fitness = fitness
      if record.measures == nil {
        record.fitness = nil
        if verdict.twin == nil { record.verdict.status = .untrainable }
        record.verdict.reason = "A measure of it is no finite number, so that it has no niche."
      }
    }
    return record
  }

  private mutating func described(
    _ genotype: Space.Genotype, _ figures: [String: Double]
  ) -> (text: String, network: NetworkDescription) {
    if let found = known[genotype] { return found }
    let hash = StableHash.hexadecimal128(space.name + " " + space.canonicalText(of: genotype))
    func whole(_ name: String) -> Int { figures[name].flatMap { Int(exactly: $0.rounded()) } ?? 0 }
    var others = figures
    for name in CandidateSummary.figureNames { others[name] = nil }
    for name in SpaceScore.trainingFigureNames { others[name] = nil }
    let network = NetworkDescription(
      hash: hash, className: "Network", parameters: whole("parameters"), macs: whole("macs"),
      width: whole("width"), depth: whole("depth"), figures: others)
    let found = (space.text(of: genotype), network)
    known[genotype] = found
    return found
  }

  private func evaluation(of result: SpaceResult<Space.Genotype>) -> TrainingOutcome {
    let cost = fidelities[result.fidelity].cost
    var seconds = result.figures[SpaceScore.trainingSeconds] ?? 0
    if !result.isFull { seconds *= Double(cost) / Double(fidelities[fidelities.count - 1].cost) }
    var outcome = TrainingOutcome(
      epochs: [], imagesSeen: cost.multipliedReportingOverflow(by: imagesPerUnit).partialValue,
      seconds: seconds)
    outcome.latencyMilliseconds = result.figures[SpaceScore.latency]
    if result.isFull, result.fitness != nil { outcome.stopReason = .completed }
    return outcome
  }
}

extension SpaceScore {
  /// The figure of what one batch took the table's makers in milliseconds, where it has that.
  public static let latency = "latency_ms"
  /// The figure of what the whole training took in seconds, where a table has it.
  public static let trainingSeconds = "training_seconds"
  static let trainingFigureNames: Set = [latency, trainingSeconds]
}

extension CandidateOrigin.Step {
  init(_ step: SpaceProposal<some Hashable & Sendable>.Step) {
    self =
      switch step {
      case .random: .random
      case .sample: .sample
      case .mutation: .mutation
      case .crossover: .crossover
      case .neighbour: .neighbour
      case .promotion: .promotion
      case .model: .model
      }
  }
}
