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

/// A list, a `deque`, or what a dict's `keys`, `values` and `items` give.
final class PythonList: HeapObject {
  enum Kind: String {
    case list, deque
    case keys = "dict_keys"
    case values = "dict_values"
    case items = "dict_items"
  }

  var elements: [PythonValue]
  let kind: Kind
  /// How many elements the deque keeps.
  let maximumLength: Int?

  init(_ elements: [PythonValue], _ kind: Kind = .list, maximumLength: Int? = nil) {
    self.elements = elements
    self.kind = kind
    self.maximumLength = maximumLength
  }

  var isDeque: Bool { kind == .deque }
  /// Whether it stands for the keys or items of a dict, which are a set too.
  var isSetLike: Bool { kind == .keys || kind == .items }

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
    /// Each element is computed when it is asked for; nil is the end.
    case computed(() throws(Interruption) -> PythonValue?)
    /// A call of a function that yields.
    case generator(Generator)
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
  /// Whether it was defined with `async def`; calling such a function is refused.
  var isAsync = false
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
  /// Whether it becomes a method where a class defines it, as what decorators make does.
  var bindsAsMethod = false
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

/// `property`, `cached_property`, `staticmethod` and `classmethod` objects.
final class Descriptor: HeapObject {
  enum Kind { case property, cachedProperty, staticMethod, classMethod }

  let kind: Kind
  private(set) var getter: PythonValue
  private(set) var setter: PythonValue
  private(set) var deleter: PythonValue

  init(_ kind: Kind, _ getter: PythonValue, setter: PythonValue = .none, deleter: PythonValue = .none) {
    self.kind = kind
    self.getter = getter
    self.setter = setter
    self.deleter = deleter
  }

  func clear() { (getter, setter, deleter) = (.none, .none, .none) }
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
