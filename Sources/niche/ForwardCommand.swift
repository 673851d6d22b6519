import ArgumentParser
import Foundation
import Reports
import Training

/// `niche forward`: runs a network on arrays, so that anyone can compare with PyTorch.
struct ForwardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward",
    abstract: "Run a network on NumPy arrays with weights from PyTorch, and write what it yields.",
    discussion: """
      --input names .npy files with the batch in front, one for each input of the network; --output names the files
      for its results, in order. With --gradients the gradients of all parameters are written too: those of the sum
      of the first result, or of its products with the array of --output-gradient.
      """)

  @OptionGroup var network: NetworkArguments

  @Option(
    help: "The weights (safetensors, PyTorch's names); without them the initial ones of --seed are used.")
  var weights: String?

  @Option(parsing: .singleValue, help: "Where a result goes (.npy); repeat it for further results.")
  var output: [String] = []

  @Flag(help: "Run as in training: batch statistics, dropout.")
  var train = false

  @Option(help: "Where the gradients of the parameters go (safetensors).")
  var gradients: String?

  @Option(help: "The gradient of the first result (.npy); ones where it is left out.")
  var outputGradient: String?

  @Option(help: "Seeds initial weights and dropout.")
  var seed: UInt64 = 0

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard !network.input.isEmpty else {
      throw ValidationError("--input is missing: name an .npy file for each input of the network.")
    }
    guard outputGradient == nil || gradients != nil else {
      throw ValidationError("--output-gradient is only of use with --gradients.")
    }
  }

  func run() async throws {
    try await explained {
      var inputs: [NumPyArray] = []
      for path in network.input { inputs.append(try Self.array(path)) }
      let report = try ForwardReport(
        try network.request(),
        pass: ForwardPass(
          inputs: inputs, weights: try weights.map(Self.weights), isTraining: train, seed: seed,
          gradients: gradients == nil
            ? .none : .wanted(outputGradient: try outputGradient.map(Self.array))))
      for (path, result) in zip(output, report.results) { try result.write(to: path) }
      guard output.count <= report.results.count || !report.ok else {
        throw Failure("The network has \(report.results.count) results, not \(output.count).")
      }
      if let gradients, let found = report.gradients { try SafeTensors.write(found, to: gradients) }
      if common.json { try common.print(report) } else { print(report.text) }
      if !report.ok { throw ExitCode(1) }
    }
  }

  private static func array(_ path: String) throws -> NumPyArray {
    do {
      return try NumPyArray.read(path)
    } catch {
      throw Failure("'\(path)' cannot be read as a NumPy array: \(error)")
    }
  }

  /// Reads a weight file.
  static func weights(_ path: String) throws -> WeightSet {
    do {
      return try SafeTensors.read(path).weights
    } catch {
      throw Failure("'\(path)' cannot be read as safetensors: \(error)")
    }
  }
}
