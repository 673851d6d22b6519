import Foundation
public import RandomStreams
public import SearchSpaces

/// Policy gradients: each choice has a softmax over its options, which moves towards what did better than usual.
///
/// Williams 1992, "Simple statistical gradient-following algorithms for connectionist reinforcement learning", with
/// Adam and a moving average of fitness as the baseline, as NAS-Bench-201 has it. A repetition teaches nothing.
public struct Reinforce<Space: ChoiceSpace>: SpaceStrategy {
  /// What may be chosen.
  public struct Settings: Sendable, Hashable {
    /// Adam's learning rate.
    public var learningRate = 0.01
    /// How much of the baseline stays with each result.
    public var baselineDecay = 0.9

    /// NAS-Bench-201's defaults.
    public init(learningRate: Double = 0.01, baselineDecay: Double = 0.9) {
      self.learningRate = learningRate
      self.baselineDecay = baselineDecay
    }
  }

  private let space: Space
  private let settings: Settings
  private let draws: NumberedStreams
  private var told = 0
  private var policy: [[Double]]
  /// Adam's averages of the gradients and of their squares.
  private var first: [[Double]]
  private var second: [[Double]]
  private var steps = 0
  private var baselineSum = 0.0
  private var baselineWeight = 0.0

  /// A search of a space by a stream of its own.
  public init(space: Space, settings: Settings = Settings(), stream: RandomStream) {
    self.space = space
    self.settings = settings
    draws = NumberedStreams(stream)
    var start = stream.stream("policy")
    policy = space.choices.map { $0.options.map { _ in 1e-3 * start.normal() } }
    first = space.choices.map { $0.options.map { _ in 0 } }
    second = first
  }

  /// The probabilities of each choice's options.
  public var probabilities: [[Double]] {
    policy.map { logits in
      let most = logits.max() ?? 0
      let weights = logits.map { exp($0 - most) }
      let sum = weights.reduce(0, +)
      return weights.map { $0 / sum }
    }
  }

  /// The next draws from the policy; where the space forbids one, another.
  public func ask(_ count: Int) -> [SpaceProposal<Space.Genotype>] {
    let probabilities = probabilities
    return (0..<max(1, count)).map { place in
      var stream = draws[told + place]
      for _ in 0..<retryLimit {
        let options = probabilities.map { stream.weightedIndex($0) ?? 0 }
        if let genotype = try? space.genotype(options: options) {
          return SpaceProposal(genotype, step: .sample)
        }
      }
      return SpaceProposal(space.random(using: &stream), step: .random)
    }
  }

  /// Moves the policy, result by result.
  public mutating func tell(_ results: [SpaceResult<Space.Genotype>]) {
    for result in results {
      told += 1
      guard result.isPaid, let genotype = result.genotype, let fitness = result.fitness else { continue }
      let decay = settings.baselineDecay
      baselineSum = decay * baselineSum + (1 - decay) * fitness
      baselineWeight = decay * baselineWeight + 1 - decay
      let baseline = baselineWeight > 0 ? baselineSum / baselineWeight : fitness
      learn(space.options(of: genotype), advantage: fitness - baseline)
    }
  }

  /// A step of Adam down the gradient of −advantage · log probability.
  private mutating func learn(_ options: [Int], advantage: Double) {
    steps += 1
    let (firstDecay, secondDecay) = (0.9, 0.999)
    let firstBias = 1 - pow(firstDecay, Double(steps))
    let secondBias = 1 - pow(secondDecay, Double(steps))
    let probabilities = probabilities
    for choice in policy.indices {
      for option in policy[choice].indices {
        let isTaken = options[choice] == option
        let gradient = -advantage * ((isTaken ? 1 : 0) - probabilities[choice][option])
        first[choice][option] = firstDecay * first[choice][option] + (1 - firstDecay) * gradient
        second[choice][option] =
          secondDecay * second[choice][option] + (1 - secondDecay) * gradient * gradient
        policy[choice][option] -=
          settings.learningRate * (first[choice][option] / firstBias)
          / ((second[choice][option] / secondBias).squareRoot() + 1e-8)
      }
    }
  }
}
