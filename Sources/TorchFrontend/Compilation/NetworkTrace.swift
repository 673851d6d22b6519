import NetworkGraph
import PythonSyntax

/// Traces the forward pass of a built network into a graph.
struct NetworkTrace {
  private typealias PathedModule = (path: String, module: PythonInstance)

  private let interpreter: Interpreter
  private let options: CompilationOptions
  private let candidate: NetworkCandidate

  init(_ interpreter: Interpreter, _ options: CompilationOptions, _ candidate: NetworkCandidate) {
    self.interpreter = interpreter
    self.options = options
    self.candidate = candidate
  }

  /// What tracing gives.
  struct Result {
    var graph: Graph
    var outputs: [NetworkOutput]
    var state: [StateEntry]
    var layers: [LayerSummary]
  }

  func run(_ network: PythonInstance) throws(Interruption) -> Result {
    let tracer = interpreter.tracer
    interpreter.currentRange = candidate.range
    guard network.module != nil else {
      throw interpreter.raise(
        .attributeError, "\(network.type.name).__init__ does not call super().__init__()",
        hint: "begin __init__ with super().__init__()")
    }
    let modules = try interpreter.namedModules(network)
    interpreter.constructionCounts = [:]
    for (path, module) in modules {
      module.module?.path = path
      if let range = module.module?.construction?.range {
        interpreter.constructionCounts[range, default: 0] += 1
      }
    }
    // A class may have a `train` of its own, which keeps parts of it in evaluation.
    _ = try interpreter.call(
      try interpreter.attribute("train", of: .instance(network)), Arguments([.bool(options.isTraining)]))
    defer { tracer.isTracing = false }
    try interpreter.initializeLazyLayers(of: network) { () throws(Interruption) in
      _ = try forward(network)
    }
    let constants = try wholeNumbers(of: modules)
    let (result, buffers) = try forward(network)
    let state = try state(of: network, constants)
    interpreter.currentRange = candidate.range
    let outputs = try self.outputs(result)
    if let first = outputs.first { try checkClasses(first.tensor, modules) }
    // What was assumed to go on is no result.
    if let last = interpreter.recovered.last { throw .raised(last) }
    var values: [ValueID] = []
    for output in outputs { values.append(try interpreter.operand(output.tensor)) }
    tracer.builder.setOutputs(values)
    for (buffer, value) in buffers {
      let current = try interpreter.operand(buffer)
      if current != value { tracer.builder.update(buffer: value, to: current) }
    }
    return Result(
      graph: tracer.builder.graph,
      outputs: outputs.map { NetworkOutput(name: $0.name, shape: $0.tensor.shape) },
      state: state, layers: summaries(modules))
  }

  /// Traces the forward pass into a new graph.
  private func forward(
    _ network: PythonInstance
  ) throws(Interruption) -> (result: PythonValue, buffers: [(buffer: TracedTensor, value: ValueID)]) {
    interpreter.tracer.reset()
    interpreter.tracer.isTracing = true
    let inputs = try declareInputs(of: network)
    let modules = try interpreter.namedModules(network)
    try declareParameters(modules)
    let buffers = try declareBuffers(modules)
    return (try interpreter.callModule(network, Arguments(inputs)), buffers)
  }

  // MARK: Inputs and variables

  /// Declares what `forward` is given; a single input is called `images`, several are called as its parameters.
  private func declareInputs(of network: PythonInstance) throws(Interruption) -> [PythonValue] {
    var names: [String] = []
    if case .function(let forward)? = interpreter.classMember("forward", of: network.type) {
      names = forward.parameters.parameters.dropFirst()
        .filter { $0.kind == .positionalOnly || $0.kind == .positionalOrKeyword }.map(\.name)
    }
    var inputs: [PythonValue] = []
    for (index, input) in options.inputs.enumerated() {
      var name = index < names.count ? names[index] : "input\(index)"
      if options.inputs.count == 1 { name = "images" }
      let dataType = input.kind.dataType
      try interpreter.checkShape(input.shape)
      let value = interpreter.tracer.builder.input(name, TensorType(dataType.elementType, input.shape))
      let tensor = try interpreter.tensor(.graph(value), input.shape, dataType)
      tensor.provenance = .input
      inputs.append(.tensor(tensor))
    }
    return inputs
  }

  private func declareParameters(_ modules: [PathedModule]) throws(Interruption) {
    var total = 0
    for (name, tensor) in try interpreter.namedTensors(in: modules, { $0.parameters.items }) {
      interpreter.currentRange = candidate.range
      guard tensor.dataType.isFloating else {
        throw interpreter.raise(
          .runtimeError, "Only Tensors of floating point and complex dtype can require gradients: \(name)")
      }
      let (sum, isOver) = total.addingReportingOverflow(tensor.count)
      guard !isOver, sum <= options.limits.parameters else {
        throw interpreter.exhausted(
          "the network has more than \(options.limits.parameters) parameters", "limit.parameters")
      }
      total = sum
      let initializer = try initializer(of: tensor, name)
      let value = interpreter.tracer.builder.parameter(
        name, TensorType(.float32, tensor.shape), initializer: initializer,
        isTrainable: tensor.requiresGradient)
      interpreter.bind(tensor, to: value)
    }
  }

  /// The state dict; what is shared occurs under all its names.
  private func state(
    of network: PythonInstance, _ constants: [ObjectIdentifier: [Int]]
  ) throws(Interruption) -> [StateEntry] {
    let modules = try interpreter.namedModules(network, keepsDuplicates: true)
    // The first of a variable's names is its own.
    var variables: [ObjectIdentifier: String] = [:]
    var entries: [StateEntry] = []
    for (path, module) in modules {
      guard let state = module.module else { continue }
      for (name, tensor) in state.parameters.items + state.persistentBuffers {
        guard let tensor else { continue }
        let name = path.isEmpty ? name : "\(path).\(name)"
        if tensor.dataType.isFloating, variables[ObjectIdentifier(tensor)] == nil {
          variables[ObjectIdentifier(tensor)] = name
        }
        entries.append(
          StateEntry(
            name: name, shape: tensor.shape, variable: variables[ObjectIdentifier(tensor)],
            constant: constants[ObjectIdentifier(tensor)]))
      }
    }
    try interpreter.spend(entries.count)
    return entries
  }

  /// The elements of the buffers of whole numbers, as the constructor leaves them.
  private func wholeNumbers(of modules: [PathedModule]) throws(Interruption) -> [ObjectIdentifier: [Int]] {
    var result: [ObjectIdentifier: [Int]] = [:]
    for (_, module) in modules {
      for case (_, let tensor?) in module.module?.persistentBuffers ?? []
      where !tensor.dataType.isFloating && tensor.count <= 1 << 16 {
        try interpreter.spend(tensor.count >> 4)
        let numbers: [Int?] =
          switch try interpreter.content(tensor) {
          case .fill(let value): [Int?](repeating: Int(exactly: value), count: tensor.count)
          case .values(let values): values.map { Int(exactly: $0) }
          default: []
          }
        let known = numbers.compactMap(\.self)
        if known.count == tensor.count { result[ObjectIdentifier(tensor)] = known }
      }
    }
    return result
  }

  private func initializer(of tensor: TracedTensor, _ name: String) throws(Interruption) -> Initializer {
    let content = try interpreter.content(tensor)
    guard !content.isTraced else {
      throw interpreter.unsupported(
        "\(name) shares its memory with another parameter, which is not supported",
        hint: "assign the same nn.Parameter object in both places")
    }
    return try interpreter.initializer(of: content, tensor.shape)
  }

  /// Declares the buffers of floating type; integers are constants, of which indices are made.
  private func declareBuffers(
    _ modules: [PathedModule]
  ) throws(Interruption) -> [(buffer: TracedTensor, value: ValueID)] {
    var buffers: [(buffer: TracedTensor, value: ValueID)] = []
    for (name, tensor) in try interpreter.namedTensors(in: modules, { $0.persistentBuffers })
    where tensor.dataType.isFloating {
      interpreter.currentRange = candidate.range
      let initializer = try initializer(of: tensor, name)
      let value = interpreter.tracer.builder.buffer(
        name, TensorType(tensor.dataType.elementType, tensor.shape), initializer: initializer)
      interpreter.bind(tensor, to: value)
      buffers.append((tensor, value))
    }
    return buffers
  }

  // MARK: The result

  private func outputs(
    _ result: PythonValue
  ) throws(Interruption) -> [(name: String, tensor: TracedTensor)] {
    var collector = OutputCollector(interpreter)
    try collector.collect(result)
    guard !collector.found.isEmpty else {
      throw interpreter.raise(
        .typeError,
        "\(candidate.name).forward must return a tensor, but returns \(interpreter.typeName(result))"
          + (collector.others.isEmpty && !interpreter.isNone(result) ? " without a tensor" : ""),
        hint: interpreter.isNone(result) ? "end forward with: return x" : nil, identifier: "torch.output")
    }
    for other in collector.others {
      interpreter.note(
        "torch.output", "forward returns a \(other.type) at \(other.name), which is no output of the graph")
    }
    return collector.found
  }

  /// Makes sure that the result is `[batch, classes]`.
  private func checkClasses(
    _ output: TracedTensor, _ modules: [PathedModule]
  ) throws(Interruption) {
    guard let count = options.classCount else { return }
    let batch = options.inputShape.first ?? 1
    if output.shape == [batch, count] { return }
    let message = "the network must yield [\(batch), \(count)], but yields \(output.shape)"
    if output.rank == 2, output.shape[0] == batch,
      let last = modules.last(where: { item in
        item.module.module?.isApplied ?? false && item.module.module?.outputShape == output.shape
          && item.module.attributes["out_features"] != nil
      })?.module, let construction = last.module?.construction
    {
      let mismatch = ShapeMismatch(
        modulePath: last.module?.path ?? "", moduleType: last.type.name, argumentName: "out_features",
        argumentRange: construction.arguments["out_features"], constructionRange: construction.range,
        constructedWith: last.int("out_features"), required: count,
        constructionCount: interpreter.constructionCounts[construction.range] ?? 1)
      interpreter.currentRange = construction.arguments["out_features"] ?? construction.range
      throw interpreter.raise(
        .runtimeError, message,
        hint: "\(interpreter.described(last)) was built with out_features=\(last.int("out_features"))",
        identifier: "torch.output", mismatch: mismatch)
    }
    var hint = "end with a Linear layer of \(count) features"
    if output.rank > 2 { hint = "flatten before the last Linear layer: x = torch.flatten(x, 1)" }
    if output.rank >= 1, output.shape[0] != batch {
      hint = "the batch dimension was mixed with others: flatten from dimension 1 on"
    }
    throw interpreter.raise(.runtimeError, message, hint: hint, identifier: "torch.output")
  }

  private static let containers: Set<String> = ["Sequential", "ModuleList", "ModuleDict", "ParameterList"]

  /// The modules without modules of their own.
  private func summaries(_ modules: [PathedModule]) -> [LayerSummary] {
    modules.compactMap { path, module in
      guard let state = module.module, state.modules.items.allSatisfy({ $0.value == nil }), !path.isEmpty
      else {
        return nil
      }
      // An empty container is no layer.
      if let native = module.type.native, Self.containers.contains(native.name) { return nil }
      func width(_ name: String) -> Int? {
        if case .int(let value)? = module.attributes[name] { value } else { nil }
      }
      return LayerSummary(
        path: path, type: module.type.name, outputWidth: width("out_channels") ?? width("out_features"),
        outputShape: state.outputShape,
        constructionRange: state.construction?.range ?? state.constructionRange, isApplied: state.isApplied)
    }
  }
}

extension NetworkInput.Kind {
  /// The element type that PyTorch sees.
  fileprivate var dataType: DataType {
    switch self {
    case .float32: .float32
    case .int64: .int64
    case .int32: .int32
    case .bool: .bool
    }
  }
}
