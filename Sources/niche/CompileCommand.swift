import ArgumentParser
import Foundation
import Reports
import Search

/// `niche compile`: what the compiler says of a file.
struct CompileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Read a PyTorch file: parameters, MACs, descriptor and hash, or what is wrong with it.")

  @Argument(help: "The Python file; '-' for the standard input.")
  var file: String

  @Option(help: "Channels, height and width of an image, such as 3x32x32.")
  var input = "3x32x32"

  @Option(help: "How many classes the output must have.")
  var classes = 10

  @Flag(help: "Print the graph.")
  var graph = false

  @Flag(help: "Make channel and feature counts fit where they do not.")
  var heal = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    _ = try task()
  }

  private func task() throws -> ImageTask {
    let extents = input.split(separator: "x").map { Int($0) }
    guard extents.count == 3, let channels = extents[0], let height = extents[1], let width = extents[2],
      [channels, height, width].allSatisfy({ (1...4096).contains($0) })
    else { throw ValidationError("--input must be three numbers such as 3x32x32, each at most 4096.") }
    guard (1...1_000_000).contains(classes) else { throw ValidationError("--classes must be at least 1.") }
    return ImageTask(channels: channels, height: height, width: width, classes: classes)
  }

  func run() async throws {
    try await explained {
      let report = CompilationReport(
        try source(), file: file, task: try task(), heals: heal, showsGraph: graph)
      if common.json { try common.print(report) } else { print(report.text) }
      if !report.isValid { throw ExitCode(1) }
    }
  }

  private func source() throws -> String {
    let handle: FileHandle
    if file == "-" {
      handle = .standardInput
    } else if let opened = FileHandle(forReadingAtPath: file) {
      handle = opened
    } else {
      throw Failure("'\(file)' cannot be read; is the path right?")
    }
    let limit = 1 << 20
    guard let data = try? handle.read(upToCount: limit + 1) else { return "" }
    guard data.count <= limit else {
      throw Failure("'\(file)' is larger than 1 MiB, which no network's source is.")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Failure("'\(file)' is not UTF-8 text.")
    }
    return text
  }
}
