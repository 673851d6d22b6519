import NetworkGraph

/// Layers that learn their input's extent from the first tensor that reaches them, as `nn.LazyConv2d`.
///
/// They register placeholders, so that the state dict has PyTorch's order. A network with such layers is traced
/// twice: the first pass gives them their shapes, and its graph is dropped.
extension PythonInstance {
  /// Whether it is a lazy layer that nothing has reached yet.
  var isUninitialized: Bool { module?.isUninitialized ?? false }
}

extension Interpreter {
  /// Registers a parameter without a shape in the place where the real one will be.
  func registerLazily(_ name: String, of instance: PythonInstance) throws(Interruption) {
    instance.module?.isUninitialized = true
    instance.module?.parameters.set(name, try parameter([], .constant(0)))
  }

  /// Runs what registers the real parameters of a lazy layer.
  func initialize(
    _ instance: PythonInstance, _ register: () throws(Interruption) -> Void
  ) throws(Interruption) {
    try register()
    instance.module?.isUninitialized = false
    guard tracer.isTracing else { return }
    for case (_, let tensor?) in instance.module?.buffers.items ?? [] {
      tracer.drawn.append((tensor.cell, tensor.cell.content))
    }
    // Within the first pass they stand for values of the graph that is dropped.
    for case (let name, let tensor?) in instance.module?.parameters.items ?? [] {
      tracer.drawn.append((tensor.cell, tensor.cell.content))
      bind(tensor, to: tracer.builder.input("lazy \(tracer.drawn.count) \(name)", tensor.type))
    }
  }

  /// Gives the lazy layers of a network their shapes by a forward pass.
  func initializeLazyLayers(
    of network: PythonInstance, _ trace: () throws(Interruption) -> Void
  ) throws(Interruption) {
    let modules = try namedModules(network)
    guard modules.contains(where: { $0.module.isUninitialized }) else { return }
    var saved: [(cell: TensorCell, content: TensorContent)] = []
    for (_, tensor) in try namedParameters(network) { saved.append((tensor.cell, tensor.cell.content)) }
    for (_, tensor) in try namedBuffers(network) { saved.append((tensor.cell, tensor.cell.content)) }
    tracer.drawn = []
    try trace()
    for (cell, content) in saved + tracer.drawn { cell.replace(content) }
    tracer.drawn = []
    if let (path, module) = modules.first(where: { $0.module.isUninitialized }) {
      throw raise(
        .valueError,
        "the layer \(path) (\(module.type.name)) is lazy, and nothing reaches it that would give it its shape",
        identifier: "torch.lazy")
    }
    for (_, module) in modules { module.module?.isApplied = false }
  }
}
