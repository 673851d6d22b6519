import Foundation
import LanguageModels
import RandomStreams
import RunStore
import Search
import Synchronization
import Training

/// Times what a candidate takes beside the model's answer and its training: choosing parents and prompt, making the
/// request, reading the reply, compiling, hashing, placing, storing, and committing the generation.
///
/// A search of one candidate a generation is run twice: by a model that answers at once with networks of the rewriter,
/// and from its recording. Of each generation's time the measured seconds of training are taken off. Prints one object
/// of JSON; all times are milliseconds of the clock, so measure on an idle machine.
@main struct OverheadBenchmark {
  static let generations = 300
  /// The first generations, in which everything is met for the first time.
  static let warmUp = 20

  static func main() async throws {
    let folder = NSTemporaryDirectory() + "niche-overhead-\(UInt64.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let prompts = try PromptLibrary(folder: CommandLine.arguments.dropFirst().first ?? "prompts")
    let data = try images()
    let task = ImageTask(channels: 1, height: 28, width: 28, classes: 10)

    var random = configuration("sources")
    random.search.strategy = .random
    (random.search.generations, random.search.batch) = (4, 50)
    let rewriter = RewriterWriter(task: task, prompts: prompts, stream: RandomStream(seed: 1))
    let drawn = try RunStore.create(in: folder + "/sources", header: header(random))
    _ = try await run(random, writer: rewriter, log: drawn, prompts: prompts, data: data)
    let sources = try await drawn.candidates().filter { $0.fitness != nil }.compactMap(\.source)

    let searched = configuration("searched")
    let model = InstantModel(sources)
    func writer(_ model: any ChatModel, _ log: RunStore) -> ModelWriter {
      ModelWriter(
        model: model, form: .wholeProgram, settings: searched.model, search: searched.search,
        limits: searched.limits, task: task, prompts: prompts, log: log, stream: RandomStream(seed: 1))
    }
    let recorded = try RunStore.create(in: folder + "/recorded", header: header(searched))
    _ = try await run(searched, writer: writer(model, recorded), log: recorded, prompts: prompts, data: data)
    let recording = RecordedModel(
      identity: model.identity, recording: "recorded",
      exchanges: try await recorded.exchanges().map(\.exchange))
    let replayed = try RunStore.create(in: folder + "/replayed", header: header(searched))
    let times = try await run(
      searched, writer: writer(recording, replayed), log: replayed, prompts: prompts, data: data)

    let all = times.dropFirst(warmUp)
    let figures: [String: Double] = [
      "candidates": Double(all.count), "median_ms": quantile(0.5, all.map(\.overhead)),
      "p90_ms": quantile(0.9, all.map(\.overhead)),
      "median_of_trained_ms": quantile(0.5, all.filter(\.isTrained).map(\.overhead)),
      "median_of_repetitions_ms": quantile(0.5, all.filter { !$0.isTrained }.map(\.overhead)),
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }

  /// A generation of one candidate.
  struct Lap: Sendable {
    var overhead: Double
    var isTrained: Bool
  }

  /// Runs a search and gives its generations' times less their training.
  static func run(
    _ configuration: RunConfiguration, writer: any CandidateWriter, log: RunStore, prompts: PromptLibrary,
    data: DatasetSplit
  ) async throws -> [Lap] {
    let laps = Mutex<(last: ContinuousClock.Instant, training: Double, laps: [Lap])>(
      (ContinuousClock.now, 0, []))
    let engine = try SearchEngine(
      configuration: configuration, data: data, prompts: prompts, writer: writer, log: log, draftsAtOnce: 1,
      workers: 1, stop: StopFlag()
    ) { event in
      switch event {
      case .candidateFinished(let record, _, _) where record.verdict.status != .duplicate:
        laps.withLock { $0.training += record.evaluation?.seconds ?? 0 }
      case .generationFinished:
        let now = ContinuousClock.now
        laps.withLock { state in
          let seconds = (now - state.last) / .seconds(1)
          state.laps.append(
            Lap(overhead: 1000 * (seconds - state.training), isTrained: state.training > 0))
          (state.last, state.training) = (now, 0)
        }
      default: break
      }
    }
    _ = try await engine.run(configuration.makeStrategy(prompts: prompts, isRewriterAlone: false))
    return laps.withLock(\.laps)
  }

  static func configuration(_ name: String) -> RunConfiguration {
    var run = RunConfiguration.preset("smoke") ?? RunConfiguration()
    run.name = name
    run.search.generations = generations
    run.search.batch = 1
    run.search.patience = generations
    return run
  }

  static func header(_ configuration: RunConfiguration) -> RunHeader {
    RunHeader(
      name: configuration.name, configuration: configuration, authorChoice: "A benchmark.", version: "0",
      machine: "here", began: "2026-01-01T00:00:00Z")
  }

  /// Images of 28 × 28 noise: training takes little, and what it takes is measured.
  static func images() throws -> DatasetSplit {
    var stream = RandomStream(seed: 7)
    func noise(_ count: Int) throws -> ImageDataset {
      try ImageDataset(
        name: "noise", channels: 1, height: 28, width: 28, classNames: (0..<10).map { "\($0)" },
        images: (0..<count * 784).map { _ in UInt8(stream.integer(below: 256)) },
        labels: (0..<count).map { Int32($0 % 10) })
    }
    return try DatasetSplit(
      PublishedDataset(training: noise(160), test: noise(10)),
      configuration: SplitConfiguration(validationFraction: 0.2), stream: RandomStream(seed: 8))
  }

  static func quantile(_ share: Double, _ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
  }
}

/// A model that answers at once with one of some networks, whichever follows from the request.
struct InstantModel: ChatModel {
  let identity = ModelIdentity(provider: "benchmark", model: "instant")
  private let sources: [String]

  init(_ sources: [String]) { self.sources = sources }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    var hash = StableHash()
    hash.combine(request.key)
    let source = sources[Int(hash.value % UInt64(sources.count))]
    return ChatReply(
      content: "```python\n\(source)```", model: identity.model,
      usage: TokenUsage(promptTokens: 400, completionTokens: 200), finishReason: "stop")
  }
}
