import Training

extension RunConfiguration {
  /// The names of the built-in configurations, with a sentence each.
  public static let presets: [(name: String, summary: String)] = [
    ("quickstart", "a search on Fashion-MNIST that ends within ten minutes on two cores"),
    ("smoke", "a search of a minute on a few hundred Fashion-MNIST images, by the built-in rewriter"),
    ("llmatic", "LLMatic on CIFAR-10 as published: 2,000 candidates of 50 epochs; days on a CPU"),
    ("paper", "the same as llmatic"),
    ("reference-code", "what LLMatic's public code does otherwise than the paper, where that is no defect"),
    (
      "network-archive-only",
      "LLMatic's ablation: a fixed population of prompts in the prompt archive's place"
    ),
    ("prompt-archive-only", "LLMatic's ablation: the best 100 networks in the network archive's place"),
    ("mutation-only", "LLMatic's ablation without crossovers"),
    ("crossover-only", "LLMatic's ablation without mutations after the initialisation"),
    ("random-networks", "LLMatic's baseline: each network is made of the initial one, without a search"),
    ("regularized-evolution", "regularised evolution over the same changes, with an equal budget"),
    ("nas-bench-201", "a search in NAS-Bench-201's table, 300 evaluations in a moment; see --strategy"),
    (
      "nas-bench-201-h12",
      "trained as NAS-Bench-201 trains for 12 epochs on half of CIFAR-10, for 'niche train'"
    ),
    ("nas-bench-201-h200", "the same for 200 epochs"),
  ]

  /// The built-in configuration of that name, or nil.
  public static func preset(_ name: String) -> RunConfiguration? {
    switch name {
    case "quickstart": quickstart
    case "smoke": smoke
    case "llmatic", "paper": published(name) { _ in }
    case "reference-code": referenceCode
    case "network-archive-only": published(name) { $0.promptArchive = false }
    case "prompt-archive-only": published(name) { $0.networkArchive = false }
    case "mutation-only": published(name) { $0.mutationProbability = 1 }
    case "crossover-only": published(name) { $0.mutationProbability = 0 }
    case "random-networks": published(name) { $0.strategy = .random }
    case "regularized-evolution":
      published(name) {
        $0.strategy = .regularized
        // Real et al. 2019 draw 25 of 100.
        $0.tournamentSize = 25
      }
    case "nas-bench-201": search(of: .nasBench201)
    case "nas-bench-201-h12": nasBench201(name, epochs: 12)
    case "nas-bench-201-h200": nasBench201(name, epochs: 200)
    default: nil
    }
  }

  /// A search of a space: 300 evaluations by regularised evolution, on an archive over what architectures cost.
  static func search(of space: SpaceSettings.Name) -> RunConfiguration {
    var run = RunConfiguration()
    run.space.name = space
    guard run.isOfSpace else { return run }
    run.name = space.rawValue
    run.archive.kind = .grid
    run.descriptors = StudyArchive().descriptors
    run.budget.evaluations = 300
    return run
  }

  /// The training of NAS-Bench-201 (Dong & Yang 2020), with its halves of CIFAR-10's training images.
  private static func nasBench201(_ name: String, epochs: Int) -> RunConfiguration {
    var run = RunConfiguration()
    run.name = name
    run.data.name = "cifar-10"
    run.data.validationShare = 0.5
    run.training.epochs = epochs
    run.training.batchSize = 256
    run.training.optimizer = .sgd
    run.training.learningRate = 0.1
    run.training.momentum = 0.9
    run.training.nesterov = true
    run.training.weightDecay = 5e-4
    run.training.schedule = .cosinePerEpoch
    run.training.cropPadding = 4
    run.training.flip = true
    return run
  }

  /// The published search, 20 generations of 100 on CIFAR-10, with something else.
  private static func published(_ name: String, _ change: (inout SearchSettings) -> Void) -> RunConfiguration
  {
    var run = RunConfiguration()
    run.name = name
    change(&run.search)
    return run
  }

  /// What LLMatic's public code (its main branch of 2024) does otherwise than the paper, as far as it is a choice.
  ///
  /// Its defects are not reproduced: descriptors that are not normalised, so that nearly all networks share a niche;
  /// curiosity that begins at 0 each time; children that cannot be trained being replaced by their parents; crossovers
  /// that end in an index out of range, or enter the prompt archive; accuracy on the test set as fitness; networks of
  /// the initialisation that are not trained; texts that end at the first `return`.
  private static var referenceCode: RunConfiguration {
    var run = published("reference-code") { search in
      search.mutationProbability = 0.85
      search.generations = 200
      search.batch = 40
      search.parents = .top
      search.promptChoice = .top
      search.topCount = 3
      search.randomPromptProbability = 0
      search.crossoverNetworks = 0
      search.mutations = [
        "add-layer", "delete-layer", "improve", "shrink", "grow", "add-linear", "add-convolution",
        "add-pooling", "add-residual", "add-residuals", "add-dropout", "add-normalization",
        "add-recurrent",
      ]
    }
    run.training.batchSize = 1
    run.training.inheritance = .matching
    run.model.form = .completion
    return run
  }

  private static var quickstart: RunConfiguration {
    var run = RunConfiguration()
    run.name = "quickstart"
    run.data.name = "fashion-mnist"
    run.data.trainingLimit = 30_000
    run.data.validationLimit = 3_000
    run.training.epochs = 3
    run.training.optimizer = .adam
    run.training.learningRate = 0.003
    run.training.schedule = .cosine
    run.archive.kind = .grid
    run.archive.dimensions = [8, 8]
    run.descriptors = [
      DescriptorSettings(name: "width_depth_ratio", lower: 0.5, upper: 128, scale: .log),
      DescriptorSettings(name: "macs", lower: 5_000, upper: 6_000_000, scale: .log),
    ]
    run.search.generations = 10
    run.search.minutes = 8
    run.search.batch = 10
    run.search.initialNetworks = 6
    run.search.rewriterShare = 0.3
    run.limits.parameters = 4_000_000
    run.limits.macs = 6_000_000
    run.limits.memory = 1024
    return run
  }

  private static var smoke: RunConfiguration {
    var run = quickstart
    run.name = "smoke"
    run.search.minutes = 0
    run.data.trainingLimit = 500
    run.data.validationLimit = 200
    run.training.epochs = 1
    run.search.generations = 3
    run.search.batch = 6
    run.search.initialNetworks = 3
    run.model.provider = .rewriter
    run.limits.macs = 1_000_000
    return run
  }
}
