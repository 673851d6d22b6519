import Foundation
import NetworkGraph
import RandomStreams
import Testing

@testable import Scoring

/// What the scorer promises beside right numbers.
@Suite struct ProxyScorerTests {
  private static let small = """
    import torch.nn as nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.act = ACT
            self.fc = nn.Linear(4, 10)

        def forward(self, x):
            x = self.act(self.conv(x))
            return self.fc(x.mean([2, 3]))
    """

  private static func scores(
    _ source: String, _ proxies: [Proxy] = Proxy.allCases, batch: Int = 8, seed: UInt64 = 3,
    progress: (Proxy) -> Bool = { _ in true }
  ) throws -> [Proxy: Result<Double, ProxyFailure>] {
    let network = try ProxyFixture.network(source, batch: batch, shape: [3, 8, 8])
    let stream = RandomStream(seed: seed)
    let batches = ProxyBatch.noise(2, of: batch, elements: 192, classes: 10, stream: stream)
    let scores = ProxyScorer(proxies).score(network, batches: batches, stream: stream, progress: progress)
    return Dictionary(uniqueKeysWithValues: scores.map { ($0.proxy, $0.result) })
  }

  @Test func equalSeedsGiveEqualScores() throws {
    let source = Self.small.replacingOccurrences(of: "ACT", with: "nn.ReLU()")
    let first = try Self.scores(source)
    #expect(try Self.scores(source) == first)
    let other = try Self.scores(source, seed: 4)
    #expect(other[.snip] != first[.snip])
    #expect(other[.parameters] == first[.parameters])
  }

  @Test func aNetworkWithoutRectifiersHasNoOverlap() throws {
    let scores = try Self.scores(Self.small.replacingOccurrences(of: "ACT", with: "nn.Tanh()"))
    #expect(scores[.activationOverlap] == .failure(.noRectifiers))
    #expect(scores[.activationPatterns] == .failure(.noRectifiers))
    #expect(scores[.parameters] == .success(162))
    #expect(scores[.macs] == .success(Double(8 * 8 * 4 * 27 + 40)))
    #expect(scores[.expressivity] == .failure(.tooFewBlocks))
  }

  @Test func aFunctionalRectifierCountsAsAModule() throws {
    let module = Self.small.replacingOccurrences(of: "ACT", with: "nn.ReLU()")
    let function = module.replacingOccurrences(
      of: "self.act = nn.ReLU()", with: "self.act = nn.functional.relu")
    #expect(
      try Self.scores(module, [.activationOverlap]) == Self.scores(function, [.activationOverlap]))
  }

  /// Dropout's mask, ELU, layer normalisation and tokens of several axes have to go through two differentiations.
  @Test func otherLayersAreScoredToo() throws {
    let source = """
      import torch.nn as nn

      class Network(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv = nn.Conv2d(3, 8, 2, stride=2)
              self.norm = nn.LayerNorm(8)
              self.mix = nn.Linear(8, 8)
              self.act = nn.ELU()
              self.drop = nn.Dropout(0.3)
              self.fc = nn.Linear(8, 10)

          def forward(self, x):
              x = self.conv(x).permute(0, 2, 3, 1)
              x = x + self.drop(self.act(self.mix(self.norm(x))))
              return self.fc(x.mean([1, 2]))
      """
    let scores = try Self.scores(source)
    for proxy in [Proxy.grasp, .fisher, .synapticFlow, .snip, .jacobianCovariance, .gradientVariation] {
      guard case .success(let score) = scores[proxy] else {
        Issue.record("\(proxy): \(String(describing: scores[proxy]))")
        continue
      }
      #expect(score != 0)
    }
  }

  @Test func aDisconnectedNetworkFailsWithItsReason() throws {
    let source = Self.small.replacingOccurrences(of: "ACT", with: "nn.ReLU()")
      .replacingOccurrences(of: "self.act(self.conv(x))", with: "self.act(self.conv(x)).mul(0.0)")
    let scores = try Self.scores(source)
    #expect(scores[.jacobianCovariance] == .failure(.disconnected))
    #expect(scores[.classJacobian] == .failure(.disconnected))
    guard case .success(let norm) = scores[.gradientNorm] else {
      Issue.record("the gradient of the last layer is one all the same")
      return
    }
    #expect(norm >= 0)
  }

  @Test func aNetworkWithoutWeightsHasNoGradients() throws {
    let source = """
      import torch.nn as nn

      class Network(nn.Module):
          def forward(self, x):
              return nn.functional.relu(x).mean([2, 3])
      """
    let scores = try Self.scores(source)
    for proxy in [Proxy.weightNorm, .gradientNorm, .plain, .snip, .grasp, .fisher, .synapticFlow, .zen] {
      #expect(scores[proxy] == .failure(.noWeights), "\(proxy)")
    }
  }

  @Test func whatIsStoppedIsNotBegun() throws {
    let source = Self.small.replacingOccurrences(of: "ACT", with: "nn.ReLU()")
    let scores = try Self.scores(source, [.parameters, .snip, .grasp]) { $0 == .parameters }
    #expect(scores[.parameters] == .success(162))
    #expect(scores[.snip] == .failure(.cancelled))
    #expect(scores[.grasp] == .failure(.cancelled))
  }

  @Test func batchesThatDoNotFitAreRefused() throws {
    let source = Self.small.replacingOccurrences(of: "ACT", with: "nn.ReLU()")
    let network = try ProxyFixture.network(source, batch: 8, shape: [3, 8, 8])
    let short = ProxyBatch(images: [0, 0], labels: [0])
    let scores = ProxyScorer([.snip]).score(network, batches: [short], stream: RandomStream(seed: 0))
    guard case .failure(.unsupported) = scores[0].result else {
      Issue.record("\(scores[0].result)")
      return
    }
    let none = ProxyScorer([.snip, .gradientVariation]).score(
      network, batches: [], stream: RandomStream(seed: 0))
    #expect(none[0].result == .failure(.tooFewBatches(needed: 1)))
    #expect(none[1].result == .failure(.tooFewBatches(needed: 2)))
  }

  @Test func proxiesHaveTheNamesOfTheLiterature() {
    #expect(Proxy(named: "naswot") == .activationOverlap)
    #expect(Proxy(named: "jacob_cov") == .jacobianCovariance)
    #expect(Proxy(named: "flops") == .macs)
    #expect(Proxy(named: "l2") == .weightNorm)
    #expect(Proxy(named: "zenscore") == nil)
    for proxy in Proxy.allCases { #expect(Proxy(named: proxy.rawValue) == proxy) }
  }

  @Test func ranksShareTiesAndPutFailuresLast() {
    let failed: [Double?] = [3, 1, nil, 3]
    #expect(RankEnsemble.ranks(of: failed, direction: .higherIsBetter) == [3.5, 2, 1, 3.5])
    let broken: [Double?] = [3, 1, .nan, 2]
    #expect(RankEnsemble.ranks(of: broken, direction: .lowerIsBetter) == [2, 4, 1, 3])
    let rising: [Double?] = [1, 2, 3]
    let sums = RankEnsemble.rankSums([
      (proxy: .snip, scores: rising), (proxy: .plain, scores: rising), (proxy: .zen, scores: [1, 3, 2]),
    ])
    #expect(sums == [5, 7, 6])
    let joined = RankEnsemble.logarithmicRanks([
      (proxy: .snip, scores: [1, 2]), (proxy: .zen, scores: [2, 1]),
    ])
    #expect(joined == [log(0.5), log(0.5)])
  }

  @Test func eigenvaluesSolveTheMatrix() {
    // Diagonal blocks with known eigenvalues, and a matrix whose rows are equal.
    let known = SymmetricMatrix(order: 3, elements: [2, 1, 0, 1, 2, 0, 0, 0, -5]).eigenvalues()
    for (value, expected) in zip(known, [-5.0, 1, 3]) { #expect(abs(value - expected) < 1e-12) }
    let ones = SymmetricMatrix(order: 40, elements: [Double](repeating: 1, count: 1600))
    let values = ones.eigenvalues()
    #expect(abs(values[39] - 40) < 1e-11)
    #expect(values.dropLast().allSatisfy { abs($0) < 1e-12 })
    // Traces of powers are sums of powers of eigenvalues; the determinant is their product.
    var stream = RandomStream(seed: 5)
    let rows = (0..<30).map { _ in (0..<50).map { _ in Float(stream.normal()) } }
    let matrix = SymmetricMatrix(productsOf: rows, isCentred: true)
    let spectrum = matrix.eigenvalues()
    let squares = matrix.elements.reduce(0) { $0 + $1 * $1 }
    #expect(abs(spectrum.reduce(0) { $0 + $1 * $1 } / squares - 1) < 1e-12)
    let logarithm = spectrum.reduce(0) { $0 + log($1) }
    #expect(abs(matrix.logDeterminant { log($0) } - logarithm) < 1e-9)
    #expect(ones.logDeterminant { log($0) } == -.infinity)
  }
}
