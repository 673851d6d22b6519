import RandomStreams
import Testing

@testable import Training

@Suite struct FashionMNISTTests {
  private static let isInstalled = DatasetCatalog.standard().location(of: .fashionMNIST) != nil

  @Test(.enabled(if: isInstalled, "Fashion-MNIST is not installed; run scripts/data fashion-mnist"))
  func aSmallNetworkLearnsFromAFewImages() throws {
    let data = try DatasetSplit(
      DatasetCatalog.standard().load(.fashionMNIST),
      configuration: SplitConfiguration(trainingLimit: 640, validationLimit: 200),
      stream: RandomStream(seed: 1))
    let configuration = TrainingConfiguration(
      epochs: 3, batchSize: 32, evaluationBatchSize: 100, optimizer: .sgd(.init(learningRate: 0.02)))
    let network = try Toy.convolutional(data, configuration, width: 8)
    let result = try Trainer(configuration).train(network, data: data, stream: RandomStream(seed: 1))
    // Guessing gives 0.1; PyTorch 1.13.1 got 0.73 to 0.80 with this network and these settings, over six seeds.
    #expect(try #require(result.validation).accuracy > 0.65)
  }
}
