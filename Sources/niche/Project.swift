import ArgumentParser
import Foundation
import LanguageModels
import Reports
import RunStore
import Search

/// Where prompts, runs and scripts are: the project's folder.
enum Project {
  /// The folder: `NICHE_HOME`, else the nearest one above the working directory or the program with prompts.
  static func home() throws(Failure) -> String {
    let environment = ProcessInfo.processInfo.environment
    if let home = environment["NICHE_HOME"], !home.isEmpty {
      guard isHome(home) else {
        throw Failure("NICHE_HOME is '\(home)', but there is no prompts/initial-network.md.")
      }
      return home
    }
    let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "niche").resolvingSymlinksInPath()
    for start in [
      URL(fileURLWithPath: FileManager.default.currentDirectoryPath), program.deletingLastPathComponent(),
    ] {
      var folder = start.standardizedFileURL
      for _ in 0..<16 {
        if isHome(folder.path) { return folder.path }
        folder.deleteLastPathComponent()
      }
    }
    throw Failure(
      "Niche's folder with prompts/ was not found; run inside the project or set NICHE_HOME to it.")
  }

  private static func isHome(_ folder: String) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/prompts/initial-network.md")
  }

  /// The folder that holds the runs.
  static func archives() throws(Failure) -> String { try home() + "/archives" }

  /// The folder of the run that a user names by its name, its folder or its file.
  static func folder(of run: String) throws(Failure) -> String {
    let files = FileManager.default
    var path = run
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    if path.hasSuffix("/" + RunStore.fileName) { return String(path.dropLast(RunStore.fileName.count + 1)) }
    if files.fileExists(atPath: path + "/" + RunStore.fileName) { return path }
    let (archives, names): (String, [String])
    do throws(Failure) {
      (archives, names) = (try self.archives(), try runs())
    } catch {
      throw Failure(
        "There is no run '\(run)': it is no run's folder, and where runs have names is not known. \(error)")
    }
    if files.fileExists(atPath: archives + "/" + path + "/" + RunStore.fileName) {
      return archives + "/" + path
    }
    for folder in [path, archives + "/" + path]
    where files.fileExists(atPath: folder + "/" + StudyLog.fileName) {
      throw Failure(
        "'\(run)' is a study and no run: \(StudyLog.fileName) has a line for each search. 'niche study FILE --verify' "
          + "runs these again and compares; 'niche study FILE' reports them.")
    }
    let hint =
      Spelling.closest(to: path, among: names).map { "did you mean '\($0)'?" }
      ?? (names.isEmpty
        ? "there are none yet; 'niche run' makes one." : "there are \(names.joined(separator: ", ")).")
    throw Failure("There is no run '\(run)'; \(hint)")
  }

  /// The configuration of a preset or a YAML file; its name is that of either.
  static func configuration(named name: String) throws -> RunConfiguration {
    var configuration: RunConfiguration
    if let preset = RunConfiguration.preset(name) {
      configuration = preset
    } else if let data = FileManager.default.contents(atPath: name) {
      guard let text = String(data: data, encoding: .utf8) else {
        throw Failure("'\(name)' is not UTF-8 text.")
      }
      do {
        configuration = try ConfigurationReader.read(text)
      } catch {
        throw Failure("\(name): \(error.description)")
      }
      if configuration.name.isEmpty {
        configuration.name = URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent
      }
    } else {
      let presets = RunConfiguration.presets.map(\.name)
      let hint =
        Spelling.closest(to: name, among: presets).map { " Did you mean the preset '\($0)'?" } ?? ""
      throw Failure(
        "There is no file and no preset '\(name)'; the presets are \(presets.joined(separator: ", ")).\(hint)"
      )
    }
    return configuration
  }

  /// The prompts of a configuration, as the files are now.
  static func prompts(_ configuration: RunConfiguration) throws(Failure) -> PromptLibrary {
    do {
      return try PromptLibrary(folder: home() + "/prompts", for: configuration.search)
    } catch {
      throw Failure(error)
    }
  }

  /// The prompts that a run keeps, whatever became of their files, with a notice of what became of them.
  ///
  /// - Parameter configuration: whose prompts they are to be; the run's own, or another one's that repeats it.
  static func prompts(
    keptBy header: RunHeader, for configuration: RunConfiguration
  ) throws(Failure) -> PromptLibrary {
    do {
      guard let kept = header.prompts else {
        // Runs that keep no prompts were begun when there was one mutation less.
        let library = try prompts(configuration)
        let known = library.mutations.map(\.id).filter { $0 != "add-recurrent" }
        return configuration.search.mutations.isEmpty ? try library.keeping(mutations: known) : library
      }
      let library = try PromptLibrary(kept: kept, folder: home() + "/prompts", for: configuration.search)
      let texts = "the texts that '\(header.name)' keeps are used"
      do throws(Failure) {
        let changes = try prompts(header.configuration).changes(since: kept)
        if !changes.isEmpty {
          let more = changes.count > 4 ? " and \(changes.count - 4) more" : ""
          let names = changes.prefix(4).joined(separator: ", ") + more
          Terminal.note("prompts that changed since the run began: \(names); \(texts)")
        }
      } catch {
        Terminal.note("\(error) So \(texts).")
      }
      return library
    } catch {
      throw Failure(error)
    }
  }

  /// What language models cost: the table in `prices.json`, which may be missing, after that in the file given.
  static func prices(first file: String = "") throws(Failure) -> PriceTable {
    let standard = try home() + "/prices.json"
    do {
      let own =
        FileManager.default.fileExists(atPath: standard) ? try PriceTable(file: standard) : PriceTable()
      return file.isEmpty ? own : own.preceded(by: try PriceTable(file: file))
    } catch {
      throw Failure(error.description)
    }
  }

  /// Where replies of language models are kept for other runs: `replies` in `NICHE_CACHE`, or in the project's `.cache`.
  static func replies() throws(Failure) -> FolderReplyStore {
    let named = ProcessInfo.processInfo.environment["NICHE_CACHE"] ?? ""
    let cache = named.isEmpty ? try home() + "/.cache" : named
    do {
      try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
      return try FolderReplyStore(folder: cache + "/replies")
    } catch {
      throw Failure("Replies cannot be kept (model.cache): \(error)")
    }
  }

  /// The names of the runs in the archives folder.
  static func runs() throws(Failure) -> [String] {
    let archives = try archives()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: archives)) ?? []
    return names.filter { FileManager.default.fileExists(atPath: "\(archives)/\($0)/\(RunStore.fileName)") }
      .sorted()
  }

  /// The store and content of a run.
  static func open(_ run: String) async throws(Failure) -> (store: RunStore, snapshot: RunSnapshot) {
    let folder = try folder(of: run)
    do {
      let store = try RunStore.read(folder)
      return (store, try await RunSnapshot(store))
    } catch {
      throw Failure(error.description)
    }
  }
}

/// The options that every command has.
struct CommonOptions: ParsableArguments {
  @Flag(help: "Print JSON with stable keys, for programs.")
  var json = false

  /// Prints a value as JSON.
  func print(_ value: some Encodable) throws(Failure) {
    do {
      FileHandle.standardOutput.write(Data(try Exporter.json(value).utf8))
    } catch {
      throw Failure(error.description)
    }
  }
}

/// Turns whatever a module throws into the user's sentence.
func explained<Result>(_ body: () async throws -> Result) async throws -> Result {
  do {
    return try await body()
  } catch let code as ExitCode {
    throw code
  } catch {
    throw Failure(error)
  }
}
