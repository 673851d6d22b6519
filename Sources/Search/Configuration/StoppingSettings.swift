/// When a candidate's training ends before its last epoch; see also `TrainingSettings.fidelities`.
public struct StoppingSettings: Codable, Sendable, Hashable {
  /// The share of all candidates, at most, that are stopped as hopeless although they would have become the elite of
  /// their niche.
  public var errorRate = 0.05
  /// The share of candidates that are trained to the end whatever the rule says: they show how often it errs, and
  /// their curves go on telling it what networks can still gain.
  public var audit = 0.1
  /// Training stops where the mean loss of so many steps in a row is no better than a constant answer's; 0: never.
  public var stallSteps = 0
  /// Training stops once an epoch's mean loss, after ten of its steps or more, is above this; 0: never.
  public var divergenceLoss = 0.0

  /// The defaults: nothing is stopped.
  public init() {}
}
