import ArgumentParser
import Foundation
import TorchFrontend

/// The command line; thin: every command reads its words, calls a module, and prints.
@main
struct Niche: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "niche",
    abstract: "Quality-diversity search for neural networks, driven by language models.",
    discussion: """
      A search keeps the best network found for every niche in an archive under archives/NAME.
      RUN is the name of such a run or the path of its folder. Every command takes --json.
      """,
    version: Version.text,
    subcommands: [
      RunCommand.self, StatusCommand.self, ShowCommand.self, ExportCommand.self, CompareCommand.self,
      PlotCommand.self, VerifyCommand.self, CompileCommand.self, ForwardCommand.self, TrainCommand.self,
      ScoreCommand.self, BenchCommand.self, StudyCommand.self, PromptsCommand.self, DataCommand.self,
      SpaceCommand.self,
      ModelsCommand.self,
      DoctorCommand.self,
    ])

  /// The commands that compile networks.
  private static let compiling: [any ParsableCommand.Type] = [
    RunCommand.self, CompileCommand.self, ForwardCommand.self, TrainCommand.self, ScoreCommand.self,
    BenchCommand.self,
  ]

  /// Runs a command: exit code 0 on success, 1 on a failure, which it explains in a sentence.
  static func main() async {
    if let name = CommandLine.arguments.dropFirst().first,
      compiling.contains(where: { $0.configuration.commandName == name })
    {
      // Meanwhile the command's words are read.
      Task.detached { NetworkCompiler.prepare() }
    }
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      Terminal.error(failure.description)
      Foundation.exit(1)
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      let text = fullMessage(for: error)
      if exitCode(for: error).isSuccess {
        print(text)
        Foundation.exit(0)
      }
      Terminal.error(sentence(message(for: error), usage: text))
      Foundation.exit(1)
    }
  }

  /// What is wrong with the words of a command, and where to read how they go.
  private static func sentence(_ message: String, usage: String) -> String {
    let ended = message.hasSuffix(".") || message.hasSuffix("?") ? message : message + "."
    // The last line of the parser's usage names the command's own help.
    let help = usage.firstMatch(of: /'([a-z\- ]+ --help)'/).map { " See '\($0.output.1)'." }
    return ended + (help ?? "")
  }
}

/// A failure that is explained to the user in one sentence.
struct Failure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }

  /// The sentence of any error that a module throws.
  init(_ error: any Error) { description = (error as? Failure)?.description ?? "\(error)" }
}

/// What `niche --version` says.
enum Version {
  static let text = "0.1.0"
}
