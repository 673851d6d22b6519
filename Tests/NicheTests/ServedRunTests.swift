import Foundation
import Testing

private let hasFashionMNIST = FileManager.default.fileExists(
  atPath: "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")

/// Somebody who runs commands in a project.
private struct User {
  var project: String
  var environment: [String: String]

  /// Runs a command, which must end with that status.
  func run(_ arguments: [String], status: Int32 = 0) throws -> Tool.Result {
    let result = try Tool.run(arguments, in: project, environment: environment)
    #expect(result.status == status, "\(arguments): \(result.error)")
    return result
  }

  /// The elites of a run.
  func archive(_ name: String) throws -> String {
    try run(["export", name, "--json", "--skip-test"]).output
  }
}

/// Runs whose networks come from a server on this machine, which says everything it was told again.
@Suite(
  .enabled(if: hasFashionMNIST, "Fashion-MNIST is not installed: scripts/data fashion-mnist"), .serialized)
struct ServedRunTests {
  private static let key = "sk-proj-Key0123456789abcdef"
  private static let token = "tok/en+9876543210XYZ"

  /// An OpenAI server of a good and a poor model, in Python.
  ///
  /// The former writes networks, the latter one of eight times; every fifth request fails at first. Replies, failures
  /// and the list of models hold the key and the header that came with the request.
  private static let server = """
    import hashlib, http.server, json, sys
    failed = set()
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def log_message(self, *rest): pass
        def answer(self, status, value):
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-Echo", self.headers.get("Authorization", ""))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        def echo(self): return self.headers.get("Authorization", "") + " " + self.headers.get("X-Gateway", "")
        def do_GET(self): self.answer(200, {"data": [{"id": "good"}, {"id": self.echo()}]})
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            number = int(hashlib.sha256(body).hexdigest(), 16)
            if number % 5 == 0 and number not in failed:
                failed.add(number)
                return self.answer(500, {"error": {"message": "no room for " + self.echo()}})
            model = json.loads(body)["model"]
            if model == "lost": return self.answer(404, {"error": {"message": "no model, said " + self.echo()}})
            width = 4 + number % 60
            program = f'''# {self.echo()}
    import torch
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(784, {width})
            self.out = nn.Linear({width}, 10)

        def forward(self, x):
            return self.out(torch.relu(self.hidden(torch.flatten(x, 1))))
    '''
            writes = model == "good" or number % 8 == 1
            text = "```python\\n" + program + "```" if writes else "I was told " + self.echo()
            self.answer(200, {
                "id": self.echo(), "model": model, "system_fingerprint": self.echo(),
                "choices": [{"index": 0, "finish_reason": "stop", "message": {
                    "role": "assistant", "content": text, "reasoning_content": self.echo()}}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
    """

  private func configuration(_ port: Int, models: String) -> String {
    """
    preset: smoke
    search: {generations: 4, batch: 6, initial_networks: 2, rewriter_share: 0, exploration: 0.3}
    model:
      {provider: openai, endpoint: "http://127.0.0.1:\(port)/v1", form: program, combination: bandit,
       bandit_value: trainable, headers: ["X-Gateway: ${GATEWAY}"], streaming: never}
    models: [\(models)]

    """
  }

  private static let environment = ["OPENAI_API_KEY": key, "GATEWAY": token]

  /// Everything that is in a folder and below it, as bytes, by path.
  private func files(in folder: String) -> [String: Data] {
    var files: [String: Data] = [:]
    for case let path as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
      var isFolder: ObjCBool = false
      let whole = folder + "/" + path
      guard FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder), !isFolder.boolValue
      else { continue }
      files[path] = FileManager.default.contents(atPath: whole)
    }
    return files
  }

  @Test func aBanditsRunIsResumedReplayedAndVerifiedAndHoldsNoKey() throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else {
      print("note: there is no python3, so no run is made from a server")
      return
    }
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    let user = User(project: project, environment: Self.environment)
    try Tool.withServer(Self.server) { port in
      func write(_ name: String, models: String) throws {
        try Data(configuration(port, models: models).utf8).write(
          to: URL(fileURLWithPath: "\(project)/\(name).yaml"))
      }
      try write("served", models: "{name: poor}, {name: good}")
      _ = try user.run(["run", "served.yaml", "--name", "whole"])
      _ = try user.run(["run", "served.yaml", "--name", "parts", "--generations", "2"])
      _ = try user.run(["run", "--resume", "parts", "--generations", "4"])
      #expect(try user.archive("parts") == user.archive("whole"))

      struct Status: Decodable {
        struct Model: Decodable {
          var name: String
          var pulls: Int
          var unit: String
        }
        var models: [Model]
      }
      let status = try JSONDecoder().decode(
        Status.self, from: Data(try user.run(["status", "whole", "--json"]).output.utf8))
      #expect(
        status.models.map(\.name) == ["poor", "good"] && status.models.map(\.unit) == ["tokens", "tokens"])
      #expect(status.models.map(\.pulls).reduce(0, +) == 24)
      #expect(status.models[1].pulls >= 2 * status.models[0].pulls, "the better one is asked more")

      for arguments in [
        ["export", "whole"], ["plot", "whole"], ["status", "whole"], ["show", "whole", "1", "--json"],
        ["models", "--json"], ["doctor", "--json"], ["compare", "whole", "parts", "--json"],
      ] {
        _ = try Tool.run(
          arguments, in: project,
          environment: Self.environment.merging(["OPENAI_BASE_URL": "http://127.0.0.1:\(port)/v1"]) { $1 })
      }
      try write("lost", models: "{name: lost}, {name: lost}")
      #expect(try user.run(["run", "lost.yaml"], status: 1).error.contains("does not know the model 'lost'"))
    }
    // The server is gone: what failed was told, what is recorded is enough.
    #expect(
      try user.run(["run", "served.yaml", "--name", "alone"], status: 1).error.contains("No connection"))
    _ = try user.run(["run", "served.yaml", "--name", "replayed", "--replay", "whole", "--replay-strict"])
    #expect(try user.archive("replayed") == user.archive("whole"))
    #expect(try user.run(["verify", "whole", "parts", "replayed"]).output.contains("whole"))

    let left = files(in: project)
    #expect(
      left.keys.contains("archives/whole/run.sqlite") && left.keys.contains { $0.hasSuffix("report.html") })
    #expect(left.values.contains { $0.range(of: Data("[redacted]".utf8)) != nil }, "the echoes were stored")
    for (path, content) in left {
      for secret in [Self.key, Self.token] {
        #expect(content.range(of: Data(secret.utf8)) == nil, "\(path) holds a key")
      }
    }
  }
}
