import Foundation
import RandomStreams
import Testing

/// `niche run` of a space, and what other commands say of it, as a user runs them.
@Suite struct SpaceRunCommandTests {
  private func run(_ arguments: [String], in project: String, status: Int32 = 0) throws -> Tool.Result {
    let result = try Tool.run(arguments, in: project, environment: Self.environment)
    #expect(result.status == status, "\(arguments): \(result.error)")
    return result
  }

  private static let environment = ["NICHE_DATA": "", "OPENAI_API_KEY": "sk-local"]

  /// A project with the table.
  private func projectWithTable() throws -> String {
    let project = try Tool.project()
    try NASBench201Table.csv().write(toFile: project + "/cells.csv", atomically: true, encoding: .utf8)
    _ = try run(["data", "import", "cells.csv"], in: project)
    return project
  }

  /// The elites of a run: their numbers, architectures and accuracies.
  private func elites(_ name: String, in project: String) throws -> [String] {
    let exported = try run(["export", name, "--json", "--skip-test"], in: project)
    let object = try JSONSerialization.jsonObject(with: Data(exported.output.utf8)) as? [String: Any]
    let elites = try #require(object?["elites"] as? [[String: Any]])
    #expect(!elites.isEmpty)
    return elites.map { "\($0["candidate"] ?? "") \($0["architecture"] ?? "") \($0["fitness"] ?? "")" }
  }

  private func isBegun(_ name: String, in project: String) -> Bool {
    FileManager.default.fileExists(atPath: project + "/archives/\(name)/run.sqlite")
  }

  /// A search that takes a process some seconds.
  private static func long(_ name: String) -> [String] {
    ["run", "nas-bench-201", "--strategy", "random", "--evaluations", "9000", "--seed", "3", "--name", name]
  }

  @Test func aSpaceIsSearchedAndReported() throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    let missing = try run(["run", "nas-bench-201"], in: project, status: 1)
    #expect(missing.error.contains("scripts/nas-bench-201"))
    #expect(!FileManager.default.fileExists(atPath: project + "/archives/nas-bench-201"))
    try NASBench201Table.csv().write(toFile: project + "/cells.csv", atomically: true, encoding: .utf8)
    _ = try run(["data", "import", "cells.csv"], in: project)
    for strategy in ["bohb", "collm-statistics"] {
      let found = try run(
        ["run", "nas-bench-201", "--strategy", strategy, "--evaluations", "40", "--seed", "2"], in: project)
      #expect(found.output.contains("nas-bench-201 by \(strategy): "))
    }
    let names = ["nas-bench-201-bohb", "nas-bench-201-collm-statistics"]
    let verified = try run(["verify", "--quick"] + names, in: project)
    for name in names { #expect(verified.output.contains("\(name) holds.")) }
    #expect(try run(["compare"] + names, in: project).output.contains("25000 validation images"))
    let resumed = try run(["run", "--resume", names[1], "--evaluations", "55"], in: project)
    #expect(
      resumed.output.contains("55.0 of 55 evaluations") || resumed.output.contains("55 of 55 evaluations"))
    #expect(try run(["verify", "--quick", names[1]], in: project).output.contains("holds."))
    let exported = try run(["export", names[1], "--top", "2", "--output", "out"], in: project)
    #expect(exported.output.contains("2 elites are in out") && exported.output.contains("test accuracy"))
    #expect(try run(["show", names[1]], in: project).output.contains("strategy"))
    #expect(try run(["plot", names[1]], in: project).output.contains("report"))
    let model = try run(
      ["run", "nas-bench-201", "--strategy", "collm", "--author", "rewriter"], in: project, status: 1)
    #expect(model.error.contains("asks a language model, and there is none"))
    try Data(
      "seeds: 2\nbudgets: [10, 30]\ndata: [cifar-10]\narms: [{strategy: random}, {strategy: bohb}]\n".utf8
    )
    .write(to: URL(fileURLWithPath: project + "/arms.yaml"))
    let early = try run(["study", "arms.yaml", "--verify"], in: project, status: 1)
    #expect(early.error.contains("There is no study.jsonl"))
    _ = try run(["study", "arms.yaml"], in: project)
    #expect(
      try run(["study", "arms.yaml", "--verify"], in: project).output
        == "arms holds. 4 of 4 kept searches, run again from the table, gave the same.\n")
    let log = project + "/archives/arms/study.jsonl"
    let lines = try String(contentsOfFile: log, encoding: .utf8)
    try Data(lines.replacing("\"full\":10", with: "\"full\":9", maxReplacements: 1).utf8)
      .write(to: URL(fileURLWithPath: log))
    let broken = try run(["study", "arms.yaml", "--verify"], in: project, status: 1)
    #expect(broken.output.contains("arms does not hold: the search of 'random' on cifar-10 with seed"))
    let other = try run(["run", "smoke", "--strategy", "random"], in: project, status: 1)
    #expect(other.error.contains("search.strategy"))
  }

  @Test func controlCLeavesARunThatGoesOn() throws {
    let project = try projectWithTable()
    defer { try? FileManager.default.removeItem(atPath: project) }
    _ = try run(Self.long("whole"), in: project)
    let (process, _, error) = try Tool.start(
      Self.long("parts"), in: project, environment: Self.environment)
    while process.isRunning, !isBegun("parts", in: project) { usleep(1000) }
    // The handler of the signal is there soon after the file.
    usleep(250_000)
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    let told = try String(contentsOfFile: error, encoding: .utf8)
    #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(told)")
    #expect(told.contains("stopped; go on with: niche run --resume parts"), "\(told)")
    let status = try run(["status", "parts", "--json"], in: project)
    let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
    let space = try #require(object?["space"] as? [String: Any])
    #expect(try #require(space["evaluations"] as? Double) < 9000)
    #expect(try run(["verify", "--quick", "parts"], in: project).output.contains("holds."))
    _ = try run(["run", "--resume", "parts"], in: project)
    #expect(try elites("parts", in: project) == elites("whole", in: project))
  }

  /// `NICHE_TEST_KILLS` says how many processes are killed; else it is four.
  @Test func aKilledRunEndsAsAnUndisturbedOne() throws {
    let project = try projectWithTable()
    defer { try? FileManager.default.removeItem(atPath: project) }
    let begin = Date()
    _ = try run(Self.long("whole"), in: project)
    let longest = Date().timeIntervalSince(begin)
    let expected = try elites("whole", in: project)
    let kills = ProcessInfo.processInfo.environment["NICHE_TEST_KILLS"].flatMap(Int.init) ?? 4
    var random = RandomStream(seed: 20_260_102).stream("kills of spaces")
    var (killed, searches) = (0, 0)
    while killed < kills {
      searches += 1
      let name = "broken-\(searches)"
      func next() -> [String] { isBegun(name, in: project) ? ["run", "--resume", name] : Self.long(name) }
      var isDone = false
      // Half of the searches are killed again after they were resumed, and so on.
      repeat {
        let (process, _, _) = try Tool.start(next(), in: project, environment: Self.environment)
        usleep(UInt32(random.uniform(0, longest) * 1e6))
        isDone = !process.isRunning
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        killed += isDone ? 0 : 1
        if isBegun(name, in: project) {
          #expect(try run(["verify", "--quick", name], in: project).output.contains("holds."))
        }
      } while !isDone && killed < kills && random.bernoulli(0.5)
      _ = try run(next(), in: project)
      try #require(try elites(name, in: project) == expected, "kill \(killed) of \(name)")
      try FileManager.default.removeItem(atPath: project + "/archives/\(name)")
    }
    print("killed \(killed) processes of \(searches) searches of a space: all hold")
  }

  /// An OpenAI server of two models: one talks, the other writes ten cells by what it was asked.
  private static let server = """
    import hashlib, http.server, json
    OPERATIONS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def log_message(self, *rest): pass
        def answer(self, value):
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        def do_GET(self): self.answer({"data": [{"id": "large"}, {"id": "small"}]})
        def cell(self, body, place):
            digest = hashlib.sha256(body + bytes([place])).digest()
            a, b, c, d, e, f = [OPERATIONS[byte % 5] for byte in digest[:6]]
            return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            model = json.loads(body)["model"]
            cells = "\\n".join(self.cell(body, place) for place in range(10))
            self.answer({
                "id": "1", "model": model, "choices": [{"index": 0, "finish_reason": "stop", "message": {
                    "role": "assistant", "content": cells if model == "small" else "Take what is large."}}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
    """

  @Test func aRunWithTwoModelsIsResumedReplayedAndVerified() throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else {
      print("note: there is no python3, so no run is made from a server")
      return
    }
    let project = try projectWithTable()
    defer { try? FileManager.default.removeItem(atPath: project) }
    try Tool.withServer(Self.server) { port in
      let file = """
        space: {name: nas-bench-201, search: {strategy: collm, deduplicate: genotype}}
        budget: {evaluations: 40}
        model: {provider: openai, endpoint: "http://127.0.0.1:\(port)/v1", streaming: never}
        models: [{role: navigator, name: large}, {role: generator, name: small}]

        """
      try file.write(toFile: project + "/served.yaml", atomically: true, encoding: .utf8)
      let prices = """
        {"prices": [{"model": "large", "from": "2026-01-01", "input": 10, "output": 20},
                    {"model": "small", "from": "2026-01-01", "input": 1, "output": 2}]}
        """
      try prices.write(toFile: project + "/own.json", atomically: true, encoding: .utf8)
      _ = try run(["run", "served.yaml", "--name", "whole", "--prices", "own.json"], in: project)
      _ = try run(
        ["run", "served.yaml", "--name", "parts", "--prices", "own.json", "--evaluations", "13"], in: project)
      _ = try run(["run", "--resume", "parts", "--evaluations", "40"], in: project)
    }
    #expect(try elites("parts", in: project) == elites("whole", in: project))
    struct Status: Decodable {
      struct Usage: Decodable {
        var replies: Int
        var dollars: Double
        var models: [String: Usage]?
      }
      var usage: Usage
    }
    let text = try run(["status", "whole", "--json"], in: project).output
    let usage = try JSONDecoder().decode(Status.self, from: Data(text.utf8)).usage
    let models = try #require(usage.models)
    #expect(
      Set(models.keys) == ["large", "small"] && usage.replies == models.values.map(\.replies).reduce(0, +))
    // 100 tokens in and 50 out, at a price of its own each.
    for (name, dollars) in [("large", 0.002), ("small", 0.0002)] {
      let own = try #require(models[name])
      #expect(own.replies > 1 && abs(own.dollars - dollars * Double(own.replies)) < 1e-9)
    }
    // The server is gone: what is recorded is enough.
    let alone = try run(["run", "served.yaml", "--name", "alone"], in: project, status: 1)
    #expect(alone.error.contains("No connection"), "\(alone.error)")
    _ = try run(
      ["run", "served.yaml", "--name", "replayed", "--replay", "whole", "--replay-strict"], in: project)
    #expect(try elites("replayed", in: project) == elites("whole", in: project))
    #expect(
      try run(["status", "replayed"], in: project).output.contains(
        "  large: \(models["large"]?.replies ?? 0) replies"))
    let unknown = try run(
      ["run", "served.yaml", "--name", "more", "--seed", "9", "--replay", "whole", "--replay-strict"],
      in: project, status: 1)
    #expect(unknown.error.contains("whole"), "\(unknown.error)")
    let verified = try run(["verify", "whole", "parts", "replayed"], in: project).output
    for name in ["whole", "parts", "replayed"] { #expect(verified.contains("\(name) holds.")) }
  }
}
