/// All that decides what a run does; with equal machines and replies, equal configurations give equal archives.
///
/// In YAML the keys are these names in snake case, such as `training_limit`. Whatever a file leaves out keeps
/// the default, which for the search is LLMatic's published value.
public struct RunConfiguration: Codable, Sendable, Hashable {
  /// The run's name; empty: made from the preset or file name.
  public var name = ""
  /// The seed of all random streams.
  public var seed = 1
  /// How many candidates are trained side by side, one thread each; 0: as many as there are cores.
  public var workers = 0
  /// What networks are trained on.
  public var data = DataSettings()
  /// How they are trained.
  public var training = TrainingSettings()
  /// The network archive.
  public var archive = ArchiveSettings()
  /// The archive's axes.
  public var descriptors = DescriptorSettings.llmatic
  /// The search.
  public var search = SearchSettings()
  /// Who writes the networks.
  public var model = ModelSettings()
  /// What a candidate may cost.
  public var limits = LimitSettings()

  /// The defaults: LLMatic on CIFAR-10 as published.
  public init() {}
}

/// What networks are trained on.
public struct DataSettings: Codable, Sendable, Hashable {
  /// The data set: `fashion-mnist`, `mnist`, `cifar-10` or `cifar-100`.
  public var name = "cifar-10"
  /// A folder or archive that holds it; empty: the usual places.
  public var path = ""
  /// The share of the training data that is held out to measure fitness, chosen by the seed.
  public var validationShare = 0.1
  /// Train on so many images of the training part at most; 0: all.
  public var trainingLimit = 0
  /// Measure fitness on so many images of the validation part at most; 0: all.
  public var validationLimit = 0

  /// The defaults.
  public init() {}
}

/// The network archive.
public struct ArchiveSettings: Codable, Sendable, Hashable {
  /// The kinds of archive.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case cvt, grid
  }

  /// The kind.
  public var kind = Kind.cvt
  /// How many niches a CVT archive has.
  public var cells = 100
  /// How many cells a grid has along each axis; empty: the `cells`' root along each.
  public var dimensions: [Int] = []

  /// The defaults: LLMatic's CVT of 100 niches.
  public init() {}
}

/// One axis of the archive.
public struct DescriptorSettings: Codable, Sendable, Hashable {
  /// The scales.
  public enum Scale: String, Codable, Sendable, CaseIterable {
    case linear, log
  }

  /// What is measured: one of `Descriptor`'s names.
  public var name = ""
  /// Where the axis begins; smaller values count as this one.
  public var lower = 0.0
  /// Where it ends; larger values count as this one.
  public var upper = 1.0
  /// How values are spread over it.
  public var scale = Scale.linear

  /// An axis.
  public init(name: String, lower: Double, upper: Double, scale: Scale = .linear) {
    self.name = name
    self.lower = lower
    self.upper = upper
    self.scale = scale
  }

  /// LLMatic's axes: width over depth 0–200, and 200 M to 5 G FLOPs (counted as fvcore does: MACs).
  public static let llmatic = [
    DescriptorSettings(name: "width_depth_ratio", lower: 0, upper: 200),
    DescriptorSettings(name: "macs", lower: 200e6, upper: 5e9),
  ]
}

/// LLMatic's search (arXiv 2306.01102, Algorithm 1); the defaults are the paper's values.
public struct SearchSettings: Codable, Sendable, Hashable {
  /// Generations, with those of the initialisation.
  public var generations = 20
  /// Candidates a generation.
  public var batch = 100
  /// So many networks in the network archive end the initialisation.
  public var initialNetworks = 10
  /// So many individuals in the prompt archive end it as well.
  public var initialPrompts = 20
  /// The probability that a generation mutates; otherwise it crosses over.
  public var mutationProbability = 0.7
  /// The probability that a mutation takes a random prompt and not the most curious one.
  public var randomPromptProbability = 0.25
  /// The temperature of prompts that have none yet.
  public var initialTemperature = 0.6
  /// By how much a prompt's temperature rises after a network that beat the last generation, or falls.
  public var temperatureStep = 0.05
  /// Half of the mutations ask with the temperature ± up to this.
  public var temperatureNoise = 0.1
  /// The temperature of crossovers.
  public var crossoverTemperature = 0.7
  /// How many niches the prompt archive has.
  public var promptCells = 100
  /// The share of candidates that the built-in rewriter writes though a model is there; an operator of its own.
  public var rewriterShare = 0.0
  /// No generation is begun that would probably end later than this after the start, in minutes; 0: no limit.
  ///
  /// A resumed run has the time anew.
  public var minutes = 0.0
  /// The run gives up after so many generations in a row without one valid network.
  public var patience = 3

  /// The defaults.
  public init() {}
}

/// Who writes the networks.
public struct ModelSettings: Codable, Sendable, Hashable {
  /// Where the author is looked for.
  public enum Provider: String, Codable, Sendable, CaseIterable {
    /// The environment's endpoint, else the local model, else the rewriter.
    case auto
    case openai, local, rewriter
  }

  /// In which form a model is asked for a network.
  public enum Form: String, Codable, Sendable, CaseIterable {
    /// Edits for the local model, whole programs for others.
    case auto
    case edits, program
  }

  /// Where the author is looked for.
  public var provider = Provider.auto
  /// The base URL of an OpenAI-compatible server; empty: `OPENAI_BASE_URL`.
  public var endpoint = ""
  /// The model's name; empty: `OPENAI_MODEL`, or the server's own.
  public var name = ""
  /// The environment variable that holds the key.
  public var keyVariable = "OPENAI_API_KEY"
  /// In which form it is asked.
  public var form = Form.auto
  /// The most tokens of a reply; 0: what suits the form.
  public var maximumTokens = 0
  /// The most edits of one reply.
  public var maximumEdits = 2
  /// Requests under way at once; 0: what suits the provider.
  public var concurrency = 0

  /// The defaults.
  public init() {}
}

/// What a candidate may cost; beyond that it is refused before any training.
public struct LimitSettings: Codable, Sendable, Hashable {
  /// The most trainable parameters.
  public var parameters = 50_000_000
  /// The most multiply-accumulates of one example.
  public var macs = 10_000_000_000
  /// The most memory that training one candidate may take, in MiB.
  public var memory = 4096

  /// The defaults.
  public init() {}
}
