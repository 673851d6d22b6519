public import ArgumentParser
public import Reports

extension BenchReport.Mode: ExpressibleByArgument {}

/// `niche bench`: how fast a network trains or runs here.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time a network's training step or forward pass, to hold us against PyTorch.",
    discussion: """
      Inputs are random numbers. With --threads the threads share the work of each large operation of one network; \
      with --copies so many of it run side by side, as a search does it, and images/s are those of all together.
      """)

  @OptionGroup var network: NetworkArguments

  @Option(help: "Examples of one step.")
  var batch = 128

  @Option(help: "The threads of one network.")
  var threads = 1

  @Option(help: "Copies of the network that run side by side.")
  var copies = 1

  @Option(help: "What is timed: train (forward, backward, SGD update) or infer.")
  var mode = BenchReport.Mode.train

  @Option(help: "How long to repeat the step.")
  var seconds = 3.0

  @Option(help: "How many steps to time, in place of --seconds.")
  var repetitions: Int?

  @Option(help: "Steps before those that are timed.")
  var warmUp = 3

  @Flag(help: "Say how long each kind of operation takes.")
  var operations = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    _ = try network.shapes()
    guard (1...65_536).contains(batch) else { throw ValidationError("--batch must be 1 to 65536.") }
    guard (1...256).contains(threads) else { throw ValidationError("--threads must be 1 to 256.") }
    guard (1...256).contains(copies), copies * threads <= 256 else {
      throw ValidationError("--copies must be at least 1, and threads times copies at most 256.")
    }
    guard seconds >= 0, seconds <= 3600 else { throw ValidationError("--seconds must be 0 to 3600.") }
    if let repetitions, !(1...1_000_000).contains(repetitions) {
      throw ValidationError("--repetitions must be 1 to 1000000.")
    }
    guard (0...1_000_000).contains(warmUp) else { throw ValidationError("--warm-up must be 0 to 1000000.") }
  }

  func run() async throws {
    try await explained {
      let report = try BenchReport(
        try network.request(), inputs: try network.shapes(),
        settings: BenchReport.Settings(
          mode: mode, batch: batch, threads: threads, copies: copies, warmUps: warmUp,
          repetitions: repetitions, seconds: seconds, listsOperations: operations))
      if common.json { try common.print(report) } else { print(report.text) }
      if !report.ok { throw ExitCode(1) }
    }
  }
}
