public import ArgumentParser
public import Reports

extension BenchReport.Mode: ExpressibleByArgument {}

/// `niche bench`: how fast a network trains or runs here.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time a network's training step or forward pass, to hold us against PyTorch.",
    discussion: """
      Inputs are random numbers. With several threads so many copies of the network run side by side, one thread each, \
      as a search does it; images/s are those of all together.
      """)

  @OptionGroup var network: NetworkArguments

  @Option(help: "Examples of one step.")
  var batch = 128

  @Option(help: "Copies of the network that run side by side, one thread each.")
  var threads = 1

  @Option(help: "What is timed: train (forward, backward, SGD update) or infer.")
  var mode = BenchReport.Mode.train

  @Option(help: "How long to repeat the step.")
  var seconds = 3.0

  @OptionGroup var common: CommonOptions

  func validate() throws {
    _ = try network.shapes()
    guard (1...65_536).contains(batch) else { throw ValidationError("--batch must be 1 to 65536.") }
    guard (1...256).contains(threads) else { throw ValidationError("--threads must be 1 to 256.") }
    guard seconds >= 0, seconds <= 3600 else { throw ValidationError("--seconds must be 0 to 3600.") }
  }

  func run() async throws {
    try await explained {
      let report = try BenchReport(
        try network.request(), inputs: try network.shapes(), mode: mode, batch: batch, threads: threads,
        seconds: seconds)
      if common.json { try common.print(report) } else { print(report.text) }
      if !report.ok { throw ExitCode(1) }
    }
  }
}
