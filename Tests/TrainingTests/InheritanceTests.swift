import Execution
import Foundation
import NetworkGraph
import RandomStreams
import Testing

@testable import Training

@Suite("Weights taken over from a parent")
struct InheritanceTests {
  private let configuration = TrainingConfiguration(batchSize: 8, evaluationBatchSize: 12)
  private let data: DatasetSplit
  private let trainer: Trainer

  init() throws {
    data = try Toy.split(channels: 2)
    trainer = try Trainer(configuration)
  }

  private func inherit(
    _ child: Chain, from parent: Chain, by rule: InheritanceRule = .net2net, seed: UInt64 = 1
  ) throws -> (InheritedWeights, parent: WeightSet) {
    let weights = try parent.weights(seed: seed)
    let trained = TrainedParent(
      evaluationGraph: try parent.network(configuration).evaluationGraph, weights: weights)
    let result = try trainer.inherit(
      from: trained, by: rule, for: child.network(configuration), data: data, stream: RandomStream(seed: seed)
    )
    return (result, weights)
  }

  /// The largest difference of the outputs on images that the judge never saw, over the largest output.
  private func difference(
    _ child: Chain, _ weights: WeightSet, _ parent: Chain, _ theirs: WeightSet
  ) throws -> Float {
    let expected = try parent.outputs(theirs, seed: 99)
    let found = try child.outputs(weights, seed: 99)
    #expect(found.count == expected.count)
    return zip(found, expected).map { abs($0 - $1) }.reduce(0, max) / expected.map(abs).reduce(0, max)
  }

  @Test("Wider networks compute what their parents do", arguments: UInt64(0)..<40)
  func wider(seed: UInt64) throws {
    let (parent, child) = Chain.pair(seed: seed) { $0.widened(&$1) }
    let (result, theirs) = try inherit(child, from: parent, seed: seed)
    #expect(result.account.refusal == nil && !result.account.widened.isEmpty)
    #expect(result.account.fresh.isEmpty && result.account.deepened.isEmpty)
    #expect(try #require(result.account.difference) < 1e-5)
    #expect(try difference(child, result.weights, parent, theirs) < 1e-5)
  }

  @Test("Deeper networks compute what their parents do", arguments: UInt64(100)..<140)
  func deeper(seed: UInt64) throws {
    let (parent, child) = Chain.pair(seed: seed) { $0.deepened(&$1) }
    let (result, theirs) = try inherit(child, from: parent, seed: seed)
    #expect(result.account.refusal == nil && !result.account.deepened.isEmpty)
    #expect(result.account.fresh.isEmpty && result.account.widened.isEmpty)
    #expect(try difference(child, result.weights, parent, theirs) < 1e-5)
  }

  @Test(
    "Networks that are wider and deeper at once compute what their parents do", arguments: UInt64(200)..<230)
  func widerAndDeeper(seed: UInt64) throws {
    let (parent, child) = Chain.pair(seed: seed) { $0.widened(&$1)?.deepened(&$1) }
    let (result, theirs) = try inherit(child, from: parent, seed: seed)
    #expect(result.account.refusal == nil && result.account.fresh.isEmpty)
    #expect(!result.account.widened.isEmpty && !result.account.deepened.isEmpty)
    #expect(try difference(child, result.weights, parent, theirs) < 1e-5)
  }

  @Test("Copies of a unit get unequal shares of what read it, which add up to its weight")
  func shares() throws {
    let parent = Chain(layers: [.flatten, .linear("fc", 3), .activation(.relu)])
    let child = Chain(layers: [.flatten, .linear("fc", 7), .activation(.relu)])
    let (result, theirs) = try inherit(child, from: parent)
    func values(_ set: WeightSet, _ name: String) throws -> [Float] {
      guard case .float32(let values) = try #require(set[name]).values else { return [] }
      return values
    }
    let rows = try values(result.weights, "fc.weight")
    let before = try values(theirs, "fc.weight")
    let head = try values(result.weights, "head.weight")
    let headBefore = try values(theirs, "head.weight")
    // The first units are the parent's own; each other one is a copy of one of them.
    var sums = [Float](repeating: 0, count: 12)
    var copies = [Int](repeating: 0, count: 3)
    for unit in 0..<7 {
      let row = Array(rows[unit * 32..<unit * 32 + 32])
      let source = try #require((0..<3).first { Array(before[$0 * 32..<$0 * 32 + 32]) == row })
      if unit < 3 { #expect(source == unit) }
      copies[source] += 1
      for output in 0..<4 { sums[output * 3 + source] += head[output * 7 + unit] }
    }
    for (sum, whole) in zip(sums, headBefore) { #expect(abs(sum - whole) < 1e-6) }
    #expect(copies.reduce(0, +) == 7 && copies.contains { $0 > 1 })
    #expect(Set(head).count == 28 || copies.contains(1), "no two copies have equal shares")
  }

  @Test("Units that reach a sum, a concatenation or the outputs are not replicated")
  func refusals() throws {
    func pair(_ build: (Int) -> [Chain.Layer]) -> (Chain, Chain) {
      (Chain(layers: build(3)), Chain(layers: build(5)))
    }
    let (residual, wideResidual) = pair { width in
      [
        .convolution("a", width), .activation(.relu), .convolution("b", width), .activation(.relu),
        .residual(3),
        .flatten,
      ]
    }
    let (doubled, wideDoubled) = pair { [.convolution("a", $0), .activation(.relu), .doubled, .flatten] }
    for (parent, child) in [(residual, wideResidual), (doubled, wideDoubled)] {
      let (result, _) = try inherit(child, from: parent)
      #expect(result.account.widened.isEmpty && result.account.refusal == nil)
      #expect(result.account.fresh.contains("a.weight") && result.account.matching == ["head.bias"])
    }
    // More classes than the parent's: the outputs themselves would be copies.
    var more = residual
    more.classes = 6
    let (result, _) = try inherit(more, from: residual)
    #expect(result.account.widened.isEmpty && result.account.fresh == ["head.weight", "head.bias"])
  }

  @Test("An added layer in front of an activation that changes its input twice is given up")
  func inexactDepth() throws {
    let parent = Chain(layers: [.flatten, .linear("fc", 6), .activation(.gelu)])
    let child = Chain(layers: parent.layers + [.linear("new", 6), .activation(.gelu)])
    let (result, _) = try inherit(child, from: parent)
    #expect(result.account.refusal?.isEmpty == false)
    #expect(try #require(result.account.difference) > 1e-4)
    #expect(result.account.deepened.isEmpty && result.account.fresh == ["new.weight", "new.bias"])
    #expect(result.account.matching.count == 4)
  }

  @Test("A normalisation is the identity wherever it is added, and its statistics are those of what it reads")
  func addedNormalization() throws {
    let parent = Chain(layers: [.convolution("conv", 3), .activation(.gelu), .flatten])
    let child = Chain(layers: [.convolution("conv", 3), .normalization("norm"), .activation(.gelu), .flatten])
    let (result, theirs) = try inherit(child, from: parent)
    #expect(result.account.deepened.count == 4 && result.account.refusal == nil)
    #expect(try difference(child, result.weights, parent, theirs) < 1e-5)
    guard case .float32(let variances)? = result.weights["norm.running_var"]?.values else { return }
    #expect(variances.allSatisfy { $0 > 0 && $0 != 1 })
  }

  @Test(
    "Matching takes over what agrees in name and shape, its counters too, and draws the rest as training would"
  )
  func matching() throws {
    let parent = Chain(layers: [
      .convolution("conv", 3), .normalization("norm"), .activation(.relu), .flatten, .linear("fc", 5),
    ])
    let child = Chain(layers: [
      .convolution("conv", 3), .normalization("norm"), .activation(.relu), .flatten, .linear("fc", 6),
    ])
    let (result, theirs) = try inherit(child, from: parent, by: .matching)
    let account = result.account
    #expect(account.widened.isEmpty && account.deepened.isEmpty && account.difference == nil)
    #expect(account.fresh == ["fc.weight", "fc.bias", "head.weight"])
    #expect(account.inheritedCount == 7 && account.matching.contains("norm.running_var"))
    let drawn = try VariableStore(
      graph: child.graph(batch: 8, isTraining: true),
      stream: RandomStream(seed: 1).stream("initialization"))
    for tensor in result.weights.tensors where tensor.name != "norm.num_batches_tracked" {
      if account.fresh.contains(tensor.name) {
        #expect(tensor.values == .float32(try #require(drawn.values(of: tensor.name))))
      } else {
        #expect(tensor == theirs[tensor.name])
      }
    }
    #expect(result.weights["norm.num_batches_tracked"]?.values == .int64([7]))
    let trained = try trainer.train(
      child.network(configuration), data: data, stream: RandomStream(seed: 1), initialWeights: result.weights)
    #expect(trained.weights["norm.num_batches_tracked"]?.values == .int64([7 + Int64(trained.steps)]))
  }

  @Test("What neither training nor chance changes stays what the child's source says")
  func fixedVariables() throws {
    func chain(_ scale: Initializer) -> Chain {
      Chain(layers: [.flatten, .linear("fc", 4), .scaled(scale), .activation(.relu)])
    }
    let (result, _) = try inherit(chain(.constant(3)), from: chain(.constant(2)))
    #expect(result.weights["scale"]?.values == .float32([3]) && result.account.fresh == ["scale"])
    // A fixed number that was drawn is the parent's.
    let random = chain(.normal(mean: 0, standardDeviation: 1))
    let (drawn, theirs) = try inherit(random, from: random)
    #expect(drawn.weights["scale"] == theirs["scale"] && drawn.account.fresh.isEmpty)
    // An added filter is none that may begin as the identity: training would not change it back.
    let plain = Chain(layers: [.convolution("conv", 3), .activation(.relu), .flatten])
    let filtered = Chain(layers: [.convolution("conv", 3), .activation(.relu), .filtered("blur"), .flatten])
    let (blurred, _) = try inherit(filtered, from: plain)
    #expect(blurred.account.deepened.isEmpty && blurred.account.fresh == ["blur"])
    #expect(blurred.weights["blur"]?.values == .float32([Float](repeating: 1.0 / 9, count: 27)))
  }

  @Test("The counter of a normalisation that is not taken over begins anew")
  func counters() throws {
    let parent = Chain(layers: [.convolution("conv", 3), .normalization("norm"), .flatten])
    let child = Chain(layers: [.convolution("conv", 4), .normalization("norm"), .flatten])
    let (result, _) = try inherit(child, from: parent, by: .matching)
    #expect(result.weights["norm.num_batches_tracked"]?.values == .int64([0]))
  }

  @Test("A child equal to its parent has its weights bit by bit, and by no rule has none of them")
  func equalAndNone() throws {
    var draws = RandomStream(seed: 5)
    let chain = Chain.random(&draws)
    let (result, theirs) = try inherit(chain, from: chain)
    #expect(result.weights == theirs && result.account.difference == nil)
    let (none, _) = try inherit(chain, from: chain, by: .none)
    #expect(none.account.inheritedCount == 0 && none.account.fresh.count == result.account.matching.count)
  }

  @Test("The same stream gives the same weights, another one others")
  func repeatable() throws {
    let parent = Chain(layers: [.flatten, .linear("fc", 4), .activation(.relu)])
    let child = Chain(layers: [.flatten, .linear("fc", 9), .activation(.relu)])
    let trained = TrainedParent(
      evaluationGraph: try parent.network(configuration).evaluationGraph, weights: try parent.weights(seed: 1)
    )
    func weights(_ seed: UInt64) throws -> WeightSet {
      try trainer.inherit(
        from: trained, by: .net2net, for: child.network(configuration), data: data,
        stream: RandomStream(seed: seed)
      ).weights
    }
    #expect(try weights(1) == weights(1))
    #expect(try weights(1) != weights(2))
  }

  @Test("Without the memory to judge it, nothing is widened, and the account says so")
  func memoryLimit() throws {
    var tight = configuration
    tight.evaluationBatchSize = 256
    tight.memoryLimit = 60_000
    let parent = Chain(layers: [.convolution("conv", 3), .activation(.relu), .flatten])
    let child = Chain(layers: [.convolution("conv", 8), .activation(.relu), .flatten])
    let trained = TrainedParent(
      evaluationGraph: try parent.network(tight).evaluationGraph, weights: try parent.weights(seed: 1))
    let result = try Trainer(tight).inherit(
      from: trained, by: .net2net, for: child.network(tight), data: data, stream: RandomStream(seed: 1))
    #expect(result.account.refusal?.contains("could not be judged") == true)
    #expect(result.account.widened.isEmpty && result.account.matching == ["head.bias"])
  }
}

/// What is taken over, loaded into PyTorch's own modules.
@Suite(.enabled(if: Interpreter.torch != nil, "no Python with PyTorch; set NICHE_PYTHON to one"))
struct TorchInheritanceTests {
  private static let program =
    Interpreter.torchPrelude + """
      class Net(nn.Module):
          def __init__(self, width, hidden, is_deep):
              super().__init__()
              self.conv = nn.Conv2d(2, width, 3, padding=1)
              self.norm = nn.BatchNorm2d(width)
              if is_deep:
                  self.new = nn.Conv2d(width, width, 3, padding=1)
                  self.newnorm = nn.BatchNorm2d(width)
              self.is_deep = is_deep
              self.fc = nn.Linear(width * 4, hidden)
              self.head = nn.Linear(hidden, 4)

          def forward(self, x):
              x = torch.relu(self.norm(self.conv(x)))
              if self.is_deep:
                  x = torch.relu(self.newnorm(self.new(x)))
              x = torch.max_pool2d(x, 2).flatten(1)
              return self.head(torch.relu(self.fc(x)))

      parent, child = Net(3, 5, False), Net(8, 11, True)
      parent.load_state_dict(read("parent.safetensors"), strict=True)
      child.load_state_dict(read("child.safetensors"), strict=True)
      torch.manual_seed(1)
      images = torch.randn(64, 2, 4, 4)
      parent.eval(), child.eval()
      with torch.no_grad():
          a, b = parent(images), child(images)
      print(float((a - b).abs().max() / a.abs().max()))
      """

  @Test("A wider and deeper child computes in PyTorch what its parent does")
  func agreesWithPyTorch() throws {
    let configuration = TrainingConfiguration(batchSize: 8, evaluationBatchSize: 12)
    func chain(_ width: Int, _ hidden: Int, isDeep: Bool) -> Chain {
      Chain(
        layers: [.convolution("conv", width), .normalization("norm"), .activation(.relu)]
          + (isDeep ? [.convolution("new", width), .normalization("newnorm"), .activation(.relu)] : [])
          + [.maximumPooling, .flatten, .linear("fc", hidden), .activation(.relu)])
    }
    let parent = chain(3, 5, isDeep: false)
    let weights = try parent.weights(seed: 4)
    let result = try Trainer(configuration).inherit(
      from: TrainedParent(evaluationGraph: parent.network(configuration).evaluationGraph, weights: weights),
      by: .net2net, for: chain(8, 11, isDeep: true).network(configuration),
      data: Toy.split(channels: 2), stream: RandomStream(seed: 4))
    #expect(result.account.fresh.isEmpty)
    let folder = try TemporaryFolder()
    try SafeTensors.write(weights, to: folder.path + "/parent.safetensors")
    try SafeTensors.write(result.weights, to: folder.path + "/child.safetensors")
    let text = try python(Self.program, [folder.path], interpreter: try #require(Interpreter.torch))
    #expect(try #require(Double(text.trimmingCharacters(in: .whitespacesAndNewlines))) < 1e-5)
  }
}
