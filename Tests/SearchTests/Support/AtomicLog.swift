import LanguageModels
import Search
import Synchronization

/// A log in memory that stores a generation with its candidates at once or not at all, as a run's file does, and that can
/// be made to break.
final class AtomicLog: RunLog {
  private struct State {
    var exchanges: [String: (candidate: Int, exchange: ChatExchange)] = [:]
    var records: [CandidateRecord] = []
    var generations: [GenerationRecord] = []
    var left: Int?
  }

  private let state: Mutex<State>

  /// An empty log that breaks after so many writes; never if nil.
  init(breakingAfter writes: Int? = nil) { state = Mutex(State(left: writes)) }

  /// From now on it does not break.
  func mend() { state.withLock { $0.left = nil } }

  var exchanges: [String: ChatExchange] { state.withLock { $0.exchanges.mapValues(\.exchange) } }
  var candidatesOfExchanges: Set<Int> { state.withLock { Set($0.exchanges.values.map(\.candidate)) } }

  private func write(_ body: (inout sending State) -> Void) throws(RunLogError) {
    let isBroken = state.withLock { state in
      if state.left == 0 { return true }
      state.left = state.left.map { $0 - 1 }
      body(&state)
      return false
    }
    if isBroken { throw RunLogError("The disk is full.") }
  }

  func exchange(forKey key: String) async throws(RunLogError) -> ChatExchange? {
    state.withLock { $0.exchanges[key]?.exchange }
  }
  func record(_ exchange: ChatExchange, candidate: Int) async throws(RunLogError) {
    try write { $0.exchanges[exchange.key] = (candidate, exchange) }
  }
  func record(_ candidate: CandidateRecord, weights: [UInt8]?) async throws(RunLogError) {
    try write { $0.records.append(candidate) }
  }
  func candidates() async throws(RunLogError) -> [CandidateRecord] { state.withLock { $0.records } }
  func weights(of candidate: Int) async throws(RunLogError) -> [UInt8]? { nil }
  func record(_ score: CandidateScore) async throws(RunLogError) {
    throw RunLogError("Nothing is trained again in a space.")
  }
  func scores() async throws(RunLogError) -> [CandidateScore] { [] }
  func commit(_ generation: GenerationRecord) async throws(RunLogError) {
    try await commit(generation, with: [])
  }
  func commit(
    _ generation: GenerationRecord, with candidates: [CandidateRecord]
  ) async throws(RunLogError) {
    try write { state in
      state.records += candidates
      state.generations.append(generation)
    }
  }
  func generations() async throws(RunLogError) -> [GenerationRecord] { state.withLock { $0.generations } }
}
