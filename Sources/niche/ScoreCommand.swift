import ArgumentParser
import Foundation
import Reports
import Scoring
import Search
import TorchFrontend
import Training

/// `niche score`: what networks promise before they are trained.
struct ScoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Score untrained networks by zero-cost proxies, and rank them.",
    discussion: """
      Proxies: \(Proxy.allCases.map(\.rawValue).joined(separator: ", ")). A proxy is worth what it tells beyond \
      parameters and MACs, which are always shown. Several files are ranked by each proxy and by the sum of ranks. \
      See docs/proxies.md.
      """)

  @Argument(help: "The Python files; '-' for the standard input.")
  var files: [String]

  @OptionGroup var building: BuildingArguments

  @Option(help: "The proxies, separated by commas; all of them by default.")
  var proxies = "all"

  @Option(help: "The data set whose images are used, or noise.")
  var data = "noise"

  @Option(help: "The shape of an input without the batch, for noise.")
  var input = "3x32x32"

  @Option(help: "Examples of a batch.")
  var batch = 64

  @Option(help: "The seed of initial weights and noise.")
  var seed = 0

  @OptionGroup var common: CommonOptions

  func validate() throws {
    _ = try wanted()
    _ = try source()
    guard (2...65_536).contains(batch) else { throw ValidationError("--batch must be 2 to 65536.") }
  }

  func run() async throws {
    try await explained {
      let requests = try files.map { try building.request(file: $0) }
      let stop = StopFlag()
      let signals = Interruption(stop: stop)
      defer { withExtendedLifetime(signals) {} }
      let report = try ScoreReport(
        requests, proxies: try wanted(), data: try source(), batch: batch, seed: seed
      ) { number, proxy in
        if Terminal.isInteractive {
          Terminal.write(
            "\r\u{1B}[2K \(number + 1)/\(requests.count) \(requests[number].file)  \(proxy.rawValue)")
        }
        return !stop.isRaised
      }
      if Terminal.isInteractive { Terminal.write("\r\u{1B}[2K") }
      if common.json { try common.print(report) } else { print(report.text) }
      if !report.ok { throw ExitCode(1) }
    }
  }

  /// The proxies of `--proxies`, each once.
  private func wanted() throws -> [Proxy] {
    if proxies == "all" { return Proxy.allCases }
    var result: [Proxy] = []
    for name in proxies.split(separator: ",") {
      let name = name.trimmingCharacters(in: .whitespaces)
      let proxies: [Proxy] =
        name == "az_nas"
        ? [.expressivity, .progressivity, .trainability] : Proxy(named: name).map { [$0] } ?? []
      guard !proxies.isEmpty else {
        let names = Proxy.allCases.map(\.rawValue)
        let hint = Spelling.closest(to: name, among: names).map { "did you mean '\($0)'?" }
        throw ValidationError(
          "There is no proxy '\(name)'; \(hint ?? "there are \(names.joined(separator: ", ")).")")
      }
      for proxy in proxies where !result.contains(proxy) { result.append(proxy) }
    }
    guard !result.isEmpty else { throw ValidationError("--proxies names no proxy.") }
    return result
  }

  private func source() throws -> ScoreData {
    if data == "noise" {
      let shape = try NetworkArguments.shape(input)
      guard shape.kind == .float32 else {
        throw ValidationError("--input must be a shape of floating-point numbers such as 3x32x32.")
      }
      return .noise(shape: Array(shape.shape.dropFirst()))
    }
    do {
      return .dataset(try DatasetName(named: data), .standard())
    } catch {
      throw ValidationError("--data: \(error)")
    }
  }
}
