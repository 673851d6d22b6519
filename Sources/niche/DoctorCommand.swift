import ArgumentParser
import Execution
import Foundation
import LanguageModels
import Reports
import Search
import Training

/// `niche doctor`: what is there and what is missing.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what this machine has: cores, kernels, BLAS, data sets, language models; and what to do.")

  @OptionGroup var common: CommonOptions

  private struct Finding: Encodable {
    var subject: String
    var isFine: Bool
    var text: String
  }

  func run() async throws {
    try await explained {
      let findings = machine() + [project(), pictures()] + dataSets() + [languageModel()]
      if common.json { return try common.print(findings) }
      for finding in findings {
        print("\(finding.isFine ? "ok  " : "--  ") \(finding.subject): \(finding.text)")
      }
    }
  }

  private func machine() -> [Finding] {
    let machine = ExecutionEnvironment.current
    let sets = machine.supportedInstructionSets.map { "\($0)" }.joined(separator: ", ")
    return [
      Finding(subject: "cores", isFine: true, text: "\(machine.coreCount)"),
      Finding(
        subject: "kernels", isFine: machine.instructionSet != nil,
        text: machine.instructionSetProblem
          ?? "\(machine.instructionSet.map { "\($0)" } ?? "none") (of \(sets))"),
      Finding(
        subject: "OpenBLAS", isFine: true,
        text:
          "\(machine.blasConfiguration), kernels for \(machine.blasCore), \(machine.blasThreadCount) thread a candidate"
      ),
    ]
  }

  private func project() -> Finding {
    do {
      let home = try Project.home()
      let prompts = try PromptLibrary(folder: home + "/prompts")
      return Finding(
        subject: "project", isFine: true,
        text: "\(home), \(prompts.mutations.count) mutation prompts, \(try Project.runs().count) runs")
    } catch {
      return Finding(subject: "project", isFine: false, text: "\(error)")
    }
  }

  private func pictures() -> Finding {
    Finding(
      subject: "PNG pictures", isFine: PictureConverter.path != nil,
      text: PictureConverter.path ?? "\(PictureConverter.remedy); SVG and reports need nothing")
  }

  private func dataSets() -> [Finding] {
    let catalog = DatasetCatalog.standard()
    return DatasetName.allCases.map { name in
      let place = catalog.location(of: name)
      return Finding(
        subject: name.rawValue, isFine: place != nil, text: place ?? "not found; to get it: \(name.remedy)")
    }
  }

  private func languageModel() -> Finding {
    let environment = ProcessInfo.processInfo.environment
    let set = EndpointConfiguration.variables.filter {
      $0 != "SSL_CERT_FILE" && !(environment[$0] ?? "").isEmpty
    }
    switch ModelDiscovery().localInstallation {
    case .found(let installation):
      let remote = set.isEmpty ? "" : "; set in the environment: \(set.joined(separator: ", "))"
      return Finding(
        subject: "language model", isFine: true,
        text:
          "the local model \(installation.name) in \(installation.folder)\(remote); niche models asks them all"
      )
    case .missing(let reason):
      guard set.isEmpty else {
        return Finding(
          subject: "language model", isFine: true,
          text:
            "the environment sets \(set.joined(separator: ", ")) (niche models asks the servers); no local model: \(reason)"
        )
      }
      return Finding(
        subject: "language model", isFine: false,
        text: "\(reason). Without one the built-in rewriter writes all networks.")
    }
  }
}

/// The machine in a line, for a run's header.
enum Machine {
  static var summary: String {
    let machine = ExecutionEnvironment.current
    return "\(machine.coreCount) cores, kernels \(machine.instructionSet.map { "\($0)" } ?? "none"), "
      + "\(machine.blasConfiguration), BLAS core \(machine.blasCore)"
  }
}
