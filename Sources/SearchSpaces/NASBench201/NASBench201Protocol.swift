public import Training

/// How the benchmark's networks were trained (Dong & Yang 2020, table 1; their H† with 200 epochs and H‡ with 12).
///
/// Stochastic gradients of 256 images with Nesterov momentum of 0.9 and a weight decay of 0.0005 on every parameter;
/// a learning rate of 0.1 that goes down to 0 in half a cosine, one step an epoch; images mirrored at random and cropped
/// from a border of an eighth of their side. CIFAR-10 has 25,000 images to train on and 25,000 to validate.
public enum NASBench201Protocol {
  /// The epochs of H†.
  public static let fullEpochs = 200
  /// The epochs of H‡.
  public static let shortEpochs = 12

  /// The training of a task's networks.
  public static func configuration(
    for task: NASBench201Task, epochs: Int = fullEpochs
  ) -> TrainingConfiguration {
    TrainingConfiguration(
      epochs: epochs, batchSize: 256, evaluationBatchSize: 256,
      optimizer: .sgd(.init(learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4, nesterov: true)),
      schedule: .cosine(.init()),
      augmentation: Augmentation(cropPadding: task.imageSize / 8, horizontalFlip: true),
      validationInterval: epochs)
  }

  /// The mean and deviation by which the benchmark's authors scaled a task's images; nil for other tasks.
  public static func normalization(for task: NASBench201Task) -> Normalization? {
    let (mean, deviation): ([Double], [Double])
    switch task {
    case .cifar10: (mean, deviation) = ([125.3, 123.0, 113.9], [63.0, 62.1, 66.7])
    case .cifar100: (mean, deviation) = ([129.3, 124.1, 112.4], [68.2, 65.4, 70.4])
    case .imageNet16: (mean, deviation) = ([122.68, 116.66, 104.01], [63.22, 61.26, 65.09])
    default: return nil
    }
    return Normalization(mean: mean.map { $0 / 255 }, deviation: deviation.map { $0 / 255 })
  }
}
