public import Execution
public import NetworkGraph
import RandomStreams

/// Runs a network in evaluation mode over images and counts what it gets right.
///
/// One evaluator serves one thread at a time. It reads the variables as they are at each call.
public final class Evaluator {
  private let executor: Executor
  private let signature: NetworkSignature

  /// An evaluator for a trace in evaluation mode.
  ///
  /// - Parameter team: the threads that share the work of each large operation; nil for the caller's alone.
  /// - Throws: `TrainingError.unsuitableNetwork` where the graph is no image classifier, or
  ///   `TrainingError.execution` where it cannot be planned with those variables.
  public init(
    graph: Graph, variables: VariableStore, memoryLimit: Int? = nil, team: ThreadTeam? = nil
  ) throws(TrainingError) {
    signature = try NetworkSignature(graph, name: "evaluation")
    do {
      executor = try Executor(
        graph: graph, variables: variables, memoryLimit: memoryLimit, keepsVariables: true, team: team)
    } catch {
      throw .execution(error)
    }
  }

  /// The bytes of the plan's arena.
  public var arenaByteCount: Int { executor.arenaByteCount }

  /// Top-1 accuracy and mean cross-entropy over all images of a part.
  ///
  /// The last batch is filled up with images whose results are ignored.
  ///
  /// - Parameters:
  ///   - part: the images.
  ///   - normalization: that of the data the network was trained on.
  ///   - shouldContinue: asked before each batch, as is the task's own cancellation.
  /// - Throws: `TrainingError.unsuitableData` where the images do not fit the network, `.cancelled`, or
  ///   `.execution`.
  public func evaluate(
    on part: DatasetPart, normalization: Normalization, shouldContinue: () -> Bool = { true }
  ) throws(TrainingError) -> Evaluation {
    try signature.check(part, normalization)
    guard part.count > 0 else { throw .unsuitableData("there are no images to evaluate on") }
    executor.variablesChanged()
    let assembler = BatchAssembler(part.dataset, normalization)
    let batch = signature.batchSize
    var loss = 0.0
    var correct = 0
    for start in stride(from: 0, to: part.count, by: batch) {
      guard !Task.isCancelled, shouldContinue() else { throw .cancelled }
      let used = min(batch, part.count - start)
      executor.withInput(signature.input) { images in
        for row in 0..<batch {
          // Rows behind the last image repeat it.
          let example = part.indices[start + min(row, used - 1)]
          assembler.copy(example, .identity, to: signature.image(row, of: images))
        }
      }
      do {
        // Only networks that draw random numbers in evaluation too have use for it.
        try executor.run(dropout: RandomStream(seed: 0).stream("evaluation", start))
      } catch {
        throw .execution(error)
      }
      executor.withOutput(0) { logits in
        for row in 0..<used {
          let label = Int(part.dataset.labels[part.indices[start + row]])
          let scores = signature.logits(row, of: logits)
          loss += scores.crossEntropy(label)
          if scores.largestIndex == label { correct += 1 }
        }
      }
    }
    return Evaluation(
      loss: loss / Double(part.count), accuracy: Double(correct) / Double(part.count), count: part.count)
  }
}
