import Scoring
import Testing

@testable import Search

@Suite("Objectives and proxies in a configuration")
struct ObjectiveTests {
  @Test("Objectives beside fitness are read, and senseless ones are refused")
  func objectives() throws {
    let run = try ConfigurationReader.read(
      "archive: {objectives: [{name: macs, worst: 1e7, best: 1e4, scale: log}, {name: loss, formula: training_loss, worst: 3}]}"
    )
    #expect(
      run.archive.objectives == [
        ObjectiveSettings(name: "macs", worst: 1e7, best: 1e4, scale: .log),
        ObjectiveSettings(name: "loss", formula: "training_loss", worst: 3, best: 0),
      ])
    let standings = run.archive.standings(fitness: 0.5, objectives: [1e5, 0.75])
    #expect(standings.count == 3 && standings[0] == 0.5 && abs(standings[1] - 2.0 / 3) < 1e-12)
    #expect(standings[2] == 0.75)
    #expect(run.archive.standings(fitness: 0.5, objectives: [0, 1])[1] == .infinity)
    #expect(run.archive.standings(fitness: 0.5, objectives: nil)[1].isNaN)
    #expect(
      try ConfigurationReader.read("archive: {objectives: []}").archive.standings(
        fitness: 0.5, objectives: nil) == [0.5])
    for (archive, part) in [
      ("objectives: [{name: depht, worst: 9}]", "Did you mean 'depth'?"),
      ("objectives: [{name: depth, worst: 2, best: 2}]", "two finite numbers that differ"),
      ("objectives: [{name: depth, worst: 2, best: 0, scale: log}]", "must be positive"),
      ("objectives: [{name: depth}, {name: depth}]", "given twice"),
      ("objectives: [{name: fitness}]", "the first in any case"),
      ("objectives: [{worst: 3}]", "needs a 'name'"),
      ("objectives: [{name: depth}], front: 3", "at least 4"),
      ("objectives: [{name: depth}], depth: 2", "kind cvt or grid"),
      ("objectives: [{name: depth}], kind: sliding", "kind cvt or grid"),
      ("objectives: [{name: depth, bset: 1}]", "did you mean 'best'?"),
    ] {
      let message = try #require(complaint("archive: {\(archive)}"), "\(archive)")
      #expect(message.contains(part), "\(message)")
    }
  }

  @Test("Noise goes with one elite a cell and fresh weights, and its numbers have bounds")
  func noise() throws {
    let run = try ConfigurationReader.read("archive: {noise: {scores: 3, confidence: 1.5, deviation: 0.02}}")
    let noise = run.archive.noise
    #expect(noise.isOn && noise.confidence == 1.5 && noise.deviation == 0.02)
    #expect(!RunConfiguration().archive.noise.isOn)
    for (yaml, part) in [
      ("archive: {noise: {scores: 0}}", "archive.noise.scores"),
      ("archive: {noise: {confidence: -1}}", "archive.noise.confidence"),
      ("archive: {noise: {deviation: 2}}", "archive.noise.deviation"),
      ("archive: {noise: {scores: 2}, depth: 2}", "kind cvt or grid"),
      ("archive: {noise: {scores: 2}, kind: sliding}", "kind cvt or grid"),
      ("archive: {noise: {scores: 2}, objectives: [{name: depth, worst: 9}]}", "no 'objectives'"),
      ("archive: {noise: {scores: 2}}\ntraining: {inheritance: matching}", "must be none"),
      ("archive: {noise: {scores: 2}}\ntraining: {epochs: 3, fidelities: [1]}", "no 'noise'"),
      ("archive: {noise: {scores: 2}}\nsearch: {network_archive: false}", "need 'search.network_archive'"),
    ] {
      let message = try #require(complaint(yaml), "\(yaml)")
      #expect(message.contains(part), "\(message)")
    }
  }

  @Test("Proxies are named by axes, objectives and a list; unknown ones are refused with those there are")
  func proxies() throws {
    let run = try ConfigurationReader.read(
      """
      descriptors: [{name: proxy.synflow, upper: 100}, {name: ratio, formula: proxy.nwot / log(params)}]
      archive: {objectives: [{name: proxy.zen}]}
      search: {proxies: [naswot, jacov]}
      """)
    #expect(try run.namedProxies() == [.synapticFlow, .jacobianCovariance, .activationOverlap, .zen])
    #expect(try RunConfiguration().namedProxies().isEmpty)
    let unknown = try #require(complaint("descriptors: [{name: proxy.sinflow}]"))
    #expect(unknown.contains("there is no figure called 'proxy.sinflow'") && unknown.contains("proxy.zico"))
    #expect(unknown.hasSuffix("Did you mean 'proxy.synflow'?"))
    let listed = try #require(complaint("search: {proxies: [sinflow]}"))
    #expect(
      listed.hasPrefix(
        "'search.proxies': there is no proxy called 'sinflow'; there are params, macs, l2_norm"))
    #expect(listed.hasSuffix("Did you mean 'synflow'?"))
    let early = complaint(
      "training: {epochs: 3, fidelities: [1]}\ndescriptors: [{name: proxy.synflow, upper: 100}]")
    #expect(early?.contains("gives or a proxy") == true)
  }
}
