import QualityDiversity
import RandomStreams
import Scoring
import Testing
import TorchFrontend
import Training

@testable import Search

@Suite("Searches whose axes and objectives name proxies")
struct ProxySearchTests {
  private static var configuration: RunConfiguration {
    var run = Toy.configuration()
    run.descriptors = [
      DescriptorSettings(name: "proxy.nwot", lower: 0, upper: 400),
      DescriptorSettings(name: "parameters", lower: 100, upper: 10_000, scale: .log),
    ]
    run.archive.dimensions = [3, 2]
    run.archive.objectives = [ObjectiveSettings(name: "flow", formula: "proxy.synflow", worst: 0, best: 20)]
    run.search.proxies = ["l2_norm"]
    return run
  }

  /// Some networks have no rectifier, of which `nwot` has no score.
  private static func model() -> ScriptedModel {
    ScriptedModel { _, key in
      let number = ScriptedModel.number(key)
      let hidden = number % 4 == 0 ? [] : (0...Int(number % 2)).map { 5 + Int((number >> (8 + 7 * $0)) % 50) }
      return "```python\n\(Toy.program(hidden))```"
    }
  }

  @Test(
    "Scores are figures of the candidate; where there is none it is not trained, and an interrupted run agrees"
  )
  func search() async throws {
    let configuration = try ConfigurationReader.validated(Self.configuration)
    let strategy = try ToyRun.strategy(configuration)
    let log = MemoryLog()
    let run = ToyRun(configuration: configuration)
    _ = try await run.run(strategy, model: Self.model(), log: log)
    let complete = log.now
    let records = complete.candidates.values.filter { $0.generation > 0 && $0.verdict.status != .duplicate }
    let scored = records.filter { $0.fitness != nil }
    #expect(scored.count > 3)
    for record in scored {
      let (source, network) = (try #require(record.source), try #require(record.description))
      // Worked out anew, by hand.
      let traced = try ProxyNetwork(batchSize: 60) { (count, isTraining) throws(CompilationFailure) in
        try NetworkCompiler.compile(source, options: Toy.task.options(batch: count, isTraining: isTraining))
          .graph
      }
      let batches = try ProxyBatch.batches(
        2, of: 60, from: Toy.data.training, normalization: Toy.data.normalization)
      let stream = RandomStream(seed: 11).stream("proxies").stream(network.hash)
      let scores = ProxyScorer([.weightNorm, .synapticFlow, .activationOverlap])
        .score(traced, batches: batches, stream: stream).map(\.value)
      let names = ["proxy.l2_norm", "proxy.synflow", "proxy.nwot"]
      #expect(names.map { network.figures?[$0] } == scores)
      #expect(record.measures == [try #require(scores[2]), Double(network.parameters)])
      #expect(record.objectives == [try #require(scores[1])])
      #expect(try configuration.makeDescriptors().measures(of: record) == record.measures)
    }
    let linear = records.filter { $0.source == Toy.program([]) }
    #expect(!linear.isEmpty)
    for record in linear {
      #expect(record.verdict.status == .untrainable && record.fitness == nil && record.measures == nil)
      #expect(record.verdict.reason == "Its proxy 'nwot' has no score: the network has no ReLU.")
      #expect(!run.events.trained.contains(record.id))
    }
    #expect(try #require(complete.generations.last?.statistics.elites) > 0)

    for survived in [1, 9, 14] {
      let broken = MemoryLog().copy(breakingAfter: survived)
      _ = try? await ToyRun(configuration: configuration).run(strategy, model: Self.model(), log: broken)
      let resumed = broken.copy()
      _ = try await ToyRun(configuration: configuration).run(strategy, model: Self.model(), log: resumed)
      #expect(resumed.now.generations == complete.generations, "after \(survived) writes")
    }
  }
}
