import Foundation
import QualityDiversity
import RandomStreams
import Search
import Synchronization
import Testing

@Suite struct StudyTests {
  private func study(_ change: (inout StudyConfiguration) -> Void = { _ in }) -> StudyConfiguration {
    var study = StudyConfiguration()
    study.data = ["toy"]
    study.seeds = 4
    study.budgets = [5, 20, 60]
    study.archive.descriptors = [
      DescriptorSettings(name: "cost", lower: 0, upper: 15, bins: 5),
      DescriptorSettings(name: "depth", lower: 0, upper: 5, bins: 5),
    ]
    study.arms = [
      StudyArm(.random), StudyArm(.regularizedEvolution, name: "evolution", deduplicate: .genotype),
      StudyArm(.bohb),
    ]
    change(&study)
    return study
  }

  private func task(_ constraint: String = "") throws -> StudyTask<ToySpace> {
    let table = try ToySpace.table()
    let validation = table.genotypes.map(ToySpace.value)
    // What tests well is not quite what validates well.
    let test = table.genotypes.enumerated().map { ToySpace.value($1) - 0.01 * Double($0 % 7) }
    return try StudyTask(
      name: "toy", evaluator: table, validation: validation, test: test, constraint: constraint)
  }

  private func runner(_ study: StudyConfiguration) throws -> StudyRunner<ToySpace> {
    try StudyRunner(study, tasks: [task(study.constraint)], tableHash: "toy")
  }

  @Test(arguments: ["", "cost <= 6"]) func cellsAreWhatTheSearchDid(_ constraint: String) throws {
    let study = study { $0.constraint = constraint }
    let (runner, task) = (try runner(study), try task(constraint))
    for arm in study.arms {
      let cell = try task.cell(arm, seed: 3, study: study, archive: runner.archive, key: "k")
      // The same search by hand.
      var search = try SpaceSearch(
        task.evaluator,
        settings: SpaceSearchSettings(
          evaluations: 60, deduplicate: arm.deduplicate, constraint: constraint), archive: runner.archive)
      let stream = RandomStream(seed: 3).stream("toy").stream(arm.title)
      func go(_ strategy: some SpaceStrategy<ToySpace>) {
        var strategy = strategy
        search.run(&strategy)
      }
      try go(
        arm.makeStrategy(
          for: ToySpace(), fidelities: task.evaluator.fidelities, archive: runner.archive, stream: stream))
      #expect(cell.marks.map(\.evaluations) == [5, 20, 60])
      for budget in study.budgets {
        var spent = 0
        let within = search.results.prefix { result in
          spent += result.isPaid ? [12, 200][result.fidelity] : 0
          return spent <= 200 * budget
        }
        let full = within.filter { $0.isFull && $0.isPaid }
        let mark = try #require(cell.mark(budget))
        #expect(mark.evaluated == within.count { $0.isPaid } && mark.full == full.count)
        #expect(mark.repeated == within.count { !$0.isPaid } && mark.illegal == 0)
        var niches: [Int: Double] = [:]
        for result in full {
          let niche = try #require(search.archive).cell(of: #require(result.measures))
          niches[niche] = max(niches[niche] ?? 0, result.fitness ?? 0)
        }
        #expect(mark.elites == niches.count)
        #expect(abs(mark.qdScore - niches.values.reduce(0, +)) < 1e-9)
        let places = full.filter(\.isFeasible).compactMap { $0.genotype.flatMap(task.evaluator.place) }
        let best = cell.best(within: Double(budget))
        #expect(best?.validation == places.map { task.validation[$0] }.max())
        #expect(best?.bestTest == places.map { task.test[$0] }.max())
        if let best {
          #expect(task.validation[best.place] == best.validation && task.test[best.place] == best.test)
        }
      }
    }
  }

  @Test func whatIsKeptIsRunAgain() async throws {
    let (study, log) = (study(), StudyLog())
    _ = try await runner(study).run(log: log, workers: 2)
    func counts(_ runner: StudyRunner<ToySpace>) async throws -> [Int] {
      let result = try await runner.verify(log, workers: 2)
      #expect(result.holds, "\(result.fault ?? "")")
      return [result.kept, result.checked, result.others]
    }
    #expect(try await counts(runner(study)) == [12, 12, 0])
    // Of another study's point of view: fewer seeds, an arm that is another, a table that is another.
    let less = self.study { ($0.seeds, $0.arms[2].factor) = (3, 4) }
    #expect(try await counts(runner(less)) == [6, 6, 6])
    let elsewhere = try StudyRunner(study, tasks: [task()], tableHash: "another")
    #expect(try await counts(elsewhere) == [0, 0, 12])

    let changes: [(inout StudyCell) -> String] = [
      { cell in
        cell.steps[cell.steps.count - 1].place += 1
        return "by cell \(cell.steps[cell.steps.count - 1].place) after"
      },
      { cell in
        cell.marks[1].qdScore = cell.marks[1].qdScore.nextUp
        return "elites of QD score \(cell.marks[1].qdScore) at 20 evaluations"
      },
      { cell in
        cell.steps.removeLast()
        return "is kept with \(cell.steps.count) changes of the best"
      },
      { cell in
        cell.seed += 1
        return "is kept as that of 'evolution' on toy with seed \(cell.seed)"
      },
    ]
    let honest = try #require(log.cells.values.first { $0.arm == "evolution" && $0.seed == study.firstSeed })
    for change in changes {
      var cell = honest
      let words = change(&cell)
      try log.append(cell)
      let fault = try await runner(study).verify(log, workers: 2).fault
      #expect(fault?.contains(words) == true, "\(fault ?? "nothing") has no '\(words)'")
      #expect(fault?.hasPrefix("the search of 'evolution' on toy with seed \(study.firstSeed) ") == true)
    }
    try log.append(honest)
    #expect(try await runner(study).verify(log, workers: 1).holds)
  }

  @Test func ranksAndOptimaAreThoseOfTheTable() throws {
    let task = try task("cost <= 6")
    for place in stride(from: 0, to: task.validation.count, by: 97) {
      #expect(task.validationRanks[place] == 1 + task.validation.count { $0 > task.validation[place] })
      #expect(task.testRanks[place] == 1 + task.test.count { $0 > task.test[place] })
    }
    let allowed = task.validation.indices.filter {
      (task.evaluator.figures(at: $0)["cost"] ?? 99) <= 6
    }
    #expect(task.optimum.validation == allowed.map { task.validation[$0] }.max())
    #expect(task.optimum.bestTest == allowed.map { task.test[$0] }.max())
    #expect(throws: SearchError("No architecture fulfils 'cost < 0'.")) { try self.task("cost < 0") }
  }

  @Test func whatIsFinishedIsKept() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/niche-study-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let study = study()
    let whole = try await runner(study).run(log: StudyLog(), workers: 2)
    #expect(whole.isComplete && whole.cells.count == 12)

    // Stopped after three, then gone on with.
    let stop = StopFlag()
    let first = try await runner(study).run(log: StudyLog(folder: folder), workers: 1, stop: stop) {
      finished, total in
      #expect(total == 12)
      if finished == 3 { stop.raise() }
    }
    #expect(first.cells.count == 3 && !first.isComplete)
    let path = folder + "/" + StudyLog.fileName
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(#"{"arm":"random","da"#.utf8))
    try handle.close()
    let began = Mutex<Int?>(nil)
    let second = try await runner(study).run(log: StudyLog(folder: folder), workers: 2) { finished, _ in
      began.withLock { $0 = $0 ?? finished }
    }
    #expect(began.withLock { $0 } == 3)
    #expect(second.cells == whole.cells && second.isComplete)

    // A changed arm is run anew, the others are not.
    let changed = self.study { $0.arms[1].population = 7 }
    let third = try await runner(changed).run(log: StudyLog(folder: folder), workers: 2) { finished, _ in
      began.withLock { $0 = $0 == 3 ? finished : $0 }
    }
    #expect(began.withLock { $0 } == 8)
    #expect(third.cells.filter { $0.arm != "evolution" } == whole.cells.filter { $0.arm != "evolution" })
    #expect(third.cells != whole.cells)

    try Data("{}\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: SearchError.self) { try StudyLog(folder: folder) }
  }

  @Test func filesAreReadStrictly() throws {
    let yaml = """
      name: trial
      family: nas-bench-201
      data: [cifar-10]
      seeds: 3
      budgets: [10, 20]
      reach: [2, 0.25]
      archive:
        descriptors: [{name: depth, formula: cell_depth, lower: 0, upper: 4, bins: 4}]
      baseline: b
      arms:
        - {name: a, strategy: regularized-evolution, population: 20, replacement: false, deduplicate: network}
        - {name: b, strategy: reinforce, learning_rate: 1}
      """
    let study = try StudyReader.read(yaml)
    #expect(study.arms[0].population == 20 && !study.arms[0].replacement)
    #expect(study.arms[0].deduplicate == .network && study.arms[1].learningRate == 1)
    #expect(study.reach == [2, 0.25] && study.budgets == [10, 20] && study.family == .nasBench201)
    #expect(study.archive.descriptors.map(\.bins) == [4] && study.baselineName == "b")
    #expect(try StudyReader.read("") == StudyConfiguration())
    #expect(throws: Never.self) {
      try StudyReader.read(String(contentsOfFile: Self.shipped, encoding: .utf8))
    }
    let mistakes = [
      ("seeds: 0", "'seeds' is 0"), ("seed: 1", "did you mean 'seeds'?"),
      ("budgets: [30, 20]", "must rise"), ("data: [a, a]", "given twice"),
      ("arms: [{strategy: randon}]", "must be one of random"),
      ("arms: [{strategy: random}, {strategy: random}]", "Two arms are called 'random'"),
      ("arms: [{strategy: random, population: 3}]", "'population' of the arm 'random' says nothing"),
      ("arms: [{strategy: genetic, population: 0}]", "'population' of the arm 'genetic' is 0"),
      ("baseline: x", "no arm is called that"), ("arms: 3", "must be a list"), ("- 1", "must be a mapping"),
      ("reach: [x]", "must be a number"), ("name: ../x", "becomes a folder"),
    ]
    for (yaml, words) in mistakes {
      let error = #expect(throws: ConfigurationError.self) { try StudyReader.read(yaml) }
      #expect(error?.description.contains(words) == true, "\(yaml): \(error?.description ?? "")")
    }
  }

  private static let shipped =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    + "/docs/study-nas-bench-201.yaml"
}
