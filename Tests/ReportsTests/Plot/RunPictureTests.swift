import Foundation
import LanguageModels
import QualityDiversity
import RunStore
import Search
import Testing

@testable import Reports

@Suite("Pictures of runs")
struct RunPictureTests {
  private let candidates: [SampleRun.Candidate] = [
    .init(width: 10, depth: 2, fitness: 0.61), .init(width: 10, depth: 8, fitness: 0.84, author: .rewriter),
    .init(width: 90, depth: 2, fitness: 0.72),
    .init(width: 90, depth: 2, status: .refused, prompt: "<widen>&"),
    .init(generation: 2, width: 12, depth: 3, fitness: 0.66),
    .init(generation: 2, width: 12, depth: 3, fitness: 0.66, status: .duplicate),
    .init(generation: 2, width: 95, depth: 2, fitness: 0.7, status: .healed),
    .init(generation: 2, width: 95, depth: 2, status: .untrainable),
  ]

  private func facts(_ run: SampleRun) async throws -> RunFacts {
    try await RunFacts(run.snapshot())
  }

  private var sample: SampleRun {
    SampleRun(configuration: SampleRun.grid, candidates: candidates, generations: 2)
  }

  private func exchange(_ number: Int, tokens: Int?) -> ChatExchange {
    ChatExchange(
      identity: ModelIdentity(provider: "local", model: "tiny <b>"),
      request: ChatRequest(messages: [ChatMessage(role: .user, content: "ask \(number)")]),
      outcome: tokens.map {
        .reply(
          ChatReply(content: "class", model: "tiny", usage: TokenUsage(promptTokens: $0, completionTokens: 1))
        )
      } ?? .failure(.timedOut(endpoint: "here", seconds: 1, attempts: 1)))
  }

  @Test("The archive is folded anew, with what each candidate did to it and what that cost")
  func facts() async throws {
    var run = sample
    run.exchanges = [exchange(1, tokens: 10), exchange(2, tokens: nil), exchange(3, tokens: 30)]
    let facts = try await facts(run)
    #expect(facts.outcomes == [1: AddStatus.new, 2: .new, 3: .new, 5: .improved, 7: .rejected])
    // The repetition cost nothing, and the fourth and eighth were not trained.
    #expect(facts.moments.map(\.trained) == [0, 1, 2, 3, 4, 5])
    #expect(facts.moments.map(\.seconds) == [0.0, 2, 4, 6, 8, 10])
    #expect(facts.moments.map(\.tokens) == [0, 11, 11, 42, 42, 42])
    let scores = [0, 0.61, 1.45, 2.17, 2.22, 2.22]
    #expect(zip(facts.moments, scores).allSatisfy { abs($0.statistics.qdScore - $1) < 1e-9 })
    #expect(facts.generations.count == 2 && facts.generations.map(\.trained) == [3, 5])
    #expect(facts.generations.map(\.statistics) == facts.run.generations.map(\.statistics))
    #expect(facts.archive.elites.map(\.solution) == [5, 2, 3])
    #expect(facts.healed == Set([7]))
    #expect(facts.withoutSource == Set([4]))
  }

  @Test("A run that ends with contested networks is drawn to its stored end")
  func contestedEnd() async throws {
    let snapshot = try await RunSnapshot(RunStore.open(SmallRun.finishedNoise.value))
    #expect(snapshot.scores.contains { $0.generation == snapshot.generations.count })
    let facts = try RunFacts(snapshot)
    let (last, end) = (try #require(facts.moments.last), try #require(facts.generations.last))
    #expect(last.trained == end.trained && last.seconds == end.seconds && last.statistics == end.statistics)
  }

  @Test("The funnel counts each step")
  func funnel() async throws {
    var run = sample
    run.exchanges = [exchange(1, tokens: 10), exchange(2, tokens: 3), exchange(3, tokens: nil)]
    let stages = FunnelPicture(try await facts(run)).stages
    #expect(stages.map(\.count) == [8, 6, 7, 7, 1, 6, 5, 4, 3])
    #expect(stages.map(\.name).prefix(2) == ["asked for", "answered"])
    #expect(stages.filter(\.isPart).map(\.name) == ["of these healed"])
    // Without a model nobody replies.
    run.exchanges = []
    for place in run.candidates.indices { run.candidates[place].author = .rewriter }
    let facts = try await facts(run)
    #expect(FunnelPicture(facts).stages.map(\.name).prefix(2) == ["asked for", "source read"])
    #expect(!SuccessPicture(facts).svg(.light).document.contains("replies"))
    for place in run.candidates.indices { run.candidates[place].author = .languageModel }
    #expect(FunnelPicture(try await self.facts(run)).stages[1].name == "replies")
  }

  @Test("The funnel says how often the model was asked again and for niches, and what came of it")
  func requests() async throws {
    var run = sample
    for (place, isHit) in [(0, true), (1, false), (4, true)] {
      var request = CandidateRequest()
      request.niche = NicheRequest(
        cell: 1, direction: "width higher", wish: "wide", isEmpty: true, isHit: isHit)
      run.candidates[place].request = request
    }
    // The fourth is refused; the last was told twice.
    for (place, rounds) in [(3, 1), (7, 2)] {
      var request = CandidateRequest()
      request.repairs = (0..<rounds).map { Repair(exchange: "\($0)", problem: "No class.") }
      run.candidates[place].request = request
    }
    let facts = try await facts(run)
    let parts = FunnelPicture(facts).stages.filter(\.isPart)
    #expect(
      parts.map(\.name) == [
        "for a niche", "asked again to mend it", "of these healed", "mended when asked again",
        "in the niche asked for",
      ])
    #expect(parts.map(\.count) == [3, 2, 1, 1, 2])
  }

  @Test("Success is counted by prompt, operator, author, form and model")
  func success() async throws {
    var run = sample
    run.exchanges = [exchange(1, tokens: 10)]
    let groups = SuccessCounts(try await facts(run)).groups
    #expect(groups.map(\.name) == ["Prompt", "Operator", "Author", "Form", "Model"])
    #expect(groups[0].rows.map(\.name) == ["<widen>&", "add-layer"])
    let row = SuccessCounts.Row(name: "add-layer", asked: 7, replies: 7, valid: 7, entered: 4, improved: 1)
    #expect(groups[0].rows[1] == row)
    #expect(
      groups[2].rows.map(\.name) == ["language model", "rewriter"]
        && groups[4].rows.map(\.name) == ["tiny <b>"])
  }

  @Test("Wilson's interval, against published values")
  func wilson() {
    // Newcombe 1998, table I: 81/263, 15/148, 0/20, 1/29.
    for (successes, trials, lower, upper) in [
      (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
    ] {
      let interval = WilsonInterval(successes, of: trials)
      #expect(abs(interval.lower - lower) < 5e-5 && abs(interval.upper - upper) < 5e-5, "\(interval)")
    }
    let none = WilsonInterval(0, of: 0)
    #expect(none.share == nil && none.lower == 0 && none.upper == 1)
  }

  private func pictures(_ facts: RunFacts, _ theme: Theme) -> [String: SVG] {
    var pictures = [
      "map": ArchivePicture(facts).svg(theme), "curves": CurvesPicture(facts).svg(theme),
      "success": SuccessPicture(facts).svg(theme), "funnel": FunnelPicture(facts).svg(theme),
    ]
    pictures["pairs"] = PairsPicture(facts)?.svg(theme)
    pictures["axes"] = ParallelAxesPicture(facts)?.svg(theme)
    pictures["prompts"] = PromptPicture(facts)?.svg(theme)
    pictures["lineage"] = facts.run.candidates.last.flatMap { LineagePicture(facts, of: $0.id)?.svg(theme) }
    return pictures
  }

  @Test("Runs of any size give pictures without a fault", arguments: [0, 1, 8, 300], [1, 2, 3, 4, 6])
  func sizes(count: Int, axisCount: Int) async throws {
    var configuration = SampleRun.grid
    configuration.archive.dimensions = [5, 4, 3, 3, 2, 2].prefix(axisCount).map { $0 }
    configuration.descriptors = [
      DescriptorSettings(name: "width", lower: 1, upper: 100, scale: .log),
      DescriptorSettings(name: "depth", lower: 0, upper: 10),
      DescriptorSettings(name: "macs", lower: 0, upper: 100_000),
      DescriptorSettings(name: "parameters", lower: 1, upper: 1e6, scale: .log),
      DescriptorSettings(name: "flops", lower: 0, upper: 200_000),
      DescriptorSettings(name: "width_depth_ratio", lower: 0, upper: 50),
    ].prefix(axisCount).map { $0 }
    let many = (0..<count).map { number in
      SampleRun.Candidate(
        generation: 1 + number / 60, width: 1 + (number * 37) % 99, depth: 1 + (number * 7) % 10,
        fitness: number % 5 == 3 ? nil : 0.5 + Double((number * 31) % 100) / 250,
        status: number % 5 == 3 ? .refused : .valid,
        prompt: "prompt \(number % 7) \(String(repeating: "long ", count: number % 7))")
    }
    let run = SampleRun(
      name: "run <&> 'x'", configuration: configuration, candidates: many, generations: count == 0 ? 0 : 5)
    let facts = try await facts(run)
    for theme in [Theme.light, .dark] {
      let pictures = pictures(facts, theme)
      let further = ["pairs", "axes"].filter { pictures[$0] != nil }
      #expect(further.count == (axisCount > 2 ? 2 : 0))
      for (name, picture) in pictures {
        let faults = DocumentReader.faults(of: picture)
        #expect(faults.isEmpty, "\(name): \(faults.prefix(3))")
      }
    }
    // The same run gives the same bytes.
    let again = try await self.pictures(self.facts(run), .light)
    #expect(again.mapValues(\.document) == pictures(facts, .light).mapValues(\.document))
  }

  @Test("A lineage with crossovers shows every ancestor and both of its parents")
  func lineage() async throws {
    let facts = try await facts(sample)
    let picture = try #require(LineagePicture(facts, of: 5)).svg(.light)
    // 5 ← 4 ← 3 ← 2 ← 1 ← 0 as the sample has it.
    let labels = picture.labels.map(\.text)
    #expect(labels.contains("candidate 5 · 66.00 %") && labels.contains("candidate 0"))
    #expect(labels.filter { $0.hasPrefix("candidate") }.count == 6)
    #expect(LineagePicture(facts, of: 99) == nil)
    await #expect(throws: SearchError("The run 'sample' has no candidate 99.")) {
      _ = try await RunPictures(sample.snapshot()).picture(.lineage, candidate: 99)
    }
  }

  @Test("The prompt archive shows each individual twice, by score and by curiosity")
  func prompts() async throws {
    var run = sample
    run.prompts = [
      PromptIndividual(prompt: "widen", temperature: 0.6, score: 3, curiosity: -2),
      PromptIndividual(prompt: "<b>", temperature: 1.4, score: 0, curiosity: 1.5),
    ]
    let facts = try await facts(run)
    let picture = try #require(PromptPicture(facts)).svg(.light)
    #expect(DocumentReader.faults(of: picture).isEmpty)
    let document = try #require(DocumentReader.read(picture.document))
    #expect(document.attributes(of: "circle").count == 4)
    #expect(document.titles.contains("widen at temperature 0.600: score 3, curiosity -2"))
    #expect(PromptPicture(try await self.facts(sample)) == nil)
  }
}
