import Foundation
import Testing
import TorchFrontend

@testable import Search

@Suite("Prompts in files")
struct PromptLibraryTests {
  private let library: PromptLibrary

  init() throws { library = try Toy.prompts() }

  @Test("Every file of prompts/ is read, and no prompt is anywhere else")
  func everyFile() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Toy.promptsFolder)
      .filter { $0.hasSuffix(".md") && $0 != "README.md" }
    #expect(!files.isEmpty && library.prompts.count == files.count)
    #expect(library.prompts.allSatisfy { $0.key == $0.value.id })
  }

  @Test("The seventeen mutations have places of their own, 0 to 16")
  func mutations() {
    #expect(library.mutations.map(\.order) == Array(0..<17))
  }

  @Test("Every mutation and crossover says what the rewriter does for it, and each does something else")
  func rewrites() throws {
    var used: [String] = []
    for prompt in library.prompts.values {
      switch prompt.kind {
      // The rewriter adds no recurrent layers; asked for one it does what is likely to help.
      case .mutation where prompt.id == "add-recurrent": #expect(prompt.rewrite == nil)
      case .mutation, .crossover: used.append(try #require(prompt.rewrite, "\(prompt.id)"))
      // Several may do the same to an architecture.
      case .variation:
        #expect(RewriteInstruction(rawValue: try #require(prompt.rewrite)) != nil, "\(prompt.id)")
      case .system, .frame, .network, .generation, .section, .repair, .evolution, .space:
        #expect(prompt.rewrite == nil, "\(prompt.id)")
      }
    }
    #expect(used.sorted() == RewriteInstruction.allCases.map(\.rawValue).sorted())
    #expect(try library.prompt("crossover").rewrite == RewriteInstruction.combine.rawValue)
  }

  @Test(
    "Every variable is known to its kind, every template renders with those alone and leaves no brace behind")
  func rendering() throws {
    try library.check()
    for prompt in library.prompts.values {
      #expect(Set(prompt.variables) == prompt.usedVariables, "\(prompt.id) lists what it uses")
      let known = prompt.kind.knownVariables.union(ImageTask.variableNames)
      #expect(known.isSuperset(of: prompt.variables), "\(prompt.id)")
      #expect(prompt.author?.isEmpty == false, "\(prompt.id)")
      var values = Toy.task.variables
      for name in prompt.kind.knownVariables { values[name] = "<\(name)>" }
      let text = try prompt.rendered(values)
      #expect(!text.isEmpty && !text.contains("{{") && !text.contains("}}"), "\(prompt.id)")
      for name in prompt.variables where prompt.kind.knownVariables.contains(name) {
        #expect(text.contains("<\(name)>"), "\(prompt.id) shows \(name)")
      }
    }
    #expect(Set(Toy.task.variables.keys) == ImageTask.variableNames)
  }

  @Test(
    "What the recurrent prompt asks for is read, mapped to parameters and trained",
    arguments: ["GRU", "LSTM", "RNN"])
  func recurrent(layer: String) throws {
    let source = """
      import torch
      import torch.nn as nn
      import torch.nn.functional as F


      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.conv = nn.Conv2d(1, 4, 3, padding=1)
              self.rows = nn.\(layer)(32, 16, batch_first=True)
              self.fc = nn.Linear(16, 4)

          def forward(self, x):
              x = F.relu(self.conv(x))
              x = x.permute(0, 2, 1, 3).flatten(2)
              x, _ = self.rows(x)
              return self.fc(x[:, -1])

      """
    let configuration = Toy.configuration()
    let screening = Screening(
      task: Toy.task, limits: configuration.limits, descriptors: try configuration.makeDescriptors())
    guard case .passed(let passed) = screening.screen(source) else {
      Issue.record("\(screening.screen(source))")
      return
    }
    // 4 · 9 + 4 of the convolution, gates · 16 · (32 + 16 + 2) of the layer, 16 · 4 + 4 of the last.
    let gates = ["GRU": 3, "LSTM": 4, "RNN": 1][layer] ?? 0
    #expect(passed.description.parameters == 40 + gates * 16 * 50 + 68)
    let evaluator = try NetworkEvaluator(for: configuration, data: Toy.data)
    #expect(try evaluator.estimatedSeconds(of: source) > 0, "steps can be run")
  }

  @Test("The initial network compiles for every data set's images")
  func initialNetwork() throws {
    for (channels, side, classes) in [(1, 28, 10), (3, 32, 10), (3, 32, 100), (1, 8, 4)] {
      let task = ImageTask(channels: channels, height: side, width: side, classes: classes)
      let source = try library.prompt("initial-network").rendered(task.variables) + "\n"
      let description = try NetworkDescription(of: source, task: task)
      #expect(description.parameters == channels + 1 + (side * side + 1) * classes)
      #expect(description.macs == side * side * (channels + classes))
      // LLMatic's start on CIFAR-10: width 10 over two layers, about 13.3 k MACs.
      #expect(description.width == classes && description.depth == 2)
    }
  }

  @Test("What is filled in is not itself taken for a template")
  func values() throws {
    let prompt = try PromptLibrary.parse(
      "---\nid: a\nkind: frame\nvariables: [source, instruction]\n---\n{{ source }}|{{instruction}}",
      file: "a.md")
    #expect(
      try prompt.rendered(["source": "{{instruction}}", "instruction": "}} {{"]) == "{{instruction}}|}} {{")
    #expect(throws: PromptError("prompts/a: no value for '{{instruction}}'.")) {
      try prompt.rendered(["source": "x"])
    }
  }

  @Test("Files with Windows line ends are read alike")
  func carriageReturns() throws {
    let text = "---\nid: a\nkind: mutation\norder: 3\nrewrite: widen\nvariables: []\n---\nFirst.\n\nSecond.\n"
    let unix = try PromptLibrary.parse(text, file: "a.md")
    #expect(unix.template == "First.\n\nSecond." && unix.order == 3 && unix.rewrite == "widen")
    #expect(try PromptLibrary.parse(text.replacingOccurrences(of: "\n", with: "\r\n"), file: "a.md") == unix)
  }

  @Test(
    "A malformed file gives one sentence that names it",
    arguments: [
      "", "no front matter", "---\nid: a\nkind: frame\n", "---\n---\ntext", "---\n[1, 2]\n---\ntext",
      "---\nid: a\n---\ntext", "---\nkind: frame\n---\ntext", "---\nid: a\nkind: poem\n---\ntext",
      "---\nid: a\nkind: frame\ncolour: red\n---\ntext", "---\nid: [a\n---\ntext",
      "---\nid: a\nid: b\nkind: frame\n---\n",
      "---\nid: a\nkind: frame\nvariables: [x]\n---\n{{y}}",
      "---\nid: a\nkind: mutation\norder: first\n---\ntext",
      "---\nid: a\nkind: mutation\nrewrite: dance\n---\ntext",
      "---\nid: a\nkind: frame\nvariables: source\n---\n{{source}}",
      "---\nid: a\nkind: frame\nvariables: [[x]]\n---\ntext",
      "---\nid: a\nkind: mutation\nrewrite: [x]\n---\ntext",
      "---\nid: a\nkind: mutation\nvariables: [partners]\n---\ntext",
    ])
  func malformed(text: String) throws {
    let error = #expect(throws: PromptError.self) { try PromptLibrary.parse(text, file: "a.md") }
    let sentence = try #require(error).description
    #expect(
      sentence.hasPrefix("prompts/a.md: ") && sentence.hasSuffix(".") && !sentence.contains("\n"),
      "\(sentence)")
  }

  @Test("A user's folder adds prompts, replaces those of the same id and kind, and may leave mutations out")
  func userFolder() throws {
    let folder = NSTemporaryDirectory() + "niche-own-prompts-\(UInt64.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    func both() throws -> PromptLibrary { try PromptLibrary(folder: Toy.promptsFolder, userFolder: folder) }
    #expect(
      throws: PromptError("The prompts folder '\(folder)' has no .md file; drop your prompts there.")
    ) { _ = try both() }
    try Data("---\nid: squeeze\nkind: mutation\n---\nAdd squeeze and excitation.".utf8).write(
      to: URL(fileURLWithPath: folder + "/squeeze.md"))
    try Data("---\nid: widen\nkind: mutation\norder: 12\nauthor: me\n---\nWider!".utf8).write(
      to: URL(fileURLWithPath: folder + "/w.md"))
    let found = try both()
    #expect(found.mutations.map(\.id).last == "squeeze", "one without an order comes last")
    #expect(found.mutations.count == 18)
    #expect(try found.prompt("widen").template == "Wider!")
    #expect(try found.prompt("widen").author == "me")
    let two = try found.keeping(mutations: ["squeeze", "improve"])
    #expect(two.mutations.map(\.id) == ["improve", "squeeze"])
    #expect(two.prompts["crossover"] != nil)
    #expect(
      throws: PromptError(
        "'search.mutations' names 'squeezed', which is no mutation prompt. Did you mean 'squeeze'?")
    ) { _ = try found.keeping(mutations: ["squeezed"]) }
    try Data("---\nid: improve\nkind: frame\n---\nx".utf8).write(
      to: URL(fileURLWithPath: folder + "/i.md"))
    let error = #expect(throws: PromptError.self) { _ = try both() }
    #expect(error?.description.hasSuffix("give it another id.") == true)
  }

  @Test("What a run keeps is read back as it was, whatever becomes of the files, and told apart from them")
  func kept() throws {
    let library = try Toy.prompts()
    let kept = library.kept
    #expect(kept.allSatisfy { $0.kind != .space } && kept.contains { $0.id == "system-program" })
    let stored = try JSONDecoder().decode([Prompt].self, from: JSONEncoder().encode(kept))
    #expect(stored == kept)
    // All that a search may use is kept: the folder is not needed.
    let again = try PromptLibrary(kept: stored, folder: "/no/such", for: SearchSettings())
    #expect(again.kept == kept && again.mutations == library.mutations)
    #expect(library.changes(since: kept).isEmpty)

    var changed = kept
    let place = try #require(kept.firstIndex { $0.id == "improve" })
    changed[place].template = "Make it better."
    changed.append(Prompt(id: "mine", kind: .mutation, order: .max, variables: [], template: "Mine."))
    changed.removeAll { $0.id == "widen" }
    // Prompts that were replaced, are gone, or were not there yet.
    #expect(library.changes(since: changed) == ["improve", "mine", "widen"])
    let own = try PromptLibrary(kept: changed, folder: Toy.promptsFolder, for: SearchSettings())
    #expect(try own.prompt("improve").template == "Make it better.")
    #expect(own.mutations.last?.id == "mine" && own.prompts["widen"] == nil, "the folder adds no mutations")
    // What a later version needs beside is taken from the folder.
    let older = kept.filter { $0.id != "evolve-prompt" }
    #expect(
      try PromptLibrary(kept: older, folder: Toy.promptsFolder, for: SearchSettings())
        .prompts["evolve-prompt"] == library.prompts["evolve-prompt"])
    #expect(throws: PromptError.self) {
      _ = try PromptLibrary(kept: older, folder: "/no/such", for: SearchSettings())
    }
    var search = SearchSettings()
    search.mutations = ["improve"]
    #expect(
      try PromptLibrary(kept: kept, folder: "/no/such", for: search).mutations.map(\.id) == ["improve"])
  }

  @Test("Folders that cannot be used")
  func folders() throws {
    #expect(
      throws: PromptError(
        "The prompts folder '/no/such' cannot be read; set NICHE_HOME to the project's folder.")
    ) {
      _ = try PromptLibrary(folder: "/no/such")
    }
    let folder = NSTemporaryDirectory() + "niche-prompts-\(UInt64.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // File by file: a link to the folder would be copied as a link, and the originals changed.
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in try FileManager.default.contentsOfDirectory(atPath: Toy.promptsFolder) {
      let file = URL(fileURLWithPath: Toy.promptsFolder + "/" + name)
      try Data(contentsOf: file).write(to: URL(fileURLWithPath: folder + "/" + name))
    }
    try Data("---\nid: crossover\nkind: crossover\n---\nx".utf8).write(
      to: URL(fileURLWithPath: folder + "/z.md"))
    #expect(throws: PromptError("Two prompt files have the id 'crossover'.")) {
      _ = try PromptLibrary(folder: folder)
    }
    try Data([0xFF, 0xFE, 0x00]).write(to: URL(fileURLWithPath: folder + "/z.md"))
    #expect(throws: PromptError("The prompt file '\(folder)/z.md' cannot be read as UTF-8 text.")) {
      _ = try PromptLibrary(folder: folder)
    }
    try FileManager.default.removeItem(atPath: folder + "/z.md")
    for file in ["frame-crossover-edits", "system-program", "initial-network"] {
      try FileManager.default.moveItem(atPath: folder + "/\(file).md", toPath: folder + "/\(file).txt")
      #expect(throws: PromptError("The prompts folder '\(folder)' has no prompt with the id '\(file)'.")) {
        _ = try PromptLibrary(folder: folder)
      }
      try FileManager.default.moveItem(atPath: folder + "/\(file).txt", toPath: folder + "/\(file).md")
    }
    _ = try PromptLibrary(folder: folder)
  }
}
