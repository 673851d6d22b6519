import Execution
public import NetworkGraph
import RandomStreams

/// Times a network's training step or forward pass on random inputs, on the calling thread.
///
/// A training step is forward, backward and an update by SGD with momentum, as `Trainer` does it but for the reading
/// of images.
public final class StepTimer {
  /// The multiply-accumulates of one forward pass of the whole batch.
  public let macs: Int
  /// The bytes of weights, optimizer state and all intermediate values.
  public let byteCount: Int
  /// Whether it times training steps.
  public let isTraining: Bool
  /// The name of the instruction set of the kernels.
  public var instructionSet: String { executor.instructionSet.rawValue }

  private let executor: Executor
  private var optimizer: OptimizerState
  private let gradients: [(output: Int, range: Range<Int>)]
  private var runs = 0

  /// Plans and allocates.
  ///
  /// - Parameters:
  ///   - graph: the network's trace, in training mode where training steps are timed.
  ///   - isTraining: whether a step is one of training.
  /// - Throws: `TrainingError` where it has no logits to train by, or cannot be planned.
  public init(_ graph: Graph, isTraining: Bool) throws(TrainingError) {
    macs = graph.costs.macs
    self.isTraining = isTraining
    var timed = graph
    var outputs: [ParameterGradient] = []
    if isTraining {
      do {
        let withLoss = try graph.addingCrossEntropy()
        let differentiated = try withLoss.differentiated(loss: withLoss.outputs[0])
        (timed, outputs) = (differentiated.graph, differentiated.gradients)
      } catch {
        throw .graph(error)
      }
    }
    let settings = Optimizer.sgd(.init(learningRate: 1e-4))
    do {
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 0))
      executor = try Executor(graph: timed, variables: variables)
      optimizer = try OptimizerState(
        settings, parameters: variables.flatParameters, instructionSet: executor.instructionSet)
      gradients = outputs.compactMap { gradient in
        variables.range(of: gradient.parameter).map { (gradient.output, $0) }
      }
      byteCount =
        variables.byteCount + executor.arenaByteCount
        + (isTraining
          ? OptimizerState.byteCount(
            settings, parameters: variables.flatParameters.count, scalesGradients: false) : 0)
    } catch {
      throw .execution(error)
    }
    fill(timed)
  }

  /// Random numbers for inputs; whole numbers are 0, which is a class and a token of every network.
  private func fill(_ graph: Graph) {
    var stream = RandomStream(seed: 0).stream("inputs")
    for input in graph.inputs where executor.inputNames.contains(input.name) {
      guard graph.type(of: input.value).elementType == .float32 else { continue }
      executor.withInput(input.name) { values in
        for index in values.indices { values[index] = Float(stream.normal()) }
      }
    }
  }

  /// Does one step.
  ///
  /// - Throws: `TrainingError.execution`.
  public func step() throws(TrainingError) {
    do { try executor.run(dropout: RandomStream(seed: UInt64(runs))) } catch { throw .execution(error) }
    runs += 1
    guard isTraining else { return }
    optimizer.beginStep()
    for (output, range) in gradients {
      executor.withOutput(output) { optimizer.update(range, gradient: $0, learningRate: 1e-4) }
    }
  }
}
