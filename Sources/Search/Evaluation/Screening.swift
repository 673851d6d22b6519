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
  /// What networks are ranked by beside fitness.
  let objectives: ObjectiveMeasures
  /// Whether what does not compile is mended.
  let heals: Bool

  /// What a run's networks have to pass.
  ///
  /// - Throws: where a descriptor or an objective cannot be read.
  init(_ configuration: RunConfiguration, task: ImageTask) throws(SearchError) {
    self.init(
      task: task, limits: configuration.limits, descriptors: try configuration.makeDescriptors(),
      objectives: try ObjectiveMeasures(configuration),
      heals: configuration.search.repair.contains(.heal))
  }

  init(
    task: ImageTask, limits: LimitSettings, descriptors: [Descriptor],
    objectives: ObjectiveMeasures = ObjectiveMeasures(), heals: Bool = true
  ) {
    self.task = task
    self.limits = limits
    self.descriptors = descriptors
    self.objectives = objectives
    self.heals = heals
  }

  /// Looks at a source.
  func screen(_ source: String) -> Outcome {
    var healed: (source: String, fixes: [HealingFix]) = (source, [])
    let description: NetworkDescription
    do {
      if heals { healed = try mended(source) }
      description = try NetworkDescription(of: healed.source, task: task)
    } catch {
      return .refused(source: healed.source, reason: error.summary, description: nil, measures: nil)
    }
    let measures = descriptors.measures(of: description, training: nil)
    let objection =
      descriptors.objection(to: description, training: nil)
      ?? objectives.objection(to: description, training: nil)
    if let excess = excess(of: description) ?? objection {
      return .refused(source: healed.source, reason: excess, description: description, measures: measures)
    }
    return .passed(
      Passed(
        source: healed.source, description: description, measures: measures,
        healed: healed.fixes.map { "\($0)" }))
  }

  /// What a language model is told of a source that does not become a network to be trained: the compiler's errors with
  /// their lines, or what is too large; nil where it becomes one.
  func problem(with source: String, healsFirst: Bool) -> String? {
    do {
      return excess(
        of: try NetworkDescription(of: healsFirst ? try mended(source).source : source, task: task))
    } catch {
      let told = error.diagnostics.filter { $0.severity == .error }.prefix(Self.toldErrors).map(\.rendered)
      return told.isEmpty ? error.summary : String(told.joined(separator: "\n").prefix(Self.toldCharacters))
    }
  }

  private static let toldErrors = 5
  private static let toldCharacters = 4000

  private func mended(
    _ source: String
  ) throws(CompilationFailure) -> (source: String, fixes: [HealingFix]) {
    let healed = try Healer.heal(source, options: task.options(batch: 1, isTraining: false))
    return (healed.source, healed.fixes)
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
