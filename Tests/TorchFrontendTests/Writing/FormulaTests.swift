import Foundation
import NetworkGraph
import PythonSyntax
import Testing

@testable import TorchFrontend

@Suite struct FormulaTests {
  private static let vocabulary = Formula.Vocabulary(
    figures: Set(NetworkProfile.figureNames), counts: Operation.kinds)

  private func profile(_ layers: String, _ shape: [Int] = [2, 3, 32, 32]) throws -> NetworkProfile {
    let source = """
      import torch
      import torch.nn as nn
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.body = nn.Sequential(\(layers))
          def forward(self, x):
              return self.body(x)
      """
    return try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: shape)).profile
  }

  @Test(arguments: [
    ("log10(macs)", "log10"), ("module_width / longest_path", "ratio"), ("conv2d + linear", "kinds"),
    ("min(parameters, 7)", "min"), ("-2 ** 2 + 7 // 2 - 7 % 4", "python"),
    ("3 if longest_path > 1 else 4", "choice"),
    ("sqrt(receptive_field) * 1e2", "root"), ("relu * 5", "absent"),
    ("count('conv') + count(\"linear\")", "kinds"), ("1 < 2 < 3 && !(macs < 1) || 0 / 0", "true"),
    ("not macs or 3 < 2 < 4", "false"),
  ])
  func expressionsAreEvaluated(text: String, expected: String) throws {
    let profile = try profile("nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(3600, 2)")
    let figures = profile.figures
    let values: [String: Double] = [
      "log10": log10(Double(2 * (27 * 4 * 900 + 7200))), "ratio": Double(profile.moduleWidth) / 2, "kinds": 2,
      "min": 7, "python": -4, "choice": 3, "root": 3.0.squareRoot() * 100, "absent": 0,
      "true": 1, "false": 0,
    ]
    #expect(try Formula(text, Self.vocabulary).value { figures[$0] ?? 0 } == values[expected])
  }

  @Test(arguments: [
    ("", "formula.syntax", 0), ("macs +", "syntax", 6), ("mcas", "formula.name", 0),
    ("1 + open(3)", "formula.function", 4), ("x = 1", "formula.syntax", 0),
    ("log10(1, 2)", "formula.arguments", 0), ("macs.real", "formula.name", 0),
    ("min(macs)", "formula.arguments", 0), ("macs; macs", "formula.syntax", 0),
    ("2 + 'a'", "formula.syntax", 4), ("min(*macs, 1)", "formula.arguments", 0),
    ("count(3)", "formula.arguments", 0), ("count('cnov')", "formula.name", 6),
    ("macs @ macs", "formula.syntax", 0),
  ])
  func badExpressionsAreRefusedInPlace(text: String, identifier: String, offset: Int) {
    do {
      _ = try Formula(text, Self.vocabulary)
      Issue.record("\(text) was accepted")
    } catch {
      #expect(error.identifier.hasPrefix(identifier), "\(text): \(error)")
      #expect(error.range?.lower == offset, "\(text): \(error)")
      #expect(error.location != nil, "\(text): \(error)")
    }
  }

  @Test func hostileExpressionsAreHarmless() throws {
    for text in [
      String(repeating: "(", count: 900), String(repeating: "-", count: 900) + "1",
      String(repeating: "9", count: 900), "9" + String(repeating: "**9", count: 300), "0 / 0 // 0 % 0",
      String(repeating: "macs+", count: 190) + "1", String(repeating: "\u{1F600}", count: 200),
    ] {
      if let formula = try? Formula(text, Self.vocabulary) { _ = formula.value { _ in 0 } }
    }
  }
}
