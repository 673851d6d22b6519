public import NetworkGraph

/// A network as PyTorch source.
public struct WrittenNetwork: Sendable {
  /// The text of a Python file.
  public var source: String
  /// The class to build.
  public var className: String
  /// Whether the graph was a trace in training mode, so that compiling the source in that mode gives it back.
  public var isTraining: Bool
  /// By name in the graph: the names in the state dict of those variables that PyTorch could not name so.
  public var renamed: [String: String]
}

/// Writes a graph as readable PyTorch source, so that compiling it gives the graph back.
///
/// Modules stand where the names of variables and the labels of nodes say: layers become PyTorch's modules, chains
/// `nn.Sequential`, and modules whose operations stand together classes with a `forward`, of which those that differ in
/// numbers only become one class with parameters. Everything else is written in the forward pass as it is computed.
///
/// The best graph to write is a trace in training mode, which has dropout and the updates of running statistics; a
/// trace in evaluation mode is written just as well but knows nothing of dropout. Initial values are part of it:
/// where they are not PyTorch's defaults they are set with `nn.init`. Constants are written as literals or as the
/// expression that makes them, at most `literalLimit` numbers each. The batch's extent is left open where a reshape or
/// expansion shows it.
public struct NetworkWriter {
  /// The most numbers that are written as literals for one tensor.
  public static let literalLimit = 1 << 16

  /// Writes a network.
  ///
  /// - Parameters:
  ///   - graph: a forward graph.
  ///   - className: the name of the class, a Python identifier.
  /// - Throws: `write.name` for a class name that is none; `write.operation` for what no forward pass of PyTorch
  ///   does, such as a gradient; `write.constant` or `write.size` for constants or a file that would be too large;
  ///   `write.depth` for modules that are nested too deep.
  public static func write(
    _ graph: Graph, className: String = "Net"
  ) throws(GraphError) -> WrittenNetwork {
    guard PythonNames.isIdentifier(className) else {
      throw GraphError("write.name", "\(className.debugDescription) is no name for a class")
    }
    let graph = graph.simplified().eliminatingDeadCode()
    let tree = try WrittenTree(graph, className: className)
    var classes = WrittenClasses(tree, reserved: [className])
    let source = try classes.source()
    guard source.utf8.count <= 1 << 20 else {
      throw GraphError("write.size", "the source would have \(source.utf8.count) bytes, more than 1 MB")
    }
    return WrittenNetwork(
      source: source, className: className, isTraining: tree.isTraining, renamed: tree.renamed)
  }
}

/// What may be a name in Python.
enum PythonNames {
  static let keywords: Set<String> = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "self", "nn",
    "torch",
    "super", "F",
  ]
  /// Attributes of every `nn.Module` that no child or parameter may hide.
  static let moduleAttributes: Set<String> = [
    "forward", "training", "train", "eval", "parameters", "buffers", "modules", "children", "apply", "to",
    "cpu",
    "cuda", "double", "float", "half", "bfloat16", "type", "state_dict", "load_state_dict", "add_module",
    "register_buffer", "register_parameter", "register_module", "requires_grad_", "zero_grad", "share_memory",
    "extra_repr", "named_parameters", "named_buffers", "named_modules", "named_children", "compile",
    "dump_patches", "call_super_init", "get_parameter", "get_buffer", "get_submodule", "set_submodule", "ipu",
    "xpu",
    "mtia", "to_empty", "get_extra_state", "set_extra_state", "T_destination",
  ]

  static func isIdentifier(_ text: String) -> Bool {
    guard let first = text.utf8.first, first == 0x5F || isLetter(first) else { return false }
    return text.utf8.allSatisfy { $0 == 0x5F || isLetter($0) || isDigit($0) } && !keywords.contains(text)
  }

  /// Whether a module can be an attribute or an element of a list under that name.
  static func isComponent(_ text: String) -> Bool {
    if isIdentifier(text) { return !moduleAttributes.contains(text) && !text.hasPrefix("__") }
    return isIndex(text)
  }

  /// Whether it is a number without leading zeros, below ten thousand.
  static func isIndex(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 4 && text.utf8.allSatisfy(isDigit)
      && (text == "0" || !text.hasPrefix("0"))
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
