import PythonSyntax
import Testing
import TorchFrontend

/// `torch.autograd.Function`.
@Suite struct CustomGradientTests {
  private static func custom(_ name: String, _ body: String, forward: String? = nil) -> ValueCase {
    ValueCase(
      "nn.Linear(4, 4)", on: [3, 4], forward: forward ?? "self.layer(\(name).apply(self.layer(x)))",
      definitions: "class \(name)(torch.autograd.Function):\n"
        + body.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
  }

  /// Functions with gradients of their own, which need not be those of what they compute.
  static let customGradients = [
    custom(
      "Swish",
      """
      @staticmethod
      def forward(ctx, i):
          result = i * torch.sigmoid(i)
          ctx.save_for_backward(i)
          return result
      @staticmethod
      def backward(ctx, grad_output):
          i = ctx.saved_tensors[0]
          sigmoid_i = torch.sigmoid(i)
          return grad_output * (sigmoid_i * (1 + i * (1 - sigmoid_i)))
      """),
    custom(
      "Sign",
      """
      @staticmethod
      def forward(ctx, x):
          ctx.save_for_backward(x)
          return x.sign()
      @staticmethod
      def backward(ctx, g):
          x, = ctx.saved_tensors
          g = g.clone()
          g[x.abs() > 0.5] = 0
          return g
      """),
    custom(
      "Round",
      """
      @staticmethod
      def forward(ctx, x, steps):
          ctx.steps = steps
          return torch.round(x * steps) / steps
      @staticmethod
      def backward(ctx, g):
          return g, None
      """, forward: "self.layer(Round.apply(self.layer(x), 4))"),
    custom(
      "Reverse",
      """
      @staticmethod
      def forward(ctx, x, alpha):
          ctx.alpha = alpha
          return x.view_as(x)
      @staticmethod
      def backward(ctx, grad_output):
          return grad_output.neg() * ctx.alpha, None
      """, forward: "self.layer(Reverse.apply(self.layer(x), 0.3))"),
    custom(
      "Mix",
      """
      @staticmethod
      def forward(ctx, x, y):
          ctx.save_for_backward(x, y)
          return x * y.relu()
      @staticmethod
      def backward(ctx, g):
          x, y = ctx.saved_tensors
          scale = torch.where(y > 0, g * x, torch.zeros_like(g))
          return (g + g / 2) * y, -scale - g
      """, forward: "y = self.layer(x)\nreturn self.layer(Mix.apply(y, y * 2 + x))"),
  ]

  @Test func functionsWithGradientsOfTheirOwnAreThoseOfPyTorch() throws {
    try ValueComparison.check(Self.customGradients)
  }

  /// A gradient that is not the result's, multiplied element by element, is refused.
  @Test(arguments: [
    "g.t().contiguous()", "g.clamp(-1, 1)", "g + 1", "g * g", "g.mean(1, keepdim=True).expand(4, 4)",
  ])
  func otherGradientsAreRefused(_ gradient: String) throws {
    let source = """
      import torch
      import torch.nn as nn
      class Odd(torch.autograd.Function):
          @staticmethod
          def forward(ctx, x):
              return x * 2
          @staticmethod
          def backward(ctx, g):
              return \(gradient)
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.fc = nn.Linear(4, 4)
          def forward(self, x):
              return Odd.apply(self.fc(x))
      """
    let failure = #expect(throws: CompilationFailure.self) {
      try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [4, 4]))
    }
    let error = try #require(failure?.diagnostics.first)
    #expect(error.identifier == "torch.unsupported")
    #expect(error.message.contains("torch.autograd.Function"))
  }
}
