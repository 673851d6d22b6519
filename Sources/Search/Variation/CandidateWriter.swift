public import TorchFrontend

/// What came of asking for a network, before anything is paid for it.
public struct Draft: Sendable, Hashable {
  /// The source, with edits and healing applied; nil where none came to be.
  public var source: String?
  /// Who wrote it.
  public var author: CandidateOrigin.Author
  /// In which form.
  public var form: CandidateOrigin.Form
  /// The key of the exchange with the model.
  public var exchange: String?
  /// What the model was asked again since its reply became no network.
  public var repairs: [Repair] = []
  /// The prompt that the model wrote for it.
  public var prompt: EvolvedPrompt?
  /// What the model's replies cost together, in the unit of `model.bandit_cost`; nil where that is not known.
  public var cost: Double?
  /// Why there is no source: one sentence.
  public var reason: String?
  /// The edits that were applied, a sentence each.
  public var applied: [String] = []
  /// The edits that were refused, a sentence each.
  public var refusedEdits: [String] = []
}

/// What networks are searched for: the shape of the images and the number of classes.
public struct ImageTask: Sendable, Hashable {
  /// Channels of an image.
  public var channels: Int
  /// Rows of an image.
  public var height: Int
  /// Columns of an image.
  public var width: Int
  /// How many classes there are.
  public var classes: Int

  /// A task.
  public init(channels: Int, height: Int, width: Int, classes: Int) {
    self.channels = channels
    self.height = height
    self.width = width
    self.classes = classes
  }

  /// How a network for this task is compiled.
  public func options(batch: Int, isTraining: Bool) -> CompilationOptions {
    CompilationOptions(
      inputShape: [batch, channels, height, width], classCount: classes, isTraining: isTraining)
  }

  /// The grammar that whole programs may be held to.
  public var grammar: String {
    NetworkGrammar.gbnf(channels: channels, size: min(height, width), classes: classes)
  }

  /// The names of the variables that prompts may use for any task.
  public static let variableNames: Set = ["channels", "height", "width", "classes", "features", "shape"]

  /// The values of the variables that prompts use for it.
  public var variables: [String: String] {
    [
      "channels": "\(channels)", "height": "\(height)", "width": "\(width)", "classes": "\(classes)",
      "features": "\(height * width)", "shape": "(N, \(channels), \(height), \(width))",
    ]
  }
}

/// Writes networks: a language model or the built-in rewriter.
public protocol CandidateWriter: Sendable {
  /// Writes the network that the proposal asks for, given its parents' sources and the elites to show.
  ///
  /// - Throws: where the author cannot be reached or the run's file cannot be written; what is merely no network
  ///   comes back as a draft with a reason.
  func draft(
    for proposal: Proposal, sources: [String], inspirations: [Inspiration]
  ) async throws(SearchError) -> Draft
}

extension CandidateWriter {
  /// Writes the network that the proposal asks for, given its parents' sources.
  ///
  /// - Throws: as `draft(for:sources:inspirations:)`.
  public func draft(for proposal: Proposal, sources: [String]) async throws(SearchError) -> Draft {
    try await draft(for: proposal, sources: sources, inspirations: [])
  }
}

/// An elite of a neighbouring niche, as an author is shown it.
public struct Inspiration: Sendable, Hashable {
  /// Its source.
  public var source: String
  /// Its figures in words, such as `validation accuracy 81.2 %, 0.6 M parameters`.
  public var figures: String

  /// An inspiration.
  public init(source: String, figures: String) {
    self.source = source
    self.figures = figures
  }

  /// The inspiration that a candidate is; nil where it has no source.
  init?(_ record: CandidateRecord) {
    guard let source = record.source, let network = record.description else { return nil }
    var words = [
      "\(NicheWords.count(Double(network.parameters))) parameters",
      "\(NicheWords.count(Double(network.macs))) MACs", "width \(network.width)", "depth \(network.depth)",
    ]
    if let fitness = record.fitness {
      words.insert("validation accuracy \(NicheWords.decimal(100 * fitness, digits: 1)) %", at: 0)
    }
    self.init(source: source, figures: words.joined(separator: ", "))
  }
}
