import ArgumentParser
import Foundation
import Reports

/// `niche compile`: what the compiler says of a file.
struct CompileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Read a PyTorch file: parameters, MACs, shapes and hash, or what is wrong with it.")

  @OptionGroup var network: NetworkArguments

  @Flag(help: "Print the graph.")
  var graph = false

  @OptionGroup var common: CommonOptions

  func validate() throws { _ = try network.shapes() }

  func run() async throws {
    try await explained {
      let report = CompilationReport(
        try network.request(), inputs: try network.shapes(), showsGraph: graph)
      if common.json { try common.print(report) } else { print(report.text) }
      if !report.ok { throw ExitCode(1) }
    }
  }
}
