import NetworkGraph

extension Library {
  /// `nn.utils.weight_norm` in both forms (Salimans and Kingma, arXiv:1602.07868), where a weight is made of a
  /// direction and its norm, and `nn.utils.parametrize`, where modules make it.
  static let weightNormalization: Family = { library in
    library.function("torch.nn.utils.weight_norm", signature: "(module, name='weight', dim=0)") {
      (call) throws(Interruption) in
      let module = try call.instance("module")
      let name = try call.string("name")
      let parts = try call.interpreter.splitWeight(call, module, name)
      try call.interpreter.registerParameter(parts.norm, "\(name)_g", of: module)
      try call.interpreter.registerParameter(parts.direction, "\(name)_v", of: module)
      let axis = parts.axis
      try call.interpreter.compute(name, of: module) { (interpreter, module) throws(Interruption) in
        try interpreter.joinedWeight(module, norm: "\(name)_g", direction: "\(name)_v", axis)
      }
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
      guard try interpreter.parametrizations(name, of: module) == nil else {
        throw interpreter.unsupported("weight_norm of a parametrized tensor is not supported")
      }
      let parts = try interpreter.splitWeight(call, module, name)
      let holder = try interpreter.addParametrizations(name, to: module)
      try interpreter.registerParameter(parts.norm, "original0", of: holder)
      try interpreter.registerParameter(parts.direction, "original1", of: holder)
      try interpreter.add(.instance(try interpreter.makeModule("_WeightNorm", [])), named: "0", to: holder)
      let axis = parts.axis
      try interpreter.compute(name, of: module) { (interpreter, module) throws(Interruption) in
        guard let holder = try interpreter.parametrizations(name, of: module) else { return .none }
        return try interpreter.joinedWeight(holder, norm: "original0", direction: "original1", axis)
      }
      return call["module"]
    }
    library.function(
      "torch.nn.utils.parametrize.register_parametrization",
      signature: "(module, tensor_name, parametrization, *, unsafe=False)"
    ) { (call) throws(Interruption) in
      try call.interpreter.registerParametrization(call)
      return call["module"]
    }
    library.function(
      "torch.nn.utils.parametrize.is_parametrized", signature: "(module, tensor_name=None)"
    ) { (call) throws(Interruption) in
      let module = try call.instance("module")
      guard !call.interpreter.isNone(call["tensor_name"]) else {
        return .bool((module.module?.modules["parametrizations"] ?? nil) != nil)
      }
      return .bool(try call.interpreter.parametrizations(try call.string("tensor_name"), of: module) != nil)
    }
    // What a prelude says how a tensor is made.
    library.function("torch.nn.utils._compute", signature: "(module, name, function)") {
      (call) throws(Interruption) in
      try call.interpreter.reserve(4)
      try call.instance("module").module?.computed.append((try call.string("name"), call["function"]))
      return .none
    }
    library.prelude("torch.nn.utils", spectralNormalization)
    library.alias("torch.nn.utils.spectral_norm.spectral_norm", of: "torch.nn.utils.spectral_norm")
  }

  /// The older form of spectral normalisation (Miyato et al., arXiv:1802.05957).
  private static let spectralNormalization = """
    import torch
    import torch.nn.functional as F
    from torch import nn
    from torch.nn.utils import _compute


    def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
        if n_power_iterations <= 0:
            raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}")
        if dim is None:
            transposed = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
            dim = 1 if isinstance(module, transposed) else 0
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")

        def matrix(weight):
            if dim != 0:
                weight = weight.permute(dim, *[d for d in range(weight.dim()) if d != dim])
            return weight.reshape(weight.size(0), -1)

        height, width = matrix(weight).size()
        del module._parameters[name]
        module.register_parameter(name + "_orig", weight)
        module.register_buffer(name + "_u", F.normalize(torch.randn(height), dim=0, eps=eps))
        module.register_buffer(name + "_v", F.normalize(torch.randn(width), dim=0, eps=eps))

        def compute(module):
            weight = getattr(module, name + "_orig")
            u, v = getattr(module, name + "_u"), getattr(module, name + "_v")
            rows = matrix(weight)
            if module.training:
                with torch.no_grad():
                    left, right = u, v
                    for _ in range(n_power_iterations):
                        right = F.normalize(torch.mv(rows.t(), left), dim=0, eps=eps)
                        left = F.normalize(torch.mv(rows, right), dim=0, eps=eps)
                    u.copy_(left)
                    v.copy_(right)
                u, v = left.detach(), right.detach()
            return weight / torch.dot(u, torch.mv(rows, v))

        _compute(module, name, compute)
        return module

    """
}

extension Interpreter {
  /// Makes a tensor of a module anew whenever it is asked for.
  fileprivate func compute(
    _ name: String, of module: PythonInstance,
    _ body: @escaping @Sendable (Interpreter, PythonInstance) throws(Interruption) -> PythonValue
  ) throws(Interruption) {
    try reserve(4)
    let function = NativeFunction(name, "(module)") { (call) throws(Interruption) in
      try body(call.interpreter, try call.instance("module"))
    }
    module.module?.computed.append((name, .native(function)))
  }

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
    return (norm, weight, axis)
  }

  /// The weight that a direction and its norms make.
  fileprivate func joinedWeight(
    _ holder: PythonInstance, norm: String, direction: String, _ axis: Int?
  ) throws(Interruption) -> PythonValue {
    guard let length = holder.tensor(norm), let direction = holder.tensor(direction) else {
      throw raise(.attributeError, "weight_norm: the parameters '\(norm)' and '\(direction)' are missing")
    }
    // While a constructor runs, norms that are still those of the direction give the direction itself.
    if !tracer.isTracing, case .random(.norms(let drawn, _, axis)) = try content(length),
      try initializer(of: content(direction), direction.shape) == drawn
    {
      return .tensor(try tensor(try content(direction), direction.shape))
    }
    let axes = axis.map { axis in (0..<direction.rank).filter { $0 != axis } }
    let current =
      try axes?.isEmpty ?? false
      ? apply(.unary(.absolute), direction) : self.norm(direction, 2, axes, keeps: axis != nil)
    return .tensor(try elementwise(.multiply, direction, try elementwise(.divide, length, current)))
  }

  /// What makes a tensor of a module; nil where it is a parameter as any.
  fileprivate func parametrizations(
    _ name: String, of module: PythonInstance
  ) throws(Interruption) -> PythonInstance? {
    guard let table = module.module?.modules["parametrizations"] ?? nil else { return nil }
    return table.module?.modules[name] ?? nil
  }

  /// An empty list of what makes a tensor.
  fileprivate func addParametrizations(
    _ name: String, to module: PythonInstance
  ) throws(Interruption) -> PythonInstance {
    let holder = try makeModule("ParametrizationList", [])
    var table = module.module?.modules["parametrizations"] ?? nil
    if table == nil {
      let new = try makeModule("ModuleDict", [])
      try add(.instance(new), named: "parametrizations", to: module)
      table = new
    }
    if let table { try add(.instance(holder), named: name, to: table) }
    return holder
  }

  fileprivate func registerParametrization(_ call: NativeCall) throws(Interruption) {
    let module = try call.instance("module")
    let name = try call.string("tensor_name")
    guard case .instance(let maker) = call["parametrization"], maker.type.isModule else {
      throw raise(
        .typeError, "register_parametrization: \(typeName(call["parametrization"])) is not a Module subclass")
    }
    if let holder = try parametrizations(name, of: module) {
      guard holder.module?.parameters["original"] != nil else {
        throw unsupported("a further parametrization of a tensor of several is not supported")
      }
      return try add(.instance(maker), named: "\(holder.module?.modules.count ?? 0)", to: holder)
    }
    guard let weight = module.module?.parameters[name] ?? nil else {
      throw raise(
        .valueError,
        "Module '\(module.type.name)' does not have a parameter, a buffer, or a parametrized element with name "
          + "'\(name)'")
    }
    var original = weight
    if let inverse = try findAttribute("right_inverse", of: .instance(maker)) {
      guard case .tensor(let inverted) = try self.call(inverse, Arguments([.tensor(weight)])),
        case .tensor(let new) = try instantiate(
          nativeClass("torch.nn.Parameter"), Arguments([.tensor(try detach(inverted))]))
      else { throw unsupported("a right_inverse that gives anything but one tensor is not supported") }
      original = new
    }
    _ = module.module?.parameters.remove(name)
    let holder = try addParametrizations(name, to: module)
    try registerParameter(original, "original", of: holder)
    try add(.instance(maker), named: "0", to: holder)
    try compute(name, of: module) { (interpreter, module) throws(Interruption) in
      guard let holder = try interpreter.parametrizations(name, of: module),
        let state = holder.module, let original = holder.tensor("original")
      else { return .none }
      var value = PythonValue.tensor(original)
      for (_, maker) in state.modules.items {
        guard let maker else { continue }
        value = try interpreter.call(.instance(maker), Arguments([value]))
      }
      return value
    }
    guard try !call.bool("unsafe") else { return }
    guard case .tensor(let made) = try attribute(name, of: .instance(module)), made.shape == weight.shape
    else {
      throw raise(
        .valueError,
        "Registering a parametrization may not change the shape of the tensor, unless `unsafe` flag is enabled."
      )
    }
  }
}
