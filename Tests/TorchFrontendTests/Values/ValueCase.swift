import RandomStreams

/// A network whose numbers must be PyTorch's: with the same weights and inputs, in each mode.
struct ValueCase: Sendable {
  /// A tensor that goes to `forward`.
  struct Input: Sendable {
    var shape: [Int]
    /// Where it is of integers: they are drawn below this bound.
    var bound: Int?
    /// Fixed values, row-major, in place of random ones.
    var values: [Float]?

    init(_ shape: [Int], below bound: Int? = nil, values: [Float]? = nil) {
      self.shape = shape
      self.bound = bound
      self.values = values
    }
  }

  /// What the case is called in messages.
  var name: String
  /// A file with a class `Net`.
  var source: String
  var inputs: [Input]
  /// The modes to compare; random operations can only be compared in evaluation.
  var isTraining: [Bool]
  /// The first PyTorch that has all that is used, such as `[2, 1]`.
  var minimumVersion: [Int]
  /// The largest difference of outputs, relative to the largest output.
  var tolerance: Double
  /// Whether the initial values' moments are compared.
  var comparesInitialValues: Bool

  /// A network of one layer.
  ///
  /// - Parameters:
  ///   - layer: the expression that makes `self.layer`; further statements of `__init__` go to `setup`.
  ///   - shape: the shape of the input `x`.
  ///   - forward: the expression that is returned, or statements if it has a `return`.
  init(
    _ layer: String?, on shape: [Int], forward: String = "self.layer(x)", setup: String = "",
    definitions: String = "", training: Bool = true, since version: [Int] = [1, 13], tolerance: Double = 1e-4,
    comparesInitialValues: Bool = true
  ) {
    self.init(
      layer, inputs: [Input(shape)], forward: forward, setup: setup, definitions: definitions,
      training: training, since: version, tolerance: tolerance, comparesInitialValues: comparesInitialValues)
  }

  /// A network of one layer with inputs `x`, `y`, `z`.
  init(
    _ layer: String?, inputs: [Input], forward: String = "self.layer(x)", setup: String = "",
    definitions: String = "", training: Bool = true, since version: [Int] = [1, 13], tolerance: Double = 1e-4,
    comparesInitialValues: Bool = true
  ) {
    func indented(_ text: String) -> String { text.replacing("\n", with: "\n        ") }
    let statements = [layer.map { "self.layer = \($0)" }, setup.isEmpty ? nil : setup].compactMap(\.self)
    let body = forward.contains("return ") ? forward : "return " + forward
    let names = ["x", "y", "z", "u", "v", "w"].prefix(inputs.count).joined(separator: ", ")
    name = [layer, setup.isEmpty ? nil : setup, forward].compactMap(\.self).joined(separator: "; ")
    source = """
      import math
      import torch
      import torch.nn as nn
      import torch.nn.functional as F
      \(definitions)

      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              \(indented(statements.joined(separator: "\n")))

          def forward(self, \(names)):
              \(indented(body))
      """
    self.inputs = inputs
    isTraining = training ? [false, true] : [false]
    minimumVersion = version
    self.tolerance = tolerance
    self.comparesInitialValues = comparesInitialValues
  }

  /// The inputs' elements, drawn from a stream of the case's own.
  var inputValues: [[Float]] {
    var stream = RandomStream(seed: 11).stream(name)
    return inputs.map { input in
      if let values = input.values { return values }
      let count = input.shape.reduce(1, *)
      if let bound = input.bound {
        return (0..<count).map { _ in Float(min(bound - 1, Int(stream.uniform(0, Double(bound))))) }
      }
      return (0..<count).map { _ in Float(stream.normal()) }
    }
  }
}
