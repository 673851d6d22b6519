public import SearchSpaces

/// A way to search a space of architectures: it asks for candidates and is told what became of them.
///
/// A strategy is a value that changes in `tell` alone, and draws random numbers only from streams that are named after
/// how many results it was told. So it can be brought to any moment again by telling it the results of a log, in any
/// portions, and goes on from there as the first one did.
public protocol SpaceStrategy<Space>: Sendable {
  /// The space that is searched.
  associatedtype Space: SearchSpace

  /// What is to be evaluated next: at least one candidate, and no more than `count`; none where the strategy has
  /// nothing more to ask for.
  ///
  /// A strategy whose next candidate depends on a result that it has not been told gives fewer.
  func ask(_ count: Int) -> [SpaceProposal<Space.Genotype>]

  /// Takes in what became of the candidates, in the order asked.
  mutating func tell(_ results: [SpaceResult<Space.Genotype>])
}

/// A strategy that has to wait for its candidates, as for a language model's reply.
///
/// What it decides may depend on what it was told and on the replies alone, so that with recorded replies a search is
/// repeated by retelling.
public protocol AsyncSpaceStrategy<Space>: Sendable {
  /// The space that is searched.
  associatedtype Space: SearchSpace

  /// What is to be evaluated next, as `SpaceStrategy.ask`; all of a reply's candidates may be given at once, also more
  /// than `count`: what the budget has no room for is left out.
  mutating func ask(_ count: Int) async throws(SearchError) -> [SpaceProposal<Space.Genotype>]

  /// Takes in what became of the candidates, in the order asked.
  mutating func tell(_ results: [SpaceResult<Space.Genotype>])

  /// Why it asks for nothing more: one sentence; nil while it does, or where there is nothing to say.
  var ending: String? { get }

  /// Whether that is because a limit on language models is reached.
  var isOutOfBudget: Bool { get }

  /// Whether what was told is part of a generation of the strategy that is not whole yet.
  var isMidGeneration: Bool { get }

  /// The strategy's archive of prompts; empty where it has none.
  var promptCells: [PromptCell] { get }
}

extension AsyncSpaceStrategy {
  /// Nothing to say.
  public var ending: String? { nil }
  /// No.
  public var isOutOfBudget: Bool { false }
  /// No.
  public var isMidGeneration: Bool { false }
  /// None.
  public var promptCells: [PromptCell] { [] }
}

/// A strategy that need not be waited for, in the place of one that must.
struct ImmediateStrategy<Base: SpaceStrategy>: AsyncSpaceStrategy {
  typealias Space = Base.Space

  private var base: Base

  init(_ base: Base) { self.base = base }

  mutating func ask(_ count: Int) async throws(SearchError) -> [SpaceProposal<Base.Space.Genotype>] {
    base.ask(count)
  }

  mutating func tell(_ results: [SpaceResult<Base.Space.Genotype>]) { base.tell(results) }
}

/// What a strategy asks for: one architecture, and how it came to it.
public struct SpaceProposal<Genotype: Hashable & Sendable>: Sendable, Hashable {
  /// How an architecture came about.
  public enum Step: String, Sendable, Hashable, Codable, CaseIterable {
    /// Drawn without regard to others, or from a distribution that was learnt.
    case random, sample
    case mutation, crossover
    /// One of all neighbours of the parent.
    case neighbour
    /// Evaluated before at a lower fidelity.
    case promotion
    /// A language model wrote it.
    case model
  }

  /// The architecture, or what somebody wrote who may have made mistakes.
  public enum Content: Sendable, Hashable {
    case genotype(Genotype)
    /// A text, which the space reads or refuses.
    case text(String)
    /// What was meant to be an architecture and is none: half a sentence.
    case unreadable(String)
  }

  /// The architecture.
  public var content: Content
  /// How it came about.
  public var step: Step
  /// The results that it was made from, by their numbers.
  public var parents: [Int]
  /// At which of the evaluator's fidelities it is to be evaluated; nil: the highest.
  public var fidelity: Int?
  /// The prompt that asked for it, by its file's `id`, and the temperature; nil where there is none.
  public var prompt: String?, temperature: Double?

  /// A proposal.
  public init(_ content: Content, step: Step, parents: [Int] = [], fidelity: Int? = nil) {
    self.content = content
    self.step = step
    self.parents = parents
    self.fidelity = fidelity
  }

  /// A proposal of a genotype.
  public init(_ genotype: Genotype, step: Step, parents: [Int] = [], fidelity: Int? = nil) {
    self.init(.genotype(genotype), step: step, parents: parents, fidelity: fidelity)
  }
}

/// What became of a proposal.
public struct SpaceResult<Genotype: Hashable & Sendable>: Sendable, Hashable {
  /// The kinds of outcome.
  public enum Verdict: Sendable, Hashable {
    /// It was evaluated, which the budget paid for.
    case evaluated
    /// The same, by whatever rule repetitions are told, as that earlier result at the same fidelity; nothing was paid.
    case repeated(of: Int)
    /// The text is no architecture of the space: one sentence.
    case illegal(String)
    /// The evaluation was paid for and gave no fitness: one sentence.
    case failed(String)
  }

  /// Its number within the search, from 0; repetitions and illegal ones have numbers, too.
  public var number: Int
  /// What was asked for.
  public var proposal: SpaceProposal<Genotype>
  /// The architecture; nil where the text is none.
  public var genotype: Genotype?
  /// What became of it.
  public var verdict: Verdict
  /// How good it is, larger is better; of a repetition that of its twin; nil where there is none.
  public var fitness: Double?
  /// At which of the evaluator's fidelities.
  public var fidelity: Int
  /// Whether the fidelity is the highest one, whose fitness is what the search is for.
  public var isFull: Bool
  /// What is measured of it without evaluation, by name.
  public var figures: [String: Double]
  /// Its place on the archive's axes; nil where it has none.
  public var measures: [Double]?
  /// Whether it fulfils the constraint, if there is one.
  public var isFeasible: Bool

  /// A result.
  public init(
    number: Int, proposal: SpaceProposal<Genotype>, genotype: Genotype?, verdict: Verdict, fitness: Double?,
    fidelity: Int = 0, isFull: Bool = true, figures: [String: Double] = [:], measures: [Double]? = nil,
    isFeasible: Bool = true
  ) {
    self.number = number
    self.proposal = proposal
    self.genotype = genotype
    self.verdict = verdict
    self.fitness = fitness
    self.fidelity = fidelity
    self.isFull = isFull
    self.figures = figures
    self.measures = measures
    self.isFeasible = isFeasible
  }

  /// Whether the budget paid for it.
  public var isPaid: Bool {
    switch verdict {
    case .evaluated, .failed: true
    case .repeated, .illegal: false
    }
  }
}
