import ArgumentParser
import Foundation
import LanguageModels
import Reports
import Scoring
import Search
import SearchSpaces

/// `niche study`: strategies against each other on a space that is known throughout.
struct StudyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Compare strategies on a tabular benchmark: seeds, budgets, intervals, tests.",
    discussion: """
      FILE is a YAML file (docs/study.md); docs/study-nas-bench-201.yaml is one. Arms may ask a language model \
      (docs/collm-nas.md); what it said is kept, too, and not asked again. Each finished search is kept under \
      archives/NAME, so that a study that was stopped goes on where it was, and one that got more seeds, arms or data \
      sets runs only these. With --verify nothing is added: the searches that are kept are run again from the table, and \
      the exit code is 1 where one is not what is kept.
      """)

  @Argument(help: "The study.")
  var file: String

  @Option(help: "How many searches run side by side; default: as many as there are cores.")
  var workers: Int?

  @Option(help: "The number of seeds, in place of the file's.")
  var seeds: Int?

  @Option(help: "The folder that keeps the searches; default: archives/NAME.")
  var folder: String?

  @Flag(help: "Run the kept searches again and compare; models say again what is recorded.")
  var verify = false

  @Option(help: "Write the study into this file, as one page with curves and tables.")
  var html: String?

  @Option(help: "Write it into this file as Markdown.")
  var markdown: String?

  @Option(help: "Write its figures into this file as CSV.")
  var csv: String?

  @Option(
    help: ArgumentHelp(
      "A CSV file of scores, such as zero-cost proxies', with a column arch, ops or index: how far each orders architectures as validation accuracy does is told.",
      valueName: "file"))
  var proxies: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers must be 1 to 1024.") }
    if verify, html != nil || markdown != nil || csv != nil {
      throw ValidationError("--verify writes no page; leave out --html, --markdown and --csv.")
    }
  }

  func run() async throws {
    try await explained {
      let study = try configuration()
      let space = NASBench201Space()
      let table = try BenchmarkCatalog.standard().table(of: space.name, rowCount: NASBench201Cell.count)
      let proxies = try proxies.map {
        try ProxyTable(
          readingCSV: $0, rowCount: NASBench201Cell.count, keys: BenchmarkImport.nasBench201Keys)
      }
      let folder = try folder ?? Project.archives() + "/" + study.name
      guard !verify || FileManager.default.fileExists(atPath: "\(folder)/\(StudyLog.fileName)") else {
        throw Failure("There is no \(StudyLog.fileName) in '\(folder)'; 'niche study \(file)' makes one.")
      }
      let exchanges =
        study.arms.contains(where: \.strategy.asksModel) ? try StudyExchanges(folder: folder) : nil
      let runner = try await StudyRunner(
        study, tasks: StudyTask.nasBench201(study, table: table), tableHash: table.provenance.hash,
        models: models(study, exchanges))
      let log = verify ? try StudyLog(reading: folder) : try StudyLog(folder: folder)
      let stop = StopFlag()
      let signals = Interruption(stop: stop)
      defer { withExtendedLifetime(signals) {} }
      let progress = StudyProgress()
      let workers = workers ?? ProcessInfo.processInfo.activeProcessorCount
      if verify {
        let result = try await runner.verify(log, workers: workers, stop: stop) { progress.show($0, of: $1) }
        progress.finish()
        return try report(result, of: study.name)
      }
      let (cells, isComplete) = try await runner.run(
        log: log, workers: workers, stop: stop
      ) { progress.show($0, of: $1) }
      progress.finish()
      try exchanges?.check()
      guard !cells.isEmpty else { throw Failure("Nothing was finished; the same command begins anew.") }
      if !isComplete { Terminal.note("stopped; the same command goes on.") }
      try report(StudySummary(runner, cells: cells, isComplete: isComplete, proxies: proxies))
    }
  }

  /// What arms that speak with models need; nil where there are none.
  private func models(_ study: StudyConfiguration, _ exchanges: StudyExchanges?) async throws -> StudyModels?
  {
    guard study.arms.contains(where: \.strategy.usesPrompts) else { return nil }
    let prompts = try PromptLibrary(folder: Project.home() + "/prompts")
    guard let exchanges else { return StudyModels(prompts: prompts) }
    let prices = try Project.prices(first: study.model.priceFile)
    var run = RunConfiguration()
    if verify {
      return StudyModels(prompts: prompts, model: try exchanges.model(asking: nil, prices: prices))
    }
    (run.model, run.models, run.budget) = (study.model, study.models, study.budget)
    let author = try await Author.choose(
      run, roles: study.modelRoles, onNotice: { Terminal.note($0) }
    ).within(
      study.budget.chat, spent: exchanges.exchanges, prices: prices, onNotice: { Terminal.note($0) })
    let model = try exchanges.model(asking: author.model, prices: prices)
    Terminal.note("language model: \(model.identity)")
    return StudyModels(prompts: prompts, model: model)
  }

  private func configuration() throws -> StudyConfiguration {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw Failure("'\(file)' cannot be read; is the path right?")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Failure("'\(file)' is not UTF-8 text.")
    }
    var study: StudyConfiguration
    do {
      study = try StudyReader.read(text)
    } catch {
      throw Failure("\(file): \(error.description)")
    }
    if study.name.isEmpty {
      study.name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    }
    if let seeds { study.seeds = seeds }
    return try StudyReader.validated(study)
  }

  private func report(_ result: StudyVerification, of name: String) throws {
    if common.json {
      try common.print(result)
    } else if let fault = result.fault {
      print("\(name) does not hold: \(fault).")
    } else {
      let others =
        result.others == 0
        ? ""
        : " \(result.others) kept lines are of other arms, data sets, seeds or tables, and were left alone."
      print(
        "\(name) holds. \(result.checked) of \(result.kept) kept searches, run again from the table, gave the same."
          + others)
    }
    if !result.holds { throw ExitCode(1) }
    if result.checked < result.kept { throw Failure("Stopped; whether the others hold is not known.") }
  }

  private func report(_ summary: StudySummary) throws {
    try write(summary.html, to: html, option: "--html")
    try write(summary.csv, to: csv, option: "--csv")
    let command =
      "niche study \(file)" + (seeds.map { " --seeds \($0)" } ?? "")
      + (proxies.map { " --proxies \($0)" } ?? "")
    try write(
      summary.markdown(command: command + (markdown.map { " --markdown \($0)" } ?? "")), to: markdown,
      option: "--markdown")
    if common.json {
      try common.print(summary)
    } else {
      print(summary.text)
    }
  }

  private func write(_ text: @autoclosure () -> String, to path: String?, option: String) throws {
    guard let path else { return }
    do {
      try Data(text().utf8).write(to: URL(fileURLWithPath: path))
    } catch {
      throw Failure(OutputPlace.sentence(for: error, writing: path, option: option))
    }
    Terminal.note("written: \(path)")
  }
}
