internal import Execution
internal import NetworkGraph
public import RandomStreams

/// Trains image classifiers by stochastic gradients and measures them on validation images.
///
/// Everything random comes from the caller's stream, and what threads share is divided so that their number changes
/// nothing, so the same seed gives the same bits. A last batch that is not full is left out of an epoch; since every epoch
/// has an order of its own, other images are left out each time.
public struct Trainer: Sendable {
  /// How it trains.
  public let configuration: TrainingConfiguration
  /// How many threads share the work of a network's large operations, the calling one included.
  public let threads: Int

  /// A trainer.
  ///
  /// - Throws: `TrainingError.invalidConfiguration`.
  public init(_ configuration: TrainingConfiguration, threads: Int = 1) throws(TrainingError) {
    self.configuration = try configuration.validated()
    self.threads = threads
  }

  private var team: ThreadTeam? { threads > 1 ? ThreadTeam(count: threads) : nil }

  /// Trains a network from its initial values.
  ///
  /// - Parameters:
  ///   - network: its two traces; their batch extents are those of the configuration.
  ///   - data: the images. Only `training` and `validation` are touched.
  ///   - stream: where initial values, orders, augmentations and dropout masks come from.
  ///   - initialWeights: weights to begin with, in place of values drawn by the network's initialisers.
  ///   - progress: told of each step and each finished epoch, and asked again before each validation batch;
  ///     training stops when it says false, or when the task is cancelled.
  ///   - isHopeless: asked after each epoch but the last; training stops as outclassed when it says true.
  /// - Returns: the history and the weights, also where training stopped early.
  /// - Throws: `TrainingError` where the network, the data and the configuration do not go together.
  public func train(
    _ network: TrainableNetwork, data: DatasetSplit, stream: RandomStream, initialWeights: WeightSet? = nil,
    progress: (TrainingProgress) -> Bool = { _ in true }, isHopeless: (EpochRecord) -> Bool = { _ in false }
  ) throws(TrainingError) -> TrainingResult {
    let run = try TrainingRun(configuration, network, data, stream, initialWeights, team)
    return try run.train(isHopeless: isHopeless, progress)
  }

  /// Measures a network with given weights on any part, the test images included.
  ///
  /// - Throws: `TrainingError` where weights, network and data do not go together, or `.cancelled`.
  public func evaluate(
    _ network: TrainableNetwork, weights: WeightSet, on part: DatasetPart, normalization: Normalization,
    shouldContinue: () -> Bool = { true }
  ) throws(TrainingError) -> Evaluation {
    let variables: VariableStore
    do {
      variables = try VariableStore(graph: network.evaluationGraph, stream: RandomStream(seed: 0))
    } catch {
      throw .execution(error)
    }
    do { try weights.apply(to: variables) } catch { throw .weights(error) }
    let evaluator = try Evaluator(
      graph: network.evaluationGraph, variables: variables, memoryLimit: configuration.memoryLimit, team: team
    )
    return try evaluator.evaluate(on: part, normalization: normalization, shouldContinue: shouldContinue)
  }
}
