import Foundation
import LanguageModels
import RandomStreams
public import SearchSpaces
import Synchronization

/// Runs the searches of a study side by side, and keeps each as soon as it is finished.
public struct StudyRunner<Space: ChoiceSpace>: Sendable {
  /// What is run.
  public let study: StudyConfiguration
  /// The data sets.
  public let tasks: [StudyTask<Space>]
  /// The archive that all searches fill.
  public let archive: SpaceArchive
  /// What tells the table from others.
  private let tableHash: String
  private(set) var models: StudyModels?

  /// A study over data sets.
  ///
  /// - Parameters:
  ///   - tableHash: what tells the table from others, so that searches in another one are not taken for these.
  ///   - models: what arms that speak with models need.
  /// - Throws: where the archive does not fit the space.
  public init(
    _ study: StudyConfiguration, tasks: [StudyTask<Space>], tableHash: String, models: StudyModels? = nil
  ) throws(SearchError) {
    self.models = models
    self.models?.roles = study.modelRoles
    self.study = study
    self.tasks = tasks
    self.tableHash = tableHash
    archive = try SpaceArchive(
      descriptors: study.archive.descriptors, dimensions: study.archive.descriptors.map(\.bins),
      figureNames: tasks.first?.evaluator.space.figureNames ?? [])
  }

  /// A search of the study.
  struct Job: Sendable {
    var arm: StudyArm
    var task: StudyTask<Space>
    var seed: Int
    var key: String
  }

  /// The searches of the study: seed by seed, so that a study that is stopped has something of every arm.
  func jobs() throws(SearchError) -> [Job] {
    var jobs: [Job] = []
    for seed in study.firstSeed..<(study.firstSeed + study.seeds) {
      for task in tasks {
        for arm in study.arms {
          jobs.append(Job(arm: arm, task: task, seed: seed, key: try key(arm, task, seed)))
        }
      }
    }
    return jobs
  }

  private struct Identity: Encodable {
    var version = 1
    var arm: StudyArm
    var data: String
    var seed: Int
    var budgets: [Int]
    var constraint: String
    var archive: StudyArchive
    var space: String
    var family: String
    var table: String
    var model: String?
    /// The roles of several models, in their order.
    var roles: [String]?
  }

  private func key(_ arm: StudyArm, _ task: StudyTask<Space>, _ seed: Int) throws(SearchError) -> String {
    let identity = Identity(
      arm: arm, data: task.name, seed: seed, budgets: study.budgets, constraint: study.constraint,
      archive: study.archive, space: study.space.rawValue, family: study.family.rawValue, table: tableHash,
      model: arm.strategy.asksModel ? models?.model?.identity.model : nil,
      roles: arm.strategy.asksModel ? models?.roles?.servers.map(\.role.rawValue) : nil)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    do {
      return StableHash.hexadecimal128(String(decoding: try encoder.encode(identity), as: UTF8.self))
    } catch {
      throw SearchError("The study cannot be encoded: \(error).")
    }
  }

  /// The searches that are to be run, and how far they are.
  private final class Queue: Sendable {
    private let state: Mutex<(next: Int, finished: Int, error: SearchError?)>
    private let jobs: [Job]
    let total: Int

    init(_ jobs: [Job], of total: Int) {
      self.jobs = jobs
      self.total = total
      state = Mutex((0, total - jobs.count, nil))
    }

    /// The next one; nil where there is none, or one could not be run.
    func next() -> Job? {
      state.withLock { state in
        guard state.error == nil, state.next < jobs.count else { return nil }
        defer { state.next += 1 }
        return jobs[state.next]
      }
    }

    func finish() -> Int {
      state.withLock { state in
        state.finished += 1
        return state.finished
      }
    }

    func fail(_ error: SearchError) { state.withLock { $0.error = $0.error ?? error } }
    var error: SearchError? { state.withLock { $0.error } }
  }

  private func work(
    _ queue: Queue, log: StudyLog, stop: StopFlag, progress: @Sendable (Int, Int) -> Void
  ) async {
    while !stop.isRaised, let job = queue.next() {
      do throws(SearchError) {
        try log.append(
          try await job.task.cell(
            job.arm, seed: job.seed, study: study, archive: archive, key: job.key, models: models))
      } catch {
        return queue.fail(error)
      }
      progress(queue.finish(), queue.total)
    }
  }

  /// Runs what the log does not have, and returns all searches by arm, data set and seed.
  ///
  /// - Parameters:
  ///   - workers: how many run side by side.
  ///   - stop: raised, no further search is begun.
  ///   - progress: told how many are finished, and of how many.
  /// - Returns: the searches, and whether they are all there.
  /// - Throws: where a search cannot begin, or the log cannot be written.
  public func run(
    log: StudyLog, workers: Int, stop: StopFlag = StopFlag(),
    progress: @escaping @Sendable (_ finished: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws(SearchError) -> (cells: [StudyCell], isComplete: Bool) {
    let jobs = try jobs()
    let known = log.cells
    let missing = jobs.filter { known[$0.key] == nil }
    let queue = Queue(missing, of: jobs.count)
    progress(jobs.count - missing.count, jobs.count)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, workers) {
        group.addTask { [self] in await work(queue, log: log, stop: stop, progress: progress) }
      }
    }
    if let error = queue.error { throw error }
    let cells = log.cells
    let order = Dictionary(
      study.arms.enumerated().map { ($1.title, $0) }, uniquingKeysWith: { first, _ in first })
    let found = jobs.compactMap { cells[$0.key] }.sorted {
      (order[$0.arm] ?? 0, $0.data, $0.seed) < (order[$1.arm] ?? 0, $1.data, $1.seed)
    }
    return (found, found.count == jobs.count)
  }
}
