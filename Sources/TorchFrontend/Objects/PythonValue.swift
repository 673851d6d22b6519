import PythonSyntax

/// A Python value while a source is interpreted.
///
/// Immutable values are payloads; everything with identity is a class, and belongs to the interpreter's `Heap`.
enum PythonValue {
  case none
  case ellipsis
  case notImplemented
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list(PythonList)
  case tuple(PythonTuple)
  case dict(PythonDictionary)
  case set(PythonSet)
  case range(PythonRange)
  case slice(PythonSlice)
  case iterator(PythonIterator)
  case function(PythonFunction)
  case native(NativeFunction)
  case method(BoundMethod)
  case partial(PartialFunction)
  case descriptor(Descriptor)
  case type(PythonClass)
  case superclass(SuperProxy)
  case instance(PythonInstance)
  case namespace(Namespace)
  case tensor(TracedTensor)
  case dataType(DataType)
  case device(String)
  /// Something that exists but means nothing to us, by its qualified name; using it says so.
  case opaque(String)
}

/// Something with identity.
///
/// The heap holds each until the interpretation is over, then empties all of them, so
/// that neither cycles leak nor long chains are freed by recursion.
protocol HeapObject: AnyObject {
  /// Lets go of everything it refers to.
  func clear()
}

/// Owns all objects of one interpretation.
final class Heap {
  private var objects: [any HeapObject] = []

  func adopt<Object: HeapObject>(_ object: Object) -> Object {
    objects.append(object)
    return object
  }

  /// Empties all objects; nothing may be used afterwards.
  func clear() {
    for object in objects { object.clear() }
    objects.removeAll()
  }
}

/// A list.
final class PythonList: HeapObject {
  var elements: [PythonValue]

  init(_ elements: [PythonValue]) { self.elements = elements }

  func clear() { elements = [] }
}

/// A tuple, a named tuple or a `torch.Size`.
final class PythonTuple: HeapObject {
  enum Kind {
    case plain
    /// `torch.Size`
    case size
    /// A named tuple of that class, whose fields name the elements.
    case named(PythonClass)
  }

  private(set) var elements: [PythonValue]
  private(set) var kind: Kind

  init(_ elements: [PythonValue], _ kind: Kind = .plain) {
    self.elements = elements
    self.kind = kind
  }

  func clear() {
    elements = []
    kind = .plain
  }
}

/// `range(start, stop, step)`.
struct PythonRange: Equatable {
  var start: Int
  var stop: Int
  var step: Int

  var count: Int {
    let (low, high, stride) = step > 0 ? (start, stop, step) : (stop, start, -step)
    guard high > low else { return 0 }
    // The extents were checked to be within ±2⁶² where ranges are made.
    return (high - low - 1) / stride + 1
  }

  subscript(index: Int) -> Int { start + index * step }
}

/// `start:stop:step` of a subscript.
final class PythonSlice: HeapObject {
  private(set) var start: PythonValue
  private(set) var stop: PythonValue
  private(set) var step: PythonValue

  init(start: PythonValue, stop: PythonValue, step: PythonValue) {
    self.start = start
    self.stop = stop
    self.step = step
  }

  func clear() { (start, stop, step) = (.none, .none, .none) }
}

/// An iterator.
///
/// Only what cannot be endless is kept as elements.
final class PythonIterator: HeapObject {
  enum Source {
    case elements([PythonValue])
    /// The live elements of a list, as Python iterates it.
    case list(PythonList)
    case range(PythonRange)
    case count(start: Int, step: Int)
    case cycle([PythonValue])
    case `repeat`(PythonValue)
    /// An object with `__next__`.
    case object(PythonInstance)
  }

  var source: Source
  var position = 0

  init(_ source: Source) { self.source = source }

  func clear() { source = .elements([]) }
}

/// A `def` or `lambda` with the scope it was made in.
final class PythonFunction: HeapObject {
  let name: String
  let parameters: Parameters
  let body: FunctionBody
  /// Whether it has a `yield` of its own.
  let isGenerator: Bool
  /// Names it binds, which are therefore local to it.
  let locals: Set<String>
  /// The defaults, one per parameter; nil where it has none.
  private(set) var defaults: [PythonValue?]
  private(set) var scope: Scope?
  /// The class whose body it was defined in, for `super()`.
  var owner: PythonClass?
  /// `function.attribute = value`.
  var attributes: [String: PythonValue] = [:]

  init(
    name: String, parameters: Parameters, body: FunctionBody, isGenerator: Bool, locals: Set<String>,
    defaults: [PythonValue?], scope: Scope
  ) {
    self.name = name
    self.parameters = parameters
    self.body = body
    self.isGenerator = isGenerator
    self.locals = locals
    self.defaults = defaults
    self.scope = scope
  }

  func clear() {
    defaults = []
    scope = nil
    owner = nil
    attributes = [:]
  }
}

/// What a function runs.
enum FunctionBody {
  case statements([Statement])
  case expression(Expression)
}

/// A function with its first argument.
final class BoundMethod: HeapObject {
  private(set) var function: PythonValue
  private(set) var receiver: PythonValue

  init(_ function: PythonValue, _ receiver: PythonValue) {
    self.function = function
    self.receiver = receiver
  }

  func clear() { (function, receiver) = (.none, .none) }
}

/// `functools.partial`.
final class PartialFunction: HeapObject {
  private(set) var function: PythonValue
  private(set) var positional: [PythonValue]
  private(set) var keywords: [(name: String, value: PythonValue)]

  init(_ function: PythonValue, _ positional: [PythonValue], _ keywords: [(name: String, value: PythonValue)])
  {
    self.function = function
    self.positional = positional
    self.keywords = keywords
  }

  func clear() { (function, positional, keywords) = (.none, [], []) }
}

/// `property`, `staticmethod` and `classmethod` objects.
final class Descriptor: HeapObject {
  enum Kind { case property, staticMethod, classMethod }

  let kind: Kind
  private(set) var getter: PythonValue
  private(set) var setter: PythonValue

  init(_ kind: Kind, _ getter: PythonValue, setter: PythonValue = .none) {
    self.kind = kind
    self.getter = getter
    self.setter = setter
  }

  func clear() { (getter, setter) = (.none, .none) }
}

/// `super()`: an instance (or class) seen as if its class began behind `owner`.
final class SuperProxy: HeapObject {
  private(set) var owner: PythonClass
  private(set) var receiver: PythonValue

  init(owner: PythonClass, receiver: PythonValue) {
    self.owner = owner
    self.receiver = receiver
  }

  func clear() { receiver = .none }
}

/// A Python module's names: ours are looked up in the library by their qualified name.
final class Namespace: HeapObject {
  /// The qualified name, such as `torch.nn.functional`.
  let name: String
  /// What the source itself put there.
  var members: [String: PythonValue] = [:]

  init(_ name: String) { self.name = name }

  func clear() { members = [:] }
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
  /// The names assigned in its body in order, which enumerations are made of.
  var assigned: [String] = []
  /// What the library knows of it; nil for the source's own.
  let native: NativeClass?
  /// Whether `__init__` is made of the fields.
  var isDataclass = false
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

  /// The nearest library class in its resolution order.
  var nearestNative: NativeClass? { resolutionOrder.lazy.compactMap(\.native).first }

  func clear() {
    members = [:]
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

  init(_ type: PythonClass) { self.type = type }

  func set(_ name: String, _ value: PythonValue) {
    if attributes.updateValue(value, forKey: name) == nil { attributeOrder.append(name) }
  }

  func clear() {
    attributes = [:]
    attributeOrder = []
    module?.clear()
    module = nil
    exceptionArguments = nil
  }
}
