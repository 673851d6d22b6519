import LanguageModels
import QualityDiversity
import RandomStreams
import Testing

@testable import Search

@Suite("Asking for niches, showing elites, evolving prompts")
struct RequestingStrategyTests {
  @Test("The nearest elites are shown, never the parents; the rewriter is shown none")
  func inspirations() throws {
    let strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.inspirations = 3
        $0.mutationProbability = 1
        $0.rewriterShare = 0.3
      })
    for proposal in try strategy.ask() {
      guard !proposal.goesToRewriter else {
        #expect(proposal.inspirations.isEmpty)
        continue
      }
      let home = proposal.parents[0] - 1
      let nearest = (0..<16).filter { $0 != home }.sorted {
        func distance(_ cell: Int) -> Int {
          let (rows, columns) = (cell / 4 - home / 4, cell % 4 - home % 4)
          return rows * rows + columns * columns
        }
        return (distance($0), $0) < (distance($1), $1)
      }
      #expect(proposal.inspirations == nearest.prefix(3).map { $0 + 1 })
    }
    let alone = try LLMatic(
      configuration: {
        var run = Imagined.configuration(); run.search.inspirations = 3; return run
      }(),
      prompts: Toy.prompts(), isRewriterAlone: true)
    #expect(try Imagined.filled(alone).ask().allSatisfy(\.inspirations.isEmpty))
  }

  @Test("Empty and weak niches near the parent's are asked for, in words")
  func niches() throws {
    let strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.askForNiche = 1
        $0.mutationProbability = 1
      }, without: [5], weak: [10])
    var asked: Set<Int> = []
    for proposal in try strategy.ask() {
      // Within two steps of each cell of the grid lies one of the two.
      guard let niche = proposal.niche else { continue }
      asked.insert(niche.cell)
      #expect([5, 10].contains(niche.cell) && niche.isEmpty == (niche.cell == 5))
      let home = proposal.parents[0] - 1
      let rows = niche.cell / 4 - home / 4
      let columns = niche.cell % 4 - home % 4
      let expected =
        abs(rows) >= abs(columns)
        ? "width \(rows > 0 ? "higher" : "lower")" : "depth \(columns > 0 ? "higher" : "lower")"
      #expect(niche.direction == expected, "from \(home) to \(niche.cell)")
      #expect(
        niche.wish
          == (niche.cell == 5
            ? "1 to 2 channels or features in its widest layer and 1 to 2 layers"
            : "2 to 3 channels or features in its widest layer and 2 to 3 layers"))
    }
    #expect(asked == [5, 10])
    // With all niches alike and full there is nothing to ask for.
    let full = try Imagined.filled(Imagined.llmatic { $0.askForNiche = 1 })
    #expect(try full.ask().allSatisfy { $0.niche == nil })
  }

  @Test("Words for axes as they are usual, and at the ends of their ranges")
  func words() throws {
    var run = RunConfiguration()
    run.archive.kind = .grid
    run.archive.dimensions = [4, 4, 2]
    run.descriptors = [
      DescriptorSettings(name: "width_depth_ratio", lower: 1, upper: 256, scale: .log),
      DescriptorSettings(name: "macs", lower: 0, upper: 160e6),
      DescriptorSettings(name: "size", formula: "log10(parameters)", lower: 4, upper: 8),
    ]
    var archive = try run.makeArchive()
    archive.add(1, objective: 1, measures: [8, 60e6, 5])
    var chooser = try NicheChooser(run.descriptors, exploration: 1)
    var wishes: Set<String> = []
    for seed in 0..<200 {
      var draw = RandomStream(seed: UInt64(seed))
      if let niche = chooser.request(from: try archive.cell(of: [8, 60e6, 5]), in: archive, using: &draw) {
        wishes.insert("\(niche.direction): \(niche.wish)")
      }
    }
    #expect(
      wishes.contains(
        "macs lower: 4 to 16 times as many channels in its widest layer as it has layers (wider than deep), under 40 M "
          + "multiply-accumulates per image and 4 to 6 for 'size'"), "\(wishes.sorted())")
    #expect(wishes.contains { $0.hasPrefix("size higher: ") && $0.hasSuffix("and over 6 for 'size'") })
    for (value, text) in [
      (0.0, "0"), (950, "950"), (1234, "1234"), (12_345, "12.3 k"), (600_000, "600 k"), (1.25e6, "1.25 M"),
      (40e6, "40 M"), (2.5e9, "2.5 G"), (-3.14159, "-3.14"), (0.5, "0.5"), (999_999, "1 M"),
    ] {
      #expect(NicheWords.count(value) == text)
    }
    #expect(NicheWords.decimal(81.25, digits: 1) == "81.3" && NicheWords.decimal(-0.04, digits: 1) == "0")
  }

  @Test(
    "Directions that succeed are asked for more often; repetitions and the rewriter's networks are no success"
  )
  func learning() throws {
    var strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.askForNiche = 1
        $0.mutationProbability = 1
        $0.exploration = 0.3
      }, weak: Set(0..<16))
    // All are equally weak but one strong one outside, so that each niche is below the mean.
    _ = try strategy.tell(
      try strategy.ask().map {
        Imagined.record($0, fitness: $0.index == 0 ? 0.9 : nil, measures: [0.5, 0.5])
      })
    var counts: [[String: Int]] = []
    for _ in 0..<30 {
      let proposals = try strategy.ask()
      counts.append(
        Dictionary(proposals.compactMap(\.niche?.direction).map { ($0, 1) }, uniquingKeysWith: +))
      _ = try strategy.tell(
        proposals.map { proposal in
          // Only wider networks come as they were asked for; they are weak again, so nothing else changes.
          guard let niche = proposal.niche else { return Imagined.record(proposal, fitness: nil) }
          let cell = niche.direction == "width higher" ? niche.cell : 0
          return Imagined.record(
            proposal, fitness: 0.1, measures: [Double(cell / 4) + 0.5, Double(cell % 4) + 0.5])
        })
    }
    func share(_ counts: ArraySlice<[String: Int]>) -> Double {
      let all = counts.reduce(0) { $0 + $1.values.reduce(0, +) }
      return Double(counts.reduce(0) { $0 + $1["width higher", default: 0] }) / Double(max(1, all))
    }
    #expect(share(counts[10...]) > 0.5, "\(counts)")
    let bandit = try #require(strategy.niches?.bandit)
    #expect(try #require(bandit.mean(of: "width higher")) > 0.9)
    #expect(try #require(bandit.mean(of: "depth lower")) < 0.1)

    var chooser = try NicheChooser(Imagined.configuration().descriptors, exploration: 1)
    let niche = NicheRequest(cell: 3, direction: "width higher", wish: "", isEmpty: true)
    let proposal = try strategy.ask()[0]
    chooser.learn(niche, from: Imagined.record(proposal, fitness: 1, author: .rewriter), cell: 3)
    #expect(chooser.bandit.mean(of: "width higher") == nil)
    var repetition = Imagined.record(proposal, fitness: 1)
    repetition.verdict.status = .duplicate
    chooser.learn(niche, from: repetition, cell: 3)
    #expect(chooser.bandit.mean(of: "width higher") == 0)
    chooser.learn(niche, from: Imagined.record(proposal, fitness: 1), cell: 3)
    #expect(chooser.bandit.mean(of: "width higher") == 0.5)
  }

  @Test("A prompt that the model wrote enters the archive at its root's place, and is asked with later")
  func promptEvolution() throws {
    var strategy = try Imagined.filled(
      Imagined.llmatic {
        $0.promptEvolution = 1
        $0.mutationProbability = 1
        $0.randomPromptProbability = 0
      })
    let proposals = try strategy.ask()
    #expect(proposals.allSatisfy { $0.evolvesPrompt && $0.evolved == nil })
    let child = EvolvedPrompt(
      id: "\(proposals[0].prompt).\(proposals[0].id)", parent: proposals[0].prompt, root: proposals[0].prompt,
      text: "Add what helps.", exchange: "x")
    var winner = Imagined.record(proposals[0], fitness: 0.99)
    winner.origin.request = CandidateRequest()
    winner.origin.request?.prompt = child
    let place = try #require(Toy.prompts().mutations.firstIndex { $0.id == proposals[0].prompt })
    let parent = try #require(
      try strategy.individuals.elite(of: [Double(place), proposals[0].temperature]))
    #expect(parent.solution.prompt == proposals[0].prompt && parent.objective > 0)
    let told = try strategy.tell([winner])
    let entry = try #require(told.prompts.first { $0.individual.prompt == child.id })
    #expect(
      entry.individual.score == parent.objective + 1, "its parent's, and one for the network that is the best"
    )
    let order = try #require(Toy.prompts().mutations.firstIndex { $0.id == child.root })
    let temperature = entry.individual.temperature
    #expect(try strategy.individuals.cell(of: [Double(order), temperature]) == entry.cell)
    #expect(abs(temperature - min(1, proposals[0].temperature + 0.05)) < 1e-12)
    // Its niche is among the most curious, since a network of it entered; a child of its own would have its root.
    let next = try strategy.ask().filter { $0.prompt == child.id }
    #expect(!next.isEmpty && next.allSatisfy { $0.evolved == child && $0.rootPrompt == child.root })
  }

  @Test(
    "With everything on, a run killed at any write goes on to the same, and the record tells what was asked")
  func everything() async throws {
    var run = Toy.configuration(generations: 4, batch: 5)
    run.search.mutationProbability = 0.8
    run.search.inspirations = 2
    run.search.askForNiche = 0.8
    run.search.promptEvolution = 0.5
    run.search.repairRounds = 1
    run.search.crossoverParents = 3
    let model: @Sendable () -> ScriptedModel = {
      ScriptedModel { (request, key) throws(ChatFailure) in
        if request.messages.count == 1 { return "Try the idea number \(ScriptedModel.number(key) % 1000)." }
        return try ScriptedModel.mixture(key)
      }
    }
    let strategy = try ToyRun.strategy(run)
    let log = MemoryLog()
    _ = try await ToyRun(configuration: run).run(strategy, model: model(), log: log)
    let records = log.now.candidates.values.filter { $0.generation > 0 }
    let requests = records.compactMap(\.origin.request)
    #expect(requests.contains { !$0.inspirations.isEmpty } && requests.contains { !$0.repairs.isEmpty })
    let evolved = requests.compactMap(\.prompt)
    #expect(!evolved.isEmpty)
    for prompt in evolved {
      let exchange = try #require(log.now.exchanges[prompt.exchange])
      guard case .reply(let reply) = exchange.outcome else { continue }
      #expect(reply.content == prompt.text && prompt.id.hasPrefix(prompt.parent + "."))
    }
    let archive = try run.makeArchive()
    var asked = 0
    for record in records {
      guard let niche = record.origin.request?.niche else { continue }
      asked += 1
      let cell = try record.measures.map { try archive.cell(of: $0) }
      #expect(niche.isHit == (record.verdict.isNetwork ? cell == niche.cell : nil))
      let exchange = try #require(log.now.exchanges[record.origin.exchange ?? ""])
      #expect(exchange.request.messages[1].content.contains(niche.wish))
    }
    #expect(asked > 2)

    for survived in stride(from: 2, to: log.now.writes, by: 7) {
      let broken = MemoryLog().copy(breakingAfter: survived)
      await #expect(throws: SearchError.self) {
        _ = try await ToyRun(configuration: run).run(strategy, model: model(), log: broken)
      }
      let resumed = broken.copy()
      let second = model()
      let stored = resumed.now.exchanges.count
      _ = try await ToyRun(configuration: run).run(strategy, model: second, log: resumed)
      #expect(resumed.now.generations == log.now.generations, "after \(survived) writes")
      #expect(resumed.now.repeatable == log.now.repeatable)
      #expect(second.keys.count == log.now.exchanges.count - stored)
    }
  }

  @Test("The rewriter makes random networks by several changes, and combines more than two")
  func rewriter() async throws {
    let rewriter = RewriterWriter(task: Toy.task, prompts: try Toy.prompts(), stream: .init(seed: 1))
    let source = try Toy.prompts().prompt("initial-network").rendered(Toy.task.variables) + "\n"
    var proposal = Proposal(
      id: 1, generation: 1, index: 0, step: .mutation, parents: [0], prompt: "random-network",
      temperature: 0.5, goesToRewriter: true)
    var counts: Set<Int> = []
    for id in 1...20 {
      proposal.id = id
      let draft = try await rewriter.draft(for: proposal, sources: [source])
      counts.insert(draft.applied.count)
      let text = try #require(draft.source)
      _ = try NetworkDescription(of: text, task: Toy.task)
    }
    #expect(counts.count > 3 && counts.max() ?? 0 <= 8 && counts.min() ?? 0 >= 1)
    proposal.prompt = "crossover"
    let draft = try await rewriter.draft(
      for: proposal, sources: [Toy.program([5]), Toy.program([6]), Toy.program([7])])
    #expect(draft.applied.count == 2 || draft.reason != nil)
  }
}
