import Foundation
import Testing
import Training

/// `niche compile` and `niche forward` as a user runs them.
@Suite struct NetworkCommandTests {
  /// y = W x + b, whose results and gradients a person can compute.
  private let source = """
    import torch.nn as nn
    class Net(nn.Module):
        def __init__(self, features=2, num_classes=2):
            super().__init__()
            self.fc = nn.Linear(features, num_classes)
        def forward(self, x):
            return self.fc(x)
    def small():
        return Net(3, 1)
    """

  private func project(_ body: (String) throws -> Void) throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    try source.write(toFile: project + "/net.py", atomically: true, encoding: .utf8)
    try body(project)
  }

  private func json(
    _ arguments: [String], in project: String
  ) throws -> (object: [String: Any], status: Int32) {
    let result = try Tool.run(arguments + ["--json"], in: project)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any],
      "\(result.output)\(result.error)")
    return (object, result.status)
  }

  @Test func compileSaysWhatTheNetworkIs() throws {
    try project { project in
      let (report, status) = try json(["compile", "net.py", "--input", "2"], in: project)
      #expect(status == 0)
      #expect(report["ok"] as? Bool == true)
      #expect(report["network"] as? String == "Net")
      #expect(report["parameters"] as? Int == 6)
      #expect(report["macs"] as? Int == 4)
      #expect(report["output_shape"] as? [Int] == [1, 2])
      #expect((report["hash"] as? String)?.count == 32)
      #expect(report["milliseconds"] as? Double ?? 0 > 0)
      #expect((report["diagnostics"] as? [Any])?.isEmpty == true)
      #expect((report["healed"] as? [Any])?.isEmpty == true)
    }
  }

  @Test(arguments: [
    (["--class", "small", "--input", "3"], 4), (["--call", "Net(5, 7)", "--input", "5"], 42),
    (["--args", "{\"features\": 4}", "--input", "4"], 10), (["--args", "[4, 3]", "--input", "4"], 15),
    (["--classes", "9", "--input", "2"], 27), (["--heal", "--input", "11"], 24),
  ])
  func theNetworkIsBuiltAsAsked(arguments: [String], parameters: Int) throws {
    try project { project in
      let (report, _) = try json(["compile", "net.py"] + arguments, in: project)
      #expect(report["parameters"] as? Int == parameters, "\(report)")
      #expect((report["healed"] as? [Any])?.isEmpty == !arguments.contains("--heal"))
    }
  }

  @Test func whatDoesNotFitIsExplained() throws {
    try project { project in
      for arguments in [
        ["--input", "3"], ["--input", "2", "--call", "Net("], ["--input", "2", "--args", "{"],
        ["--input", "two"], ["--input", "float128:2"], ["--classes", "0"],
        ["--class", "Net", "--call", "Net()"],
      ] {
        let result = try Tool.run(["compile", "net.py"] + arguments, in: project)
        #expect(result.status == 1, "\(arguments): \(result.output)\(result.error)")
        #expect(!(result.output + result.error).isEmpty)
      }
    }
  }

  @Test func forwardComputesResultsAndGradients() throws {
    try project { project in
      try NumPyArray(shape: [2, 2], values: .float32([1, 2, 3, 4])).write(to: project + "/x.npy")
      try NumPyArray(shape: [2, 2], values: .float32([1, 0, 0, 2])).write(to: project + "/dy.npy")
      try SafeTensors.write(
        WeightSet([
          WeightTensor(name: "fc.weight", shape: [2, 2], values: .float32([1, -1, 0.5, 2])),
          WeightTensor(name: "fc.bias", shape: [2], values: .float32([10, 20])),
        ]), to: project + "/w.safetensors")
      let (report, status) = try json(
        [
          "forward", "net.py", "--weights", "w.safetensors", "--input", "x.npy", "--output", "y.npy",
          "--gradients", "g.safetensors", "--output-gradient", "dy.npy",
        ], in: project)
      #expect(status == 0, "\(report)")
      #expect(
        try NumPyArray.read(project + "/y.npy")
          == NumPyArray(shape: [2, 2], values: .float32([9, 24.5, 9, 29.5])))
      let gradients = try SafeTensors.read(project + "/g.safetensors").weights
      #expect(gradients["fc.weight"]?.values == .float32([1, 2, 6, 8]))
      #expect(gradients["fc.bias"]?.values == .float32([1, 2]))
    }
  }

  @Test func forwardRefusesWhatDoesNotFit() throws {
    try project { project in
      try NumPyArray(shape: [2, 2], values: .float32([1, 2, 3, 4])).write(to: project + "/x.npy")
      try SafeTensors.write(
        WeightSet([WeightTensor(name: "fc.weight", shape: [2, 2], values: .float32([1, 2, 3, 4]))]),
        to: project + "/w.safetensors")
      for (arguments, says) in [
        (["--input", "missing.npy"], "missing.npy"), (["--input", "net.py"], "NumPy"),
        (["--input", "x.npy", "--weights", "w.safetensors"], "fc.bias"),
        (["--input", "x.npy", "--input", "x.npy"], "argument"),
        (
          ["--input", "x.npy", "--gradients", "g.safetensors", "--output-gradient", "w.safetensors"], "NumPy"
        ),
      ] {
        let result = try Tool.run(["forward", "net.py"] + arguments, in: project)
        #expect(result.status == 1, "\(arguments)")
        #expect(
          (result.output + result.error).contains(says), "\(arguments): \(result.output)\(result.error)")
      }
    }
  }

  /// A buffer of whole numbers is a constant of the graph, so that weights with others would give wrong results.
  @Test func forwardRefusesWeightsWithOtherWholeNumbers() throws {
    try project { project in
      try """
      import torch
      import torch.nn as nn
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.register_buffer("order", torch.tensor([1, 0]))
              self.register_buffer("seen", torch.tensor(0))
          def forward(self, x):
              return x[:, self.order]
      """.write(toFile: project + "/order.py", atomically: true, encoding: .utf8)
      try NumPyArray(shape: [1, 2], values: .float32([1, 2])).write(to: project + "/x.npy")
      for (order, fits) in [([1, 0], true), ([0, 1], false)] as [([Int64], Bool)] {
        try SafeTensors.write(
          WeightSet([
            WeightTensor(name: "order", shape: [2], values: .int64(order)),
            WeightTensor(name: "seen", shape: [], values: .int64([5])),
          ]), to: project + "/w.safetensors")
        let result = try Tool.run(
          ["forward", "order.py", "--input", "x.npy", "--weights", "w.safetensors", "--output", "y.npy"],
          in: project)
        #expect(result.status == (fits ? 0 : 1), "\(result.output)\(result.error)")
        #expect((result.output + result.error).contains("order has other values") == !fits)
      }
      #expect(
        try NumPyArray.read(project + "/y.npy") == NumPyArray(shape: [1, 2], values: .float32([2, 1])))
    }
  }

  @Test(arguments: [("train", 1, 1), ("infer", 1, 1), ("train", 2, 1), ("infer", 1, 2)])
  func benchTimesSteps(mode: String, threads: Int, copies: Int) throws {
    try project { project in
      let (report, status) = try json(
        [
          "bench", "net.py", "--input", "2", "--batch", "8", "--seconds", "0.01", "--threads", "\(threads)",
          "--copies", "\(copies)", "--mode", mode, "--operations",
        ], in: project)
      #expect(status == 0, "\(report)")
      let median = try #require(report["median_ms"] as? Double)
      let shortest = try #require(report["min_ms"] as? Double)
      #expect(shortest > 0 && median >= shortest)
      #expect(report["threads"] as? Int == threads && report["copies"] as? Int == copies)
      // Each copy of the network makes 8 examples a step, of 4 multiply-accumulates forward.
      let images = try #require(report["images_per_second"] as? Double)
      #expect(abs(images * median / Double(8000 * copies) - 1) < 1e-6)
      let gflops = try #require(report["gflops"] as? Double)
      #expect(abs(gflops * 1e9 / images / (mode == "train" ? 24 : 8) - 1) < 1e-6)
      let memory = try #require(report["peak_memory_bytes"] as? Int)
      #expect(memory > 1 << 20)
      // No processor that this runs on does less than one operation a nanosecond, or a thousand.
      let peak = try #require(report["peak_gflops"] as? Double)
      #expect((1...1000).contains(peak))
      for key in ["compile_ms", "plan_ms", "median_processor_ms"] {
        #expect(report[key] as? Double ?? 0 > 0, "\(key)")
      }
      let operations = try #require(report["operations"] as? [[String: Any]])
      let found = operations.first { ($0["operation"] as? String ?? "").contains("linear") }
      let linear = try #require(found)
      #expect(linear["count"] as? Int == 1)
      let shares = operations.compactMap { $0["share"] as? Double }.reduce(0, +)
      #expect(abs(shares - 1) < 1e-6)
    }
  }

  @Test func benchDoesAsManyStepsAsAsked() throws {
    try project { project in
      let (report, _) = try json(
        ["bench", "net.py", "--input", "2", "--repetitions", "5", "--warm-up", "0", "--copies", "2"],
        in: project)
      #expect(report["repetitions"] as? Int == 10)
      #expect(report["operations"] == nil)
    }
  }

  @Test func compileShowsThePlan() throws {
    try project { project in
      let (report, status) = try json(
        ["compile", "net.py", "--input", "2", "--plan", "--mode", "infer", "--batch", "3"], in: project)
      #expect(status == 0, "\(report)")
      // The figures stay those of one example.
      #expect(report["output_shape"] as? [Int] == [1, 2])
      let plan = try #require(report["plan"] as? [String: Any])
      #expect(plan["mode"] as? String == "infer" && plan["batch"] as? Int == 3)
      let steps = try #require(plan["steps"] as? [[String: Any]])
      #expect(steps.map { $0["operation"] as? String } == ["linear"])
      let read = try #require(steps[0]["inputs"] as? [[String: Any]])
      #expect(read.map { $0["shape"] as? [Int] } == [[3, 2], [2, 2], [2]])
      #expect(read.map { $0["variable"] as? String } == [nil, "fc.weight", "fc.bias"])
      #expect(read[0]["offset"] as? Int != nil && read[0]["layout"] as? String == "rows")
      let written = try #require(steps[0]["outputs"] as? [[String: Any]])
      #expect(written.map { $0["bytes"] as? Int } == [24])
      // The input, the result, what the step works in and the weights that it has packed, each on a boundary of 64 bytes
      // and none in another's place.
      let scratch = try #require(steps[0]["scratch_bytes"] as? Int)
      let kept = try #require(steps[0]["kept_bytes"] as? Int)
      #expect(kept > 16)
      let bytes = 128 + (scratch + 63) / 64 * 64 + (kept + 63) / 64 * 64
      #expect(plan["arena_bytes"] as? Int == bytes && plan["separate_bytes"] as? Int == bytes)
      let training = try Tool.run(["compile", "net.py", "--input", "2", "--plan"], in: project)
      #expect(training.status == 0)
      for part in ["a training step of 128", "linear", "crossEntropy", "fc.weight", "128×2@"] {
        #expect(training.output.contains(part), "\(training.output)")
      }
      let usage = try Tool.run(["compile", "net.py", "--plan", "--batch", "0"], in: project)
      #expect(usage.status == 1)
    }
  }

  @Test func benchSaysWhyNot() throws {
    try project { project in
      let mismatch = try Tool.run(["bench", "net.py", "--input", "3"], in: project)
      #expect(mismatch.status == 1 && mismatch.output.contains("in_features"), "\(mismatch)")
      for wrong in [["--batch", "0"], ["--threads", "0"], ["--copies", "300"], ["--repetitions", "0"]] {
        let usage = try Tool.run(["bench", "net.py"] + wrong, in: project)
        #expect(usage.status == 1, "\(wrong)")
        // One sentence, and where to read more.
        #expect(usage.error.hasPrefix("error: ") && usage.error.hasSuffix(". See 'niche bench --help'.\n"))
        #expect(usage.error.count { $0 == "\n" } == 1, "\(usage.error)")
      }
    }
  }

  @Test func trainTrainsAsASearchDoes() throws {
    try project { project in
      try source.replacingOccurrences(of: "return self.fc(x)", with: "return self.fc(x.flatten(1))")
        .write(toFile: project + "/net.py", atomically: true, encoding: .utf8)
      let arguments = [
        "train", "net.py", "--config", "smoke", "--args", "{\"features\": 784, \"num_classes\": 10}",
        "--epochs",
        "2", "--output", "w.safetensors", "--test",
      ]
      let (report, status) = try json(arguments, in: project)
      #expect(status == 0, "\(report)")
      let epochs = try #require(report["epochs"] as? [[String: Any]])
      #expect(epochs.count == 2)
      // A linear classifier is far better than chance, and its loss falls.
      #expect(report["validation_accuracy"] as? Double ?? 0 > 0.3)
      #expect(report["test_accuracy"] as? Double ?? 0 > 0.3)
      let losses = epochs.compactMap { $0["training_loss"] as? Double }
      #expect(losses.count == 2 && losses[1] < losses[0])
      let weights = try SafeTensors.read(project + "/w.safetensors").weights
      #expect(weights["fc.weight"]?.shape == [10, 784])
      // The same again, but for the time that it takes.
      let (second, _) = try json(arguments, in: project)
      let again = try #require(second["epochs"] as? [[String: Any]])
      #expect(again.compactMap { $0["training_loss"] as? Double } == losses)
      let usage = try Tool.run(["train", "net.py", "--input", "3"], in: project)
      #expect(usage.status == 1)
      let mismatch = try Tool.run(["train", "net.py", "--config", "smoke"], in: project)
      #expect(mismatch.status == 1)
    }
  }
}
