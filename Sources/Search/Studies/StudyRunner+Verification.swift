import Synchronization

/// Whether the kept searches of a study are what the table gives.
public struct StudyVerification: Codable, Sendable, Hashable {
  /// How many searches of the study are kept.
  public var kept: Int
  /// How many of them were run again.
  public var checked: Int
  /// How many kept lines are of other arms, data sets, seeds or tables, of which this study says nothing.
  public var others: Int
  /// The first search that is not what the table gives: one sentence.
  public var fault: String?

  /// Whether all searches that were run again gave what is kept.
  public var holds: Bool { fault == nil }
}

extension StudyRunner {
  /// Runs all kept searches of the study again, and compares them with what is kept.
  ///
  /// - Parameters:
  ///   - workers: how many run side by side.
  ///   - stop: raised, no further search is begun.
  ///   - progress: told how many are finished, and of how many.
  /// - Throws: where a search cannot be run again.
  public func verify(
    _ log: StudyLog, workers: Int, stop: StopFlag = StopFlag(),
    progress: @escaping @Sendable (_ finished: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws(SearchError) -> StudyVerification {
    let known = log.cells
    let jobs = try jobs().filter { known[$0.key] != nil }
    let queue = VerificationQueue(count: jobs.count)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, workers) {
        group.addTask { [self] in
          while !stop.isRaised, let place = queue.next() {
            let job = jobs[place]
            do throws(SearchError) {
              let cell = try await job.task.cell(
                job.arm, seed: job.seed, study: study, archive: archive, key: job.key, models: models)
              let fault = known[job.key].flatMap { $0.difference(from: cell) }
              progress(queue.finish(place, fault), jobs.count)
            } catch {
              return queue.fail(error)
            }
          }
        }
      }
    }
    let verified = queue.verified
    if let error = verified.error { throw error }
    return StudyVerification(
      kept: jobs.count, checked: verified.finished, others: known.count - jobs.count,
      fault: verified.faults.min { $0.key < $1.key }?.value)
  }
}

/// The searches that are to be run again, and what came of those that were.
private final class VerificationQueue: Sendable {
  struct Verified: Sendable {
    var started = 0
    var finished = 0
    var faults: [Int: String] = [:]
    var error: SearchError?
  }

  private let state = Mutex(Verified())
  private let count: Int

  init(count: Int) { self.count = count }

  /// The next one; nil where there is none, or one could not be run.
  func next() -> Int? {
    state.withLock { state in
      guard state.error == nil, state.started < count else { return nil }
      state.started += 1
      return state.started - 1
    }
  }

  func finish(_ place: Int, _ fault: String?) -> Int {
    state.withLock { state in
      state.finished += 1
      if let fault { state.faults[place] = fault }
      return state.finished
    }
  }

  func fail(_ error: SearchError) { state.withLock { $0.error = $0.error ?? error } }
  var verified: Verified { state.withLock { $0 } }
}

extension StudyCell {
  /// The first thing in which a kept search is not the same search run again: one sentence; nil where there is none.
  func difference(from truth: StudyCell) -> String? {
    let name = "the search of '\(truth.arm)' on \(truth.data) with seed \(truth.seed)"
    guard (arm, data, seed) == (truth.arm, truth.data, truth.seed) else {
      return "\(name) is kept as that of '\(arm)' on \(data) with seed \(seed)"
    }
    guard steps.count == truth.steps.count, marks.count == truth.marks.count else {
      return
        "\(name) is kept with \(steps.count) changes of the best and \(marks.count) budgets, but the table gives "
        + "\(truth.steps.count) and \(truth.marks.count)"
    }
    for (step, other) in zip(steps, truth.steps) where step != other {
      return
        "\(name) has \(step.validation) in validation, \(step.test) in test, by cell \(step.place) after "
        + "\(step.spent) evaluations, but the table gives \(other.validation), \(other.test) by cell \(other.place) "
        + "after \(other.spent)"
    }
    for (mark, other) in zip(marks, truth.marks) where mark != other {
      return
        "\(name) has \(mark.elites) elites of QD score \(mark.qdScore) at \(mark.evaluations) evaluations, of "
        + "which \(mark.full) full, but the table gives \(other.elites) of \(other.qdScore) at \(other.evaluations), "
        + "\(other.full) full"
    }
    return nil
  }
}
