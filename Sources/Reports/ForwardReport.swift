import Execution
import NetworkGraph
public import PythonSyntax
import RandomStreams
import TorchFrontend
public import Training

/// One run of a network on given arrays.
public struct ForwardPass: Sendable {
  /// Which gradients are computed.
  public enum Gradients: Sendable {
    case none
    /// Those of the parameters, where the first result has that gradient; nil stands for ones.
    case wanted(outputGradient: NumPyArray?)
  }

  /// One array for each input, the batch in front.
  public var inputs: [NumPyArray]
  /// The values of all parameters and buffers; nil takes initial ones.
  public var weights: WeightSet?
  /// Whether it runs as in training.
  public var isTraining: Bool
  /// Seeds initial weights and dropout.
  public var seed: UInt64
  /// Which gradients are computed.
  public var gradients: Gradients

  /// A run.
  public init(
    inputs: [NumPyArray], weights: WeightSet?, isTraining: Bool, seed: UInt64, gradients: Gradients
  ) {
    self.inputs = inputs
    self.weights = weights
    self.isTraining = isTraining
    self.seed = seed
    self.gradients = gradients
  }
}

/// What a network yields, or why it cannot be run.
public struct ForwardReport: Encodable, Sendable {
  /// Whether it was run.
  public var ok: Bool
  /// The class (or function, or variable) that was built.
  public var network: String?
  /// Names and shapes of the results.
  public var outputs: [CompilationReport.Output]
  /// What healing changed.
  public var healed: [String]
  /// Errors, warnings and notes of the compiler.
  public var diagnostics: [Diagnostic]
  /// The results.
  public var results: [NumPyArray]
  /// The gradients of all trainable parameters under PyTorch's names, where they were asked for.
  public var gradients: WeightSet?

  private enum CodingKeys: CodingKey { case ok, network, outputs, healed, diagnostics }

  /// Compiles and runs a network.
  ///
  /// - Throws: `ReportError` where arrays or weights do not fit the network, or it cannot be differentiated; a
  ///   source that does not compile gives a report that says so.
  public init(_ request: NetworkRequest, pass: ForwardPass) throws(ReportError) {
    let inputs = pass.inputs.map { array in
      switch array.values {
      case .float32: NetworkInput(.float32, array.shape)
      case .int64: NetworkInput(.int64, array.shape)
      }
    }
    do {
      let mended = try request.compile(inputs, isTraining: pass.isTraining)
      let network = mended.network
      ok = true
      self.network = network.className
      outputs = network.outputs.map { CompilationReport.Output(name: $0.name, shape: $0.shape) }
      healed = mended.fixes.map { "\($0)" }
      diagnostics = network.notes
      (results, gradients) = try Self.run(network, pass)
    } catch let error as CompilationFailure {
      ok = false
      outputs = []
      healed = []
      results = []
      diagnostics = error.diagnostics
    } catch {
      throw ReportError(error)
    }
  }

  private static func run(
    _ network: CompiledNetwork, _ pass: ForwardPass
  ) throws -> (results: [NumPyArray], gradients: WeightSet?) {
    let graph = network.graph
    var running = graph
    var parameters: [ParameterGradient] = []
    if case .wanted = pass.gradients {
      let differentiated = try graph.differentiatedByFirstOutput()
      (running, parameters) = (differentiated.graph, differentiated.gradients)
    }
    let stream = RandomStream(seed: pass.seed)
    let variables = try VariableStore(graph: graph, stream: stream.stream("initialisation"))
    try network.state.checkConstants(in: pass.weights)
    try pass.weights?.without(network.state.aliases).apply(to: variables)
    let executor = try Executor(graph: running, variables: variables)
    for (input, array) in zip(graph.inputs, pass.inputs) { try executor.feed(array, to: input.name) }
    if case .wanted(let gradient) = pass.gradients, let output = graph.outputs.first {
      let shape = graph.type(of: output).shape
      let ones = [Float](repeating: 1, count: shape.reduce(1, *))
      let array = try gradient ?? NumPyArray(shape: shape, values: .float32(ones))
      guard array.shape == shape else {
        throw ReportError(
          "The gradient of the first result has the shape \(array.shape), and the result \(shape).")
      }
      try executor.feed(array, to: Graph.outputGradientName)
    }
    try executor.run(dropout: stream.stream("dropout"))
    var results: [NumPyArray] = []
    for (index, output) in graph.outputs.enumerated() {
      let type = graph.type(of: output)
      let values: WeightTensor.Values =
        switch type.elementType {
        case .float32: .float32(executor.output(index))
        case .int32: .int64(executor.integerOutput(index).map(Int64.init))
        }
      results.append(try NumPyArray(shape: type.shape, values: values))
    }
    guard case .wanted = pass.gradients else { return (results, nil) }
    var tensors: [WeightTensor] = []
    for gradient in parameters {
      tensors.append(
        WeightTensor(
          name: gradient.parameter, shape: variables.shape(of: gradient.parameter) ?? [],
          values: .float32(executor.output(gradient.output))))
    }
    return (results, try WeightSet(tensors))
  }

  /// The report for the terminal.
  public var text: String {
    var lines = diagnostics.map { "\($0)" } + healed.map { "healed: \($0)" }
    for output in outputs {
      lines.append("\(output.name.isEmpty ? "result" : output.name): \(output.shape)")
    }
    return lines.joined(separator: "\n")
  }
}

/// A failure that is explained to the user in one sentence.
public struct ReportError: Error, Sendable, CustomStringConvertible {
  /// The sentence.
  public var description: String

  init(_ description: String) { self.description = description }

  init(_ error: any Error) { description = (error as? ReportError)?.description ?? "\(error)" }
}

extension Graph {
  /// The name of the input that holds the gradient of the first output.
  fileprivate static let outputGradientName = "output gradient"

  /// The graph with the gradients of its parameters where those of the first output are an input.
  fileprivate func differentiatedByFirstOutput() throws -> DifferentiatedGraph {
    guard let output = outputs.first, type(of: output).elementType == .float32 else {
      throw ReportError("The first result holds no floating-point numbers, so it has no gradient.")
    }
    var builder = GraphBuilder(continuing: self)
    let gradient = builder.input(Self.outputGradientName, type(of: output))
    let products = try builder.apply(.binary(.multiply), [output, gradient])
    let axes = Array(type(of: output).shape.indices)
    let loss =
      axes.isEmpty ? products : try builder.apply(.reduce(Reduction(.sum, axes: axes)), products)
    return try builder.graph.differentiated(loss: loss[0])
  }
}

extension [StateEntry] {
  /// The keys that are no variable of the graph of that name: second names, and constants of whole numbers.
  var aliases: Set<String> { Set(filter { $0.variable != $0.name }.map(\.name)) }

  /// Makes sure that the weights have the constants that the graph was built with.
  ///
  /// A lone number may differ: it counts what was trained.
  fileprivate func checkConstants(in weights: WeightSet?) throws(ReportError) {
    for entry in self {
      guard let constant = entry.constant, constant.count > 1, let tensor = weights?[entry.name],
        case .int64(let values) = tensor.values, values != constant.map(Int64.init)
      else { continue }
      throw ReportError(
        "\(entry.name) has other values in the weights than the source gives it. It is a buffer of whole numbers, "
          + "which is a constant of the graph, so that those of the weights cannot be used.")
    }
  }
}

extension WeightSet {
  /// The tensors but those of these names.
  func without(_ names: Set<String>) throws(WeightError) -> WeightSet {
    try WeightSet(tensors.filter { !names.contains($0.name) })
  }
}

extension Executor {
  /// Fills an input, if the graph reads it.
  fileprivate func feed(_ array: NumPyArray, to name: String) throws {
    guard inputNames.contains(name) else { return }
    switch array.values {
    case .float32(let values): withInput(name) { _ = $0.update(fromContentsOf: values) }
    case .int64(let values):
      let integers = values.compactMap { Int32(exactly: $0) }
      guard integers.count == values.count else {
        throw ReportError("An input holds integers beyond 32 bits, which no index or token is.")
      }
      withIntegerInput(name) { _ = $0.update(fromContentsOf: integers) }
    }
  }
}
