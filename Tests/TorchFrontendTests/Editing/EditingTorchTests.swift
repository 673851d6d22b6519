import Foundation
import NetworkGraph
import RandomStreams
import Testing

@testable import TorchFrontend

/// What editing writes, run by PyTorch itself.
@Suite(.enabled(if: EditingTorch.python != nil, "no python3 here can import torch"))
struct EditingTorchTests {
  /// Descendants of every parent by edits, rewritings and combinations: PyTorch builds and runs them, and has the same
  /// parameters in the same order.
  @Test func descendantsRunInPyTorch() throws {
    var children: [(source: String, options: CompilationOptions)] = []
    for parent in EditingParent.all {
      var stream = RandomStream(seed: 17).stream(parent.name)
      var source = parent.source
      for step in 0..<12 {
        let partner = step % 4 == 3 ? EditingParent.all.first { $0.inputShape == parent.inputShape } : nil
        let instruction = try EditingRewriterTests.pick(from: EditingRewriterTests.single, &stream)
        guard
          let next = try? Rewriter.rewrite(
            source, instruction: partner == nil ? instruction : .combine, partner: partner?.source,
            options: parent.options,
            limits: EditLimits(maximumParameters: 1_000_000, maximumMACs: 50_000_000),
            stream: &stream)
        else { continue }
        source = next.source
        children.append((source, parent.options))
      }
    }
    #expect(children.count > 120)
    let answers = try EditingTorch.run(children.map { ($0.source, $0.options.inputShape) })
    try #require(answers.count == children.count)
    for (child, answer) in zip(children, answers) {
      let network = try NetworkCompiler.compile(child.source, options: child.options)
      #expect(answer.error == nil, "\(answer.error ?? "")\n\(child.source)")
      #expect(answer.output == network.outputShape)
      #expect(answer.names == network.graph.parameters.map(\.name))
      #expect(answer.shapes == network.graph.parameters.map { network.graph.type(of: $0.value).shape })
    }
  }
}

/// A Python that can import torch.
enum EditingTorch {
  struct Answer: Decodable {
    var error: String?
    var output: [Int]?
    var names: [String]?
    var shapes: [[Int]]?
  }

  static let python: String? = {
    let named = ProcessInfo.processInfo.environment["NICHE_PYTHON"]
    let candidates = [named, "/usr/bin/python3", "/usr/local/bin/python3"].compactMap(\.self)
    return candidates.first { candidate in
      guard FileManager.default.isExecutableFile(atPath: candidate) else { return false }
      return (try? output(of: candidate, ["-c", "import torch; print('yes')"]))?.contains("yes") == true
    }
  }()

  /// The network is the last class that is a module and no part of another one, as the compiler chooses it.
  private static let script = """
    import json, sys, torch, types
    answers = []
    for source, shape, name in json.load(open(sys.argv[1])):
        try:
            module = types.ModuleType("network")
            exec(compile(source, "network.py", "exec"), module.__dict__)
            network = getattr(module, name)().eval()
            parameters = list(network.named_parameters())
            answers.append({
                "output": list(network(torch.zeros(shape)).shape),
                "names": [n for n, _ in parameters],
                "shapes": [list(p.shape) for _, p in parameters],
            })
        except Exception as error:
            answers.append({"error": repr(error)})
    print(json.dumps(answers))
    """

  static func run(_ sources: [(String, [Int])]) throws -> [Answer] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("editing-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let questions: [[Any]] = try sources.map { source, shape in
      let options = CompilationOptions(inputShape: shape, classCount: 10)
      return [source, shape, try NetworkCompiler.compile(source, options: options).className]
    }
    let file = folder.appendingPathComponent("questions.json")
    try JSONSerialization.data(withJSONObject: questions).write(to: file)
    let text = try output(of: try #require(python), ["-c", script, file.path])
    return try JSONDecoder().decode([Answer].self, from: Data(text.utf8))
  }

  private static func output(of program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
