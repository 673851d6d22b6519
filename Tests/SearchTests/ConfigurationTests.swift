import Foundation
import RandomStreams
import Testing
import TorchFrontend
import Training

@testable import Search

@Suite("Configurations in YAML")
struct ConfigurationTests {
  private func complaint(_ yaml: String) -> String? {
    do {
      _ = try ConfigurationReader.read(yaml)
      return nil
    } catch {
      return error.description
    }
  }

  @Test("What a file leaves out keeps the defaults, or the preset's values")
  func overlay() throws {
    #expect(try ConfigurationReader.read("") == RunConfiguration())
    #expect(try ConfigurationReader.read("# only a comment\n") == RunConfiguration())

    var expected = RunConfiguration()
    expected.seed = -7
    expected.training.learningRate = 3e-4
    expected.training.flip = true
    expected.training.milestones = [10, 20]
    expected.archive.dimensions = [3, 5]
    expected.descriptors = [
      DescriptorSettings(name: "depth", lower: 0, upper: 30),
      DescriptorSettings(name: "flops", lower: 1, upper: 1e9, scale: .log),
    ]
    expected.model.provider = .openai
    let yaml = """
      seed: -7
      training: {learning_rate: 3e-4, flip: yes, milestones: [10, 20]}
      archive:
        dimensions: [3, 5]
      descriptors:
        - name: depth
          lower: 0
          upper: 30
        - {name: flops, lower: 1, upper: 1.0e9, scale: log}
      model:
        provider: openai
      """
    #expect(try ConfigurationReader.read(yaml) == expected)
    #expect(try ConfigurationReader.read(yaml.replacingOccurrences(of: "\n", with: "\r\n")) == expected)

    let preset = try ConfigurationReader.read("preset: smoke\nsearch:\n  batch: 9\n")
    var smoke = try #require(RunConfiguration.preset("smoke"))
    smoke.search.batch = 9
    #expect(preset == smoke)
    #expect(try ConfigurationReader.read("search: {batch: 9}", base: smoke) == smoke)
  }

  @Test("The defaults are LLMatic's published values")
  func published() {
    // arXiv 2306.01102v8, sections 3 and 4.
    let run = RunConfiguration()
    #expect(run.search.generations == 20 && run.search.batch == 100)
    #expect(run.search.initialNetworks == 10)
    #expect(run.search.mutationProbability == 0.7)
    #expect(run.search.initialTemperature == 0.6 && run.search.temperatureStep == 0.05)
    #expect(run.search.temperatureNoise == 0.1)
    #expect(run.archive.kind == .cvt && run.archive.cells == 100 && run.search.promptCells == 100)
    #expect(run.training.epochs == 50 && run.training.learningRate == 0.001 && run.training.momentum == 0.9)
    #expect(run.descriptors.map(\.lower) == [0, 200e6] && run.descriptors.map(\.upper) == [200, 5e9])
    #expect(run.data.name == "cifar-10")
  }

  @Test("Every preset is valid, has its own name and survives being written and read")
  func presets() throws {
    #expect(Set(RunConfiguration.presets.map(\.name)).count == RunConfiguration.presets.count)
    for (name, summary) in RunConfiguration.presets {
      let preset = try #require(RunConfiguration.preset(name))
      #expect(preset.name == name)
      #expect(!summary.isEmpty)
      #expect(try ConfigurationReader.validated(preset) == preset)
      let yaml = try ConfigurationReader.yaml(for: preset)
      #expect(try ConfigurationReader.read(yaml) == preset)
      #expect(try ConfigurationReader.read("preset: \(name)\n") == preset)
    }
    #expect(RunConfiguration.preset("no-such") == nil)
  }

  @Test("A configuration stored before there were inheritance and fidelities is read, and has neither")
  func earlierVersion() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(RunConfiguration()), as: UTF8.self)
    var earlier = text
    for key in [#""inheritance":"none","#, #""fidelities":[],"#] {
      #expect(earlier.contains(key))
      earlier = earlier.replacingOccurrences(of: key, with: "")
    }
    let key = try #require(earlier.range(of: #","stopping":\{[^}]*\}"#, options: .regularExpression))
    earlier.removeSubrange(key)
    #expect(try JSONDecoder().decode(RunConfiguration.self, from: Data(earlier.utf8)) == RunConfiguration())
  }

  @Test("Configurations that are drawn at random survive being written and read", arguments: 0..<60)
  func roundTrip(seed: UInt64) throws {
    var random = RandomStream(seed: seed)
    let texts = [
      "", "null", "~", "true", "1.0", "0x1F", "yes", "- a", "a: b", "#c", "'", "\"", " spaced ",
      "line\nbreak", "\ttab",
      "{", "[", "&a", "*a", "!!str", "é😀", "\\", "%", "@home", "`", "trailing:",
    ]
    func text() -> String { random.element(of: texts) ?? "" }
    var run = RunConfiguration()
    run.name = random.element(of: ["", "a", "true", "007", "1.5", "null", "x-1_2.y"]) ?? ""
    run.seed = random.element(of: [Int.min, Int.max, 0, -1, 42]) ?? 0
    run.data.path = text()
    run.data.name = text()
    run.data.validationShare = random.uniform(0.001, 0.9)
    run.training.learningRate = random.element(of: [1e-12, 1e6, 0.1 + 0.2, 1.0 / 3]) ?? 1
    run.training.momentum = random.uniform(0, 0.99)
    run.training.optimizer = random.element(of: TrainingSettings.Optimizer.allCases) ?? .sgd
    run.training.milestones = (0..<random.integer(below: 4)).map { $0 + 1 }
    run.training.nesterov = random.bernoulli(0.5)
    run.training.fidelities = [[], [1], [2, 7, 50]][random.integer(below: 3)]
    run.training.stopping.audit = random.uniform()
    run.training.inheritance = random.element(of: InheritanceRule.allCases) ?? .none
    let names = NetworkDescription.figureNames + ["log10(macs)", "count(\"conv\") # all"]
    run.descriptors = random.permutation(names.count).prefix(1 + random.integer(below: 3)).map { index in
      guard random.bernoulli(0.8) else {
        return DescriptorSettings(
          name: "kind \(index)", formula: names[index], categories: ["a", "true", "7"])
      }
      let lower = random.uniform(1e-3, 10)
      return DescriptorSettings(
        name: names[index], lower: lower, upper: lower + random.uniform(1, 1e9),
        scale: random.bernoulli(0.5) ? .log : .linear, bins: random.integer(below: 5))
    }
    run.search.repair = [[], [.heal], [.model, .heal]][random.integer(below: 3)]
    run.search.mutations = [[], ["improve", "- a"]][random.integer(below: 2)]
    run.search.prompts = text()
    run.search.parents = random.element(of: SearchSettings.ParentChoice.allCases) ?? .uniform
    if run.training.fidelities.isEmpty { run.archive.depth = 1 + random.integer(below: 3) }
    run.archive.dimensions =
      random.bernoulli(0.5) ? [] : run.descriptors.map { _ in 1 + random.integer(below: 20) }
    run.model.name = text()
    run.model.endpoint = random.element(of: ["", "http://127.0.0.1:8080/v1", "https://[::1]/x y"]) ?? ""
    run.limits.macs = 1 + random.integer(below: 1_000_000_000_000)

    let yaml = try ConfigurationReader.yaml(for: run)
    #expect(try ConfigurationReader.read(yaml) == run, "\(yaml)")
  }

  @Test(
    "An unknown key is named with its line and the closest known one",
    arguments: [
      ("seed: 1\ntrainin:\n  epochs: 3\n", "Line 2: unknown key 'trainin'; did you mean 'training'?"),
      (
        "training:\n  epochs: 3\n  learning-rate: 1\n",
        "Line 3: unknown key 'training.learning-rate'; did you mean 'learning_rate'?"
      ),
      ("descriptors:\n  - nam: depth\n", "Line 2: unknown key 'descriptors[0].nam'; did you mean 'name'?"),
      ("model: {Provider: auto}\n", "Line 1: unknown key 'model.Provider'; did you mean 'provider'?"),
      (
        "limits:\n  zzzzzzzzzzzzzzzzzz: 1\n",
        "Line 2: unknown key 'limits.zzzzzzzzzzzzzzzzzz'; known here: macs, memory, parameters."
      ),
      (
        "seed: 1\npreset: quikstart\n",
        "Line 2: unknown preset 'quikstart'; there are "
          + RunConfiguration.presets.map(\.name).joined(separator: ", ") + "."
      ),
    ])
  func unknownKeys(yaml: String, expected: String) {
    #expect(complaint(yaml) == expected)
  }

  @Test(
    "A value of the wrong kind is named with its path and line",
    arguments: [
      ("training:\n  epochs: many\n", "'training.epochs' (line 2) must be a whole number, not 'many'."),
      ("training:\n  flip: 3\n", "'training.flip' (line 2) must be true or false, not '3'."),
      ("training: 3\n", "'training' (line 1) must be a mapping of keys."),
      ("training:\n", "'training' (line 1) must be a mapping of keys."),
      ("archive:\n  dimensions: 8\n", "'archive.dimensions' (line 2) must be a list, such as [8, 8]."),
      ("descriptors: [depth]\n", "'descriptors[0]' (line 1) must be a mapping of keys."),
      ("seed: [1]\n", "'seed' (line 1) must be a single value."),
      (
        "training: {learning_rate: .inf}\n", "'training.learning_rate' (line 1) must be a number, not '.inf'."
      ),
      ("- a\n", "The configuration must be a mapping of keys such as 'data:' and 'search:'."),
      ("just text\n", "The configuration must be a mapping of keys such as 'data:' and 'search:'."),
    ])
  func wrongTypes(yaml: String, expected: String) {
    #expect(complaint(yaml) == expected)
  }

  @Test(
    "A number that is not whole, or a word that is none of the choices, is named alike",
    arguments: [
      ("training:\n  epochs: 1.5\n", "'training.epochs' (line 2) must be a whole number, not '1.5'."),
      (
        "data:\n  training_limit: 1e300\n",
        "'data.training_limit' (line 2) must be a whole number, not '1e300'."
      ),
      ("seed: 99999999999999999999\n", "'seed' (line 1) must be a whole number, not '99999999999999999999'."),
      ("seed: .nan\n", "'seed' (line 1) must be a whole number, not '.nan'."),
      (
        "archive:\n  dimensions: [8, x]\n",
        "'archive.dimensions[1]' (line 2) must be a whole number, not 'x'."
      ),
      (
        "training:\n  optimizer: lion\n",
        "'training.optimizer' (line 2) must be one of sgd, adam, adamw, not 'lion'."
      ),
      (
        "training:\n  inheritance: lamarck\n",
        "'training.inheritance' (line 2) must be one of none, matching, net2net, not 'lamarck'."
      ),
      (
        "search:\n  repair: [model, pray]\n",
        "'search.repair[1]' (line 2) must be one of heal, model, not 'pray'."
      ),
      (
        "descriptors:\n  - {name: depth, scale: cubic}\n",
        "'descriptors[0].scale' (line 2) must be one of linear, log, not 'cubic'."
      ),
    ])
  func wrongValues(yaml: String, expected: String) {
    #expect(complaint(yaml) == expected)
  }

  @Test("Numbers may be written in any way that YAML has")
  func numbers() throws {
    let run = try ConfigurationReader.read(
      "seed: 0x10\nsearch: {batch: 2e1}\ntraining: {learning_rate: 1, momentum: 5.0e-1}")
    #expect(
      run.seed == 16 && run.search.batch == 20 && run.training.learningRate == 1
        && run.training.momentum == 0.5)
  }

  @Test(
    "Numbers out of bounds are refused",
    arguments: [
      "workers: -1", "training: {epochs: 0}", "training: {batch_size: 0}", "training: {learning_rate: 0}",
      "training: {momentum: 1}", "training: {label_smoothing: 1}", "training: {milestones: [0]}",
      "training: {stopping: {error_rate: 0}}", "training: {stopping: {error_rate: 0.6}}",
      "training: {stopping: {audit: 1.1}}", "training: {stopping: {stall_steps: -1}}",
      "training: {stopping: {divergence_loss: -1}}",
      "data: {validation_share: 0}", "data: {validation_share: 1}", "data: {training_limit: -1}",
      "archive: {cells: 0}", "archive: {dimensions: [0, 1]}", "archive: {front: 0}", "archive: {front: 257}",
      "archive: {objectives: [{name: depth}, {name: width}, {name: macs}, {name: linear}]}",
      "archive: {dimensions: [10000, 10000]}", "descriptors: []", "search: {batch: 0}",
      "search: {generations: 0}",
      "search: {mutation_probability: 1.1}", "search: {initial_temperature: -0.1}", "search: {patience: 0}",
      "search: {crossover_parents: 1}", "search: {population: 0}", "search: {top_count: 0}",
      "search: {crossover_networks: -1}", "search: {repair_rounds: 11}", "search: {inspirations: -1}",
      "search: {ask_for_niche: 1.1}", "search: {prompt_evolution: -0.1}", "model: {maximum_edits: 0}",
      "limits: {memory: 1}", "limits: {parameters: 0}",
    ])
  func bounds(yaml: String) throws {
    #expect(try #require(complaint(yaml)).contains(" must be between "))
  }

  @Test("Fidelities are rising epochs of the training", arguments: ["[0]", "[1, 1]", "[3, 2]", "[1, 4]"])
  func fidelities(list: String) throws {
    let message = try #require(complaint("training: {epochs: 3, fidelities: \(list)}"))
    #expect(
      message.hasPrefix(
        "'training.fidelities' must be rising epochs between 1 and training.epochs, which is 3; "))
    #expect(complaint("training: {epochs: 3, fidelities: [1, 3]}") == nil)
    #expect(
      complaint("training: {stopping: {error_rat: 1}}")
        == "Line 1: unknown key 'training.stopping.error_rat'; did you mean 'error_rate'?")
  }

  @Test("The ablations differ from the paper in what they leave out, and have its budget")
  func ablations() throws {
    let paper = try #require(RunConfiguration.preset("paper"))
    #expect(paper.search == SearchSettings() && paper.search.crossoverNetworks == 10)
    for name in [
      "network-archive-only", "prompt-archive-only", "mutation-only", "crossover-only", "random-networks",
      "regularized-evolution",
    ] {
      var preset = try #require(RunConfiguration.preset(name))
      #expect(preset.search != paper.search, "\(name)")
      #expect(preset.search.generations * preset.search.batch == 2000 && preset.search.population == 100)
      preset.name = paper.name
      preset.search = paper.search
      #expect(preset == paper, "\(name) differs in its search alone")
    }
    // LLMatic's public code: 200 generations of 4 roll-outs of 10 networks, 0.85 : 0.15, any of the three best.
    let code = try #require(RunConfiguration.preset("reference-code"))
    #expect(code.search.generations == 200 && code.search.batch == 40)
    #expect(
      code.search.mutationProbability == 0.85 && code.search.parents == .top && code.search.topCount == 3)
    #expect(code.search.mutations.count == 12 && code.training.batchSize == 1)
  }

  @Test("What only LLMatic has is refused elsewhere")
  func requests() throws {
    for (yaml, words) in [
      (
        "search: {strategy: random, inspirations: 2}", "'search.inspirations' belongs to the strategy llmatic"
      ),
      ("search: {strategy: regularized-evolution, ask_for_niche: 1}", "'search.ask_for_niche' belongs"),
      ("search: {prompt_archive: no, prompt_evolution: 0.5}", "needs 'search.prompt_archive'"),
      ("search: {ask_for_niche: 0.5}\narchive: {kind: sliding}", "whose niches stay"),
      (
        "search: {ask_for_niche: 0.5}\ndescriptors: [{name: a, formula: macs, categories: [b, c]}]",
        "that is no list of categories"
      ),
    ] {
      #expect(try #require(complaint(yaml)).contains(words), "\(yaml)")
    }
    #expect(complaint("search: {ask_for_niche: 0.5, inspirations: 3, prompt_evolution: 0.1}") == nil)
  }

  @Test("Ways of repairing: each once, and the model's where there are rounds")
  func repairs() {
    #expect(complaint("search: {repair: [heal, heal]}") == "'search.repair' names a way of repairing twice.")
    #expect(
      complaint("search: {repair: [heal], repair_rounds: 2}")
        == "'search.repair_rounds' is 2, but 'search.repair' lacks model.")
    #expect(complaint("search: {repair: [model, heal], repair_rounds: 2}") == nil)
    #expect(complaint("search: {repair: []}") == nil)
    #expect(
      complaint("search: {mutations: [a, a]}") == "'search.mutations' names a prompt twice.")
  }

  @Test("A grid has one dimension per descriptor")
  func dimensions() {
    #expect(
      complaint("archive: {dimensions: [8]}")
        == "'archive.dimensions' has 1 numbers but there are 2 descriptors.")
  }

  @Test("Descriptors: unknown, given twice, without extent, with a logarithm of zero")
  func descriptors() {
    #expect(
      complaint("descriptors: [{name: macz, lower: 0, upper: 1}]")
        == "Descriptor 'macz': there is no figure called 'macz'; there are "
        + Descriptor.vocabulary.figures.sorted().joined(separator: ", ")
        + ", and kinds of operations. Did you mean 'macs'?")
    #expect(
      complaint("descriptors: [{name: x, formula: log10(macs, lower: 0, upper: 1}]")?.hasPrefix(
        "Descriptor 'x': ")
        == true)
    #expect(
      complaint("descriptors: [{name: a, formula: macs, categories: [b, b]}]")
        == "Descriptor 'a': axis 'a' has the category 'b' twice.")
    #expect(complaint("descriptors: [{name: a, formula: macs, categories: [b, c]}]") == nil)
    #expect(
      complaint("descriptors: [{name: macs, lower: 2, upper: 2}]")
        == "Descriptor 'macs' needs finite bounds with lower below upper.")
    #expect(
      complaint("descriptors: [{name: macs, lower: 0, upper: 1, scale: log}]")
        == "Descriptor 'macs' has a log scale, so its lower bound must be positive.")
    #expect(
      complaint("descriptors: [{name: macs, lower: 0, upper: 1}, {name: macs, lower: 0, upper: 2}]")
        == "The descriptor 'macs' is given twice; each axis must measure something else.")
  }

  @Test(
    "Archives that cannot be are refused with what to do",
    arguments: [
      ("archive: {kind: sliding, depth: 2}", "need an archive of kind cvt or grid, not sliding"),
      ("archive: {depth: 2, threshold_rate: 0.5}", "cannot be used together"),
      (
        "archive: {kind: proximity}\ndescriptors: [{name: a, formula: macs, categories: [b]}]",
        "with categories need"
      ),
      ("archive: {kind: proximity}\nsearch: {parents: bandit}", "cannot be bandit with a proximity archive"),
      ("archive: {depth: 2}\ntraining: {fidelities: [1]}", "needs niches with one elite each"),
      (
        "descriptors: [{name: latency_ms, lower: 0, upper: 9}]\ntraining: {fidelities: [1]}",
        "'latency_ms' names what only training gives"
      ),
    ])
  func archives(yaml: String, reason: String) throws {
    let message = try #require(complaint(yaml))
    #expect(message.contains(reason), "\(message)")
  }

  @Test("Runs of earlier versions, which say less of their archive and search, are read with the defaults")
  func earlierVersions() throws {
    let encoder = JSONEncoder()
    var run = RunConfiguration()
    run.archive.cells = 7
    let text = String(decoding: try encoder.encode(run), as: UTF8.self)
    var tree = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    tree["archive"] = ["kind": "cvt", "cells": 7, "dimensions": [Int]()]
    var search = try #require(tree["search"] as? [String: Any])
    for key in [
      "parents", "tournamentSize", "promptChoice", "exploration", "crossoverParents", "repair",
      "repairRounds",
      "inspirations", "askForNiche", "promptEvolution", "prompts", "mutations", "strategy", "topCount",
      "crossoverNetworks", "networkArchive", "promptArchive", "population",
    ] {
      #expect(search.removeValue(forKey: key) != nil)
    }
    tree["search"] = search
    tree["descriptors"] = run.descriptors.map {
      ["name": $0.name, "lower": $0.lower, "upper": $0.upper, "scale": $0.scale.rawValue] as [String: Any]
    }
    // Each crossover drew its own network then.
    run.search.crossoverNetworks = 0
    let old = try JSONSerialization.data(withJSONObject: tree)
    #expect(try JSONDecoder().decode(RunConfiguration.self, from: old) == run)
  }

  @Test(
    "Names that would leave their folder are refused",
    arguments: ["a/b", "..", ".hidden", "a b", "ü", "a\u{0}"])
  func names(name: String) throws {
    var run = RunConfiguration()
    run.name = name
    #expect(throws: ConfigurationError.self) { try ConfigurationReader.validated(run) }
  }

  @Test("A key or password in the file is refused and not repeated")
  func secrets() throws {
    for yaml in [
      "model: {key_variable: sk-s3cret}", "model: {endpoint: 'https://me:s3cret@host/v1'}",
      "model: {endpoint: 'https://host/v1?key=s3cret'}",
    ] {
      let message = try #require(complaint(yaml))
      #expect(!message.contains("s3cret"))
    }
    #expect(complaint("model: {key_variable: MY_KEY_2, endpoint: 'http://127.0.0.1:8080/v1'}") == nil)
  }

  @Test(
    "Bad YAML gives one sentence",
    arguments: [
      "seed: 1\n  bad: 2\n", "a: [1, 2", "\t- x", "seed: 1\nseed: 2\n", "a: *nowhere\n", "\"\\q\"",
      "%YAML 9.9\n---\n",
      "a: b\n---\nc: d\n", "key: 'open",
    ])
  func badYAML(yaml: String) throws {
    let message = try #require(complaint(yaml))
    #expect(!message.contains("\n"))
    #expect(message.hasSuffix(".") || message.hasSuffix("?"))
  }

  @Test("Aliases cannot blow a file up")
  func billionLaughs() throws {
    func bomb(_ key: String, _ use: String) -> String {
      var yaml = "\(key):\n  - &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
      for level in 1...30 {
        yaml +=
          "  - &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
      }
      return yaml + use
    }
    #expect(complaint(bomb("laughs", "")) != nil)
    #expect(complaint(bomb("descriptors", "")) != nil)
    #expect(complaint(bomb("laughs", "? *a30\n: 1\n")) != nil)
    #expect(
      complaint(
        "archive: {dimensions: [" + Array(repeating: "1", count: 30_000).joined(separator: ",") + "]}") != nil
    )
    #expect(complaint(String(repeating: " ", count: 2 << 20)) != nil)
  }

  @Test("Deep nesting does not overflow the stack")
  func deepNesting() {
    for depth in [100, 5_000, 200_000] {
      #expect(complaint("seed: " + String(repeating: "[", count: depth)) != nil)
      #expect(complaint("seed: " + String(repeating: "{a: ", count: depth)) != nil)
      #expect(complaint("seed:\n  " + String(repeating: "- ", count: depth) + "1\n") != nil)
      #expect(complaint(String(repeating: "? ", count: depth) + "1\n") != nil)
    }
  }

  @Test("Random bytes and broken pieces of a good file never crash", arguments: 0..<20)
  func fuzz(seed: UInt64) throws {
    var random = RandomStream(seed: seed)
    let good = Array(try ConfigurationReader.yaml(for: #require(RunConfiguration.preset("quickstart"))).utf8)
    for _ in 0..<20 {
      var bytes = good
      for _ in 0...random.integer(below: 6) {
        let place = random.integer(below: bytes.count)
        switch random.integer(below: 3) {
        case 0: bytes[place] = UInt8(random.integer(below: 256))
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.integer(below: 20)))
        default: bytes.insert(contentsOf: Array("[]{}:&*!-\n".utf8.shuffled(using: &random)), at: place)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      if let message = complaint(String(decoding: bytes, as: UTF8.self)) { #expect(!message.contains("\n")) }
    }
  }

  @Test("The closest word is the one with the fewest edits, if near")
  func spelling() {
    #expect(Spelling.distance("kitten", "sitting") == 3)
    #expect(Spelling.distance("", "abc") == 3 && Spelling.distance("abc", "abc") == 0)
    #expect(Spelling.closest(to: "epoch", among: ["epochs", "batch_size"]) == "epochs")
    #expect(Spelling.closest(to: "xyzzy", among: ["epochs", "batch_size"]) == nil)
    #expect(Spelling.closest(to: "a", among: []) == nil)
  }

  @Test("Descriptors have the values of their definition")
  func descriptorValues() {
    let network = NetworkDescription(hash: "", className: "", parameters: 7, macs: 11, width: 12, depth: 5)
    let values = ["width_depth_ratio", "width", "depth", "macs", "flops", "parameters"].map(network.figure)
    #expect(values == [12.0 / 5, 12, 5, 11, 22, 7])
    let empty = NetworkDescription(hash: "", className: "", parameters: 0, macs: 0, width: 0, depth: 0)
    #expect(empty.figure(named: "width_depth_ratio") == 0)
  }
}
