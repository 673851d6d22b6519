import NetworkGraph

extension Library {
  /// A context manager and decorator that says whether gradients are recorded; nil takes that from the argument, or
  /// leaves it.
  static func gradientContext(_ name: String, recording: Bool?, in library: inout Library) {
    let isSwitch = name == "torch.set_grad_enabled"
    library.add(
      NativeClass(
        name, base: "builtins.object",
        methods: [
          "__init__": NativeFunction(name, "(self, mode=True, *args, **kwargs)") {
            (call) throws(Interruption) in
            let instance = try call.instance()
            let tracer = call.interpreter.tracer
            instance.set("previous", .bool(tracer.isRecordingGradients))
            if isSwitch {
              tracer.isRecordingGradients = try call.bool("mode")
              instance.set("mode", .bool(tracer.isRecordingGradients))
            }
            // `@torch.no_grad` without parentheses.
            if case .function = call["mode"] { instance.set("function", call["mode"]) }
            return .none
          },
          "__enter__": NativeFunction(name, "(self)") { (call) throws(Interruption) in
            let instance = try call.instance()
            let tracer = call.interpreter.tracer
            if !isSwitch { instance.set("previous", .bool(tracer.isRecordingGradients)) }
            if let recording { tracer.isRecordingGradients = recording }
            return call["self"]
          },
          "__exit__": NativeFunction(name, "(self, *args)") { (call) throws(Interruption) in
            if case .bool(let previous)? = try call.instance().attributes["previous"] {
              call.interpreter.tracer.isRecordingGradients = previous
            }
            return .none
          },
          "__call__": NativeFunction(name, "(self, *args, **kwargs)") { (call) throws(Interruption) in
            let instance = try call.instance()
            if let function = instance.attributes["function"] {
              let tracer = call.interpreter.tracer
              let previous = tracer.isRecordingGradients
              if let recording { tracer.isRecordingGradients = recording }
              defer { tracer.isRecordingGradients = previous }
              return try call.interpreter.call(function, Arguments(call.rest, keywords: call.restKeywords))
            }
            guard let function = call.rest.first else {
              throw call.interpreter.raise(.typeError, "\(name) decorates a function")
            }
            if case .function(let function) = function, let recording {
              function.attributes[Interpreter.gradientMode] = .bool(recording)
            }
            return function
          },
        ]))
  }
}

extension Interpreter {
  /// The attribute of a function that says whether gradients are recorded while it runs.
  static let gradientMode = "__records_gradients__"
}
