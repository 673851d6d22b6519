import Foundation
import QualityDiversity
import RandomStreams
import Testing
import TorchFrontend
import Training

@testable import Search

@Suite("Configurations in YAML")
struct ConfigurationTests {
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

    // A preset's dimensions belong to its own axes.
    let other = try ConfigurationReader.read(
      "preset: smoke\ndescriptors: [{name: depth, lower: 0, upper: 30, bins: 12}]\n")
    #expect(other.archive.dimensions.isEmpty)
    #expect(try other.makeArchive().cellCount == 12)

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
    #expect(code.search.mutations.count == 13 && code.training.batchSize == 1)
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
      "crossoverNetworks", "networkArchive", "promptArchive", "population", "operatorChoice",
      "rewriterChanges", "randomChanges",
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

  @Test("Descriptors have the values of their definition")
  func descriptorValues() {
    let network = NetworkDescription(hash: "", className: "", parameters: 7, macs: 11, width: 12, depth: 5)
    let values = ["width_depth_ratio", "width", "depth", "macs", "flops", "parameters"].map(network.figure)
    #expect(values == [12.0 / 5, 12, 5, 11, 22, 7])
    let empty = NetworkDescription(hash: "", className: "", parameters: 0, macs: 0, width: 0, depth: 0)
    #expect(empty.figure(named: "width_depth_ratio") == 0)
  }
}
