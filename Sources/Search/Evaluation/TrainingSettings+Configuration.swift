public import Training

extension TrainingSettings {
  /// The settings as the trainer takes them.
  ///
  /// - Parameter memoryLimit: the bytes that one training may take.
  public func configuration(memoryLimit: Int) -> TrainingConfiguration {
    TrainingConfiguration(
      epochs: epochs, batchSize: batchSize, evaluationBatchSize: 256, optimizer: trainerOptimizer,
      schedule: trainerSchedule, labelSmoothing: labelSmoothing,
      augmentation: Augmentation(cropPadding: cropPadding, horizontalFlip: flip),
      divergenceLoss: stopping.divergenceLoss > 0 ? stopping.divergenceLoss : nil,
      stallSteps: stopping.stallSteps > 0 ? stopping.stallSteps : nil, memoryLimit: memoryLimit)
  }

  private var trainerOptimizer: Training.Optimizer {
    switch optimizer {
    case .sgd:
      .sgd(
        .init(learningRate: learningRate, momentum: momentum, weightDecay: weightDecay, nesterov: nesterov))
    case .adam: .adam(.init(learningRate: learningRate, weightDecay: weightDecay))
    case .adamw: .adamW(.init(learningRate: learningRate, weightDecay: weightDecay))
    }
  }

  private var trainerSchedule: LearningRateSchedule {
    switch schedule {
    case .constant: .constant
    case .cosine: .cosine(.init(perStep: true))
    case .cosinePerEpoch: .cosine(.init(perStep: false))
    case .step: .step(milestones: milestones, gamma: gamma)
    }
  }
}
