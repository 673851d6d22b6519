public import Execution
public import NetworkGraph

/// Why a network cannot be trained or evaluated; each description is one sentence.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// A setting makes no sense.
  case invalidConfiguration(String)
  /// The network's inputs or outputs are not those of an image classifier for the data.
  case unsuitableNetwork(String)
  /// There are too few images, or they do not fit the network.
  case unsuitableData(String)
  /// The loss or its gradients cannot be added to the graph.
  case graph(GraphError)
  /// The graph cannot be planned or run, for instance within the memory limit.
  case execution(ExecutionError)
  /// Initial weights do not fit.
  case weights(WeightError)
  /// The task was cancelled, or the caller said stop, during an evaluation of its own.
  case cancelled

  /// One sentence that says what is wrong.
  public var description: String {
    switch self {
    case .invalidConfiguration(let what): "The training configuration is invalid: \(what)."
    case .unsuitableNetwork(let what): "The network cannot be trained on these data: \(what)."
    case .unsuitableData(let what): "The data cannot be used: \(what)."
    case .graph(let error): "The loss cannot be added to the network: \(error.description)."
    case .execution(let error): "The network cannot be run: \(error.description)."
    case .weights(let error): error.description
    case .cancelled: "The evaluation was cancelled."
    }
  }
}
