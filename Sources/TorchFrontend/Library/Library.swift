/// A class of the library.
final class NativeClass: Sendable {
  /// Its name with its module, such as `torch.nn.Conv2d`.
  let qualifiedName: String
  /// The name without its module.
  let name: String
  /// The qualified name of its base; nil for `object`.
  let base: String?
  /// The qualified names of further bases.
  let mixins: [String]
  let methods: [String: NativeFunction]
  let properties: [String: NativeFunction]
  let classMethods: [String: NativeFunction]
  /// Makes what a call of the class gives, where that is no `PythonInstance`.
  let construct: NativeFunction?

  init(
    _ qualifiedName: String, base: String?, mixins: [String] = [], methods: [String: NativeFunction] = [:],
    properties: [String: NativeFunction] = [:], classMethods: [String: NativeFunction] = [:],
    construct: NativeFunction? = nil
  ) {
    self.qualifiedName = qualifiedName
    name = qualifiedName.split(separator: ".").last.map(String.init) ?? qualifiedName
    self.base = base
    self.mixins = mixins
    self.classMethods = classMethods
    self.methods = methods
    self.properties = properties
    self.construct = construct
  }
}

/// All that a source can import or call: Python's built-ins and standard modules, and PyTorch.
struct Library: Sendable {
  enum Entry: Sendable {
    case function(NativeFunction)
    case `class`(NativeClass)
    case int(Int)
    case float(Double)
    case string(String)
    case dataType(DataType)
    case bool(Bool)
    case none
    case notImplemented
    case ellipsis
  }

  /// By qualified name.
  private(set) var entries: [String: Entry] = [:]
  /// The methods of values that are no instances, by type and name, such as `list.append`.
  private(set) var methods: [String: [String: NativeFunction]] = [:]
  /// Read-only attributes of such values.
  private(set) var properties: [String: [String: NativeFunction]] = [:]
  /// The modules there are, by qualified name.
  private(set) var namespaces: Set<String> = []
  /// Modules of which everything that matters is here: other names in them do not exist.
  private(set) var complete: Set<String> = []
  /// Other qualified names of the same things.
  private(set) var aliases: [String: String] = [:]

  /// Python text of modules, by qualified name; see `Interpreter.prelude`.
  private(set) var preludes: [String: String] = [:]
  /// Methods of Python's data model that every value has, such as `__len__`.
  private(set) var protocolMethods: [String: NativeFunction] = [:]

  /// The library, built on first use.
  static let shared: Library = {
    var library = Library()
    library.entries.reserveCapacity(4_096)
    for family in families { family(&library) }
    return library
  }()

  /// Declares modules.
  mutating func namespace(_ names: String..., isComplete: Bool = false) {
    namespaces.formUnion(names)
    if isComplete { complete.formUnion(names) }
  }

  /// Adds a function under one or more qualified names; the first is the one in messages.
  ///
  /// A name that begins with `Tensor.` (or `str.`, `list.`, …) makes it a method of such values.
  mutating func function(
    _ names: String..., signature: String, _ body: @escaping NativeFunction.Body
  ) {
    add(NativeFunction(names[0], signature, body), as: names)
  }

  /// Adds a function under qualified names, of which those of values' types make it their method.
  mutating func add(_ function: NativeFunction, as names: [String]) {
    for name in names {
      if let dot = name.firstIndex(of: "."), Self.valueTypes.contains(String(name[..<dot])) {
        methods[String(name[..<dot]), default: [:]][String(name[name.index(after: dot)...])] = function
      } else {
        entries[name] = .function(function)
      }
    }
  }

  /// Adds a module that is written in Python.
  ///
  /// It is run when something of it is first asked for. Its names go before those of the tables, so that a module
  /// may have both. Diagnostics within it point at the source's call into it.
  mutating func prelude(_ name: String, _ text: String) {
    preludes[name] = text
    namespaces.insert(name)
  }

  /// Adds a method of Python's data model that values have which are no instances of the source's classes.
  mutating func protocolMethod(
    _ name: String, _ signature: String, _ body: @escaping NativeFunction.Body
  ) {
    protocolMethods[name] = NativeFunction(name, signature, body)
  }

  /// Adds a read-only attribute of values of a type.
  mutating func property(_ type: String, _ name: String, _ body: @escaping NativeFunction.Body) {
    properties[type, default: [:]][name] = NativeFunction("\(type).\(name)", "(self)", body)
  }

  mutating func add(_ nativeClass: NativeClass) { entries[nativeClass.qualifiedName] = .class(nativeClass) }

  mutating func constant(_ name: String, _ entry: Entry) { entries[name] = entry }

  /// Makes one qualified name another for a second.
  mutating func alias(_ name: String, of original: String) { aliases[name] = original }

  /// Finds an entry by qualified name or alias.
  func entry(_ name: String) -> Entry? {
    if let known = entries[name] ?? aliases[name].flatMap({ entries[$0] }) { return known }
    // `torch.nn.modules.conv.Conv2d` is `torch.nn.Conv2d`.
    guard name.hasPrefix("torch.nn.modules."), let last = name.split(separator: ".").last else { return nil }
    return entries["torch.nn.\(last)"]
  }

  /// The names of a module, for hints.
  func names(in namespace: String) -> [String] {
    let prefix = namespace + "."
    return entries.keys.compactMap { key in
      guard key.hasPrefix(prefix) else { return nil }
      let name = key.dropFirst(prefix.count)
      return name.contains(".") ? nil : String(name)
    }
  }

  /// Types of values with methods of their own that are not classes of `PythonInstance`s.
  static let valueTypes: Set<String> = [
    "Tensor", "Size", "str", "list", "tuple", "dict", "set", "int", "float", "property",
    "device", "dtype", "range", "slice", "iterator", "deque", "Counter", "ndarray",
  ]
}
