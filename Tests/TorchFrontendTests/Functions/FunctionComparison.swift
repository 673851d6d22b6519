import Execution
import Foundation
import NetworkGraph
import PythonSyntax
import RandomStreams
import Testing

@testable import TorchFrontend

/// Expressions over the same operands whose values, types, gradients and errors must be PyTorch's.
struct FunctionGroup: Sendable {
  /// The shapes of float32 operands by name.
  var operands: [(name: String, shape: [Int])]
  /// Where their elements are drawn from, evenly.
  var domain: ClosedRange<Double>
  /// Statements may stand before the expression that counts, all divided by semicolons.
  ///
  /// Where `≡` divides two of them, the first is for us and the second for PyTorch.
  var expressions: [String]
  /// The first PyTorch that has all of them.
  var minimumVersion: [Int]
  var isEinops: Bool

  init(
    _ operands: KeyValuePairs<String, [Int]>, in domain: ClosedRange<Double> = -2...2,
    since version: [Int] = [1, 13],
    isEinops: Bool = false, _ expressions: [String]
  ) {
    self.operands = operands.map { ($0.key, $0.value) }
    self.domain = domain
    self.expressions = expressions
    minimumVersion = version
    self.isEinops = isEinops
  }
}

/// Compares expressions with PyTorch, all in one process of it.
enum FunctionComparison {
  struct Operand: Codable {
    var shape: [Int]
    var values: [Float]
  }

  struct Question: Encodable {
    var statements: String
    var expression: String
    var operands: [String: Operand]
    var isEinops: Bool
  }

  /// A number, or NaN as text.
  struct Number: Decodable {
    var value: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      value = (try? container.decode(Double.self)) ?? .nan
    }
  }

  struct Answer: Decodable {
    var isMissing: Bool?
    var error: String?
    var shapes: [[Int]]?
    var types: [String]?
    var outputs: [[Number]]?
    var gradients: [String: [Number]]?
  }

  struct Reply: Decodable {
    var version: [Int]
    var answers: [Answer]
  }

  /// Compares all; where PyTorch raises an exception, ours must be of the same class or a refusal.
  static func check(_ groups: [FunctionGroup], tolerance: Double = 1e-4) throws {
    guard let python = PyTorch.python, let folder = Fixture.folder else {
      print("notice: no python3 can import torch; the comparison with PyTorch is skipped")
      return
    }
    let items = groups.flatMap { group in
      group.expressions.map { text in
        let sides = text.components(separatedBy: " ≡ ")
        return (
          group, question(group, sides[0], seed: text), question(group, sides[sides.count - 1], seed: text)
        )
      }
    }
    let reply = try ask(python, folder, items.map(\.2))
    try #require(reply.answers.count == items.count)
    var skipped = 0
    for ((group, question, _), answer) in zip(items, reply.answers) {
      if answer.isMissing == true || reply.version.lexicographicallyPrecedes(group.minimumVersion) {
        skipped += 1
      } else {
        compare(question, answer, group, tolerance)
      }
    }
    if skipped > 0 { print("notice: \(skipped) expressions need what this Python lacks and were skipped") }
  }

  private static func question(_ group: FunctionGroup, _ text: String, seed: String) -> Question {
    var operands: [String: Operand] = [:]
    for (name, shape) in group.operands {
      var stream = RandomStream(seed: 17).stream(name + seed)
      operands[name] = Operand(
        shape: shape,
        values: (0..<shape.reduce(1, *)).map { _ in
          Float(stream.uniform(group.domain.lowerBound, group.domain.upperBound))
        })
    }
    let pieces = text.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    return Question(
      statements: pieces.dropLast().joined(separator: "\n"), expression: pieces.last ?? "None",
      operands: operands, isEinops: group.isEinops)
  }

  private static func ask(_ python: String, _ fixtures: URL, _ questions: [Question]) throws -> Reply {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (asked, answered) = (
      folder.appendingPathComponent("questions.json"), folder.appendingPathComponent("answers.json")
    )
    try JSONEncoder().encode(questions).write(to: asked)
    let script = fixtures.appendingPathComponent("functions.py")
    let result = try PyTorch.run(python, [script.path, asked.path, answered.path], input: "")
    try #require(result.status == 0)
    return try JSONDecoder().decode(Reply.self, from: Data(contentsOf: answered))
  }

  /// A network whose parameters are the operands and whose result is the expression.
  static func source(_ question: Question, checks: [String] = [], result: String = "r") -> String {
    let names = question.operands.keys.sorted()
    let declarations = names.map {
      "self.\($0) = nn.Parameter(torch.zeros(\(question.operands[$0]?.shape ?? [])))"
    }
    let readings = names.map { "\($0) = self.\($0) * 1" }
    let statements = question.statements.split(separator: "\n").map(String.init)
    let body = readings + statements + ["r = \(question.expression)"] + checks + ["return \(result)"]
    return """
      import math
      import numpy as np
      import einops
      from einops import rearrange, reduce, repeat, pack, unpack, parse_shape
      from einops.layers.torch import Rearrange, Reduce
      import torch
      import torch.nn as nn
      import torch.nn.functional as F

      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              \(declarations.joined(separator: "\n        "))

          def forward(self, images):
              \(body.joined(separator: "\n        "))
      """
  }

  private static func compare(
    _ question: Question, _ answer: Answer, _ group: FunctionGroup, _ tolerance: Double
  ) {
    let name =
      (question.statements.isEmpty ? "" : question.statements.replacing("\n", with: "; ") + "; ")
      + question.expression
    if let error = answer.error {
      // Releases of PyTorch differ in which of the two they raise.
      let kind = error.prefix { $0 != ":" }.replacing("NotImplementedError", with: "RuntimeError")
      do {
        _ = try NetworkCompiler.compile(source(question), options: CompilationOptions(inputShape: [1]))
        Issue.record("\(name): PyTorch raises \(error)")
      } catch {
        let first = error.diagnostics.first { $0.severity == .error }
        let isRefused = first?.identifier == "torch.unsupported"
        #expect(
          isRefused
            || first?.message.replacing("NotImplementedError", with: "RuntimeError").hasPrefix(kind) == true,
          "\(name): \(first?.message ?? "") for \(answer.error ?? "")")
      }
      return
    }
    // Types are compared by assertions, integers and truth values then made numbers.
    let types = answer.types ?? []
    var checks = ["rs = list(r) if isinstance(r, (tuple, list)) and not isinstance(r, torch.Size) else [r]"]
    checks.append("assert len(rs) == \(types.count), len(rs)")
    for (index, type) in types.enumerated() {
      let shape = (answer.shapes?[index] ?? []).map(String.init).joined(separator: ", ")
      checks.append(
        "q = rs[\(index)] if torch.is_tensor(rs[\(index)]) else torch.tensor(rs[\(index)], dtype=torch.float64)"
      )
      checks.append("assert q.dtype == torch.\(type), str(q.dtype) + ' is not \(type)'")
      checks.append("assert list(q.shape) == [\(shape)], str(q.shape) + ' is not [\(shape)]'")
      checks.append("rs[\(index)] = q.float()")
    }
    do {
      let network = try NetworkCompiler.compile(
        source(question, checks: checks, result: "tuple(rs)"), options: CompilationOptions(inputShape: [1]))
      let ours = try run(network.graph, question, types)
      for (index, expected) in (answer.outputs ?? []).enumerated() {
        expectClose(ours.outputs[index], expected, tolerance, "\(name): result \(index)")
      }
      for (operand, expected) in (answer.gradients ?? [:]).sorted(by: { $0.key < $1.key }) {
        expectClose(
          ours.gradients[operand] ?? [], expected, 10 * tolerance, "\(name): gradient of \(operand)")
      }
    } catch let failure as CompilationFailure {
      Issue.record("\(name): \(failure.diagnostics.first { $0.severity == .error }?.message ?? "")")
    } catch {
      Issue.record("\(name): \(error)")
    }
  }

  /// The results, and the gradients of their sums over weights, by our engine.
  private static func run(
    _ graph: Graph, _ question: Question, _ types: [String]
  ) throws -> (outputs: [[Double]], gradients: [String: [Double]]) {
    try graph.verify()
    var builder = GraphBuilder(continuing: graph)
    var loss: ValueID?
    for (output, type) in zip(graph.outputs, types) where type.hasPrefix("float") {
      let type = graph.type(of: output)
      let factors = builder.constant(
        .values((0..<type.elementCount).map { Float(cos(Double($0))) }, shape: type.shape))
      let product = try builder.apply(.binary(.multiply), [output, factors])[0]
      let sum = try builder.apply(.reduce(Reduction(.sum, axes: Array(type.shape.indices))), [product])[0]
      loss = try loss.map { try builder.apply(.binary(.add), [$0, sum])[0] } ?? sum
    }
    let targets = graph.parameters
    let complete = try loss.map { try builder.graph.gradients(of: $0, withRespectTo: targets.map(\.value)) }
    let store = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
    for (name, operand) in question.operands where store.shape(of: name) != nil {
      try store.setValues(operand.values, of: name)
    }
    let executor = try Executor(graph: complete ?? graph, variables: store)
    try executor.run(dropout: RandomStream(seed: 1))
    let outputs = graph.outputs.indices.map { executor.output($0).map(Double.init) }
    var gradients: [String: [Double]] = [:]
    for (index, target) in targets.enumerated() where complete != nil {
      gradients[target.name] = executor.output(outputs.count + index).map(Double.init)
    }
    return (outputs, gradients)
  }

  /// Whether all differ by less than the tolerance, relative to the largest expected number, or to 1.
  private static func expectClose(
    _ actual: [Double], _ expected: [Number], _ tolerance: Double, _ what: String
  ) {
    guard actual.count == expected.count else {
      Issue.record("\(what): \(actual.count) elements, PyTorch has \(expected.count)")
      return
    }
    let scale = expected.reduce(1) { abs($1.value) < 1e200 ? max($0, abs($1.value)) : $0 }
    for (index, pair) in zip(actual, expected).enumerated() {
      let (a, b) = (max(-1e300, min(1e300, pair.0)), pair.1.value)
      if pair.0.isNaN != b.isNaN || abs(a - b) > tolerance * scale {
        Issue.record("\(what): element \(index) is \(pair.0), PyTorch has \(b)")
        return
      }
    }
  }
}
