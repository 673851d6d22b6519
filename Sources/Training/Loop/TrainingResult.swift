public import NetworkGraph

/// A network to train: two traces of it that share parameters and buffers by name.
public struct TrainableNetwork: Sendable {
  /// Traced in training mode with the batch size of training; its first output is the logits `[N, classes]`.
  public var trainingGraph: Graph
  /// Traced in evaluation mode with the batch size of evaluation; its first output is the logits.
  public var evaluationGraph: Graph

  /// A network by its two traces.
  public init(trainingGraph: Graph, evaluationGraph: Graph) {
    self.trainingGraph = trainingGraph
    self.evaluationGraph = evaluationGraph
  }
}

/// How well a network does on some images.
public struct Evaluation: Sendable, Hashable, Codable {
  /// The mean cross-entropy, without label smoothing.
  public var loss: Double
  /// The share of images whose largest logit is that of their class, 0 … 1.
  public var accuracy: Double
  /// How many images were looked at.
  public var count: Int

  /// An evaluation.
  public init(loss: Double, accuracy: Double, count: Int) {
    self.loss = loss
    self.accuracy = accuracy
    self.count = count
  }
}

/// What an epoch came to.
public struct EpochRecord: Sendable, Hashable, Codable {
  /// Which epoch, from 1.
  public var epoch: Int
  /// The mean loss of its steps, label smoothing included.
  public var trainingLoss: Double
  /// The share of its images that were classified correctly when they were trained on, 0 … 1.
  public var trainingAccuracy: Double
  /// The validation figures; nil in epochs that `validationInterval` passes over.
  public var validation: Evaluation?
  /// The learning rate of its last step.
  public var learningRate: Double
  /// The seconds it took, validation included.
  public var seconds: Double
}

/// How far a training has come; handed to the caller after each step and after each epoch.
public struct TrainingProgress: Sendable, Hashable {
  /// The current epoch, from 1.
  public var epoch: Int
  /// How many epochs there will be.
  public var epochs: Int
  /// Steps done in this epoch.
  public var step: Int
  /// Steps of an epoch.
  public var stepsPerEpoch: Int
  /// The loss of the last step.
  public var loss: Double
  /// The finished epoch, on the call that follows its validation; nil on the calls after steps.
  public var record: EpochRecord?

  /// The share of all steps that is done, 0 … 1.
  public var fraction: Double {
    Double((epoch - 1) * stepsPerEpoch + step) / Double(epochs * stepsPerEpoch)
  }
}

/// Why a training ended, with the epoch and step, counted from 1, that it got to.
public enum StopReason: Sendable, Hashable, Codable {
  /// All epochs are done.
  case completed
  /// A training loss was infinite or not a number; or, at the last step of an epoch, the validation loss was.
  case nonFiniteLoss(epoch: Int, step: Int)
  /// An epoch's mean loss was above `divergenceLoss`.
  case diverged(epoch: Int, step: Int)
  /// The mean loss of `stallSteps` steps was no better than that of a network that gives the same for all images.
  case stalled(epoch: Int, step: Int)
  /// The caller expected nothing of further epochs.
  case outclassed(epoch: Int, step: Int)
  /// The caller said stop, or the task was cancelled.
  case cancelled(epoch: Int, step: Int)
}

/// What a training came to.
public struct TrainingResult: Sendable {
  /// The finished epochs, in order.
  public var history: [EpochRecord]
  /// The weights as they were at the end, whatever ended it.
  public var weights: WeightSet
  /// How many images were trained on, repeats counted.
  public var imagesSeen: Int
  /// How many steps were made.
  public var steps: Int
  /// Why it ended.
  public var stopReason: StopReason
  /// The seconds it took, planning included.
  public var seconds: Double
  /// The bytes of weights, optimizer state and all intermediate values, for training and evaluation together.
  public var memoryByteCount: Int

  /// The last validation figures, nil if no epoch got so far.
  public var validation: Evaluation? { history.last(where: { $0.validation != nil })?.validation }
}
