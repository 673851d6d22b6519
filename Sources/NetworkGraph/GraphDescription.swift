extension Graph: CustomStringConvertible {
  /// The graph as text, one statement per node in the manner of MLIR.
  ///
  /// For people; names stand as they are, and what a run yields and updates comes last:
  ///
  ///     %0 = input("images") : float32[1, 3, 32, 32]
  ///     %1 = parameter("conv1.weight") : float32[16, 3, 3, 3] // uniform(-0.19, 0.19)
  ///     %2 = convolution(stride 1x1, padding 1x1, dilation 1x1, groups 1) %0, %1 : float32[1, 16, 32, 32] // conv1
  ///     return %2
  public var description: String {
    let names = Dictionary(inputs.map { ($0.value, $0.name) }, uniquingKeysWith: { first, _ in first })
    let variables = Dictionary(
      (parameters + buffers).map { ($0.value, $0) }, uniquingKeysWith: { first, _ in first })
    var lines: [String] = []
    for node in nodes {
      let results = node.outputs.map(Self.text).joined(separator: ", ")
      let types = node.outputs.map { type(of: $0).description }.joined(separator: ", ")
      var line = "\(results) = \(node.operation)"
      var comment = node.label.filter { !$0.isNewline }
      if let first = node.outputs.first {
        if let name = names[first] {
          line += "(\(name.debugDescription))"
          comment = ""
        }
        if let variable = variables[first] {
          comment = "\(variable.initializer)\(variable.isTrainable ? "" : ", not trained")"
        }
      }
      if !node.inputs.isEmpty { line += " " + node.inputs.map(Self.text).joined(separator: ", ") }
      line += " : \(types)"
      if !comment.isEmpty { line += " // \(comment)" }
      lines.append(line)
    }
    lines.append("return " + outputs.map(Self.text).joined(separator: ", "))
    for update in bufferUpdates {
      lines.append("update \(Self.text(update.buffer)) to \(Self.text(update.value))")
    }
    return lines.joined(separator: "\n")
  }

  private static func text(_ value: ValueID) -> String { "%\(value.index)" }
}
