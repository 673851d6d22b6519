import Foundation
import LanguageModels
import QualityDiversity
import RandomStreams
import Search
import Testing

/// Arms of a study that speak with models.
@Suite struct StudyModelTests {
  private func study(_ arms: [StudyArm]) -> StudyConfiguration {
    var study = StudyConfiguration()
    study.data = ["toy"]
    study.seeds = 2
    study.budgets = [10, 30]
    study.archive.descriptors = [DescriptorSettings(name: "cost", lower: 0, upper: 15, bins: 5)]
    study.arms = arms
    return study
  }

  private func runner(
    _ study: StudyConfiguration, _ model: (any ChatModel)? = nil
  ) throws -> StudyRunner<ToySpace> {
    let table = try ToySpace.table()
    let values = table.genotypes.map(ToySpace.value)
    let task = try StudyTask(name: "toy", evaluator: table, validation: values, test: values)
    return try StudyRunner(
      study, tasks: [task], tableHash: "toy", models: StudyModels(prompts: Toy.prompts(), model: model))
  }

  /// Draws from what the request itself says, as the seed has it.
  private func drawing(_ vocabulary: SpaceVocabulary) -> any ChatModel { SingleStandIn(vocabulary) }

  @Test func everyKindOfArmRunsToItsBudgetAndIsRepeatedFromTheRecord() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/niche-exchanges-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let study = study(
      [.collm, .singleModel, .modelOptimizer, .collmStatistics].map { StudyArm($0, deduplicate: .genotype) })
    let vocabulary = SpaceVocabulary(ToySpace().choices, stream: RandomStream(seed: 1))
    let exchanges = try StudyExchanges(folder: folder)
    let model = try exchanges.model(asking: drawing(vocabulary), prices: PriceTable())
    let first = try await runner(study, model).run(log: StudyLog(), workers: 2)
    try exchanges.check()
    #expect(first.isComplete && first.cells.count == 8)
    for cell in first.cells { #expect(cell.mark(30)?.full == 30 && cell.mark(10)?.full == 10) }
    // The file is enough; a line half written does no harm.
    let path = folder + "/" + StudyExchanges.fileName
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(#"{"identity":{"mod"#.utf8))
    try handle.close()
    let again = try StudyExchanges(folder: folder)
    #expect(again.exchanges.count > 8)
    let silent = try again.model(asking: nil, prices: PriceTable())
    #expect(try await runner(study, silent).run(log: StudyLog(), workers: 1).cells == first.cells)
    let nobody = try StudyExchanges(folder: folder + "/other")
    #expect(throws: SearchError.self) { try nobody.model(asking: nil, prices: PriceTable()) }
  }

  @Test func aSearchThatALimitCutsShortIsNotFinished() async throws {
    let vocabulary = SpaceVocabulary(ToySpace().choices, stream: RandomStream(seed: 1))
    let limited = BudgetedModel(drawing(vocabulary), budget: ChatBudget(calls: 2))
    let log = StudyLog()
    let arms = [StudyArm(.collm, deduplicate: .genotype)]
    let error = await #expect(throws: SearchError.self) {
      try await runner(study(arms), limited).run(log: log, workers: 1)
    }
    #expect(error?.isEndOfBudget == true && log.cells.isEmpty)
    await #expect(throws: SearchError.self) { try await runner(study(arms)).run(log: log, workers: 1) }
  }

  @Test(arguments: [
    ("{strategy: collm}", "'deduplicate' of the arm 'collm' must be genotype or network"),
    ("{strategy: collm, deduplicate: genotype, shown: 5}", "'shown' of the arm 'collm' says nothing"),
    ("{strategy: random, naming: neutral}", "'naming' of the arm 'random' says nothing"),
    ("{strategy: collm-statistics, deduplicate: network, temperature: 1}", "'temperature' of the arm"),
    (
      "{strategy: collm, deduplicate: genotype, memory: all}",
      "must be one of navigator, generator, both, none"
    ),
    ("{strategy: collm, deduplicate: genotype, temperature: 3}", "must be between 0.0 and 2.0"),
  ])
  func settingsThatDoNotFit(arm: String, message: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try StudyReader.read("arms: [\(arm)]")
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func studyFilesOfTheProjectAreSound() throws {
    let folder = URL(fileURLWithPath: Toy.promptsFolder).deletingLastPathComponent().path + "/docs/"
    for name in ["study-collm", "study-collm-model"] {
      let text = try String(contentsOfFile: folder + name + ".yaml", encoding: .utf8)
      let study = try StudyReader.read(text)
      #expect(study.name == name && study.arms.contains { $0.strategy.usesPrompts })
    }
    #expect(throws: ConfigurationError.self) { try StudyReader.read("budget: {evaluations: 5}") }
  }
}
