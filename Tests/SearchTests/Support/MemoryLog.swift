import LanguageModels
import QualityDiversity
import Search
import Synchronization

/// A run's log in memory that can be made to break at any write, as a killed process or a full disk would.
final class MemoryLog: RunLog {
  struct Content: Sendable {
    var exchanges: [String: ChatExchange] = [:]
    var candidates: [Int: CandidateRecord] = [:]
    var scores: [CandidateScore] = []
    var weights: [Int: [UInt8]] = [:]
    var generations: [GenerationRecord] = []
    /// Candidates that were stored more than once.
    var repeatedCandidates: [Int] = []
    /// Exchanges that were stored more than once.
    var repeatedExchanges: [String] = []
    var writes = 0
    var writesLeft: Int?
  }

  static let failure = RunLogError("The disk is full.")
  private let content: Mutex<Content>

  init(_ content: Content = Content()) { self.content = Mutex(content) }

  /// What it holds.
  var now: Content { content.withLock { $0 } }

  /// A log that holds the same and breaks after so many writes; never if nil.
  func copy(breakingAfter writes: Int? = nil) -> MemoryLog {
    var copy = now
    copy.writes = 0
    copy.writesLeft = writes
    copy.repeatedCandidates = []
    copy.repeatedExchanges = []
    return MemoryLog(copy)
  }

  func change(_ body: (inout Content) -> Void) { content.withLock { body(&$0) } }

  private func write(_ body: (inout sending Content) -> Void) throws(RunLogError) {
    let isBroken = content.withLock { content in
      if content.writesLeft == 0 { return true }
      content.writesLeft = content.writesLeft.map { $0 - 1 }
      content.writes += 1
      body(&content)
      return false
    }
    if isBroken { throw Self.failure }
  }

  func exchange(forKey key: String) async throws(RunLogError) -> ChatExchange? {
    content.withLock { $0.exchanges[key] }
  }

  func record(_ exchange: ChatExchange, candidate: Int) async throws(RunLogError) {
    try write { content in
      if content.exchanges.updateValue(exchange, forKey: exchange.key) != nil {
        content.repeatedExchanges.append(exchange.key)
      }
    }
  }

  func record(_ candidate: CandidateRecord, weights: [UInt8]?) async throws(RunLogError) {
    try write { content in
      if content.candidates.updateValue(candidate, forKey: candidate.id) != nil {
        content.repeatedCandidates.append(candidate.id)
      }
      content.weights[candidate.id] = weights
    }
  }

  func record(_ score: CandidateScore) async throws(RunLogError) {
    try write { content in content.scores.append(score) }
  }

  func scores() async throws(RunLogError) -> [CandidateScore] {
    content.withLock { $0.scores.sorted { ($0.candidate, $0.number) < ($1.candidate, $1.number) } }
  }

  func candidates() async throws(RunLogError) -> [CandidateRecord] {
    content.withLock { $0.candidates.values.sorted { $0.id < $1.id } }
  }

  func weights(of candidate: Int) async throws(RunLogError) -> [UInt8]? {
    content.withLock { $0.weights[candidate] }
  }

  func commit(_ generation: GenerationRecord) async throws(RunLogError) {
    try write { content in
      content.generations.append(generation)
      let kept = Set(generation.networks.map(\.candidate) + (generation.remembered ?? []))
      content.weights = content.weights.filter { kept.contains($0.key) }
    }
  }

  func generations() async throws(RunLogError) -> [GenerationRecord] { content.withLock { $0.generations } }
}

extension MemoryLog.Content {
  /// All that must be equal between two runs of one seed: everything but measured seconds.
  var repeatable: [CandidateRecord] {
    candidates.values.sorted { $0.id < $1.id }.map { record in
      var record = record
      record.evaluation?.seconds = 0
      return record
    }
  }
}
