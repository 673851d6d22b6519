import NetworkGraph
import PythonSyntax
import RandomStreams

/// Runs Python source as far as networks need it, with tensors that record what is done to them.
///
/// It is an interpreter of the syntax tree: values are `PythonValue`s, names live in `Scope`s, and everything
/// that a source can import is in the `Library`. It touches no file, process or clock. Fuel, nesting and sizes
/// are bounded, so that hostile source ends with a diagnostic. One interpreter serves one source on one thread.
final class Interpreter {
  let limits: CompilationLimits
  /// The text, for the lines that hints name.
  var source = ""
  let library = Library.shared
  let heap = Heap()
  /// The source's own module scope.
  let globals: Scope
  /// Records what is done to tensors.
  let tracer: Tracer

  /// Steps left, and how many there were.
  private(set) var fuel: Int
  private var steps: Int
  /// Elements that may still be made.
  private var allowance: Int
  /// How deep evaluation is nested on the stack, and how deep Python calls are.
  private var nesting = 0
  var callDepth = 0
  /// The library function that the source called last.
  var activeFunction: NativeFunction?
  /// What is being done now, for diagnostics.
  var currentRange: SourceRange?
  /// Warnings and notes so far.
  var notes: [Diagnostic] = []
  private var noted: Set<String> = []
  private var suggestionsLeft = 64
  /// The library's classes that were used, by qualified name.
  private var nativeClasses: [String: PythonClass] = [:]
  /// How many modules of the network being traced each call expression has built.
  var constructionCounts: [SourceRange: Int] = [:]
  /// What `nn.Buffer` made, with whether it is part of the state dict.
  var declaredBuffers: [ObjectIdentifier: Bool] = [:]
  /// How many hooks of modules were registered, and how many random tensors are shared by copies.
  var hookCount = 0
  var sharedDraws = 0
  /// Where Python's and NumPy's random numbers come from.
  var constructionNumbers = Interpreter.constructionStream(0)
  /// The exceptions being handled, innermost last, for a bare `raise`.
  var handled: [RaisedException] = []
  /// How many `try` blocks with handlers are being run.
  var guardedDepth = 0
  /// The errors that tracing went on behind.
  var recovered: [RaisedException] = []
  /// The exceptions that contexts are being left with, innermost last.
  var raisedInContext: [RaisedException] = []
  /// How many `try` statements are under way that allow for a missing package.
  var guardedImports = 0
  /// Where each name of an unknown package was imported.
  var unknownImports: [String: SourceRange] = [:]
  /// Unknown modules of which all names were imported.
  var unknownStars: [String] = []
  /// Numbers for `id`, in the order in which they were asked for.
  var identities: [ObjectIdentifier: Int] = [:]
  /// Instances with an `__eq__` of their own that have been keys, by their hash.
  var equatableKeys: [Int: [PythonInstance]] = [:]
  /// Modules that are written in Python, by name.
  var preludes: [String: Scope] = [:]
  /// The class whose metaclass is being called.
  var definedClass: PythonClass?
  /// The regular expressions of the source, by flags and pattern.
  var regularExpressions: [String: Result<RegularExpressionProgram, RegularExpressionFailure>] = [:]
  /// Where the source calls into such a module, while that runs.
  var preludeSite: SourceRange?

  /// Nesting that the stack of the interpreter's thread can bear in unoptimised builds too.
  static let maximumNesting = 1_500

  init(limits: CompilationLimits) {
    self.limits = limits
    fuel = limits.steps
    allowance = limits.totalCollectionSize
    steps = limits.steps
    globals = Scope(.module, variables: ["__name__": .string("network")])
    tracer = Tracer(limits: limits)
  }

  // MARK: Bounds

  /// Uses up fuel.
  func spend(_ steps: Int) throws(Interruption) {
    // A raised exception takes fuel unasked, so that there may be less than none.
    fuel = max(fuel, -1) - max(steps, 0)
    if fuel < 0 { throw exhausted("the source takes more than \(self.steps) steps", "limit.steps") }
  }

  /// Runs something that may use up a quarter of the steps and elements that are left, and no more.
  func withinShare(_ body: () throws(Interruption) -> Void) throws(Interruption) {
    let (reservedFuel, reservedAllowance, outerSteps) = (fuel - fuel / 4, allowance - allowance / 4, steps)
    fuel -= reservedFuel
    allowance -= reservedAllowance
    steps = fuel
    defer {
      fuel = max(0, fuel) + reservedFuel
      allowance = max(0, allowance) + reservedAllowance
      steps = outerSteps
    }
    try body()
  }

  /// Begins a nested evaluation; `leave` must follow.
  func enter() throws(Interruption) {
    nesting += 1
    if nesting > Self.maximumNesting {
      nesting -= 1
      throw exhausted("the evaluation is nested too deeply", "limit.recursion")
    }
  }

  func leave() { nesting -= 1 }

  /// Accounts for a new collection, string or tensor of that many elements.
  func reserve(_ count: Int) throws(Interruption) {
    guard count <= limits.collectionSize else {
      throw exhausted("a collection of \(count) elements is too large", "limit.collection")
    }
    allowance -= max(count, 0)
    fuel -= max(count, 0) >> 3
    if allowance < 0 { throw exhausted("the source makes too many objects", "limit.memory") }
    if fuel < 0 { throw exhausted("the source takes more than \(self.steps) steps", "limit.steps") }
  }

  /// Accounts for new keys of a dict or set; each takes the memory of some four elements, and a step.
  func reserveKeys(_ count: Int) throws(Interruption) {
    guard count <= limits.collectionSize else {
      throw exhausted("a collection of \(count) elements is too large", "limit.collection")
    }
    allowance -= 4 * max(count, 0)
    if allowance < 0 { throw exhausted("the source makes too many objects", "limit.memory") }
    try spend(count)
  }

  // MARK: Making values

  func list(_ elements: [PythonValue]) throws(Interruption) -> PythonValue {
    try reserve(elements.count + 2)
    return .list(heap.adopt(PythonList(elements)))
  }

  func tuple(_ elements: [PythonValue], _ kind: PythonTuple.Kind = .plain) throws(Interruption) -> PythonValue
  {
    try reserve(elements.count + 2)
    return .tuple(heap.adopt(PythonTuple(elements, kind)))
  }

  func string(_ text: String) throws(Interruption) -> PythonValue {
    try reserve(text.utf8.count >> 3 + 1)
    guard text.utf8.count <= limits.collectionSize else {
      throw exhausted("a string of \(text.utf8.count) bytes is too large", "limit.collection")
    }
    return .string(text)
  }

  func size(_ shape: [Int]) throws(Interruption) -> PythonValue {
    try tuple(shape.map { .int($0) }, .size)
  }

  func dictionary(_ kind: PythonDictionary.Kind = .plain) throws(Interruption) -> PythonDictionary {
    try reserve(4)
    return heap.adopt(PythonDictionary(kind))
  }

  func iterator(_ source: PythonIterator.Source) throws(Interruption) -> PythonValue {
    try reserve(2)
    return .iterator(heap.adopt(PythonIterator(source)))
  }

  func instance(of type: PythonClass) throws(Interruption) -> PythonInstance {
    try reserve(8)
    return heap.adopt(PythonInstance(type))
  }

  /// The library's class of that qualified name.
  func nativeClass(_ name: String) -> PythonClass {
    if let known = nativeClasses[name] { return known }
    guard case .class(let native)? = library.entry(name) else {
      preconditionFailure("the library has no class \(name)")
    }
    if let known = nativeClasses[native.qualifiedName] { return known }
    let bases = (native.base.map { [$0] } ?? []).map(nativeClass) + native.mixins.map(nativeClass)
    let type = heap.adopt(PythonClass(name: native.name, bases: bases, native: native))
    type.members = native.methods.mapValues { .native($0) }
    for (name, getter) in native.properties {
      type.members[name] = .descriptor(heap.adopt(Descriptor(.property, .native(getter))))
    }
    for (name, method) in native.classMethods {
      type.members[name] = .descriptor(heap.adopt(Descriptor(.classMethod, .native(method))))
    }
    // The library's classes are such that there is always an order.
    _ = type.linearize()
    nativeClasses[native.qualifiedName] = type
    return type
  }

  // MARK: Failing

  /// Where the source stands.
  private var place: SourceRange? { preludeSite ?? currentRange }

  /// A Python exception at the current place.
  func raise(
    _ kind: ExceptionKind, _ message: String, hint: String? = nil, identifier: String? = nil,
    mismatch: ShapeMismatch? = nil
  ) -> Interruption {
    raise(
      className: "builtins." + kind.rawValue, message, hint: hint, identifier: identifier ?? kind.identifier,
      mismatch: mismatch)
  }

  /// An exception of a library class, by its qualified name.
  func raise(
    className: String, _ message: String, hint: String? = nil, identifier: String,
    mismatch: ShapeMismatch? = nil
  ) -> Interruption {
    fuel -= 16
    let instance = heap.adopt(PythonInstance(nativeClass(className)))
    instance.exceptionArguments = message.isEmpty ? [] : [.string(message)]
    let exception = RaisedException(
      instance, range: place, identifier: identifier, hint: hint, mismatch: mismatch)
    if tracer.isTracing { exception.modulePath = tracer.label }
    return .raised(exception)
  }

  /// The exception for a key that a mapping lacks.
  func missingKey(_ key: PythonValue, hint: String? = nil) -> Interruption {
    let interruption = raise(.keyError, "", hint: hint)
    if case .raised(let exception) = interruption { exception.instance.exceptionArguments = [key] }
    return interruption
  }

  /// A hint at the name among candidates that was probably meant; only the first few are looked for, since an
  /// exception may be raised and caught without end.
  func suggestion(for name: String, among candidates: @autoclosure () -> [String]) -> String? {
    suggestionsLeft -= 1
    guard suggestionsLeft >= 0 else { return nil }
    let candidates = candidates()
    guard candidates.count <= 2_000 else { return nil }
    return closest(to: name, in: candidates).map { "did you mean '\($0)'?" }
  }

  /// Something that is Python or PyTorch but cannot be traced (yet).
  func unsupported(_ message: String, hint: String? = nil) -> Interruption {
    .refused(
      Refusal(
        Diagnostic(.error, "torch.unsupported", message, hint: hint, range: place), isExhaustion: false
      ))
  }

  /// A limit was met.
  func exhausted(_ message: String, _ identifier: String) -> Interruption {
    .refused(
      Refusal(
        Diagnostic(.error, identifier, message, hint: nil, range: place), isExhaustion: true))
  }

  /// Records a note once.
  func note(_ identifier: String, _ message: String, severity: Diagnostic.Severity = .note) {
    guard noted.count < 100, noted.insert(message).inserted else { return }
    notes.append(Diagnostic(severity, identifier, message, range: place))
  }

  /// The diagnostic of an interruption that nobody caught.
  func diagnostic(for interruption: Interruption) -> Diagnostic {
    switch interruption {
    case .refused(let refusal): return refusal.diagnostic
    case .raised(let exception):
      let name = exception.instance.type.name
      let text = exceptionText(exception.instance)
      var message = text.isEmpty ? name : "\(name): \(text)"
      if let explanation = exception.explanation {
        message = "\(explanation) (\(message))"
      } else if !exception.modulePath.isEmpty {
        message = "in \(exception.modulePath): \(message)"
      }
      return Diagnostic(
        .error, exception.identifier, message, hint: exception.hint, range: exception.range)
    }
  }

  /// What `str` makes of an exception; its arguments were checked for size when they were made.
  func exceptionText(_ instance: PythonInstance) -> String {
    guard let arguments = instance.exceptionArguments, let first = arguments.first else { return "" }
    let isKey = instance.type.isSubclass(ofNative: "builtins.KeyError")
    if arguments.count == 1, case .string(let text) = first, !isKey { return text }
    let fuelBefore = fuel
    fuel = max(fuel, 1_000)
    defer { fuel = fuelBefore }
    if arguments.count == 1 {
      return (try? isKey ? representation(of: first) : text(of: first)) ?? ""
    }
    return "(" + arguments.map { (try? representation(of: $0)) ?? "…" }.joined(separator: ", ") + ")"
  }
}
