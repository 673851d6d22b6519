import PythonSyntax
import TorchFrontend

/// The verdict before any money is spent: compiles, mends counts, and looks at what the network would cost.
struct Screening: Sendable {
  /// A network that compiles and may be trained.
  struct Passed: Sendable {
    var source: String
    var description: NetworkDescription
    /// Nil where a descriptor needs what only training gives.
    var measures: [Double]?
    var healed: [String]
  }

  /// What came of it.
  enum Outcome: Sendable {
    case passed(Passed)
    case refused(source: String, reason: String, description: NetworkDescription?, measures: [Double]?)
  }

  let task: ImageTask
  let limits: LimitSettings
  let descriptors: [Descriptor]

  /// Looks at a source.
  func screen(_ source: String) -> Outcome {
    let healed: HealedNetwork
    do {
      healed = try Healer.heal(source, options: task.options(batch: 1, isTraining: false))
    } catch {
      return .refused(source: source, reason: error.summary, description: nil, measures: nil)
    }
    let description: NetworkDescription
    do {
      description = try NetworkDescription(of: healed.source, task: task)
    } catch {
      return .refused(source: healed.source, reason: error.summary, description: nil, measures: nil)
    }
    let measures = descriptors.measures(of: description, training: nil)
    if let excess = excess(of: description) ?? descriptors.objection(to: description, training: nil) {
      return .refused(source: healed.source, reason: excess, description: description, measures: measures)
    }
    return .passed(
      Passed(
        source: healed.source, description: description, measures: measures,
        healed: healed.fixes.map { "\($0)" }))
  }

  private func excess(of network: NetworkDescription) -> String? {
    if network.parameters == 0 { return "The network has no trainable parameters." }
    if network.parameters > limits.parameters {
      return "The network has \(network.parameters) parameters; limits.parameters is \(limits.parameters)."
    }
    if network.macs > limits.macs {
      return "The network takes \(network.macs) MACs an image; limits.macs is \(limits.macs)."
    }
    return nil
  }
}

extension CompilationFailure {
  /// The first error in a sentence.
  var summary: String {
    diagnostics.first { $0.severity == .error }?.description ?? "It does not compile."
  }
}
