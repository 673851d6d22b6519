import NetworkGraph

extension Library {
  /// `nn.utils.weight_norm` in both forms (Salimans and Kingma, arXiv:1602.07868): a weight becomes a direction and
  /// its norm, and is made of them before each call.
  static let weightNormalization: Family = { library in
    library.function("torch.nn.utils.weight_norm", signature: "(module, name='weight', dim=0)") {
      (call) throws(Interruption) in
      let module = try call.instance("module")
      let name = try call.string("name")
      let parts = try call.interpreter.splitWeight(call, module, name)
      try call.interpreter.registerParameter(parts.norm, "\(name)_g", of: module)
      try call.interpreter.registerParameter(parts.direction, "\(name)_v", of: module)
      try call.interpreter.addWeightHook(
        module, name, axis: parts.axis, holder: module, norm: "\(name)_g", direction: "\(name)_v")
      return call["module"]
    }
    library.add(NativeClass("torch.nn.ParametrizationList", base: "torch.nn.ModuleList"))
    library.add(NativeClass("torch.nn._WeightNorm", base: "torch.nn.Module"))
    library.function(
      "torch.nn.utils.parametrizations.weight_norm", signature: "(module, name='weight', dim=0)"
    ) { (call) throws(Interruption) in
      let interpreter = call.interpreter
      let module = try call.instance("module")
      let name = try call.string("name")
      guard try interpreter.findAttribute("parametrizations", of: .instance(module)) == nil else {
        throw interpreter.unsupported("several parametrizations of one module are not supported")
      }
      let parts = try interpreter.splitWeight(call, module, name)
      let holder = try interpreter.makeModule("ParametrizationList", [])
      try interpreter.registerParameter(parts.norm, "original0", of: holder)
      try interpreter.registerParameter(parts.direction, "original1", of: holder)
      try interpreter.add(.instance(try interpreter.makeModule("_WeightNorm", [])), named: "0", to: holder)
      let table = try interpreter.makeModule("ModuleDict", [])
      try interpreter.add(.instance(holder), named: name, to: table)
      try interpreter.add(.instance(table), named: "parametrizations", to: module)
      try interpreter.addWeightHook(
        module, name, axis: parts.axis, holder: holder, norm: "original0", direction: "original1")
      return call["module"]
    }
  }
}

extension Interpreter {
  /// Takes a weight out of a module: what it was is the direction, and its norms along an axis are a new parameter.
  fileprivate func splitWeight(
    _ call: NativeCall, _ module: PythonInstance, _ name: String
  ) throws(Interruption) -> (norm: TracedTensor, direction: TracedTensor, axis: Int?) {
    guard let weight = module.module?.parameters[name] ?? nil else {
      throw raise(
        .valueError, "weight_norm: \(module.type.name) has no parameter '\(name)'")
    }
    var axis = try call.optionalInt("dim")
    // Both None and −1 mean the norm of the whole.
    if axis == -1 { axis = nil }
    if let given = axis { axis = try self.axis(given, weight.rank) }
    var shape: [Int] = []
    if let axis {
      shape = [Int](repeating: 1, count: weight.rank)
      shape[axis] = weight.shape[axis]
    }
    shareDraws(weight)
    let beginning = try initializer(of: try content(weight), weight.shape)
    let norm = try parameter(shape, .norms(of: beginning, shape: weight.shape, axis: axis))
    _ = module.module?.parameters.remove(name)
    module.set(name, .tensor(try duplicate(weight)))
    return (norm, weight, axis)
  }

  /// Makes a weight of its parts before each call of a module.
  fileprivate func addWeightHook(
    _ module: PythonInstance, _ name: String, axis: Int?, holder: PythonInstance, norm: String,
    direction: String
  ) throws(Interruption) {
    let hook = NativeFunction("weight_norm", "(holder, module, inputs)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard let length = try call.instance("holder").tensor(norm),
        let direction = try call.instance("holder").tensor(direction)
      else {
        throw interpreter.raise(.attributeError, "weight_norm: the parameters of '\(name)' are missing")
      }
      let axes = axis.map { axis in (0..<direction.rank).filter { $0 != axis } }
      let current =
        try axes?.isEmpty ?? false
        ? interpreter.apply(.unary(.absolute), direction)
        : interpreter.norm(direction, 2, axes, keeps: axis != nil)
      let weight = try interpreter.elementwise(
        .multiply, direction, try interpreter.elementwise(.divide, length, current))
      try call.instance("module").set(name, .tensor(weight))
      return .none
    }
    try reserve(8)
    hookCount += 1
    let bound = heap.adopt(PartialFunction(.native(hook), [.instance(holder)], []))
    module.module?.hooksBefore.append(
      ModuleState.Hook(identifier: hookCount, function: .partial(bound), takesKeywords: false))
  }
}
