import Execution
public import NetworkGraph
import RandomStreams

/// Times a network's training step or forward pass on random inputs.
///
/// A training step is forward, backward and an update by SGD with momentum, as `Trainer` does it but for the reading
/// of images.
public final class StepTimer {
  /// The multiply-accumulates of one forward pass of the whole batch.
  public let macs: Int
  /// The bytes of weights, optimizer state and all intermediate values.
  public let byteCount: Int
  /// The bytes of the intermediate values alone.
  public var arenaByteCount: Int { executor.arenaByteCount }
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
  ///   - threads: how many threads share the work of each large operation, the calling one included.
  /// - Throws: `TrainingError` where it has no logits to train by, or cannot be planned.
  public init(_ graph: Graph, isTraining: Bool, threads: Int = 1) throws(TrainingError) {
    macs = graph.costs.macs
    self.isTraining = isTraining
    let (timed, outputs) = try Self.graph(of: graph, isTraining: isTraining)
    let settings = Optimizer.sgd(.init(learningRate: 1e-4))
    do {
      let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 0))
      executor = try Executor(
        graph: timed, variables: variables, keepsVariables: !isTraining,
        team: threads > 1 ? ThreadTeam(count: threads) : nil)
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

  /// What a step runs: the trace itself, or with cross-entropy and the gradients of all parameters.
  ///
  /// - Throws: `TrainingError.graph` where the trace has no logits to train by.
  public static func graph(
    of trace: Graph, isTraining: Bool
  ) throws(TrainingError) -> (graph: Graph, gradients: [ParameterGradient]) {
    guard isTraining else { return (trace, []) }
    do {
      let withLoss = try trace.addingCrossEntropy()
      let differentiated = try withLoss.differentiated(loss: withLoss.outputs[0])
      return (differentiated.graph, differentiated.gradients)
    } catch {
      throw .graph(error)
    }
  }

  /// Random numbers for inputs, some over and over, which is quick; whole numbers are 0, which is a class and a token
  /// of every network.
  private func fill(_ graph: Graph) {
    var stream = RandomStream(seed: 0).stream("inputs")
    let numbers = (0..<1021).map { _ in Float(stream.normal()) }
    for input in graph.inputs where executor.inputNames.contains(input.name) {
      guard graph.type(of: input.value).elementType == .float32 else { continue }
      executor.withInput(input.name) { values in
        var next = 0
        for index in values.indices {
          values[index] = numbers[next]
          next = next + 1 == numbers.count ? 0 : next + 1
        }
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

  /// How long each kind of operation takes in a run, the longest first; a kind is an operation with its shapes.
  ///
  /// The optimizer's update is left out. Times are those of the thread's processor time, the mean of the repetitions.
  ///
  /// - Throws: `TrainingError.execution`.
  public func operationTimes(
    repetitions: Int
  ) throws(TrainingError) -> [(operation: String, seconds: Double, count: Int)] {
    var totals: [String: (seconds: Double, count: Int)] = [:]
    for _ in 0..<max(1, repetitions) {
      let times: [OperationTime]
      do { times = try executor.timedRun(dropout: RandomStream(seed: UInt64(runs))) } catch {
        throw .execution(error)
      }
      runs += 1
      for time in times {
        let old = totals[time.operation] ?? (0, 0)
        totals[time.operation] = (old.seconds + time.seconds, old.count + 1)
      }
    }
    let share = 1 / Double(max(1, repetitions))
    return totals.map {
      ($0.key, $0.value.seconds * share, Int((Double($0.value.count) * share).rounded()))
    }.sorted { ($1.seconds, $0.operation) < ($0.seconds, $1.operation) }
  }
}
