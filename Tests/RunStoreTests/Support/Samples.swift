import Foundation
import LanguageModels
import QualityDiversity
import RandomStreams
import Search
import Synchronization
import Training

/// Records and a small search to fill run files with.
enum Sample {
  /// A folder that does not exist yet.
  static func folder() -> String { NSTemporaryDirectory() + "niche-store-\(UInt64.random(in: 0 ... .max))" }

  static func header(_ configuration: RunConfiguration = RunConfiguration()) -> RunHeader {
    RunHeader(
      name: "sample", configuration: configuration,
      authorChoice: "The built-in rewriter writes all networks.",
      version: "0", machine: "test", began: "2026-01-01T00:00:00Z")
  }

  /// A candidate with every member filled in, and letters that need care.
  static func candidate(_ id: Int, fitness: Double? = 0.1 + 0.2) -> CandidateRecord {
    var account = InheritanceAccount()
    (account.matching, account.widened, account.deepened, account.fresh) = (["a"], ["b"], ["c"], ["d"])
    (account.difference, account.refusal) = (0.5, "No.")
    var evaluation = TrainingOutcome(
      epochs: [
        .init(
          trainingLoss: 1.0 / 3, trainingAccuracy: 0.1, validationLoss: .leastNonzeroMagnitude,
          validationAccuracy: 1),
        .init(trainingLoss: 2, trainingAccuracy: 0.2, validationLoss: 3, validationAccuracy: 0.4),
      ],
      imagesSeen: 5, seconds: 0.25, inheritance: Inheritance(parent: 1, account: account, reason: "None."))
    evaluation.stopReason = .outclassed(epoch: 1, step: 9)
    evaluation.latencyMilliseconds = 0.7
    var judgement = NicheJudgement(incumbent: 7, incumbentFitness: 0.75, curves: 3, isAudit: true)
    judgement.checks = [.init(epoch: 1, accuracy: 0.1, incumbentAccuracy: 0.2, bound: 0.3)]
    judgement.hopelessAfter = 1
    evaluation.judgement = judgement
    var request = CandidateRequest()
    request.inspirations = [3]
    request.niche = NicheRequest(cell: 4, direction: "macs lower", wish: "it", isEmpty: true, isHit: false)
    request.prompt = EvolvedPrompt(id: "a.1", parent: "a", root: "a", text: "b \"c\"", exchange: "key")
    request.repairs = [Repair(exchange: "key", problem: "1:2: error: é")]
    request.fidelity = FidelityRequest(name: "12 epochs", cost: 12, fullCost: 200, accuracy: 0.25)
    request.model = ModelUse(model: 1, cost: 0.1)
    return CandidateRecord(
      id: id, generation: 1, index: id - 1,
      origin: CandidateOrigin(
        step: .crossover, author: .languageModel, form: .edits, parents: [0, 1], prompt: "add-\"layer\"",
        temperature: 0.6000000000000001, exchange: "key\(id)", request: request),
      source: "class Net:  # '\"\\ é😀 \u{2028} /* </script> ' OR 1=1; --\n    pass\n",
      verdict: Verdict(
        .healed, reason: "A\nreason.", twin: 12, applied: ["a"], refusedEdits: ["b"], healed: ["c\nd"]),
      description: NetworkDescription(
        hash: String(repeating: "a", count: 32), className: "Net", parameters: 1, macs: .max, width: 3,
        depth: 4, figures: ["conv2d": 2, "longest_path": 1.0 / 3]),
      measures: [1e-300, 1.7976931348623157e308], evaluation: evaluation, fitness: fitness)
  }

  /// The paths of members that are nil or empty.
  static func emptyMembers(of value: Any) -> [String] {
    Mirror(reflecting: value).children.flatMap { child -> [String] in
      let (name, mirror) = (child.label ?? "", Mirror(reflecting: child.value))
      let isContainer = [.optional, .collection, .dictionary, .set].contains(mirror.displayStyle)
      if isContainer, mirror.children.isEmpty { return [name] }
      return emptyMembers(of: child.value).map { "\(name).\($0)" }
    }
  }

  static func exchange(_ number: Int) -> ChatExchange {
    ChatExchange(
      identity: ModelIdentity(provider: "p", model: "m", endpoint: "https://user:s3cret@host/v1?key=s3cret"),
      request: ChatRequest(messages: [.system("s"), .user("u \(number)")], temperature: 0.1, seed: number),
      outcome: .reply(
        ChatReply(content: "r", model: "m", usage: TokenUsage(promptTokens: 7, completionTokens: 5))))
  }

  static func generation(_ number: Int, elites: [Int]) -> GenerationRecord {
    GenerationRecord(
      number: number, isInitialisation: number == 1, step: .mutation,
      networks: elites.enumerated().map {
        ArchiveCell(cell: $0.offset * 3, candidate: $0.element, fitness: 0.25)
      },
      prompts: [
        PromptCell(
          cell: 2, individual: PromptIndividual(prompt: "p", temperature: 0.7, score: 1, curiosity: -0.5))
      ],
      statistics: ArchiveStatistics(objectives: elites.map { _ in 0.25 }, cells: 1000), bestOfGeneration: nil)
  }

  static let promptsFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("prompts").path
}

/// A log over another one that breaks after so many writes, as a killed process would.
final class BreakingLog: RunLog {
  private let base: any RunLog
  private let left: Mutex<Int>

  init(_ base: any RunLog, after writes: Int) {
    self.base = base
    left = Mutex(writes)
  }

  private func spend() throws(RunLogError) {
    let isBroken = left.withLock { left in
      if left == 0 { return true }
      left -= 1
      return false
    }
    if isBroken { throw RunLogError("broken") }
  }

  func exchange(forKey key: String) async throws(RunLogError) -> ChatExchange? {
    try await base.exchange(forKey: key)
  }
  func record(_ exchange: ChatExchange, candidate: Int) async throws(RunLogError) {
    try spend()
    try await base.record(exchange, candidate: candidate)
  }
  func record(_ candidate: CandidateRecord, weights: [UInt8]?) async throws(RunLogError) {
    try spend()
    try await base.record(candidate, weights: weights)
  }
  func record(_ score: CandidateScore) async throws(RunLogError) {
    try spend()
    try await base.record(score)
  }
  func scores() async throws(RunLogError) -> [CandidateScore] { try await base.scores() }
  func candidates() async throws(RunLogError) -> [CandidateRecord] { try await base.candidates() }
  func weights(of candidate: Int) async throws(RunLogError) -> [UInt8]? {
    try await base.weights(of: candidate)
  }
  func commit(_ generation: GenerationRecord) async throws(RunLogError) {
    try spend()
    try await base.commit(generation)
  }
  func generations() async throws(RunLogError) -> [GenerationRecord] { try await base.generations() }
}

/// A search by the rewriter on 8×8 images, so small that it takes a fraction of a second.
struct SmallSearch: Sendable {
  let configuration: RunConfiguration
  private let data: DatasetSplit
  private let prompts: PromptLibrary
  private let strategy: LLMatic

  init() throws {
    var run = RunConfiguration()
    run.name = "small"
    run.training.epochs = 1
    run.training.batchSize = 10
    run.archive.kind = .grid
    run.archive.dimensions = [5, 5]
    run.descriptors = [
      DescriptorSettings(name: "width_depth_ratio", lower: 1, upper: 64, scale: .log),
      DescriptorSettings(name: "parameters", lower: 100, upper: 10_000, scale: .log),
    ]
    run.search.generations = 3
    run.search.batch = 4
    run.search.initialNetworks = 2
    run.search.promptCells = 16
    configuration = run
    var random = RandomStream(seed: 1)
    func images(_ count: Int) throws -> ImageDataset {
      try ImageDataset(
        name: "toy", channels: 1, height: 8, width: 8, classNames: ["a", "b"],
        images: (0..<count * 64).map { UInt8(random.integer(below: 100) + ($0 / 64 % 2) * 100) },
        labels: (0..<count).map { Int32($0 % 2) })
    }
    data = try DatasetSplit(
      PublishedDataset(training: images(60), test: images(10)),
      configuration: SplitConfiguration(validationFraction: 0.25), stream: RandomStream(seed: 3))
    prompts = try PromptLibrary(folder: Sample.promptsFolder)
    strategy = try LLMatic(configuration: run, prompts: prompts, isRewriterAlone: true)
  }

  /// Runs it, or what is left of it, and gives the numbers of the candidates that were trained.
  func run(_ log: any RunLog) async throws(SearchError) -> Set<Int> {
    let trained = Mutex<Set<Int>>([])
    let stream = RandomStream(seed: UInt64(configuration.seed))
    let task = ImageTask(channels: 1, height: 8, width: 8, classes: 2)
    let engine = try SearchEngine(
      configuration: configuration, data: data, prompts: prompts,
      writer: RewriterWriter(task: task, prompts: prompts, stream: stream), log: log, draftsAtOnce: 2,
      workers: 2,
      stop: StopFlag()
    ) { event in
      if case .trainingAdvanced(let candidate, _) = event { trained.withLock { _ = $0.insert(candidate) } }
    }
    _ = try await engine.run(strategy)
    return trained.withLock { $0 }
  }
}
