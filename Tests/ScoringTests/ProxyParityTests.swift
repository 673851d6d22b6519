import Foundation
import Testing

@testable import Scoring

/// All proxies of six networks, side by side with PyTorch in double precision.
@Suite struct ProxyParityTests {
  /// How far a score may be from PyTorch's, of the greater of its size and 1.
  ///
  /// Ours are computed in float32. The Jacobian's covariance is sensitive, for it has the reciprocals of small
  /// eigenvalues, and ZiCo more so, for it has those of differences of gradients that are close to each other; counts
  /// of rectifiers differ where a value lies within rounding of 0.
  static func tolerance(_ proxy: Proxy) -> Double {
    switch proxy {
    case .parameters, .macs: 0
    case .grasp, .jacobianCovariance, .activationPatterns: 2e-3
    case .gradientVariation: 1e-2
    case .plain, .classJacobian, .channelCorrelation, .zen: 5e-4
    default: 1e-4
    }
  }

  /// Those that are compared with this machine's PyTorch, too; each costs its start.
  static let live = ["cell", "depthwise"]

  /// What PyTorch 2.13 said, so that the comparison is made where there is no PyTorch, too.
  private static func expected() throws -> [String: [String: Double?]] {
    let file = try #require(ProxyFixture.folder).appendingPathComponent("expected.json")
    return try JSONDecoder().decode([String: [String: Double?]].self, from: try Data(contentsOf: file))
  }

  @Test(arguments: ProxyFixture.names) func everyProxyIsThatOfPyTorch(name: String) throws {
    let fixture = try ProxyFixture(name, batch: 16)
    let scores = try fixture.scores()
    if ProcessInfo.processInfo.environment["NICHE_SHOW_PROXIES"] != nil, let python = ProxyFixture.python {
      print(
        "\(name)\t\(String(decoding: try JSONEncoder().encode(fixture.reference(python)), as: UTF8.self))")
    }
    let expected = try #require(try Self.expected()[name])
    Self.compare(scores, expected, name)
    guard Self.live.contains(name) else { return }
    guard let python = ProxyFixture.python else {
      print("notice: no python3 can import torch; the proxies are compared with stored figures alone")
      return
    }
    Self.compare(scores, try fixture.reference(python), "\(name), PyTorch of this machine")
  }

  /// A batch that is no multiple of sixteen is computed in another layout.
  @Test func otherBatchSizesAreThoseOfPyTorchToo() throws {
    guard let python = ProxyFixture.python else { return }
    let fixture = try ProxyFixture("residual", batch: 11)
    Self.compare(try fixture.scores(), try fixture.reference(python), "residual, 11 images")
  }

  private static func compare(_ scores: [String: Double?], _ expected: [String: Double?], _ name: String) {
    // Gradients explode through 49 layers without shortcuts, and rounding with them.
    let isDeep = name.hasPrefix("deep")
    let steady: [Proxy] = [.parameters, .weightNorm, .synapticFlow, .channelCorrelation, .expressivity, .zen]
    for proxy in isDeep ? steady : Proxy.allCases.filter({ $0 != .macs }) {
      guard let expected = expected[proxy.rawValue] else {
        Issue.record("\(name): PyTorch's side lacks \(proxy.rawValue)")
        continue
      }
      let score = scores[proxy.rawValue] ?? nil
      guard let expected, let score else {
        #expect(
          score == nil && expected == nil,
          "\(name), \(proxy.rawValue): \(score as Double?), \(expected as Double?)")
        continue
      }
      let error = abs(score - expected) / max(1, abs(expected))
      #expect(error <= tolerance(proxy), "\(name), \(proxy.rawValue): \(score), and PyTorch says \(expected)")
    }
  }
}
