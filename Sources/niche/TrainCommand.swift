import ArgumentParser
import Foundation
import Reports
import Search
import Training

/// `niche train`: one network, trained as a search would train it.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train one network as a search would, and write its weights.",
    discussion: """
      The data set and how it is trained come from a search's configuration: a YAML file or a preset; --data and \
      --epochs change it. Fitness is measured on a part of the training images; --test looks at the test images too.
      """)

  @OptionGroup var network: NetworkArguments

  @Option(help: "A search's YAML file or preset.")
  var config = "quickstart"

  @Option(help: "The data set: fashion-mnist, mnist, cifar-10 or cifar-100.")
  var data: String?

  @Option(help: "Passes over the training images.")
  var epochs: Int?

  @Option(help: "Train on so many images at most.")
  var limit: Int?

  @Option(help: "Threads that share the work; default: all cores. Their number changes no result.")
  var threads: Int?

  @Option(help: "The seed of initial weights, order and dropout.")
  var seed: Int?

  @Option(help: "Weights to begin with (safetensors, PyTorch's names).")
  var weights: String?

  @Option(help: "Where the trained weights go (safetensors).")
  var output: String?

  @Flag(help: "Measure on the test images, too.")
  var test = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let threads, !(1...256).contains(threads) { throw ValidationError("--threads must be 1 to 256.") }
    guard network.input.isEmpty else {
      throw ValidationError("--input does not go with train: the data set says what the images are.")
    }
  }

  func run() async throws {
    try await explained {
      var configuration = try Project.configuration(named: config)
      if let data { configuration.data.name = data }
      if let epochs { configuration.training.epochs = epochs }
      if let limit { configuration.data.trainingLimit = limit }
      if let seed { configuration.seed = seed }
      configuration = try ConfigurationReader.validated(configuration)
      let stop = StopFlag()
      let signals = Interruption(stop: stop)
      defer { withExtendedLifetime(signals) {} }
      let report = try TrainReport(
        try network.request(), configuration, initialWeights: try weights.map(ForwardCommand.weights),
        tests: test, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount
      ) { progress in
        Self.show(progress)
        return !stop.isRaised
      }
      if Terminal.isInteractive { Terminal.write("\r\u{1B}[2K") }
      if let output, let weights = report.weights { try SafeTensors.write(weights, to: output) }
      if common.json { try common.print(report) } else { print(report.text) }
      if !report.ok { throw ExitCode(1) }
    }
  }

  private static func show(_ progress: TrainingProgress) {
    if let record = progress.record {
      guard !Terminal.isInteractive else { return }
      Terminal.write(
        "epoch \(record.epoch)/\(progress.epochs) done in \(Figures.fixed(record.seconds, 1)) s\n")
    } else if Terminal.isInteractive, progress.step.isMultiple(of: 10) {
      Terminal.write(
        "\r\u{1B}[2K"
          + " \(Figures.percent(progress.fraction, decimals: 0))  epoch \(progress.epoch)/\(progress.epochs)"
          + "  step \(progress.step)/\(progress.stepsPerEpoch)  loss \(Figures.fixed(progress.loss, 4))")
    }
  }
}
