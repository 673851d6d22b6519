public import QualityDiversity

/// What a strategy asks for: one network to be written, with all that the author must know.
public struct Proposal: Sendable, Hashable {
  /// The candidate's number within the run.
  public var id: Int
  /// The generation, from 1.
  public var generation: Int
  /// The place within the generation, from 0.
  public var index: Int
  /// The step of the search.
  public var step: CandidateOrigin.Step
  /// The candidates to work from: one, or two and more for a crossover.
  public var parents: [Int]
  /// The prompt, by its file's `id`.
  public var prompt: String
  /// The temperature to ask with.
  public var temperature: Double
  /// Whether the built-in rewriter writes this one though a model may be there.
  public var goesToRewriter: Bool
  /// The model that is to write it, by its place among the configuration's; nil where nothing chooses.
  public var model: Int?
  /// Elites of neighbouring niches to show, by candidate number.
  public var inspirations: [Int] = []
  /// The niche to ask for.
  public var niche: NicheRequest?
  /// The prompt's text where a model wrote it and no file has it.
  public var evolved: EvolvedPrompt?
  /// Whether the model shall write a prompt of its own out of this one first.
  public var evolvesPrompt = false

  /// The file's prompt that this one goes back to.
  public var rootPrompt: String { evolved?.root ?? prompt }
}

/// A way to search: it asks for candidates and is told what became of them.
///
/// A strategy is a value that changes only in `tell`, and draws random numbers only from streams named after
/// generation and place. So it can be brought to any generation again by telling it the records of a log.
public protocol Strategy: Sendable {
  /// The network archive as it is now.
  var networks: any Archive<Int> { get }

  /// The candidates of the next generation.
  func ask() throws(SearchError) -> [Proposal]

  /// Takes in what became of a generation, in the order asked, and says what the archives look like now.
  ///
  /// - Parameter scores: the further scores of the run's candidates, of which those that contests needed must be there.
  mutating func tell(
    _ records: [CandidateRecord], scores: ScoreTable
  ) throws(SearchError) -> GenerationRecord
}

extension Strategy {
  /// Takes in what became of a generation of which nothing was trained twice.
  public mutating func tell(_ records: [CandidateRecord]) throws(SearchError) -> GenerationRecord {
    try tell(records, scores: ScoreTable())
  }
}

/// Why a search cannot go on: one sentence.
public struct SearchError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence: what is wrong, where, and what to do.
  public var description: String
  /// Whether the run has used up its budget, which ends it as planned.
  public var isEndOfBudget: Bool

  /// An error.
  public init(_ description: String, isEndOfBudget: Bool = false) {
    self.description = description
    self.isEndOfBudget = isEndOfBudget
  }
}
