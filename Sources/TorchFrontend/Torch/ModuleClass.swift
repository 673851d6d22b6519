import NetworkGraph
import PythonSyntax

/// A method of `nn.Module`.
private func method(
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

extension Library {
  /// `nn.Module` itself, `nn.Parameter` and `nn.Buffer`.
  static let moduleClass: Family = { library in
    let groups = [calls, registrations, hooks, walks, states, modes, descriptions]
    library.add(
      NativeClass(
        "torch.nn.Module", base: "builtins.object",
        methods: Dictionary(uniqueKeysWithValues: groups.flatMap(\.self)),
        properties: Dictionary(uniqueKeysWithValues: tables)))
    for name in [
      "pytorch_lightning.LightningModule", "lightning.LightningModule", "lightning.pytorch.LightningModule",
      "torch.jit.ScriptModule",
    ] { library.alias(name, of: "torch.nn.Module") }
    library.add(NativeClass("torch.nn._IncompatibleKeys", base: "builtins.tuple"))

    library.add(
      NativeClass(
        "torch.nn.Parameter", base: "torch.Tensor",
        construct: NativeFunction("torch.nn.Parameter", "(data=None, requires_grad=True)") {
          (call) throws(Interruption) in
          let requiresGradient = try call.bool("requires_grad")
          guard let data = try call.optionalTensor("data") else {
            throw call.interpreter.unsupported("nn.Parameter without data is not supported")
          }
          guard data.dataType.isFloating || !requiresGradient else {
            throw call.interpreter.raise(
              .runtimeError, "Only Tensors of floating point and complex dtype can require gradients")
          }
          if call.interpreter.tracer.isTracing, case .graph = try call.interpreter.content(data) {
            throw call.interpreter.unsupported(
              "an nn.Parameter that forward makes of its tensors is not supported",
              hint: "make parameters in __init__, and use the tensor itself in forward")
          }
          try call.interpreter.reserve(4)
          return .tensor(
            call.interpreter.heap.adopt(
              TracedTensor(aliasing: data, isParameter: true, requiresGradient: requiresGradient)))
        }))
    library.alias("torch.nn.parameter.Parameter", of: "torch.nn.Parameter")
    library.add(
      NativeClass(
        "torch.nn.Buffer", base: "torch.Tensor",
        construct: NativeFunction("torch.nn.Buffer", "(data=None, *, persistent=True)") {
          (call) throws(Interruption) in
          guard let data = try call.optionalTensor("data") else {
            throw call.interpreter.unsupported("nn.Buffer without data is not supported")
          }
          let buffer = try call.interpreter.alias(data)
          call.interpreter.declaredBuffers[ObjectIdentifier(buffer)] = try call.bool("persistent")
          return .tensor(buffer)
        }))
    library.alias("torch.nn.parameter.Buffer", of: "torch.nn.Buffer")
    library.add(
      NativeClass(
        "torch.utils.hooks.RemovableHandle", base: "builtins.object",
        methods: [
          "remove": NativeFunction("RemovableHandle.remove", "(self)") { (call) throws(Interruption) in
            let handle = try call.instance()
            if case .instance(let module)? = handle.attributes["module"] {
              module.module?.hooksBefore.removeAll { $0.identifier == handle.int("id") }
              module.module?.hooksBehind.removeAll { $0.identifier == handle.int("id") }
            }
            return .none
          }
        ]))
    library.namespace("torch.utils.hooks")
  }

  private static let calls = [
    method("__init__", "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
      if let keyword = call.restKeywords.first {
        throw call.interpreter.raise(
          .typeError, "\(module.type.name).__init__() got an unexpected keyword argument '\(keyword.name)'")
      }
      if !call.rest.isEmpty {
        throw call.interpreter.raise(
          .typeError,
          "\(module.type.name).__init__() takes 1 positional argument but \(call.rest.count + 1) were given")
      }
      call.interpreter.initializeModule(module)
      return .none
    },
    method("__call__", "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
      try call.interpreter.callModule(module, Arguments(call.rest, keywords: call.restKeywords))
    },
    method("_call_impl", "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
      try call.interpreter.callModule(module, Arguments(call.rest, keywords: call.restKeywords))
    },
    method("forward", "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
      throw call.interpreter.raise(
        .notImplementedError, "Module [\(module.type.name)] is missing the required \"forward\" function")
    },
    method("__setattr__", "(self, name, value)") { (call, module) throws(Interruption) in
      try call.interpreter.setModuleAttribute(try call.string("name"), of: module, call["value"])
      return .none
    },
    method("__delattr__", "(self, name)") { (call, module) throws(Interruption) in
      try call.interpreter.deleteAttribute(try call.string("name"), of: .instance(module))
      return .none
    },
    method("__getattr__", "(self, name)") { (call, module) throws(Interruption) in
      let name = try call.string("name")
      if let value = module.module?.value(name) { return value }
      throw call.interpreter.raise(
        .attributeError, "'\(module.type.name)' object has no attribute '\(name)'")
    },
  ]

  private static let registrations = [
    method("register_parameter", "(self, name, param)") { (call, module) throws(Interruption) in
      let parameter = try call.optionalTensor("param")
      try call.interpreter.registerParameter(parameter, try call.string("name"), of: module)
      return .none
    },
    method("register_buffer", "(self, name, tensor, persistent=True)") {
      (call, module) throws(Interruption) in
      let name = try call.string("name")
      var buffer: TracedTensor?
      if case .tensor(let tensor) = call["tensor"] {
        buffer = tensor
      } else if case .opaque(let unknown) = call["tensor"] {
        throw call.interpreter.unsupported("\(unknown) is not supported")
      } else if !call.interpreter.isNone(call["tensor"]) {
        throw call.interpreter.raise(
          .typeError,
          "cannot assign '\(call.interpreter.torchTypeName(call["tensor"]))' object to buffer '\(name)' "
            + "(torch Tensor or None required)")
      }
      try call.interpreter.registerBuffer(
        buffer, name, of: module, isPersistent: try call.bool("persistent"))
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
      .instance(try call.interpreter.submodule(try call.string("target"), of: module))
    },
    method("set_submodule", "(self, target, module, strict=False)") { (call, module) throws(Interruption) in
      let (owner, name) = try call.interpreter.owner(of: try call.string("target"), below: module)
      if try call.bool("strict"), owner.module?.modules[name] == nil {
        throw call.interpreter.raise(
          .attributeError, "\(owner.type.name) has no attribute `\(name)`")
      }
      try call.interpreter.setAttribute(name, of: .instance(owner), call["module"])
      return .none
    },
    method("get_parameter", "(self, target)") { (call, module) throws(Interruption) in
      let (owner, name) = try call.interpreter.owner(of: try call.string("target"), below: module)
      guard let value = try call.interpreter.findAttribute(name, of: .instance(owner)) else {
        throw call.interpreter.raise(.attributeError, "\(owner.type.name) has no attribute `\(name)`")
      }
      guard case .tensor(let tensor) = value, tensor.isParameter else {
        throw call.interpreter.raise(.attributeError, "`\(name)` is not an nn.Parameter")
      }
      return value
    },
    method("get_buffer", "(self, target)") { (call, module) throws(Interruption) in
      let (owner, name) = try call.interpreter.owner(of: try call.string("target"), below: module)
      guard let value = try call.interpreter.findAttribute(name, of: .instance(owner)) else {
        throw call.interpreter.raise(.attributeError, "\(owner.type.name) has no attribute `\(name)`")
      }
      guard owner.module?.buffers[name] != nil else {
        throw call.interpreter.raise(.attributeError, "`\(name)` is not a buffer")
      }
      return value
    },
  ]

  /// Hooks of the forward pass run; those of what happens outside it are ignored, which is noted.
  private static let hooks: [(String, NativeFunction)] =
    ["register_forward_pre_hook", "register_forward_hook"].map { name in
      method(name, "(self, hook, *, prepend=False, with_kwargs=False, always_call=False)") {
        (call, module) throws(Interruption) in
        let interpreter = call.interpreter
        let state = try interpreter.state(of: module, for: "hook")
        try interpreter.reserve(4)
        interpreter.hookCount += 1
        let hook = ModuleState.Hook(
          identifier: interpreter.hookCount, function: call["hook"],
          takesKeywords: try call.bool("with_kwargs"))
        let isFirst = try call.bool("prepend")
        if name == "register_forward_hook" {
          state.hooksBehind.insert(hook, at: isFirst ? 0 : state.hooksBehind.count)
        } else {
          state.hooksBefore.insert(hook, at: isFirst ? 0 : state.hooksBefore.count)
        }
        return .instance(try interpreter.handle(hook.identifier, module))
      }
    }
    + [
      "register_full_backward_hook", "register_full_backward_pre_hook", "register_backward_hook",
      "register_state_dict_pre_hook", "register_state_dict_post_hook", "_register_state_dict_hook",
      "register_load_state_dict_pre_hook", "_register_load_state_dict_pre_hook",
      "register_load_state_dict_post_hook",
    ].map { name in
      method(name, "(self, *args, **kwargs)") { (call, module) throws(Interruption) in
        call.interpreter.note("torch.hook", "\(name)() is ignored")
        return .instance(try call.interpreter.handle(0, module))
      }
    }

  private static let tables: [(String, NativeFunction)] = [
    "_modules", "_parameters", "_buffers", "_non_persistent_buffers_set",
  ].map { name in
    (
      name,
      NativeFunction("Module.\(name)", "(self)") { (call) throws(Interruption) in
        let module = try call.instance()
        guard let state = module.module else {
          throw call.interpreter.raise(
            .attributeError, "'\(module.type.name)' object has no attribute '\(name)'",
            hint: "begin __init__ with super().__init__()")
        }
        switch name {
        case "_modules": return .dict(state.modules.dictionary)
        case "_parameters": return .dict(state.parameters.dictionary)
        case "_buffers": return .dict(state.buffers.dictionary)
        default:
          return try call.interpreter.set(of: state.transient.sorted().map { .string($0) })
        }
      }
    )
  }

  private static let walks = [
    method("children", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.iterator(
        .elements(call.interpreter.children(of: module).map { .instance($0.module) }))
    },
    method("named_children", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.pairs(
        call.interpreter.children(of: module).map { ($0.name, .instance($0.module)) })
    },
    method("modules", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.iterator(
        .elements(try call.interpreter.namedModules(module).map { .instance($0.module) }))
    },
    method("named_modules", "(self, memo=None, prefix='', remove_duplicate=True)") {
      (call, module) throws(Interruption) in
      try call.interpreter.pairs(
        try call.interpreter.namedModules(
          module, prefix: try call.string("prefix"), keepsDuplicates: try !call.bool("remove_duplicate")
        ).map { ($0.path, .instance($0.module)) })
    },
    method("parameters", "(self, recurse=True)") { (call, module) throws(Interruption) in
      try call.interpreter.iterator(
        .elements(
          try call.interpreter.namedParameters(module, recurses: try call.bool("recurse")).map {
            .tensor($0.tensor)
          }))
    },
    method("named_parameters", "(self, prefix='', recurse=True, remove_duplicate=True)") {
      (call, module) throws(Interruption) in
      try call.interpreter.pairs(
        try call.interpreter.namedParameters(
          module, prefix: try call.string("prefix"), recurses: try call.bool("recurse"),
          keepsDuplicates: try !call.bool("remove_duplicate")
        ).map { ($0.name, .tensor($0.tensor)) })
    },
    method("buffers", "(self, recurse=True)") { (call, module) throws(Interruption) in
      let buffers = try call.interpreter.namedTensors(
        module, "", recurses: try call.bool("recurse"), keepsDuplicates: false
      ) { $0.buffers.items }
      return try call.interpreter.iterator(.elements(buffers.map { .tensor($0.tensor) }))
    },
    method("named_buffers", "(self, prefix='', recurse=True, remove_duplicate=True)") {
      (call, module) throws(Interruption) in
      let buffers = try call.interpreter.namedTensors(
        module, try call.string("prefix"), recurses: try call.bool("recurse"),
        keepsDuplicates: try !call.bool("remove_duplicate")
      ) { $0.buffers.items }
      return try call.interpreter.pairs(buffers.map { ($0.name, .tensor($0.tensor)) })
    },
    method("apply", "(self, fn)") { (call, module) throws(Interruption) in
      try call.interpreter.applyToAll(call["fn"], module)
      return .instance(module)
    },
  ]

  private static let states = [
    method("state_dict", "(self, destination=None, prefix='', keep_vars=False)") {
      (call, module) throws(Interruption) in
      let interpreter = call.interpreter
      var result = try interpreter.dictionary(.ordered)
      if case .dict(let destination) = call["destination"] { result = destination }
      var prefix = try call.string("prefix")
      if prefix.hasSuffix(".") { prefix.removeLast() }
      for (name, tensor) in try interpreter.namedState(module, prefix: prefix) {
        let value = try call.bool("keep_vars") ? tensor : interpreter.alias(tensor)
        try interpreter.reserve(1)
        result.set(.string(name), .string(name), .tensor(value))
      }
      return .dict(result)
    },
    method("load_state_dict", "(self, state_dict, strict=True, assign=False)") {
      (call, module) throws(Interruption) in
      let interpreter = call.interpreter
      switch call["state_dict"] {
      case .dict:
        return try interpreter.load(
          try interpreter.mappingItems(call["state_dict"]), into: module, isStrict: try call.bool("strict"))
      case .opaque(let name):
        interpreter.note("torch.weights", "the weights of \(name) are not loaded", severity: .warning)
        return .none
      default:
        throw interpreter.raise(
          .typeError,
          "Expected state_dict to be dict-like, got <class '\(interpreter.typeName(call["state_dict"]))'>.")
      }
    },
    method("zero_grad", "(self, set_to_none=True)") { (_, _) throws(Interruption) in .none },
  ]

  /// Modes, and what moves or converts a module, which changes nothing here: it gives the module itself.
  private static let modes: [(String, NativeFunction)] =
    [
      "to", "cuda", "cpu", "xpu", "ipu", "mtia", "float", "double", "half", "bfloat16", "type",
      "share_memory",
      "to_empty", "_apply",
    ].map { name in
      method(name, "(self, *args, **kwargs)") { (_, module) throws(Interruption) in .instance(module) }
    }
    + [
      method("requires_grad_", "(self, requires_grad=True)") { (call, module) throws(Interruption) in
        let flag = try call.bool("requires_grad")
        for (_, tensor) in try call.interpreter.namedParameters(module) { tensor.requiresGradient = flag }
        return .instance(module)
      },
      method("train", "(self, mode=True)") { (call, module) throws(Interruption) in
        guard case .bool(let mode) = call["mode"] else {
          throw call.interpreter.raise(.valueError, "training mode is expected to be boolean")
        }
        try call.interpreter.setTraining(mode, module)
        return .instance(module)
      },
      method("eval", "(self)") { (call, module) throws(Interruption) in
        try call.interpreter.call(
          try call.interpreter.attribute("train", of: .instance(module)), Arguments([.bool(false)]))
      },
      method("compile", "(self, *args, **kwargs)") { (_, _) throws(Interruption) in .none },
      method("save_hyperparameters", "(self, *args, **kwargs)") { (call, _) throws(Interruption) in
        call.interpreter.note("torch.hook", "save_hyperparameters() is ignored")
        return .none
      },
    ]

  private static let descriptions = [
    method("extra_repr", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.string(try call.interpreter.constructorText(of: module))
    },
    method("__repr__", "(self)") { (call, module) throws(Interruption) in
      try call.interpreter.string(try call.interpreter.moduleText(of: module))
    },
    method("_get_name", "(self)") { (_, module) throws(Interruption) in .string(module.type.name) },
  ]
}

extension Interpreter {
  fileprivate func pairs(
    _ items: [(name: String, value: PythonValue)]
  ) throws(Interruption) -> PythonValue {
    var result: [PythonValue] = []
    for (name, value) in items { result.append(try tuple([.string(name), value])) }
    return try iterator(.elements(result))
  }

  fileprivate func handle(
    _ identifier: Int, _ module: PythonInstance
  ) throws(Interruption) -> PythonInstance {
    let result = try instance(of: nativeClass("torch.utils.hooks.RemovableHandle"))
    result.set("id", .int(identifier))
    result.set("module", .instance(module))
    return result
  }
}
