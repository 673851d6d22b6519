import NetworkGraph
import PythonSyntax

/// Where a tensor comes from, for diagnostics.
enum Provenance {
  /// What `forward` was given.
  case input
  /// The result of the module of that path, where it was called.
  case module(path: String, range: SourceRange?)
  /// The result of an expression.
  case expression(SourceRange?)
}

extension Interpreter {
  /// A tensor in a sentence: `[2, 16, 15, 15] from pool1 at line 14`.
  func described(_ tensor: TracedTensor) -> String {
    "\(tensor.shape)" + (origin(of: tensor).map { " from \($0)" } ?? "")
  }

  /// The first of several tensors in a sentence.
  func described(_ tensors: [TracedTensor]) -> String {
    tensors.prefix(8).map { described($0) }.joined(separator: ", ") + (tensors.count > 8 ? ", …" : "")
  }

  /// Where a tensor comes from in words: `pool1 at line 14`; nil where that is unknown.
  func origin(of tensor: TracedTensor) -> String? {
    switch tensor.provenance {
    case .input?: return "the input"
    case .module(let path, let range)?: return (path.isEmpty ? "the network" : path) + place(range)
    case .expression(let range)?:
      guard let range, let text = excerpt(range) else { return nil }
      return "'\(text)'" + place(range)
    case nil: return nil
    }
  }

  private func place(_ range: SourceRange?) -> String {
    guard let range, range.upper <= source.utf8.count else { return "" }
    return " at line \(LineTable(source).line(at: range.lower))"
  }

  /// The beginning of a range's text, as one line.
  private func excerpt(_ range: SourceRange) -> String? {
    let limit = 40
    guard range.lower < range.upper, range.upper <= source.utf8.count else { return nil }
    let bytes = source.utf8.dropFirst(range.lower).prefix(min(range.upper - range.lower, limit))
    let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
    return range.upper - range.lower > limit ? text + "…" : text
  }

  // MARK: Going on behind an error

  /// Runs a module's `forward`.
  ///
  /// Where a layer was built for another extent than what reaches it, that is noted and tracing goes on as if the
  /// right extent had, so that further errors are found. Then the graph is of no use, and `NetworkTrace` says so.
  func forward(
    _ instance: PythonInstance, _ state: ModuleState, _ function: PythonValue, _ arguments: Arguments
  ) throws(Interruption) -> PythonValue {
    let place = currentRange
    var input: TracedTensor?
    if case .tensor(let tensor)? = arguments.positional.first ?? arguments.keywords.first?.value {
      input = tensor
    }
    state.reaching = input
    defer { state.reaching = nil }
    let result: PythonValue
    do throws(Interruption) {
      result = try call(function, arguments)
    } catch {
      guard tracer.isTracing, guardedDepth == 0, recovered.count < Self.maximumRecoveries, let input,
        case .raised(let exception) = error, let mismatch = exception.mismatch,
        exception.module === instance, let assumed = Self.assumedShape(mismatch, input.shape)
      else { throw error }
      recovered.append(exception)
      currentRange = place
      // A normalisation yields what it takes, whatever it was built for.
      guard assumed != input.shape else { return .tensor(input) }
      let type = TensorType(input.dataType.elementType, assumed)
      try checkShape(assumed)
      let value = tracer.builder.input("assumed\(recovered.count)", type)
      let substitute = try tensor(.graph(value), assumed, input.dataType)
      result = try call(function, Arguments([.tensor(substitute)]))
    }
    if tracer.isTracing, case .tensor(let tensor) = result {
      tensor.provenance = .module(path: state.path, range: place)
    }
    return result
  }

  /// How many errors of one trace are gone on behind.
  private static let maximumRecoveries = 16

  /// What would have to reach a layer; the input's own shape where the layer does not change it.
  private static func assumedShape(_ mismatch: ShapeMismatch, _ shape: [Int]) -> [Int]? {
    switch mismatch.argumentName {
    case "num_features", "num_channels", "normalized_shape", "num_parameters": return shape
    case "in_channels", "in_features":
      var axis = shape.count - 1
      if mismatch.argumentName == "in_channels" {
        // An image without a batch has its channels in front.
        axis = shape.count > 1 && shape[1] == mismatch.required ? 1 : 0
      }
      guard axis >= 0, shape[axis] == mismatch.required else { return nil }
      var assumed = shape
      assumed[axis] = mismatch.constructedWith
      return assumed
    default: return nil
    }
  }

  /// What a layer was built for and what reaches it, in one clause.
  func explanation(
    _ instance: PythonInstance, _ argument: String, builtFor: Int, reached: Int
  ) -> String {
    let unit =
      switch argument {
      case "in_channels", "num_features", "num_channels": "channels"
      case "in_features", "normalized_shape": "features"
      default: argument
      }
    let origin = instance.module?.reaching.flatMap { self.origin(of: $0) }
    return "\(described(instance)) expects \(builtFor) \(unit), but gets \(reached)"
      + (origin.map { " from \($0)" } ?? "")
  }
}
