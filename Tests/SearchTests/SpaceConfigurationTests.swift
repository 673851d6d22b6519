import Testing

@testable import Search

@Suite struct SpaceConfigurationTests {
  @Test func aSpaceBringsItsArchiveAndBudget() throws {
    let short = try ConfigurationReader.read("space: nas-bench-201\nseed: 4")
    let long = try ConfigurationReader.read(
      "seed: 4\nspace: {name: nas-bench-201, search: {strategy: bohb, factor: 4}}")
    let preset = try #require(RunConfiguration.preset("nas-bench-201"))
    #expect(short.isOfSpace && short.seed == 4 && short.name.isEmpty)
    #expect(short.descriptors == preset.descriptors && short.budget.evaluations == 300)
    #expect(short.space.search.strategy == .regularizedEvolution)
    #expect(long.space.search.strategy == .bohb && long.space.search.factor == 4)
    #expect(long.descriptors == short.descriptors)
    #expect(short.measurement == "cifar-10 (nas-bench-201's table by nats-bench, 200 epochs)")
    #expect(try ConfigurationReader.read(ConfigurationReader.yaml(for: long)) == long)
    // Axes may be any of the space's figures.
    let axes = try ConfigurationReader.read(
      "space: nas-bench-201\ndescriptors: [{name: cell_depth, upper: 3}, {name: latency_ms, lower: 1, upper: 20}]"
    )
    #expect(try axes.makeDescriptors().map(\.name) == ["cell_depth", "latency_ms"])
    #expect(RunConfiguration().measurement == "cifar-10" && !RunConfiguration().isOfSpace)
  }

  @Test(arguments: [
    ("space: nas-bench-101", "must be one of"),
    ("space: {epochs: 12}", "'space' has settings but no 'name'"),
    ("space: nas-bench-201\ndata: {name: cifar10}", "did you mean 'cifar-10'?"),
    ("space: {name: nas-bench-201, epochs: 50}", "12 and 200"),
    ("space: {name: nas-bench-201, epochs: 12, search: {strategy: bohb}}", "needs a lower fidelity"),
    ("space: {name: nas-bench-201, constraint: 'size < 3'}", "size"),
    (
      "space: {name: nas-bench-201, search: {strategy: random, population: 7}}",
      "says nothing to the strategy"
    ),
    (
      "space: {name: nas-bench-201, search: {strategy: collm, deduplicate: 'off'}}", "evaluates nothing twice"
    ),
    ("space: nas-bench-201\nbudget: {evaluations: 0}", "budget.evaluations"),
    ("space: nas-bench-201\ntraining: {epochs: 3}", "'training' says nothing"),
    ("space: nas-bench-201\nsearch: {generations: 3}", "'search' says nothing"),
    ("space: nas-bench-201\narchive: {noise: {scores: 3}}", "archive.noise"),
    ("space: nas-bench-201\ndescriptors: [{name: conv}]", "conv"),
    ("preset: smoke\nspace: nas-bench-201", "no data set 'fashion-mnist'"),
    ("descriptors: [{name: cell_depth}]", "cell_depth"),
  ])
  func whatDoesNotFitIsRefused(yaml: String, words: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try ConfigurationReader.read(yaml) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
