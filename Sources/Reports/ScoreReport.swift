import NetworkGraph
public import PythonSyntax
import RandomStreams
public import Scoring
import TorchFrontend
public import Training

/// Where the examples come from that networks are scored on.
public enum ScoreData: Sendable {
  /// Standard normal noise of that shape, with labels that go round the classes.
  case noise(shape: [Int])
  /// Images of a data set's training part.
  case dataset(DatasetName, DatasetCatalog)
}

/// Proxies of one network or several, or why there are none.
public struct ScoreReport: Encodable, Sendable {
  /// One proxy of one network.
  public struct Score: Encodable, Sendable {
    /// The score; none where it failed.
    public var value: Double?
    /// Why there is no score.
    public var failure: String?
    /// The place among the networks, 1 for the most promising; shared where scores are equal.
    public var rank: Int?
    /// The processor time it took, in milliseconds; what several proxies share counts for the first of them.
    public var milliseconds: Double
  }

  /// One network.
  public struct Network: Encodable, Sendable {
    /// Whether it compiled.
    public var ok: Bool
    /// Its file.
    public var file: String
    /// The class (or function, or variable) that was built.
    public var network: String?
    /// Elements of all parameters.
    public var parameters: Int?
    /// Multiply-accumulates of one example.
    public var macs: Int?
    /// By proxy.
    public var scores: [String: Score] = [:]
    /// The sum of its ranks by all proxies that have scores, 1 for the worst; higher is better.
    public var rankSum: Double?
    /// The join of the parts of AZ-NAS and the multiply-accumulates over the networks, where all were computed; higher
    /// is better.
    public var azNAS: Double?
    /// What healing changed.
    public var healed: [String] = []
    /// Errors, warnings and notes of the compiler.
    public var diagnostics: [Diagnostic] = []

    private enum CodingKeys: String, CodingKey {
      case ok, file, network, parameters, macs, scores, rankSum, healed, diagnostics
      case azNAS = "az_nas"
    }
  }

  /// Whether all networks compiled and all were scored.
  public var ok: Bool
  /// The proxies, in the order of the columns.
  public var proxies: [String]
  /// What the examples are: a data set, or noise.
  public var data: String
  /// Examples of a batch.
  public var batch: Int
  /// The seed of weights and noise.
  public var seed: Int
  /// Whether it was stopped.
  public var cancelled = false
  /// The networks, in the order they were given.
  public var networks: [Network] = []

  private enum CodingKeys: String, CodingKey { case ok, proxies, data, batch, seed, cancelled, networks }

  /// Compiles networks and scores them.
  ///
  /// - Parameters:
  ///   - requests: the networks.
  ///   - proxies: what is computed; parameters and multiply-accumulates are shown anyway.
  ///   - data: where the examples come from.
  ///   - batch: examples of a batch.
  ///   - seed: the seed of initial weights and noise; all networks get it.
  ///   - progress: told of each proxy of each network before it is begun; what is left is not begun once it says false.
  /// - Throws: `ReportError` where the data cannot be loaded; what does not compile is told in the report.
  public init(
    _ requests: [NetworkRequest], proxies: [Proxy], data: ScoreData, batch: Int, seed: Int,
    progress: (_ network: Int, _ proxy: Proxy) -> Bool
  ) throws(ReportError) {
    self.proxies = proxies.map(\.rawValue)
    (self.batch, self.seed, ok) = (batch, seed, true)
    let stream = RandomStream(seed: UInt64(bitPattern: Int64(seed)))
    let examples: Examples
    do { examples = try Examples(data, batch: batch, stream: stream) } catch { throw ReportError(error) }
    self.data = examples.name
    for (number, request) in requests.enumerated() {
      networks.append(
        Self.scored(request, examples, proxies, stream) { proxy in
          cancelled = cancelled || !progress(number, proxy)
          return !cancelled
        })
    }
    ok = !cancelled && networks.allSatisfy(\.ok)
    rank(proxies)
  }

  private static func scored(
    _ request: NetworkRequest, _ examples: Examples, _ proxies: [Proxy], _ stream: RandomStream,
    progress: (Proxy) -> Bool
  ) -> Network {
    var result = Network(ok: false, file: request.file)
    var request = request
    request.classes = request.classes ?? examples.classCount
    do {
      var first: HealedNetwork?
      let network = try ProxyNetwork(batchSize: examples.batch) {
        (count, isTraining) throws(CompilationFailure) in
        let mended = try request.compile(
          [NetworkInput(.float32, [count] + examples.shape)], isTraining: isTraining)
        first = first ?? mended
        return mended.network.graph
      }
      result.network = first?.network.className
      result.healed = first?.fixes.map { "\($0)" } ?? []
      result.diagnostics = first?.network.notes ?? []
      let costs = network.single.costs
      (result.parameters, result.macs) = (costs.parameters, costs.macsPerExample)
      let outputs = network.single.outputs.first.map { network.single.type(of: $0).elementCount } ?? 1
      let scores = ProxyScorer(proxies).score(
        network, batches: examples.batches(classes: outputs, stream: stream), stream: stream,
        progress: progress)
      for score in scores {
        var failure: String?
        if case .failure(let reason) = score.result { failure = reason.description }
        result.scores[score.proxy.rawValue] = Score(
          value: score.value, failure: failure, milliseconds: score.seconds * 1000)
      }
      result.ok = true
    } catch {
      result.diagnostics = error.diagnostics
    }
    return result
  }

  /// Ranks the networks that compiled by each proxy, and joins the ranks.
  private mutating func rank(_ proxies: [Proxy]) {
    let places = networks.indices.filter { networks[$0].ok }
    guard places.count > 1 else { return }
    let columns = proxies.map { proxy in
      (proxy: proxy, scores: places.map { networks[$0].scores[proxy.rawValue]?.value })
    }
    for (proxy, scores) in columns {
      let ranks = RankEnsemble.ranks(of: scores, direction: proxy.direction)
      for (place, rank) in zip(places, ranks) where networks[place].scores[proxy.rawValue]?.value != nil {
        networks[place].scores[proxy.rawValue]?.rank = 1 + ranks.count { $0 > rank }
      }
    }
    let computed = columns.filter { column in column.scores.contains { $0 != nil } }
    for (place, sum) in zip(places, RankEnsemble.rankSums(computed)) { networks[place].rankSum = sum }
    let parts: [Proxy] = [.expressivity, .progressivity, .trainability]
    guard parts.allSatisfy(proxies.contains) else { return }
    let joined =
      columns.filter { parts.contains($0.proxy) }
      + [(proxy: Proxy.macs, scores: places.map { networks[$0].macs.map(Double.init) })]
    for (place, score) in zip(places, RankEnsemble.logarithmicRanks(joined)) { networks[place].azNAS = score }
  }
}

/// The examples of a scoring.
private struct Examples {
  let name: String
  let batch: Int
  let shape: [Int]
  /// How many classes there are; nil for noise, which has as many as a network tells apart.
  let classCount: Int?
  private let images: [ProxyBatch]?

  /// Two batches, which is what ZiCo asks for.
  static let batchCount = 2

  init(_ data: ScoreData, batch: Int, stream: RandomStream) throws {
    self.batch = batch
    switch data {
    case .noise(let shape):
      (name, self.shape, classCount, images) = ("noise", shape, nil, nil)
    case .dataset(let dataset, let catalog):
      let split = try DatasetSplit(try catalog.load(dataset), stream: stream.stream("split"))
      let training = split.training
      name = dataset.rawValue
      shape = [training.dataset.channels, training.dataset.height, training.dataset.width]
      classCount = training.dataset.classCount
      images = try ProxyBatch.batches(
        Self.batchCount, of: batch, from: training, normalization: split.normalization)
    }
  }

  func batches(classes: Int, stream: RandomStream) -> [ProxyBatch] {
    images
      ?? ProxyBatch.noise(
        Self.batchCount, of: batch, elements: shape.reduce(1, *), classes: classes,
        stream: stream.stream("examples"))
  }
}
