import Foundation
import GRDB
import QualityDiversity
import RandomStreams
import RunStore
import Search
import Synchronization
import Training

/// A search by the rewriter on a few random images of Fashion-MNIST's shape, so small that it takes seconds.
struct SmallRun: Sendable {
  let configuration: RunConfiguration
  private let data: DatasetSplit
  private let prompts: PromptLibrary

  /// The folder of a run that was searched to its end; copies of it are what tests change.
  static let finished = Task { () throws -> String in
    let folder = SampleRun.folder()
    TemporaryFolders.removeAtExit(folder)
    let run = try SmallRun()
    try await run.search(in: RunStore.create(in: folder, header: run.header), by: strategy.get())
    return folder
  }

  /// The folder of a finished run whose cells keep Pareto fronts.
  static let finishedFronts = Task { () throws -> String in
    let folder = SampleRun.folder()
    TemporaryFolders.removeAtExit(folder)
    let run = try SmallRun(generations: 3, fronts)
    try await run.search(in: RunStore.create(in: folder, header: run.header), by: run.makeStrategy())
    return folder
  }

  /// Fronts of accuracy, parameters and depth in few cells.
  static let fronts: @Sendable (inout RunConfiguration) -> Void = { run in
    run.archive.dimensions = [2, 1]
    run.archive.objectives = [
      ObjectiveSettings(name: "size", formula: "parameters", worst: 1_000_000, best: 1000, scale: .log),
      ObjectiveSettings(name: "depth", worst: 0, best: 20),
    ]
  }

  /// The folder of a finished run whose contested networks were trained again.
  static let finishedNoise = Task { () throws -> String in
    let folder = SampleRun.folder()
    TemporaryFolders.removeAtExit(folder)
    let run = try SmallRun(generations: 3, noise)
    try await run.search(in: RunStore.create(in: folder, header: run.header), by: run.makeStrategy())
    return folder
  }

  /// Few cells in which networks are trained up to three times.
  static let noise: @Sendable (inout RunConfiguration) -> Void = { run in
    run.archive.dimensions = [2, 1]
    (run.archive.noise.scores, run.archive.noise.deviation) = (3, 0.1)
  }

  init(
    generations: Int = 4, _ change: @Sendable (inout RunConfiguration) -> Void = { _ in }
  ) throws {
    var run = RunConfiguration()
    run.name = "small"
    run.data.name = "fashion-mnist"
    run.training.epochs = 2
    run.training.batchSize = 10
    run.archive.kind = .grid
    run.archive.dimensions = [4, 4]
    run.descriptors = [
      DescriptorSettings(name: "width_depth_ratio", lower: 1, upper: 64, scale: .log),
      DescriptorSettings(name: "parameters", lower: 1000, upper: 1_000_000, scale: .log),
    ]
    run.search.generations = generations
    run.search.batch = 5
    run.search.initialNetworks = 2
    run.search.promptCells = 16
    change(&run)
    configuration = try ConfigurationReader.validated(run)
    var random = RandomStream(seed: 1)
    func images(_ count: Int) throws -> ImageDataset {
      try ImageDataset(
        name: "toy", channels: 1, height: 28, width: 28, classNames: (0..<10).map { "\($0)" },
        images: (0..<count * 784).map { UInt8(random.integer(below: 100) + ($0 / 784 % 10) * 15) },
        labels: (0..<count).map { Int32($0 % 10) })
    }
    data = try DatasetSplit(
      PublishedDataset(training: images(40), test: images(10)),
      configuration: SplitConfiguration(validationFraction: 0.25), stream: RandomStream(seed: 3))
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    prompts = try PromptLibrary(folder: root.appendingPathComponent("prompts").path)
  }

  var header: RunHeader {
    RunHeader(
      name: "small", configuration: configuration,
      authorChoice: "\(Author.rewriterMark) writes all networks.",
      version: "0", machine: "test", began: "2026-01-01T00:00:00Z")
  }

  /// The strategy of the run without changes before it begins; making its prompt archive takes a while.
  static let strategy = Result { try SmallRun().makeStrategy() }

  /// The run's strategy before it begins.
  func makeStrategy() throws(SearchError) -> any Strategy {
    try configuration.makeStrategy(prompts: prompts, isRewriterAlone: true)
  }

  /// Searches to the end, or until so many candidates are finished.
  func search(in store: RunStore, by strategy: any Strategy, candidates: Int = .max) async throws {
    let stop = StopFlag()
    let task = ImageTask(channels: 1, height: 28, width: 28, classes: 10)
    let counter = Mutex(0)
    let engine = try SearchEngine(
      configuration: configuration, data: data, prompts: prompts,
      writer: RewriterWriter(
        task: task, prompts: prompts, stream: RandomStream(seed: UInt64(configuration.seed))),
      log: store, draftsAtOnce: 1, workers: 1, stop: stop
    ) { event in
      guard case .candidateFinished = event else { return }
      let count = counter.withLock { count in
        count += 1
        return count
      }
      if count >= candidates { stop.raise() }
    }
    _ = try await engine.run(strategy)
  }
}
