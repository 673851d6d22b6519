import NetworkGraph
import PythonSyntax

/// What a table of an `nn.Module` holds.
protocol ModuleMember: AnyObject {
  /// The member as a value of the source.
  var pythonValue: PythonValue { get }
  /// The member that a value is, if it is one.
  static func member(of value: PythonValue) -> Self?
}

extension TracedTensor: ModuleMember {
  var pythonValue: PythonValue { .tensor(self) }

  static func member(of value: PythonValue) -> TracedTensor? {
    if case .tensor(let tensor) = value { tensor } else { nil }
  }
}

extension PythonInstance: ModuleMember {
  var pythonValue: PythonValue { .instance(self) }

  static func member(of value: PythonValue) -> PythonInstance? {
    if case .instance(let instance) = value, instance.type.isModule { instance } else { nil }
  }
}

/// `_parameters`, `_buffers` or `_modules`: members by name, in the order in which the names were first set.
///
/// It is a dict of the source, which may change it. A nil member is one that was registered as None.
struct ModuleTable<Member: ModuleMember> {
  let dictionary = PythonDictionary()

  subscript(name: String) -> Member?? {
    dictionary[.string(name)].map { Member.member(of: $0) }
  }

  func set(_ name: String, _ member: Member?) {
    dictionary.set(.string(name), .string(name), member?.pythonValue ?? .none)
  }

  /// Takes the name out; false where it was not there.
  func remove(_ name: String) -> Bool { dictionary.remove(.string(name)) != nil }

  var count: Int { dictionary.count }

  var names: [String] { items.map(\.name) }

  var items: [(name: String, value: Member?)] {
    if dictionary.count == 0 { return [] }
    return dictionary.items.compactMap { item in
      if case .string(let name) = item.key { (name, Member.member(of: item.value)) } else { nil }
    }
  }
}

/// What `nn.Module.__init__` makes.
final class ModuleState {
  /// The call of a library class's `__init__`, and where its arguments stand.
  struct Construction {
    var range: SourceRange
    var arguments: [String: SourceRange]
  }

  /// A function that runs before or behind `forward`.
  struct Hook {
    var identifier: Int
    var function: PythonValue
    /// Whether it is given the keyword arguments too.
    var takesKeywords: Bool
  }

  let parameters = ModuleTable<TracedTensor>()
  let buffers = ModuleTable<TracedTensor>()
  let modules = ModuleTable<PythonInstance>()
  /// Buffers that are no part of the state dict.
  var transient: Set<String> = []
  /// Tensors that are made anew from others whenever they are asked for, by functions of the module.
  var computed: [(name: String, function: PythonValue)] = []
  var hooksBefore: [Hook] = []
  var hooksBehind: [Hook] = []
  var construction: Construction?
  /// The call that made the instance.
  var constructionRange: SourceRange?
  /// Where it stands in the network being traced.
  var path = ""
  var isApplied = false
  /// Whether it is a lazy layer that nothing has reached yet.
  var isUninitialized = false
  /// What its `forward` was given, while that runs.
  var reaching: TracedTensor?
  /// The extents of what it yielded last.
  var outputShape: [Int] = []

  /// The buffers that are part of the state dict.
  var persistentBuffers: [(name: String, value: TracedTensor?)] {
    buffers.items.filter { !transient.contains($0.name) }
  }

  func value(_ name: String) -> PythonValue? {
    let key = HashKey.string(name)
    return parameters.dictionary[key] ?? buffers.dictionary[key] ?? modules.dictionary[key]
  }

  /// Takes a parameter, buffer or module out; false where there is none of that name.
  func remove(_ name: String) -> Bool {
    if parameters.remove(name) { return true }
    if buffers.remove(name) {
      transient.remove(name)
      return true
    }
    return modules.remove(name)
  }

  var names: [String] { parameters.names + buffers.names + modules.names }

  func clear() {
    parameters.dictionary.clear()
    buffers.dictionary.clear()
    modules.dictionary.clear()
    computed = []
    hooksBefore = []
    hooksBehind = []
    reaching = nil
  }
}

extension Interpreter {
  /// What `nn.Module.__init__` does; once more, it forgets what was registered.
  func initializeModule(_ instance: PythonInstance) {
    instance.module = ModuleState()
    instance.set("training", .bool(true))
  }

  /// What `__init__` of the library's modules does first: the constructor's arguments become attributes, and
  /// where they stand is kept for diagnostics.
  func beginModule(_ instance: PythonInstance, _ call: NativeCall) {
    initializeModule(instance)
    var ranges: [String: SourceRange] = [:]
    for (index, parameter) in call.function.signature.parameters.enumerated() {
      if let range = call.ranges[index] { ranges[parameter.name] = range }
      switch parameter.name {
      case "self", "device", "dtype", "bias": break
      default: instance.set(parameter.name, settled(call.values[index]))
      }
    }
    if let site = call.site {
      instance.module?.construction = ModuleState.Construction(range: site.range, arguments: ranges)
    }
  }

  /// A setting of a layer as a plain number or text, where it is a member of an `IntEnum` or the like.
  private func settled(_ value: PythonValue) -> PythonValue {
    guard case .tuple(let tuple) = value, tuple.elements.count <= 8 else { return plain(value) }
    for case .instance in tuple.elements {
      return .tuple(heap.adopt(PythonTuple(tuple.elements.map(plain))))
    }
    return value
  }

  /// The state of a module, which its constructor must have made before anything is registered.
  func state(of instance: PythonInstance, for what: String) throws(Interruption) -> ModuleState {
    guard let state = instance.module else {
      throw raise(
        .attributeError, "cannot assign \(what) before Module.__init__() call",
        hint: "begin __init__ with super().__init__()")
    }
    return state
  }

  /// `module.name = value` by PyTorch's rules.
  func setModuleAttribute(
    _ name: String, of instance: PythonInstance, _ value: PythonValue
  ) throws(Interruption) {
    let state = instance.module
    if let state, state.computed.contains(where: { $0.name == name }) {
      throw unsupported("assigning '\(name)', which is computed from other parameters, is not supported")
    }
    if case .tensor(let tensor) = value, tensor.isParameter {
      let state = try self.state(of: instance, for: "parameters")
      forget(name, instance)
      _ = state.buffers.remove(name)
      _ = state.modules.remove(name)
      state.transient.remove(name)
      return try registerParameter(tensor, name, of: instance)
    }
    if let state, state.parameters[name] != nil {
      guard isNone(value) else {
        throw raise(
          .typeError,
          "cannot assign '\(torchTypeName(value))' as parameter '\(name)' (torch.nn.Parameter or None expected)"
        )
      }
      return state.parameters.set(name, nil)
    }
    if case .instance(let child) = value, child.type.isModule {
      let state = try self.state(of: instance, for: "module")
      forget(name, instance)
      if state.buffers.remove(name) { state.transient.remove(name) }
      return state.modules.set(name, child)
    }
    if let state, state.modules[name] != nil {
      guard isNone(value) else {
        throw raise(
          .typeError,
          "cannot assign '\(torchTypeName(value))' as child module '\(name)' (torch.nn.Module or None expected)"
        )
      }
      return state.modules.set(name, nil)
    }
    if case .tensor(let tensor) = value, let isPersistent = declaredBuffers[ObjectIdentifier(tensor)] {
      return try registerBuffer(tensor, name, of: instance, isPersistent: isPersistent)
    }
    if let state, state.buffers[name] != nil {
      guard case .tensor(let tensor) = value else {
        guard isNone(value) else {
          throw raise(
            .typeError,
            "cannot assign '\(torchTypeName(value))' as buffer '\(name)' "
              + "(torch.nn.Buffer, torch.Tensor or None expected)")
        }
        return state.buffers.set(name, nil)
      }
      return state.buffers.set(name, tensor)
    }
    instance.set(name, value)
  }

  func forget(_ name: String, _ instance: PythonInstance) {
    if instance.attributes.removeValue(forKey: name) != nil {
      instance.attributeOrder.removeAll { $0 == name }
    }
  }

  // MARK: Registering

  /// Makes sure that a name can be registered; `table` says whether it already is one of that kind.
  private func check(
    _ name: String, _ kind: String, of instance: PythonInstance, isKnown: Bool
  ) throws(Interruption) {
    guard !name.contains(".") else {
      throw raise(.keyError, "\(kind) name can't contain \".\"\(kind == "module" ? ", got: \(name)" : "")")
    }
    guard !name.isEmpty else { throw raise(.keyError, "\(kind) name can't be empty string \"\"") }
    guard !isKnown else { return }
    if instance.attributes[name] != nil || instance.module?.value(name) != nil
      || classMember(name, of: instance.type) != nil
    {
      throw raise(.keyError, "attribute '\(name)' already exists")
    }
  }

  func registerParameter(
    _ parameter: TracedTensor?, _ name: String, of instance: PythonInstance
  ) throws(Interruption) {
    let state = try state(of: instance, for: "parameter")
    try check(name, "parameter", of: instance, isKnown: state.parameters[name] != nil)
    guard parameter?.isParameter ?? true else {
      throw raise(
        .typeError,
        "cannot assign 'torch.FloatTensor' object to parameter '\(name)' (torch.nn.Parameter or None required)"
      )
    }
    try reserve(2)
    state.parameters.set(name, parameter)
  }

  func registerBuffer(
    _ buffer: TracedTensor?, _ name: String, of instance: PythonInstance, isPersistent: Bool
  ) throws(Interruption) {
    let state = try state(of: instance, for: "buffer")
    try check(name, "buffer", of: instance, isKnown: state.buffers[name] != nil)
    try reserve(2)
    state.buffers.set(name, buffer)
    if isPersistent { state.transient.remove(name) } else { state.transient.insert(name) }
  }

  /// Registers a module, or None in its place.
  func add(_ value: PythonValue, named name: String, to module: PythonInstance) throws(Interruption) {
    let state = try state(of: module, for: "module")
    var child: PythonInstance?
    if !isNone(value) {
      guard case .instance(let instance) = value, instance.type.isModule else {
        if case .opaque(let unknown) = value {
          throw unsupported("\(unknown) is not supported", hint: opaqueHint(unknown))
        }
        throw raise(.typeError, "\(torchTypeName(value)) is not a Module subclass")
      }
      child = instance
    }
    try check(name, "module", of: module, isKnown: state.modules[name] != nil)
    try reserve(2)
    state.modules.set(name, child)
  }

  /// The name of a value's type as PyTorch's `torch.typename` gives it.
  func torchTypeName(_ value: PythonValue) -> String {
    switch value {
    case .tensor(let tensor) where !tensor.isParameter:
      switch tensor.dataType {
      case .float32: "torch.FloatTensor"
      case .float64: "torch.DoubleTensor"
      case .float16: "torch.HalfTensor"
      case .bfloat16: "torch.BFloat16Tensor"
      case .int64: "torch.LongTensor"
      case .int32: "torch.IntTensor"
      case .int16: "torch.ShortTensor"
      case .int8: "torch.CharTensor"
      case .uint8: "torch.ByteTensor"
      case .bool: "torch.BoolTensor"
      }
    case .tensor: "torch.nn.Parameter"
    default: typeName(value)
    }
  }
}
