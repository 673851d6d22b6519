import PythonSyntax
import TorchFrontend

/// What a search of a space is for, and what it may cost.
public struct SpaceSearchSettings: Sendable, Hashable {
  /// What counts as a repetition, which is told to the strategy with its twin's fitness and paid for by nobody.
  public enum Deduplication: String, Sendable, Hashable, Codable, CaseIterable {
    /// Nothing: what is asked for twice is evaluated and paid for twice.
    case off
    /// The same choices.
    case genotype
    /// The same network, by the space's canonical text, whatever the choices.
    case network
  }

  /// How many evaluations at the highest fidelity may be paid for; cheaper ones count by their share of the cost.
  public var evaluations: Int
  /// What counts as a repetition.
  public var deduplicate = Deduplication.off
  /// The search ends with a fitness that reaches this; nil: it does not.
  public var target: Double?
  /// What the best must fulfil, such as `parameters < 1e6`; empty: nothing.
  ///
  /// What does not fulfil it is evaluated, told and archived like all else, as in CoLLM-NAS (Algorithm 1).
  public var constraint = ""
  /// How many candidates are asked for at once.
  public var batch = 1
  /// The search gives up after so many proposals in a row that nothing was paid for.
  public var patience = 20_000

  /// A search within so many evaluations.
  public init(
    evaluations: Int, deduplicate: Deduplication = .off, target: Double? = nil, constraint: String = "",
    batch: Int = 1, patience: Int = 20_000
  ) {
    self.evaluations = evaluations
    self.deduplicate = deduplicate
    self.target = target
    self.constraint = constraint
    self.batch = max(1, batch)
    self.patience = max(1, patience)
  }
}

/// How many proposals of a search came to what.
public struct SpaceCounts: Sendable, Hashable, Codable {
  /// Paid for, at whatever fidelity.
  public var evaluated = 0
  /// Of these, at the highest fidelity.
  public var full = 0
  /// Of these, without a fitness.
  public var failed = 0
  /// Repetitions.
  public var repeated = 0
  /// Texts that are no architecture of the space.
  public var illegal = 0

  /// No proposals.
  public init() {}
}

/// Why a search is over.
public enum SpaceSearchEnd: String, Sendable, Hashable, Codable, CaseIterable {
  /// The budget has no room for what would come next.
  case outOfBudget = "out-of-budget"
  /// A fitness reached the target.
  case reachedTarget = "reached-target"
  /// The strategy has nothing more to ask for.
  case finished
  /// Too many proposals in a row were repetitions or illegal, as where a space is exhausted.
  case stalled
}

/// A formula that must hold of an architecture's figures.
struct SpaceConstraint: Sendable, Hashable {
  private let formula: Formula

  /// - Throws: where the text cannot be read, or names what the space has no figure for.
  init(_ text: String, figureNames: [String]) throws(SearchError) {
    do {
      formula = try Formula(text, Formula.Vocabulary(figures: Set(figureNames)))
    } catch {
      throw SearchError(
        "The constraint '\(text)' cannot be read: \(error.message)\(error.hint.map { "; \($0)" } ?? "").")
    }
  }

  func holds(_ figures: [String: Double]) -> Bool { formula.holds { figures[$0] ?? .nan } }
}
