import Foundation
import Testing

@testable import Training

@Suite struct TrainingConfigurationTests {
  private func read(_ text: String) throws -> TrainingConfiguration {
    try JSONDecoder().decode(TrainingConfiguration.self, from: Data(text.utf8))
  }

  @Test func writtenConfigurationsReadBack() throws {
    let configurations = [
      TrainingConfiguration(),
      TrainingConfiguration(
        epochs: 12, batchSize: 7, evaluationBatchSize: 9,
        optimizer: .adamW(.init(beta1: 0.8, weightDecay: 0.1)),
        schedule: .step(milestones: [3, 6], gamma: 0.2), labelSmoothing: 0.1,
        augmentation: Augmentation(cropPadding: 4, horizontalFlip: true), gradientClipNorm: 5,
        divergenceLoss: 10, validationInterval: 3, memoryLimit: 1 << 30),
      TrainingConfiguration(optimizer: .adam(.init(epsilon: 1e-6)), schedule: .constant),
      TrainingConfiguration(schedule: .cosine(.init(minimum: 1e-4, warmUpEpochs: 2, perStep: true))),
    ]
    for configuration in configurations {
      let encoder = JSONEncoder()
      let text = String(decoding: try encoder.encode(configuration), as: UTF8.self)
      #expect(try read(text) == configuration)
    }
  }

  @Test func leftOutSettingsHaveTheirDefaults() throws {
    #expect(try read("{}") == TrainingConfiguration())
    #expect(
      try read(#"{"epochs": 3, "optimizer": "adamw", "schedule": "constant"}"#)
        == TrainingConfiguration(epochs: 3, optimizer: .adamW(.init(weightDecay: 0.01)), schedule: .constant))
    #expect(
      try read(
        #"{"optimizer": {"name": "sgd", "nesterov": false}, "schedule": {"name": "cosine", "perStep": true}}"#
      )
        == TrainingConfiguration(
          optimizer: .sgd(.init(nesterov: false)), schedule: .cosine(.init(perStep: true))))
  }

  @Test(arguments: [
    (#"{"epoch": 3}"#, "unknown key “epoch”; did you mean “epochs”?"),
    (#"{"optimizer": {"name": "sgd", "lerningRate": 1}}"#, "did you mean “learningRate”?"),
    (#"{"optimizer": {"name": "adam", "momentum": 1}}"#, "unknown key “momentum”"),
    (#"{"schedule": {"name": "constant", "gamma": 1}}"#, "unknown key “gamma”"),
    (#"{"augmentation": {"flip": true}}"#, "did you mean “horizontalFlip”?"),
    (#"{"augmentation": {"zzzzzzzz": 1}}"#, "the known ones are cropPadding, horizontalFlip"),
    (#"{"schedule": "step"}"#, "no schedule by itself"),
  ])
  func misspeltSettingsAreNamed(text: String, message: String) {
    do {
      _ = try read(text)
      Issue.record("\(text) was taken")
    } catch DecodingError.dataCorrupted(let context) {
      #expect(context.debugDescription.contains(message))
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func numbersOutOfBoundsAreNamed() throws {
    func configuration(_ change: (inout TrainingConfiguration) -> Void) -> TrainingConfiguration {
      var result = TrainingConfiguration()
      change(&result)
      return result
    }
    let wrong: [(String, TrainingConfiguration)] = [
      ("epochs", configuration { $0.epochs = 0 }), ("epochs", configuration { $0.epochs = .max }),
      ("batchSize", configuration { $0.batchSize = -1 }),
      ("evaluationBatchSize", configuration { $0.evaluationBatchSize = 0 }),
      ("labelSmoothing", configuration { $0.labelSmoothing = 1 }),
      ("labelSmoothing", configuration { $0.labelSmoothing = .nan }),
      ("cropPadding", configuration { $0.augmentation.cropPadding = -1 }),
      ("gradientClipNorm", configuration { $0.gradientClipNorm = 0 }),
      ("divergenceLoss", configuration { $0.divergenceLoss = .infinity }),
      ("validationInterval", configuration { $0.validationInterval = 0 }),
      ("memoryLimit", configuration { $0.memoryLimit = 0 }),
      ("learningRate", configuration { $0.optimizer = .adam(.init(learningRate: -1)) }),
      ("momentum", configuration { $0.optimizer = .sgd(.init(momentum: 1)) }),
      ("nesterov", configuration { $0.optimizer = .sgd(.init(momentum: 0)) }),
      ("beta2", configuration { $0.optimizer = .adamW(.init(beta2: 1)) }),
      ("weightDecay", configuration { $0.optimizer = .adamW(.init(weightDecay: .infinity)) }),
      ("warmUpEpochs", configuration { $0.schedule = .cosine(.init(warmUpEpochs: 6)) }),
      ("milestones", configuration { $0.schedule = .step(milestones: [-1], gamma: 0.1) }),
    ]
    for (name, configuration) in wrong {
      do {
        _ = try configuration.validated()
        Issue.record("\(name) was taken")
      } catch {
        guard case .invalidConfiguration(let message) = error else {
          Issue.record("\(error)")
          continue
        }
        #expect(message.contains(name))
      }
    }
    #expect(try TrainingConfiguration().validated() == TrainingConfiguration())
  }
}
