/// What may be chosen of CoLLM-NAS (arXiv 2509.26037): the switches of its ablation, and what it leaves open.
public struct CoLLMSettings: Sendable, Hashable {
  /// The Navigator, who remembers all that was said.
  public var navigator = RoleSettings(remembers: true)
  /// The Generator, who sees the present strategy alone.
  public var generator = RoleSettings(remembers: false)
  /// Whether one model does both in one conversation (the paper's SiLLM-NAS); the Navigator's settings hold then.
  public var isSingle = false
  /// How many architectures the Generator is asked for.
  public var candidates = 10...20
  /// The most rounds of the loop; nil: as many as the budget allows.
  public var iterations: Int?
  /// The search ends after so many rounds in a row without a new architecture.
  public var patience = 5
  /// How often a request is asked anew that failed in passing or got an empty reply.
  public var retries = 2
  /// What the models are told to reach; nil: nothing.
  public var target: Double?
  /// What the models are told must hold, such as `macs < 1e8`; empty: nothing.
  public var constraint = ""
  /// Whether the models are told what of the last reply was illegal or known; the paper says nothing of it.
  public var tellsMistakes = false
  /// How options are called.
  public var naming = SpaceVocabulary.Naming.original
  /// What the models are told that fitness is.
  public var measure = "accuracy"
  /// The figures that they are shown of each architecture, beside its fitness; what the space does not have is left out.
  public var figures = ["parameters", "macs"]
  /// Whether the Generator's replies are held to a JSON schema.
  public var usesSchema = true

  /// The paper's: the Navigator remembers, the Generator does not, both at a temperature of 0.6.
  public init() {}

  /// The same with the search's own target and constraint.
  public init(_ search: SpaceSearchSettings) {
    target = search.target
    constraint = search.constraint
  }
}
