/// Why a network cannot be written as ONNX.
public enum ONNXError: Error, Sendable, Hashable, CustomStringConvertible {
  /// ONNX has nothing for the operation, or only with an unlike meaning.
  case unsupported(operation: String, label: String, reason: String)
  /// There are no values for a parameter or buffer.
  case missingWeight(String)
  /// The values of a parameter or buffer do not fill its shape.
  case weightShape(String)

  /// One sentence for people.
  public var description: String {
    switch self {
    case .unsupported(let operation, let label, let reason):
      "\(operation)\(label.isEmpty ? "" : " at \(label)") cannot be written as ONNX: \(reason)"
    case .missingWeight(let name): "there are no values for \(name)"
    case .weightShape(let name): "the values of \(name) do not fill its shape"
    }
  }
}
