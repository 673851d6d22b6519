import NetworkGraph

extension Library {
  typealias Initialization = @Sendable (NativeCall, PythonInstance) throws(Interruption) -> Void
  typealias Forward =
    @Sendable (NativeCall, PythonInstance, TracedTensor) throws(Interruption) -> TracedTensor

  /// Adds a class of `torch.nn` whose forward pass takes and yields one tensor.
  mutating func module(
    _ name: String, _ signature: String, base: String = "torch.nn.Module",
    _ initialize: @escaping Initialization = { (_, _) throws(Interruption) in },
    forward: @escaping Forward
  ) {
    let run = NativeFunction("\(name).forward", "(self, input)") { (call) throws(Interruption) in
      .tensor(try forward(call, try call.instance(), try call.tensor("input")))
    }
    module(name, signature, base: base, initialize, methods: ["forward": run])
  }

  /// Adds a class of `torch.nn` with those methods besides `__init__`.
  mutating func module(
    _ name: String, _ signature: String, base: String = "torch.nn.Module",
    _ initialize: @escaping Initialization, methods: [String: NativeFunction],
    properties: [String: NativeFunction] = [:]
  ) {
    var methods = methods
    let parameters = signature.dropFirst().dropLast()
    methods["__init__"] = NativeFunction(
      "\(name).__init__", parameters.isEmpty ? "(self)" : "(self, \(parameters))"
    ) { (call) throws(Interruption) in
      let instance = try call.instance()
      // A module costs far more than a step, in time and memory.
      try call.interpreter.spend(64)
      try call.interpreter.reserve(128)
      call.interpreter.beginModule(instance, call)
      try initialize(call, instance)
      return .none
    }
    add(NativeClass("torch.nn.\(name)", base: base, methods: methods, properties: properties))
  }
}

extension PythonInstance {
  /// An integer that `__init__` left, or 0.
  func int(_ name: String) -> Int {
    switch attributes[name] {
    case .int(let value)?: value
    case .bool(let value)?: value ? 1 : 0
    default: 0
    }
  }

  func double(_ name: String) -> Double {
    switch attributes[name] {
    case .float(let value)?: value
    case .int(let value)?: Double(value)
    default: 0
    }
  }

  func bool(_ name: String) -> Bool {
    if case .bool(let value)? = attributes[name] { value } else { int(name) != 0 }
  }

  func string(_ name: String) -> String {
    if case .string(let value)? = attributes[name] { value } else { "" }
  }

  /// The integers of a tuple that `__init__` left, or an integer twice.
  func pair(_ name: String) -> Size2D {
    switch attributes[name] {
    case .tuple(let tuple)?:
      let numbers = tuple.elements.compactMap { if case .int(let value) = $0 { value } else { nil } }
      return numbers.count == 2
        ? Size2D(numbers[0], numbers[1]) : Size2D(numbers.first ?? 0, numbers.first ?? 0)
    case .list(let list)?:
      let numbers = list.elements.compactMap { if case .int(let value) = $0 { value } else { nil } }
      return numbers.count == 2
        ? Size2D(numbers[0], numbers[1]) : Size2D(numbers.first ?? 0, numbers.first ?? 0)
    default: return Size2D(int(name), int(name))
    }
  }

  /// A parameter or buffer by name.
  func tensor(_ name: String) -> TracedTensor? {
    if let parameter = module?.parameters[name] { return parameter }
    if let buffer = module?.buffers[name] { return buffer }
    if case .tensor(let tensor)? = attributes[name] { return tensor }
    return nil
  }
}

extension Interpreter {
  /// A new parameter with that distribution.
  func parameter(
    _ shape: [Int], _ initializer: Initializer
  ) throws(Interruption) -> TracedTensor {
    try checkShape(shape)
    try reserve(4)
    let content: TensorContent =
      if case .constant(let value) = initializer { .fill(value) } else { .random(initializer) }
    return heap.adopt(TracedTensor(content, shape, isParameter: true, requiresGradient: true))
  }

  /// Registers a parameter, or None in its place.
  func register(
    _ name: String, of instance: PythonInstance, _ shape: [Int]?, _ initializer: Initializer
  ) throws(Interruption) {
    guard let shape else {
      instance.module?.parameters.set(name, nil)
      return
    }
    instance.module?.parameters.set(name, try parameter(shape, initializer))
  }

  /// PyTorch's default distribution of weights and biases, U(±1/√fan-in): `kaiming_uniform_(a=√5)` comes to it.
  static func uniform(fanIn: Int) -> Initializer {
    let bound = fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0
    return bound == 0 ? .constant(0) : .uniform(lower: -bound, upper: bound)
  }

  /// Makes sure that an argument of a constructor is positive.
  func check(_ name: String, _ value: Int, _ type: String) throws(Interruption) {
    guard value > 0 else {
      throw raise(
        .valueError, "\(type): \(name) must be positive, but is \(value)", identifier: "torch.argument")
    }
  }

  /// A negative axis counted from the back.
  func axis(_ dimension: Int, _ rank: Int) throws(Interruption) -> Int {
    let bound = max(rank, 1)
    guard dimension >= -bound, dimension < bound else {
      throw raise(
        .indexError,
        "Dimension out of range (expected to be in range of [\(-bound), \(bound - 1)], but got \(dimension))",
        identifier: "torch.dimension")
    }
    return dimension < 0 ? dimension + bound : dimension
  }

  /// Negative axes counted from the back, ascending and distinct; nil or none means all.
  func axes(_ dimensions: [Int]?, _ rank: Int) throws(Interruption) -> [Int] {
    guard let dimensions, !dimensions.isEmpty else { return Array(0..<rank) }
    var result: [Int] = []
    for dimension in dimensions {
      let axis = try axis(dimension, rank)
      guard !result.contains(axis) else {
        throw raise(.runtimeError, "dim \(axis) appears multiple times in the list of dims")
      }
      if axis < rank { result.append(axis) }
    }
    return result.sorted()
  }
}
