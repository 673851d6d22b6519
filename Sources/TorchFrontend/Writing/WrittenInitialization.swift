import NetworkGraph

/// Writes how variables begin.
enum WrittenInitialization {
  /// An expression for a tensor of that shape with those first values, or nil where `nn.init` must draw them.
  static func expression(
    _ initializer: Initializer, _ type: TensorType, isTruth: Bool
  ) throws(GraphError) -> String? {
    let isInteger = type.elementType == .int32
    let kind = isTruth ? ", dtype=torch.bool" : isInteger ? ", dtype=torch.long" : ""
    let shape = WrittenText.tuple(type.shape)
    switch initializer {
    case .constant(let number):
      if number == 0, number.sign == .plus { return "torch.zeros(\(shape)\(kind))" }
      if number == 1 { return "torch.ones(\(shape)\(kind))" }
      return
        "torch.full(\(shape), \(isInteger ? "\(Int(exactly: number) ?? 0)" : WrittenText.number(number))\(kind))"
    case .uniform(let lower, let upper) where lower == 0 && upper == 1 && !isInteger:
      return "torch.rand(\(shape))"
    case .normal(let mean, let deviation) where mean == 0 && deviation == 1 && !isInteger:
      return "torch.randn(\(shape))"
    case .values(let values):
      if isInteger {
        return try tensor(values.map { "\(Int(exactly: $0.rounded()) ?? 0)" }, type.shape, kind)
      }
      if isTruth { return try tensor(values.map { $0 == 0 ? "False" : "True" }, type.shape, kind) }
      if let range = range(values.map(Double.init)) { return reshaped(range + ")", type.shape) }
      return try tensor(values.map(WrittenText.number), type.shape, kind)
    default: return nil
    }
  }

  /// A tensor of those elements.
  ///
  /// - Throws: `write.constant` where there are too many.
  static func tensor(_ elements: [String], _ shape: [Int], _ kind: String) throws(GraphError) -> String {
    guard elements.count <= NetworkWriter.literalLimit else {
      throw GraphError(
        "write.constant",
        "a tensor of \(elements.count) given values is too large to be written; \(NetworkWriter.literalLimit) are allowed"
      )
    }
    if shape.isEmpty, let element = elements.first { return "torch.tensor(\(element)\(kind))" }
    return reshaped("torch.tensor([\(elements.joined(separator: ", "))]\(kind))", shape)
  }

  static func reshaped(_ text: String, _ shape: [Int]) -> String {
    shape.count == 1 ? text : "\(text).reshape(\(shape.map { "\($0)" }.joined(separator: ", ")))"
  }

  /// `torch.arange(…` without its closing parenthesis, for whole numbers that go up or down evenly.
  static func range(_ values: [Double], isInteger: Bool = false) -> String? {
    guard values.count > 2, let first = values.first, abs(first) < 1e6 else { return nil }
    let step = values[1] - first
    guard step != 0, step == step.rounded(), first == first.rounded(), abs(step) < 1e6,
      values.count < 1 << 24,
      values.indices.allSatisfy({ values[$0] == first + Double($0) * step })
    else { return nil }
    let end = Int(first) + values.count * Int(step)
    let kind = isInteger ? "" : ", dtype=torch.float32"
    if step == 1, first == 0 { return "torch.arange(\(end)\(kind)" }
    return "torch.arange(\(Int(first)), \(end)\(step == 1 ? "" : ", \(Int(step))")\(kind)"
  }

  /// A statement that draws the first values of a variable at a place.
  ///
  /// - Throws: `write.initializer` for values that depend on those of other variables.
  static func statements(
    _ initializer: Initializer, _ shape: [Int], at place: String
  ) throws(GraphError) -> [WrittenLine] {
    func line(_ name: String, _ numbers: [(Double, String)]) -> [WrittenLine] {
      var pieces: [WrittenPiece] = [.text("nn.init.\(name)(\(place)")]
      for (number, role) in numbers {
        pieces += [.text(", "), .literal(WrittenText.number(number), role: role)]
      }
      return [WrittenLine(pieces + [.text(")")])]
    }
    if let scheme = scheme(initializer, shape) {
      return [WrittenLine("nn.init.\(scheme.0)(\(place)\(scheme.1))")]
    }
    switch initializer {
    case .constant(let value):
      if value == 0, value.sign == .plus { return line("zeros_", []) }
      return value == 1 ? line("ones_", []) : line("constant_", [(value, "value")])
    case .uniform(let lower, let upper): return line("uniform_", [(lower, "lower"), (upper, "upper")])
    case .normal(let mean, let deviation): return line("normal_", [(mean, "mean"), (deviation, "std")])
    case .truncatedNormal(let mean, let deviation, let lower, let upper):
      return line(
        "trunc_normal_", [(mean, "mean"), (deviation, "std"), (lower, "lower"), (upper, "upper")])
    case .orthogonal(_, _, let gain): return line("orthogonal_", [(gain, "gain")])
    case .values(let values):
      let text = try tensor(values.map(WrittenText.number), shape, "")
      return [WrittenLine("\(place).data.copy_(\(text))")]
    default:
      throw GraphError(
        "write.initializer", "first values as \(initializer) cannot be written in a constructor")
    }
  }

  /// One of PyTorch's schemes that depend on the shape, where it gives exactly those numbers.
  private static func scheme(_ initializer: Initializer, _ shape: [Int]) -> (String, String)? {
    guard shape.count >= 2 else { return nil }
    let field = Double(shape.dropFirst(2).reduce(1, *))
    let (inward, outward) = (Double(shape[1]) * field, Double(shape[0]) * field)
    let gain = 2.0.squareRoot()
    switch initializer {
    case .normal(let mean, let deviation) where mean == 0:
      if deviation == gain / outward.squareRoot() {
        return ("kaiming_normal_", ", mode=\"fan_out\", nonlinearity=\"relu\"")
      }
      if deviation == gain / inward.squareRoot() { return ("kaiming_normal_", ", nonlinearity=\"relu\"") }
      if deviation == (2 / (inward + outward)).squareRoot() { return ("xavier_normal_", "") }
    case .uniform(let lower, let upper) where lower == -upper:
      if upper == 3.0.squareRoot() * (gain / inward.squareRoot()) {
        return ("kaiming_uniform_", ", nonlinearity=\"relu\"")
      }
      if upper == (6 / (inward + outward)).squareRoot() { return ("xavier_uniform_", "") }
    default: break
    }
    return nil
  }
}
