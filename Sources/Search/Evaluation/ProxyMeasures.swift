import NetworkGraph
import RandomStreams
public import Scoring
import TorchFrontend
import Training

/// Scores untrained networks by the proxies that a run's axes, objectives or `search.proxies` name.
///
/// Scores are figures of the network, kept with the compiler's. Weights and noise follow from the run's seed and the
/// network's hash; the images are the first of the training part, normalised and without augmentation.
struct ProxyMeasures: Sendable {
  /// How many images a batch has where the training part has enough for two of them.
  static let batchSize = 64

  private let proxies: [Proxy]
  private let task: ImageTask
  private let batches: [ProxyBatch]
  private let size: Int
  private let scorer: ProxyScorer
  private let stream: RandomStream

  /// The proxies of a run; nil where it names none.
  ///
  /// - Throws: where the configuration makes no sense or the images cannot be read.
  init?(_ configuration: RunConfiguration, data: DatasetSplit) throws(SearchError) {
    proxies = try configuration.namedProxies()
    guard !proxies.isEmpty else { return nil }
    task = ImageTask(data)
    size = max(1, min(Self.batchSize, data.training.count / 2))
    do {
      batches = try ProxyBatch.batches(2, of: size, from: data.training, normalization: data.normalization)
    } catch {
      throw SearchError("The images that proxies need cannot be read: \(error)")
    }
    scorer = ProxyScorer(proxies, memoryLimit: configuration.limits.memory << 20)
    stream = RandomStream(seed: UInt64(bitPattern: Int64(configuration.seed))).stream("proxies")
  }

  /// Adds the scores to a network's figures.
  ///
  /// - Throws: a sentence where a proxy has no score, which must not pass for a low one.
  func score(_ source: String, _ description: inout NetworkDescription) throws(SearchError) {
    let network: ProxyNetwork
    do {
      network = try ProxyNetwork(batchSize: size) { (count, isTraining) throws(CompilationFailure) in
        try NetworkCompiler.compile(source, options: task.options(batch: count, isTraining: isTraining)).graph
      }
    } catch {
      throw SearchError("Its proxies cannot be computed: \(error.summary)")
    }
    var figures = description.figures ?? [:]
    for score in scorer.score(network, batches: batches, stream: stream.stream(description.hash)) {
      switch score.result {
      case .success(let value): figures[score.proxy.figureName] = value
      case .failure(let failure):
        throw SearchError("Its proxy '\(score.proxy.rawValue)' has no score: \(failure).")
      }
    }
    description.figures = figures
  }
}

extension Proxy {
  /// What formulas call it.
  public var figureName: String { "proxy.\(rawValue)" }

  /// All that formulas may name, in alphabetical order.
  public static let figureNames = allCases.map(\.figureName).sorted()
}

extension RunConfiguration {
  /// The proxies that axes, objectives and `search.proxies` name, each once, in the order of all.
  ///
  /// - Throws: where one is not known or a formula cannot be read.
  public func namedProxies() throws(SearchError) -> [Proxy] {
    var names = try (makeDescriptors() + makeObjectives()).reduce(into: Set()) {
      $0.formUnion($1.figureNames)
    }
    for name in search.proxies {
      guard let proxy = Proxy(named: name) else {
        throw SearchError("There is no proxy called '\(name)'.")
      }
      names.insert(proxy.figureName)
    }
    return Proxy.allCases.filter { names.contains($0.figureName) }
  }
}
