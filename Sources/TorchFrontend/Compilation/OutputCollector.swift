import NetworkGraph
import PythonSyntax

/// Finds the tensors in what `forward` returned: in tuples, lists, dicts, named tuples and dataclasses, nested.
struct OutputCollector {
  private let interpreter: Interpreter
  /// The tensors with the path to each, in order.
  private(set) var found: [(name: String, tensor: TracedTensor)] = []
  /// Where something else stands that is not None, and what it is.
  private(set) var others: [(name: String, type: String)] = []

  init(_ interpreter: Interpreter) { self.interpreter = interpreter }

  /// Takes in a value that stands at a path, which is empty for the result itself.
  mutating func collect(_ value: PythonValue, _ path: String = "") throws(Interruption) {
    try interpreter.enter()
    defer { interpreter.leave() }
    try interpreter.spend(1 + path.utf8.count >> 3)
    switch value {
    case .tensor(let tensor):
      try interpreter.reserve(2 + path.utf8.count >> 3)
      found.append((path.isEmpty ? "output" : path, tensor))
    case .none: break
    case .list(let list): try collect(list.elements, path)
    case .tuple(let tuple):
      guard case .named(let type) = tuple.kind else { return try collect(tuple.elements, path) }
      for (name, element) in zip(type.fields, tuple.elements) { try collect(element, join(path, name)) }
    case .dict(let dictionary):
      for (key, _, element) in dictionary.items {
        try collect(element, join(path, try interpreter.text(of: key)))
      }
    case .instance(let instance) where isRecord(instance):
      for name in instance.attributeOrder {
        if let element = instance.attributes[name] { try collect(element, join(path, name)) }
      }
    default:
      if others.count < 16 { others.append((path, interpreter.typeName(value))) }
    }
  }

  private mutating func collect(_ elements: [PythonValue], _ path: String) throws(Interruption) {
    for (index, element) in elements.enumerated() { try collect(element, join(path, String(index))) }
  }

  private func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// Whether an object is nothing but its attributes, as those of dataclasses are.
  private func isRecord(_ instance: PythonInstance) -> Bool {
    instance.module == nil && instance.type.resolutionOrder.contains { $0.dataclass != nil }
  }
}
