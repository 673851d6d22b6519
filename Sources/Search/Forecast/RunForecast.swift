public import LanguageModels

/// What a run will about take, told before anything is paid for.
///
/// Each amount is an interval. Where earlier runs say little its ends are far apart, and `basis` says what it rests on.
public struct RunForecast: Codable, Sendable, Hashable {
  /// An expected amount between two ends.
  public typealias Interval = ChatForecast.Interval

  /// What a forecast rests on.
  public struct Basis: Codable, Sendable, Hashable {
    /// Candidates of earlier runs on the same data with the same training and kind of author.
    public var earlierCandidates: Int
    /// Networks that the rewriter made for the forecast, and that were timed here.
    public var sampleNetworks: Int
    /// Exchanges of earlier runs with the same model.
    public var exchanges: Int
  }

  /// Who would write the networks, and why.
  public var author: String
  /// The candidates of all generations.
  public var candidates: Int
  /// Candidates that would be trained: those that compile, are within the limits and no repetition.
  public var evaluations: Interval
  /// What the language model would take; nil without one.
  public var chat: ChatForecast?
  /// Seconds of training, summed over threads.
  public var trainingSeconds: Interval
  /// Minutes from beginning to end; nil where nothing is known of how fast the model answers.
  public var minutes: Interval?
  /// What this rests on.
  public var basis: Basis
  /// Which limits would end the run before its last generation, a sentence each.
  public var limits: [String]
}

/// What earlier runs tell of one to come.
public struct ForecastHistory: Sendable {
  /// Candidates that were proposed, on the same data with the same training and kind of author.
  public var proposed = 0
  /// Those of them that were trained.
  public var evaluated = 0
  /// What each of these took, in seconds.
  public var trainingSeconds: [Double] = []
  /// Exchanges with the models that would be asked, in which they were asked for networks.
  public var exchanges: [ChatExchange] = []
  /// Those in which they were told of their mistakes.
  public var repairs: [ChatExchange] = []
  /// Those in which they wrote prompts.
  public var prompts: [ChatExchange] = []
  /// Candidates that they wrote where they were told as many times at most.
  public var repairable = 0
  /// How often they were told in all.
  public var repairRounds = 0

  /// No history.
  public init() {}

  /// The fewest candidates, and the fewest exchanges, that tell more than a sample made here.
  static let fewest = 20
}
