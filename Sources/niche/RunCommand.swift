public import ArgumentParser
import Execution
import Foundation
import LanguageModels
import QualityDiversity
import Reports
import RunStore
public import Search
import Training

/// `niche run`: a search, from its beginning or from wherever it was left.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Search for networks and keep them under archives/NAME.",
    discussion: """
      CONFIG is a YAML file or one of the presets: \
      \(RunConfiguration.presets.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ")).
      Ctrl-C stops cleanly; --resume goes on as if nothing had happened.
      """)

  @Argument(help: "A YAML file or a preset; with --resume, the run.")
  var config = "quickstart"

  @Flag(help: "Go on with the run of that name.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Take the language model's replies from that run; no model is asked.", valueName: "run"))
  var replay: String?

  @Flag(
    help: "With --replay: stop at the first request that was not recorded; else its candidate is refused.")
  var replayStrict = false

  @Option(help: "The run's name; default: the preset's or the file's.")
  var name: String?

  @Option(help: "The seed of all random numbers.")
  var seed: Int?

  @Option(
    help:
      "Who writes networks: \(ModelSettings.Provider.allCases.map(\.rawValue).joined(separator: ", ")).")
  var author: ModelSettings.Provider?

  @Option(
    help: "How a space is searched: \(StudyArm.Strategy.allCases.map(\.rawValue).joined(separator: ", ")).")
  var strategy: StudyArm.Strategy?

  @Option(help: "The data set.")
  var data: String?

  @Option(help: "How many generations.")
  var generations: Int?

  @Option(help: "How many candidates are trained side by side.")
  var workers: Int?

  @Option(help: "End after so many trained candidates in all.")
  var evaluations: Int?

  @Option(help: "End when the language model has cost so many US dollars in all.")
  var dollars: Double?

  @Option(
    help: ArgumentHelp(
      "A file of prices in the form of prices.json, which go before those.", valueName: "file"))
  var prices: String?

  @Flag(help: "Keep replies, and give them again to equal requests of any run, at no cost.")
  var cache = false

  @Flag(help: "Tell what the run would about take, and end; no model is asked.")
  var dryRun = false

  @Option(help: ArgumentHelp("A folder of further prompts.", valueName: "folder"))
  var prompts: String?

  @Flag(help: "Print the whole configuration as YAML and end.")
  var printConfig = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if replayStrict, replay == nil { throw ValidationError("--replay-strict needs --replay.") }
    if dryRun, resume || replay != nil {
      throw ValidationError("--dry-run is of a new run; it takes neither --resume nor --replay.")
    }
    if resume,
      name != nil || seed != nil || author != nil || replay != nil || strategy != nil || data != nil
    {
      throw ValidationError(
        "--resume takes everything from the run; only --generations, --workers, --evaluations and --dollars may differ."
      )
    }
  }

  func run() async throws {
    try await explained {
      if resume {
        let store = try RunStore.open(Project.folder(of: config))
        try await search(in: store)
        return
      }
      var configuration = try chosenConfiguration()
      if printConfig {
        print(try ConfigurationReader.yaml(for: configuration), terminator: "")
        return
      }
      configuration = try ConfigurationReader.validated(configuration)
      if dryRun {
        guard !configuration.isOfSpace else {
          throw Failure("--dry-run is of searches that train; this one looks its networks up in a table.")
        }
        try await forecast(configuration)
      } else {
        try await begin(configuration)
      }
    }
  }

  // MARK: Beginning

  private func chosenConfiguration() throws -> RunConfiguration {
    var configuration = try Project.configuration(named: config)
    if let strategy {
      guard configuration.isOfSpace else {
        throw Failure(
          "--strategy is of searches of a space, such as 'niche run nas-bench-201'; others have search.strategy."
        )
      }
      configuration.space.search = StudyArm(strategy, deduplicate: .genotype)
      configuration.name += "-\(strategy.rawValue)"
    }
    if let data { configuration.data.name = data }
    if let name { configuration.name = name }
    if let seed { configuration.seed = seed }
    if let author { configuration.model.provider = author }
    if let generations { configuration.search.generations = generations }
    if let workers { configuration.workers = workers }
    if let prompts { configuration.search.prompts = prompts }
    // A run is resumed from anywhere.
    if !configuration.search.prompts.isEmpty {
      configuration.search.prompts = URL(fileURLWithPath: configuration.search.prompts).path
    }
    if let evaluations { configuration.budget.evaluations = evaluations }
    if let dollars { configuration.budget.dollars = dollars }
    if let prices { configuration.model.priceFile = prices }
    if cache { configuration.model.cache = true }
    return configuration
  }

  private func begin(_ beginning: RunConfiguration) async throws {
    var configuration = beginning
    let folder = try Project.archives() + "/" + configuration.name
    if configuration.isOfSpace { return try await SpaceSearchCommand(self).begin(configuration, in: folder) }
    // What can fail is tried before the folder is made.
    let data = try configuration.loadData()
    let repeated = try replay.map { try RunStore.read(Project.folder(of: $0)).header }
    // A run is repeated with what it was begun with, but for prompts that are named with it.
    let library =
      if let repeated, prompts == nil {
        try Project.prompts(keptBy: repeated, for: configuration)
      } else {
        try Project.prompts(configuration)
      }
    try SearchEngine.checkInitialNetwork(of: configuration, data: data, prompts: library)
    let author = try await chosenAuthor(configuration)
    var prices: PriceTable?
    if !author.sources.isEmpty {
      let table = try Project.prices(first: configuration.model.priceFile)
      prices = repeated?.prices ?? table.excerpt(for: author.sources)
      configuration.model.banditCost =
        repeated?.configuration.model.banditCost ?? author.banditCost(configuration.model, prices: table)
    }
    let header = RunHeader(
      name: configuration.name, configuration: configuration, authorChoice: author.explanation,
      version: Version.text, machine: Machine.summary,
      began: Date().ISO8601Format(), prices: prices, prompts: library.kept)
    try await search(in: RunStore.create(in: folder, header: header), author: author)
  }

  func chosenAuthor(_ configuration: RunConfiguration) async throws -> Author {
    if let replay {
      let recorded = try RunStore.read(Project.folder(of: replay))
      return Author.replaying(
        try await recorded.exchanges().map(\.exchange), settings: configuration.model,
        name: recorded.header.name, isStrict: replayStrict)
    }
    return try await Author.choose(
      configuration, roles: configuration.modelRoles,
      replies: configuration.model.cache ? try Project.replies() : nil,
      onNotice: { Terminal.note($0) })
  }

  private func forecast(_ configuration: RunConfiguration) async throws {
    let data = try configuration.loadData()
    let author = try await chosenAuthor(configuration)
    let prices = try Project.prices(first: configuration.model.priceFile)
    var history = ForecastHistory()
    for name in try Project.runs() {
      // A run that cannot be read tells nothing of this one.
      guard let run = try? RunStore.read(Project.archives() + "/" + name) else { continue }
      try? await history.add(run, for: configuration, sources: author.sources)
    }
    let forecaster = RunForecaster(
      configuration: configuration, data: data,
      prompts: try Project.prompts(configuration),
      author: author,
      workers: threads(configuration))
    let forecast = try await forecaster.forecast(history: history, prices: prices)
    if common.json { try common.print(forecast) } else { print(forecast.text) }
  }

  /// How many candidates are trained side by side.
  private func threads(_ configuration: RunConfiguration) -> Int {
    let chosen = workers ?? configuration.workers
    return chosen > 0 ? chosen : ProcessInfo.processInfo.activeProcessorCount
  }

  // MARK: Searching

  private func search(in store: RunStore, author chosen: Author? = nil) async throws {
    let lock = try RunLock(folder: store.folder)
    defer { withExtendedLifetime(lock) {} }
    let configuration = try presentConfiguration(of: store)
    if configuration.isOfSpace {
      return try await SpaceSearchCommand(self).search(configuration, in: store, author: chosen)
    }
    // What a run that is only begun here keeps was read just now.
    let prompts =
      resume
      ? try Project.prompts(keptBy: store.header, for: configuration)
      : try PromptLibrary(
        kept: store.header.prompts ?? [], folder: Project.home() + "/prompts", for: configuration.search)
    let data = try configuration.loadData()
    var author: Author
    if let chosen {
      author = chosen
    } else {
      author = try await chosenAuthor(configuration)
    }
    if resume, author.isRewriterAlone != store.header.authorChoice.hasPrefix(Author.rewriterMark) {
      throw Failure(
        "The run was begun with another author (\(store.header.authorChoice)), now there is: \(author.explanation) "
          + "Make the same one available, or begin a new run.")
    }
    Terminal.note("author: \(author.explanation)")
    author = author.within(
      configuration.budget.chat, spent: try await store.exchanges().map(\.exchange),
      prices: try Project.prices(first: configuration.model.priceFile)
        .keeping(store.header.prices ?? PriceTable())
    ) { Terminal.note($0) }

    let stop = StopFlag()
    let signals = Interruption(stop: stop)
    defer { withExtendedLifetime(signals) {} }
    let bar = ProgressBar(generations: configuration.search.generations)
    let engine = try SearchEngine(
      configuration: configuration, data: data, prompts: prompts,
      writer: author.writer(configuration, data: data, prompts: prompts, log: store), log: store,
      draftsAtOnce: author.concurrency,
      workers: threads(configuration), stop: stop,
      report: bar.take)
    let strategy = try configuration.makeStrategy(
      prompts: prompts, isRewriterAlone: author.isRewriterAlone)
    let summary: SearchSummary
    do {
      summary = try await engine.run(strategy)
    } catch {
      bar.finish()
      throw Failure("\(error) What was finished is kept; go on with: niche run --resume \(store.header.name)")
    }
    bar.finish()
    try await conclude(summary, store: store)
  }

  /// The run's configuration, in which a resumed run may have other limits.
  private func presentConfiguration(of store: RunStore) throws -> RunConfiguration {
    var configuration = store.header.configuration
    guard resume else { return configuration }
    if let generations { configuration.search.generations = generations }
    if let evaluations { configuration.budget.evaluations = evaluations }
    if let dollars { configuration.budget.dollars = dollars }
    return try ConfigurationReader.validated(configuration)
  }

  func conclude(_ summary: SearchSummary, store: RunStore) async throws {
    let status = try RunStatus(try await RunSnapshot(store))
    if common.json {
      try common.print(status)
    } else {
      print(status.text)
      print("The run is in \(store.folder); 'niche show \(store.header.name)' lists its elites.")
    }
    let advice = "go on with: niche run --resume \(store.header.name)"
    switch summary.end {
    case .completed: if let reason = summary.reason { Terminal.note("ended: \(reason)") }
    case .stopped: Terminal.note("stopped; \(advice)")
    case .outOfBudget: Terminal.note("ended: \(summary.reason ?? "the budget is used up") \(advice)")
    case .outOfTime:
      let minutes = Figures.fixed(store.header.configuration.search.minutes, 0)
      Terminal.note(
        "ended after generation \(summary.generations), since another would not have ended within \(minutes) minutes; "
          + advice)
    }
  }
}

extension ModelSettings.Provider: ExpressibleByArgument {}
extension StudyArm.Strategy: ExpressibleByArgument {}
