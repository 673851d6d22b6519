import NetworkGraph
import QualityDiversity
import Testing
import TorchFrontend
import Training

@testable import Search

@Suite("Descriptors as formulas")
struct DescriptorTests {
  private static let convolutional = """
    import torch.nn as nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 6, 3, groups=6), nn.Flatten(),
                nn.Linear(96, 4))
        def forward(self, x):
            return self.body(x)
    """

  private func descriptor(_ formula: String, categories: [String] = []) throws -> Descriptor {
    try Descriptor(
      categories.isEmpty
        ? DescriptorSettings(name: formula, lower: 0, upper: 1)
        : DescriptorSettings(name: "axis", formula: formula, categories: categories))
  }

  @Test(
    "Every figure of the compiler can be named, and is what is counted by hand",
    arguments: [
      // 6·(9+1) + 12 + 6·(9+1) + 96·4 + 4 parameters; 36·6·9 + 16·6·9 + 96·4 MACs.
      ("parameters", 520), ("params", 520), ("macs", 1944 + 864 + 384), ("flops", 2 * 3192),
      ("width", 96), ("depth", 4), ("width_depth_ratio", 24), ("width / depth", 24), ("longest_path", 3),
      ("count('conv')", 2), ("conv2d", 1), ("depthwise_conv2d", 1), ("max_pool2d", 0), ("receptive_field", 5),
      ("module_width", 6), ("buffer_elements", 12), ("1 if count(\"conv\") > linear else 0", 1),
    ] as [(String, Double)])
  func figures(formula: String, expected: Double) throws {
    let source = Self.convolutional
    let network = try NetworkDescription(of: source, task: Toy.task)
    // A layer's width is its channels or features: 6, 6 and 4.
    let widths = ["width": 6.0, "width_depth_ratio": 1.5, "width / depth": 1.5]
    #expect(try descriptor(formula).value(of: network, training: nil) == widths[formula] ?? expected)
  }

  @Test("What only training gives is unknown before it, and is the last epoch's after")
  func training() throws {
    let network = try NetworkDescription(of: Toy.program([10]), task: Toy.task)
    var outcome = TrainingOutcome(
      epochs: [1.0, 0.5].map {
        .init(trainingLoss: $0, trainingAccuracy: 1 - $0, validationLoss: 2 * $0, validationAccuracy: 0.5)
      }, imagesSeen: 240, seconds: 3)
    let gap = try descriptor("validation_loss - training_loss")
    #expect(gap.needsTraining && gap.value(of: network, training: nil) == nil)
    #expect(gap.value(of: network, training: outcome) == 0.5)
    let latency = try descriptor("log10(latency_ms)")
    #expect(latency.figureNames == ["latency_ms"] && latency.value(of: network, training: outcome) == nil)
    outcome.latencyMilliseconds = 100
    #expect(latency.value(of: network, training: outcome) == 2)
    #expect(try !descriptor("macs").needsTraining)
  }

  @Test("Runs of earlier versions know the basic figures and no others")
  func earlierVersions() throws {
    let network = NetworkDescription(hash: "", className: "Net", parameters: 1, macs: 2, width: 3, depth: 4)
    #expect(try descriptor("macs / width").value(of: network, training: nil) == 2.0 / 3)
    #expect(try descriptor("conv2d").value(of: network, training: nil) == nil)
    #expect(try descriptor("receptive_field").value(of: network, training: nil) == nil)
  }

  @Test(
    "Categories are numbered from 0; what lies beyond is the first or last",
    arguments: [("0", 0), ("1.9", 1), ("2", 2), ("7", 2), ("-3", 0), ("-1 / 0 * 1", nil), ("1e300 ** 2", 2)]
      as [(String, Double?)])
  func categories(formula: String, expected: Double?) throws {
    let network = try NetworkDescription(of: Toy.program([10]), task: Toy.task)
    let value = try descriptor(formula, categories: ["a", "b", "c"]).value(of: network, training: nil)
    guard let expected else {
      #expect(value == nil || value?.isNaN == true || value == 0)
      return
    }
    #expect(value == expected)
  }

  @Test("A network without a finite measure is refused before anything is paid")
  func notFinite() throws {
    let screening = Screening(
      task: Toy.task, limits: LimitSettings(), descriptors: [try descriptor("log10(max_pool2d)")])
    guard case .refused(_, let reason, _, let measures) = screening.screen(Toy.program([10])) else {
      Issue.record("the logarithm of 0 is no measure")
      return
    }
    #expect(reason == "Its measure 'log10(max_pool2d)' is -inf, so that it has no niche.")
    #expect(measures == nil)
  }

  @Test("A search on axes of training, categories and formulas places each network where its record says")
  func search() async throws {
    var configuration = Toy.configuration(generations: 3)
    configuration.descriptors = [
      DescriptorSettings(name: "log10(params)", lower: 2, upper: 4, bins: 5),
      DescriptorSettings(name: "loss", formula: "training_loss", lower: 0, upper: 2, bins: 4),
      DescriptorSettings(name: "size", formula: "1 if depth > 2 else 0", categories: ["shallow", "deep"]),
      DescriptorSettings(name: "latency_ms", lower: 0.001, upper: 10, scale: .log, bins: 2),
    ]
    configuration.archive.dimensions = []
    configuration = try ConfigurationReader.validated(configuration)
    let log = MemoryLog()
    let run = ToyRun(configuration: configuration)
    _ = try await run.run(ToyRun.strategy(configuration), model: ScriptedModel(), log: log)
    let descriptors = try configuration.makeDescriptors()
    var archive = try configuration.makeArchive()
    #expect(archive.cellCount == 5 * 4 * 2 * 2)
    var placed = 0
    for record in log.now.candidates.values.sorted(by: { $0.id < $1.id }) where record.generation > 0 {
      guard record.isOffered, let fitness = record.fitness else { continue }
      let measures = try #require(record.measures)
      #expect(measures == descriptors.measures(of: record))
      #expect(record.evaluation?.epochs.last?.trainingLoss == measures[1])
      #expect((record.description?.depth ?? 0) > 2 ? measures[2] == 1 : measures[2] == 0)
      #expect(measures[3] > 0)
      archive.add(record.id, objective: fitness, measures: measures)
      placed += 1
    }
    #expect(placed > 3)
    #expect(log.now.generations.last?.networks.map(\.candidate) == archive.elites.map(\.solution))
  }
}
