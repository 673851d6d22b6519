import Foundation
import LanguageModels
import QualityDiversity
import RandomStreams
import Synchronization
import Testing
import Training

@testable import Search

/// A search small enough for tests: 8×8 images of four classes that differ in their brightest quarter.
enum Toy {
  static let task = ImageTask(channels: 1, height: 8, width: 8, classes: 4)

  static let data: DatasetSplit = {
    do {
      return try DatasetSplit(
        PublishedDataset(training: images(160, seed: 1), test: images(40, seed: 2)),
        configuration: SplitConfiguration(validationFraction: 0.25), stream: RandomStream(seed: 3))
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  static func images(_ count: Int, seed: UInt64) throws -> ImageDataset {
    var random = RandomStream(seed: seed)
    var pixels: [UInt8] = []
    var labels: [Int32] = []
    for index in 0..<count {
      let label = index % 4
      for row in 0..<8 {
        for column in 0..<8 {
          let isBright = (row / 4) * 2 + column / 4 == label
          pixels.append(UInt8(random.integer(below: 150) + (isBright ? 100 : 0)))
        }
      }
      labels.append(Int32(label))
    }
    return try ImageDataset(
      name: "toy", channels: 1, height: 8, width: 8, classNames: ["a", "b", "c", "d"], images: pixels,
      labels: labels)
  }

  /// Four generations of five candidates; the initialisation ends with three networks.
  static func configuration(generations: Int = 4, batch: Int = 5) -> RunConfiguration {
    var run = RunConfiguration()
    run.name = "toy"
    run.seed = 11
    run.training.epochs = 1
    run.training.batchSize = 20
    run.training.optimizer = .adam
    run.training.learningRate = 0.01
    run.archive.kind = .grid
    run.archive.dimensions = [6, 6]
    run.descriptors = [
      DescriptorSettings(name: "width_depth_ratio", lower: 1, upper: 64, scale: .log),
      DescriptorSettings(name: "parameters", lower: 100, upper: 10_000, scale: .log),
    ]
    run.search.generations = generations
    run.search.batch = batch
    run.search.initialNetworks = 3
    run.search.promptCells = 16
    // Each crossover draws its own network, so that more of the scripted answers come up.
    run.search.crossoverNetworks = 0
    return run
  }

  /// The repository's own prompts.
  static let promptsFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("prompts").path

  static func prompts() throws -> PromptLibrary { try PromptLibrary(folder: promptsFolder) }

  /// A perceptron with those hidden layers.
  static func program(_ hidden: [Int], name: String = "Net") -> String {
    let widths = [64] + hidden + [4]
    let layers = zip(widths, widths.dropFirst()).enumerated().map { index, pair in
      "        self.fc\(index + 1) = nn.Linear(\(pair.0), \(pair.1))"
    }
    let steps = hidden.indices.map { "        x = F.relu(self.fc\($0 + 1)(x))" }
    return """
      import torch
      import torch.nn as nn
      import torch.nn.functional as F


      class \(name)(nn.Module):
          def __init__(self):
              super().__init__()
      \(layers.joined(separator: "\n"))

          def forward(self, x):
              x = torch.flatten(x, 1)
      \((steps + ["        return self.fc\(widths.count - 1)(x)"]).joined(separator: "\n"))

      """
  }
}

/// A model whose answers follow from the request alone: programs, repetitions, talk, broken code and failures.
final class ScriptedModel: ChatModel {
  /// What an answer may be.
  enum Kind: CaseIterable { case program, repetition, noCode, broken, timeout }

  let identity = ModelIdentity(provider: "scripted", model: "scripted-1", endpoint: "http://127.0.0.1:9/v1")
  private let asked = Mutex<[String]>([])
  private let answer: @Sendable (ChatRequest, String) throws(ChatFailure) -> String
  private let isSlow: Bool

  /// A model with the answers of `answer`, given the request and its key.
  init(isSlow: Bool = false, answer: @escaping @Sendable (ChatRequest, String) throws(ChatFailure) -> String)
  {
    self.isSlow = isSlow
    self.answer = answer
  }

  /// The usual mixture; of 16 requests about nine give a program of their own.
  convenience init(isSlow: Bool = false) {
    self.init(isSlow: isSlow) { (_, key) throws(ChatFailure) in try Self.mixture(key) }
  }

  /// The keys it was asked for, in order.
  var keys: [String] { asked.withLock { $0 } }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let key = request.key(model: identity.model)
    asked.withLock { $0.append(key) }
    // Other orders of arrival than those of asking.
    if isSlow { try? await Task.sleep(for: .microseconds(200 + 37 * Int(Self.number(key) % 97))) }
    return ChatReply(
      content: try answer(request, key), model: identity.model,
      usage: TokenUsage(promptTokens: 100, completionTokens: 50), finishReason: "stop")
  }

  static func number(_ key: String) -> UInt64 {
    var hash = StableHash()
    hash.combine(key)
    return hash.value
  }

  static func kind(_ key: String) -> Kind {
    switch number(key) % 16 {
    case 0, 1: .repetition
    case 2, 3: .noCode
    case 4, 5: .broken
    case 6: .timeout
    default: .program
    }
  }

  static func mixture(_ key: String) throws(ChatFailure) -> String {
    let number = number(key) >> 8
    switch kind(key) {
    case .repetition: return "Here it is:\n```python\n\(Toy.program([12], name: "Twin"))```\n"
    case .noCode: return "I would rather talk about the weather."
    case .broken:
      return "```python\nclass Net(nn.Module):\n    def __init__(self)\n        super(.__init__()\n```"
    case .timeout: throw .timedOut(endpoint: "http://127.0.0.1:9/v1", seconds: 1, attempts: 3)
    case .program:
      let hidden = (0...Int(number % 3)).map { layer in 4 + Int((number >> (5 + 7 * layer)) % 60) }
      return "```python\n\(Toy.program(hidden))```"
    }
  }
}

/// What an engine reported.
final class Events: Sendable {
  private struct State {
    var trained: Set<Int> = []
    var finished: [Int] = []
    var generations: [Int] = []
    var notices: [String] = []
  }

  private let state = Mutex(State())

  /// The candidates that were trained for at least a step.
  var trained: Set<Int> { state.withLock { $0.trained } }
  /// The candidates that were finished, in that order.
  var finished: [Int] { state.withLock { $0.finished } }
  /// The generations that were finished.
  var generations: [Int] { state.withLock { $0.generations } }
  /// The notices.
  var notices: [String] { state.withLock { $0.notices } }

  func take(_ event: SearchEvent) {
    state.withLock { state in
      switch event {
      case .trainingAdvanced(let candidate, _): state.trained.insert(candidate)
      case .candidateFinished(let record, _, _): state.finished.append(record.id)
      case .generationFinished(let generation): state.generations.append(generation.number)
      case .notice(let text): state.notices.append(text)
      case .generationBegan, .evaluationsPaid: break
      }
    }
  }
}

/// One run of the toy search.
struct ToyRun: Sendable {
  var configuration = Toy.configuration()
  var form = CandidateOrigin.Form.wholeProgram
  var draftsAtOnce = 1
  var workers = 2
  var stop = StopFlag()
  var stopsAtUnknown = true
  /// Told of each event beside `events`.
  var onEvent: @Sendable (SearchEvent) -> Void = { _ in }
  let events = Events()

  private struct StrategyKey: Hashable {
    var configuration: RunConfiguration
    var isRewriterAlone: Bool
  }

  private static let strategies = Mutex<[StrategyKey: LLMatic]>([:])

  /// The strategy before its first generation; making one takes a while, so tests share it.
  static func strategy(_ configuration: RunConfiguration, isRewriterAlone: Bool = false) throws -> LLMatic {
    let key = StrategyKey(configuration: configuration, isRewriterAlone: isRewriterAlone)
    return try strategies.withLock { known in
      if let strategy = known[key] { return strategy }
      let strategy = try LLMatic(
        configuration: configuration, prompts: Toy.prompts(), isRewriterAlone: isRewriterAlone)
      known[key] = strategy
      return strategy
    }
  }

  /// Runs the search by a model, or by the rewriter alone where there is none.
  func run(
    _ strategy: LLMatic, model: ScriptedModel?, log: any RunLog
  ) async throws(SearchError) -> SearchSummary {
    try await run(strategy, chat: model, log: log)
  }

  /// Runs the search by any model, or by the rewriter alone where there is none.
  func run(
    _ strategy: LLMatic, chat model: (any ChatModel)?, log: any RunLog
  ) async throws(SearchError) -> SearchSummary {
    let prompts: PromptLibrary
    do { prompts = try PromptLibrary(folder: Toy.promptsFolder) } catch {
      throw SearchError(error.description)
    }
    let stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed)))
    let writer: any CandidateWriter =
      if let model {
        ModelWriter(
          model: model, form: form, settings: configuration.model, search: configuration.search,
          limits: configuration.limits, task: Toy.task, prompts: prompts, log: log, stream: stream,
          stopsAtUnknown: stopsAtUnknown)
      } else {
        RewriterWriter(task: Toy.task, prompts: prompts, stream: stream)
      }
    let engine = try SearchEngine(
      configuration: configuration, data: Toy.data, prompts: prompts, writer: writer, log: log,
      draftsAtOnce: draftsAtOnce, workers: workers, stop: stop
    ) { [events, onEvent] event in
      events.take(event)
      onEvent(event)
    }
    return try await engine.run(strategy)
  }
}
