import Foundation
import Testing

/// `niche score`, as a user calls it.
@Suite struct ScoreCommandTests {
  private static func network(_ channels: Int, _ activation: String) -> String {
    """
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, \(channels), 3, padding=1)
            self.act = nn.\(activation)()
            self.fc = nn.Linear(\(channels), 10)

        def forward(self, x):
            return self.fc(self.act(self.conv(x)).mean([2, 3]))
    """
  }

  /// A project with files of those sources.
  private static func project(_ sources: [String: String]) throws -> String {
    let project = try Tool.project()
    for (name, source) in sources {
      try source.write(toFile: "\(project)/\(name)", atomically: true, encoding: .utf8)
    }
    return project
  }

  @Test func severalNetworksAreRanked() throws {
    let project = try Self.project([
      "a.py": Self.network(4, "ReLU"), "b.py": Self.network(8, "ReLU"), "c.py": Self.network(4, "Tanh"),
    ])
    defer { try? FileManager.default.removeItem(atPath: project) }
    let words = ["score", "a.py", "b.py", "c.py", "--input", "3x8x8", "--batch", "8"]
    let result = try Tool.run(words + ["--proxies", "params,naswot,flops", "--json"], in: project)
    #expect(result.status == 0, "\(result.error)")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(report["proxies"] as? [String] == ["params", "nwot", "macs"])
    let networks = try #require(report["networks"] as? [[String: Any]])
    #expect(networks.map { $0["parameters"] as? Int } == [162, 314, 162])
    let scores = try networks.map { try #require($0["scores"] as? [String: [String: Any]]) }
    #expect(scores.map { $0["params"]?["rank"] as? Int } == [2, 1, 2])
    #expect(scores[2]["nwot"]?["failure"] as? String == "the network has no ReLU")
    #expect(scores[2]["nwot"]?["value"] == nil)
    #expect((networks[1]["rank_sum"] as? Double ?? 0) > (networks[0]["rank_sum"] as? Double ?? 9))
    let text = try Tool.run(words + ["--proxies", "nwot"], in: project)
    #expect(text.output.contains("c.py: nwot has no score: the network has no ReLU."))
    #expect(text.output.contains("params"))
  }

  @Test func mistakesAreExplained() throws {
    let project = try Self.project(["a.py": Self.network(4, "ReLU"), "broken.py": "class Net(:"])
    defer { try? FileManager.default.removeItem(atPath: project) }
    let name = try Tool.run(["score", "a.py", "--proxies", "synflo"], in: project)
    #expect(name.status == 1)
    #expect(name.error.contains("did you mean 'synflow'?"))
    let data = try Tool.run(["score", "a.py", "--data", "imagenet"], in: project)
    #expect(data.status == 1)
    let broken = try Tool.run(
      ["score", "a.py", "broken.py", "--proxies", "params", "--batch", "2"], in: project)
    #expect(broken.status == 1)
    #expect(broken.output.contains("broken.py"))
    let missing = try Tool.run(["score", "none.py"], in: project)
    #expect(missing.status == 1)
  }
}
