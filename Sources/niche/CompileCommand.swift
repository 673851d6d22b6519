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

  @Flag(help: "Print the plan by which it is run: steps in order, and where every value lies.")
  var plan = false

  @Option(help: "What is planned: train (forward and backward) or infer.")
  var mode = BenchReport.Mode.train

  @Option(help: "Examples of one step of the plan.")
  var batch = 128

  @OptionGroup var common: CommonOptions

  func validate() throws {
    _ = try network.shapes()
    guard (1...65_536).contains(batch) else { throw ValidationError("--batch must be 1 to 65536.") }
  }

  func run() async throws {
    try await explained {
      let (request, inputs) = (try network.request(), try network.shapes())
      var report = CompilationReport(request, inputs: inputs, showsGraph: graph)
      if plan, report.ok { try report.addPlan(request, inputs: inputs, mode: mode, batch: batch) }
      if common.json { try common.print(report) } else { print(report.text) }
      if !report.ok { throw ExitCode(1) }
    }
  }
}
