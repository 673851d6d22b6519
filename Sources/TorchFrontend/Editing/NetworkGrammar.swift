/// A grammar of convolutional networks, for servers that hold a model's reply to one.
///
/// What it derives is a whole program that compiles for its task: stages of a convolution, a normalisation, an activation
/// and residual bodies, each stage halved or not, then averages and dense layers. A grammar without context cannot compare
/// counts; but with a symbol for each stage and width it need not, since the next layer's input is known by the symbol.
/// The number of stages is bounded, so that a small model that repeats itself still comes to an end.
public enum NetworkGrammar {
  /// The channels that a convolution may give.
  static let widths = [8, 16, 24, 32, 48, 64, 96, 128]
  /// The features that a dense layer in front of the last one may give.
  static let denseWidths = [32, 64, 128, 256]
  /// The most stages of a network.
  static let maximumStages = 6

  /// The grammar in llama.cpp's notation (GBNF), with the start symbol `root`.
  ///
  /// - Parameters:
  ///   - channels: Channels of an image.
  ///   - size: Rows or columns of an image, whichever are fewer; they bound how often it is halved.
  ///   - classes: How many logits the network gives.
  /// - Returns: Rules, a line each.
  public static func gbnf(channels: Int, size: Int, classes: Int) -> String {
    var rules = [
      "root ::= \(literal(header)) stage0w\(channels) \(literal(footer))",
      "window ::= "
        + alternatives([
          "kernel_size=1),\n", "kernel_size=3, padding=1),\n", "kernel_size=5, padding=2),\n",
          "kernel_size=7, padding=3),\n",
        ]),
      "activation ::= "
        + alternatives(
          ["nn.ReLU(),\n", "nn.GELU(),\n", "nn.SiLU(),\n", "nn.LeakyReLU(0.1),\n"].map { margin + $0 }),
      "halve ::= "
        + alternatives(["nn.MaxPool2d(2),\n", "nn.AvgPool2d(2),\n"].map { margin + $0 }),
      "dropout ::= \(literal(margin + "nn.Dropout(0.")) [1-5] \(literal("),\n"))",
    ]
    for stage in 0..<maximumStages {
      for width in stage == 0 ? [channels] : widths {
        rules.append(rule(ofStage: stage, from: width, canHalve: size >> (stage + 1) >= 1))
      }
    }
    for width in widths {
      rules.append("stage\(maximumStages)w\(width) ::= end\(width)")
      rules += [normalization(width), body(width), end(width)]
    }
    for features in Set(widths + widths.map { 4 * $0 }).sorted() {
      rules.append(dense(features, classes: classes))
    }
    return rules.joined(separator: "\n") + "\n"
  }

  // MARK: Rules

  /// A stage that reads so many channels; but for the first, the network may end in its place.
  private static func rule(ofStage stage: Int, from width: Int, canHalve: Bool) -> String {
    let ways = widths.map { next in
      "\(literal("\(margin)nn.Conv2d(\(width), \(next), ")) window normal\(next)? activation? "
        + "body\(next)? body\(next)? \(canHalve ? "halve? " : "")stage\(stage + 1)w\(next)"
    }
    return "stage\(stage)w\(width) ::= "
      + ((stage == 0 ? [] : ["end\(width)"]) + ways).joined(separator: " | ")
  }

  private static func normalization(_ width: Int) -> String {
    "normal\(width) ::= "
      + alternatives(
        ["nn.BatchNorm2d(\(width)),\n", "nn.GroupNorm(4, \(width)),\n"].map { margin + $0 })
  }

  private static func body(_ width: Int) -> String {
    let inner = "    "
    let separable =
      literal(
        "\(margin)Residual(nn.Sequential(\n\(margin)\(inner)nn.Conv2d(\(width), \(width), kernel_size=")
      + " (\(literal("3, padding=1")) | \(literal("5, padding=2"))) "
      + literal(
        ", groups=\(width)),\n\(margin)\(inner)nn.BatchNorm2d(\(width)),\n\(margin)\(inner)nn.ReLU(),\n"
          + "\(margin)\(inner)nn.Conv2d(\(width), \(width), kernel_size=1),\n\(margin))),\n")
    let plain =
      literal(
        "\(margin)Residual(nn.Sequential(\n\(margin)\(inner)nn.Conv2d(\(width), \(width), kernel_size=3, padding=1),\n"
          + "\(margin)\(inner)nn.BatchNorm2d(\(width)),\n\(margin)\(inner)nn.ReLU(),\n"
          + "\(margin)\(inner)nn.Conv2d(\(width), \(width), kernel_size=3, padding=1),\n\(margin))),\n")
    return "body\(width) ::= \(plain) | \(separable)"
  }

  private static func end(_ width: Int) -> String {
    "end\(width) ::= \(literal("\(margin)nn.AdaptiveAvgPool2d(1),\n\(margin)nn.Flatten(),\n")) dense\(width) | "
      + "\(literal("\(margin)nn.AdaptiveAvgPool2d(2),\n\(margin)nn.Flatten(),\n")) dense\(4 * width)"
  }

  private static func dense(_ features: Int, classes: Int) -> String {
    let hidden = denseWidths.map { width in
      "\(literal("\(margin)nn.Linear(\(features), \(width)),\n")) activation dropout? "
        + literal("\(margin)nn.Linear(\(width), \(classes)),\n")
    }
    return "dense\(features) ::= "
      + ([literal("\(margin)nn.Linear(\(features), \(classes)),\n")] + hidden).joined(separator: " | ")
  }

  // MARK: Texts

  private static let margin = String(repeating: " ", count: 12)

  private static let header = """
    import torch
    import torch.nn as nn


    class Residual(nn.Module):
        def __init__(self, body):
            super().__init__()
            self.body = body

        def forward(self, x):
            return x + self.body(x)


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(

    """

  private static let footer = """
            )

        def forward(self, x):
            return self.layers(x)

    """

  private static func literal(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
      + "\""
  }

  private static func alternatives(_ texts: [String]) -> String {
    "(" + texts.map(literal).joined(separator: " | ") + ")"
  }
}
