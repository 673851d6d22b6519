import LanguageModels
import RandomStreams
import SearchSpaces
import Synchronization

@testable import Search

/// A model in a role, whose exchanges are kept.
final class WatchedModel: ChatModel {
  private let model: any ChatModel
  private let kept = Mutex<[ChatExchange]>([])

  init(_ model: any ChatModel) { self.model = model }

  var identity: ModelIdentity { model.identity }
  /// All exchanges so far.
  var exchanges: [ChatExchange] { kept.withLock { $0 } }
  /// The messages of all requests so far.
  var conversations: [[ChatMessage]] { exchanges.map(\.request.messages) }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    let recording = RecordingModel(model) { exchange in self.kept.withLock { $0.append(exchange) } }
    return try await recording.reply(to: request)
  }
}

/// A Generator whose replies are right, wrong, cut off, wrapped in words, empty or not there, by chance.
struct MessyGenerator: ChatModel {
  let vocabulary: SpaceVocabulary
  let inner: DirectedGenerator

  init(_ vocabulary: SpaceVocabulary) {
    self.vocabulary = vocabulary
    inner = DirectedGenerator(vocabulary, count: 6)
  }

  var identity: ModelIdentity { ModelIdentity(provider: "scripted", model: "messy") }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    var reply = try await inner.reply(to: request)
    var stream = RandomStream(seed: UInt64(request.seed ?? 0)).stream("mess")
    let first = vocabulary.choices[0]
    switch stream.integer(below: 9) {
    case 0: throw .timedOut(endpoint: "http://127.0.0.1:9/v1", seconds: 1, attempts: 3)
    case 1: reply.content = "I would rather talk about the weather [and {so on."
    case 2: reply.content = "Sure! Here's the list:\n```json\n\(reply.content)\n```\nEnjoy, it's good."
    case 3: reply.content = String(reply.content.prefix(3 * reply.content.count / 5))
    case 4: reply.content = reply.content.replacing("\"", with: "'")
    case 5: reply.content = reply.content.replacing("\"\(first.options[0])\"", with: "\"conv_9x9\"")
    case 6: reply.content = reply.content.replacing("\"\(first.name)\"", with: "\"edge\"")
    case 7: reply.content += "\n" + reply.content
    default: break
    }
    return reply
  }
}

/// A space under CoLLM-NAS with the stand-ins, or with other models.
struct CoLLMRun<Evaluator: SpaceEvaluator> where Evaluator.Space: ChoiceSpace {
  var evaluator: Evaluator
  var settings = CoLLMSettings()
  var evaluations = 60
  var constraint = ""
  var target: Double?
  var deduplicate = SpaceSearchSettings.Deduplication.genotype
  var seed: UInt64 = 1

  var vocabulary: SpaceVocabulary {
    SpaceVocabulary(
      evaluator.space.choices, naming: settings.naming, stream: RandomStream(seed: seed))
  }

  typealias Outcome = (search: SpaceSearch<Evaluator>, strategy: CoLLMSearch<Evaluator.Space>)

  func callAsFunction(
    navigator: (any ChatModel)? = nil, generator: (any ChatModel)? = nil
  ) async throws -> Outcome {
    let archive = try SpaceArchive(
      descriptors: [DescriptorSettings(name: "cost", formula: "0 + 0", lower: 0, upper: 1)], dimensions: [1],
      figureNames: evaluator.space.figureNames)
    var search = try SpaceSearch(
      evaluator,
      settings: SpaceSearchSettings(
        evaluations: evaluations, deduplicate: deduplicate, target: target, constraint: constraint),
      archive: archive)
    var settings = settings
    settings.constraint = constraint
    settings.target = target
    var strategy = try CoLLMSearch(
      space: evaluator.space, navigator: navigator ?? StatisticsNavigator(vocabulary),
      generator: generator ?? DirectedGenerator(vocabulary), settings: settings, prompts: Toy.prompts(),
      stream: RandomStream(seed: seed))
    try await search.run(awaiting: &strategy)
    return (search, strategy)
  }
}

/// Cells of NAS-Bench-201 with a fitness that can be worked out: more convolutions are better, the later the more.
struct CellEvaluator: SpaceEvaluator {
  let space = NASBench201Space()
  let fidelities = [SpaceFidelity(name: "full", cost: 1)]

  func score(of genotype: NASBench201Cell, fidelity: Int) -> SpaceScore {
    let worth = [0.0, 5, 7, 9, 3]
    let sum = space.options(of: genotype).enumerated().reduce(0.0) {
      $0 + worth[$1.element] * (1 + 0.1 * Double($1.offset))
    }
    return SpaceScore(fitness: sum, figures: space.figures(of: genotype))
  }
}

/// One model for both parts, as SiLLM-NAS has it.
struct SingleStandIn: ChatModel {
  let navigator: StatisticsNavigator
  let generator: DirectedGenerator

  init(_ vocabulary: SpaceVocabulary) {
    navigator = StatisticsNavigator(vocabulary)
    generator = DirectedGenerator(vocabulary)
  }

  var identity: ModelIdentity { ModelIdentity(provider: "scripted", model: "single") }

  func reply(to request: ChatRequest) async throws(ChatFailure) -> ChatReply {
    request.responseSchema == nil
      ? try await navigator.reply(to: request) : try await generator.reply(to: request)
  }
}
