/// What another training of a candidate with other random numbers gave.
public struct CandidateScore: Codable, Sendable, Hashable {
  /// Whose.
  public var candidate: Int
  /// Which score of it, from 1; 0 is the candidate's fitness.
  public var number: Int
  /// The generation in which it was contested.
  public var generation: Int
  /// The validation accuracy after the last epoch, 0…1; 0 where the training failed.
  public var fitness: Double
  /// How many images were trained on, repetitions counted.
  public var imagesSeen: Int
  /// Wall-clock seconds of training and validation on one thread.
  public var seconds: Double
  /// Why the training failed: one sentence.
  public var reason: String?

  /// A score.
  public init(
    candidate: Int, number: Int, generation: Int, fitness: Double, imagesSeen: Int, seconds: Double,
    reason: String? = nil
  ) {
    self.candidate = candidate
    self.number = number
    self.generation = generation
    self.fitness = fitness
    self.imagesSeen = imagesSeen
    self.seconds = seconds
    self.reason = reason
  }
}

/// The further scores of a run's candidates, by their numbers.
public struct ScoreTable: Sendable, Hashable {
  private var scores: [Int: [Int: Double]] = [:]

  /// No scores.
  public init() {}

  /// Those scores.
  public init(_ scores: some Sequence<CandidateScore>) {
    for score in scores { self.scores[score.candidate, default: [:]][score.number] = score.fitness }
  }

  /// Adds a score.
  mutating func add(_ score: CandidateScore) {
    scores[score.candidate, default: [:]][score.number] = score.fitness
  }

  /// A further score of a candidate; nil where it was not taken.
  public subscript(candidate: Int, number: Int) -> Double? { scores[candidate]?[number] }

  /// The further scores of a candidate in their order, from number 1.
  public func further(of candidate: Int) -> [Double] {
    guard let known = scores[candidate] else { return [] }
    return (1...max(1, known.count)).compactMap { known[$0] }
  }
}
