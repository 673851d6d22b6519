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
  /// The space that is searched in the place of networks written as code.
  public var space = SpaceSettings()
  /// The search.
  public var search = SearchSettings()
  /// Who writes the networks.
  public var model = ModelSettings()
  /// Several models that write together; empty: the one that `model` names.
  public var models: [ModelServerSettings] = []
  /// What a candidate may cost.
  public var limits = LimitSettings()
  /// What the run may cost.
  public var budget = BudgetSettings()

  /// The defaults: LLMatic on CIFAR-10 as published.
  public init() {}

  /// Reads a configuration; what runs of earlier versions did not say keeps its default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    seed = try container.decode(Int.self, forKey: .seed)
    workers = try container.decode(Int.self, forKey: .workers)
    data = try container.decode(DataSettings.self, forKey: .data)
    training = try container.decode(TrainingSettings.self, forKey: .training)
    archive = try container.decode(ArchiveSettings.self, forKey: .archive)
    descriptors = try container.decode([DescriptorSettings].self, forKey: .descriptors)
    space = try container.decodeIfPresent(SpaceSettings.self, forKey: .space) ?? space
    search = try container.decode(SearchSettings.self, forKey: .search)
    model = try container.decode(ModelSettings.self, forKey: .model)
    models = try container.decodeIfPresent([ModelServerSettings].self, forKey: .models) ?? models
    limits = try container.decode(LimitSettings.self, forKey: .limits)
    budget = try container.decodeIfPresent(BudgetSettings.self, forKey: .budget) ?? budget
  }
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

/// One axis of the archive.
public struct DescriptorSettings: Codable, Sendable, Hashable {
  /// The scales.
  public enum Scale: String, Codable, Sendable, CaseIterable {
    case linear, log
  }

  /// What the axis is called; where there is no formula, what is measured.
  public var name = ""
  /// What is measured, such as `log10(macs)`; empty: the name.
  ///
  /// `Descriptor` says what a formula may be.
  public var formula = ""
  /// Where the axis begins; smaller values count as this one.
  public var lower = 0.0
  /// Where it ends; larger values count as this one.
  public var upper = 1.0
  /// How values are spread over it.
  public var scale = Scale.linear
  /// How many cells a grid has along it; 0: what `archive` says.
  public var bins = 0
  /// The names of categories, which the values number from 0; then bounds, scale and bins say nothing.
  public var categories: [String] = []

  /// An axis.
  public init(
    name: String, formula: String = "", lower: Double, upper: Double, scale: Scale = .linear, bins: Int = 0
  ) {
    self.name = name
    self.formula = formula
    self.lower = lower
    self.upper = upper
    self.scale = scale
    self.bins = bins
  }

  /// An axis of categories.
  public init(name: String, formula: String = "", categories: [String]) {
    self.name = name
    self.formula = formula
    self.categories = categories
  }

  /// The category that a measure on the axis stands for; nil where it has none, or none of that number.
  public func category(of measure: Double) -> String? {
    Int(exactly: measure).flatMap { categories.indices.contains($0) ? categories[$0] : nil }
  }

  /// LLMatic's axes: width over depth 0–200, and 200 M to 5 G FLOPs (counted as fvcore does: MACs).
  public static let llmatic = [
    DescriptorSettings(name: "width_depth_ratio", lower: 0, upper: 200),
    DescriptorSettings(name: "macs", lower: 200e6, upper: 5e9),
  ]

  /// Reads an axis; what runs of earlier versions did not say keeps its default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    formula = try container.decodeIfPresent(String.self, forKey: .formula) ?? ""
    lower = try container.decode(Double.self, forKey: .lower)
    upper = try container.decode(Double.self, forKey: .upper)
    scale = try container.decode(Scale.self, forKey: .scale)
    bins = try container.decodeIfPresent(Int.self, forKey: .bins) ?? 0
    categories = try container.decodeIfPresent([String].self, forKey: .categories) ?? []
  }
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
