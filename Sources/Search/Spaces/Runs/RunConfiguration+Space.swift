public import LanguageModels
import RandomStreams
public import Scoring
public import SearchSpaces

extension RunConfiguration {
  /// The task of NAS-Bench-201 that the run's data set is.
  ///
  /// - Throws: where it is none.
  public func nasBench201Task() throws(SearchError) -> NASBench201Task {
    guard let task = NASBench201Task.all.first(where: { $0.name == data.name }) else {
      let known = NASBench201Task.all.map(\.name)
      let hint = Spelling.closest(to: data.name, among: known).map { "; did you mean '\($0)'?" }
      throw SearchError(
        "nas-bench-201 has no data set '\(data.name)'\(hint ?? "; it has \(known.joined(separator: ", ")).")")
    }
    return task
  }

  /// What the table says of the run's data set.
  ///
  /// - Throws: where the table has not all that is needed.
  public func nasBench201Figures(_ table: BenchmarkTable) throws(SearchError) -> StudyTask<NASBench201Space> {
    try StudyTask.nasBench201(
      data.name, family: space.family, epochs: space.epochs, constraint: space.constraint, table: table)
  }

  /// The run's search of NAS-Bench-201, at its beginning.
  ///
  /// - Parameters:
  ///   - figures: what the table says of the data set, where that was looked up already.
  ///   - models: what strategies need that speak with models.
  ///   - log: where exchanges with models are looked for and kept.
  ///   - prices: what models cost.
  /// - Throws: where the table has not all that is needed, or the strategy lacks its model.
  public func nasBench201Run(
    table: BenchmarkTable, figures: StudyTask<NASBench201Space>? = nil, models: StudyModels?, log: any RunLog,
    prices: PriceTable = PriceTable(),
    stop: StopFlag = StopFlag()
  ) throws(SearchError) -> SpaceRun<TabularEvaluator<NASBench201Space>> {
    // As `??` would throw anything.
    let task: StudyTask<NASBench201Space>
    if let figures { task = figures } else { task = try nasBench201Figures(table) }
    return try spaceRun(
      task.evaluator, imagesPerUnit: nasBench201Task().trainingImages, models: models, log: log,
      prices: prices,
      stop: stop)
  }

  /// A run's search by any evaluator, at its beginning; it is that of a study with the same seed, data set and arm.
  ///
  /// - Parameter imagesPerUnit: how many images an evaluation of cost 1 trains on.
  /// - Throws: where the strategy lacks its model, or the archive cannot be made.
  public func spaceRun<Evaluator: SpaceEvaluator>(
    _ evaluator: Evaluator, imagesPerUnit: Int, models: StudyModels?, log: any RunLog,
    prices: PriceTable = PriceTable(), stop: StopFlag = StopFlag()
  ) throws(SearchError) -> SpaceRun<Evaluator> where Evaluator.Space: ChoiceSpace {
    let arm = space.search
    var models = models
    models?.roles = modelRoles
    var transcript: SpaceTranscript?
    if arm.strategy.asksModel, let model = models?.model {
      let kept = SpaceTranscript()
      models?.model = kept.model(model, log: log, prices: prices)
      transcript = kept
    }
    let target = space.target > 0 ? space.target : nil
    let strategy = try arm.makeAwaitedStrategy(
      for: evaluator.space, fidelities: evaluator.fidelities, archive: SpaceArchive(self),
      constraint: space.constraint, target: target, models: models,
      stream: RandomStream(seed: UInt64(bitPattern: Int64(seed))).stream(data.name).stream(arm.title))
    return try SpaceRun(
      evaluator,
      settings: SpaceSearchSettings(
        evaluations: budget.evaluations, deduplicate: arm.deduplicate, target: target,
        constraint: space.constraint),
      strategy: strategy,
      records: SpaceRecords(
        space: evaluator.space, fidelities: evaluator.fidelities, descriptors: try makeDescriptors(),
        author: arm.strategy.asksModel ? .languageModel : .strategy, imagesPerUnit: imagesPerUnit),
      archive: try makeArchive(), transcript: transcript, batch: search.batch, stop: stop)
  }
}
