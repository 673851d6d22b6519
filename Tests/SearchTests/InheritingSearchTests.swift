import Testing
import Training

@testable import Search

@Suite("A search whose networks inherit weights")
struct InheritingSearchTests {
  private let configuration: RunConfiguration
  private let strategy: LLMatic

  init() throws {
    var run = Toy.configuration(generations: 4, batch: 5)
    run.training.inheritance = .net2net
    run.search.mutationProbability = 1
    run.limits.macs = 100_000
    configuration = run
    strategy = try ToyRun.strategy(run, isRewriterAlone: true)
  }

  private func run(_ log: MemoryLog, workers: Int = 2) async throws -> Set<Int> {
    let run = ToyRun(configuration: configuration, workers: workers)
    _ = try await run.run(strategy, model: nil, log: log)
    return run.events.trained
  }

  @Test("Each trained candidate says what it took over, and from whom")
  func records() async throws {
    let log = MemoryLog()
    let trained = try await run(log)
    var (inherited, changed) = (0, 0)
    for candidate in trained {
      let record = try #require(log.now.candidates[candidate])
      let inheritance = try #require(record.evaluation?.inheritance)
      #expect(inheritance.parent == record.origin.parents.first)
      if inheritance.parent == 0 {
        #expect(inheritance.account == nil && inheritance.reason == "No weights of its parent are kept.")
        continue
      }
      let account = try #require(inheritance.account)
      #expect(account.inheritedCount + account.fresh.count > 0)
      if account.inheritedCount > 0 { inherited += 1 }
      if !account.widened.isEmpty || !account.deepened.isEmpty {
        #expect(try #require(account.difference) <= Trainer.inheritanceTolerance)
        changed += 1
      }
    }
    #expect(inherited > 2, "or the test says little")
    #expect(changed > 0, "or the test says little")
  }

  @Test("The number of workers decides nothing")
  func workers() async throws {
    let (one, two) = (MemoryLog(), MemoryLog())
    _ = try await run(one, workers: 1)
    _ = try await run(two, workers: 2)
    #expect(one.now.generations == two.now.generations)
    #expect(one.now.repeatable == two.now.repeatable)
    #expect(one.now.weights == two.now.weights)
  }

  @Test("A run killed at any write finds its parents' weights again")
  func resume() async throws {
    let complete = MemoryLog()
    _ = try await run(complete)
    for survived in stride(from: 1, to: complete.now.writes, by: 6) {
      let log = MemoryLog().copy(breakingAfter: survived)
      await #expect(throws: SearchError(MemoryLog.failure.description)) { _ = try await run(log) }
      let resumed = log.copy()
      _ = try await run(resumed)
      #expect(resumed.now.generations == complete.now.generations, "after \(survived) writes")
      #expect(resumed.now.repeatable == complete.now.repeatable, "after \(survived) writes")
      #expect(resumed.now.weights == complete.now.weights, "after \(survived) writes")
    }
  }

  @Test("Without inheritance nothing is said of it, and the networks are others")
  func none() async throws {
    let (with, without) = (MemoryLog(), MemoryLog())
    _ = try await run(with)
    var plain = configuration
    plain.training.inheritance = .none
    _ = try await ToyRun(configuration: plain).run(
      ToyRun.strategy(plain, isRewriterAlone: true), model: nil, log: without)
    #expect(without.now.candidates.values.allSatisfy { $0.evaluation?.inheritance == nil })
    #expect(without.now.repeatable != with.now.repeatable)
  }
}
