import Foundation
import LanguageModels
import QualityDiversity
import Search
import Testing

@testable import Reports

@Suite("The report of a run")
struct RunReportTests {
  private static let bad = "</script></pre><img src=x onerror=alert(1)>\"'&\u{0}\u{1B}[31m"

  private var hostile: SampleRun {
    var run = SampleRun(
      name: "run \(Self.bad)", configuration: SampleRun.grid,
      candidates: [
        .init(width: 10, depth: 2, fitness: 0.61, prompt: Self.bad),
        .init(width: 10, depth: 8, fitness: 0.84, author: .rewriter),
        .init(width: 90, depth: 2, fitness: 0.72),
        .init(generation: 2, width: 12, depth: 3, fitness: 0.66),
        .init(generation: 2, width: 95, depth: 2, fitness: 0.7, status: .healed),
        .init(generation: 2, width: 95, depth: 2, status: .refused),
      ], generations: 2)
    run.source = "import torch  # \(Self.bad)\nclass Net:\n  text = '''\(Self.bad)'''\n"
    run.exchanges = [
      ChatExchange(
        identity: ModelIdentity(provider: "local", model: Self.bad),
        request: ChatRequest(messages: [ChatMessage(role: .user, content: Self.bad)]),
        outcome: .reply(
          ChatReply(
            content: Self.bad, model: Self.bad, usage: TokenUsage(promptTokens: 10, completionTokens: 4))))
    ]
    run.prompts = [PromptIndividual(prompt: Self.bad, temperature: 0.5, score: 1, curiosity: -1)]
    return run
  }

  /// The page without scripts and styles, which are no XML.
  private func markup(_ page: String) -> String {
    page.replacing(#/<(style|script)>.*?</(style|script)>/#.dotMatchesNewlines(), with: "")
  }

  @Test("One well-formed file that loads nothing and escapes whatever came from models and users")
  func escaping() async throws {
    let page = try await RunReport(hostile.snapshot()).html
    let document = try #require(DocumentReader.read(markup(page)))
    #expect(document.attributes(of: "script").isEmpty && document.attributes(of: "img").isEmpty)
    #expect(!document.elements.contains { $0.attributes.keys.contains { $0.hasPrefix("on") } })
    // Every address stays within the page.
    for (name, attributes) in document.elements {
      for key in ["href", "src", "action", "data", "xlink:href"] {
        if let address = attributes[key] { #expect(address.hasPrefix("#"), "\(name) \(key)=\(address)") }
      }
    }
    #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("url("))
    let policy = document.attributes(of: "meta").first { $0["http-equiv"] == "Content-Security-Policy" }
    #expect(policy?["content"]?.hasPrefix("default-src 'none';") == true)
    #expect(page.components(separatedBy: "</script>").count == 2)
  }

  @Test("Elites and all of their ancestors are on the page, each once, and links lead to them")
  func links() async throws {
    let page = try await RunReport(hostile.snapshot()).html
    let document = try #require(DocumentReader.read(markup(page)))
    let names = document.elements.compactMap { $0.attributes["id"] }
    #expect(Set(names).count == names.count, "names are unique")
    // Elites are 4, 2 and 3; 1 and 0 are ancestors; 5 and 6 are neither.
    #expect(document.attributes(of: "article").compactMap { $0["id"] } == (0...4).map { "candidate-\($0)" })
    for address in document.attributes(of: "a").compactMap({ $0["href"] }) {
      #expect(names.contains(String(address.dropFirst())), "\(address)")
    }
    #expect(document.attributes(of: "section").compactMap { $0["id"] }.contains("configuration"))
    for label in document.elements.compactMap({ $0.attributes["aria-labelledby"] }) {
      #expect(names.contains(label), "\(label)")
    }
  }

  @Test("The same run gives the same bytes; one without a generation says so")
  func bytes() async throws {
    let folder = SampleRun.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try await hostile.store(in: folder)
    let first = try await RunReport(RunSnapshot(store)).html
    #expect(try await RunReport(RunSnapshot(store)).html == first)
    let empty = SampleRun(configuration: SampleRun.grid, candidates: [], generations: 0)
    let page = try await RunReport(empty.snapshot()).html
    #expect(DocumentReader.read(markup(page)) != nil)
    #expect(page.contains("The archive is empty.") && page.contains("There is no elite yet."))
  }

  @Test("The page tells what was asked again, which niches were asked for, and which models were chosen")
  func requests() async throws {
    var run = hostile
    let base = try #require(run.exchanges.first)
    let told = ChatExchange(
      identity: base.identity,
      request: ChatRequest(messages: base.request.messages + [.user("Line 3 \(Self.bad)")]),
      outcome: .reply(
        ChatReply(content: "mended <b>", model: "m", usage: TokenUsage(promptTokens: 1, completionTokens: 1)))
    )
    run.repairs = [told]
    var request = CandidateRequest()
    request.repairs = [Repair(exchange: told.key, problem: "Line 3")]
    request.niche = NicheRequest(
      cell: 3, direction: "depth higher", wish: "10 layers \(Self.bad)", isEmpty: false, isHit: true)
    request.prompt = EvolvedPrompt(id: "a.1", parent: "a", root: "a", text: "Do \(Self.bad)", exchange: "x")
    request.inspirations = [2, 5]
    request.model = ModelUse(model: 1, cost: 300)
    run.candidates[0].request = request
    run.configuration.model.combination = .bandit
    run.configuration.model.banditCost = .tokens
    run.configuration.models = ["cheap", "dear \(Self.bad)"].map { name in
      var server = ModelServerSettings()
      server.name = name
      return server
    }
    let snapshot = try await run.snapshot()
    let page = try await RunReport(snapshot).html
    let document = try #require(DocumentReader.read(markup(page)))
    #expect(document.attributes(of: "img").isEmpty && document.attributes(of: "b").isEmpty)
    for text in [
      "asked again</dt><dd>1 time; then it was a network", "mended &lt;b&gt;",
      "asked for niche 3</dt><dd>10 layers",
      "(depth higher, weak); it is there", "The first reply for 1 candidates was no network.", "depth higher",
      "<a href=\"#candidate-2\">2</a>, 5</dd>", "written out of a", "chosen for", "of which held a niche",
      "300 tokens",
    ] { #expect(page.contains(text), "\(text)") }
    let status = try RunStatus(snapshot)
    #expect(status.models?.map(\.pulls) == [0, 1])
    // It held its niche when its generation was over.
    #expect(status.models?.map(\.value) == [0, 1] && status.models?.last?.valuePerCost == 1.0 / 300)
    #expect(
      status.text.contains(
        "chosen for 1 candidates, of which 1 were worth it; 300 tokens, 300 tokens for each"))
  }

  @Test("The configuration of the page is one that niche run takes, and the same")
  func configuration() async throws {
    let report = try await RunReport(hostile.snapshot())
    var expected = SampleRun.grid
    expected.name = report.facts.run.header.configuration.name
    #expect(try ConfigurationReader.read(report.configurationText) == expected)
  }

  @Test("Python's words, strings, numbers and comments are marked, also where they are broken off")
  func highlighting() {
    #expect(
      SourceHighlight.html("x = nn.Linear(3, 1e-2)  # a <b>\n").text
        == "x = nn.Linear(<span class=\"n\">3</span>, <span class=\"n\">1e</span>-<span class=\"n\">2</span>)  "
        + "<span class=\"c\"># a &lt;b&gt;</span>\n")
    #expect(
      SourceHighlight.html("class A: return f'a\\'b' + \"\"\"c\n\"d\"\"\" if classy").text
        == "<span class=\"k\">class</span> A: <span class=\"k\">return</span> <span class=\"s\">f&#39;a\\&#39;b&#39;</span>"
        + " + <span class=\"s\">&quot;&quot;&quot;c\n&quot;d&quot;&quot;&quot;</span> <span class=\"k\">if</span> classy"
    )
    for broken in ["'", "\"\"\"", "'''a", "'\\", "#", "f'", "", "é_ = 'a\nb = 2"] {
      let text = SourceHighlight.html(broken).text.replacing(#/<[^>]*>/#, with: "")
      #expect(text == Markup.escaped(broken))
    }
  }

  @Test("Long texts are cut with a notice")
  func cutting() {
    let (text, note) = HTML.cut(String(repeating: "é", count: 100), bytes: 50)
    #expect(text.count == 25 && note.text.contains("50 of 200 bytes"))
    #expect(HTML.cut("short").note.text.isEmpty)
  }

  @Test(
    "The page works in a browser: no errors, hints, sorting, themes, panels by address, click and keyboard")
  func browser() async throws {
    guard let script = PageCheck.script, PageCheck.hasBrowser else {
      print("note: chromium is not here, so the report is not opened in a browser")
      return
    }
    let folder = SampleRun.folder()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/report.html"
    try Data(try await RunReport(hostile.snapshot()).html.utf8).write(to: URL(fileURLWithPath: path))
    let (status, output) = try PageCheck.run(script, [path, "candidate-2"])
    #expect(status == 0, "\(output)")
  }
}

/// Runs `scripts/check-report`.
private enum PageCheck {
  static var script: String? {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<8 {
      folder.deleteLastPathComponent()
      let path = folder.path + "/scripts/check-report"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    return nil
  }

  static var hasBrowser: Bool {
    let folders = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return folders.split(separator: ":").contains { folder in
      ["chromium", "chromium-browser", "google-chrome"].contains {
        FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
      }
    }
  }

  static func run(_ path: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
}
