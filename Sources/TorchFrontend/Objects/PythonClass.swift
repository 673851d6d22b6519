import PythonSyntax

/// What `@dataclass(…)` was called with.
struct DataclassOptions {
  var makesInitializer = true
  var makesRepresentation = true
  var isComparable = true
  var isOrdered = false
  var isFrozen = false
  var isKeywordOnly = false
  /// Fields that stand behind `_: KW_ONLY` or say `kw_only=True`.
  var keywordOnly: Set<String> = []
}

/// A class, ours or the source's.
final class PythonClass: HeapObject {
  let name: String
  private(set) var bases: [PythonClass]
  /// The method resolution order, this class first.
  private(set) var resolutionOrder: [PythonClass] = []
  /// What its body (or the library) defines.
  var members: [String: PythonValue] = [:]
  /// The annotated names of its body in order, which dataclasses and named tuples are made of.
  var fields: [String] = []
  /// Fields that are given to `__post_init__` only.
  var initOnly: Set<String> = []
  /// The place of the first field behind `_: KW_ONLY`.
  var keywordOnlyFrom: Int?
  /// What `dataclasses.field` said of a field.
  var fieldObjects: [String: PythonInstance] = [:]
  /// The members of an enumeration, each under its first name.
  var enumerated: [String] = []
  /// Combinations of flags that were made.
  var combinedFlags: [Int: PythonInstance] = [:]
  /// The names assigned in its body in order, which enumerations are made of.
  var assigned: [String] = []
  /// What the library knows of it; nil for the source's own.
  let native: NativeClass?
  /// How it was made a dataclass; nil where it was not.
  var dataclass: DataclassOptions?
  /// Whether it was made one.
  var isDataclass: Bool { dataclass != nil }
  /// Names in its body or bases that `@abstractmethod` marks and nothing overrides.
  var abstractNames: [String] = []
  /// Whether `ABCMeta` makes it, which looks for such names.
  var checksAbstract = false
  /// The source's own class that makes it, behind `metaclass=`.
  var metaclass: PythonClass?
  /// For classes made by `namedtuple` and `NamedTuple`.
  var isNamedTuple = false
  /// Where its name stands.
  let nameRange: SourceRange?

  init(name: String, bases: [PythonClass], native: NativeClass? = nil, nameRange: SourceRange? = nil) {
    self.name = name
    self.bases = bases
    self.native = native
    self.nameRange = nameRange
  }

  /// Sets the resolution order by C3 linearisation; false where there is none.
  func linearize() -> Bool {
    var sequences = bases.map { $0.resolutionOrder[...] } + [bases[...]]
    var order = [self]
    while true {
      sequences.removeAll { $0.isEmpty }
      if sequences.isEmpty { break }
      let heads = sequences.compactMap(\.first)
      guard
        let next = heads.first(where: { head in
          !sequences.contains { $0.dropFirst().contains { $0 === head } }
        })
      else { return false }
      order.append(next)
      for index in sequences.indices where sequences[index].first === next { sequences[index].removeFirst() }
    }
    resolutionOrder = order
    return true
  }

  /// Whether it is that class or inherits from it.
  func isSubclass(of other: PythonClass) -> Bool { resolutionOrder.contains { $0 === other } }

  /// Whether it inherits from the library's class of that qualified name.
  func isSubclass(ofNative name: String) -> Bool {
    resolutionOrder.contains { $0.native?.qualifiedName == name }
  }

  /// Whether its instances are `nn.Module`s.
  private(set) lazy var isModule: Bool = isSubclass(ofNative: "torch.nn.Module")

  /// Whether it is an enumeration.
  private(set) lazy var isEnumeration: Bool = isSubclass(ofNative: "enum.Enum")

  /// Whether it is a protocol of the source: a class, not a subclass, that says so itself.
  var isProtocol: Bool {
    native == nil && bases.contains { $0.native?.qualifiedName == "typing.Protocol" }
  }

  /// The source's own `__setattr__`, which attributes are set through.
  private(set) lazy var attributeSetter: PythonValue? = {
    for candidate in resolutionOrder where candidate.native == nil {
      if let setter = candidate.members["__setattr__"] { return setter }
    }
    return nil
  }()

  /// Whether it is a dataclass whose instances do not change.
  private(set) lazy var isFrozen: Bool = resolutionOrder.contains { $0.dataclass?.isFrozen ?? false }

  /// The source's own `__new__`.
  private(set) lazy var constructor: PythonValue? = {
    for candidate in resolutionOrder where candidate.native == nil {
      guard let member = candidate.members["__new__"] else { continue }
      if case .descriptor(let descriptor) = member { return descriptor.getter }
      return member
    }
    return nil
  }()

  /// The library's built-in type that its instances extend, such as `dict`.
  private(set) lazy var extended: NativeClass? = resolutionOrder.lazy.compactMap(\.native)
    .first { Self.extensible.contains($0.qualifiedName) }

  /// Built-in types of whose values the source's own classes may be derived.
  private static let extensible: Set<String> = [
    "builtins.int", "builtins.float", "builtins.str", "builtins.list", "builtins.tuple", "builtins.dict",
    "builtins.set", "builtins.frozenset", "collections.OrderedDict", "collections.defaultdict",
    "collections.Counter", "collections.deque", "collections.UserDict", "collections.UserList",
  ]

  /// The nearest library class in its resolution order.
  var nearestNative: NativeClass? { resolutionOrder.lazy.compactMap(\.native).first }

  func clear() {
    members = [:]
    (fieldObjects, combinedFlags, metaclass) = ([:], [:], nil)
    bases = []
    resolutionOrder = []
  }
}

/// An object of a class of the source or of an `nn.Module` class.
final class PythonInstance: HeapObject {
  let type: PythonClass
  var attributes: [String: PythonValue] = [:]
  /// The order in which attributes were first set.
  var attributeOrder: [String] = []
  /// What makes it an `nn.Module`; set by `nn.Module.__init__`.
  var module: ModuleState?
  /// What makes it an exception.
  var exceptionArguments: [PythonValue]?
  /// The value that an instance of a class derived from a built-in type stands for.
  var payload: PythonValue?

  init(_ type: PythonClass) { self.type = type }

  func set(_ name: String, _ value: PythonValue) {
    if attributes.updateValue(value, forKey: name) == nil { attributeOrder.append(name) }
  }

  func remove(_ name: String) {
    if attributes.removeValue(forKey: name) != nil { attributeOrder.removeAll { $0 == name } }
  }

  func clear() {
    attributes = [:]
    attributeOrder = []
    module?.clear()
    module = nil
    exceptionArguments = nil
    payload = nil
  }
}
