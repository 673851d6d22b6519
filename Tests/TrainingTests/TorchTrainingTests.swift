import Foundation
import NetworkGraph
import RandomStreams
import Testing

@testable import Training

/// Whole trainings, side by side with PyTorch.
@Suite(.enabled(if: Interpreter.torch != nil, "no Python with PyTorch; set NICHE_PYTHON to one"))
struct TorchTrainingTests {
  struct Setup: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var configuration: TrainingConfiguration
    /// The optimizer and the schedule in Python.
    var torch: String
  }

  static let setups = [
    Setup(
      testDescription: "SGD with Nesterov momentum, cosine, label smoothing",
      configuration: TrainingConfiguration(
        epochs: 6, batchSize: 48, evaluationBatchSize: 10, optimizer: .sgd(.init(learningRate: 0.1)),
        labelSmoothing: 0.1),
      torch: """
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 6)
        """),
    Setup(
      testDescription: "AdamW, milestones, clipped gradients",
      configuration: TrainingConfiguration(
        epochs: 6, batchSize: 48, evaluationBatchSize: 10,
        optimizer: .adamW(.init(learningRate: 0.003, epsilon: 1e-4, weightDecay: 0.1)),
        schedule: .step(milestones: [2, 4], gamma: 0.3), gradientClipNorm: 0.5),
      torch: """
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, eps=1e-4, weight_decay=0.1)
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 4], 0.3)
        """),
  ]

  /// Reads safetensors without the library of that name, trains the same network on the same images, loads the
  /// weights trained here, and prints what both come to.
  private static let program =
    Interpreter.torchPrelude + """
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv = nn.Conv2d(2, 4, 3, padding=1)
              self.bn = nn.BatchNorm2d(4)
              self.fc = nn.Linear(16, 4)

          def forward(self, x):
              x = torch.max_pool2d(torch.relu(self.bn(self.conv(x))), 2)
              return self.fc(x.flatten(1))

      options = json.load(open(f"{folder}/options.json"))
      data = read("data.safetensors")
      images, labels = data["images"], data["labels"]
      held, answers = data["validation.images"], data["validation.labels"]
      model = Net()
      model.load_state_dict(read("initial.safetensors"), strict=True)
      OPTIMIZER
      loss_function = nn.CrossEntropyLoss(label_smoothing=options["smoothing"])
      losses, norms, validation = [], [], []
      for epoch in range(options["epochs"]):
          model.train()
          optimizer.zero_grad()
          loss = loss_function(model(images), labels)
          loss.backward()
          if options.get("clip"):
              norms.append(float(nn.utils.clip_grad_norm_(model.parameters(), options.get("clip"))))
          optimizer.step()
          schedule.step()
          losses.append(float(loss))
          model.eval()
          with torch.no_grad():
              validation.append(float(nn.functional.cross_entropy(model(held), answers)))
      theirs = {name: value.clone() for name, value in model.state_dict().items()}
      model.load_state_dict(read("final.safetensors"), strict=True)
      with torch.no_grad():
          logits = model(held)
      differences = [float((theirs[name].double() - value.double()).abs().max())
                     for name, value in model.state_dict().items()]
      print(json.dumps({
          "losses": losses, "validation": validation, "difference": max(differences),
          "loaded": float(nn.functional.cross_entropy(logits, answers)),
          "accuracy": float((logits.argmax(1) == answers).double().mean()),
          "clipped": sum(norm > options.get("clip") for norm in norms),
      }))
      """

  private struct Answer: Decodable {
    var losses: [Double]
    var validation: [Double]
    var difference: Double
    var loaded: Double
    var accuracy: Double
    var clipped: Int
  }

  private struct Options: Encodable {
    var epochs: Int
    var smoothing: Double
    var clip: Double?
  }

  @Test(arguments: setups) func agreesWithPyTorch(setup: Setup) throws {
    let configuration = setup.configuration
    // One batch holds all training images, so that their order only touches rounding.
    let data = try Toy.split(64, channels: 2)
    let network = try Toy.convolutional(data, configuration)
    let folder = try TemporaryFolder()
    var first = configuration
    first.epochs = 1
    first.schedule = .constant
    first.optimizer = .sgd(.init(learningRate: 0))
    // Nothing moves at a learning rate of 0 but the statistics, which are set back.
    var initial = try Trainer(first).train(network, data: data, stream: RandomStream(seed: 3)).weights
    initial = try WeightSet(
      initial.tensors.map { tensor in
        var tensor = tensor
        switch tensor.name {
        case "bn.running_mean": tensor.values = .float32([0, 0, 0, 0])
        case "bn.running_var": tensor.values = .float32([1, 1, 1, 1])
        case "bn.num_batches_tracked": tensor.values = .int64([0])
        default: break
        }
        return tensor
      })
    let result = try Trainer(configuration).train(
      network, data: data, stream: RandomStream(seed: 4), initialWeights: initial)
    try SafeTensors.write(initial, to: folder.path + "/initial.safetensors")
    try SafeTensors.write(result.weights, metadata: ["format": "pt"], to: folder.path + "/final.safetensors")
    try SafeTensors.write(WeightSet(tensors(data)), to: folder.path + "/data.safetensors")
    try folder.write(
      Array(
        JSONEncoder().encode(
          Options(
            epochs: configuration.epochs, smoothing: configuration.labelSmoothing,
            clip: configuration.gradientClipNorm))), to: "options.json")
    let program = Self.program.replacingOccurrences(of: "OPTIMIZER", with: setup.torch)
    let text = try python(program, [folder.path], interpreter: try #require(Interpreter.torch))
    let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
    #expect(answer.losses.count == configuration.epochs)
    for (record, theirs) in zip(result.history, zip(answer.losses, answer.validation)) {
      #expect(abs(record.trainingLoss - theirs.0) < 1e-4)
      #expect(abs(try #require(record.validation).loss - theirs.1) < 1e-3)
    }
    #expect(answer.difference < 1e-3)
    let validation = try #require(result.validation)
    #expect(abs(answer.loaded - validation.loss) < 1e-5)
    #expect(answer.accuracy == validation.accuracy)
    if configuration.gradientClipNorm != nil { #expect(answer.clipped > 0) }
  }

  private func tensors(_ data: DatasetSplit) throws -> [WeightTensor] {
    var result: [WeightTensor] = []
    for (prefix, part) in [("", data.training), ("validation.", data.validation)] {
      let (images, labels) = try part.batch(at: Array(0..<part.count), normalization: data.normalization)
      result.append(
        WeightTensor(name: prefix + "images", shape: [part.count, 2, 4, 4], values: .float32(images)))
      result.append(
        WeightTensor(name: prefix + "labels", shape: [part.count], values: .int64(labels.map(Int64.init))))
    }
    return result
  }
}
