/// What a candidate was asked for with beside its parents, prompt and temperature, and what was asked again.
public struct CandidateRequest: Codable, Sendable, Hashable {
  /// Elites of neighbouring niches that were shown, by candidate number.
  public var inspirations: [Int] = []
  /// The niche that a network was asked for; nil where none was named.
  public var niche: NicheRequest?
  /// The prompt that the model wrote for this candidate out of the one it was asked with; nil where it wrote none.
  public var prompt: EvolvedPrompt?
  /// What the model was asked again since its reply became no network, in order.
  public var repairs: [Repair] = []
  /// Which of several models was chosen to write it; nil where nothing chose.
  public var model: ModelUse?
  /// The lower fidelity at which a space's architecture was evaluated; nil where it was the highest.
  public var fidelity: FidelityRequest?

  /// A request with nothing of the kind.
  public init() {}

  /// Whether there is nothing to keep.
  public var isEmpty: Bool { self == CandidateRequest() }

  /// The keys of the exchanges beside the one that the candidate began with.
  public var exchanges: [String] { repairs.map(\.exchange) + [prompt?.exchange].compactMap(\.self) }
}

/// Which of several models was chosen to write a candidate, and what that cost.
public struct ModelUse: Codable, Sendable, Hashable {
  /// The model, by its place among the configuration's.
  public var model: Int
  /// What its replies cost together, in the unit of `model.bandit_cost`; nil where none came or it is not known.
  public var cost: Double?

  /// A model's part in a candidate.
  public init(model: Int, cost: Double? = nil) {
    self.model = model
    self.cost = cost
  }
}

/// An evaluation of a space's architecture that is cheaper than a whole one, which no archive takes for it.
public struct FidelityRequest: Codable, Sendable, Hashable {
  /// What it is called, such as `12 epochs`.
  public var name: String
  /// What it costs, and what a whole evaluation costs, in the same unit.
  public var cost: Int, fullCost: Int
  /// The validation accuracy, 0…1; nil where the evaluation failed.
  public var accuracy: Double?

  /// An evaluation.
  public init(name: String, cost: Int, fullCost: Int, accuracy: Double?) {
    self.name = name
    self.cost = cost
    self.fullCost = fullCost
    self.accuracy = accuracy
  }
}

/// A reply that became no network, and the exchange in which the model was told so.
public struct Repair: Codable, Sendable, Hashable {
  /// The key of the exchange.
  public var exchange: String
  /// What was wrong with the reply before it, as the model was told: the compiler's sentences with their lines.
  public var problem: String

  /// A repair.
  public init(exchange: String, problem: String) {
    self.exchange = exchange
    self.problem = problem
  }
}

/// A niche that a network was asked for in words.
public struct NicheRequest: Codable, Sendable, Hashable {
  /// The cell of the network archive.
  public var cell: Int
  /// In which direction it lies from the parent's niche: an axis and `higher` or `lower`, such as `macs lower`.
  public var direction: String
  /// What the network should be like, in words.
  public var wish: String
  /// Whether the niche was empty; else it held a weak elite.
  public var isEmpty: Bool
  /// Whether the network is in that niche; nil where none came to be.
  public var isHit: Bool?

  /// A request.
  public init(cell: Int, direction: String, wish: String, isEmpty: Bool, isHit: Bool? = nil) {
    self.cell = cell
    self.direction = direction
    self.wish = wish
    self.isEmpty = isEmpty
    self.isHit = isHit
  }
}

/// A mutation prompt that the model wrote out of another one.
public struct EvolvedPrompt: Codable, Sendable, Hashable {
  /// Its identifier: its parent's and the number of the candidate that it was written for, such as `improve.17`.
  public var id: String
  /// The prompt that it was written out of.
  public var parent: String
  /// The file's prompt that its line goes back to; it has that one's place in the prompt archive.
  public var root: String
  /// The instruction.
  public var text: String
  /// The key of the exchange in which it was written.
  public var exchange: String

  /// A prompt.
  public init(id: String, parent: String, root: String, text: String, exchange: String) {
    self.id = id
    self.parent = parent
    self.root = root
    self.text = text
    self.exchange = exchange
  }
}
