import Foundation
import LanguageModels
import Reports
import RunStore
import Scoring
import Search
import SearchSpaces

/// The part of `niche run` that searches a space in its table.
struct SpaceSearchCommand {
  private let command: RunCommand

  init(_ command: RunCommand) { self.command = command }

  /// Begins a run in a folder.
  func begin(_ configuration: RunConfiguration, in folder: String) async throws {
    let table = try Project.table(of: configuration)
    // What can fail is tried before the folder is made.
    let figures = try configuration.nasBench201Figures(table)
    let author = try await author(configuration)
    // A run is repeated with what it was begun with, but for prompts that are named with it.
    let repeated = try command.replay.map { try RunStore.read(Project.folder(of: $0)).header }
    var prompts: [Prompt]?
    if configuration.space.search.strategy.usesPrompts {
      prompts =
        if let repeated, command.prompts == nil {
          try Project.prompts(keptBy: repeated, for: configuration).all
        } else {
          try Project.prompts(configuration).all
        }
    }
    let header = RunHeader(
      name: configuration.name, configuration: configuration,
      authorChoice: author?.explanation ?? Self.explanation(configuration.space.search),
      version: Version.text, machine: Machine.summary, began: Date().ISO8601Format(),
      prices: try author.map {
        try repeated?.prices
          ?? Project.prices(first: configuration.model.priceFile).excerpt(for: $0.sources)
      },
      prompts: prompts, table: table.provenance.hash)
    let store = try RunStore.create(in: folder, header: header)
    let lock = try RunLock(folder: store.folder)
    defer { withExtendedLifetime(lock) {} }
    try await search(configuration, in: store, author: author, figures: figures)
  }

  /// Searches from wherever the run's file has it.
  func search(
    _ configuration: RunConfiguration, in store: RunStore, author chosen: Author?,
    figures: StudyTask<NASBench201Space>? = nil
  ) async throws {
    let table = try Project.table(of: configuration)
    guard table.provenance.hash == store.header.table else {
      throw Failure("The run was begun with another table of \(table.space); import that one again.")
    }
    var author = chosen
    if author == nil { author = try await self.author(configuration) }
    Terminal.note("author: \(store.header.authorChoice)")
    let prices = try Project.prices(first: configuration.model.priceFile)
      .keeping(store.header.prices ?? PriceTable())
    author = author?.within(
      configuration.budget.chat, spent: try await store.exchanges().map(\.exchange), prices: prices
    ) { Terminal.note($0) }
    let stop = StopFlag()
    let signals = Interruption(stop: stop)
    defer { withExtendedLifetime(signals) {} }
    let bar = ProgressBar(evaluations: configuration.budget.evaluations)
    let run = try configuration.nasBench201Run(
      table: table, figures: figures,
      models: Project.models(store.header, configuration, model: author?.model), log: store, prices: prices,
      stop: stop)
    let engine = SpaceEngine(run, configuration: configuration, log: store, stop: stop, report: bar.take)
    let summary: SearchSummary
    do {
      summary = try await engine.run()
    } catch {
      bar.finish()
      throw Failure("\(error) What was finished is kept; go on with: niche run --resume \(store.header.name)")
    }
    bar.finish()
    try await command.conclude(summary, store: store)
  }

  /// Who writes architectures for a strategy that asks a model; nil where the strategy needs none.
  private func author(_ configuration: RunConfiguration) async throws -> Author? {
    guard configuration.space.search.strategy.asksModel else { return nil }
    let author = try await command.chosenAuthor(configuration)
    guard author.model != nil else {
      throw Failure(
        "The strategy \(configuration.space.search.strategy.rawValue) asks a language model, and there is none; 'niche "
          + "models' says which can be reached, and --strategy collm-statistics needs none.")
    }
    return author
  }

  private static func explanation(_ arm: StudyArm) -> String {
    arm.strategy.usesPrompts
      ? "Statistics of the history stand in the language models' places (\(arm.strategy.rawValue))."
      : "The strategy \(arm.strategy.rawValue) draws and varies architectures itself."
  }
}

extension Project {
  /// The table that a run's space is looked up in.
  static func table(of configuration: RunConfiguration) throws -> BenchmarkTable {
    try BenchmarkCatalog.standard().table(
      of: configuration.space.name.rawValue, rowCount: NASBench201Cell.count)
  }

  /// What a run's strategy needs that speaks with models; nil where it speaks with none.
  static func models(
    _ header: RunHeader, _ configuration: RunConfiguration, model: (any ChatModel)?
  ) throws -> StudyModels? {
    guard configuration.space.search.strategy.usesPrompts else { return nil }
    return StudyModels(prompts: try prompts(keptBy: header, for: configuration), model: model)
  }

  /// A run's search once more, with the replies that its file has.
  static func replay(of store: RunStore, table: BenchmarkTable) async throws -> any SpaceGenerationSource {
    var configuration = store.header.configuration
    // A run may have been resumed with a larger budget.
    configuration.budget.evaluations = 1_000_000_000
    let asks = configuration.space.search.strategy.asksModel
    let author =
      asks
      ? Author.replaying(
        try await store.exchanges().map(\.exchange), settings: configuration.model, name: store.header.name,
        isStrict: true) : nil
    return try configuration.nasBench201Run(
      table: table, models: models(store.header, configuration, model: author?.model), log: store)
  }
}
