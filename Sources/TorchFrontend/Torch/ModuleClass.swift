import NetworkGraph

extension Library {
  /// `nn.Module` itself, `nn.Parameter`, and what belongs to no family.
  static let moduleClass: Family = { library in
    func method(
      _ name: String, _ signature: String,
      _ body: @escaping @Sendable (NativeCall, PythonInstance) throws(Interruption) -> PythonValue
    ) -> (String, NativeFunction) {
      (
        name,
        NativeFunction("Module.\(name)", signature) { (call) throws(Interruption) in
          try body(call, try call.instance())
        }
      )
    }
    let returnsItself = [
      "to", "cuda", "cpu", "float", "double", "half", "requires_grad_", "type", "share_memory", "to_empty",
    ].map { name in
      method(name, "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
        if name == "requires_grad_" {
          let flag = try call.interpreter.isTrue(
            call.rest.first ?? call.restKeywords.first?.value ?? .bool(true))
          for (_, tensor) in try call.interpreter.namedParameters(module) { tensor.requiresGradient = flag }
        }
        return .instance(module)
      }
    }
    let ignoring = [
      "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
      "register_backward_hook",
      "zero_grad", "load_state_dict", "register_load_state_dict_pre_hook",
      "_register_load_state_dict_pre_hook", "save_hyperparameters",
    ].map { name in
      method(name, "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
        call.interpreter.note("torch.hook", "\(name)() is ignored")
        return .none
      }
    }
    let methods = [
      method("__init__", "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
        if !call.rest.isEmpty || !call.restKeywords.isEmpty {
          throw call.interpreter.raise(
            .typeError,
            "Module.__init__() takes 1 positional argument but "
              + "\(call.rest.count + call.restKeywords.count + 1) were given")
        }
        call.interpreter.initializeModule(module)
        return .none
      },
      method("__call__", "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
        try call.interpreter.callModule(module, Arguments(call.rest, keywords: call.restKeywords))
      },
      method("forward", "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
        throw call.interpreter.raise(
          .notImplementedError, "Module [\(module.type.name)] is missing the required \"forward\" function")
      },
      method("register_parameter", "(self, name, param)") { (call, module) throws(Interruption) in
        let name = try call.string("name")
        guard let state = module.module else {
          throw call.interpreter.raise(
            .attributeError, "cannot assign parameter before Module.__init__() call")
        }
        let parameter = try call.optionalTensor("param")
        guard parameter?.isParameter ?? true else {
          throw call.interpreter.raise(
            .typeError,
            "cannot assign 'Tensor' object to parameter '\(name)' (torch.nn.Parameter or None required)")
        }
        state.parameters.set(name, parameter)
        return .none
      },
      method("register_buffer", "(self, name, tensor, persistent=True)") {
        (call, module) throws(Interruption) in
        let name = try call.string("name")
        guard let state = module.module else {
          throw call.interpreter.raise(.attributeError, "cannot assign buffer before Module.__init__() call")
        }
        state.buffers.set(name, try call.optionalTensor("tensor"))
        if try !call.bool("persistent") { state.transient.insert(name) }
        return .none
      },
      method("add_module", "(self, name, module)") { (call, module) throws(Interruption) in
        try call.interpreter.add(call["module"], named: try call.string("name"), to: module)
        return .none
      },
      method("register_module", "(self, name, module)") { (call, module) throws(Interruption) in
        try call.interpreter.add(call["module"], named: try call.string("name"), to: module)
        return .none
      },
      method("get_submodule", "(self, target)") { (call, module) throws(Interruption) in
        var value = PythonValue.instance(module)
        for name in try call.string("target").split(separator: ".") {
          value = try call.interpreter.attribute(String(name), of: value)
        }
        return value
      },
      method("children", "(self)") { (call, module) throws(Interruption) in
        try call.interpreter.iterator(
          .elements((module.module?.modules.items ?? []).compactMap { $0.value.map { .instance($0) } }))
      },
      method("named_children", "(self)") { (call, module) throws(Interruption) in
        var pairs: [PythonValue] = []
        for case (let name, let child?) in module.module?.modules.items ?? [] {
          pairs.append(try call.interpreter.tuple([.string(name), .instance(child)]))
        }
        return try call.interpreter.iterator(.elements(pairs))
      },
      method("modules", "(self)") { (call, module) throws(Interruption) in
        try call.interpreter.iterator(
          .elements(try call.interpreter.namedModules(module).map { .instance($0.module) }))
      },
      method("named_modules", "(self, memo=None, prefix='', remove_duplicate=True)") {
        (call, module) throws(Interruption) in
        var pairs: [PythonValue] = []
        for (path, child) in try call.interpreter.namedModules(module, prefix: try call.string("prefix")) {
          pairs.append(try call.interpreter.tuple([.string(path), .instance(child)]))
        }
        return try call.interpreter.iterator(.elements(pairs))
      },
      method("parameters", "(self, recurse=True)") { (call, module) throws(Interruption) in
        try call.interpreter.iterator(
          .elements(try call.interpreter.namedParameters(module).map { .tensor($0.tensor) }))
      },
      method("named_parameters", "(self, prefix='', recurse=True, remove_duplicate=True)") {
        (call, module) throws(Interruption) in
        try call.interpreter.iterator(
          .elements(try call.interpreter.pairs(try call.interpreter.namedParameters(module))))
      },
      method("buffers", "(self, recurse=True)") { (call, module) throws(Interruption) in
        try call.interpreter.iterator(
          .elements(try call.interpreter.namedBuffers(module).map { .tensor($0.tensor) }))
      },
      method("named_buffers", "(self, prefix='', recurse=True)") { (call, module) throws(Interruption) in
        try call.interpreter.iterator(
          .elements(try call.interpreter.pairs(try call.interpreter.namedBuffers(module))))
      },
      method("state_dict", "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
        let result = try call.interpreter.dictionary(.ordered)
        for (path, child) in try call.interpreter.namedModules(module) {
          let state = child.module
          for case (let name, let tensor?) in (state?.parameters.items ?? []) + (state?.buffers.items ?? []) {
            let key = path.isEmpty ? name : "\(path).\(name)"
            result.set(.string(key), .string(key), .tensor(tensor))
          }
        }
        return .dict(result)
      },
      method("apply", "(self, fn)") { (call, module) throws(Interruption) in
        try call.interpreter.applyToAll(call["fn"], module)
        return .instance(module)
      },
      method("train", "(self, mode=True)") { (call, module) throws(Interruption) in
        let mode = try call.bool("mode")
        for (_, child) in try call.interpreter.namedModules(module) { child.set("training", .bool(mode)) }
        return .instance(module)
      },
      method("eval", "(self)") { (call, module) throws(Interruption) in
        for (_, child) in try call.interpreter.namedModules(module) { child.set("training", .bool(false)) }
        return .instance(module)
      },
      method("extra_repr", "(self)") { (_, _) throws(Interruption) in .string("") },
      method("_get_name", "(self)") { (_, module) throws(Interruption) in .string(module.type.name) },
    ]
    func property(_ name: String, _ body: @escaping NativeFunction.Body) -> (String, NativeFunction) {
      (name, NativeFunction("Module.\(name)", "(self)", body))
    }
    let tables = [
      property("_modules") { (call) throws(Interruption) in
        let result = try call.interpreter.dictionary(.ordered)
        for (name, child) in try call.instance().module?.modules.items ?? [] {
          result.set(.string(name), .string(name), child.map { .instance($0) } ?? PythonValue.none)
        }
        return .dict(result)
      },
      property("_parameters") { (call) throws(Interruption) in
        let result = try call.interpreter.dictionary(.ordered)
        for (name, tensor) in try call.instance().module?.parameters.items ?? [] {
          result.set(.string(name), .string(name), tensor.map { .tensor($0) } ?? PythonValue.none)
        }
        return .dict(result)
      },
    ]
    library.add(
      NativeClass(
        "torch.nn.Module", base: "builtins.object",
        methods: Dictionary(uniqueKeysWithValues: methods + returnsItself + ignoring),
        properties: Dictionary(uniqueKeysWithValues: tables)))
    for name in [
      "pytorch_lightning.LightningModule", "lightning.LightningModule", "lightning.pytorch.LightningModule",
      "torch.nn.modules.Module", "torch.nn.modules.module.Module", "torch.jit.ScriptModule",
    ] { library.alias(name, of: "torch.nn.Module") }

    library.add(
      NativeClass(
        "torch.nn.Parameter", base: "torch.Tensor",
        construct: NativeFunction("torch.nn.Parameter", "(data=None, requires_grad=True)") {
          (call) throws(Interruption) in
          let requiresGradient = try call.bool("requires_grad")
          guard let data = try call.optionalTensor("data") else {
            throw call.interpreter.unsupported("nn.Parameter without data is not supported")
          }
          try call.interpreter.reserve(4)
          return .tensor(
            call.interpreter.heap.adopt(
              TracedTensor(aliasing: data, isParameter: true, requiresGradient: requiresGradient)))
        }))
    library.alias("torch.nn.parameter.Parameter", of: "torch.nn.Parameter")
    // Loss functions can be made and kept, and are no part of the network.
    for name in [
      "CrossEntropyLoss", "MSELoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss", "L1Loss", "SmoothL1Loss",
      "KLDivLoss",
      "HuberLoss",
    ] {
      library.module(
        name, "(*args, **kwargs)", { (_, _) throws(Interruption) in },
        methods: [
          "forward": NativeFunction("\(name).forward", "(self, *args, **kwargs)") {
            (call) throws(Interruption) in
            throw call.interpreter.unsupported("nn.\(name) within a network is not supported yet")
          }
        ])
    }
  }
}

extension Interpreter {
  func add(_ value: PythonValue, named name: String, to module: PythonInstance) throws(Interruption) {
    guard let state = module.module else {
      throw raise(
        .attributeError, "cannot assign module before Module.__init__() call",
        hint: "begin __init__ with super().__init__()")
    }
    if isNone(value) {
      state.modules.set(name, nil)
      return
    }
    guard case .instance(let child) = value, child.type.isModule else {
      throw raise(.typeError, "\(typeName(value)) is not a Module subclass")
    }
    guard !name.contains("."), !name.isEmpty else {
      throw raise(.keyError, "module name can't contain \".\" or be empty, got: \(name)")
    }
    try reserve(2)
    state.modules.set(name, child)
  }

  fileprivate func pairs(
    _ items: [(name: String, tensor: TracedTensor)]
  ) throws(Interruption) -> [PythonValue] {
    var result: [PythonValue] = []
    for (name, tensor) in items { result.append(try tuple([.string(name), .tensor(tensor)])) }
    return result
  }

  fileprivate func applyToAll(_ function: PythonValue, _ module: PythonInstance) throws(Interruption) {
    try enter()
    defer { leave() }
    for case (_, let child?) in module.module?.modules.items ?? [] { try applyToAll(function, child) }
    _ = try call(function, Arguments([.instance(module)]))
  }
}
