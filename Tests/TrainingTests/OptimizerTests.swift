import Execution
import Foundation
import RandomStreams
import Testing

@testable import Training

/// An optimizer, the Python expression that makes PyTorch's of the same settings, and where it leads.
struct OptimizerCase: Sendable, CustomTestStringConvertible {
  var optimizer: Optimizer
  var torch: String
  /// From [1, −2, 0.5, 0] by five steps; printed by PyTorch 1.13.1 with nine digits.
  var published: [Float]

  var testDescription: String { torch }

  static let all = [
    OptimizerCase(
      optimizer: .sgd(.init(learningRate: 0.1, momentum: 0, weightDecay: 0, nesterov: false)),
      torch: "SGD([p], lr=0.1)", published: [1.22500014, -2.0999999, 0.350000024, 0.075000003]),
    OptimizerCase(
      optimizer: .sgd(.init(learningRate: 0.1, momentum: 0.9, weightDecay: 0, nesterov: false)),
      torch: "SGD([p], lr=0.1, momentum=0.9)",
      published: [1.67691255, -2.15508008, 0.191104993, -0.120637476]),
    OptimizerCase(
      optimizer: .sgd(.init(learningRate: 0.05, momentum: 0.9, weightDecay: 5e-4, nesterov: true)),
      torch: "SGD([p], lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)",
      published: [1.41663229, -2.11893487, 0.285793453, -0.0167483892]),
    OptimizerCase(
      optimizer: .sgd(.init(learningRate: 0.2, momentum: 0, weightDecay: 0.1, nesterov: false)),
      torch: "SGD([p], lr=0.2, weight_decay=0.1)",
      published: [1.33153331, -2.00495958, 0.15897879, 0.160507947]),
    OptimizerCase(
      optimizer: .adam(.init(learningRate: 1e-2)), torch: "Adam([p], lr=1e-2)",
      published: [1.03111517, -2.01299214, 0.495667815, -0.0133783873]),
    OptimizerCase(
      optimizer: .adam(.init(learningRate: 1e-2, beta1: 0.8, beta2: 0.95, epsilon: 1e-4, weightDecay: 0.1)),
      torch: "Adam([p], lr=1e-2, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1)",
      published: [1.02622569, -2.00168467, 0.492042631, -0.0105403662]),
    OptimizerCase(
      optimizer: .adamW(.init(learningRate: 1e-2, weightDecay: 0.01)),
      torch: "AdamW([p], lr=1e-2, weight_decay=0.01)",
      published: [1.03060794, -2.0119884, 0.495415717, -0.0133725349]),
    OptimizerCase(
      optimizer: .adamW(.init(learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-4, weightDecay: 0.3)),
      torch: "AdamW([p], lr=0.1, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.3)",
      published: [1.13683641, -1.83504939, 0.366402477, -0.0899529159]),
  ]
}

@Suite struct OptimizerTests {
  /// Runs an optimizer over given gradients, in ranges of the flat buffer as a network has them.
  private func run(
    _ optimizer: Optimizer, _ start: [Float], _ gradients: [[Float]],
    on instructionSet: InstructionSet? = nil
  ) throws -> [Float] {
    let parameters = UnsafeMutableBufferPointer<Float>.allocate(capacity: start.count)
    defer { parameters.deallocate() }
    _ = parameters.initialize(from: start)
    var state = try OptimizerState(
      optimizer, parameters: parameters, instructionSet: instructionSet ?? .preferred())
    let cut = start.count / 3
    for gradient in gradients {
      state.beginStep()
      for range in [0..<cut, cut..<start.count] {
        gradient.withUnsafeBufferPointer {
          state.update(
            range, gradient: UnsafeBufferPointer(rebasing: $0[range]), learningRate: optimizer.learningRate)
        }
      }
    }
    return Array(parameters)
  }

  @Test(arguments: OptimizerCase.all, InstructionSet.supported)
  func pinnedSequences(example: OptimizerCase, instructionSet: InstructionSet) throws {
    let gradients = (0..<5).map { step in
      (0..<4).map { place -> Float in
        let numerator = (step * 4 + place) * 7 % 11 - 5
        return Float(numerator) / 4
      }
    }
    let result = try run(example.optimizer, [1, -2, 0.5, 0], gradients, on: instructionSet)
    for (value, expected) in zip(result, example.published) {
      #expect(abs(value - expected) <= 2e-6 * max(1, abs(expected)))
    }
  }

  @Test(.enabled(if: Interpreter.torch != nil, "no Python with PyTorch; set NICHE_PYTHON to one"))
  func agreesWithPyTorch() throws {
    var random = RandomStream(seed: 8)
    let (count, steps) = (37, 40)
    let start = (0..<count).map { _ in Float(random.normal()) }
    let gradients = (0..<steps).map { _ in (0..<count).map { _ in Float(random.normal()) } }
    // One process for all, since importing PyTorch takes a second.
    let program = """
      import json, sys, torch
      start, *gradients = json.load(open(sys.argv[1]))
      def run(make):
          p = torch.tensor(start, requires_grad=True)
          optimizer = make(p)
          for gradient in gradients:
              p.grad = torch.tensor(gradient)
              optimizer.step()
          return p.tolist()
      cases = [\(OptimizerCase.all.map { "lambda p: torch.optim." + $0.torch }.joined(separator: ", "))]
      print(json.dumps([run(make) for make in cases]))
      """
    let folder = try TemporaryFolder()
    let input = try folder.write(Array(JSONEncoder().encode([start] + gradients)), to: "input.json")
    let answer = try python(program, [input], interpreter: try #require(Interpreter.torch))
    let all = try JSONDecoder().decode([[Float]].self, from: Data(answer.utf8))
    try #require(all.count == OptimizerCase.all.count)
    for (example, expected) in zip(OptimizerCase.all, all) {
      let result = try run(example.optimizer, start, gradients)
      #expect(zip(result, expected).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }, "\(example.torch)")
    }
  }

  @Test func aScaleMultipliesTheGradient() throws {
    var random = RandomStream(seed: 9)
    let start = (0..<10).map { _ in Float(random.normal()) }
    let gradient = (0..<10).map { _ in Float(random.normal()) }
    let parameters = UnsafeMutableBufferPointer<Float>.allocate(capacity: 10)
    defer { parameters.deallocate() }
    for example in OptimizerCase.all {
      _ = parameters.initialize(from: start)
      var state = try OptimizerState(
        example.optimizer, parameters: parameters, scalesGradients: true, instructionSet: .preferred())
      state.beginStep()
      gradient.withUnsafeBufferPointer {
        state.update(0..<10, gradient: $0, learningRate: example.optimizer.learningRate, scale: 0.25)
      }
      #expect(try Array(parameters) == run(example.optimizer, start, [gradient.map { $0 * 0.25 }]))
    }
  }
}

@Suite struct LearningRateScheduleTests {
  private func rates(_ schedule: LearningRateSchedule, epochs: Int, steps: Int = 1) -> [Double] {
    (0..<epochs).flatMap { epoch in
      (0..<steps).map {
        schedule.learningRate(base: 0.2, epoch: epoch, step: $0, stepsPerEpoch: steps, epochs: epochs)
      }
    }
  }

  private func expectClose(_ values: [Double], _ expected: [Double]) {
    #expect(values.count == expected.count)
    for (value, expected) in zip(values, expected) { #expect(abs(value - expected) < 1e-12) }
  }

  @Test func agreesWithPyTorch() {
    // CosineAnnealingLR(T_max=8, eta_min=0.01) and MultiStepLR([2, 5], 0.3) of PyTorch 1.13.1 from 0.2.
    expectClose(
      rates(.cosine(.init(minimum: 0.01)), epochs: 8),
      [
        0.2, 0.19276855558857225, 0.172175144212722, 0.14135492607468356, 0.105, 0.06864507392531648,
        0.03782485578727799, 0.01723144441142776,
      ])
    expectClose(
      rates(.step(milestones: [2, 5], gamma: 0.3), epochs: 8),
      [0.2, 0.2, 0.06, 0.06, 0.06, 0.018, 0.018, 0.018])
    expectClose(rates(.constant, epochs: 3), [0.2, 0.2, 0.2])
  }

  @Test func stepsOfAnEpochShareTheRateUnlessPerStep() {
    let perEpoch = rates(.cosine(.init()), epochs: 4, steps: 3)
    expectClose(perEpoch, rates(.cosine(.init()), epochs: 4).flatMap { [$0, $0, $0] })
    // Twelve epochs of one step are four of three.
    expectClose(
      rates(.cosine(.init(perStep: true)), epochs: 4, steps: 3), rates(.cosine(.init()), epochs: 12))
  }

  @Test func warmUpRisesToTheBaseAndThenFalls() {
    expectClose(
      Array(rates(.cosine(.init(warmUpEpochs: 4)), epochs: 10).prefix(5)), [0.05, 0.1, 0.15, 0.2, 0.2])
    let perStep = rates(.cosine(.init(warmUpEpochs: 2, perStep: true)), epochs: 5, steps: 4)
    expectClose(Array(perStep.prefix(8)), (1...8).map { 0.2 * Double($0) / 8 })
    #expect(zip(perStep.dropFirst(8), perStep.dropFirst(9)).allSatisfy { $0 > $1 })
    expectClose(rates(.cosine(.init(warmUpEpochs: 2)), epochs: 2), [0.1, 0.2])
  }
}
