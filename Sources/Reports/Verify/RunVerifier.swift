public import RunStore
public import Search

/// Recomputes a run from its log and holds the file against that.
public struct RunVerifier: Sendable {
  typealias Disagreement = RunVerification.Disagreement

  /// A run's search, which is gone through again.
  public enum Replay: Sendable {
    /// A strategy that asks for code, and is told the stored candidates.
    case strategy(any Strategy)
    /// A search of a space, which gives all candidates anew.
    case space(any SpaceGenerationSource)
  }

  /// How far verifying is.
  public struct Progress: Sendable, Hashable {
    /// The part under way.
    public var part: RunVerification.Part
    /// How many of its rows are done.
    public var done: Int
    /// How many there are.
    public var total: Int
  }

  let store: RunStore
  let run: RunSnapshot
  private let replay: Replay
  private let isQuick: Bool
  private let stop: StopFlag
  private let report: @Sendable (Progress) -> Void

  /// A verifier of the run as it is now, also where a search goes on writing it.
  ///
  /// - Parameters:
  ///   - replay: the run's search, which has not begun.
  ///   - isQuick: whether sources are not compiled.
  ///   - stop: raised by whoever wants to know no more.
  /// - Throws: where the file cannot be read.
  public init(
    _ store: RunStore, replay: Replay, isQuick: Bool = false, stop: StopFlag = StopFlag(),
    report: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(RunLogError) {
    self.store = try store.atThisMoment()
    run = try await RunSnapshot(self.store)
    self.replay = replay
    self.isQuick = isQuick
    self.stop = stop
    self.report = report
  }

  /// What an interrupted verification throws.
  public struct Stopped: Error {}

  /// Verifies part after part, up to the first thing that does not hold.
  ///
  /// - Throws: `Stopped`, `SearchError` or `RunLogError` where it cannot be said whether the run holds.
  public func verify() async throws -> RunVerification {
    var result = RunVerification(
      run: run.header.name, holds: true, checks: [], disagreement: nil, notes: [])
    for part in RunVerification.Part.allCases {
      if isQuick, part == .networks {
        result.notes.append(
          "Sources were not compiled, so neither hashes nor the shapes of weights were held against them.")
        continue
      }
      var counter = Counter(part: part, stop: stop, report: report)
      do {
        switch part {
        case .file: try verifyFile(&counter)
        case .candidates: if case .strategy = replay { try verifyCandidates(&counter) }
        case .networks: try await verifyNetworks(&counter, notes: &result.notes)
        case .exchanges: try await verifyExchanges(&counter)
        case .generations:
          switch replay {
          case .strategy(let strategy): try verifyGenerations(strategy, &counter)
          case .space(let source): try await verifyGenerations(source, &counter)
          }
        case .elites: try verifyElites(&counter, notes: &result.notes)
        case .weights:
          try await verifyWeights(&counter, compiles: !isQuick, notes: &result.notes)
        }
      } catch let disagreement as Disagreement {
        (result.holds, result.disagreement) = (false, disagreement)
      }
      result.checks.append(RunVerification.Check(part: part, count: counter.count))
      if !result.holds { break }
    }
    return result
  }

  private func verifyFile(_ counter: inout Counter) throws {
    if let fault = try store.firstFault() {
      throw Disagreement(
        table: fault.table, row: fault.row, states: fault.states, expected: fault.expected)
    }
    try counter.add(run.candidates.count + run.generations.count, of: 0)
  }
}

/// Counts what was looked at, tells of it now and then, and ends where somebody asks to.
struct Counter {
  let part: RunVerification.Part
  let stop: StopFlag
  let report: @Sendable (RunVerifier.Progress) -> Void
  private(set) var count = 0

  init(
    part: RunVerification.Part, stop: StopFlag, report: @escaping @Sendable (RunVerifier.Progress) -> Void
  ) {
    self.part = part
    self.stop = stop
    self.report = report
  }

  mutating func add(_ more: Int = 1, of total: Int) throws {
    count += more
    if count & 0xF == 0 || part == .networks {
      report(RunVerifier.Progress(part: part, done: count, total: total))
    }
    if stop.isRaised { throw RunVerifier.Stopped() }
  }
}
