import NetworkGraph

extension Library {
  typealias LayerBody = @Sendable (NativeCall, TracedTensor) throws(Interruption) -> PythonValue

  /// Adds a function of a tensor, `input`, and a class of `torch.nn` that applies it to what reaches the layer, with
  /// its own attributes (and parameters) as the other arguments.
  ///
  /// - Parameters:
  ///   - module: the name of the class and the parameters of its constructor.
  ///   - functions: the qualified names of the function; the first is the one in messages.
  ///   - signature: the function's parameters behind `input`.
  mutating func layer(
    _ module: (name: String, signature: String)?, functions: [String], _ signature: String,
    initialize: @escaping Initialization = { (_, _) throws(Interruption) in }, body: @escaping LayerBody
  ) {
    let parameters = signature.isEmpty ? "(input)" : "(input, \(signature))"
    let function = NativeFunction(functions[0], parameters) { (call) throws(Interruption) in
      let input = try call.tensor("input")
      try call.interpreter.requireElements(input)
      return try body(call, input)
    }
    add(function, as: functions)
    guard let module else { return }
    let forward = NativeFunction("\(module.name).forward", "(self, input)") { (call) throws(Interruption) in
      try call.interpreter.apply(function, of: try call.instance(), to: call["input"])
    }
    self.module(module.name, "(\(module.signature))", initialize, methods: ["forward": forward])
  }
}

extension Interpreter {
  /// Calls a function with a module's attributes as arguments.
  func apply(
    _ function: NativeFunction, of module: PythonInstance, to input: PythonValue
  ) throws(Interruption) -> PythonValue {
    try spend(1)
    let parameters = function.signature.parameters
    var values: [PythonValue] = [input]
    var isGiven = [true]
    for parameter in parameters.dropFirst() {
      let value = module.module?.value(parameter.name) ?? module.attributes[parameter.name]
      values.append(value ?? parameter.defaultValue?.value ?? .none)
      isGiven.append(value != nil)
    }
    return try function.body(
      NativeCall(
        interpreter: self, function: function, values: values, isGiven: isGiven, rest: [], restKeywords: [],
        site: nil, ranges: [], module: module))
  }
}

extension NativeCall {
  /// One int for each dimension: an int for all, or a sequence of as many.
  func extents(_ name: String, _ dimensions: Int) throws(Interruption) -> [Int] {
    let numbers = try ints(name)
    if numbers.count == dimensions { return numbers }
    guard numbers.count == 1 else {
      throw interpreter.raise(
        .runtimeError,
        "expected \(name) to be a single integer value or a list of \(dimensions) values, but got "
          + "\(name)=\(numbers)", identifier: "torch.argument")
    }
    return [Int](repeating: numbers[0], count: dimensions)
  }

  /// Whether the function has that parameter, and it is true.
  func flag(_ name: String) throws(Interruption) -> Bool {
    guard function.signature.index(of: name) != nil else { return false }
    return try bool(name)
  }

  func optionalExtents(_ name: String, _ dimensions: Int) throws(Interruption) -> [Int]? {
    switch self[name] {
    case .none: return nil
    case .tuple(let tuple) where tuple.elements.isEmpty: return nil
    case .list(let list) where list.elements.isEmpty: return nil
    default: return try extents(name, dimensions)
    }
  }
}

extension Interpreter {
  /// The result of an elementwise function, which in place becomes the content of the tensor itself.
  func result(
    _ value: TracedTensor, of input: TracedTensor, inPlace: Bool
  ) throws(Interruption) -> PythonValue {
    .tensor(inPlace ? try write(value, into: input) : value)
  }

  /// Refuses a tensor without elements, of which few layers can make anything.
  func requireElements(_ input: TracedTensor) throws(Interruption) {
    guard input.count > 0 else {
      throw unsupported("a tensor without elements (of shape \(input.shape)) is not supported here")
    }
  }

  /// The elements at places along an axis, in that order; places may be repeated.
  ///
  /// - Precondition: there is a place, and all are within the extent.
  func take(_ input: TracedTensor, _ axis: Int, _ places: [Int]) throws(Interruption) -> TracedTensor {
    try reserve(places.count)
    let runs = Self.runs(places)
    if runs.count > 4, tracer.isTracing {
      let indices = tracer.builder.constant(.integers(places.map { Int32($0) }, shape: [places.count]))
      return try apply(.take(axis: axis), input, try tensor(.graph(indices), [places.count], .int64))
    }
    var parts: [TracedTensor] = []
    for (start, step, count) in runs {
      guard step == 0 else {
        parts.append(try slice(input, axis, start, start + step * (count - 1) + 1, step))
        continue
      }
      let part = try slice(input, axis, start, start + 1)
      var shape = part.shape
      shape[axis] = count
      parts.append(try expand(part, shape))
    }
    return parts.count == 1 ? parts[0] : try concatenate(parts, axis)
  }

  /// Places as arithmetic progressions that do not descend.
  private static func runs(_ places: [Int]) -> [(start: Int, step: Int, count: Int)] {
    var runs: [(start: Int, step: Int, count: Int)] = []
    for place in places {
      guard let last = runs.last else {
        runs.append((place, 1, 1))
        continue
      }
      let step = place - last.start
      if last.count == 1, step >= 0 {
        runs[runs.count - 1] = (last.start, step, 2)
      } else if last.count > 1, step == last.step * last.count {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((place, 1, 1))
      }
    }
    return runs
  }

  /// The input with a batch in front, if it has none.
  func batched(_ input: TracedTensor, _ rank: Int) throws(Interruption) -> TracedTensor {
    input.rank == rank ? input : try reshape(input, [1] + input.shape)
  }

  /// A result without the batch that `batched` put in front.
  func unbatched(
    _ result: TracedTensor, like input: TracedTensor, _ rank: Int
  ) throws(Interruption)
    -> TracedTensor
  {
    input.rank == rank ? result : try reshape(result, Array(result.shape.dropFirst()))
  }
}
