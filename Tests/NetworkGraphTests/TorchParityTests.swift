import Foundation
import NetworkGraph
import Testing

/// The reference evaluator and the gradient rules against PyTorch in double precision, in one Python process.
@Suite(.enabled(if: Torch.isAvailable, "no Python here can import torch (NICHE_PYTHON names one)"))
struct TorchParityTests {
  @Test func everyCaseAgrees() throws {
    let cases = OperationCase.all.filter { $0.torch != nil }
    let problems = try cases.map(TorchProblem.init)
    let answers = try Torch.answers(to: problems.map(\.question))
    try #require(answers.count == cases.count)
    for (test, (problem, answer)) in zip(cases, zip(problems, answers)) {
      if let error = answer.error {
        Issue.record("\(test): \(error)")
        continue
      }
      expectClose(problem.outputs, answer.outputs ?? [], "\(test), result")
      expectClose(problem.gradients, answer.gradients ?? [], "\(test), gradient")
    }
    // Nearly all cases whose operation can be differentiated must have been compared in their gradients too.
    #expect(problems.count { !$0.gradients.isEmpty } > 200)
  }

  private func expectClose(_ ours: [[Double]], _ theirs: [[Double]], _ label: String) {
    guard ours.map(\.count) == theirs.map(\.count) else {
      Issue.record("\(label): sizes \(ours.map(\.count)) instead of \(theirs.map(\.count))")
      return
    }
    for (index, (a, b)) in zip(ours, theirs).enumerated() {
      let difference = zip(a, b).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
      // PyTorch's 1/6 in hardsigmoid is a 32-bit number even in double precision.
      #expect(difference < 1e-7, "\(label) \(index)")
    }
  }
}

/// A case with our results, and what PyTorch is asked.
struct TorchProblem {
  let question: Torch.Question
  let outputs: [[Double]]
  let gradients: [[Double]]

  init(_ test: OperationCase) throws {
    let values = test.values(seed: 5).map { $0.map(Double.init) }
    let feeds = Dictionary(uniqueKeysWithValues: values.enumerated().map { ("x\($0)", $1) })
    outputs = ReferenceEvaluator.run(try test.graph(), feeds).map(\.elements)
    // PyTorch has no gradients for running statistics; `vjp` in the expression for one cuts the graph.
    var targets: [String] = []
    var weights: [Double] = []
    if test.torch?.contains("vjp") == false, test.hasGradient, !test.isComparison, !test.hasIntegerResult {
      var untracked = test
      if case .batchNormalization(let normalization) = test.operation,
        normalization.tracksRunningStatistics
      {
        for index in test.operands.indices.suffix(2) { untracked.operands[index].isDifferentiable = false }
      }
      let problem = try ScalarProblem(untracked) { operand in
        switch operand.distribution {
        case .integers, .wholeNumbers: operand.type.elementType == .float32
        default: operand.isDifferentiable
        }
      }
      targets = problem.targets
      weights = problem.feeds["weights"] ?? []
      gradients = ReferenceEvaluator.run(problem.differentiated, problem.feeds).dropFirst().map(\.elements)
    } else {
      gradients = []
    }
    question = Torch.Question(
      expression: test.torch ?? "",
      operands: zip(test.operands, values).map { operand, values in
        Torch.Tensor(shape: operand.type.shape, isInteger: operand.type.elementType == .int32, values: values)
      }, weights: weights, targets: targets.compactMap { Int($0.dropFirst()) })
  }
}

extension OperationCase {
  var isComparison: Bool {
    switch operation {
    case .binary(let function): function.isComparison
    case .unary(let function): function.isPredicate
    default: false
    }
  }
}

/// Asks PyTorch.
enum Torch {
  struct Tensor: Codable {
    var shape: [Int]
    var isInteger: Bool
    var values: [Double]
  }

  struct Question: Codable {
    var expression: String
    var operands: [Tensor]
    var weights: [Double]
    var targets: [Int]
  }

  struct Answer: Codable {
    var outputs: [[Double]]?
    var gradients: [[Double]]?
    var error: String?
  }

  /// The Python that `NICHE_PYTHON` names, or the first that has PyTorch; Debian's package is only seen by the
  /// system's own.
  private static let python: String? = {
    let named = ProcessInfo.processInfo.environment["NICHE_PYTHON"].map { [$0] }
    return (named ?? ["python3", "/usr/bin/python3"]).first { python in
      (try? run(python, "import torch", input: Data()))?.status == 0
    }
  }()

  static var isAvailable: Bool { python != nil }

  static func answers(to questions: [Question]) throws -> [Answer] {
    let input = try JSONEncoder().encode(questions)
    let (status, output) = try run(
      try #require(python), OperationCase.torchPreamble + driver, input: input)
    try #require(status == 0)
    return try JSONDecoder().decode([Answer].self, from: output)
  }

  private static let driver = """
    import json, sys
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    answers = []
    for question in json.load(sys.stdin):
        try:
            x = []
            for index, t in enumerate(question["operands"]):
                v = torch.tensor(t["values"], dtype=torch.int64 if t["isInteger"] else torch.float64)
                v = v.reshape(t["shape"])
                if index in question["targets"]: v.requires_grad_(True)
                x.append(v)
            y = eval(question["expression"], globals() | {f"x{i}": v for i, v in enumerate(x)})
            y = y if isinstance(y, (tuple, list)) else (y,)
            answer = {"outputs": [v.detach().to(torch.float64).flatten().tolist() for v in y], "gradients": []}
            if question["targets"]:
                loss = (y[0].flatten() * torch.tensor(question["weights"])).sum()
                targets = [x[i] for i in question["targets"]]
                gradients = torch.autograd.grad(loss, targets, allow_unused=True)
                answer["gradients"] = [
                    (torch.zeros_like(t) if g is None else g).flatten().tolist()
                    for t, g in zip(targets, gradients)]
        except Exception as error:
            answer = {"error": str(error)}
        answers.append(answer)
    json.dump(answers, sys.stdout)
    """

  private static func run(
    _ python: String, _ program: String, input: Data
  ) throws -> (status: Int32, output: Data) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "-c", program]
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try input.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let output = Pipe()
    process.standardInput = try FileHandle(forReadingFrom: file)
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, data)
  }
}
